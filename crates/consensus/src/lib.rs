//! The ordering boundary: which block is next, and when it is agreed.
//!
//! The application builds, checks and commits blocks ([`LedgerApp`]); an [`Orderer`] decides their order. Nothing
//! above this crate knows which engine runs, and no rule knows that there is one. [`Solo`] serves a region of one
//! exchange: it runs the very same pipeline without peers. [`Malachite`] serves a region of several.
//!
//! Deliberately absent: rules, storage, what peers tell one another beside the agreement: an engine carries such messages
//! ([`Gossip`]) and does not look into them.

mod address;
mod app;
mod certificate;
mod malachite;
mod pause;
mod solo;

pub use address::{AddressError, NodeAddress};
pub use app::{
    Decided, Demand, Divergence, End, HeightParams, LedgerApp, Orderer, Undecided, Validator, Verdict,
};
pub use certificate::CommitCertificate;
#[cfg(feature = "dishonest")]
pub use malachite::Dishonesty;
pub use malachite::{
    ConfigError, EngineStatus, Fault, GOSSIP_BYTES_MAX, Gossip, Malachite, MalachiteConfig, PeerAddress,
    PeerMessage, RejectedBlock, peer_id,
};
pub use solo::Solo;
