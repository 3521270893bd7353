//! What the node shows to everybody: the signed checkpoint, tiles, and proofs against that checkpoint.
//!
//! A checkpoint is signed only over committed leaves, after the commit. Tiles come from the database when they are
//! full and from the edge in memory when they are not; full ones are cached with their inner nodes, which makes a
//! proof out of a few look-ups.

use crate::node::NodeError;
use databourse_ledger::{
    Checkpoint, CheckpointError, NoteError, NoteKeyType, NoteSigner, Policy, PolicyLog, PolicyWitness,
    Receipt, SignedCheckpoint,
};
use databourse_merkle::{
    BundleCoord, Hash, TileCoord, TileEdge, TileNodes, TilePath, inclusion_proof, tile, tiles_for_inclusion,
};
use databourse_primitives::{ExchangeCode, Height, LeafIndex, Timestamp, TreeSize};
use databourse_store::Store;
use lru::LruCache;
use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// Full tiles in memory: 16 KiB each with their inner nodes.
const TILES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(2_048).unwrap();

/// The state that is shown: one checkpoint and the tree that it signs.
#[derive(Debug)]
pub struct Published {
    /// The signed checkpoint, as served.
    pub checkpoint: String,
    /// Number of leaves.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
    /// The last block.
    pub height: Height,
    /// Its time.
    pub time: Timestamp,
    signed: Option<SignedCheckpoint>,
    edge: TileEdge,
}

/// Signs and shows.
pub(crate) struct Publisher {
    origin: String,
    log_signer: NoteSigner,
    cosigner: NoteSigner,
    shown: watch::Sender<Arc<Published>>,
    tiles: Mutex<LruCache<(u8, u64), Arc<TileNodes>>>,
}

impl Publisher {
    /// A publisher that shows an empty tree until the first [`Publisher::publish`].
    pub(crate) fn new(
        origin: &str,
        exchange: &ExchangeCode,
        log_key: databourse_ledger::SigningKey,
        cosignature_key: databourse_ledger::SigningKey,
    ) -> Result<Self, NoteError> {
        let empty = Published {
            checkpoint: String::new(),
            size: TreeSize(0),
            root: databourse_merkle::empty_root(),
            height: Height::default(),
            time: Timestamp::EPOCH,
            signed: None,
            edge: TileEdge::new(),
        };
        Ok(Self {
            origin: origin.to_owned(),
            log_signer: NoteSigner::new(origin, NoteKeyType::Ed25519, log_key)?,
            cosigner: NoteSigner::new(
                format!("{origin}/{exchange}"),
                NoteKeyType::CosignatureV1,
                cosignature_key,
            )?,
            shown: watch::Sender::new(Arc::new(empty)),
            tiles: Mutex::new(LruCache::new(TILES_CACHED_MAX)),
        })
    }

    /// Signs the committed tree and shows it from now on.
    pub(crate) fn publish(
        &self,
        edge: &TileEdge,
        height: Height,
        time: Timestamp,
        now: Timestamp,
    ) -> Result<(), CheckpointError> {
        let checkpoint =
            Checkpoint { origin: self.origin.clone(), size: TreeSize(edge.size()), root: edge.root() };
        let (size, root) = (checkpoint.size, checkpoint.root);
        let mut signed = checkpoint.sign(&self.log_signer)?;
        signed.cosign(&self.cosigner, u64::try_from(now.unix_seconds()).unwrap_or_default())?;
        let text = signed.to_string();
        let published = Published {
            checkpoint: text,
            size,
            root,
            height,
            time,
            signed: Some(signed),
            edge: edge.clone(),
        };
        self.shown.send_replace(Arc::new(published));
        Ok(())
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> Arc<Published> {
        Arc::clone(&self.shown.borrow())
    }

    /// The policy under which this ledger's checkpoints are final: its log key, and more than two thirds of the
    /// exchanges, which here is this one.
    pub(crate) fn policy(&self) -> Result<Policy, databourse_ledger::PolicyError> {
        let log = PolicyLog { key: self.log_signer.verifier_key().clone(), url: None };
        let key = self.cosigner.verifier_key().clone();
        let witness = PolicyWitness { name: key.name().to_owned(), key, url: None };
        Policy::more_than_two_thirds(vec![log], vec![witness])
    }

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

    /// Proof that the leaf at `index` is in the shown tree; `None` if it is not there yet.
    pub(crate) async fn receipt(
        &self,
        store: &Store,
        index: LeafIndex,
    ) -> Result<Option<Receipt>, NodeError> {
        let shown = self.shown();
        let Some(signed) = shown.signed.clone().filter(|_| index.0 < shown.size.0) else { return Ok(None) };
        let mut tiles = BTreeMap::new();
        for coord in tiles_for_inclusion(index.0, shown.size.0) {
            let nodes = if coord.is_full() {
                self.full_tile(store, coord).await?
            } else {
                let hashes = shown.edge.partial(coord.level()).to_vec();
                let damaged = |_| NodeError::Damaged(format!("the edge does not hold {}", coord.path()));
                Arc::new(TileNodes::new(coord, hashes).map_err(damaged)?)
            };
            tiles.insert(coord, nodes);
        }
        let proof = inclusion_proof(index.0, shown.size.0, &tiles)
            .map_err(|error| NodeError::Damaged(format!("no proof of leaf {index}: {error:?}")))?;
        Ok(Some(Receipt { extra: None, index, proof, checkpoint: signed }))
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
