//! When a checkpoint is final: more than two thirds of the exchanges have signed that they executed the ledger up to it.
//!
//! A node signs a checkpoint after its own commit, tells the others, and collects theirs, which may come before or after
//! its own. What is final is shown; whoever waits for an answer that rests on it gets it then. A final checkpoint covers
//! every smaller one, so a cosignature that was lost is made up for by the next.

use crate::{
    pool::{Answers, Reply},
    publisher::Published,
};
use databourse_ledger::{
    NoteSignature, Policy, PolicyError, PolicyLog, PolicyWitness, SignedCheckpoint, VerifierKey,
};
use databourse_merkle::Hash;
use databourse_primitives::{ExchangeCode, TreeSize, quorum_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};
use tokio::sync::oneshot;

/// How many sizes that this node has not reached are remembered of each sender, for cosignatures that come before its
/// own commit.
const EARLY_SIZES_MAX: usize = 64;

/// Who has not signed so many final checkpoints in a row is missing. One or two may be late, or lost on the way.
const MISSED_MIN: u64 = 3;

/// The keys with which the members of a region sign checkpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cosigners {
    /// Each exchange's key as the log (0x01).
    pub(crate) logs: Vec<VerifierKey>,
    /// Each exchange's key as a witness (0x04).
    pub(crate) witnesses: BTreeMap<ExchangeCode, VerifierKey>,
}

impl Cosigners {
    /// The policy that says the same to everybody else (C2SP tlog-policy).
    pub(crate) fn policy(&self) -> Result<Policy, PolicyError> {
        let logs = self.logs.iter().map(|key| PolicyLog { key: key.clone(), url: None });
        let witnesses = self.witnesses.values();
        let witnesses =
            witnesses.map(|key| PolicyWitness { name: key.name().to_owned(), key: key.clone(), url: None });
        Policy::more_than_two_thirds(logs.collect(), witnesses.collect())
    }

    /// The lines of `checkpoint` that members signed, each with its exchange.
    fn lines(&self, checkpoint: &SignedCheckpoint) -> Vec<(ExchangeCode, NoteSignature)> {
        let mut lines = Vec::new();
        let text = checkpoint.checkpoint.to_string();
        for (exchange, key) in &self.witnesses {
            let theirs = checkpoint.signatures.iter().find(|line| key.claims(line));
            if let Some(line) = theirs.filter(|line| key.verify(&text, line).is_ok()) {
                lines.push((exchange.clone(), line.clone()));
            }
        }
        lines
    }

    /// The line of `checkpoint` that a member signed as the log.
    fn log_line(&self, checkpoint: &SignedCheckpoint) -> Option<NoteSignature> {
        let text = checkpoint.checkpoint.to_string();
        self.logs.iter().find_map(|key| {
            let line = checkpoint.signatures.iter().find(|line| key.claims(line))?;
            key.verify(&text, line).ok().map(|_| line.clone())
        })
    }
}

/// A checkpoint that this node has signed.
struct Candidate {
    published: Published,
    signed: SignedCheckpoint,
    /// The members among those who signed. This node need not be one: it may be joining, suspended, or still have keys
    /// that were replaced.
    signers: BTreeSet<ExchangeCode>,
    /// Whether a member signed it as the log.
    is_logged: bool,
    cosigners: Arc<Cosigners>,
}

/// A member signed another root for a size that this node has signed: one of the two executed something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fork {
    pub(crate) exchange: ExchangeCode,
    pub(crate) size: TreeSize,
    pub(crate) root: Hash,
    /// What it signed.
    pub(crate) signed: SignedCheckpoint,
}

