//! Re-execution: from the entries of a ledger alone, every block is checked and executed again through the same rules
//! as in the node, and every difference is a [`Finding`].
//!
//! Feed an [`Auditor`] the entries in order; ask it at the end for its [`Report`] and, where something else claims to
//! hold the state, compare it with [`Auditor::state`].
//!
//! Deliberately absent: fetching (`client`), reading databases (`store`), verdicts about people.

mod anchors;
mod auditor;
mod finding;

pub use auditor::{Auditor, Report};
pub use finding::{Finding, FindingKind};
