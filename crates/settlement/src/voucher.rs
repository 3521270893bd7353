//! Innovation vouchers 科技创新券: money from a public purse that pays only for what it was issued for and is never
//! cashed. A refund of what a voucher paid goes back to the voucher.

use crate::{AccountId, Purpose, Transaction, TransactionKind, cash::above_zero};
use databourse_primitives::{
    AmountMinor, Asset, ExchangeCode, Label, PartyId, Refusal, RefusalCode, Timestamp, VoucherId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most product kinds or purposes that a voucher names.
const NAMED_MAX: usize = 64;

/// `voucher.issue`: the exchange hands a party a voucher for money that a funder paid in at its bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueVoucher {
    /// Who may spend it.
    pub party: PartyId,
    /// In what.
    pub asset: Asset,
    /// Its value, minor units, above zero.
    pub amount_minor: AmountMinor,
    /// The product kinds that it pays for; any, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<Label>,
    /// The licence purposes that it pays for; any, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<Label>,
    /// The first moment at which it can no longer be spent.
    pub expires_at: Timestamp,
    /// The bank's reference of the funder's payment; each is recorded once.
    pub bank_reference: Label,
}

/// A voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// The id of its `voucher.issue` entry.
    pub id: VoucherId,
    /// Who may spend it.
    pub holder: PartyId,
    /// The exchange that issued it and in whose book its money is.
    pub book: ExchangeCode,
    /// In what.
    pub asset: Asset,
    /// Its value, minor units.
    pub issued_minor: AmountMinor,
    /// What is neither spent nor held for an order, minor units.
    pub left_minor: AmountMinor,
    /// The product kinds that it pays for; any, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<Label>,
    /// The licence purposes that it pays for; any, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<Label>,
    /// Block time of its issue.
    pub issued_at: Timestamp,
    /// The first moment at which it can no longer be spent.
    pub expires_at: Timestamp,
}

impl IssueVoucher {
    /// The movement: from the bank of `book` to the party's vouchers.
    ///
    /// # Errors
    /// `amount.zero`.
    pub fn transaction(&self, book: &ExchangeCode) -> Result<Transaction, Refusal> {
        above_zero(self.amount_minor)?;
        let bank = AccountId::exchange(book.clone(), Purpose::Bank, self.asset);
        let voucher = AccountId::party(self.party, Purpose::Voucher, self.asset);
        let mut transaction = Transaction::new(TransactionKind::Voucher, self.asset);
        transaction.transfer(bank, voucher, self.amount_minor)?;
        Ok(transaction)
    }
}

/// Issues a voucher.
///
/// # Errors
/// `voucher.not_applicable` if it would have expired already; `body.malformed` above 64 kinds or purposes.
pub fn issue_voucher(
    id: VoucherId,
    command: IssueVoucher,
    book: ExchangeCode,
    now: Timestamp,
) -> Result<Voucher, Refusal> {
    if command.kinds.len().max(command.purposes.len()) > NAMED_MAX {
        let expected = format!("at most {NAMED_MAX} kinds and {NAMED_MAX} purposes");
        return Err(Refusal::new(RefusalCode::BodyMalformed, "kinds", expected));
    }
    if command.expires_at <= now {
        let expected = format!("a time after {now}");
        return Err(Refusal::new(RefusalCode::VoucherNotApplicable, "expires_at", expected));
    }
    Ok(Voucher {
        id,
        holder: command.party,
        book,
        asset: command.asset,
        issued_minor: command.amount_minor,
        left_minor: command.amount_minor,
        kinds: command.kinds,
        purposes: command.purposes,
        issued_at: now,
        expires_at: command.expires_at,
    })
}

impl Voucher {
    /// Refuses unless `buyer` may pay in `asset` with it at `now`.
    ///
    /// # Errors
    /// `voucher.not_holder`, `voucher.not_applicable`.
    pub fn spendable(&self, buyer: PartyId, asset: Asset, now: Timestamp) -> Result<(), Refusal> {
        let refused = |code, expected: String| Refusal::new(code, "voucher", expected);
        if self.holder != buyer {
            return Err(refused(RefusalCode::VoucherNotHolder, "a voucher of your own".to_owned()));
        }
        if self.asset != asset || self.expires_at <= now || self.left_minor.is_zero() {
            let expected = format!(
                "a voucher in {asset} with value left; this one is in {} and has {} until {}",
                self.asset,
                self.asset.render(self.left_minor.get()),
                self.expires_at
            );
            return Err(refused(RefusalCode::VoucherNotApplicable, expected));
        }
        Ok(())
    }

    /// Whether it pays for a product of `kind` licensed for `purpose`.
    pub fn pays_for(&self, kind: &str, purpose: &Label) -> bool {
        let names = |set: &BTreeSet<Label>, name: &str| {
            set.is_empty() || set.iter().any(|label| label.as_str() == name)
        };
        names(&self.kinds, kind) && names(&self.purposes, purpose.as_str())
    }

    /// Takes up to `wanted` from it; says how much.
    ///
    /// # Errors
    /// None in practice: no more is taken than is left.
    pub fn take(&mut self, wanted: AmountMinor) -> Result<AmountMinor, Refusal> {
        let taken = wanted.min(self.left_minor);
        self.left_minor = self.left_minor.minus(taken)?;
        Ok(taken)
    }

    /// Gives back what was taken and not spent, or refunded. An expired voucher takes its money back, too: it must not
    /// become cash.
    ///
    /// # Errors
    /// `amount.out_of_range` above what was issued.
    pub fn give_back(&mut self, amount: AmountMinor) -> Result<(), Refusal> {
        let left = self.left_minor.plus(amount)?;
        if left > self.issued_minor {
            let expected = "at most what was taken from the voucher";
            return Err(Refusal::new(RefusalCode::AmountOutOfRange, "voucher", expected));
        }
        self.left_minor = left;
        Ok(())
    }
}
