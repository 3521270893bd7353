//! The tree of one checkpoint: what it hands out is proven by the checkpoint's root.
//!
//! The unfinished tiles of a tree, one for each level, give its root, so they are read first and verified together. Each
//! full tile is a hash of the tile above it, and the entries of a bundle are the hashes of a tile of level 0.

use crate::{Bundle, LogError, LogSource, source::first_leaf};
use databourse_ledger::{Policy, PolicyVerdict, Receipt, SignedCheckpoint};
use databourse_merkle::{
    Hash, TILE_WIDTH, TileCoord, TileEdge, inclusion_proof, root_of, tile, tiles_for_inclusion,
};
use databourse_primitives::{LeafIndex, TreeSize};
use futures::{Stream, StreamExt as _, stream};
use lru::LruCache;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

/// How many requests of a stream are under way.
pub const REQUESTS_MAX: usize = 8;

/// Full tiles above level 0 in memory: 8 KiB each.
const TILES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Hashes of tiles that stand over others, by level and index.
type Parents = LruCache<(u8, u64), Arc<[Hash]>>;

/// See the module.
#[derive(Debug)]
pub struct VerifiedTree {
    source: LogSource,
    signed: SignedCheckpoint,
    verdict: PolicyVerdict,
    edge: TileEdge,
    parents: Mutex<Parents>,
}

impl VerifiedTree {
    /// The tree that `source` shows now.
    ///
    /// # Errors
    /// As [`VerifiedTree::at`].
    pub async fn open(source: LogSource, policy: &Policy) -> Result<Self, LogError> {
        let signed = source.checkpoint().await?;
        Self::at(source, signed, policy).await
    }

    /// The tree of `signed`, out of what `source` has.
    ///
    /// # Errors
    /// `Untrusted`; `Altered` without an entry if the unfinished tiles do not give the root ([`crate::diagnose`] finds out
    /// which); those of [`LogSource::tile`].
    pub async fn at(source: LogSource, signed: SignedCheckpoint, policy: &Policy) -> Result<Self, LogError> {
        let verdict = policy.check(&signed).map_err(LogError::Untrusted)?;
        let edge = edge(&source, signed.checkpoint.size.0).await?;
        let parents = Mutex::new(LruCache::new(TILES_CACHED_MAX));
        let tree = Self { source, signed, verdict, edge, parents };
        if tree.edge.root() != tree.root() {
            return Err(LogError::Altered {
                path: "checkpoint".to_owned(),
                leaf_index: None,
                expected: "the root over the unfinished tiles",
            });
        }
        Ok(tree)
    }

    /// The checkpoint.
    pub const fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Who signed it.
    pub const fn verdict(&self) -> &PolicyVerdict {
        &self.verdict
    }

    /// Number of entries.
    pub const fn size(&self) -> TreeSize {
        self.signed.checkpoint.size
    }

    /// Root over them.
    pub const fn root(&self) -> Hash {
        self.signed.checkpoint.root
    }

    /// Where it is read from.
    pub const fn source(&self) -> &LogSource {
        &self.source
    }

    /// The hashes of a tile, as wide as this tree has it.
    ///
    /// # Errors
    /// `Missing` if the tree has no such tile, `Altered`; those of [`LogSource::tile`].
    pub async fn tile(&self, level: u8, index: u64) -> Result<Arc<[Hash]>, LogError> {
        let (mut level, mut index) = (level, index);
        let mut below = Vec::new();
        let mut known = loop {
            let coord = tile::tile_at(level, index, self.size().0)
                .ok_or_else(|| LogError::missing(format!("tile/{level}/{index}")))?;
            if let Some(known) = self.known(coord) {
                break known;
            }
            below.push(coord);
            // The highest level always has an unfinished tile, so this ends.
            (level, index) = (level + 1, index / u64::from(TILE_WIDTH));
        };
        while let Some(coord) = below.pop() {
            let position = usize::from(coord.index().to_be_bytes()[7]);
            known = self.fetch(coord, known.get(position).copied()).await?;
        }
        Ok(known)
    }

