//! What of each share goes back when a line is refunded.
//!
//! Cumulative: what has gone back in all is a function of what has been refunded in all. So many small refunds give
//! back exactly what one large one does, and all of it at the end.

use databourse_primitives::{AmountMinor, Refusal, RefusalCode};

/// How much of each of `parts` goes back when the refunds of their sum grow from `refunded_before` to
/// `refunded_after`. The answer is in the order of `parts` and sums to the difference.
///
/// The sum is divided in two again and again: the first part against the rest, then the second against its rest, and
/// so on. Of `r` refunded the rest gets `⌊r · rest / whole⌋` and the first the remaining `r - ⌊r · rest / whole⌋`; as
/// `rest ≤ whole`, neither shrinks when `r` grows, so by nesting no part's cumulative return ever does, and nothing
/// has to be taken back. At the end each has gone back whole.
///
/// # Errors
/// `amount.out_of_range` if the refunds exceed the sum of `parts` or shrink.
pub fn returned_parts(
    parts: &[AmountMinor],
    refunded_before: AmountMinor,
    refunded_after: AmountMinor,
) -> Result<Vec<AmountMinor>, Refusal> {
    let whole = parts.iter().try_fold(AmountMinor::ZERO, |sum, part| sum.plus(*part))?;
    check_growth(refunded_before, refunded_after, whole)?;
    let before = cumulative(parts, whole, refunded_before)?;
    let after = cumulative(parts, whole, refunded_after)?;
    after.into_iter().zip(before).map(|(after, before)| after.minus(before)).collect()
}

/// How much of an amount that is in proportion to a line's net price but outside it, such as the tax on the data, goes
/// back when the refunds of `net` grow from `refunded_before` to `refunded_after`. Rounded down until the last.
///
/// # Errors
/// `amount.out_of_range` if the refunds exceed `net` or shrink.
pub fn returned(
    whole: AmountMinor,
    refunded_before: AmountMinor,
    refunded_after: AmountMinor,
    net: AmountMinor,
) -> Result<AmountMinor, Refusal> {
    check_growth(refunded_before, refunded_after, net)?;
    proportion(whole, refunded_after, net)?.minus(proportion(whole, refunded_before, net)?)
}

fn check_growth(before: AmountMinor, after: AmountMinor, whole: AmountMinor) -> Result<(), Refusal> {
    if before <= after && after <= whole {
        return Ok(());
    }
    let expected = format!("refunds that grow from {before} to at most {whole} minor units, not {after}");
    Err(Refusal::new(RefusalCode::AmountOutOfRange, "", expected))
}

/// What has gone back of each part when `refunded` of `whole`, their sum, has.
fn cumulative(
    parts: &[AmountMinor],
    whole: AmountMinor,
    refunded: AmountMinor,
) -> Result<Vec<AmountMinor>, Refusal> {
    let (mut whole, mut refunded) = (whole, refunded);
    let mut returned = Vec::with_capacity(parts.len());
    for part in parts {
        let rest = whole.minus(*part)?;
        let rest_refunded = proportion(rest, refunded, whole)?;
        returned.push(refunded.minus(rest_refunded)?);
        (whole, refunded) = (rest, rest_refunded);
    }
    Ok(returned)
}

/// `share · part / whole`, rounded down; nothing of nothing.
fn proportion(share: AmountMinor, part: AmountMinor, whole: AmountMinor) -> Result<AmountMinor, Refusal> {
    let product = i128::from(share.get()) * i128::from(part.get()) / i128::from(whole.get().max(1));
    AmountMinor::new(i64::try_from(product).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(minor: i64) -> AmountMinor {
        AmountMinor::new(minor).unwrap()
    }

    #[track_caller]
    fn check(parts: &[i64], steps: &[(i64, &[i64])]) {
        let parts: Vec<_> = parts.iter().copied().map(amount).collect();
        let mut before = AmountMinor::ZERO;
        for (after, expected) in steps {
            let back = returned_parts(&parts, before, amount(*after)).unwrap();
            let back: Vec<i64> = back.into_iter().map(AmountMinor::get).collect();
            assert_eq!(back, *expected, "{before} to {after}");
            before = amount(*after);
        }
    }

    #[test]
    fn each_part_goes_back_as_the_refunds_grow() {
        check(&[9735, 250, 15], &[(0, &[0, 0, 0]), (5000, &[4868, 125, 7]), (10_000, &[4867, 125, 8])]);
        check(&[9735, 250, 15], &[(1, &[1, 0, 0]), (2, &[1, 0, 0]), (10_000, &[9733, 250, 15])]);
        check(&[0, 0, 5], &[(2, &[0, 0, 2]), (5, &[0, 0, 3])]);
        check(&[1, 1, 1], &[(1, &[1, 0, 0]), (2, &[0, 1, 0]), (3, &[0, 0, 1])]);
        check(&[0, 0], &[(0, &[0, 0])]);
        check(&[], &[(0, &[])]);
    }

    #[test]
    fn refunds_neither_shrink_nor_exceed_what_was_paid() {
        let refused = |parts: &[i64], before, after| {
            let parts: Vec<_> = parts.iter().copied().map(amount).collect();
            let whole = parts.iter().map(|part| part.get()).sum();
            let of_parts = returned_parts(&parts, amount(before), amount(after)).unwrap_err().code;
            let beside = returned(amount(1), amount(before), amount(after), amount(whole)).unwrap_err().code;
            assert_eq!([of_parts, beside], [RefusalCode::AmountOutOfRange; 2]);
        };
        refused(&[70, 30], 0, 101);
        refused(&[70, 30], 50, 49);
        refused(&[70, 30], 101, 101);
        refused(&[0, 0], 0, 1);
        refused(&[], 0, 1);
    }

    proptest! {
        #[test]
        fn many_small_refunds_give_back_what_one_large_one_does(
            parts in prop::collection::vec(0..=900_719_925_474_099_i64, 1..10),
            tax in 0..=9_007_199_254_740_991_i64,
            cuts in prop::collection::vec(0..=1_000_000_u32, 0..8),
        ) {
            let net: i64 = parts.iter().sum();
            let parts: Vec<_> = parts.into_iter().map(amount).collect();
            // No amount is in proportion to nothing.
            let tax = if net == 0 { 0 } else { tax };
            let mut points: Vec<i64> = cuts.iter()
                .map(|cut| i64::try_from(i128::from(net) * i128::from(*cut) / 1_000_000).unwrap())
                .collect();
            points.sort_unstable();
            points.push(net);
            let mut before = AmountMinor::ZERO;
            let (mut back, mut tax_back) = (vec![0; parts.len()], 0);
            for point in points {
                let after = amount(point);
                let step = returned_parts(&parts, before, after).unwrap();
                prop_assert_eq!(step.iter().map(|part| part.get()).sum::<i64>(), point - before.get());
                back.iter_mut().zip(step).for_each(|(total, part)| *total += part.get());
                tax_back += returned(amount(tax), before, after, amount(net)).unwrap().get();

                let at_once = returned_parts(&parts, AmountMinor::ZERO, after).unwrap();
                prop_assert_eq!(&back, &at_once.into_iter().map(AmountMinor::get).collect::<Vec<_>>());
                before = after;
            }
            prop_assert_eq!(back, parts.into_iter().map(AmountMinor::get).collect::<Vec<_>>());
            prop_assert_eq!(tax_back, tax);
        }
    }
}
