//! Division with leftovers carried to the next time, so that many small splits come out as one large one does.
//!
//! The idea is Interledger's (RFC 38: no party may gain by the rounding of many small payments). What a party is
//! owed beyond whole units stays with it, as a numerator over the sum of the weights.
//!
//! How far a party's total can be from its exact share, in units, for n parties and any sequence of totals:
//! - ahead: less than one. While units are left the parties are owed more than nothing together; so whoever is owed
//!   most, who gets the unit, is owed more than nothing.
//! - behind: at most 1/2 + 1/3 + … + 1/n, which is below 1 for two or three parties and below 2.6 for twenty. Take
//!   the k parties who are owed most after a division. If every unit went to them, they are owed no more together
//!   than before it. Otherwise the last unit that passed them by went to a party that was owed at least what they
//!   are on average, and that is now among k + 1 who are owed at least (k + 1)/k of what the k are, less one unit.
//!   All n together are owed nothing.
//!
//! Neither grows with the number of divisions. To be less than one unit behind for any number of parties would need
//! a look at the divisions to come instead of the largest remainder.

use std::collections::BTreeMap;

/// Divides `total` in proportion to `weights`, whole minor units, by the largest remainder, with what `carry` says
/// that each key is still owed (or, negative, has had in advance): a numerator over the sum of the weights.
///
/// The parts are in the order of `weights`, never negative, and sum to `total`. A key whose advance is more than its
/// share gets nothing and keeps the rest of its advance. Equal remainders are served in the order of the keys. Zero
/// carries are not kept, so what is exact leaves `carry` empty; carries sum to zero.
///
/// `None`, with `carry` as it was, if `weights` is empty, names a key twice, has a negative weight or sums to zero,
/// `total` is negative, `carry` has a key without weight, does not sum to zero or is not of such weights, or a number
/// leaves its range.
pub fn split_carrying<K: Ord + Clone>(
    total: i64,
    weights: &[(K, i64)],
    carry: &mut BTreeMap<K, i64>,
) -> Option<Vec<i64>> {
    let whole = weights.iter().try_fold(0_i64, |sum, (_, weight)| sum.checked_add(*weight))?;
    let carried = carry.values().try_fold(0_i64, |sum, carried| sum.checked_add(*carried))?;
    if total < 0 || whole <= 0 || carried != 0 || weights.iter().any(|(_, weight)| *weight < 0) {
        return None;
    }
    let mut shares = BTreeMap::new();
    for (key, weight) in weights {
        let exact = i128::from(total)
            .checked_mul(i128::from(*weight))?
            .checked_add(carry.get(key).copied().unwrap_or_default().into())?;
        let part = exact.max(0) / i128::from(whole);
        let share = Share { part: i64::try_from(part).ok()?, owed: exact - part * i128::from(whole) };
        if shares.insert(key, share).is_some() {
            return None;
        }
    }
    // No division leaves anybody this far from its share, so such a carry is of other weights.
    let far = whole.checked_mul(i64::try_from(shares.len()).ok()?)?;
    let foreign = |(key, carried): (&K, &i64)| {
        !shares.contains_key(key) || carried.unsigned_abs() >= far.unsigned_abs()
    };
    if carry.iter().any(foreign) {
        return None;
    }
    settle_units(&mut shares, total, whole.into())?;
    let mut left = BTreeMap::new();
    for (key, share) in shares.iter().filter(|(_, share)| share.owed != 0) {
        left.insert((*key).clone(), i64::try_from(share.owed).ok()?);
    }
    let parts = weights.iter().filter_map(|(key, _)| shares.get(key)).map(|share| share.part).collect();
    *carry = left;
    Some(parts)
}

/// What one key gets, and the numerator that it is owed beyond that.
struct Share {
    part: i64,
    owed: i128,
}

