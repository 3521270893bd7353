//! What the node shows to everybody: the final checkpoint, tiles, and proofs against that checkpoint.
//!
//! A checkpoint is signed only over committed leaves, after the commit, and shown once it is final (`finality`). Tiles come from the database when they are
//! full and from the edge in memory when they are not; full ones are cached with their inner nodes, which makes a
//! proof out of a few look-ups.

use crate::{
    engine::halt,
    finality::{Cosigners, Finality, Fork, Progress},
    gossip::Outbox,
    node::{Inner, NodeError},
    pool::{Answers, Reply, SubmitError},
    witnesses::Lines,
};
use databourse_ledger::{
    Checkpoint, CheckpointError, NoteError, NoteKeyType, NoteSignature, NoteSigner, Receipt,
    SignedCheckpoint, VerifierKey,
};
use databourse_merkle::{
    BundleCoord, Hash, TileCoord, TileEdge, TileNodes, TilePath, consistency_proof, inclusion_proofs, tile,
    tiles_for_consistency, tiles_for_inclusions,
};
use databourse_party::Cosigner;
use databourse_primitives::{ExchangeCode, Height, LeafIndex, Line, Timestamp, TreeSize};
use databourse_store::{FinalCheckpoint, Store};
use lru::LruCache;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tracing::warn;

/// Full tiles in memory: 16 KiB each with their inner nodes.
const TILES_CACHED_MAX: NonZeroUsize = NonZeroUsize::new(2_048).unwrap();

/// Of how many checkpoints that outside witnesses cosigned the trees are kept, to prove entries against.
const WITNESSED_KEPT: usize = 8;

/// The state that is shown: one checkpoint and the tree that it signs.
#[derive(Debug, Clone)]
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
    /// The exchanges whose cosignatures it carries.
    pub cosigned_by: BTreeSet<ExchangeCode>,
    pub(crate) signed: Option<SignedCheckpoint>,
    pub(crate) edge: TileEdge,
}

impl Published {
    /// The same with the lines of outside witnesses.
    fn with(mut self, lines: impl IntoIterator<Item = NoteSignature>) -> Self {
        if let Some(signed) = &mut self.signed {
            lines.into_iter().for_each(|line| signed.add(line));
            self.checkpoint = signed.to_string();
        }
        self
    }
}

/// What witnesses outside the region have cosigned.
#[derive(Default)]
struct Outside {
    lines: Lines,
    /// By size: the checkpoint with the lines that came for it, and how many they are.
    witnessed: BTreeMap<u64, (usize, Arc<Published>)>,
}

/// A block that is durable, and the tree after it.
pub(crate) struct Committed<'a> {
    pub(crate) edge: &'a TileEdge,
    pub(crate) height: Height,
    pub(crate) time: Timestamp,
    /// Who co-signs now.
    pub(crate) cosigners: Arc<Cosigners>,
}

/// The keys with which a node signs checkpoints, and to whom it tells it.
pub(crate) struct Signers {
    /// As the log.
    pub(crate) log_key: databourse_ledger::SigningKey,
    /// As a witness.
    pub(crate) cosignature_key: databourse_ledger::SigningKey,
    /// The other nodes, if the checkpoint needs them to be final.
    pub(crate) peers: Option<Outbox>,
}

/// Signs and shows.
pub(crate) struct Publisher {
    origin: Line,
    exchange: ExchangeCode,
    log_signer: NoteSigner,
    cosigner: NoteSigner,
    peers: Option<Outbox>,
    shown: watch::Sender<Arc<Published>>,
    cosigners: watch::Sender<Option<Arc<Cosigners>>>,
    finality: Mutex<Finality>,
    outside: Mutex<Outside>,
    tiles: Mutex<LruCache<(u8, u64), Arc<TileNodes>>>,
    #[cfg(feature = "dishonest")]
    tongue: crate::dishonest::Tongue,
}

impl Publisher {
    /// A publisher that shows an empty tree until the first [`Publisher::publish`].
    pub(crate) fn new(origin: Line, exchange: ExchangeCode, signers: Signers) -> Result<Self, NoteError> {
        let empty = Published {
            checkpoint: String::new(),
            size: TreeSize(0),
            root: databourse_merkle::empty_root(),
            height: Height::default(),
            time: Timestamp::EPOCH,
            cosigned_by: BTreeSet::new(),
            signed: None,
            edge: TileEdge::new(),
        };
        let Signers { log_key, cosignature_key, peers } = signers;
        let cosigner_name = format!("{}/{exchange}", origin.as_str());
        Ok(Self {
            log_signer: NoteSigner::new(origin.as_str(), NoteKeyType::Ed25519, log_key)?,
            cosigner: NoteSigner::new(cosigner_name, NoteKeyType::CosignatureV1, cosignature_key)?,
            origin,
            exchange,
            peers,
            shown: watch::Sender::new(Arc::new(empty)),
            cosigners: watch::Sender::new(None),
            finality: Mutex::default(),
            outside: Mutex::default(),
            tiles: Mutex::new(LruCache::new(TILES_CACHED_MAX)),
            #[cfg(feature = "dishonest")]
            tongue: Default::default(),
        })
    }

