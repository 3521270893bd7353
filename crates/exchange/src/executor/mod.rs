//! The executor: the ledger as the engine sees it. It owns the working set, the tree's edge and the one writing
//! connection, and is the only place where state changes.
//!
//! | step | file |
//! |---|---|
//! | a block of what waits | `build` |
//! | what this node says of a block, its own or another's | `check` |
//! | the transaction, and what follows it | `commit` |
//! | who votes, whose turn it is, blocks for peers | `region` |
//! | what it asks of the store | `ledger_store` |
//!
//! What bounds a block: [`COMMANDS_MAX`] and [`BYTES_MAX`]. What a block costs: the rules once (again while records
//! are missing), one query per kind of missing record, one transaction with one fsync, one signature of the header
//! and two of the checkpoint. The commit point is `Writer::commit`; nobody is answered before it, whatever the answer,
//! because a refusal may rest on a command of the same block or of the one before.
//!
//! Executing and committing overlap: while a block is on its way to the store (`flight`), the next one is executed on
//! top of it in memory. It is committed only after the first is durable. If a commit fails, everything in memory goes,
//! and with it what was built on top.

mod build;
mod check;
mod commit;
mod ledger_store;
mod region;

use crate::{
    Clock,
    divergence::Reports,
    pool::{Answers, Place, Pool, Reply, SubmitError},
    publisher::{Committed, Publisher, give},
    snapshots::Snapshots,
    totals::{Stage, StopWatch, Totals},
    turns::Turns,
    working_set::WorkingSet,
};
#[cfg(test)]
pub(crate) use commit::ANSWERS_EARLY;
use commit::{Flight, Lost};
use databourse_consensus::{
    CommitCertificate, Decided, Demand, Divergence, HeightParams, LedgerApp, Undecided, Verdict,
};
use databourse_ledger::{Block, BlockError, DoubleSigning, SigningKey};
use databourse_market::{BlockContext, EncodedEffects, Executed, Key, Record, SignedCommand, execute};
use databourse_merkle::TileEdge;
use databourse_primitives::{Digest, ExchangeCode, Height, LeafIndex, Refusal, Timestamp};
use databourse_store::{ChainHead, StoreError};
pub(crate) use ledger_store::{Database, LedgerStore, LedgerWriter};
use region::Members;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};
use tokio::sync::{Notify, mpsc};
use tracing::{debug, warn};

/// The most commands of one block: more would make the first author wait too long for the last.
const COMMANDS_MAX: usize = 2_000;
/// The most bytes of one block's commands: a few parts of a proposal.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// A failure of the machine while executing or committing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecutorError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The block that was built is not one: a defect.
    #[error("the block cannot be made: {0}")]
    Block(BlockError),
    /// A record has no JSON form: a defect.
    #[error("the effects cannot be written: {0}")]
    Encoding(#[from] serde_json::Error),
    /// The ledger's own checkpoint cannot be signed: a defect of the configuration.
    #[error("the checkpoint cannot be signed: {0}")]
    Checkpoint(String),
    /// The writing session is gone; recovering opens another.
    #[error("the writing session is lost")]
    SessionLost,
    /// The engine asks for the commit of a block that was neither built nor checked here.
    #[error("block {0} was not checked by this node")]
    Unchecked(Height),
    /// What the store holds is not what this program writes.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The ledger cannot begin as it is configured.
    #[error("the founding is refused: {0}")]
    Founding(Refusal),
}

/// A block that was executed and can be committed.
struct Prepared {
    block_id: Digest,
    context: BlockContext,
    effects: EncodedEffects,
    writes: BTreeMap<Key, Arc<Record>>,
    /// Those that were left out, and the answers that rest on this block.
    left_out: Vec<(Place, Reply)>,
}

