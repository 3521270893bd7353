//! Division with leftovers carried to the next time, so that many small splits come out as one large one does.
//!
//! The idea is Interledger's (RFC 38: no party may gain by the rounding of many small payments). What a party is
//! owed beyond whole units stays with it, as a numerator over the sum of the weights.
//!
//! How far a party's total can be from its exact share, in units, for n parties and any sequence of totals:
//! - ahead: less than one. A unit goes only to whoever is owed most. While units are left the parties are owed
//!   more than nothing together, so that one is owed more than nothing.
//! - behind: at most 1/2 + 1/3 + … + 1/n, which is below 1 for two or three parties and below 2.6 for twenty. Take
//!   the k parties who are owed most after a division. If only they got units, they are owed no more together than
//!   before. Else the last unit that went past them went to a party that was owed at least their average. So the
//!   k + 1 are owed, together, at least (k + 1)/k of what the k are, less one unit; and all n are owed nothing.
//!
//! Neither grows with the number of divisions. A guarantee of less than one unit behind for any number of parties
//! would need a look into later divisions instead of the largest remainder.

use std::collections::BTreeMap;

/// Divides `total` in proportion to `weights`, whole minor units, by the largest remainder, with what `carry` says
/// that each key is still owed (or, negative, has had in advance): a numerator over the sum of the weights.
///
/// The parts are in the order of `weights`, never negative, and sum to `total`. A key whose advance is more than its
/// share gets nothing and keeps the rest of its advance. Equal remainders are served in the order of the keys. Zero
/// carries are not kept, so what is exact leaves `carry` empty; carries sum to zero.
///
/// `None`, with `carry` as it was, if `weights` is empty, names a key twice, has a negative weight or sums to zero,
/// `total` is negative, `carry` has a key without weight or does not sum to zero, or a number leaves its range.
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
    if carry.keys().any(|key| !shares.contains_key(key)) {
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
/// Where advances were cut off at nothing the parts can sum to more than `total`; then units are taken back, each
/// from whoever is owed least, the last of equals. Both come to giving every unit to whoever is owed most, and both
/// are less than one unit per key.
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