    fn known(&self, coord: TileCoord) -> Option<Arc<[Hash]>> {
        if !coord.is_full() {
            return Some(self.edge.partial(coord.level()).into());
        }
        // No code that holds the lock can panic halfway through a change.
        let mut parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
        parents.get(&(coord.level(), coord.index())).map(Arc::clone)
    }

    async fn fetch(&self, coord: TileCoord, expected: Option<Hash>) -> Result<Arc<[Hash]>, LogError> {
        let hashes: Arc<[Hash]> = self.source.tile(coord).await?.into();
        if Some(root_of(hashes.iter().copied())) != expected {
            return Err(LogError::Altered {
                path: coord.path(),
                leaf_index: first_leaf(coord),
                expected: "the hashes under the tile above it",
            });
        }
        if coord.level() > 0 {
            let mut parents = self.parents.lock().unwrap_or_else(PoisonError::into_inner);
            parents.put((coord.level(), coord.index()), Arc::clone(&hashes));
        }
        Ok(hashes)
    }

    /// A bundle, as wide as this tree has it.
    ///
    /// # Errors
    /// `Missing`, `Altered` with the first entry that is not the one of its hash; those of [`LogSource::bundle`].
    pub async fn bundle(&self, index: u64) -> Result<Bundle, LogError> {
        let coord = tile::bundle_at(index, self.size().0);
        let coord = coord.ok_or_else(|| LogError::missing(format!("tile/entries/{index}")))?;
        let hashes = self.tile(0, index).await?;
        let bundle = self.source.bundle(coord).await?;
        bundle.check(&hashes)?;
        Ok(bundle)
    }

    /// Every bundle from that of entry `from` on, in order.
    pub fn bundles(&self, from: LeafIndex) -> impl Stream<Item = Result<Bundle, LogError>> + '_ {
        let (first, width) = (from.0 / u64::from(TILE_WIDTH), u64::from(TILE_WIDTH));
        let indexes = first..self.size().0.div_ceil(width);
        stream::iter(indexes).map(|index| self.bundle(index)).buffered(REQUESTS_MAX)
    }

    /// Proof that the entry at `index` is in this tree (C2SP tlog-proof).
    ///
    /// # Errors
    /// `Missing` if the tree is not as large; those of [`VerifiedTree::tile`].
    pub async fn receipt(&self, index: LeafIndex) -> Result<Receipt, LogError> {
        let tiles = self.tiles(tiles_for_inclusion(index.0, self.size().0)).await?;
        let proof = inclusion_proof(index.0, self.size().0, &tiles);
        let proof = proof.map_err(|_| LogError::missing(format!("entry {index}")))?;
        Ok(Receipt { extra: None, index, proof, checkpoint: self.signed.clone() })
    }

    /// These tiles, all of them verified.
    pub(crate) async fn tiles(
        &self,
        coords: BTreeSet<TileCoord>,
    ) -> Result<BTreeMap<TileCoord, Vec<Hash>>, LogError> {
        let mut tiles = BTreeMap::new();
        for coord in coords {
            tiles.insert(coord, self.tile(coord.level(), coord.index()).await?.to_vec());
        }
        Ok(tiles)
    }
}

/// The unfinished tiles of a tree of `size`, not verified.
pub(crate) async fn edge(source: &LogSource, size: u64) -> Result<TileEdge, LogError> {
    let mut partials: Vec<Vec<Hash>> = Vec::new();
    for coord in tile::partial_tiles(size) {
        // Levels whose last tile is full have none.
        partials.resize(usize::from(coord.level()), Vec::new());
        partials.push(source.tile(coord).await?);
    }
    TileEdge::from_partials(size, partials).map_err(|_| LogError::missing("a tree of that size"))
}
