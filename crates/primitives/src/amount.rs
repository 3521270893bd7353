//! Money: integer minor units of an asset that knows its scale. No float, no silent rounding, no wrapping.

use crate::{ParseError, Refusal, RefusalCode, serde_as_string};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};

/// The largest amount in one entry: 2^53 - 1, so that every JSON reader keeps it exact (RFC 7493 §2.2).
pub const AMOUNT_MINOR_MAX: i64 = 9_007_199_254_740_991;

/// A currency or other unit of value and the number of decimals of its minor unit. Text form `CNY/2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset {
    /// Upper-case ASCII letters, padded with zero bytes.
    code: [u8; 8],
    scale: u8,
}

impl Asset {
    /// Decimals of the minor unit: 2 means that 1 minor unit is 0.01.
    pub const fn scale(&self) -> u32 {
        self.scale as u32
    }

    /// The code without its scale, e.g. `CNY`.
    pub fn code(&self) -> &str {
        let length = self.code.iter().position(|byte| *byte == 0).unwrap_or(self.code.len());
        // The constructor admits ASCII only, so this never falls back.
        std::str::from_utf8(&self.code[..length]).unwrap_or_default()
    }

    /// `1234` of `CNY/2` as `12.34`, for people.
    pub fn render(&self, amount_minor: i64) -> String {
        Decimal::from_i128_with_scale(i128::from(amount_minor), self.scale()).to_string()
    }
}

impl FromStr for Asset {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError =
            ParseError::new("an asset: 3 to 8 upper-case letters, `/`, scale 0 to 9, e.g. `CNY/2`");
        let (letters, scale) = text.split_once('/').ok_or(EXPECTED)?;
        let shape = (3..=8).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && scale.len() == 1
            && scale.bytes().all(|byte| byte.is_ascii_digit());
        if !shape {
            return Err(EXPECTED);
        }
        let mut code = [0; 8];
        for (slot, byte) in code.iter_mut().zip(letters.bytes()) {
            *slot = byte;
        }
        Ok(Self { code, scale: scale.parse().map_err(|_| EXPECTED)? })
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code(), self.scale)
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asset({self})")
    }
}
serde_as_string!(Asset);

/// A non-negative amount in minor units, at most [`AMOUNT_MINOR_MAX`]. JSON form: an integer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AmountMinor(i64);

impl AmountMinor {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes an amount in minor units.
    ///
    /// # Errors
    /// `amount.out_of_range` if it is negative or above [`AMOUNT_MINOR_MAX`]; the caller names the field.
    pub fn new(amount_minor: i64) -> Result<Self, Refusal> {
        if (0..=AMOUNT_MINOR_MAX).contains(&amount_minor) {
            Ok(Self(amount_minor))
        } else {
            Err(Self::out_of_range())
        }
    }

    /// The minor units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// [`Self::is_zero`] by reference, for `skip_serializing_if`.
    pub const fn is_nothing(&self) -> bool {
        self.0 == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// `amount.out_of_range` above [`AMOUNT_MINOR_MAX`].
    pub fn plus(self, other: Self) -> Result<Self, Refusal> {
        self.0.checked_add(other.0).ok_or_else(Self::out_of_range).and_then(Self::new)
    }

    /// The difference.
    ///
    /// # Errors
    /// `amount.out_of_range` below zero.
    pub fn minus(self, other: Self) -> Result<Self, Refusal> {
        self.0.checked_sub(other.0).ok_or_else(Self::out_of_range).and_then(Self::new)
    }

    fn out_of_range() -> Refusal {
        Refusal::new(RefusalCode::AmountOutOfRange, "", "0 to 9007199254740991 minor units")
    }
}

impl fmt::Display for AmountMinor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for AmountMinor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount_minor = i64::deserialize(deserializer)?;
        Self::new(amount_minor).map_err(serde::de::Error::custom)
    }
}

/// How many units of a product a line buys: 1 to 1,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(u64);

impl Quantity {
    /// The largest quantity of one line.
    pub const MAX: u64 = 1_000_000_000;

    /// Takes a number of units.
    ///
    /// # Errors
    /// Zero, or above [`Quantity::MAX`].
    pub const fn new(units: u64) -> Result<Self, ParseError> {
        if units >= 1 && units <= Self::MAX {
            Ok(Self(units))
        } else {
            Err(ParseError::new("a quantity from 1 to 1000000000"))
        }
    }

    /// The number of units.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Price of one unit in major units, exact. JSON form: a decimal string such as `"12.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice(Decimal);

impl UnitPrice {
    /// The price as a decimal in major units.
    pub const fn as_decimal(&self) -> Decimal {
        self.0
    }

    /// `quantity` units at this price, in minor units of `asset`: exact or refused, never rounded.
    ///
    /// # Errors
    /// `amount.too_many_decimals` if the price has more decimals than the asset; `amount.out_of_range` if the product
    /// is above [`AMOUNT_MINOR_MAX`].
    pub fn amount_of(&self, quantity: Quantity, asset: Asset) -> Result<AmountMinor, Refusal> {
        let price_minor = self.in_minor(asset)?;
        let total = i128::from(price_minor.get())
            .checked_mul(i128::from(quantity.get()))
            .and_then(|total| i64::try_from(total).ok());
        AmountMinor::new(total.ok_or_else(AmountMinor::out_of_range)?)
    }