/// Hands out the units that rounding down left, each to whoever is owed most, the first of equals.
///
/// Where parts were cut off at nothing they can sum to more than `total`; then units are taken back, each from whoever
/// is owed least, the last of equals. Both come to giving all units one by one to whoever is owed most, and neither
/// moves as many units as there are keys.
fn settle_units<K: Ord>(shares: &mut BTreeMap<&K, Share>, total: i64, whole: i128) -> Option<()> {
    let given = shares.values().try_fold(0_i64, |sum, share| sum.checked_add(share.part))?;
    for _ in given..total {
        // `max_by_key` answers the last of equals, so the keys are walked backwards.
        let most = shares.values_mut().rev().max_by_key(|share| share.owed)?;
        most.part += 1;
        most.owed -= whole;
    }
    for _ in total..given {
        let served = shares.values_mut().rev().filter(|share| share.part > 0);
        let least = served.min_by_key(|share| share.owed)?;
        least.part -= 1;
        least.owed += whole;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Keyed<'a> = &'a [(char, i64)];

    #[track_caller]
    fn check(total: i64, weights: &[i64], before: Keyed<'_>, parts: &[i64], after: Keyed<'_>) {
        let weights: Vec<_> = ('a'..).zip(weights.iter().copied()).collect();
        let mut carry = before.iter().copied().collect();
        assert_eq!(split_carrying(total, &weights, &mut carry).unwrap(), parts);
        assert_eq!(carry.into_iter().collect::<Vec<_>>(), after);
    }

    #[test]
    fn units_go_to_whoever_is_owed_most_and_then_to_the_first() {
        check(100, &[50, 30, 20], &[], &[50, 30, 20], &[]);
        check(1, &[50, 30, 20], &[], &[1, 0, 0], &[('a', -50), ('b', 30), ('c', 20)]);
        check(1, &[50, 30, 20], &[('a', -50), ('b', 30), ('c', 20)], &[0, 1, 0], &[('b', -40), ('c', 40)]);
        check(0, &[50, 30, 20], &[('b', -40), ('c', 40)], &[0, 0, 0], &[('b', -40), ('c', 40)]);
        check(2, &[1, 1, 1], &[], &[1, 1, 0], &[('a', -1), ('b', -1), ('c', 2)]);
        check(1, &[1, 1, 1], &[('a', -1), ('b', -1), ('c', 2)], &[0, 0, 1], &[]);
        check(7, &[0, 1], &[], &[0, 7], &[]);
    }

    #[test]
    fn an_advance_is_kept_and_never_makes_a_part_negative() {
        let before = [('a', 99), ('b', 99), ('c', -99), ('d', -99)];
        check(1, &[1, 1, 49, 49], &before, &[1, 0, 0, 0], &[('b', 100), ('c', -50), ('d', -50)]);
        check(0, &[1, 1], &[('a', 3), ('b', -3)], &[0, 0], &[('a', 3), ('b', -3)]);
    }

    #[test]
    fn what_cannot_be_divided_leaves_the_carry_as_it_was() {
        let weights = [('a', 1), ('b', 1)];
        let cases: [(i64, Keyed<'_>, Keyed<'_>); 8] = [
            (-1, &weights, &[]),
            (1, &[], &[]),
            (1, &[('a', 0)], &[]),
            (1, &[('a', 2), ('b', -1)], &[]),
            (1, &[('a', 1), ('a', 1)], &[]),
            (1, &weights, &[('a', 1)]),
            (1, &weights, &[('a', 1), ('z', -1)]),
            (1, &weights, &[('a', 4), ('b', -4)]),
        ];
        for (total, weights, before) in cases {
            let before: BTreeMap<char, i64> = before.iter().copied().collect();
            let mut carry = before.clone();
            assert_eq!(split_carrying(total, weights, &mut carry), None, "{total} over {weights:?}");
            assert_eq!(carry, before);
        }
    }

    #[test]
    fn a_hundred_thousand_splits_of_one_minor_unit_do_not_drift_to_one_party() {
        let drift = |weights: &[i64], expected: &[i64]| {
            let weights: Vec<_> = ('a'..).zip(weights.iter().copied()).collect();
            let mut carry = BTreeMap::new();
            let mut totals = vec![0; weights.len()];
            for _ in 0..100_000 {
                let parts = split_carrying(1, &weights, &mut carry).unwrap();
                assert_eq!(parts.iter().sum::<i64>(), 1);
                totals.iter_mut().zip(parts).for_each(|(total, part)| *total += part);
            }
            assert_eq!(totals, expected);
        };
        drift(&[50, 30, 20], &[50_000, 30_000, 20_000]);
        drift(&[1, 1, 1], &[33_334, 33_333, 33_333]);
        drift(&[9_999, 1], &[99_990, 10]);
    }

    proptest! {
        #[test]
        fn totals_stay_near_their_exact_shares_for_ever(
            weights in prop::collection::vec(prop_oneof![0..=3_i64, 0..=1_000_000_000_000_i64], 1..=20),
            totals in prop::collection::vec(prop_oneof![0..=3_i64, 0..=9_007_199_254_740_991_i64], 1..60),
        ) {
            let whole: i64 = weights.iter().sum();
            prop_assume!(whole > 0);
            let weights: Vec<_> = ('a'..).zip(weights).collect();
            let behind_max: i64 = (2..).take(weights.len() - 1).map(|n| whole / n + 1).sum();
            let mut carry = BTreeMap::new();
            let mut given = vec![0; weights.len()];
            let mut sum = 0;
            for total in totals {
                let parts = split_carrying(total, &weights, &mut carry).unwrap();
                sum += i128::from(total);
                prop_assert_eq!(parts.iter().sum::<i64>(), total);
                prop_assert_eq!(carry.values().sum::<i64>(), 0);
                for (index, (key, weight)) in weights.iter().enumerate() {
                    prop_assert!(parts[index] >= 0);
                    given[index] += i128::from(parts[index]);
                    let owed = carry.get(key).copied().unwrap_or_default();
                    let exact = sum * i128::from(*weight);
                    prop_assert_eq!(exact - given[index] * i128::from(whole), i128::from(owed));
                    prop_assert!(-whole < owed && owed <= behind_max);
                    prop_assert!(weights.len() > 3 || owed < whole, "within one unit for up to three");
                    prop_assert!(*weight > 0 || parts[index] == 0);
                }
            }
        }
    }
}
