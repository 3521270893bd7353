//! Matching by amounts inside one group of lines that have everything else in common.
//!
//! Bounded: equal amounts and whole groups cost one sort; the search for subsets is bounded (see [`Search`]), and a whole reconciliation may try at most [`Search::STEPS_MAX`] of them. What is not found
//! within the bounds stays unmatched and becomes a break, never a guess.

use super::subset::{Amounts, Search, subsets_of_each, total};
use std::collections::BTreeMap;

/// What became of the lines of one [`Pairing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// One left line is one right line.
    OneToOne,
    /// One right line is the sum of several left lines.
    OneToMany,
    /// One left line is the sum of several right lines.
    ManyToOne,
    /// Several ways of matching fit equally well.
    Ambiguous,
}

/// Lines that belong together, by their places in the lists given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// Places in the left list, ascending.
    pub left: Vec<usize>,
    /// Places in the right list, ascending.
    pub right: Vec<usize>,
    /// How they belong together.
    pub outcome: Outcome,
}

/// Pairs the lines of one group by their amounts. What is in no pairing fits nothing.
///
/// 1. If one side has one line, and it is the sum of all of the other side, they match: nothing is left to explain.
/// 2. Equal amounts: as many on the left as on the right are matches one to one, in the order given (which is which
///    changes no sum); unequally many are ambiguous, all together.
/// 3. The first rule again, of what is left.
/// 4. Each remaining right line against subsets of the remaining left, then each left against subsets of the right: one
///    subset is a match, two make an ambiguity of the lines of both.
pub fn pair_up(left: &[Amounts], right: &[Amounts], search: &mut Search) -> Vec<Pairing> {
    let (all_left, all_right) = ((0..left.len()).collect::<Vec<_>>(), (0..right.len()).collect::<Vec<_>>());
    if let Some(outcome) = whole(left, &all_left, right, &all_right) {
        return vec![Pairing { left: all_left, right: all_right, outcome }];
    }
    let mut pairings = Vec::new();
    let mut classes: BTreeMap<Amounts, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, amounts) in left.iter().enumerate() {
        classes.entry(*amounts).or_default().0.push(at);
    }
    for (at, amounts) in right.iter().enumerate() {
        classes.entry(*amounts).or_default().1.push(at);
    }
    let (mut open_left, mut open_right) = (Vec::new(), Vec::new());
    for (l, r) in classes.into_values() {
        if l.is_empty() || r.is_empty() {
            open_left.extend(l);
            open_right.extend(r);
        } else if l.len() == r.len() {
            let one = |(l, r)| Pairing { left: vec![l], right: vec![r], outcome: Outcome::OneToOne };
            pairings.extend(l.into_iter().zip(r).map(one));
        } else {
            pairings.push(Pairing { left: l, right: r, outcome: Outcome::Ambiguous });
        }
    }
    open_left.sort_unstable();
    open_right.sort_unstable();
    if let Some(outcome) = whole(left, &open_left, right, &open_right) {
        pairings.push(Pairing { left: open_left, right: open_right, outcome });
        return pairings;
    }
    for (right_at, of) in subsets_of_each(&mut open_right, right, &mut open_left, left, search) {
        let outcome = if of.unique { Outcome::OneToMany } else { Outcome::Ambiguous };
        pairings.push(Pairing { left: of.members, right: vec![right_at], outcome });
    }
    for (left_at, of) in subsets_of_each(&mut open_left, left, &mut open_right, right, search) {
        let outcome = if of.unique { Outcome::ManyToOne } else { Outcome::Ambiguous };
        pairings.push(Pairing { left: vec![left_at], right: of.members, outcome });
    }
    pairings
}

