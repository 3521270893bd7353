//! Re-execution: from the entries of a ledger alone, every block is checked and executed again through the same rules
//! as in the node, and every difference is a [`Finding`].
//!
//! Feed an [`Auditor`] the entries in order; ask it at the end for its [`Report`] and, where something else claims to
//! hold the state, compare it with [`Auditor::state`]. [`Prepared`] is the work on an entry that needs no order, for a caller
//! with several processors; [`Standpoint`] is where an audit goes on another day.
//!
//! A [`Replay`] audits and says what each entry changed; a [`Tracer`] keeps of that what one product, licence, order, party
//! or certificate is about; [`TableComparison`] holds the rows of a table against those that follow.
//!
//! Deliberately absent: fetching (`client`), reading databases (`store`), verdicts about people.

mod ahead;
mod anchors;
mod auditor;
mod compare;
mod difference;
mod executed;
mod finding;
mod prepared;
mod replay;
mod signers;
mod standpoint;
mod statements;
mod succession;
mod trace;
mod vouched;

pub use ahead::{CheckedEffects, UncheckedEffects};
pub use auditor::{Auditor, Report};
pub use compare::{
    Cell, ExpectedRow, FoundRow, JsonDifference, KeyPart, RowKey, TableComparison, json_differences,
};
pub use difference::{Difference, DifferenceKind, Place};
pub use finding::{Finding, FindingKind};
pub use prepared::Prepared;
pub use replay::{Change, ExecutedBlock, ExecutedEntry, Replay};
pub use signers::CheckpointStanding;
pub use standpoint::{ResumeError, Standpoint};
pub use statements::{StatementRoots, statement_roots};
pub use succession::{SuccessionError, verify_succession};
pub use trace::{RecordChange, Relation, Step, Subject, SubjectError, Tracer};
pub use vouched::{Finality, Signers};
