//! The node of an exchange: admit, queue, execute, commit, publish.
//!
//! ```text
//! submit ─► admission ─► pool ─► engine: build ─► check ─► commit ─► publisher ─► answers
//!           (signatures)   ▲     (executor, working set)  (one transaction)  (checkpoint, tiles, receipts)
//!                          │ commands, cosignatures                               ▲
//! other nodes ─► peers ────┴──────────────────────────────────────────────────────┘
//! ```
//!
//! The commit point is `store::Writer::commit`; nobody is answered before it, nor before the checkpoint over it is final. Time and randomness enter here and only
//! here, through [`Clock`] and [`Entropy`], so that a seeded node repeats itself to the byte.
//!
//! Deliberately absent: HTTP (`api`), SQL (`store`), rules (`market`), the choice of an engine (`consensus`).

mod admission;
mod certificates;
mod clock;
mod config;
mod custody;
#[cfg(feature = "dishonest")]
mod dishonest;
mod divergence;
mod engine;
mod entropy;
mod evidence;
mod executor;
mod finality;
mod founding;
mod gossip;
mod health;
mod keys;
mod node;
mod peers;
mod pool;
mod publisher;
mod settlement;
mod snapshots;
mod statistics;
mod succession;
mod totals;
mod witnesses;
mod working_set;

#[cfg(test)]
mod simulation;

use databourse_party::turns;

pub use admission::{Acting, Submission};
pub use clock::Clock;
pub use config::{NodeConfig, RegionConfig, SettlementConfig};
pub use custody::sealed_key_id;
#[cfg(feature = "dishonest")]
pub use databourse_consensus::Dishonesty;
pub use databourse_consensus::{AddressError, End, Fault, NodeAddress, PeerAddress, peer_id};
#[cfg(feature = "dishonest")]
pub use dishonest::{Cosigning, Misdeeds};
pub use entropy::Entropy;
pub use founding::Founding;
pub use health::{Health, RegionHealth, RegionState};
pub use keys::{KeyFileError, NodeKeys};
pub use node::{Node, NodeError, Running};
pub use pool::{Acknowledgement, SubmitError};
pub use publisher::Published;
pub use settlement::{
    BREAKS_OPENED_MAX, BankReport, BookReport, ConfirmOutcome, ConfirmReport, ConfirmedLine, HeadComparison,
    HeadVerdict, OpenedBreak, RailName, Reasons, ReconcileReport, ReconcileRequest, ReportedBreak,
    ReportedHead, SettlementError, SkippedLine,
};
pub use snapshots::is_agreed;
pub use statistics::{AsOf, SalesReport};
pub use totals::PipelineTotals;
pub use witnesses::WitnessHealth;