/// How one line of a side is the sum of all of the other, if it is.
fn whole(left: &[Amounts], of_left: &[usize], right: &[Amounts], of_right: &[usize]) -> Option<Outcome> {
    let outcome = match (of_left.len(), of_right.len()) {
        (0, _) | (_, 0) => return None,
        (1, 1) => Outcome::OneToOne,
        (_, 1) => Outcome::OneToMany,
        (1, _) => Outcome::ManyToOne,
        _ => return None,
    };
    let sum = |amounts: &[Amounts], of: &[usize]| total(of.iter().map(|at| amounts[*at]));
    (sum(left, of_left) == sum(right, of_right)).then_some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(nets: &[i64]) -> Vec<Amounts> {
        nets.iter().map(|net| [*net, 0, 0, 0]).collect()
    }

    #[track_caller]
    fn check(left: &[i64], right: &[i64], expected: &[(&[usize], &[usize], Outcome)]) {
        let found = pair_up(&amounts(left), &amounts(right), &mut Search::new());
        let found: Vec<_> = found.iter().map(|p| (&*p.left, &*p.right, p.outcome)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_without_a_key_match_one_to_one_in_groups_and_in_subsets() {
        check(&[5, 7], &[7, 5], &[(&[0], &[1], Outcome::OneToOne), (&[1], &[0], Outcome::OneToOne)]);
        check(&[5, 5], &[5, 5], &[(&[0], &[0], Outcome::OneToOne), (&[1], &[1], Outcome::OneToOne)]);
        check(&[5, 5], &[5], &[(&[0, 1], &[0], Outcome::Ambiguous)]);
        check(&[1, 2, 3, 4, 5, 6], &[21], &[(&[0, 1, 2, 3, 4, 5], &[0], Outcome::OneToMany)]);
        check(&[10, 0], &[10], &[(&[0, 1], &[0], Outcome::OneToMany)]);
        check(&[10], &[1, 2, 7], &[(&[0], &[0, 1, 2], Outcome::ManyToOne)]);
        check(&[10, 20, 400], &[30], &[(&[0, 1], &[0], Outcome::OneToMany)]);
        check(&[30, 400], &[10, 20], &[(&[0], &[0, 1], Outcome::ManyToOne)]);
        check(&[1, 4, 2, 3], &[5], &[(&[0, 1, 2, 3], &[0], Outcome::Ambiguous)]);
        check(&[1, 2], &[4], &[]);
        check(&[], &[4], &[]);
    }

    #[test]
    fn every_amount_must_agree_not_only_the_net() {
        let left = [[10, 1, 0, 0], [20, 1, 0, 0]];
        assert_eq!(pair_up(&left, &[[30, 1, 0, 0]], &mut Search::new()), vec![]);
        assert_eq!(pair_up(&left, &[[30, 2, 0, 0]], &mut Search::new()).len(), 1);
    }

    #[test]
    fn a_hostile_group_ends_the_search_and_matches_nothing() {
        let left: Vec<i64> = (1..=24).map(|power| 1_i64 << power).collect();
        let (left, right) = (amounts(&left), amounts(&(0..1000).map(|odd| 2 * odd + 1).collect::<Vec<_>>()));
        let mut search = Search::new();
        assert_eq!(pair_up(&left, &right, &mut search), vec![]);
        assert_eq!(search.steps_left, 0);
        assert_eq!(pair_up(&amounts(&[1, 2, 9]), &amounts(&[3]), &mut search), vec![]);
    }

    proptest! {
        #[test]
        fn every_line_is_in_at_most_one_pairing_and_matches_keep_the_sums(
            left in prop::collection::vec(1..9_i64, 0..12),
            right in prop::collection::vec(1..20_i64, 0..12),
        ) {
            let pairings = pair_up(&amounts(&left), &amounts(&right), &mut Search::new());
            let (mut seen_left, mut seen_right) = (vec![0; left.len()], vec![0; right.len()]);
            for pairing in pairings {
                pairing.left.iter().for_each(|at| seen_left[*at] += 1);
                pairing.right.iter().for_each(|at| seen_right[*at] += 1);
                if pairing.outcome != Outcome::Ambiguous {
                    let l: i64 = pairing.left.iter().map(|at| left[*at]).sum();
                    let r: i64 = pairing.right.iter().map(|at| right[*at]).sum();
                    prop_assert_eq!(l, r);
                }
            }
            prop_assert!(seen_left.iter().chain(&seen_right).all(|times| *times <= 1));
        }
    }
}
