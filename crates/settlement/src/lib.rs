//! Stage 5: double-entry accounts, postings, exact splits, versioned fee schedules, settlement windows, netting between
//! exchanges and breaks.
//!
//! An account is credit-normal (what the exchange owes somebody) or debit-normal (what the exchange has); totals of
//! debits and credits only grow, and no account's balance falls below zero. A transaction sums to zero per asset and
//! is applied whole or not at all.
//!
//! Deliberately absent: storage, time, bank files.

mod account;
mod breaks;
mod netting;
mod schedule;
mod split;
mod transaction;
mod window;

pub use account::{Account, AccountId, Holder, Purpose};
pub use breaks::{
    AddEvidence, AgeBucket, ApproveResolution, AssignBreak, Break, BreakKind, BreakOperator, BreakState,
    CarryBreak, EscalateBreak, Evidence, OpenBreak, ProposeResolution, ProvenLine, RejectResolution,
    Resolution, ResolveBreak, WriteOffBreak,
};
pub use netting::{
    NettingError, Obligation, Positions, bilateral, check_settled, check_sum, multilateral, positions,
};
pub use schedule::{LineShares, PublishSchedule, Rounding, Schedule, publish, refund_shares};
pub use split::{largest_remainder, round_half_up};
pub use transaction::{DepositMoney, Posting, Side, Transaction, TransactionKind, WithdrawMoney};
pub use window::{
    AbortWindow, BlockingBreak, CloseWindow, ConfirmInstruction, ConfirmedPayment, Flow, InstructWindow,
    Instruction, InstructionState, NettingMethod, Pair, PairTotals, SignWindow, Window, WindowHead,
    WindowState, close, open_first,
};
