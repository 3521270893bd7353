//! Accounts. Debits and credits are separate growing totals, so nothing is lost in a balance.

use databourse_primitives::{
    Asset, ExchangeCode, ParseError, PartyId, Refusal, RefusalCode, serde_as_string,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// An exchange.
    Exchange(ExchangeCode),
    /// A party.
    Party(PartyId),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(code) => write!(f, "exchange:{code}"),
            Self::Party(id) => write!(f, "party:{id}"),
        }
    }
}

impl FromStr for Holder {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a holder: `exchange:<code>` or `party:<id>`");
        match text.split_once(':') {
            Some(("exchange", code)) => code.parse().map(Self::Exchange).map_err(|_| EXPECTED),
            Some(("party", id)) => id.parse().map(Self::Party).map_err(|_| EXPECTED),
            _ => Err(EXPECTED),
        }
    }
}
serde_as_string!(Holder);

/// What the account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A party's money that it may spend or withdraw. Credit-normal.
    Available,
    /// A buyer's money held for orders that are not accepted yet. Credit-normal.
    Held,
    /// Tax that its holder owes: a supplier's value-added tax, an exchange's tax on fees. Credit-normal.
    Tax,
    /// An exchange's fees. Credit-normal.
    Fees,
    /// Money that an exchange has at its bank. Debit-normal.
    Bank,
}

impl Purpose {
    /// The purpose's name in JSON and in account ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Tax => "tax",
            Self::Fees => "fees",
            Self::Bank => "bank",
        }
    }

    const fn is_debit_normal(self) -> bool {
        matches!(self, Self::Bank)
    }
}

impl FromStr for Purpose {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        [Self::Available, Self::Held, Self::Tax, Self::Fees, Self::Bank]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or(ParseError::new("an account purpose: available, held, tax, fees or bank"))
    }
}

/// Name of an account. Text form `party:<id>:available:CNY/2` or `exchange:sh:bank:CNY/2`.
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

/// An account. A never-used account is one with zero totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// Sum of all debits, minor units.
    pub debits_minor: i64,
    /// Sum of all credits, minor units.
    pub credits_minor: i64,
    /// Number of postings.
    pub posting_count: u64,
}

impl Account {
    /// An account that was never used.
    pub const fn unused(id: AccountId) -> Self {
        Self { id, debits_minor: 0, credits_minor: 0, posting_count: 0 }
    }

    /// The balance on the account's normal side, minor units. Never negative in a committed state.
    pub const fn balance_minor(&self) -> i64 {
        // Both totals are non-negative, so the difference cannot overflow.
        if self.id.purpose.is_debit_normal() {
            self.debits_minor - self.credits_minor
        } else {
            self.credits_minor - self.debits_minor
        }
    }

    /// Adds postings to the totals: `debit_minor` and `credit_minor` are sums of one transaction's legs.
    ///
    /// # Errors
    /// `account.overflow`; `account.insufficient_funds` if the balance would fall below zero.
    pub(crate) fn post(
        &mut self,
        debit_minor: i64,
        credit_minor: i64,
        leg_count: u64,
    ) -> Result<(), Refusal> {
        let totals =
            self.debits_minor.checked_add(debit_minor).zip(self.credits_minor.checked_add(credit_minor));
        let (debits_minor, credits_minor) = totals.ok_or_else(|| {
            Refusal::new(RefusalCode::AccountOverflow, "", format!("totals below 2^63 in {}", self.id))
        })?;
        let balance_before = self.balance_minor();
        let posted = Self {
            id: self.id.clone(),
            debits_minor,
            credits_minor,
            posting_count: self.posting_count.saturating_add(leg_count),
        };
        if posted.balance_minor() < 0 {
            let needed = balance_before - posted.balance_minor();
            let expected = format!(
                "{} needs {}, has {}",
                self.id,
                self.id.asset.render(needed),
                self.id.asset.render(balance_before)
            );
            return Err(Refusal::new(RefusalCode::FundsInsufficient, "", expected));
        }
        *self = posted;
        Ok(())
    }
}
