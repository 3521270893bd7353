//! Transactions: legs that sum to zero per asset, applied whole or not at all.
//!
//! A leg posts an amount, changes what is pending, or both at once: holding money adds to what is pending on both
//! sides, posting it takes that off again while it posts, voiding only takes it off. So pending debits equal pending
//! credits over all accounts at every moment, as posted ones do.
//!
//! Every account is in the book of one exchange. Money that leaves one book for another passes the clearing accounts of
//! both, so that each book balances on its own, and the obligation between the two is counted in the window.

use crate::{Account, AccountId, Purpose, Window, account::Movement};
use databourse_primitives::{AmountMinor, Asset, ExchangeCode, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which side of an account a leg is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

macro_rules! transaction_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Why money moved.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum TransactionKind {
            $($(#[$doc])* $name,)*
        }

        impl TransactionKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind's name in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

transaction_kinds! {
    /// It came in from a bank.
    Deposit = "deposit";
    /// It went out to a bank.
    Withdrawal = "withdrawal";
    /// It is held for an order or by a dispute.
    Hold = "hold";
    /// What was held was posted at acceptance, and split.
    Post = "post";
    /// What was held is free again: a rejection, or a dispute that was dismissed.
    Void = "void";
    /// What was held is free again because its time was over.
    Expire = "expire";
    /// What was posted went back.
    Refund = "refund";
    /// A yearly fee.
    Fee = "fee";
    /// An innovation voucher was issued.
    Voucher = "voucher";
    /// A payment between exchanges was confirmed.
    Settlement = "settlement";
    /// A break was written off.
    WriteOff = "write_off";
    /// An exchange left and its successor took its book over.
    Succession = "succession";
}

/// One leg of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: AccountId,
    /// The side.
    pub side: Side,
    /// How much is posted, minor units.
    pub amount_minor: AmountMinor,
    /// By how much what is pending on this side changes, minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pending_minor: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(amount_minor: &i64) -> bool {
    *amount_minor == 0
}

/// What a movement does to an account and to what is pending on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Adds to what is pending.
    Hold,
    /// Posts what was held.
    Post,
    /// Takes what was held off again without posting it.
    Release,
    /// Posts what was not held.
    Direct,
}

/// One side's share of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The account.
    pub account: AccountId,
    /// The exchange whose book holds it.
    pub book: ExchangeCode,
    /// How much, minor units.
    pub amount: AmountMinor,
}

/// What one exchange owes another because of a movement between their books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Whose book the money left.
    pub debtor: ExchangeCode,
    /// Whose book it entered; the debtor's own if it stayed.
    pub creditor: ExchangeCode,
    /// How much.
    pub amount: AmountMinor,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Leg {
    posted: AmountMinor,
    pending_minor: i64,
}

/// A movement of money in one asset. Legs on one account and side are added up, so a hot account gets one posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    kind: TransactionKind,
    asset: Asset,
    legs: BTreeMap<(AccountId, Side), Leg>,
    crossings: Vec<Crossing>,
}

impl Transaction {
    /// A movement without legs yet.
    pub const fn new(kind: TransactionKind, asset: Asset) -> Self {
        Self { kind, asset, legs: BTreeMap::new(), crossings: Vec::new() }
    }

    /// Why money moves.
    pub const fn kind(&self) -> TransactionKind {
        self.kind
    }

    /// What moves.
    pub const fn asset(&self) -> Asset {
        self.asset
    }

    /// What exchanges owe one another because of it, one per line of business.
    pub fn crossings(&self) -> &[Crossing] {
        &self.crossings
    }

    /// Posts `amount` from one account (debited) to another (credited) within one book. Moving nothing adds no leg.
    ///
    /// # Errors
    /// `amount.out_of_range` if a leg's sum leaves the range.
    pub fn transfer(&mut self, from: AccountId, to: AccountId, amount: AmountMinor) -> Result<(), Refusal> {
        self.leg(from, Side::Debit, Phase::Direct, amount)?;
        self.leg(to, Side::Credit, Phase::Direct, amount)
    }

    /// Adds one line of business: what leaves `from` is what enters `to`. One of the two sides is in one book.
    ///
    /// # Errors
    /// `amount.out_of_range` if the sides differ, both are in several books, or a leg's sum leaves the range: all of
    /// them mistakes of the caller.
    pub fn add(&mut self, phase: Phase, from: &[Part], to: &[Part]) -> Result<(), Refusal> {
        let sum = |parts: &[Part]| {
            parts.iter().map(|part| part.amount).try_fold(AmountMinor::ZERO, AmountMinor::plus)
        };
        if sum(from)? != sum(to)? {
            let expected = "two sides of one amount";
            return Err(Refusal::new(RefusalCode::AmountOutOfRange, "", expected));
        }
        for (parts, side) in [(from, Side::Debit), (to, Side::Credit)] {
            for part in parts {
                self.leg(part.account.clone(), side, phase, part.amount)?;
            }
        }
        if matches!(phase, Phase::Post | Phase::Direct) { self.cross(from, to) } else { Ok(()) }
    }

