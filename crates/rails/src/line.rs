//! What comes in: the lines of an account.

use crate::{AccountNumber, MessageId};
use databourse_primitives::{AmountMinor, Asset, InstructionId, Label, Line, Timestamp};
use serde::{Deserialize, Serialize};

/// Which way the money of a line goes, seen from its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the account 贷.
    Credit,
    /// Out of the account 借.
    Debit,
}

impl Direction {
    /// `amount` with the sign that it has in the account's balance.
    pub(crate) const fn signed(self, amount: i128) -> i128 {
        match self {
            Self::Credit => amount,
            Self::Debit => -amount,
        }
    }

    /// The other way.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }

    /// The way that a balance or sum of this sign goes.
    pub(crate) const fn of(signed: i128) -> Self {
        if signed < 0 { Self::Debit } else { Self::Credit }
    }
}

/// How far a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    /// Booked: the money moved.
    Booked,
    /// Announced, not booked: no money moved, and it may never do.
    Pending,
    /// Booked, and takes an earlier line back 冲正. Its direction is its own: the reversal of a credit is a debit.
    Reversal,
}

impl LineStatus {
    /// Whether money moved.
    pub const fn is_booked(self) -> bool {
        matches!(self, Self::Booked | Self::Reversal)
    }
}

/// A line of a bank account or wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankLine {
    /// The account or wallet that it is a line of.
    pub account: AccountNumber,
    /// The bank's name of it 流水号. The same movement has it in a notification and in a statement.
    pub reference: Label,
    /// The instruction that it names, if it names one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end: Option<InstructionId>,
    /// Which way the money goes.
    pub direction: Direction,
    /// The asset.
    pub asset: Asset,
    /// How much, in minor units.
    pub amount_minor: AmountMinor,
    /// The account on the other side, if the bank tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_account: Option<AccountNumber>,
    /// The name on the other side, if the bank tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_name: Option<Line>,
    /// When it was booked; of a pending line, when it was announced. A day without a time is its midnight at the bank.
    pub booked_at: Timestamp,
    /// How far it is.
    pub status: LineStatus,
}

/// Lines as a bank or wallet operator reports them: what a bank simulator writes.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Name of the message, and of the statement or notification in it.
    pub message_id: &'a MessageId,
    /// The account.
    pub account: &'a AccountNumber,
    /// The account's asset.
    pub asset: Asset,
    /// When it was made.
    pub created_at: Timestamp,
    /// Lines of this account in this asset.
    pub lines: &'a [BankLine],
}
