//! Pairs of exchanges and what their lines add up to.

use databourse_primitives::{
    AMOUNT_MINOR_MAX, AmountMinor, ExchangeCode, ParseError, Refusal, RefusalCode, serde_as_string,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Two exchanges without order; twice the same one is the domestic pair, for money that stays in one exchange's book.
/// Text form `js~sh`, the lesser code first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    left: ExchangeCode,
    right: ExchangeCode,
}

impl Pair {
    /// The pair of two exchanges, whichever is named first.
    pub fn new(one: ExchangeCode, other: ExchangeCode) -> Self {
        if one <= other { Self { left: one, right: other } } else { Self { left: other, right: one } }
    }

    /// The exchange with the lesser code.
    pub const fn left(&self) -> &ExchangeCode {
        &self.left
    }

    /// The exchange with the greater code.
    pub const fn right(&self) -> &ExchangeCode {
        &self.right
    }

    /// Whether it is one exchange with itself.
    pub fn is_domestic(&self) -> bool {
        self.left == self.right
    }

    /// Whether `exchange` is one of the two.
    pub fn contains(&self, exchange: &ExchangeCode) -> bool {
        self.members().any(|member| member == exchange)
    }

    /// Its exchanges, each once.
    pub fn members(&self) -> impl Iterator<Item = &ExchangeCode> {
        std::iter::once(&self.left).chain((!self.is_domestic()).then_some(&self.right))
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.left, self.right)
    }
}

impl FromStr for Pair {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError =
            ParseError::new("a pair of exchanges, the lesser code first, e.g. `js~sh`");
        let (left, right) = text.split_once('~').ok_or(EXPECTED)?;
        let left: ExchangeCode = left.parse().map_err(|_| EXPECTED)?;
        let right = right.parse().map_err(|_| EXPECTED)?;
        if left <= right { Ok(Self { left, right }) } else { Err(EXPECTED) }
    }
}
serde_as_string!(Pair);

/// What the lines of one pair add up to. A line counts even if it moves nothing. Of a domestic pair everything is in
/// `left_to_right_minor`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairTotals {
    /// Number of lines.
    pub line_count: u64,
    /// What the left exchange owes the right one, minor units, never negative.
    pub left_to_right_minor: i64,
    /// What the right exchange owes the left one, minor units, never negative.
    pub right_to_left_minor: i64,
}

impl PairTotals {
    /// One line in which `debtor`, of `pair`, owes `amount` to the other.
    pub(super) fn line(pair: &Pair, debtor: &ExchangeCode, amount: AmountMinor) -> Self {
        let (left_to_right_minor, right_to_left_minor) =
            if debtor == pair.left() { (amount.get(), 0) } else { (0, amount.get()) };
        Self { line_count: 1, left_to_right_minor, right_to_left_minor }
    }

    /// The sum.
    ///
    /// # Errors
    /// `account.overflow` if the two directions together are above 2^53 - 1 minor units, the most that an instruction
    /// can be of.
    pub(super) fn plus(self, other: Self) -> Result<Self, Refusal> {
        let sum = Self {
            line_count: self.line_count.saturating_add(other.line_count),
            left_to_right_minor: self.left_to_right_minor.saturating_add(other.left_to_right_minor),
            right_to_left_minor: self.right_to_left_minor.saturating_add(other.right_to_left_minor),
        };
        // Saturating sums are far above the limit, so they are refused like exact ones.
        if sum.left_to_right_minor.saturating_add(sum.right_to_left_minor) > AMOUNT_MINOR_MAX {
            let expected = "obligations of a window of at most 9007199254740991 minor units";
            return Err(Refusal::new(RefusalCode::AccountOverflow, "", expected));
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_pair_has_one_spelling_and_is_a_map_key() {
        let pair = Pair::new("sh".parse().unwrap(), "js".parse().unwrap());
        assert_eq!(pair.to_string(), "js~sh");
        assert_eq!(pair, "js~sh".parse().unwrap());
        for bad in ["sh~js", "js", "js~", "js~sh~zj", "JS~sh"] {
            assert!(bad.parse::<Pair>().is_err(), "{bad} should be refused");
        }
        let map = BTreeMap::from([(pair, PairTotals::default())]);
        let json = serde_json::to_string(&map).unwrap();
        assert!(json.starts_with(r#"{"js~sh":{"line_count":0,"#), "{json}");
        assert_eq!(serde_json::from_str::<BTreeMap<Pair, PairTotals>>(&json).unwrap(), map);
    }

    #[test]
    fn a_domestic_pair_has_one_member() {
        let pair: Pair = "sh~sh".parse().unwrap();
        assert!(pair.is_domestic());
        assert_eq!(pair.members().count(), 1);
        assert_eq!("js~sh".parse::<Pair>().unwrap().members().count(), 2);
    }
}
