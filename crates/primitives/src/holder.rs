//! Holders: those whom money, accounts and shares belong to.

use crate::{ExchangeCode, ParseError, PartyId, serde_as_string};
use std::{fmt, str::FromStr};

/// Whom an account or a share belongs to. Text form `exchange:sh` or `party:<id>`.
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
