//! Stage 5: double-entry accounts, postings, exact splits, versioned fee schedules and tax tables, revenue shares and
//! settlement windows.
//!
//! An account is credit-normal (what the exchange owes somebody) or debit-normal (what the exchange has); totals of
//! debits and credits only grow, and no account's balance falls below zero. A transaction sums to zero per asset and
//! is applied whole or not at all.
//!
//! Deliberately absent: storage, time, netting between exchanges, bank files.

mod account;
mod carry;
mod fee;
mod price;
mod refund;
mod schedule;
mod shares;
mod split;
mod tax;
mod transaction;
mod window;

pub use account::{Account, AccountId, Holder, Purpose};
pub use carry::split_carrying;
pub use fee::{Fee, FeeBase, FeeRule, Tier};
pub use price::{LinePrice, LineTerms, YearlyFee};
pub use refund::{returned, returned_parts};
pub use schedule::{PriceBasis, PublishSchedule, Rounding, Schedule, publish};
pub use shares::{PublishShares, Share, ShareNode, ShareTree, publish_shares};
pub use split::{largest_remainder, round_half_up};
pub use tax::{PublishTax, TaxTable, publish_tax};
pub use transaction::{DepositMoney, Posting, Side, Transaction, TransactionKind, WithdrawMoney};
pub use window::{CloseWindow, Flow, Window, WindowState, close, open_first};
