//! Names of accounts: whose, what for, in which asset.

use databourse_primitives::{Asset, ExchangeCode, Holder, ParseError, PartyId, serde_as_string};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What the account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A party's money. Credit-normal.
    Funds,
    /// A party's innovation vouchers 科技创新券: they pay for what they were issued for and are never cashed. Credit-normal.
    Voucher,
    /// Tax that its holder owes: a supplier's value-added tax, an exchange's tax on fees. Credit-normal.
    Tax,
    /// An exchange's fees. Credit-normal.
    Fees,
    /// Money that an exchange has at its bank. Debit-normal.
    Bank,
    /// What an exchange owes the others of the region (credit) or is owed by them (debit). Over all exchanges of a
    /// region the balances sum to zero: the accounts are symmetric (Interledger RFC 38).
    Clearing,
    /// What an exchange's bank lines fell short of (debit) or exceeded (credit) what was instructed, and what it wrote
    /// off.
    Difference,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] =
        [Self::Funds, Self::Voucher, Self::Tax, Self::Fees, Self::Bank, Self::Clearing, Self::Difference];

    /// The purpose's name in JSON and in account ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Funds => "funds",
            Self::Voucher => "voucher",
            Self::Tax => "tax",
            Self::Fees => "fees",
            Self::Bank => "bank",
            Self::Clearing => "clearing",
            Self::Difference => "difference",
        }
    }

    /// Whether debits raise the balance.
    pub(crate) const fn is_debit_normal(self) -> bool {
        matches!(self, Self::Bank)
    }

    /// Whether what is available must stay at or above zero. Only what exchanges owe one another has either sign.
    pub(crate) const fn has_floor(self) -> bool {
        !matches!(self, Self::Clearing | Self::Difference)
    }
}

impl FromStr for Purpose {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(ParseError::new(
            "an account purpose: funds, voucher, tax, fees, bank, clearing or difference",
        ))
    }
}

/// Name of an account. Text form `party:<id>:funds:CNY/2` or `exchange:sh:bank:CNY/2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    /// Whose it is.
    pub holder: Holder,
    /// What it is for.
    pub purpose: Purpose,
    /// What it counts.
    pub asset: Asset,
}

impl AccountId {
    /// A party's account.
    pub const fn party(party: PartyId, purpose: Purpose, asset: Asset) -> Self {
        Self { holder: Holder::Party(party), purpose, asset }
    }

    /// An exchange's account.
    pub const fn exchange(exchange: ExchangeCode, purpose: Purpose, asset: Asset) -> Self {
        Self { holder: Holder::Exchange(exchange), purpose, asset }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.holder, self.purpose.as_str(), self.asset)
    }
}

impl FromStr for AccountId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("an account id, e.g. `exchange:sh:bank:CNY/2`");
        let parts: Vec<_> = text.split(':').collect();
        let [kind, holder, purpose, asset] = parts[..] else {
            return Err(EXPECTED);
        };
        let holder = format!("{kind}:{holder}").parse().map_err(|_| EXPECTED)?;
        let purpose = purpose.parse().map_err(|_| EXPECTED)?;
        Ok(Self { holder, purpose, asset: asset.parse().map_err(|_| EXPECTED)? })
    }
}
serde_as_string!(AccountId);