/// What the executor needs to begin.
pub(crate) struct Parts<S: LedgerStore = Database> {
    pub(crate) pool: Arc<Pool>,
    pub(crate) store: S,
    /// `None` while a block is on its way to the store, and between a lost session and the next.
    pub(crate) writer: Option<S::Writer>,
    pub(crate) working_set: WorkingSet,
    pub(crate) clock: Arc<Clock>,
    pub(crate) exchange: ExchangeCode,
    pub(crate) entry_key: SigningKey,
    pub(crate) publisher: Arc<Publisher>,
    /// The first commands of a new ledger, in order.
    pub(crate) founding: Vec<SignedCommand>,
    /// Who is told of evidence of double signing.
    pub(crate) evidence: mpsc::UnboundedSender<DoubleSigning>,
    /// Who copies the state after the blocks that the region orders it for.
    pub(crate) snapshots: Arc<Snapshots>,
    /// Where it says why it has diverged, should it ever.
    pub(crate) reports: Reports,
}

/// See the module.
pub(crate) struct Executor<S: LedgerStore = Database> {
    parts: Parts<S>,
    edge: TileEdge,
    height: Height,
    time: Timestamp,
    members: Members,
    turns: Turns,
    prepared: Option<Prepared>,
    flight: Option<Flight<S::Writer>>,
    lost: Option<Lost>,
    /// Told when a flight failed, so that nobody waits for another command to find out.
    failed: Arc<Notify>,
    totals: Arc<Totals>,
}

impl<S: LedgerStore> Executor<S> {
    /// Begins where the committed ledger ends, and publishes that state.
    pub(crate) async fn start(parts: Parts<S>) -> Result<Self, ExecutorError> {
        let mut executor = Self {
            parts,
            edge: TileEdge::new(),
            height: Height::default(),
            time: Timestamp::EPOCH,
            members: Members::default(),
            turns: Turns::default(),
            prepared: None,
            flight: None,
            lost: None,
            failed: Arc::default(),
            totals: Arc::default(),
        };
        executor.reload().await?;
        Ok(executor)
    }

    /// What it has done; goes on counting.
    pub(crate) fn totals(&self) -> Arc<Totals> {
        Arc::clone(&self.totals)
    }

    /// Reads the committed end of the ledger and publishes it. Answers with the head for those who wait for a block.
    async fn reload(&mut self) -> Result<Option<ChainHead>, ExecutorError> {
        self.parts.working_set.clear();
        let head = self.parts.store.chain_head().await?;
        self.edge = self.parts.store.tree_edge().await?;
        (self.height, self.time) =
            head.as_ref().map_or((Height::default(), Timestamp::EPOCH), |head| (head.height, head.time));
        self.parts.clock.advance_to(self.time);
        self.reload_region().await?;
        self.parts.snapshots.resume(self.height).await;
        if head.is_some() {
            let committed = Committed {
                edge: &self.edge,
                height: self.height,
                time: self.time,
                cosigners: self.members.cosigners(),
            };
            let published = self.parts.publisher.publish(committed, self.parts.clock.now());
            published.map_err(|error| ExecutorError::Checkpoint(error.to_string()))?;
        }
        Ok(head)
    }

    fn context(&self, height: Height, time: Timestamp) -> BlockContext {
        BlockContext { height, time, header_index: LeafIndex(self.edge.size()) }
    }

    /// Executes commands, loading what is missing until nothing is.
    async fn run(
        &mut self,
        commands: &[SignedCommand],
        context: &BlockContext,
    ) -> Result<Executed, ExecutorError> {
        loop {
            let watch = StopWatch::start();
            let executed = execute(&self.parts.working_set, commands, context);
            self.totals.stage(Stage::Execute, watch);
            let missing = match executed {
                Ok(executed) => return Ok(executed),
                Err(missing) => missing,
            };
            debug!(count = missing.len(), "loading missing records");
            self.load(&missing).await?;
        }
    }

    async fn load(&mut self, keys: &BTreeSet<Key>) -> Result<(), ExecutorError> {
        let watch = StopWatch::start();
        let loaded = self.parts.store.load(keys).await?;
        self.parts.working_set.pin(loaded);
        self.totals.stage(Stage::Load, watch);
        Ok(())
    }
}

