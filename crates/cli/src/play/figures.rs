//! The ledger's own figures, read through the API when the player is done: not what the player believes.

use anyhow::Result;
use databourse_client::Client;
use databourse_primitives::PartyId;
use databourse_settlement::{AccountId, Holder, Purpose, TransactionKind, Window};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Money of one asset, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) scale: u32,
    pub(crate) deposited: i128,
    pub(crate) withdrawn: i128,
    pub(crate) ordered: i128,
    pub(crate) posted: i128,
    pub(crate) voided: i128,
    pub(crate) expired: i128,
    pub(crate) refunded: i128,
    /// Vouchers that were issued.
    pub(crate) issued: i128,
    /// What parties may spend or withdraw.
    pub(crate) available: i128,
    /// What of parties' money is held.
    pub(crate) held: i128,
    /// What vouchers still hold, held for orders or not.
    pub(crate) vouchers: i128,
    pub(crate) tax: i128,
    pub(crate) fees: i128,
    /// What exchanges owe one another, what bank lines exceeded and fell short.
    pub(crate) between: i128,
    pub(crate) bank: i128,
    pub(crate) debits: i128,
    pub(crate) credits: i128,
}

/// What the ledger says.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    money: BTreeMap<String, Money>,
    available: BTreeMap<(PartyId, String), i128>,
}

#[derive(Deserialize)]
struct AccountItem {
    id: AccountId,
    debits_minor: i64,
    credits_minor: i64,
    balance_minor: i64,
    available_minor: i64,
}

impl Figures {
    /// Reads windows and accounts; an operator may.
    pub(crate) async fn read(operator: &Client) -> Result<Self> {
        let mut figures = Self::default();
        for window in operator.list::<Window>("/v1/windows").await? {
            figures.add_window(&window);
        }
        for account in operator.list::<AccountItem>("/v1/accounts").await? {
            figures.add_account(&account);
        }
        Ok(figures)
    }

    fn add_window(&mut self, window: &Window) {
        let asset = window.id.asset;
        let money = self.money.entry(asset.to_string()).or_default();
        money.scale = asset.scale();
        for (kind, flow) in &window.flows {
            let sum = match kind {
                TransactionKind::Deposit => &mut money.deposited,
                TransactionKind::Withdrawal => &mut money.withdrawn,
                TransactionKind::Hold => &mut money.ordered,
                TransactionKind::Post => &mut money.posted,
                TransactionKind::Void => &mut money.voided,
                TransactionKind::Expire => &mut money.expired,
                TransactionKind::Refund => &mut money.refunded,
                TransactionKind::Voucher => &mut money.issued,
                // Money that stays inside, or that moves between banks.
                TransactionKind::Fee
                | TransactionKind::Settlement
                | TransactionKind::WriteOff
                | TransactionKind::Succession => continue,
            };
            *sum += i128::from(flow.amount_minor);
        }
    }

    fn add_account(&mut self, account: &AccountItem) {
        let money = self.money.entry(account.id.asset.to_string()).or_default();
        money.scale = account.id.asset.scale();
        money.debits += i128::from(account.debits_minor);
        money.credits += i128::from(account.credits_minor);
        let [balance, available] = [account.balance_minor, account.available_minor].map(i128::from);
        match account.id.purpose {
            Purpose::Funds => {
                money.available += available;
                money.held += balance - available;
            }
            Purpose::Voucher => money.vouchers += balance,
            Purpose::Tax => money.tax += balance,
            Purpose::Fees => money.fees += balance,
            Purpose::Bank => money.bank += balance,
            Purpose::Clearing | Purpose::Difference => money.between += balance,
        }
        if let (Holder::Party(party), Purpose::Funds) = (&account.id.holder, account.id.purpose) {
            *self.available.entry((*party, account.id.asset.to_string())).or_default() += available;
        }
    }

    /// The money of an asset, by its text `CNY/2`.
    pub(crate) fn of(&self, asset: &str) -> Money {
        self.money.get(asset).copied().unwrap_or_default()
    }

    /// Each asset in which something moved.
    pub(crate) fn assets(&self) -> impl Iterator<Item = (&str, &Money)> {
        self.money.iter().filter(|(_, money)| money.debits != 0).map(|(asset, money)| (asset.as_str(), money))
    }

    /// What a party may spend or withdraw.
    pub(crate) fn available_of(&self, party: &PartyId, asset: &str) -> i128 {
        self.available.get(&(*party, asset.to_owned())).copied().unwrap_or_default()
    }

    /// Whether debits equal credits, and what is at the bank is what the accounts hold, in each asset.
    pub(crate) fn balance(&self) -> bool {
        self.money.values().all(|money| {
            money.debits == money.credits && money.bank == money.inside() && money.inside() == money.brought()
        })
    }
}

impl Money {
    /// What the accounts hold, minor units.
    pub(crate) const fn inside(&self) -> i128 {
        self.available + self.held + self.vouchers + self.fees + self.tax + self.between
    }

    /// What came in and did not go out, minor units: payments between exchanges cancel out but for what banks took.
    pub(crate) const fn brought(&self) -> i128 {
        self.deposited + self.issued - self.withdrawn + self.between
    }
}
