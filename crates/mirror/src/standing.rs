//! How two checkpoints of one ledger stand to one another.

use crate::{LogError, VerifiedTree};
use databourse_ledger::Checkpoint;
use databourse_merkle::{TILE_WIDTH, consistency_proof, tiles_for_consistency, verify_consistency};
use databourse_primitives::LeafIndex;

/// How a tree stands to a checkpoint that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the same tree.
    Same,
    /// It begins with the tree that is held, which was proven (RFC 9162 §2.1.4).
    Grown,
    /// It is smaller. Whether it is the beginning of the tree that is held has to be asked the other way round.
    Smaller,
    /// Both cannot be trees of one ledger.
    Contradicts,
}

/// Compares `tree` with the checkpoint that is held.
///
/// # Errors
/// Those of [`VerifiedTree::tile`].
pub async fn compare(held: &Checkpoint, tree: &VerifiedTree) -> Result<Standing, LogError> {
    let (old, new) = (held.size.0, tree.size().0);
    if held.origin != tree.signed().checkpoint.origin {
        return Ok(Standing::Contradicts);
    }
    if old > new {
        return Ok(Standing::Smaller);
    }
    if old == new {
        return Ok(if held.root == tree.root() { Standing::Same } else { Standing::Contradicts });
    }
    let tiles = tree.tiles(tiles_for_consistency(old, new)).await?;
    let proof = consistency_proof(old, new, &tiles);
    let proof = proof.map_err(|_| LogError::missing("the tiles of a consistency proof"))?;
    let verified = verify_consistency(old, held.root, new, tree.root(), &proof);
    Ok(if verified.is_ok() { Standing::Grown } else { Standing::Contradicts })
}

/// The first entry that is not the same in both trees, among those that both have; `None` if they agree on all of them.
///
/// # Errors
/// Those of [`VerifiedTree::tile`].
pub async fn first_difference(
    one: &VerifiedTree,
    other: &VerifiedTree,
) -> Result<Option<LeafIndex>, LogError> {
    let width = u64::from(TILE_WIDTH);
    let common = one.size().0.min(other.size().0);
    let mut level: u8 = (0..8).rev().find(|level| common >> (8 * level) > 0).unwrap_or_default();
    // Hashes of this level that both have, and that are not known to be equal.
    let mut range = 0..common >> (8 * level);
    loop {
        let tile = range.start / width;
        let differs = if range.is_empty() {
            None
        } else {
            let (ours, theirs) = (one.tile(level, tile).await?, other.tile(level, tile).await?);
            let within = |index: &u64| usize::try_from(index % width).unwrap_or_default();
            range.clone().find(|index| ours.get(within(index)) != theirs.get(within(index)))
        };
        let Some(below) = level.checked_sub(1) else { return Ok(differs.map(LeafIndex)) };
        let whole = common >> (8 * below);
        range = match differs {
            Some(index) => index * width..((index + 1) * width).min(whole),
            None => range.end * width..whole,
        };
        level = below;
    }
}
