//! The words of the agreement, as Malachite asks for them.

use super::{
    parts::Part,
    signing::{Ed25519, Signature},
    validators::{Voter, Voters},
};
use arc_malachitebft_app_channel::app::types::core::{
    self as core, Context, LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType,
};
use databourse_ledger::{ConsensusMessage, Step};
use databourse_primitives::{Digest, ExchangeCode, Height};
use std::fmt;

/// The highest round that a message may name; the timeouts of as many rounds take years.
pub(super) const ROUND_MAX: u32 = 1 << 20;

/// The agreement among exchanges on one block after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreement;

/// Who votes: the code of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address(pub(super) ExchangeCode);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Address for Address {}

/// The height of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BlockHeight(pub(super) u64);

impl From<Height> for BlockHeight {
    fn from(height: Height) -> Self {
        Self(height.0)
    }
}

impl From<BlockHeight> for Height {
    fn from(height: BlockHeight) -> Self {
        Self(height.0)
    }
}

impl fmt::Display for BlockHeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Height for BlockHeight {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// What is voted on: the name of a block. Its bytes travel beside the votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlockId(pub(super) Digest);

impl core::Value for BlockId {
    type Id = Digest;

    fn id(&self) -> Digest {
        self.0
    }
}

/// A proposer names a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) height: BlockHeight,
    pub(super) round: Round,
    pub(super) block_id: BlockId,
    pub(super) valid_round: Round,
    pub(super) proposer: Address,
}

impl Proposal {
    /// What is signed; `None` for a proposal of no round, which nobody makes.
    pub(super) fn message(&self) -> Option<ConsensusMessage> {
        let step = Step::Proposal { valid_round: self.valid_round.as_u32() };
        let (round, block_id) = (self.round.as_u32()?, Some(self.block_id.0));
        Some(ConsensusMessage { height: self.height.into(), round, step, block_id })
    }
}

impl core::Proposal<Agreement> for Proposal {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &BlockId {
        &self.block_id
    }

    fn take_value(self) -> BlockId {
        self.block_id
    }

    fn pol_round(&self) -> Round {
        self.valid_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// A first or a second vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vote {
    pub(super) kind: VoteType,
    pub(super) height: BlockHeight,
    pub(super) round: Round,
    pub(super) block_id: NilOrVal<Digest>,
    pub(super) voter: Address,
}

impl Vote {
    /// What is signed; `None` for a vote of no round, which nobody gives.
    pub(super) fn message(&self) -> Option<ConsensusMessage> {
        let step = match self.kind {
            VoteType::Prevote => Step::Prevote,
            VoteType::Precommit => Step::Precommit,
        };
        let block_id = match self.block_id {
            NilOrVal::Nil => None,
            NilOrVal::Val(id) => Some(id),
        };
        Some(ConsensusMessage { height: self.height.into(), round: self.round.as_u32()?, step, block_id })
    }
}

impl core::Vote<Agreement> for Vote {
    fn height(&self) -> BlockHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<Digest> {
        &self.block_id
    }

    fn take_value(self) -> NilOrVal<Digest> {
        self.block_id
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedExtension<Agreement>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Agreement>> {
        None
    }

    fn extend(self, _extension: SignedExtension<Agreement>) -> Self {
        self
    }
}

impl core::ProposalPart<Agreement> for Part {
    fn is_first(&self) -> bool {
        !matches!(self, Self::More(_))
    }

    fn is_last(&self) -> bool {
        false
    }
}

impl Context for Agreement {
    type Address = Address;
    type Height = BlockHeight;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Voter;
    type ValidatorSet = Voters;
    type Timeouts = LinearTimeouts;
    type Value = BlockId;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(&self, voters: &'a Voters, _height: BlockHeight, round: Round) -> &'a Voter {
        voters.proposer(round.as_u32().unwrap_or(0))
    }

    fn new_proposal(
        &self,
        height: BlockHeight,
        round: Round,
        block_id: BlockId,
        valid_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, block_id, valid_round, proposer }
    }

    fn new_prevote(
        &self,
        height: BlockHeight,
        round: Round,
        block_id: NilOrVal<Digest>,
        voter: Address,
    ) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, block_id, voter }
    }

    fn new_precommit(
        &self,
        height: BlockHeight,
        round: Round,
        block_id: NilOrVal<Digest>,
        voter: Address,
    ) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, block_id, voter }
    }
}

/// A signed vote or proposal with its signature, as the ledger knows it.
pub(super) fn signed_message(
    message: Option<ConsensusMessage>,
    signature: &Signature,
) -> Option<databourse_ledger::SignedConsensusMessage> {
    message
        .map(|message| databourse_ledger::SignedConsensusMessage { message, signature: signature.ledger() })
}
