//! Lines that sum to another line: a search that is bounded whatever it is given.

/// A group with more open lines than this on a side is not searched for subsets.
pub const CANDIDATES_MAX: usize = 24;
/// The largest subset that is looked for; the sum of a whole group may have any number of members.
pub const SUBSET_MAX: usize = 4;

/// Amounts that must agree: net, tax, fee, tax on the fee. The bank leg uses the first.
pub type Amounts = [i64; 4];

/// How much of the search for subsets is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    pub(super) steps_left: u32,
}

impl Search {
    /// Subsets that one reconciliation may try: less than a second's work.
    pub const STEPS_MAX: u32 = 2_000_000;

    /// A fresh search.
    pub const fn new() -> Self {
        Self { steps_left: Self::STEPS_MAX }
    }
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

/// Lines that sum to another; if not `unique`, the lines of the first two ways to do so.
pub(super) struct Sum {
    pub(super) members: Vec<usize>,
    pub(super) unique: bool,
}

/// Holds each target against subsets of the pool; what is found leaves both lists.
pub(super) fn subsets_of_each(
    targets: &mut Vec<usize>,
    target_amounts: &[Amounts],
    pool: &mut Vec<usize>,
    pool_amounts: &[Amounts],
    search: &mut Search,
) -> Vec<(usize, Sum)> {
    let mut sums = Vec::new();
    targets.retain(|target| {
        let found = subsets(&target_amounts[*target], pool, pool_amounts, search);
        let unique = found.len() == 1;
        let mut members: Vec<usize> = found.into_iter().flatten().collect();
        members.sort_unstable();
        members.dedup();
        pool.retain(|at| !members.contains(at));
        let open = members.is_empty();
        if !open {
            sums.push((*target, Sum { members, unique }));
        }
        open
    });
    sums
}

/// The four sums.
pub(super) fn total(amounts: impl Iterator<Item = Amounts>) -> [i128; 4] {
    amounts.fold([0; 4], |sum, one| std::array::from_fn(|part| sum[part] + i128::from(one[part])))
}

/// The first two subsets of `pool` of 2 to [`SUBSET_MAX`] members that sum to `target`, smaller ones first. None if
/// there are too many candidates or the search is used up.
fn subsets(target: &Amounts, pool: &[usize], amounts: &[Amounts], search: &mut Search) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    if pool.len() > CANDIDATES_MAX {
        return found;
    }
    let target = total(std::iter::once(*target));
    for size in 2..=SUBSET_MAX.min(pool.len()) {
        let mut chosen: Vec<usize> = (0..size).collect();
        loop {
            if search.steps_left == 0 {
                // What was not tried might have fitted as well: a find that is not known to be the only one is none.
                return Vec::new();
            }
            search.steps_left -= 1;
            if total(chosen.iter().map(|at| amounts[pool[*at]])) == target {
                found.push(chosen.iter().map(|at| pool[*at]).collect());
                if found.len() == 2 {
                    return found;
                }
            }
            // The next combination in lexical order.
            let Some(turn) = (0..size).rev().find(|at| chosen[*at] < pool.len() - size + at) else { break };
            chosen[turn] += 1;
            for at in turn + 1..size {
                chosen[at] = chosen[at - 1] + 1;
            }
        }
    }
    found
}
