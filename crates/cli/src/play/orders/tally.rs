//! The account of every line: what became of it, and the money of each group in thousandths.

use std::{collections::BTreeMap, fmt::Write as _};

/// What became of a line. The order is that of the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Ordered, delivered, accepted and paid.
    Purchase,
    /// The same at the price zero.
    Free,
    /// A cancellation line whose money went back.
    Refund,
    /// Refused.
    Refused {
        /// The stable code.
        code: String,
        /// Whether the player found it before asking the exchange.
        by_player: bool,
    },
}

impl Group {
    /// Refused by the exchange.
    pub(crate) fn refused(code: &str) -> Self {
        Self::Refused { code: code.to_owned(), by_player: false }
    }

    /// Refused by the player itself.
    pub(crate) fn not_sent(code: &str) -> Self {
        Self::Refused { code: code.to_owned(), by_player: true }
    }

    fn name(&self) -> String {
        match self {
            Self::Purchase => "accepted purchases".to_owned(),
            Self::Free => "accepted free lines (price zero)".to_owned(),
            Self::Refund => "accepted refunds".to_owned(),
            Self::Refused { code, by_player: false } => format!("refused {code}"),
            Self::Refused { code, by_player: true } => format!("refused {code} (found by the player)"),
        }
    }
}

/// Lines and their money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) lines: u64,
    pub(crate) milli: i128,
}

/// Every line by group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally(BTreeMap<Group, Sum>);

impl Tally {
    /// Counts one line.
    pub(crate) fn add(&mut self, group: Group, milli: i128) {
        let sum = self.0.entry(group).or_default();
        sum.lines += 1;
        sum.milli += milli;
    }

    /// All groups together.
    pub(crate) fn total(&self) -> Sum {
        self.0.values().fold(Sum::default(), |total, sum| Sum {
            lines: total.lines + sum.lines,
            milli: total.milli + sum.milli,
        })
    }

    /// What a group holds.
    pub(crate) fn of(&self, group: &Group) -> Sum {
        self.0.get(group).copied().unwrap_or_default()
    }

    /// The table of the report.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, sum: Sum| {
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {name:<58} {:>9} {:>18}", grouped(sum.lines.into()), money(sum.milli));
        };
        for (group, sum) in &self.0 {
            row(&group.name(), *sum);
        }
        row("total", self.total());
        text
    }
}

/// An equation of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) what: String,
    pub(crate) left: i128,
    pub(crate) right: i128,
    pub(crate) is_money: bool,
}

impl Check {
    pub(crate) fn money(what: &str, left: i128, right: i128) -> Self {
        Self { what: what.to_owned(), left, right, is_money: true }
    }

    pub(crate) fn count(what: &str, left: impl Into<i128>, right: impl Into<i128>) -> Self {
        Self { what: what.to_owned(), left: left.into(), right: right.into(), is_money: false }
    }

    pub(crate) fn holds(&self) -> bool {
        self.left == self.right
    }

    pub(crate) fn render(&self) -> String {
        let show = |number| if self.is_money { money(number) } else { grouped(number) };
        let sign = if self.holds() { "=" } else { "≠" };
        let mark = if self.holds() { "✓" } else { "✗" };
        format!("  {mark} {}: {} {sign} {}\n", self.what, show(self.left), show(self.right))
    }
}

/// Thousandths with three decimals and thousands set apart.
pub(crate) fn money(milli: i128) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let milli = milli.unsigned_abs();
    format!("{sign}{}.{:03}", grouped(i128::try_from(milli / 1000).unwrap_or(i128::MAX)), milli % 1000)
}

/// Thousands set apart by commas.
pub(crate) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_three_decimals_and_its_sign() {
        for (milli, text) in [
            (9_747_747_934, "9,747,747.934"),
            (-918_936_610, "-918,936.610"),
            (0, "0.000"),
            (-1, "-0.001"),
            (999_999, "999.999"),
            (1_000_000, "1,000.000"),
        ] {
            assert_eq!(money(milli), text);
        }
        assert_eq!((grouped(-1234), grouped(541_909)), ("-1,234".to_owned(), "541,909".to_owned()));
    }

    #[test]
    fn groups_sum_to_the_total_whatever_their_signs() {
        let mut tally = Tally::default();
        tally.add(Group::Purchase, 2_550);
        tally.add(Group::Purchase, 1);
        tally.add(Group::Refund, -2_550);
        tally.add(Group::Free, 0);
        tally.add(Group::refused("order.buyer_missing"), -11_062_060);
        tally.add(Group::not_sent("refund.original_not_found"), -1);
        assert_eq!(tally.total(), Sum { lines: 6, milli: -11_062_060 });
        assert_eq!(tally.of(&Group::Purchase), Sum { lines: 2, milli: 2_551 });
        let text = tally.render();
        assert!(text.contains("refused refund.original_not_found (found by the player)"), "{text}");
        assert!(text.lines().last().unwrap().contains("-11,062.060"), "{text}");
    }

    #[test]
    fn an_equation_that_fails_says_so() {
        assert!(Check::money("x", 1, 1).render().contains("✓ x: 0.001 = 0.001"));
        let failed = Check::count("y", 1_u64, 2_u64);
        assert!(!failed.holds() && failed.render().contains("✗ y: 1 ≠ 2"));
    }
}
