//! Stage 5: double-entry accounts, two-phase holds, exact splits, versioned fee schedules and tax tables, revenue
//! shares, vouchers, disputes, settlement windows, netting between exchanges and breaks.
//!
//! An account is credit-normal (what the exchange owes somebody) or debit-normal (what the exchange has); totals of
//! debits and credits only grow, and nobody's available money falls below zero. A transaction sums to zero per asset and
//! is applied whole or not at all.
//!
//! Deliberately absent: storage, time, bank files.

mod account;
mod account_id;
mod breaks;
mod carry;
mod cash;
mod dispute;
mod fee;
mod hold;
mod netting;
mod price;
mod refund;
mod schedule;
mod shares;
mod split;
mod tax;
mod transaction;
mod voucher;
mod window;

pub use account::{Account, Balances, ConstrainAccount, Constraint};
pub use account_id::{AccountId, Purpose};
pub use breaks::{
    AddEvidence, AgeBucket, ApproveResolution, AssignBreak, Break, BreakKind, BreakOperator, BreakState,
    CarryBreak, EscalateBreak, Evidence, OpenBreak, ProposeResolution, RejectResolution, Resolution,
    ResolveBreak, WriteOffBreak,
};
pub use carry::split_carrying;
pub use cash::{ChargeFee, DepositMoney, WithdrawMoney};
pub use databourse_primitives::Holder;
pub use dispute::{DecideDispute, DecidedLine, Dispute, DisputeState, FrozenPart, OpenDispute};
pub use fee::{Fee, FeeBase, FeeRule, Tier};
pub use hold::{Hold, HoldState};
pub use netting::{
    NettingError, Obligation, Positions, bilateral, check_settled, check_sum, multilateral, positions,
};
pub use price::{LinePrice, LineTerms, YearlyFee};
pub use refund::{returned, returned_parts};
pub use schedule::{PriceBasis, PublishSchedule, Rounding, Schedule, publish};
pub use shares::{PublishShares, Share, ShareNode, ShareTree, publish_shares};
pub use split::{largest_remainder, round_half_up};
pub use tax::{PublishTax, TaxTable, publish_tax};
pub use transaction::{Crossing, Part, Phase, Posting, Side, Transaction, TransactionKind};
pub use voucher::{IssueVoucher, Voucher, issue_voucher};
pub use window::{
    AbortWindow, BlockingBreak, CloseWindow, ConfirmInstruction, ConfirmedPayment, Flow, InstructWindow,
    Instruction, InstructionState, NettingMethod, Pair, PairTotals, SignOff, SignWindow, Window, WindowHead,
    WindowState, close, open_first,
};