    /// The verifier keys of `members`; of this node alone where its own checkpoint is final without others.
    pub(crate) fn cosigners(&self, members: &[Cosigner]) -> Result<Cosigners, NoteError> {
        if self.peers.is_none() {
            let own = self.cosigner.verifier_key().clone();
            return Ok(Cosigners {
                logs: vec![self.log_signer.verifier_key().clone()],
                witnesses: BTreeMap::from([(self.exchange.clone(), own)]),
            });
        }
        let mut cosigners = Cosigners { logs: Vec::new(), witnesses: BTreeMap::new() };
        for Cosigner { exchange, checkpoint_key, cosignature_key } in members {
            let origin = self.origin.as_str();
            cosigners.logs.push(VerifierKey::new(origin, NoteKeyType::Ed25519, *checkpoint_key)?);
            let name = format!("{origin}/{exchange}");
            let key = VerifierKey::new(name, NoteKeyType::CosignatureV1, *cosignature_key)?;
            cosigners.witnesses.insert(exchange.clone(), key);
        }
        Ok(cosigners)
    }

    fn finality(&self) -> MutexGuard<'_, Finality> {
        // No code that holds the lock can panic halfway through a change.
        self.finality.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs the committed tree, tells the others, and shows it once it is final.
    pub(crate) fn publish(&self, committed: Committed<'_>, now: Timestamp) -> Result<(), CheckpointError> {
        let Committed { edge, height, time, cosigners } = committed;
        let checkpoint =
            Checkpoint { origin: self.origin.to_string(), size: TreeSize(edge.size()), root: edge.root() };
        let (size, root) = (checkpoint.size, checkpoint.root);
        let mut signed = checkpoint.sign(&self.log_signer)?;
        signed.cosign(&self.cosigner, u64::try_from(now.unix_seconds()).unwrap_or_default())?;
        self.tell(&signed);
        let published = Published {
            checkpoint: String::new(),
            size,
            root,
            height,
            time,
            cosigned_by: BTreeSet::new(),
            signed: None,
            edge: edge.clone(),
        };
        self.cosigners.send_replace(Some(Arc::clone(&cosigners)));
        let progress = self.finality().committed(published, signed, cosigners);
        self.take(progress);
        Ok(())
    }

    /// The node of `sender` sent a checkpoint that it signed.
    pub(crate) fn cosigned(&self, sender: Option<&ExchangeCode>, checkpoint: SignedCheckpoint) -> Vec<Fork> {
        let progress = self.finality().cosigned(sender, checkpoint);
        self.take(progress)
    }

    /// Tells the others once more what this node has signed last: a message may have been lost.
    pub(crate) fn remind(&self) {
        let own = self.finality().last_own().cloned();
        own.iter().for_each(|own| self.tell(own));
    }

    fn tell(&self, signed: &SignedCheckpoint) {
        let Some(peers) = &self.peers else { return };
        #[cfg(feature = "dishonest")]
        let Some(signed) = &self.tongue.twist(signed, &self.log_signer, &self.cosigner) else { return };
        peers.cosigned(signed);
    }

    /// Makes it tell the others something else than what it has signed. For tests that show it in vain.
    #[cfg(feature = "dishonest")]
    pub(crate) fn dishonest(mut self, cosigning: crate::Cosigning) -> Self {
        self.tongue = crate::dishonest::Tongue::new(cosigning);
        self
    }

    fn take(&self, progress: Progress) -> Vec<Fork> {
        if let Some(shown) = progress.shown {
            // Late cosignatures of members show a checkpoint again; its witnesses' lines stay under it.
            let outside = self.outside();
            let lines: Vec<_> = outside.lines.over(shown.size).cloned().collect();
            self.shown.send_replace(Arc::new(shown.with(lines)));
        }
        give(progress.answers);
        progress.forks
    }

    fn outside(&self) -> MutexGuard<'_, Outside> {
        // As above.
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A witness outside the region cosigned `of`, which was shown; the line is verified.
    pub(crate) fn witnessed(&self, of: &Arc<Published>, line: NoteSignature) {
        let mut outside = self.outside();
        outside.lines.add(of.size, line.clone());
        let (count, kept) = outside.witnessed.entry(of.size.0).or_insert_with(|| (0, Arc::clone(of)));
        *count += 1;
        *kept = Arc::new(Published::clone(kept).with([line.clone()]));
        while outside.witnessed.len() > WITNESSED_KEPT {
            outside.witnessed.pop_first();
        }
        // While the lock is held nothing else is shown.
        let shown = self.shown();
        if shown.size == of.size {
            self.shown.send_replace(Arc::new(Published::clone(&shown).with([line])));
        }
    }

