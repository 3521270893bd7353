//! The two sides of the boundary.

use databourse_ledger::Block;
use databourse_primitives::{Digest, Height, Refusal};
use std::future::Future;
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
    /// The rules come to other effects than the proposer: somebody's state differs.
    EffectsDiffer {
        /// What the header states.
        stated: Digest,
        /// What this node computed.
        computed: Digest,
    },
}

/// Proof that a block was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitCertificate {
    /// A region of one exchange: its signature under the block's header is the agreement.
    Solo,
}

/// The ledger as an engine sees it. The engine calls one method at a time.
pub trait LedgerApp: Send + 'static {
    /// A failure of the machine, never of a command.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Height of the last committed block; 0 before the first.
    fn last_height(&self) -> Height;

    /// Resolves to `true` when commands wait or a commit has failed, and to `false` when none waits and none will come
    /// any more. Cancel-safe.
    fn commands_wait(&self) -> impl Future<Output = bool> + Send;

    /// Executes what waits and makes the block of `height` of the accepted commands; `None` if none was accepted.
    /// Refused commands are answered. Nothing is changed by building.
    ///
    /// # Errors
    /// The state could not be read. The commands still wait.
    fn build(&mut self, height: Height) -> impl Future<Output = Result<Option<Block>, Self::Error>> + Send;

    /// Executes a block on the committed state and says whether it is valid. Changes nothing.
    ///
    /// # Errors
    /// The state could not be read: no verdict.
    fn check(&mut self, block: &Block) -> impl Future<Output = Result<Verdict, Self::Error>> + Send;

    /// Begins to make a valid block durable with all of its effects, in one transaction; then the checkpoint is signed
    /// and the authors are answered. The next block may be built on this one meanwhile; its own commit waits for this
    /// one's end. Idempotent by height: committing the same block again is a success.
    ///
    /// # Errors
    /// The commit before this one failed, and this one has not begun. Whether that block is durable is unknown: call
    /// [`LedgerApp::recover`] before anything else.
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

    /// Tells everybody who still waits that nothing was recorded. The last call.
    fn abandon(&mut self);
}

/// An ordering engine.
pub trait Orderer: Send + 'static {
    /// Orders the commands of `app` until none waits and none will come, or until `halt` turns true and what it does
    /// cannot go on. Returns the application as it is then.
    fn run<A: LedgerApp>(self, app: A, halt: watch::Receiver<bool>) -> impl Future<Output = A> + Send;
}
