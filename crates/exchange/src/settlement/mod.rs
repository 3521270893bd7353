//! Settlement, as far as a node does it beyond the rules: what it reads out of the ledger for a window, what it signs,
//! and what it compares with books and banks.
//!
//! | module | what it does |
//! |---|---|
//! | `lines` | the settlement lines of a window, pair by pair, from the records alone |
//! | `head` | the head of a pair's lines; signing; who signed what |
//! | `reconcile` | ledger × own book × bank, and the breaks that follow |
//! | `report` | what a reconciliation reports |
//! | `bank` | the ledger's payments and a bank file's lines, brought to one form |
//! | `candidate` | from a difference to the break that stands for it |
//! | `breaks` | opening breaks, each once |
//! | `statement` | the statement of one holder for a window |
//! | `payments` | files of payments out, confirmations in |
//! | `expiry` | money held too long goes back |

mod bank;
mod breaks;
mod candidate;
mod expiry;
mod head;
mod lines;
mod payments;
mod reconcile;
mod report;
mod statement;

pub use breaks::{BREAKS_OPENED_MAX, OpenedBreak};
pub(crate) use expiry::expire_while_running;
pub use head::{HeadComparison, HeadVerdict};
pub use payments::{ConfirmOutcome, ConfirmReport, ConfirmedLine, RailName, SettlementError};
pub use reconcile::ReconcileRequest;
pub use report::{BankReport, BookReport, ReconcileReport, ReportedBreak, ReportedHead, SkippedLine};
pub use statement::Reasons;
