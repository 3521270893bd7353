//! A typed HTTP client that verifies what it receives.
//!
//! [`Client`] speaks to one node: commands go to the endpoint of their noun, entries that were signed elsewhere to
//! `/v1/entries`, and hundreds at once to `/v1/commands`. A node that cannot answer is asked again with the same id, so
//! that a lost answer never becomes a second order. With a policy ([`Client::trusting`]) receipts and certificates are
//! verified before they are handed out.
//!
//! Deliberately absent: TLS (put a proxy in front), signing (`ledger`), making ids and telling time (the caller's).

mod client;
mod endpoint;
mod entries;
mod error;
mod file;
mod health;
mod read;
mod retry;

pub use client::{Acknowledged, BatchCommand, Client};
pub use endpoint::Endpoint;
pub use error::{ClientError, Problem};
pub use file::ReceivedFile;
pub use health::{
    EvidenceCount, FaultCount, Fork, MissingCosigner, NodeState, PeerHealth, RegionHealth, RejectedBlock,
};
pub use read::Page;