/// What became of a cosignature or of an own checkpoint.
#[derive(Default)]
pub(crate) struct Progress {
    /// What is to be shown now.
    pub(crate) shown: Option<Published>,
    /// What may be answered now.
    pub(crate) answers: Answers,
    /// Members that signed another root than this node.
    pub(crate) forks: Vec<Fork>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Finality {
    candidates: BTreeMap<u64, Candidate>,
    /// Checkpoints beyond this node's own, unverified, by who sent them: nobody can crowd out what another sends.
    early: BTreeMap<Option<ExchangeCode>, BTreeMap<u64, SignedCheckpoint>>,
    answers: BTreeMap<u64, Answers>,
    /// When the first of the answers of each size began to wait.
    waiting: BTreeMap<u64, Instant>,
    final_size: u64,
    /// How many final checkpoints in a row each member has not signed.
    missed: BTreeMap<ExchangeCode, u64>,
    /// The largest size that each member is known to have signed.
    signed_sizes: BTreeMap<ExchangeCode, u64>,
}

impl Finality {
    /// This node committed and signed. `signers` of the result grow with what others have sent already.
    pub(crate) fn committed(
        &mut self,
        published: Published,
        signed: SignedCheckpoint,
        cosigners: Arc<Cosigners>,
    ) -> Progress {
        let size = published.size.0;
        let signers = cosigners.lines(&signed).into_iter().map(|(exchange, _)| exchange).collect();
        let is_logged = cosigners.log_line(&signed).is_some();
        self.candidates.insert(size, Candidate { published, signed, signers, is_logged, cosigners });
        let mut reached = Vec::new();
        for sizes in self.early.values_mut() {
            let later = sizes.split_off(&size.saturating_add(1));
            reached.extend(std::mem::replace(sizes, later).remove(&size));
        }
        let mut progress = self.conclude(size);
        for checkpoint in reached {
            progress.add(self.cosigned(None, checkpoint));
        }
        progress
    }

    /// The node of `sender` sent a checkpoint with cosignatures, its own or others'.
    pub(crate) fn cosigned(
        &mut self,
        sender: Option<&ExchangeCode>,
        checkpoint: SignedCheckpoint,
    ) -> Progress {
        let size = checkpoint.checkpoint.size.0;
        let Some(candidate) = self.candidates.get_mut(&size) else {
            if size <= self.final_size {
                self.excuse(size, &checkpoint);
            } else if self.candidates.keys().next_back().is_none_or(|own| size > *own) {
                self.remember(sender, size, checkpoint);
            }
            return Progress::default();
        };
        let lines = candidate.cosigners.lines(&checkpoint);
        if checkpoint.checkpoint != candidate.signed.checkpoint {
            let TreeSize(size) = candidate.published.size;
            let root = checkpoint.checkpoint.root;
            let signed = checkpoint;
            let forks = lines.into_iter().map(|(exchange, _)| Fork {
                exchange,
                size: TreeSize(size),
                root,
                signed: signed.clone(),
            });
            return Progress { forks: forks.collect(), ..Progress::default() };
        }
        if !candidate.is_logged
            && let Some(line) = candidate.cosigners.log_line(&checkpoint)
        {
            candidate.signed.add(line);
            candidate.is_logged = true;
        }
        for (exchange, line) in lines {
            if candidate.signers.insert(exchange.clone()) {
                candidate.signed.add(line);
                self.missed.remove(&exchange);
                self.signed_sizes.insert(exchange, size);
            }
        }
        self.conclude(size)
    }

    fn remember(&mut self, sender: Option<&ExchangeCode>, size: u64, checkpoint: SignedCheckpoint) {
        let sizes = self.early.entry(sender.cloned()).or_default();
        // What is sent again carries more signatures.
        sizes.insert(size, checkpoint);
        // The smallest are the least useful: a later checkpoint covers them.
        while sizes.len() > EARLY_SIZES_MAX {
            sizes.pop_first();
        }
    }

    /// A signature that comes too late for its checkpoint shows that who is missed does sign. Each counts once, so that
    /// an old one that somebody says again excuses nobody.
    fn excuse(&mut self, size: u64, checkpoint: &SignedCheckpoint) {
        if self.missed.is_empty() {
            return;
        }
        let Some(cosigners) = self.candidates.values().next_back().map(|last| Arc::clone(&last.cosigners))
        else {
            return;
        };
        for (exchange, _) in cosigners.lines(checkpoint) {
            let last = self.signed_sizes.entry(exchange.clone()).or_default();
            if size > *last {
                *last = size;
                self.missed.remove(&exchange);
            }
        }
    }

