//! The decision of a witness, without I/O: may this checkpoint follow the last one?

use crate::refusal::AddError;
use databourse_merkle::{EMPTY_ROOT, Hash, verify_consistency};
use databourse_primitives::TreeSize;

/// The largest tree of a log that this witness has cosigned. Before the first: the empty tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// Number of leaves.
    pub size: TreeSize,
    /// RFC 6962 root over them.
    pub root: Hash,
}

impl Default for Latest {
    fn default() -> Self {
        Self { size: TreeSize(0), root: EMPTY_ROOT }
    }
}

/// Whether `next` may be cosigned after `latest`, for a log that says to have grown from `old` by `proof`. What may be is
/// the latest from then on; the caller makes that durable before anybody is told.
///
/// # Errors
/// In the order of tlog-witness: `OldLarger`, `Conflict`, `EmptyRootWrong`, `RootDiffers`, `Proof`.
pub fn judge(latest: Latest, old: TreeSize, proof: &[Hash], next: Latest) -> Result<(), AddError> {
    if old > next.size {
        return Err(AddError::OldLarger);
    }
    if old != latest.size {
        return Err(AddError::Conflict { size: latest.size });
    }
    if next.size.0 == 0 && next.root != EMPTY_ROOT {
        return Err(AddError::EmptyRootWrong);
    }
    if old == next.size && latest.root != next.root {
        return Err(AddError::RootDiffers);
    }
    verify_consistency(old.0, latest.root, next.size.0, next.root, proof).map_err(AddError::Proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_merkle::{MemoryTree, ProofError, consistency_proof, leaf_hash};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn tree(size: u64, fork_at: u64) -> MemoryTree {
        let mut tree = MemoryTree::new();
        for leaf in 0..size {
            let fork = if leaf >= fork_at { "b" } else { "a" };
            tree.push(leaf_hash(format!("{fork}{leaf}").as_bytes()));
        }
        tree
    }

    fn at(tree: &MemoryTree, size: u64) -> Latest {
        Latest { size: TreeSize(size), root: tree.root_at(size).unwrap() }
    }

    #[test]
    fn each_refusal_has_its_place() {
        let (log, fork) = (tree(20, 99), tree(20, 3));
        let proof = |old, new| consistency_proof(old, new, &log).unwrap();
        let none: &[Hash] = &[];
        let check =
            |latest: Latest, old: u64, proof: &[Hash], next: Latest, expected: Result<(), AddError>| {
                assert_eq!(judge(latest, TreeSize(old), proof, next), expected, "{latest:?} {old} {next:?}");
            };
        let (start, five) = (Latest::default(), at(&log, 5));
        check(start, 0, none, at(&log, 5), Ok(()));
        check(start, 0, none, start, Ok(()));
        check(five, 5, none, five, Ok(()));
        check(five, 5, &proof(5, 20), at(&log, 20), Ok(()));
        check(five, 6, none, five, Err(AddError::OldLarger));
        check(start, 6, none, five, Err(AddError::OldLarger));
        check(five, 0, none, at(&log, 9), Err(AddError::Conflict { size: TreeSize(5) }));
        check(five, 4, none, at(&log, 4), Err(AddError::Conflict { size: TreeSize(5) }));
        check(five, 6, none, at(&log, 9), Err(AddError::Conflict { size: TreeSize(5) }));
        check(start, 0, none, Latest { root: five.root, ..start }, Err(AddError::EmptyRootWrong));
        check(five, 5, none, at(&fork, 5), Err(AddError::RootDiffers));
        check(five, 5, &proof(5, 20), at(&fork, 20), Err(AddError::Proof(ProofError::NewRootMismatch)));
        check(start, 0, &[five.root], five, Err(AddError::Proof(ProofError::TooLong)));
        check(five, 5, &[five.root], five, Err(AddError::Proof(ProofError::TooLong)));
        check(five, 5, none, at(&log, 20), Err(AddError::Proof(ProofError::TooShort)));
    }

    proptest! {
        /// A log that shows two histories, in any order, with right proofs: what is cosigned is one of them.
        #[test]
        fn what_is_cosigned_is_one_history(
            fork_at in 0_u64..12,
            asked in proptest::collection::vec((any::<bool>(), 0_u64..24, 0_u64..24, any::<bool>()), 1..60),
        ) {
            let histories = [tree(24, 99), tree(24, fork_at)];
            let mut latest = Latest::default();
            let mut signed: BTreeMap<u64, Hash> = BTreeMap::new();
            for (which, old, new, tells_truth) in asked {
                let history = &histories[usize::from(which)];
                let old = if tells_truth { latest.size.0 } else { old };
                let proof = consistency_proof(old, new.max(old), history).unwrap();
                let next = at(history, new);
                match judge(latest, TreeSize(old), &proof, next) {
                    Ok(()) => {
                        prop_assert!(next.size >= latest.size);
                        prop_assert_eq!(*signed.entry(new).or_insert(next.root), next.root);
                        latest = next;
                    }
                    Err(AddError::Conflict { size }) => prop_assert_eq!(size, latest.size),
                    Err(_) => {}
                }
            }
            let is_one = histories.iter().any(|history| {
                signed.iter().all(|(size, root)| history.root_at(*size) == Some(*root))
            });
            prop_assert!(is_one);
        }
    }
}
