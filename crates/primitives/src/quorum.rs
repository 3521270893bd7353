//! How many of a region's exchanges decide.

/// The smallest number that is more than two thirds of `count`: so many agree on a block, make a checkpoint final, or
/// decide on a membership. Two such groups share more than a third, so with less than a third dishonest they share an
/// honest one.
pub const fn quorum_of(count: usize) -> usize {
    // Not `2 * count / 3`: nothing here may overflow.
    count - count.div_ceil(3) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_first_number_above_two_thirds() {
        for (count, expected) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (20, 14)] {
            assert_eq!(quorum_of(count), expected, "of {count}");
        }
        for count in 1..1_000 {
            let quorum = quorum_of(count);
            assert!(3 * quorum > 2 * count && 3 * (quorum - 1) <= 2 * count, "of {count}");
        }
    }
}
