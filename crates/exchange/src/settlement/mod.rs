//! Settlement, as far as a node does it beyond the rules.

mod expiry;
mod payments;
mod statement;

pub(crate) use expiry::expire_while_running;
pub use payments::{ConfirmOutcome, ConfirmReport, ConfirmedLine, RailName, SettlementError};
