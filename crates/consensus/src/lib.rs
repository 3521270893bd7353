//! The ordering boundary: which block is next, and when it is agreed.
//!
//! The application builds, checks and commits blocks ([`LedgerApp`]); an [`Orderer`] decides their order. Nothing
//! above this crate knows which engine runs, and no rule knows that there is one. [`Solo`] serves a region of one
//! exchange: it runs the very same pipeline without peers.
//!
//! Deliberately absent: rules, storage, what peers tell one another beside the agreement.

mod app;
mod certificate;
mod solo;

pub use app::{Decided, Demand, End, HeightParams, LedgerApp, Orderer, Undecided, Validator, Verdict};
pub use certificate::CommitCertificate;
pub use solo::Solo;
