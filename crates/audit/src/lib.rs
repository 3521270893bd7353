//! Re-execution: from the entries of a ledger alone, every block is checked and executed again through the same rules
//! as in the node, and every difference is a [`Finding`].
//!
//! Feed an [`Auditor`] the entries in order; ask it at the end for its [`Report`] and, where something else claims to
//! hold the state, compare it with [`Auditor::state`]. [`Prepared`] is the work on an entry that needs no order, for a caller
//! with several processors; [`Standpoint`] is where an audit goes on another day.
//!
//! Deliberately absent: fetching (`client`), reading databases (`store`), verdicts about people.

mod auditor;
mod finding;
mod prepared;
mod signers;
mod standpoint;
mod statements;

pub use auditor::{Auditor, Report};
pub use finding::{Finding, FindingKind};
pub use prepared::Prepared;
pub use signers::CheckpointStanding;
pub use standpoint::{ResumeError, Standpoint};
pub use statements::{StatementRoots, statement_roots};
