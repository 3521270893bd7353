//! Money that enters and leaves the ledger: deposits, withdrawals, yearly fees.

use crate::{AccountId, Purpose, Transaction, TransactionKind};
use databourse_primitives::{AmountMinor, Asset, ExchangeCode, Label, PartyId, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

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

/// `fee.charge`: the exchange charges a party the yearly fee of one of its roles, as the schedule in force has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChargeFee {
    /// Who pays.
    pub party: PartyId,
    /// For which role.
    pub role: Label,
    /// For which calendar year, UTC: the block's or the one after it.
    pub year: u16,
    /// In what.
    pub asset: Asset,
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
    /// The movement: from the bank of `book` to what the party may spend. A deposit debits the bank account.
    ///
    /// # Errors
    /// `amount.zero`.
    pub fn transaction(&self, book: &ExchangeCode) -> Result<Transaction, Refusal> {
        above_zero(self.amount_minor)?;
        let bank = AccountId::exchange(book.clone(), Purpose::Bank, self.asset);
        let funds = AccountId::party(self.party, Purpose::Funds, self.asset);
        let mut transaction = Transaction::new(TransactionKind::Deposit, self.asset);
        transaction.transfer(bank, funds, self.amount_minor)?;
        Ok(transaction)
    }
}

impl WithdrawMoney {
    /// The movement: from what `party` may spend to the bank of `book`.
    ///
    /// # Errors
    /// `amount.zero`.
    pub fn transaction(&self, party: PartyId, book: &ExchangeCode) -> Result<Transaction, Refusal> {
        above_zero(self.amount_minor)?;
        let bank = AccountId::exchange(book.clone(), Purpose::Bank, self.asset);
        let funds = AccountId::party(party, Purpose::Funds, self.asset);
        let mut transaction = Transaction::new(TransactionKind::Withdrawal, self.asset);
        transaction.transfer(funds, bank, self.amount_minor)?;
        Ok(transaction)
    }
}

impl ChargeFee {
    /// The movement: `fee` and `vat` from the party's funds to the fees and the tax of its exchange.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub fn transaction(
        &self,
        fee: AmountMinor,
        vat: AmountMinor,
        book: &ExchangeCode,
    ) -> Result<Transaction, Refusal> {
        let exchange = |purpose| AccountId::exchange(book.clone(), purpose, self.asset);
        let funds = AccountId::party(self.party, Purpose::Funds, self.asset);
        let mut transaction = Transaction::new(TransactionKind::Fee, self.asset);
        transaction.transfer(funds.clone(), exchange(Purpose::Fees), fee)?;
        transaction.transfer(funds, exchange(Purpose::Tax), vat)?;
        Ok(transaction)
    }
}
