//! The two sides of the boundary.

use crate::CommitCertificate;
use databourse_ledger::{Block, DoubleSigning};
use databourse_primitives::{Digest, ExchangeCode, Height, PublicKey, Refusal};
use std::{future::Future, ops::RangeInclusive, sync::Arc};
use tokio::sync::watch;

/// What a node says of a proposed block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every command is accepted and the effects are those that the header states.
    Valid,
    /// The rules refuse a command of it.
    CommandRefused {
        /// Position among the block's commands, from 0.
        position: usize,
        /// Why.
        refusal: Refusal,
    },
    /// It does not follow the committed state, or its header does not describe it.
    Malformed {
        /// What was expected.
        expected: String,
    },
    /// All is as it should be but its time, which is too far ahead of this node's clock to vote for. If the region agrees
    /// on it all the same, it is this node's clock that is slow.
    Untimely {
        /// How far ahead, milliseconds.
        ahead_ms: i64,
    },
    /// The rules come to other effects than the proposer: somebody's state differs.
    EffectsDiffer {
        /// What the header states.
        stated: Digest,
        /// What this node computed.
        computed: Digest,
    },
}

/// When a block is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Only if a command is accepted.
    IfAccepted,
    /// In any case: the others wait for this node's proposal. Without a command the block is a header alone.
    Always,
}

/// An exchange that votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    /// Which.
    pub exchange: ExchangeCode,
    /// What it signs the agreement with.
    pub consensus_key: PublicKey,
}

/// What the committed ledger says about the agreement on its next height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeightParams {
    /// The next height.
    pub height: Height,
    /// Who votes, one vote each, in the order of their turns to propose: round `r` is the turn of place `r` modulo their
    /// number. The order is a function of the committed ledger, so it is the same on every node.
    pub validators: Vec<Validator>,
}

/// A block that was proposed and is not agreed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Its height.
    pub height: Height,
    /// The round in which it was proposed.
    pub round: u32,
    /// The earlier round in which more than two thirds prevoted it, if there was one.
    pub valid_round: Option<u32>,
    /// Who proposed it in that round.
    pub proposer: ExchangeCode,
    /// What this node said of it.
    pub is_valid: bool,
    /// The block.
    pub block: Arc<Block>,
}

/// A committed block with the proof that it was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Its height.
    pub height: Height,
    /// The block's bytes, as [`Block::encode`] makes them.
    pub block: Vec<u8>,
    /// The proof.
    pub certificate: CommitCertificate,
}

/// A block that the region agreed on and that this node's rules refuse or compute otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Divergence<'a> {
    /// Its height.
    pub height: Height,
    /// Its name.
    pub block_id: Digest,
    /// The block.
    pub block: &'a Block,
    /// The proof that it is agreed.
    pub certificate: &'a CommitCertificate,
    /// What this node says of it.
    pub verdict: &'a Verdict,
}