/// A count as a metric.
#[expect(clippy::cast_precision_loss, reason = "a metric may round above 2^53")]
pub(crate) const fn as_gauge(count: u64) -> f64 {
    count as f64
}

impl<S: LedgerStore> LedgerApp for Executor<S> {
    type Error = ExecutorError;

    fn last_height(&self) -> Height {
        self.height
    }

    fn is_closed(&self) -> bool {
        self.members.last_height().is_some()
    }

    async fn commands_wait(&self) -> bool {
        if self.height.0 == 0 {
            return true;
        }
        tokio::select! {
            // In one order, so that a simulated region repeats itself.
            biased;
            commands_wait = self.parts.pool.wait() => commands_wait,
            () = self.failed.notified() => true,
        }
    }

    async fn screen(&mut self) -> Result<bool, ExecutorError> {
        self.screen_commands().await
    }

    async fn build(&mut self, height: Height, demand: Demand) -> Result<Option<Block>, ExecutorError> {
        self.build_block(height, demand).await
    }

    async fn check(&mut self, block: &Block) -> Result<Verdict, ExecutorError> {
        self.check_block(block).await
    }

    async fn commit(&mut self, block: Block, certificate: CommitCertificate) -> Result<(), ExecutorError> {
        self.commit_block(&block, certificate).await
    }

    async fn settle(&mut self) -> Result<(), ExecutorError> {
        self.land().await?;
        self.parts.pool.set_busy(false);
        Ok(())
    }

    async fn recover(&mut self) -> Result<(), ExecutorError> {
        if let Err(error) = self.land().await {
            debug!(%error, "the block on its way did not arrive");
        }
        // A connection that broke while committing says nothing about the commit: only the head does. The old session
        // is dropped first, since it holds the lock that only one may hold.
        if !self.parts.writer.as_ref().is_some_and(LedgerWriter::is_usable) {
            self.parts.writer = None;
            self.parts.writer = Some(self.parts.store.open_writer().await?);
        }
        let head = self.reload().await?;
        if let Some(lost) = self.lost.take() {
            if head.is_some_and(|head| head.block_id == lost.block_id) {
                warn!(height = self.height.0, "the block whose commit broke off is durable");
                self.parts.publisher.answer_when_final(lost.size, lost.answers);
            } else {
                give(unavailable(lost.answers));
            }
        }
        // What was built on top of it is gone in any case; its commands still wait.
        self.prepared = None;
        Ok(())
    }

    fn abandon(&mut self) {
        self.parts.pool.close();
        let lost = self.lost.take().into_iter().flat_map(|lost| lost.answers).map(|(author, _)| author);
        for author in self.parts.pool.take_all().into_iter().chain(lost) {
            let _ = author.send(Err(SubmitError::Unavailable { reason: "the node stopped".to_owned() }));
        }
        self.parts.publisher.give_up("the node stopped before the other exchanges had signed; ask again");
    }

    async fn height_params(&mut self) -> Result<HeightParams, ExecutorError> {
        self.params()
    }

    async fn save_undecided(&mut self, undecided: &Undecided) -> Result<(), ExecutorError> {
        self.keep_undecided(undecided).await
    }

    async fn undecided(&mut self, height: Height) -> Result<Vec<Undecided>, ExecutorError> {
        self.kept_undecided(height).await
    }

    async fn decided(&mut self, range: RangeInclusive<Height>) -> Result<Vec<Decided>, ExecutorError> {
        self.committed_blocks(range).await
    }

    async fn record_evidence(&mut self, evidence: Vec<DoubleSigning>) -> Result<(), ExecutorError> {
        self.keep_evidence(evidence).await
    }

    async fn diverged(&mut self, divergence: Divergence<'_>) {
        self.report(&divergence);
    }
}

/// The same authors, told that nothing is known to be recorded.
fn unavailable(answers: Answers) -> Answers {
    let lost = || Err(SubmitError::Unavailable { reason: "the commit failed".to_owned() });
    answers.into_iter().map(|(reply, _)| (reply, lost())).collect()
}

#[cfg(test)]
mod tests;
