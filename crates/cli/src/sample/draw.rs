//! Numbers that look random and are a function of a seed, the same on every machine and in every version.

use sha2::{Digest as _, Sha256};

/// A stream of numbers, named by a seed, a label and a number, so that streams do not disturb each other.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    seed: u64,
    label: &'static str,
    number: u64,
    counter: u64,
}

impl Draw {
    /// The stream of this name, from its beginning.
    pub(super) const fn new(seed: u64, label: &'static str, number: u64) -> Self {
        Self { seed, label, number, counter: 0 }
    }

    /// The next 64 bits: the head of SHA-256 over the label, a zero byte, and the three numbers in big-endian order.
    fn next(&mut self) -> u64 {
        let digest = Sha256::new()
            .chain_update(self.label)
            .chain_update([0])
            .chain_update(self.seed.to_be_bytes())
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.counter.to_be_bytes())
            .finalize();
        self.counter = self.counter.wrapping_add(1);
        digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }

    /// A number from 0 to `bound` - 1, all equally likely; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Numbers above the last whole multiple would favour small remainders, so they are drawn again.
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let bits = self.next();
            if bits < limit {
                return bits % bound;
            }
        }
    }

    /// One of `items`, `None` if there is none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(items.len()).ok()?);
        items.get(usize::try_from(index).ok()?)
    }

    /// One of `items` by weight, `None` if all weights are 0.
    pub(super) fn pick_weighted<'a, T>(
        &mut self,
        items: &'a [T],
        weight: impl Fn(&T) -> u64,
    ) -> Option<&'a T> {
        let total = items.iter().map(&weight).fold(0, u64::saturating_add);
        let mut left = self.below(total);
        items.iter().find(|item| match left.checked_sub(weight(item)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }

    /// Puts `items` into an order in which every one is equally likely at every place.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u64::try_from(last).unwrap_or_default().saturating_add(1);
            let other = usize::try_from(self.below(bound)).unwrap_or_default();
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: u64 = 0xda09_a02e_588b_0452;

    #[test]
    fn a_stream_is_a_function_of_its_name() {
        let first = |seed, label, number| Draw::new(seed, label, number).next();
        // SHA-256 of `x`, a zero byte and 24 zero bytes, computed with Python's hashlib.
        assert_eq!(first(0, "x", 0), GOLDEN);
        assert_ne!(first(1, "x", 0), GOLDEN);
        assert_ne!(first(0, "y", 0), GOLDEN);
        assert_ne!(first(0, "x", 1), GOLDEN);
    }

    #[test]
    fn draws_stay_in_bounds_and_reach_everything() {
        let mut draw = Draw::new(7, "bounds", 0);
        let mut seen = [0_u32; 5];
        for _ in 0..500 {
            seen[usize::try_from(draw.below(5)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (60..=140).contains(count)), "{seen:?}");
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.pick(&[] as &[u8]), None);
        assert_eq!(draw.pick_weighted(&[0_u64, 0], |weight| *weight), None);
        let heavy =
            (0..200).filter(|_| draw.pick_weighted(&[0_u64, 9, 1], |weight| *weight) == Some(&9)).count();
        assert!((150..200).contains(&heavy), "{heavy}");
        let mut items: Vec<u32> = (0..50).collect();
        draw.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