    /// Passes what changes books through their clearing accounts and notes who owes whom.
    fn cross(&mut self, from: &[Part], to: &[Part]) -> Result<(), Refusal> {
        let (debtors, creditors) = (by_book(from)?, by_book(to)?);
        if debtors.len() > 1 && creditors.len() > 1 {
            let expected = "one book on one side at least";
            return Err(Refusal::new(RefusalCode::AmountOutOfRange, "", expected));
        }
        for (debtor, owed) in &debtors {
            for (creditor, due) in &creditors {
                let amount = *owed.min(due);
                if debtor != creditor {
                    let clearing = |book: &ExchangeCode| {
                        AccountId::exchange(book.clone(), Purpose::Clearing, self.asset)
                    };
                    let (owes, is_owed) = (clearing(debtor), clearing(creditor));
                    self.leg(is_owed, Side::Debit, Phase::Direct, amount)?;
                    self.leg(owes, Side::Credit, Phase::Direct, amount)?;
                }
                let (debtor, creditor) = (debtor.clone(), creditor.clone());
                self.crossings.push(Crossing { debtor, creditor, amount });
            }
        }
        Ok(())
    }

    fn leg(
        &mut self,
        account: AccountId,
        side: Side,
        phase: Phase,
        amount: AmountMinor,
    ) -> Result<(), Refusal> {
        debug_assert!(account.asset == self.asset, "one asset per transaction");
        if amount.is_zero() {
            return Ok(());
        }
        let leg = self.legs.entry((account, side)).or_default();
        let pending_minor = match phase {
            Phase::Hold => amount.get(),
            Phase::Post | Phase::Release => -amount.get(),
            Phase::Direct => 0,
        };
        leg.pending_minor += pending_minor;
        if matches!(phase, Phase::Post | Phase::Direct) {
            leg.posted = leg.posted.plus(amount)?;
        }
        Ok(())
    }

    /// Whether nothing moves.
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// What moves in all: the sum of what is debited, or of what becomes or ceases to be pending, minor units.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub fn amount(&self) -> Result<AmountMinor, Refusal> {
        let debits = || self.legs.iter().filter(|((_, side), _)| *side == Side::Debit).map(|(_, leg)| leg);
        let posted = debits().map(|leg| leg.posted).try_fold(AmountMinor::ZERO, AmountMinor::plus)?;
        let pending: i64 = debits().map(|leg| leg.pending_minor).sum();
        if posted.is_zero() { AmountMinor::new(pending.abs()) } else { Ok(posted) }
    }

    /// The accounts it touches, each once, in order.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        let mut last = None;
        self.legs
            .keys()
            .map(|(account, _)| account)
            .filter(move |account| last.replace(*account) != Some(*account))
    }

    /// Its postings, in the order of account and side.
    pub fn postings(&self) -> impl Iterator<Item = Posting> {
        self.legs.iter().filter(|(_, leg)| **leg != Leg::default()).map(|((account, side), leg)| Posting {
            account: account.clone(),
            side: *side,
            amount_minor: leg.posted,
            pending_minor: leg.pending_minor,
        })
    }

    /// Applies every leg to `accounts`, which holds each account of [`Transaction::accounts`], and counts the movement
    /// and what exchanges owe one another by it in `window`, the open one of its asset. Debits equal credits because
    /// every leg was made with its counterpart.
    ///
    /// On a refusal the caller drops `accounts` and `window`.
    ///
    /// # Errors
    /// Those of an account that may not move, `account.overflow`, `window.not_open`.
    pub fn apply(
        &self,
        accounts: &mut BTreeMap<AccountId, Account>,
        window: &mut Window,
    ) -> Result<(), Refusal> {
        for id in self.accounts() {
            let leg = |side| self.legs.get(&(id.clone(), side)).copied().unwrap_or_default();
            let (debit, credit) = (leg(Side::Debit), leg(Side::Credit));
            let movement = Movement {
                debit_minor: debit.posted.get(),
                credit_minor: credit.posted.get(),
                debit_pending_minor: debit.pending_minor,
                credit_pending_minor: credit.pending_minor,
                leg_count: u64::from(debit != Leg::default()) + u64::from(credit != Leg::default()),
            };
            let account = accounts.entry(id.clone()).or_insert_with(|| Account::unused(id.clone()));
            account.post(movement)?;
        }
        let posting_count = u64::try_from(self.postings().count()).unwrap_or(u64::MAX);
        window.count(self.kind, self.amount()?, posting_count)?;
        self.crossings.iter().try_for_each(|owed| window.owe(&owed.debtor, &owed.creditor, owed.amount))
    }
}

fn by_book(parts: &[Part]) -> Result<BTreeMap<ExchangeCode, AmountMinor>, Refusal> {
    let mut sums = BTreeMap::<ExchangeCode, AmountMinor>::new();
    for part in parts.iter().filter(|part| !part.amount.is_zero()) {
        let sum = sums.entry(part.book.clone()).or_default();
        *sum = sum.plus(part.amount)?;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests;
