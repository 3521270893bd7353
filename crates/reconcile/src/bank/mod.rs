//! The leg of the bank, or of an e-CNY operator: deposits, withdrawals and settlements of the ledger (left) against what
//! was really booked (right).
//!
//! Only here is a tolerance allowed, since banks take charges and convert: a line that names the business and is off by
//! no more than [`Tolerance`] matches, and the difference is to be posted to the difference account. A bank line that
//! names no business is matched by counterparty, asset, day and exact amount, one to one or as a total
//! ([`pair_up`](crate::matching::pair_up)): with a tolerance any near amount would fit.
//!
//! **Precedence**: `duplicate`, `currency`, `amount`, `status`, `party`; of single lines `timing`, `ambiguous`, then
//! `missing_right` for the ledger's and `external` for the bank's.

mod leg;

use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::matching::{FoundBreak, Matched, Rule, Tally};
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{AMOUNT_MINOR_MAX, AmountMinor, Asset, Label, Refusal, RefusalCode, Timestamp};
use leg::Leg;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which way the money went, seen from the account that the statement is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Money came in.
    Credit,
    /// Money went out.
    Debit,
}

/// How far the bank has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankStatus {
    /// Booked.
    Booked,
    /// Announced.
    Pending,
    /// Booked and taken back.
    Reversed,
}

/// One line of a bank's statement, whatever format it came in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankLine {
    /// The bank's own reference of the booking, unique in its statements.
    pub reference: Label,
    /// What the payer wrote for the payee: the key of the business, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end: Option<BusinessKey>,
    /// Which way the money went.
    pub direction: Direction,
    /// How much, in minor units, without a sign.
    pub amount_minor: AmountMinor,
    /// The unit.
    pub asset: Asset,
    /// The other party, if the bank's account of it is known to be a party's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Label>,
    /// When the bank booked it.
    pub booked_at: Timestamp,
    /// How far it has come.
    pub status: BankStatus,
}

impl BankLine {
    /// The amount by the sign rule of a [`SettlementLine`]: positive if money came in.
    pub const fn signed_minor(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.amount_minor.get(),
            Direction::Debit => -self.amount_minor.get(),
        }
    }

    const fn ledger_status(&self) -> LineStatus {
        match self.status {
            BankStatus::Booked => LineStatus::Final,
            BankStatus::Pending => LineStatus::Pending,
            BankStatus::Reversed => LineStatus::Reversed,
        }
    }
}

/// By how many minor units a bank line that names its business may be off, the same for every asset of the leg.
pub type Tolerance = AmountMinor;

/// A match within the tolerance: what is to be posted to the difference account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The business.
    pub key: BusinessKey,
    /// The bank's references that it was matched with, ordered.
    pub references: Vec<Label>,
    /// Its counterparty.
    pub counterparty: Label,
    /// The unit.
    pub asset: Asset,
    /// What the bank has more than the ledger, in minor units; never zero.
    pub difference_minor: i64,
}

/// What the leg of the bank knows.
#[derive(Debug, Clone, Default)]
pub struct BankInput {
    /// Deposits, withdrawals and settlements of the window; each with its key.
    pub ledger: Vec<SettlementLine>,
    /// The bank's lines of the same days.
    pub bank: Vec<BankLine>,
    /// Ledger lines of the neighbouring windows.
    pub ledger_around: Vec<SettlementLine>,
    /// Bank lines of the days before and after.
    pub bank_around: Vec<BankLine>,
    /// What a bank line that names its business may be off.
    pub tolerance_minor: Tolerance,
    /// Minutes that the bank's day begins ahead of UTC's: 480 in China.
    pub utc_offset_minutes: i16,
}

/// The result of comparing the ledger with a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankReconciliation {
    /// Lines matched, by rule.
    pub matched: BTreeMap<Rule, Matched>,
    /// Matches within the tolerance, in the order of their keys: each is to be posted.
    pub differences: Vec<Difference>,
    /// The breaks, by counterparty, key and kind.
    pub breaks: Vec<FoundBreak<BankLine>>,
    /// Where every line went; it ties out.
    pub tally: Tally,
}

/// Lines that stand under one key on both sides.
type Pair<'a> = (Vec<&'a SettlementLine>, Vec<&'a BankLine>);

/// Compares the ledger's payments with a bank's lines.
///
/// # Errors
/// `body.malformed` at `ledger[i].kind` for business that no bank books, at `ledger[i].key` without a key;
/// `amount.out_of_range` at a ledger line that breaks [`SettlementLine::check`].
pub fn reconcile_bank(input: &BankInput) -> Result<BankReconciliation, Refusal> {
    let mut by_key: BTreeMap<&BusinessKey, Pair<'_>> = BTreeMap::new();
    for (index, line) in input.ledger.iter().enumerate() {
        let field = |name| format!("ledger[{index}].{name}");
        line.check().map_err(|refusal| refusal.within(&format!("ledger[{index}]")))?;
        if !matches!(line.kind, LineKind::Deposit | LineKind::Withdrawal | LineKind::Settlement) {
            let expected = "a deposit, a withdrawal or a settlement";
            return Err(Refusal::new(RefusalCode::BodyMalformed, field("kind"), expected));
        }
        if line.amount_minor().abs() > i128::from(AMOUNT_MINOR_MAX) {
            return Err(Refusal::new(
                RefusalCode::AmountOutOfRange,
                field("net_minor"),
                "what one booking can carry",
            ));
        }
        let Some(key) = &line.key else {
            return Err(Refusal::new(
                RefusalCode::BodyMalformed,
                field("key"),
                "a key: the ledger has one for all",
            ));
        };
        by_key.entry(key).or_default().0.push(line);
    }
    let mut unnamed = Vec::new();
    for line in &input.bank {
        match line.end_to_end.as_ref() {
            Some(key) => by_key.entry(key).or_default().1.push(line),
            None => unnamed.push(line),
        }
    }
    let mut leg = Leg::new(input);
    let mut open = Vec::new();
    for (key, (mut left, mut right)) in by_key {
        // The order of a file is no fact.
        left.sort_unstable();
        right.sort_unstable();
        match (&*left, &*right) {
            ([one], []) => open.extend(leg.ledger_alone(key, one)),
            ([one], lines) => leg.pair(key, one, lines),
            ([], lines) => unnamed.extend(leg.bank_alone(key, lines)),
            (lines, others) => leg.found(BreakKind::Duplicate, lines, others),
        }
    }
    leg.unnamed(open, unnamed);
    leg.report()
}
