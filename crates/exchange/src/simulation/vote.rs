//! What the simulated agreement says. Seals stand in for signatures, which would cost a hundred times as much; only
//! evidence is signed in earnest, when it is found.

use databourse_consensus::Validator;
use databourse_primitives::{Digest, ExchangeCode, PublicKey};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A vote of the two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Prevote,
    Precommit,
}

/// Only the holder of the key makes it, by agreement among the authors of this simulator.
fn seal(key: &PublicKey, words: &str) -> [u8; 32] {
    Sha256::new().chain_update(key.as_bytes()).chain_update(words).finalize().into()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vote {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) kind: Kind,
    pub(super) block_id: Option<Digest>,
    pub(super) voter: ExchangeCode,
    seal: [u8; 32],
}

impl Vote {
    pub(super) fn new(
        (height, round): (u64, u32),
        kind: Kind,
        block_id: Option<Digest>,
        voter: &Validator,
    ) -> Self {
        let mut vote = Self { height, round, kind, block_id, voter: voter.exchange.clone(), seal: [0; 32] };
        vote.seal = seal(&voter.consensus_key, &vote.words());
        vote
    }

    fn words(&self) -> String {
        let Self { height, round, kind, block_id, .. } = self;
        format!("{kind:?} {height} {round} {block_id:?}")
    }

    pub(super) fn is_of(&self, voter: &Validator) -> bool {
        self.voter == voter.exchange && self.seal == seal(&voter.consensus_key, &self.words())
    }

    /// The seal in the place of a signature.
    pub(super) fn signature(&self) -> [u8; 64] {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&self.seal);
        signature
    }
}

/// A proposer's word and its block.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) valid_round: Option<u32>,
    pub(super) proposer: ExchangeCode,
    pub(super) block_id: Digest,
    pub(super) bytes: Arc<Vec<u8>>,
    seal: [u8; 32],
}

impl Offer {
    pub(super) fn new(
        (height, round): (u64, u32),
        valid_round: Option<u32>,
        proposer: &Validator,
        block_id: Digest,
        bytes: Arc<Vec<u8>>,
    ) -> Self {
        let exchange = proposer.exchange.clone();
        let mut offer =
            Self { height, round, valid_round, proposer: exchange, block_id, bytes, seal: [0; 32] };
        offer.seal = seal(&proposer.consensus_key, &offer.words());
        offer
    }

    fn words(&self) -> String {
        let Self { height, round, valid_round, block_id, .. } = self;
        format!("offer {height} {round} {valid_round:?} {block_id}")
    }

    pub(super) fn is_of(&self, proposer: &Validator) -> bool {
        self.proposer == proposer.exchange && self.seal == seal(&proposer.consensus_key, &self.words())
    }
}

/// Where in a round a node is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    #[default]
    Propose,
    Prevote,
    Precommit,
}

/// What a node has said and heard at a height: written before it says anything that follows from it, so that it never says
/// otherwise after a crash.
#[derive(Debug, Clone, Default)]
pub(super) struct VoteLog {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) stage: Stage,
    /// Block and round that it precommitted last.
    pub(super) locked: Option<(u32, Digest)>,
    /// Block and round that more than two thirds prevoted last, as it knows.
    pub(super) valid: Option<(u32, Digest)>,
    pub(super) votes: Vec<Vote>,
}
