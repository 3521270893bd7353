//! Kinds of breaks and how old they are.

use databourse_primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// What two books disagree about. Left and right are the exchanges of the break's pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// The left book has no such line.
    MissingLeft,
    /// The right book has no such line.
    MissingRight,
    /// Both have the line, with different amounts.
    Amount,
    /// Both have the line, in different assets.
    Currency,
    /// One has the line twice.
    Duplicate,
    /// Both have the line, in different windows.
    Timing,
    /// Both have the line, in different states.
    Status,
    /// Both have the line, of different parties.
    Party,
    /// The fee was split by different schedules or shares.
    FeeRule,
    /// Tax differs in rate or base.
    Tax,
    /// The same rule gave another last minor unit.
    Rounding,
    /// A refund of something that was not bought.
    OrphanRefund,
    /// A refund of more than was bought.
    OverRefund,
    /// One line matches several.
    Ambiguous,
    /// A bank's line matches nothing in the ledger, or the other way round.
    External,
    /// The signed roots of a window differ.
    Root,
}

impl BreakKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::MissingLeft,
        Self::MissingRight,
        Self::Amount,
        Self::Currency,
        Self::Duplicate,
        Self::Timing,
        Self::Status,
        Self::Party,
        Self::FeeRule,
        Self::Tax,
        Self::Rounding,
        Self::OrphanRefund,
        Self::OverRefund,
        Self::Ambiguous,
        Self::External,
        Self::Root,
    ];

    /// Whether a window cannot become final while such a break is open and not carried forward by both exchanges.
    pub const fn blocks_finality(self) -> bool {
        matches!(self, Self::Root | Self::Amount)
    }

    /// Whether a resolution needs evidence first. Timing, fee rules, tax and rounding need none: anybody computes them
    /// again from the ledger and the versions that the line cites.
    pub const fn needs_evidence(self) -> bool {
        !matches!(self, Self::Timing | Self::FeeRule | Self::Tax | Self::Rounding)
    }
}

/// How long a break has been open, in whole days of 24 hours. What each age means to the people who clear breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeBucket {
    /// Less than one day: most differences of timing vanish with the next window by themselves.
    Today,
    /// One to three days: its owner is at work.
    #[serde(rename = "days_1_to_3")]
    Days1To3,
    /// Four to seven days: overdue; the owner's superior looks at it.
    #[serde(rename = "days_4_to_7")]
    Days4To7,
    /// Eight to thirty days: to be escalated between the exchanges.
    #[serde(rename = "days_8_to_30")]
    Days8To30,
    /// More than thirty days: past a monthly closing; to be provided for or written off.
    #[serde(rename = "over_30_days")]
    Over30Days,
}

impl AgeBucket {
    /// The bucket at `now` of what was opened at `opened_at`; what is opened later than `now` is of today.
    pub const fn of(opened_at: Timestamp, now: Timestamp) -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        match (now.unix_ms() - opened_at.unix_ms()) / DAY_MS {
            ..=0 => Self::Today,
            1..=3 => Self::Days1To3,
            4..=7 => Self::Days4To7,
            8..=30 => Self::Days8To30,
            31.. => Self::Over30Days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_ages_by_whole_days() {
        const DAY: i64 = 86_400_000;
        let opened_at = Timestamp::from_unix_ms(5 * DAY);
        for (age_ms, expected) in [
            (-DAY, AgeBucket::Today),
            (0, AgeBucket::Today),
            (DAY - 1, AgeBucket::Today),
            (DAY, AgeBucket::Days1To3),
            (4 * DAY - 1, AgeBucket::Days1To3),
            (4 * DAY, AgeBucket::Days4To7),
            (8 * DAY - 1, AgeBucket::Days4To7),
            (8 * DAY, AgeBucket::Days8To30),
            (31 * DAY - 1, AgeBucket::Days8To30),
            (31 * DAY, AgeBucket::Over30Days),
        ] {
            assert_eq!(AgeBucket::of(opened_at, opened_at.plus_ms(age_ms)), expected, "{age_ms} ms");
        }
    }

    #[test]
    fn only_root_and_amount_breaks_block() {
        let blocking: Vec<_> = BreakKind::ALL.into_iter().filter(|kind| kind.blocks_finality()).collect();
        assert_eq!(blocking, [BreakKind::Amount, BreakKind::Root]);
        assert!(blocking.into_iter().all(BreakKind::needs_evidence));
    }
}