    /// The checkpoint to prove the leaf at `index` against: of those over it the one that most outside witnesses cosigned,
    /// else the one that is shown.
    fn over(&self, index: LeafIndex) -> Arc<Published> {
        let outside = self.outside();
        let after = outside.witnessed.range(index.0.saturating_add(1)..);
        let best = after.max_by_key(|(size, (count, _))| (*count, **size));
        best.map_or_else(|| self.shown(), |(_, (_, published))| Arc::clone(published))
    }

    /// Gives `answers` when a checkpoint over the first `size` leaves is final.
    pub(crate) fn answer_when_final(&self, size: TreeSize, answers: Answers) {
        #[expect(clippy::disallowed_methods, reason = "how long an author waits is measured")]
        let since = Instant::now();
        let now = self.finality().answer_when_final(size.0, answers, since);
        give(now);
    }

    /// How long the first author waits whose command is durable here and not final.
    pub(crate) fn oldest_unfinal(&self) -> Option<Duration> {
        self.finality().waiting_since().map(|since| since.elapsed())
    }

    /// Members that have not signed the last final checkpoints, and how many in a row.
    pub(crate) fn missing_cosigners(&self) -> BTreeMap<ExchangeCode, u64> {
        self.finality().missing()
    }

    /// Tells everybody who still waits for a final checkpoint that it did not come.
    pub(crate) fn give_up(&self, reason: &str) {
        let reply: Reply = Err(SubmitError::Unavailable { reason: reason.to_owned() });
        let answers = self.finality().give_up(&reply);
        give(answers);
    }

    /// Shows a final checkpoint of before a restart.
    pub(crate) fn resume(&self, shown: Published) {
        self.finality().resume(shown.size);
        let lines = shown.signed.iter().flat_map(|signed| &signed.signatures);
        // Those of members are named after the origin. The others were verified before they were shown, and are shown
        // again when this node has signed the same tree anew.
        for line in lines.filter(|line| !line.name.starts_with(self.origin.as_str())) {
            self.outside().lines.add(shown.size, line.clone());
        }
        self.shown.send_replace(Arc::new(shown));
    }

    /// Whose cosignatures are asked for.
    pub(crate) fn members(&self) -> BTreeSet<ExchangeCode> {
        let cosigners = self.cosigners.borrow();
        cosigners.iter().flat_map(|cosigners| cosigners.witnesses.keys().cloned()).collect()
    }

    /// Follows what is shown.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Published>> {
        self.shown.subscribe()
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> Arc<Published> {
        Arc::clone(&self.shown.borrow())
    }

    /// The policy under which this ledger's checkpoints are final: the log keys of its exchanges, and the cosignatures
    /// of more than two thirds of them. `None` before the ledger is founded.
    pub(crate) fn policy(&self) -> Option<String> {
        let cosigners = self.cosigners.borrow().clone()?;
        cosigners.policy().ok().map(|policy| policy.to_string())
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

/// Gives the answers. An author that does not wait any more finds its own under its entry's id.
pub(crate) fn give(answers: Answers) {
    for (reply, answer) in answers {
        let _ = reply.send(answer);
    }
}

/// Shows the final checkpoint of before a restart: what was shown once is not taken back while the others are away.
pub(crate) async fn resume(publisher: &Publisher, store: &Store) -> Result<(), NodeError> {
    let (Some(kept), Some(_)) = (store.final_checkpoint().await?, store.chain_head().await?) else {
        return Ok(());
    };
    let damaged = |what: &str| NodeError::Damaged(format!("the final checkpoint that was kept: {what}"));
    let checkpoint = &kept.signed.checkpoint;
    let edge = store.tree_edge_at(checkpoint.size).await?;
    let edge = edge.filter(|edge| edge.root() == checkpoint.root);
    let edge = edge.ok_or_else(|| damaged("the entries in the store have another root"))?;
    let block = store.block(kept.height).await?.ok_or_else(|| damaged("its block is missing"))?;
    publisher.resume(Published {
        checkpoint: kept.signed.to_string(),
        size: checkpoint.size,
        root: checkpoint.root,
        height: kept.height,
        time: block.time,
        cosigned_by: BTreeSet::new(),
        signed: Some(kept.signed),
        edge,
    });
    Ok(())
}

/// Keeps what is shown, so that it can be shown after a restart.
pub(crate) async fn keep_final(node: Arc<Inner>, mut halted: watch::Receiver<bool>) {
    let mut shown = node.publisher.subscribe();
    loop {
        tokio::select! {
            () = halt(&mut halted) => return,
            changed = shown.changed() => if changed.is_err() { return },
        }
        let last = Arc::clone(&shown.borrow_and_update());
        let Some(signed) = last.signed.clone() else { continue };
        let saved = node.store.save_final_checkpoint(&FinalCheckpoint { height: last.height, signed }).await;
        if let Err(failure) = saved {
            warn!(error = %failure, size = last.size.0, "the final checkpoint is not kept");
        }
    }
}
