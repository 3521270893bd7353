//! Full tiles, and the growing edge of the tree rebuilt from them.

use crate::{
    ChainHead, Store, StoreError,
    cell::{Cells, bigint_or_max, hashes},
    entry::in_order,
    sql,
    store::rows,
};
use databourse_merkle::{FullTile, Hash, TILE_WIDTH, TileEdge, root_of};
use databourse_primitives::TreeSize;
use deadpool_postgres::{GenericClient, Object};
use std::fmt;
use tokio_postgres::{IsolationLevel, Row};

/// Name of a tile in messages.
struct Place(u8, u64);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {} index {}", self.0, self.1)
    }
}

fn full_tile(row: &Row) -> Result<FullTile, StoreError> {
    let unnamed = Cells::new(row, "tile", &"?");
    let level = u8::try_from(unnamed.get::<i16>("level")?).map_err(|_| unnamed.damaged("level"))?;
    let place = Place(level, unnamed.number("tile_index")?);
    let cells = Cells::new(row, "tile", &place);
    let hashes = hashes(cells.get("hashes")?).filter(|hashes| hashes.len() == usize::from(TILE_WIDTH));
    Ok(FullTile { level, index: place.1, hashes: hashes.ok_or_else(|| cells.damaged("hashes"))? })
}

impl Store {
    /// The hashes of a full tile, if the tree has filled it.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn full_tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let tiles = self.full_tiles(&[(level, index)]).await?;
        Ok(tiles.into_iter().next().map(|tile| tile.hashes))
    }

    /// The full tiles among these, as (level, index), in that order; those that the tree has not filled are left out.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn full_tiles(&self, coords: &[(u8, u64)]) -> Result<Vec<FullTile>, StoreError> {
        let levels: Vec<_> = coords.iter().map(|(level, _)| i16::from(*level)).collect();
        let places: Vec<_> = coords.iter().map(|(_, index)| bigint_or_max(*index)).collect();
        self.rows(sql::TILES, &[&levels, &places]).await?.iter().map(full_tile).collect()
    }

    /// The right edge of the tree, to go on appending: level 0 from the last leaves, each level above from the roots
    /// of the full tiles below. One snapshot; its root is checked against the head's.
    ///
    /// Reads at most 255 leaf hashes and 255 tiles per level above, whatever the size of the tree.
    ///
    /// # Errors
    /// `Damaged` if a leaf or tile is missing, or all together do not give the root of the head; `Unavailable`.
    pub async fn tree_edge(&self) -> Result<TileEdge, StoreError> {
        self.read(|client| async move { read_edge(client).await }).await
    }

    /// The edge of the tree of the first `size` leaves; `None` if the ledger has fewer. Reads as little as
    /// [`Store::tree_edge`].
    ///
    /// # Errors
    /// `Damaged` if a leaf or tile is missing; `Unavailable`. Whether the root is the right one is for the caller to say.
    pub async fn tree_edge_at(&self, size: TreeSize) -> Result<Option<TileEdge>, StoreError> {
        let head = self.chain_head().await?;
        if head.is_none_or(|head| head.tree_size < size.0) {
            return Ok(None);
        }
        let Some(last) = size.0.checked_sub(1) else { return Ok(Some(TileEdge::new())) };
        let partials = self.read(|client| async move { read_partials(&client, size.0, last).await }).await?;
        let wrong = |_| StoreError::damaged("tile", "hashes", size);
        TileEdge::from_partials(size.0, partials).map(Some).map_err(wrong)
    }
}

async fn read_edge(mut client: Object) -> Result<TileEdge, StoreError> {
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let tx = snapshot.start().await?;
    let head = rows(&tx, sql::CHAIN_HEAD, &[]).await?.first().map(ChainHead::from_row).transpose()?;
    let Some(head) = head else { return Ok(TileEdge::new()) };
    let size = head.tree_size;
    // One more than there should be: a leaf beyond the head is damage.
    let partials = read_partials(&tx, size, size).await?;
    tx.commit().await?;
    let wrong = |_| StoreError::damaged("chain_head", "tree_size", head.height);
    let edge = TileEdge::from_partials(size, partials).map_err(wrong)?;
    if edge.root() == head.root {
        Ok(edge)
    } else {
        Err(StoreError::damaged("chain_head", "root", head.height))
    }
}

/// The hashes of the unfinished tiles of the tree of `size` leaves, level by level; leaves are looked for up to `last`.
async fn read_partials(
    client: &impl GenericClient,
    size: u64,
    last: u64,
) -> Result<Vec<Vec<Hash>>, StoreError> {
    let mut partials = vec![last_leaves(client, size, last).await?];
    for level in 1..=7 {
        // Hashes of this level: one per full tile of the level below.
        let count = size >> (8 * u32::from(level));
        if count == 0 {
            break;
        }
        partials.push(roots_below(client, level, count).await?);
    }
    Ok(partials)
}

/// The leaf hashes of the unfinished tile of level 0.
async fn last_leaves(client: &impl GenericClient, size: u64, last: u64) -> Result<Vec<Hash>, StoreError> {
    let first = size & !0xff;
    if last < first {
        return Ok(Vec::new());
    }
    let rows = rows(client, sql::LEAF_HASHES, &[&bigint_or_max(first), &bigint_or_max(last)]).await?;
    let leaves = in_order(&rows, first, |cells| cells.hash("leaf_hash"))?;
    let end = first + leaves.len() as u64;
    if end == size { Ok(leaves) } else { Err(StoreError::damaged("entry", "leaf_index", end.min(size))) }
}

/// The hashes of the unfinished tile of `level`, which has `count` hashes in all: roots of full tiles below it.
async fn roots_below(client: &impl GenericClient, level: u8, count: u64) -> Result<Vec<Hash>, StoreError> {
    let first = count & !0xff;
    if first == count {
        return Ok(Vec::new());
    }
    let below = level - 1;
    let range = [bigint_or_max(first), bigint_or_max(count - 1)];
    let rows = rows(client, sql::TILES_BETWEEN, &[&i16::from(below), &range[0], &range[1]]).await?;
    let mut roots = Vec::with_capacity(rows.len());
    for (row, index) in rows.iter().zip(first..) {
        let tile = full_tile(row)?;
        if tile.index != index {
            return Err(StoreError::damaged("tile", "tile_index", Place(below, index)));
        }
        roots.push(root_of(tile.hashes.into_iter()));
    }
    let end = first + roots.len() as u64;
    if end == count { Ok(roots) } else { Err(StoreError::damaged("tile", "tile_index", Place(below, end))) }
}