    /// The price of one unit in minor units of `asset`.
    ///
    /// # Errors
    /// As [`UnitPrice::amount_of`].
    pub fn in_minor(&self, asset: Asset) -> Result<AmountMinor, Refusal> {
        let price = self.0.normalize();
        if price.scale() > asset.scale() {
            return Err(Refusal::new(
                RefusalCode::AmountTooManyDecimals,
                "",
                format!("at most {} decimals, as {asset} has", asset.scale()),
            ));
        }
        let factor = Decimal::from(10_i64.pow(asset.scale()));
        let minor = price.checked_mul(factor).and_then(|minor| minor.to_i64());
        AmountMinor::new(minor.ok_or_else(AmountMinor::out_of_range)?)
    }
}

impl FromStr for UnitPrice {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_decimal(text).map(Self).ok_or(ParseError::new(
            "a price as a decimal string without sign or exponent, at most 18 digits and 9 decimals, e.g. `12.50`",
        ))
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
serde_as_string!(UnitPrice);

/// A share from 0 to 1, exact. JSON form: a decimal string such as `"0.025"` for 2.5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The rate as a decimal.
    pub const fn as_decimal(&self) -> Decimal {
        self.0
    }

    /// The rate as an exact fraction `(numerator, denominator)`, the denominator a power of ten up to 10^9.
    pub fn as_fraction(&self) -> (i128, i128) {
        (self.0.mantissa(), 10_i128.pow(self.0.scale()))
    }
}

impl FromStr for Rate {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_decimal(text).filter(|rate| *rate <= Decimal::ONE).map(Self).ok_or(ParseError::new(
            "a rate from 0 to 1 as a decimal string, at most 9 decimals, e.g. `0.025` for 2.5 %",
        ))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
serde_as_string!(Rate);

/// Digits with at most one point; at most 18 digits and 9 decimals; no sign, exponent or grouping.
fn parse_decimal(text: &str) -> Option<Decimal> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let shape =
        digits(whole) && digits(decimals) && decimals.len() <= 9 && whole.len() + decimals.len() <= 19;
    if shape { Decimal::from_str_exact(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asset(text: &str) -> Asset {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(price: &str, quantity: u64, of: &str, expected: Result<i64, RefusalCode>) {
        let price: UnitPrice = price.parse().unwrap();
        let amount = price.amount_of(Quantity::new(quantity).unwrap(), asset(of));
        assert_eq!(amount.map(AmountMinor::get).map_err(|refusal| refusal.code), expected);
    }

    #[test]
    fn a_price_times_a_quantity_is_exact_or_refused() {
        check("12.50", 3, "CNY/2", Ok(3750));
        check("0.001", 1, "XTS/3", Ok(1));
        check("0.001", 10, "CNY/2", Err(RefusalCode::AmountTooManyDecimals));
        check("1.500", 1, "CNY/2", Ok(150));
        check("0", 7, "CNY/2", Ok(0));
        check("90071992547409.91", 1, "CNY/2", Ok(AMOUNT_MINOR_MAX));
        check("90071992547409.92", 1, "CNY/2", Err(RefusalCode::AmountOutOfRange));
        check("999999999999999999", 1_000_000_000, "CNY/2", Err(RefusalCode::AmountOutOfRange));
    }

    #[test]
    fn only_plain_decimals_are_prices() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1_000",
            "1,5",
            " 1",
            "0.0000000001",
            "12345678901234567890",
        ] {
            assert!(text.parse::<UnitPrice>().is_err(), "{text:?} should be refused");
        }
        assert!("1.1".parse::<Rate>().is_err());
        assert_eq!("0.025".parse::<Rate>().unwrap().as_fraction(), (25, 1000));
    }

    #[test]
    fn an_asset_has_one_spelling() {
        for text in ["CNY/2", "XTS/3", "CARBON/9"] {
            assert_eq!(asset(text).to_string(), text);
        }
        for text in ["CNY", "cny/2", "CNY/", "CNY/10", "CNY/02", "CN/2", "TOOLONGCODE/2", "CNY/-"] {
            assert!(text.parse::<Asset>().is_err(), "{text:?} should be refused");
        }
        assert_eq!(asset("CNY/2").render(-5), "-0.05");
        assert_eq!(asset("XTS/3").render(9_747_747_934), "9747747.934");
    }

    proptest! {
        #[test]
        fn sums_and_differences_never_leave_the_range(left in 0..=AMOUNT_MINOR_MAX, right in 0..=AMOUNT_MINOR_MAX) {
            let (a, b) = (AmountMinor::new(left).unwrap(), AmountMinor::new(right).unwrap());
            prop_assert_eq!(a.plus(b).is_ok(), left + right <= AMOUNT_MINOR_MAX);
            prop_assert_eq!(a.minus(b).is_ok(), left >= right);
        }
    }
}
