//! Transactions: legs that sum to zero per asset, applied whole or not at all.

use crate::{Account, AccountId, Window};
use databourse_primitives::{AmountMinor, Asset, Label, PartyId, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `account.deposit`: the exchange records money that arrived at its bank for a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositMoney {
    /// Whose money it is.
    pub party: PartyId,
    /// What arrived.
    pub asset: Asset,
    /// How much, minor units, above zero.
    pub amount_minor: AmountMinor,
    /// The bank's reference of the line; each is recorded once.
    pub bank_reference: Label,
}

/// `account.withdraw`: a party takes available money out, to the bank account that its exchange has on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawMoney {
    /// What is taken.
    pub asset: Asset,
    /// How much, minor units, above zero.
    pub amount_minor: AmountMinor,
}

/// Which side of an account a leg is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// It came in from a bank.
    Deposit,
    /// It went out to a bank.
    Withdrawal,
    /// A buyer's money was held for an order.
    Hold,
    /// Held money was released and split at acceptance.
    Release,
    /// Held money went back at rejection.
    Return,
    /// Released money went back.
    Refund,
}

impl TransactionKind {
    /// The kind's name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Return => "return",
            Self::Refund => "refund",
        }
    }
}

/// One leg of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: AccountId,
    /// The side.
    pub side: Side,
    /// How much, minor units, above zero.
    pub amount_minor: AmountMinor,
}

/// A movement of money in one asset. Legs on one account and side are added up, so a hot account gets one posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    kind: TransactionKind,
    asset: Asset,
    legs: BTreeMap<(AccountId, Side), AmountMinor>,
}

impl Transaction {
    /// A movement without legs yet.
    pub const fn new(kind: TransactionKind, asset: Asset) -> Self {
        Self { kind, asset, legs: BTreeMap::new() }
    }

    /// Why money moves.
    pub const fn kind(&self) -> TransactionKind {
        self.kind
    }

    /// What moves.
    pub const fn asset(&self) -> Asset {
        self.asset
    }

    /// Moves `amount` from one account (debited) to another (credited). Moving nothing adds no leg.
    ///
    /// # Errors
    /// `amount.out_of_range` if a leg's sum leaves the range.
    pub fn transfer(&mut self, from: AccountId, to: AccountId, amount: AmountMinor) -> Result<(), Refusal> {
        debug_assert!(from.asset == self.asset && to.asset == self.asset, "one asset per transaction");
        if amount.is_zero() {
            return Ok(());
        }
        for leg in [(from, Side::Debit), (to, Side::Credit)] {
            let sum = self.legs.entry(leg).or_default();
            *sum = sum.plus(amount)?;
        }
        Ok(())
    }

    /// Whether nothing moves.
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// What moves in all: the sum of one side, minor units.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub fn amount(&self) -> Result<AmountMinor, Refusal> {
        let debits = self.legs.iter().filter(|((_, side), _)| *side == Side::Debit);
        debits.map(|(_, amount)| *amount).try_fold(AmountMinor::ZERO, AmountMinor::plus)
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
        self.legs.iter().map(|((account, side), amount_minor)| Posting {
            account: account.clone(),
            side: *side,
            amount_minor: *amount_minor,
        })
    }

    /// Applies every leg to `accounts`, which holds each account of [`Transaction::accounts`], and counts the movement
    /// in `window`, the open one of its asset. Debits equal credits because every leg was made by `transfer`.
    ///
    /// On a refusal the caller drops `accounts` and `window`.
    ///
    /// # Errors
    /// `account.insufficient_funds`, `account.overflow`, `window.not_open`.
    pub fn apply(
        &self,
        accounts: &mut BTreeMap<AccountId, Account>,
        window: &mut Window,
    ) -> Result<(), Refusal> {
        for id in self.accounts() {
            let leg = |side| self.legs.get(&(id.clone(), side)).map_or(0, |amount| amount.get());
            let (debit, credit) = (leg(Side::Debit), leg(Side::Credit));
            let leg_count = u64::from(debit > 0) + u64::from(credit > 0);
            let account = accounts.entry(id.clone()).or_insert_with(|| Account::unused(id.clone()));
            account.post(debit, credit, leg_count)?;
        }
        let posting_count = u64::try_from(self.legs.len()).unwrap_or(u64::MAX);
        window.count(self.kind, self.amount()?, posting_count)
    }
}

/// Refuses an amount of zero where something must move.
///
/// # Errors
/// `amount.zero`.
pub(crate) fn above_zero(amount: AmountMinor) -> Result<(), Refusal> {
    if amount.is_zero() {
        return Err(Refusal::new(RefusalCode::AmountZero, "amount_minor", "an amount above zero"));
    }
    Ok(())
}

