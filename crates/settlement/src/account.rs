//! Accounts. Debits and credits are separate growing totals, so nothing is lost in a balance; what is pending stands
//! beside them and only what is available can be spent.

use crate::AccountId;
use databourse_primitives::{Line, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// What an account may still do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum Constraint {
    /// Everything.
    #[default]
    Open,
    /// Nothing that lowers what is available; money still comes in, and what was held before can be posted.
    Frozen {
        /// Why.
        reason: Line,
    },
    /// Nothing at all. Only an empty account can be closed.
    Closed {
        /// Why.
        reason: Line,
    },
}

impl Constraint {
    /// Whether nothing restrains the account.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

/// `account.constrain`: the exchange whose book holds an account freezes, closes or reopens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstrainAccount {
    /// The account.
    pub account: AccountId,
    /// What it may do from now on.
    pub constraint: Constraint,
}

/// An account. A never-used account is one with zero totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// Sum of all posted debits, minor units.
    pub debits_minor: i64,
    /// Sum of all posted credits, minor units.
    pub credits_minor: i64,
    /// Debits that are held and not yet posted, voided or expired, minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub debits_pending_minor: i64,
    /// Credits that are held and not yet posted, voided or expired, minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub credits_pending_minor: i64,
    /// Number of postings.
    pub posting_count: u64,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Constraint::is_open")]
    pub constraint: Constraint,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(amount_minor: &i64) -> bool {
    *amount_minor == 0
}

/// The balances of an account on its normal side, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    /// What was posted.
    pub posted_minor: i64,
    /// What will be added if every hold is posted.
    pub pending_in_minor: i64,
    /// What will be taken if every hold is posted.
    pub pending_out_minor: i64,
    /// What can be spent: `posted − pending_out`.
    pub available_minor: i64,
}

/// The sums of one transaction's legs in one account, minor units. Pending sums are changes and may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) debit_minor: i64,
    pub(crate) credit_minor: i64,
    pub(crate) debit_pending_minor: i64,
    pub(crate) credit_pending_minor: i64,
    pub(crate) leg_count: u64,
}

impl Account {
    /// An account that was never used.
    pub const fn unused(id: AccountId) -> Self {
        Self {
            id,
            debits_minor: 0,
            credits_minor: 0,
            debits_pending_minor: 0,
            credits_pending_minor: 0,
            posting_count: 0,
            constraint: Constraint::Open,
        }
    }

    /// The posted balance on the account's normal side, minor units. Negative only where exchanges owe one another.
    pub const fn balance_minor(&self) -> i64 {
        self.balances().posted_minor
    }

    /// All balances.
    pub const fn balances(&self) -> Balances {
        // All totals are non-negative, so no difference of two can overflow.
        let (up, down) = (self.credits_minor, self.debits_minor);
        let (pending_up, pending_down) = (self.credits_pending_minor, self.debits_pending_minor);
        let (posted_minor, pending_in_minor, pending_out_minor) = if self.id.purpose.is_debit_normal() {
            (down - up, pending_down, pending_up)
        } else {
            (up - down, pending_up, pending_down)
        };
        let available_minor = posted_minor.saturating_sub(pending_out_minor);
        Balances { posted_minor, pending_in_minor, pending_out_minor, available_minor }
    }

    /// Adds postings to the totals.
    ///
    /// # Errors
    /// In this order: `account.closed`; `account.overflow`; `hold.exceeded` if more is taken off what is pending than
    /// is; `account.frozen` if less were available than before; `account.insufficient_funds` if that fell below zero.
    pub(crate) fn post(&mut self, movement: Movement) -> Result<(), Refusal> {
        if let Constraint::Closed { reason } = &self.constraint {
            let expected = format!("an open account; {} was closed: {reason}", self.id);
            return Err(Refusal::new(RefusalCode::AccountClosed, "", expected));
        }
        let posted = self.moved(movement)?;
        let (before, after) = (self.balances().available_minor, posted.balances().available_minor);
        if after < before && matches!(self.constraint, Constraint::Frozen { .. }) {
            let expected = format!("an account that is not frozen; {} is", self.id);
            return Err(Refusal::new(RefusalCode::AccountFrozen, "", expected));
        }
        if after < 0 && after < before && self.id.purpose.has_floor() {
            let asset = self.id.asset;
            let needed = asset.render(before.saturating_sub(after));
            let expected = format!("{} needs {needed}, has {}", self.id, asset.render(before));
            return Err(Refusal::new(RefusalCode::FundsInsufficient, "", expected));
        }
        *self = posted;
        Ok(())
    }

    fn moved(&self, movement: Movement) -> Result<Self, Refusal> {
        let overflow =
            || Refusal::new(RefusalCode::AccountOverflow, "", format!("totals below 2^63 in {}", self.id));
        let add = i64::checked_add;
        let pending = |total: i64, change: i64| {
            let sum = add(total, change).ok_or_else(overflow)?;
            if sum < 0 {
                let expected = format!("at most what is pending in {}", self.id);
                return Err(Refusal::new(RefusalCode::HoldExceeded, "", expected));
            }
            Ok(sum)
        };
        Ok(Self {
            id: self.id.clone(),
            debits_minor: add(self.debits_minor, movement.debit_minor).ok_or_else(overflow)?,
            credits_minor: add(self.credits_minor, movement.credit_minor).ok_or_else(overflow)?,
            debits_pending_minor: pending(self.debits_pending_minor, movement.debit_pending_minor)?,
            credits_pending_minor: pending(self.credits_pending_minor, movement.credit_pending_minor)?,
            posting_count: self.posting_count.saturating_add(movement.leg_count),
            constraint: self.constraint.clone(),
        })
    }

    /// Puts the account under another constraint.
    ///
    /// # Errors
    /// `account.state` if it stands under this one already, or is to be closed while anything is posted or pending.
    pub fn constrain(mut self, constraint: Constraint) -> Result<Self, Refusal> {
        let refused = |expected: String| Refusal::new(RefusalCode::AccountState, "constraint", expected);
        if std::mem::discriminant(&self.constraint) == std::mem::discriminant(&constraint) {
            return Err(refused(format!("another constraint than the one that {} is under", self.id)));
        }
        let balances = self.balances();
        let empty =
            balances.posted_minor == 0 && balances.pending_in_minor == 0 && balances.pending_out_minor == 0;
        if matches!(constraint, Constraint::Closed { .. }) && !empty {
            return Err(refused("an account with nothing posted or pending, to be closed".to_owned()));
        }
        self.constraint = constraint;
        Ok(self)
    }
}
