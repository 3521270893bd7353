//! Counts and sums per asset, and the summary of a tree: what a head signs.

use crate::line::SettlementLine;
use databourse_primitives::{Asset, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// How many lines of one asset there are and what they add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetTotal {
    /// The unit.
    pub asset: Asset,
    /// Number of lines, at least 1.
    pub count: u64,
    /// Sum of [`SettlementLine::amount_minor`]. JSON form: a decimal string, since sums may pass 2^53.
    #[serde(with = "as_text")]
    pub sum_minor: i128,
}

/// Counts and sums per asset, ordered by asset; an asset without lines is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Totals(Vec<AssetTotal>);

impl Totals {
    /// The totals of these lines.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a SettlementLine>) -> Self {
        lines.into_iter().fold(Self::default(), |totals, line| {
            let one = AssetTotal { asset: line.asset, count: 1, sum_minor: line.amount_minor() };
            totals.plus(&Self(vec![one])).unwrap_or(totals)
        })
    }

    /// The totals per asset, ordered by asset.
    pub fn assets(&self) -> &[AssetTotal] {
        &self.0
    }

    /// Number of lines of all assets.
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |count, total| count.saturating_add(total.count))
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both together. `None` if a count or a sum leaves its range, which no true tree reaches.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut merged = Vec::with_capacity(self.0.len().max(other.0.len()));
        loop {
            match (left.peek(), right.peek()) {
                (Some(a), Some(b)) if a.asset == b.asset => {
                    merged.push(AssetTotal {
                        asset: a.asset,
                        count: a.count.checked_add(b.count)?,
                        sum_minor: a.sum_minor.checked_add(b.sum_minor)?,
                    });
                    left.next();
                    right.next();
                }
                (Some(a), Some(b)) => {
                    merged.extend(if a.asset < b.asset { left.next() } else { right.next() })
                }
                (Some(_), None) => merged.extend(left.next()),
                (None, Some(_)) => merged.extend(right.next()),
                (None, None) => return Some(Self(merged)),
            }
        }
    }

    /// The bytes that are hashed: the number of assets in two bytes; of each its text with the length in one byte, the
    /// count in eight bytes, the sum in sixteen, two's complement. Big-endian.
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        // A tree of more than 65,535 assets does not exist: an asset is a currency or the like.
        bytes.extend(u16::try_from(self.0.len()).unwrap_or(u16::MAX).to_be_bytes());
        for total in &self.0 {
            let asset = total.asset.to_string();
            bytes.push(u8::try_from(asset.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(asset.as_bytes());
            bytes.extend(total.count.to_be_bytes());
            bytes.extend(total.sum_minor.to_be_bytes());
        }
    }
}

impl<'de> Deserialize<'de> for Totals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let totals = Vec::<AssetTotal>::deserialize(deserializer)?;
        let ordered = totals.windows(2).all(|pair| pair[0].asset < pair[1].asset);
        if ordered && totals.iter().all(|total| total.count > 0) && totals.len() <= usize::from(u16::MAX) {
            Ok(Self(totals))
        } else {
            Err(serde::de::Error::custom(
                "expected totals in the order of their assets, each of at least one line",
            ))
        }
    }
}

/// A tree or a branch in one value: its hash, and what it counts and sums. The hash fixes the totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Hash of the topmost node.
    pub hash: Digest,
    /// Counts and sums per asset of all lines below.
    pub totals: Totals,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.hash)?;
        self.totals
            .0
            .iter()
            .try_for_each(|total| write!(f, " {} lines {} {}", total.count, total.sum_minor, total.asset))
    }
}

mod as_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(sum: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(sum)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        let text = String::deserialize(deserializer)?;
        // One sum has one spelling.
        text.parse()
            .ok()
            .filter(|sum: &i128| sum.to_string() == text)
            .ok_or_else(|| serde::de::Error::custom("expected a sum of minor units as a decimal string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::tests::sale;

    #[test]
    fn totals_are_kept_apart_by_asset_and_have_one_json_form() {
        let other = SettlementLine { asset: "USD/2".parse().unwrap(), ..sale("b", "2", 100) };
        let lines = [other, sale("b", "1", 1000), sale("c", "3", 2000)];
        let totals = Totals::of(&lines);
        let json = serde_json::to_string(&totals).unwrap();
        let cny = r#"{"asset":"CNY/2","count":2,"sum_minor":"3180"}"#;
        let usd = r#"{"asset":"USD/2","count":1,"sum_minor":"106"}"#;
        assert_eq!(json, format!("[{cny},{usd}]"));
        assert_eq!(serde_json::from_str::<Totals>(&json).unwrap(), totals);
        for bad in [
            format!("[{usd},{cny}]"),
            format!("[{cny},{cny}]"),
            json.replace(":2,", ":0,"),
            json.replace("\"106", "\"0106"),
        ] {
            assert!(serde_json::from_str::<Totals>(&bad).is_err(), "{bad} should be refused");
        }
        assert_eq!((totals.count(), Totals::default().is_empty()), (3, true));
    }

    #[test]
    fn a_sum_out_of_range_is_none() {
        let most =
            Totals(vec![AssetTotal { asset: "CNY/2".parse().unwrap(), count: u64::MAX, sum_minor: 1 }]);
        assert_eq!(most.plus(&most), None);
    }
}
