//! What the node shows to everybody: the final checkpoint, tiles, and proofs against that checkpoint.
//!
//! A checkpoint is signed only over committed leaves, after the commit, and shown once it is final (`finality`). Tiles and
//! proofs are in `tree`; what is kept for the next start in `kept`.

mod kept;
mod tree;

pub(crate) use kept::{keep_final, resume};

use crate::{
    finality::{Cosigners, Finality, Fork, Progress},
    gossip::Outbox,
    pool::{Answers, Reply, SubmitError},
    witnesses::Lines,
};
use databourse_ledger::{
    Checkpoint, CheckpointError, NoteError, NoteKeyType, NoteSignature, NoteSigner, SignedCheckpoint,
    VerifierKey,
};
use databourse_merkle::{Hash, TileEdge, TileNodes};
use databourse_party::{Cosigner, KeyPurpose};
use databourse_primitives::{ExchangeCode, Height, LeafIndex, Line, Timestamp, TreeSize};
use lru::LruCache;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

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

    /// The verifier keys of `members`; those of this node's exchange alone where its own checkpoint is final without others.
    /// They are the ledger's, not the key file's: a key that was replaced makes nothing final.
    pub(crate) fn cosigners(&self, members: &[Cosigner]) -> Result<Cosigners, NoteError> {
        let counts = |member: &&Cosigner| self.peers.is_some() || member.exchange == self.exchange;
        let mut cosigners = Cosigners { logs: Vec::new(), witnesses: BTreeMap::new() };
        for Cosigner { exchange, checkpoint_key, cosignature_key } in members.iter().filter(counts) {
            let origin = self.origin.as_str();
            cosigners.logs.push(VerifierKey::new(origin, NoteKeyType::Ed25519, *checkpoint_key)?);
            let name = format!("{origin}/{exchange}");
            let key = VerifierKey::new(name, NoteKeyType::CosignatureV1, *cosignature_key)?;
            cosigners.witnesses.insert(exchange.clone(), key);
        }
        Ok(cosigners)
    }

    /// The public keys that it signs with.
    pub(crate) fn keys(&self) -> [(KeyPurpose, &[u8]); 2] {
        [
            (KeyPurpose::Checkpoint, self.log_signer.verifier_key().key_bytes()),
            (KeyPurpose::Cosignature, self.cosigner.verifier_key().key_bytes()),
        ]
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
        let shown = Arc::new(shown);
        let lines = shown.signed.iter().flat_map(|signed| &signed.signatures);
        // Those of members are named after the origin. The others were verified before they were kept, and are shown again
        // when this node has signed the same tree anew.
        let is_outside = |line: &&NoteSignature| {
            let rest = line.name.strip_prefix(self.origin.as_str());
            rest.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
        };
        let mut outside = self.outside();
        for line in lines.filter(is_outside) {
            outside.lines.add(shown.size, line.clone());
            outside.witnessed.entry(shown.size.0).or_insert_with(|| (0, Arc::clone(&shown))).0 += 1;
        }
        drop(outside);
        self.shown.send_replace(shown);
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
}

/// Gives the answers. An author that does not wait any more finds its own under its entry's id.
pub(crate) fn give(answers: Answers) {
    for (reply, answer) in answers {
        let _ = reply.send(answer);
    }
}
