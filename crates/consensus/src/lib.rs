//! The ordering boundary: which block is next, and when it is agreed.
//!
//! The application builds, checks and commits blocks ([`LedgerApp`]); an [`Orderer`] decides their order. Nothing
//! above this crate knows which engine runs, and no rule knows that there is one. [`Solo`] serves a region of one
//! exchange: it runs the very same pipeline without peers.
//!
//! Deliberately absent: rules, storage, and for now an engine with peers. What such an engine needs beyond this
//! (`height_params`, `save_undecided`, `undecided`, `decided`) joins [`LedgerApp`] together with its first user.

mod app;
mod solo;

pub use app::{CommitCertificate, LedgerApp, Orderer, Verdict};
pub use solo::Solo;