impl DepositMoney {
    /// The movement: from the exchange's bank to what the party may spend. A deposit debits the bank account.
    ///
    /// # Errors
    /// `amount.zero`.
    pub fn transaction(&self, bank: AccountId) -> Result<Transaction, Refusal> {
        above_zero(self.amount_minor)?;
        let mut transaction = Transaction::new(TransactionKind::Deposit, self.asset);
        let available = AccountId::party(self.party, crate::Purpose::Available, self.asset);
        transaction.transfer(bank, available, self.amount_minor)?;
        Ok(transaction)
    }
}

impl WithdrawMoney {
    /// The movement: from what `party` may spend to the exchange's bank.
    ///
    /// # Errors
    /// `amount.zero`.
    pub fn transaction(&self, party: PartyId, bank: AccountId) -> Result<Transaction, Refusal> {
        above_zero(self.amount_minor)?;
        let mut transaction = Transaction::new(TransactionKind::Withdrawal, self.asset);
        let available = AccountId::party(party, crate::Purpose::Available, self.asset);
        transaction.transfer(available, bank, self.amount_minor)?;
        Ok(transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, open_first};
    use databourse_primitives::Timestamp;
    use proptest::prelude::*;

    fn asset() -> Asset {
        "CNY/2".parse().unwrap()
    }

    fn account(number: u64, purpose: Purpose) -> AccountId {
        let party = format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap();
        AccountId::party(party, purpose, asset())
    }

    fn bank() -> AccountId {
        AccountId::exchange("sh".parse().unwrap(), Purpose::Bank, asset())
    }

    fn minor(amount: i64) -> AmountMinor {
        AmountMinor::new(amount).unwrap()
    }

    /// One assertion for the rule that everything else rests on.
    #[track_caller]
    fn check_sums_to_zero(accounts: &BTreeMap<AccountId, Account>) {
        let debits: i128 = accounts.values().map(|account| i128::from(account.debits_minor)).sum();
        let credits: i128 = accounts.values().map(|account| i128::from(account.credits_minor)).sum();
        assert_eq!(debits, credits);
        assert!(accounts.values().all(|account| account.balance_minor() >= 0));
    }

    #[test]
    fn a_never_used_account_cannot_be_overdrawn() {
        let mut window = open_first(asset(), Timestamp::EPOCH);
        let mut transaction = Transaction::new(TransactionKind::Hold, asset());
        transaction.transfer(account(1, Purpose::Available), account(1, Purpose::Held), minor(1)).unwrap();
        let refusal = transaction.apply(&mut BTreeMap::new(), &mut window).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::FundsInsufficient);
        assert!(refusal.expected.contains("needs 0.01, has 0.00"), "{}", refusal.expected);
    }

    #[test]
    fn legs_of_one_account_are_one_posting() {
        let mut transaction = Transaction::new(TransactionKind::Release, asset());
        for _ in 0..3 {
            transaction
                .transfer(account(1, Purpose::Held), account(2, Purpose::Available), minor(5))
                .unwrap();
        }
        transaction
            .transfer(account(1, Purpose::Held), account(3, Purpose::Available), AmountMinor::ZERO)
            .unwrap();
        assert_eq!(transaction.postings().count(), 2);
        assert_eq!(transaction.amount().unwrap(), minor(15));
    }

    proptest! {
        #[test]
        fn money_is_neither_made_nor_lost(steps in prop::collection::vec((0..4_u8, 1..5_u64, 1..5_u64, 0..1_000_i64), 0..200)) {
            let mut accounts = BTreeMap::new();
            let mut window = open_first(asset(), Timestamp::EPOCH);
            for (kind, from, to, amount) in steps {
                let (kind, from, to) = match kind {
                    0 => (TransactionKind::Deposit, bank(), account(to, Purpose::Available)),
                    1 => (TransactionKind::Withdrawal, account(from, Purpose::Available), bank()),
                    2 => (TransactionKind::Hold, account(from, Purpose::Available), account(from, Purpose::Held)),
                    _ => (TransactionKind::Release, account(from, Purpose::Held), account(to, Purpose::Available)),
                };
                let mut transaction = Transaction::new(kind, asset());
                transaction.transfer(from, to, minor(amount)).unwrap();
                let (before, window_before) = (accounts.clone(), window.clone());
                if transaction.apply(&mut accounts, &mut window).is_err() {
                    (accounts, window) = (before, window_before);
                }
                check_sums_to_zero(&accounts);
            }
            let moved: i64 = window.flows.values().map(|flow| flow.amount_minor).sum();
            let debited: i64 = accounts.values().map(|account| account.debits_minor).sum();
            prop_assert_eq!(moved, debited);
        }
    }
}
