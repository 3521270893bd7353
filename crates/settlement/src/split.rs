//! Exact division of integers. No float, and what is split sums to what there was.

/// Divides `total` in proportion to `shares`, whole minor units, by the largest remainder (Hamilton's method).
///
/// The units that rounding down leaves go one each to the largest remainders; equal remainders are served in the
/// order of `shares`, so the caller fixes the tie-break by ordering them (the market orders by party id).
/// `None` if `shares` is empty, sums to zero, or an intermediate product leaves the range of `i128`.
pub fn largest_remainder(total: i64, shares: &[i128]) -> Option<Vec<i64>> {
    let whole =
        shares.iter().try_fold(0_i128, |sum, share| sum.checked_add(*share).filter(|_| *share >= 0))?;
    if whole == 0 || total < 0 {
        return None;
    }
    let mut parts = Vec::with_capacity(shares.len());
    let mut remainders = Vec::with_capacity(shares.len());
    for (index, share) in shares.iter().enumerate() {
        let product = i128::from(total).checked_mul(*share)?;
        parts.push(i64::try_from(product / whole).ok()?);
        remainders.push((product % whole, index));
    }
    let left = total - parts.iter().sum::<i64>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.into_iter().take(usize::try_from(left).ok()?) {
        parts[index] += 1;
    }
    Some(parts)
}

/// `amount · numerator / denominator`, halves away from zero. `None` outside `i64` or for a zero denominator.
pub fn round_half_up(amount: i64, numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let doubled = i128::from(amount).checked_mul(numerator)?.checked_mul(2)?;
    let rounded = (doubled.abs().checked_add(denominator)?) / denominator.checked_mul(2)?;
    i64::try_from(rounded * doubled.signum()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(total: i64, shares: &[i128], expected: &[i64]) {
        assert_eq!(largest_remainder(total, shares).unwrap(), expected);
    }

    #[test]
    fn the_remainder_goes_to_the_largest_fraction_then_to_the_first() {
        check(100, &[1, 1, 1], &[34, 33, 33]);
        check(1, &[1, 1], &[1, 0]);
        check(10, &[9735, 250, 15], &[10, 0, 0]);
        check(1000, &[9735, 250, 15], &[974, 25, 1]);
        check(0, &[1, 2], &[0, 0]);
        assert_eq!(largest_remainder(1, &[]), None);
        assert_eq!(largest_remainder(1, &[0, 0]), None);
        assert_eq!(largest_remainder(1, &[-1, 2]), None);
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (amount, expected) in [(50, 3), (49, 2), (-50, -3), (0, 0), (10, 1), (8, 0)] {
            assert_eq!(round_half_up(amount, 5, 100), Some(expected), "{amount} · 5 %");
        }
        assert_eq!(round_half_up(1, 1, 0), None);
        assert_eq!(round_half_up(i64::MAX, i128::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn a_split_sums_to_its_total_and_is_off_by_less_than_one(
            total in 0..=9_007_199_254_740_991_i64,
            shares in prop::collection::vec(0..=1_000_000_000_i128, 1..12),
        ) {
            let whole: i128 = shares.iter().sum();
            prop_assume!(whole > 0);
            let parts = largest_remainder(total, &shares).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, share) in parts.iter().zip(&shares) {
                let exact = i128::from(total) * share;
                prop_assert!((i128::from(*part) * whole - exact).abs() < whole);
            }
        }
    }
}
