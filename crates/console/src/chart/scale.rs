//! The axis of values: from where to where it goes, and which round values it names.

/// The most steps of an axis.
const STEPS_MAX: i64 = 4;
/// Beyond this an axis is not drawn to scale; far above every amount of a market, and far from the end of the numbers.
const VALUE_MAX: i64 = i64::MAX / 16;

/// The axis of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scale {
    /// Where it begins.
    pub(super) least: i64,
    /// Where it ends; above `least`.
    pub(super) most: i64,
    /// What it names, from `least` to `most`.
    pub(super) ticks: Vec<i64>,
}

impl Scale {
    /// The axis for `values` and zero, in round multiples of `unit` unless all of them are smaller.
    pub(super) fn of(values: impl Iterator<Item = i64>, unit: i64) -> Self {
        let bounded = values.map(|value| value.clamp(-VALUE_MAX, VALUE_MAX));
        let (least, most) = bounded.fold((0, 0), |(least, most), value| (value.min(least), value.max(most)));
        let span = most - least;
        let unit = if span < unit { 1 } else { unit.max(1) };
        let step = step(span, unit);
        let (first, last) = (least.div_euclid(step), (most + step - 1).div_euclid(step).max(1));
        let ticks: Vec<i64> = (first..=last).map(|tick| tick * step).collect();
        Self { least: first * step, most: last * step, ticks }
    }
}

/// The smallest of 1, 2, 5, 10, 20 … times `unit` of which few make `span`.
fn step(span: i64, unit: i64) -> i64 {
    let mut decade = unit;
    loop {
        for factor in [1, 2, 5] {
            let step = decade.saturating_mul(factor);
            if span.div_euclid(step) < STEPS_MAX {
                return step;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[i64], unit: i64, expected: &[i64]) {
        let scale = Scale::of(values.iter().copied(), unit);
        assert_eq!(scale.ticks, expected, "{values:?}");
        assert_eq!((Some(&scale.least), Some(&scale.most)), (expected.first(), expected.last()));
    }

    #[test]
    fn axes_hold_all_values_and_name_few_round_ones() {
        check(&[], 100, &[0, 1]);
        check(&[0], 100, &[0, 1]);
        check(&[7], 100, &[0, 2, 4, 6, 8]);
        check(&[950], 100, &[0, 500, 1_000]);
        check(&[123_456, 98_000], 100, &[0, 50_000, 100_000, 150_000]);
        check(&[-30, 100], 1, &[-50, 0, 50, 100]);
        check(&[7_200_000], 3_600_000, &[0, 3_600_000, 7_200_000]);
    }

    #[test]
    fn no_value_is_too_large() {
        for value in [i64::MAX, i64::MIN, VALUE_MAX + 1] {
            let scale = Scale::of([value].into_iter(), 100);
            assert!(scale.least < scale.most && scale.ticks.len() < 12, "{scale:?}");
        }
    }
}
