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
};
use tokio::sync::oneshot;

/// How many sizes that this node has not reached are remembered, for cosignatures that come before its own commit.
const EARLY_SIZES_MAX: usize = 64;

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
}

/// A checkpoint that this node has signed.
struct Candidate {
    published: Published,
    signed: SignedCheckpoint,
    signers: BTreeSet<ExchangeCode>,
    cosigners: Arc<Cosigners>,
}

/// A member signed another root for a size that this node has signed: one of the two executed something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fork {
    pub(crate) exchange: ExchangeCode,
    pub(crate) size: TreeSize,
    pub(crate) root: Hash,
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
    /// Checkpoints of others beyond this node's own, unverified, as many per size as there may be exchanges.
    early: BTreeMap<u64, Vec<SignedCheckpoint>>,
    answers: BTreeMap<u64, Answers>,
    final_size: u64,
}

/// The most checkpoints kept for one size: one of each exchange.
const EARLY_PER_SIZE_MAX: usize = 20;

impl Finality {
    /// This node committed and signed. `signers` of the result grow with what others have sent already.
    pub(crate) fn committed(
        &mut self,
        own: &ExchangeCode,
        published: Published,
        signed: SignedCheckpoint,
        cosigners: Arc<Cosigners>,
    ) -> Progress {
        let size = published.size.0;
        // A node whose exchange does not sign at this height (it has not joined yet, is suspended, or has left) counts
        // for nothing.
        let signers = cosigners.witnesses.contains_key(own).then(|| own.clone()).into_iter().collect();
        self.candidates.insert(size, Candidate { published, signed, signers, cosigners });
        let early = self.early.split_off(&size.saturating_add(1));
        let reached = std::mem::replace(&mut self.early, early).remove(&size).unwrap_or_default();
        let mut progress = self.conclude(size);
        for checkpoint in reached {
            progress.add(self.cosigned(checkpoint));
        }
        progress
    }

    /// Another node sent a checkpoint with cosignatures.
    pub(crate) fn cosigned(&mut self, checkpoint: SignedCheckpoint) -> Progress {
        let size = checkpoint.checkpoint.size.0;
        let Some(candidate) = self.candidates.get_mut(&size) else {
            if size > self.final_size && self.candidates.keys().next_back().is_none_or(|own| size > *own) {
                self.remember(size, checkpoint);
            }
            return Progress::default();
        };
        let lines = candidate.cosigners.lines(&checkpoint);
        if checkpoint.checkpoint != candidate.signed.checkpoint {
            let TreeSize(size) = candidate.published.size;
            let root = checkpoint.checkpoint.root;
            let forks = lines.into_iter().map(|(exchange, _)| Fork { exchange, size: TreeSize(size), root });
            return Progress { forks: forks.collect(), ..Progress::default() };
        }
        for (exchange, line) in lines {
            if candidate.signers.insert(exchange) {
                candidate.signed.add(line);
            }
        }
        self.conclude(size)
    }

    fn remember(&mut self, size: u64, checkpoint: SignedCheckpoint) {
        let known = self.early.entry(size).or_default();
        if known.len() < EARLY_PER_SIZE_MAX && !known.contains(&checkpoint) {
            known.push(checkpoint);
        }
        // The smallest are the least useful: a later checkpoint covers them.
        while self.early.len() > EARLY_SIZES_MAX {
            self.early.pop_first();
        }
    }

    /// Whether the checkpoint of `size` is final by now. The last own one is kept, so that late signatures join it.
    fn conclude(&mut self, size: u64) -> Progress {
        let Some(candidate) = self.candidates.get(&size) else { return Progress::default() };
        if candidate.signers.len() < quorum_of(candidate.cosigners.witnesses.len()) || size < self.final_size
        {
            return Progress::default();
        }
        self.final_size = size;
        let mut shown = candidate.published.clone();
        shown.checkpoint = candidate.signed.to_string();
        shown.signed = Some(candidate.signed.clone());
        shown.cosigned_by = candidate.signers.clone();
        self.candidates = self.candidates.split_off(&size);
        let waiting = self.answers.split_off(&size.saturating_add(1));
        let answers = std::mem::replace(&mut self.answers, waiting).into_values().flatten().collect();
        Progress { shown: Some(shown), answers, forks: Vec::new() }
    }

    /// Keeps answers until a checkpoint of at least `size` is final. What may be given at once is given back.
    pub(crate) fn answer_when_final(&mut self, size: u64, answers: Answers) -> Answers {
        if size <= self.final_size {
            return answers;
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