/// The ledger as an engine sees it. The engine calls one method at a time.
pub trait LedgerApp: Send + 'static {
    /// A failure of the machine, never of a command.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Height of the last committed block; 0 before the first.
    fn last_height(&self) -> Height;

    /// Whether the last committed block is the last of all: no height is begun after it. Commands are still screened, and
    /// peers that lack blocks are still given them.
    fn is_closed(&self) -> bool {
        false
    }

    /// Resolves to `true` when commands wait or a commit has failed, and to `false` when none waits and none will come
    /// any more. Cancel-safe.
    fn commands_wait(&self) -> impl Future<Output = bool> + Send;

    /// Called before a height is begun: answers those commands that the committed state refuses, so that a refusal costs
    /// the region nothing. Returns whether commands still wait.
    ///
    /// # Errors
    /// The state could not be read. The commands still wait.
    fn screen(&mut self) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Executes what waits and makes the block of `height` of the accepted commands; `None` if none was accepted and
    /// none is demanded. Nothing is changed by building.
    ///
    /// # Errors
    /// The state could not be read. The commands still wait.
    fn build(
        &mut self,
        height: Height,
        demand: Demand,
    ) -> impl Future<Output = Result<Option<Block>, Self::Error>> + Send;

    /// Executes a block on the committed state and says whether it is valid. Changes nothing. After `Valid` and
    /// `Untimely` it may be committed.
    ///
    /// # Errors
    /// The state could not be read: no verdict.
    fn check(&mut self, block: &Block) -> impl Future<Output = Result<Verdict, Self::Error>> + Send;

    /// Begins to make a valid block durable with all of its effects and the proof that it is agreed, in one
    /// transaction; then the checkpoint is signed and the authors are answered. The next block may be built on this one
    /// meanwhile; its own commit waits for this one's end. Idempotent by height: committing the same block again is a
    /// success.
    ///
    /// # Errors
    /// The commit before this one failed, and this one has not begun. Whether that block is durable is unknown: call
    /// [`LedgerApp::recover`] before anything else. Also if the block is not the one that was built or checked last.
    fn commit(
        &mut self,
        block: Block,
        certificate: CommitCertificate,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Waits until every commit that has begun is durable.
    ///
    /// # Errors
    /// As for [`LedgerApp::commit`].
    fn settle(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Drops what is in memory and reads the committed state again. A block whose commit had an unknown end is found
    /// there, and its authors are answered, or it is not, and they are told to try again.
    ///
    /// # Errors
    /// The store cannot be reached: call again later.
    fn recover(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// This node has diverged from its region, and the engine ends. What an engineer needs to look into it is to be
    /// durable when this resolves. Nothing is called after it but [`LedgerApp::abandon`].
    fn diverged(&mut self, divergence: Divergence<'_>) -> impl Future<Output = ()> + Send {
        let _ = divergence;
        async {}
    }

    /// Tells everybody who still waits that nothing was recorded. The last call.
    fn abandon(&mut self);

    /// Who votes on the height after [`LedgerApp::last_height`].
    ///
    /// # Errors
    /// The state could not be read.
    fn height_params(&mut self) -> impl Future<Output = Result<HeightParams, Self::Error>> + Send;

    /// Makes a proposed block durable before this node votes on it, so that a vote that was given outlives the node with
    /// the bytes that it is for. Those of heights already committed may be forgotten. Idempotent.
    ///
    /// # Errors
    /// The store could not be written: this node must not vote.
    fn save_undecided(
        &mut self,
        undecided: &Undecided,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The proposed blocks that were saved for `height`.
    ///
    /// # Errors
    /// The store could not be read.
    fn undecided(
        &mut self,
        height: Height,
    ) -> impl Future<Output = Result<Vec<Undecided>, Self::Error>> + Send;

    /// Committed blocks with their proofs for a peer that catches up: those of `range` that are there, from its start
    /// on, without a gap; fewer if they are many bytes.
    ///
    /// # Errors
    /// The store could not be read.
    fn decided(
        &mut self,
        range: RangeInclusive<Height>,
    ) -> impl Future<Output = Result<Vec<Decided>, Self::Error>> + Send;

    /// Keeps evidence of double signing and makes it known to whoever may act on it. Idempotent.
    ///
    /// # Errors
    /// The store could not be written.
    fn record_evidence(
        &mut self,
        evidence: Vec<DoubleSigning>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// How an engine came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing waits and nothing will come.
    Drained,
    /// Halted while it could not go on.
    Halted,
    /// The region agreed on a block that this node's rules refuse or compute otherwise. It must answer nobody any more.
    Diverged {
        /// Height of the block.
        height: Height,
        /// What the region agreed on.
        block_id: Digest,
        /// What this node says of it.
        verdict: Verdict,
    },
    /// The engine broke; the reason is for the operator.
    Broken(String),
}

/// An ordering engine.
pub trait Orderer: Send + 'static {
    /// Orders the commands of `app` until none waits and none will come, or until `halt` turns true. Returns the
    /// application as it is then, and why.
    fn run<A: LedgerApp>(self, app: A, halt: watch::Receiver<bool>) -> impl Future<Output = (A, End)> + Send;
}
