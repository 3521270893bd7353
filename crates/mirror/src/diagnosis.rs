//! Which of the files at the edge of a tree is wrong.
//!
//! The unfinished tiles of a tree prove one another only together. If they do not give the root, each of their hashes is
//! computed again from what stands below it, entries at the bottom, one level after the other. The one whose correction
//! gives the root is the one that was altered.

use crate::{LogError, LogSource, source::first_leaf, tree::edge};
use databourse_ledger::Checkpoint;
use databourse_merkle::{Hash, TILE_WIDTH, TileCoord, TileEdge, leaf_hash, root_of, tile};
use databourse_primitives::LeafIndex;

/// Says what is wrong with the unfinished tiles of `checkpoint`, which do not give its root: `Altered` with the path and
/// the first entry under the hash that differs; with the path `checkpoint` if no single file explains it.
pub async fn diagnose(source: &LogSource, checkpoint: &Checkpoint) -> LogError {
    match altered(source, checkpoint).await {
        Ok(Some((coord, position))) => LogError::Altered {
            path: coord.path(),
            leaf_index: first_under(coord, position),
            expected: "the hashes of what stands below",
        },
        Ok(None) => LogError::Altered {
            path: "checkpoint".to_owned(),
            leaf_index: None,
            expected: "the root over the unfinished tiles, of which more than one is wrong",
        },
        Err(error) => error,
    }
}

async fn altered(
    source: &LogSource,
    checkpoint: &Checkpoint,
) -> Result<Option<(TileCoord, usize)>, LogError> {
    let size = checkpoint.size.0;
    let stored = edge(source, size).await?;
    for coord in tile::partial_tiles(size) {
        let held = stored.partial(coord.level());
        let computed = computed(source, coord).await?;
        let Some(position) = (0..held.len()).find(|at| held.get(*at) != computed.get(*at)) else { continue };
        let mut partials = stored.to_partials();
        if let Some(row) = partials.get_mut(usize::from(coord.level())) {
            *row = computed;
        }
        if TileEdge::from_partials(size, partials).is_ok_and(|edge| edge.root() == checkpoint.root) {
            return Ok(Some((coord, position)));
        }
    }
    Ok(None)
}

/// The hashes of a tile, out of what stands right below it. What cannot be read counts as another hash.
async fn computed(source: &LogSource, coord: TileCoord) -> Result<Vec<Hash>, LogError> {
    let Some(below) = coord.level().checked_sub(1) else {
        let bundle =
            tile::bundle_at(coord.index(), coord.index() * u64::from(TILE_WIDTH) + u64::from(coord.width()));
        let bundle = bundle.ok_or_else(|| LogError::missing(coord))?;
        let entries = source.bundle(bundle).await;
        return Ok(entries.map(|bundle| bundle.entries().map(leaf_hash).collect()).unwrap_or_default());
    };
    let mut hashes = Vec::with_capacity(usize::from(coord.width()));
    for position in 0..u64::from(coord.width()) {
        let index = coord.index() * u64::from(TILE_WIDTH) + position;
        let child = TileCoord::new(below, index, TILE_WIDTH).map_err(|_| LogError::missing(coord))?;
        let child = source.tile(child).await.unwrap_or_default();
        hashes.push(root_of(child.into_iter()));
    }
    Ok(hashes)
}

fn first_under(coord: TileCoord, position: usize) -> Option<LeafIndex> {
    let leaves = 1u64.checked_shl(8 * u32::from(coord.level()))?;
    Some(LeafIndex(first_leaf(coord)?.0 + leaves.checked_mul(position as u64)?))
}