    /// Counts who has not signed the checkpoint that was final until now; whoever signs is late until the next one.
    fn count_missed(&mut self) {
        let Some(before) = self.candidates.get(&self.final_size) else { return };
        self.missed.retain(|exchange, _| before.cosigners.witnesses.contains_key(exchange));
        for exchange in before.cosigners.witnesses.keys() {
            if before.signers.contains(exchange) {
                self.missed.remove(exchange);
            } else {
                *self.missed.entry(exchange.clone()).or_default() += 1;
            }
        }
    }

    /// Members that have not signed the last final checkpoints, and how many in a row.
    pub(crate) fn missing(&self) -> BTreeMap<ExchangeCode, u64> {
        let missing = self.missed.iter().filter(|(_, count)| **count >= MISSED_MIN);
        missing.map(|(exchange, count)| (exchange.clone(), *count)).collect()
    }

    /// Since when the first author waits whose command is durable here and not final.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        self.waiting.values().min().copied()
    }

    /// Whether the checkpoint of `size` is final by now. The last own one is kept, so that late signatures join it.
    fn conclude(&mut self, size: u64) -> Progress {
        let Some(candidate) = self.candidates.get(&size) else { return Progress::default() };
        let is_final =
            candidate.is_logged && candidate.signers.len() >= quorum_of(candidate.cosigners.witnesses.len());
        if !is_final || size < self.final_size {
            return Progress::default();
        }
        if size > self.final_size {
            self.count_missed();
        }
        self.final_size = size;
        let Some(candidate) = self.candidates.get(&size) else { return Progress::default() };
        let mut shown = candidate.published.clone();
        shown.checkpoint = candidate.signed.to_string();
        shown.signed = Some(candidate.signed.clone());
        shown.cosigned_by = candidate.signers.clone();
        self.candidates = self.candidates.split_off(&size);
        let waiting = self.answers.split_off(&size.saturating_add(1));
        let answers = std::mem::replace(&mut self.answers, waiting).into_values().flatten().collect();
        self.waiting = self.waiting.split_off(&size.saturating_add(1));
        Progress { shown: Some(shown), answers, forks: Vec::new() }
    }

    /// Keeps answers until a checkpoint of at least `size` is final. What may be given at once is given back.
    pub(crate) fn answer_when_final(&mut self, size: u64, answers: Answers, since: Instant) -> Answers {
        if size <= self.final_size {
            return answers;
        }
        if !answers.is_empty() {
            self.waiting.entry(size).or_insert(since);
        }
        self.answers.entry(size).or_default().extend(answers);
        Answers::new()
    }

    /// The last checkpoint that this node has signed, with what it has collected under it.
    pub(crate) fn last_own(&self) -> Option<&SignedCheckpoint> {
        self.candidates.values().next_back().map(|candidate| &candidate.signed)
    }

    /// A final checkpoint was read from the store: nothing smaller is ever shown.
    pub(crate) fn resume(&mut self, size: TreeSize) {
        self.final_size = size.0;
    }

    /// Everybody who still waits, told the same.
    pub(crate) fn give_up(&mut self, reply: &Reply) -> Vec<(oneshot::Sender<Reply>, Reply)> {
        self.waiting.clear();
        let all = std::mem::take(&mut self.answers).into_values().flatten();
        all.map(|(author, _)| (author, reply.clone())).collect()
    }
}

impl Progress {
    fn add(&mut self, later: Self) {
        self.shown = later.shown.or(self.shown.take());
        self.answers.extend(later.answers);
        self.forks.extend(later.forks);
    }
}

#[cfg(test)]
#[path = "finality_tests.rs"]
mod tests;
