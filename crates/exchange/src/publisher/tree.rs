//! Tiles, and proofs against what is shown.
//!
//! Tiles come from the database when they are full and from the edge in memory when they are not; full ones are cached with
//! their inner nodes, which makes a proof out of a few look-ups.

use super::{Published, Publisher};
use crate::node::NodeError;
use databourse_ledger::Receipt;
use databourse_merkle::{
    BundleCoord, Hash, TileCoord, TileNodes, TilePath, consistency_proof, inclusion_proofs, tile,
    tiles_for_consistency, tiles_for_inclusions,
};
use databourse_primitives::{LeafIndex, TreeSize};
use databourse_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

impl Publisher {
    /// The body of a tile or bundle as served, `None` if the shown tree has none of that width. A partial one that has
    /// become full is served from the full one.
    pub(crate) async fn body(&self, store: &Store, path: &TilePath) -> Result<Option<Vec<u8>>, NodeError> {
        let shown = self.shown();
        match path {
            TilePath::Tile(coord) => {
                let hashes = self.hashes(store, &shown, *coord).await?;
                Ok(hashes.map(|hashes| tile::encode(&hashes)))
            }
            TilePath::Bundle(coord) => bundle(store, &shown, *coord).await,
        }
    }

    async fn hashes(
        &self,
        store: &Store,
        shown: &Published,
        coord: TileCoord,
    ) -> Result<Option<Vec<Hash>>, NodeError> {
        let Some(exists) = tile::tile_at(coord.level(), coord.index(), shown.size.0) else { return Ok(None) };
        if coord.width() > exists.width() {
            return Ok(None);
        }
        let width = usize::from(coord.width());
        if exists.is_full() {
            let nodes = self.full_tile(store, coord.full()).await?;
            return Ok(nodes.hashes().get(..width).map(<[Hash]>::to_vec));
        }
        Ok(shown.edge.partial(coord.level()).get(..width).map(<[Hash]>::to_vec))
    }

    async fn full_tile(&self, store: &Store, coord: TileCoord) -> Result<Arc<TileNodes>, NodeError> {
        let key = (coord.level(), coord.index());
        if let Some(nodes) = self.tiles.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(nodes));
        }
        let missing = || NodeError::Damaged(format!("tile {} is not in the store", coord.path()));
        let hashes = store.full_tile(coord.level(), coord.index()).await?.ok_or_else(missing)?;
        let nodes = TileNodes::new(coord, hashes)
            .map_err(|_| NodeError::Damaged(format!("tile {} is not full in the store", coord.path())))?;
        let nodes = Arc::new(nodes);
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner).put(key, Arc::clone(&nodes));
        Ok(nodes)
    }

    /// Proof that the leaf at `index` is in the shown tree; `None` if it is not there yet. Against a smaller tree if outside
    /// witnesses cosigned that one.
    pub(crate) async fn receipt(
        &self,
        store: &Store,
        index: LeafIndex,
    ) -> Result<Option<Receipt>, NodeError> {
        Ok(self.receipts(store, &[index]).await?.pop().flatten())
    }

    /// The same for many leaves, all against one checkpoint and built in one pass; in the order of `indexes`.
    pub(crate) async fn receipts(
        &self,
        store: &Store,
        indexes: &[LeafIndex],
    ) -> Result<Vec<Option<Receipt>>, NodeError> {
        let shown_size = self.shown().size.0;
        let covered: Vec<_> =
            indexes.iter().map(|index| index.0).filter(|index| *index < shown_size).collect();
        // What is over the last of them is over all.
        let over = covered.iter().max().map(|last| self.over(LeafIndex(*last)));
        let Some((over, signed)) = over.and_then(|over| Some((Arc::clone(&over), over.signed.clone()?)))
        else {
            return Ok(indexes.iter().map(|_| None).collect());
        };
        let size = over.size.0;
        let tiles = self.nodes(store, &over, tiles_for_inclusions(&covered, size)).await?;
        let proofs = inclusion_proofs(&covered, size, &tiles)
            .map_err(|error| NodeError::Damaged(format!("no proofs of the leaves {covered:?}: {error:?}")))?;
        let mut proofs = proofs.into_iter();
        let receipt = |index: &LeafIndex| {
            let proof = if index.0 < shown_size { proofs.next()? } else { return None };
            Some(Receipt { extra: None, index: *index, proof, checkpoint: signed.clone() })
        };
        Ok(indexes.iter().map(receipt).collect())
    }

    /// Proof that the tree of `old` leaves is the beginning of `over`.
    pub(crate) async fn consistency(
        &self,
        store: &Store,
        over: &Published,
        old: TreeSize,
    ) -> Result<Vec<Hash>, NodeError> {
        let tiles = self.nodes(store, over, tiles_for_consistency(old.0, over.size.0)).await?;
        consistency_proof(old.0, over.size.0, &tiles)
            .map_err(|error| NodeError::Damaged(format!("no proof from size {old}: {error:?}")))
    }

    async fn nodes(
        &self,
        store: &Store,
        over: &Published,
        coords: BTreeSet<TileCoord>,
    ) -> Result<BTreeMap<TileCoord, Arc<TileNodes>>, NodeError> {
        let mut tiles = BTreeMap::new();
        for coord in coords {
            let nodes = if coord.is_full() {
                self.full_tile(store, coord).await?
            } else {
                let hashes = over.edge.partial(coord.level()).to_vec();
                let damaged = |_| NodeError::Damaged(format!("the edge does not hold {}", coord.path()));
                Arc::new(TileNodes::new(coord, hashes).map_err(damaged)?)
            };
            tiles.insert(coord, nodes);
        }
        Ok(tiles)
    }
}

async fn bundle(store: &Store, shown: &Published, coord: BundleCoord) -> Result<Option<Vec<u8>>, NodeError> {
    match tile::bundle_at(coord.index(), shown.size.0) {
        Some(exists) if coord.width() <= exists.width() => {
            let Some(first) = coord.first_leaf() else { return Ok(None) };
            let entries = store.entries(first, u32::from(coord.width())).await?;
            let mut body = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
            for entry in entries {
                let too_long = |_| NodeError::Damaged(format!("an entry of {} is too long", coord.path()));
                body.extend_from_slice(&u16::try_from(entry.len()).map_err(too_long)?.to_be_bytes());
                body.extend_from_slice(&entry);
            }
            Ok(Some(body))
        }
        _ => Ok(None),
    }
}
