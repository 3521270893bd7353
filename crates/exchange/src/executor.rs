//! The executor: the ledger as the engine sees it. It owns the working set, the tree's edge and the one writing
//! connection, and is the only place where state changes.
//!
//! What bounds a block: [`COMMANDS_MAX`] and [`BYTES_MAX`]. What a block costs: the rules once (again while records
//! are missing), one query per kind of missing record, one transaction with one fsync, one signature of the header
//! and two of the checkpoint. The commit point is `Writer::commit`; nobody is answered before it, whatever the answer,
//! because a refusal may rest on a command of the same block or of the one before.
//!
//! Executing and committing overlap: while a block is on its way to the store (`flight`), the next one is executed on
//! top of it in memory. It is committed only after the first is durable. If a commit fails, everything in memory goes,
//! and with it what was built on top.

use crate::{
    Clock,
    entropy::entry_id,
    pool::{Acknowledgement, Pool, Reply, SubmitError, Waiting},
    publisher::Publisher,
    totals::{Stage, StopWatch, Totals},
    working_set::WorkingSet,
};
use databourse_consensus::{CommitCertificate, LedgerApp, Verdict};
use databourse_ledger::{Block, BlockError, BlockHeader, Entry, SigningKey};
use databourse_market::{
    BlockContext, Command, Decoded, EncodedEffects, Executed, Key, Outcome, Record, SignedCommand,
    Stored as _, execute,
};
use databourse_merkle::TileEdge;
use databourse_party::{KeyOwner, KeyRecord};
use databourse_primitives::{
    Digest, ExchangeCode, Height, KeyId, LeafIndex, PublicKey, Refusal, RefusalCode, Timestamp, TreeSize,
};
use databourse_store::{ChainHead, CommitBatch, ConnectionConfig, NewEntry, Store, StoreError, Writer};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use tracing::{debug, warn};

/// The most commands of one block: more would make the first author wait too long for the last.
const COMMANDS_MAX: usize = 2_000;
/// The most bytes of one block's commands: one part of a proposal.
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
}

/// A block that was executed and can be committed.
struct Prepared {
    block_id: Digest,
    context: BlockContext,
    effects: EncodedEffects,
    writes: BTreeMap<Key, Arc<Record>>,
    /// Every answer that rests on this block, given once it is durable.
    answers: Answers,
}

/// Answers to be given, and to whom.
type Answers = Vec<(oneshot::Sender<Reply>, Reply)>;

/// A block on its way to the store.
struct Flight {
    block_id: Digest,
    task: JoinHandle<Landing>,
}

/// How a flight ended. The answers are given already unless it failed.
struct Landing {
    writer: Writer,
    result: Result<(), ExecutorError>,
    answers: Answers,
}

/// A block whose commit failed: whether it is durable, only the store can say.
struct Lost {
    block_id: Digest,
    answers: Answers,
}

/// What the executor needs to begin.
pub(crate) struct Parts {
    pub(crate) pool: Arc<Pool>,
    pub(crate) store: Store,
    pub(crate) config: ConnectionConfig,
    /// `None` while a block is on its way to the store, and between a lost session and the next.
    pub(crate) writer: Option<Writer>,
    pub(crate) working_set: WorkingSet,
    pub(crate) clock: Arc<Clock>,
    pub(crate) exchange: ExchangeCode,
    pub(crate) entry_key: SigningKey,
    pub(crate) publisher: Arc<Publisher>,
}

/// See the module.
pub(crate) struct Executor {
    parts: Parts,
    edge: TileEdge,
    height: Height,
    time: Timestamp,
    prepared: Option<Prepared>,
    flight: Option<Flight>,
    lost: Option<Lost>,
    /// Told when a flight failed, so that nobody waits for another command to find out.
    failed: Arc<Notify>,
    totals: Arc<Totals>,
}

impl Executor {
    /// Begins where the committed ledger ends, and publishes that state.
    pub(crate) async fn start(parts: Parts) -> Result<Self, ExecutorError> {
        let mut executor = Self {
            parts,
            edge: TileEdge::new(),
            height: Height::default(),
            time: Timestamp::EPOCH,
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
        self.publish()?;
        Ok(head)
    }

    fn publish(&self) -> Result<(), ExecutorError> {
        let now = self.parts.clock.now();
        let published = self.parts.publisher.publish(&self.edge, self.height, self.time, now);
        published.map_err(|error| ExecutorError::Checkpoint(error.to_string()))
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

    /// Turns outcomes into answers and keeps the accepted entries, in order.
    fn settle(waiting: Vec<Waiting>, outcomes: Vec<Outcome>, height: Height) -> (Vec<Entry>, Answers) {
        let mut accepted = Vec::new();
        let mut answers = Vec::with_capacity(waiting.len());
        for (Waiting { command, reply }, outcome) in waiting.into_iter().zip(outcomes) {
            let answer = match outcome {
                Outcome::Accepted(place) => {
                    accepted.push(command.entry().clone());
                    Ok(Acknowledgement {
                        id: place.id,
                        entry_type: command.command().entry_type().to_owned(),
                        leaf_index: place.leaf_index,
                        height,
                        repeated: false,
                    })
                }
                Outcome::AlreadyApplied(first) => Ok(Acknowledgement {
                    id: first.id,
                    entry_type: first.entry_type,
                    leaf_index: first.leaf_index,
                    height: first.height,
                    repeated: true,
                }),
                Outcome::Refused(refusal) => {
                    let code = refusal.code.as_str();
                    metrics::counter!("databourse_commands_refused_total", "code" => code).increment(1);
                    Err(SubmitError::Refused(refusal))
                }
            };
            answers.push((reply, answer));
        }
        (accepted, answers)
    }

    /// Checks the signatures of a block: its commands' with the keys that the committed state gives them, or that an
    /// earlier command of the block registers; its header's with the key of the exchange that it names. Whether a key
    /// may sign a command is for the rules to say.
    async fn verify_signatures(
        &self,
        block: &Block,
    ) -> Result<Result<Vec<SignedCommand>, Verdict>, ExecutorError> {
        let committed = self.keys_of(block.entries().map(Entry::kid)).await?;
        let mut keys: BTreeMap<KeyId, PublicKey> =
            committed.iter().map(|(id, record)| (*id, record.key)).collect();
        let mut commands = Vec::with_capacity(block.commands.len());
        let mut founders = Vec::new();
        for (position, entry) in block.commands.iter().enumerate() {
            let refused = |refusal| Ok(Err(Verdict::CommandRefused { position, refusal }));
            let decoded = match Decoded::new(entry.clone()) {
                Ok(decoded) => decoded,
                Err(refusal) => return refused(refusal),
            };
            keys.extend(decoded.command().registered_keys().map(|key| (key.key_id(), key)));
            if let Command::FoundRegion(found) = decoded.command() {
                founders.extend(
                    found.exchanges.iter().map(|founder| (founder.entry_key.key_id(), founder.code.clone())),
                );
            }
            let Some(key) = keys.get(&entry.kid()) else {
                let expected = "the name of a registered key";
                return refused(Refusal::new(RefusalCode::KeyUnknown, "kid", expected));
            };
            match decoded.verify(key) {
                Ok(command) => commands.push(command),
                Err(refusal) => return refused(refusal),
            }
        }
        let (kid, exchange) = (block.header.kid(), &block.header.claims().exchange);
        let owner = KeyOwner::Exchange(exchange.clone());
        let is_exchange = committed.get(&kid).is_some_and(|record| record.owner == owner)
            || founders.contains(&(kid, exchange.clone()));
        let is_signed = keys.get(&kid).is_some_and(|key| block.header.verify(key).is_ok());
        if is_exchange && is_signed {
            return Ok(Ok(commands));
        }
        let expected = format!("a header signed with the key of exchange {exchange}");
        Ok(Err(Verdict::Malformed { expected }))
    }

    async fn keys_of(
        &self,
        ids: impl Iterator<Item = KeyId>,
    ) -> Result<BTreeMap<KeyId, KeyRecord>, ExecutorError> {
        let names = ids.map(|id| Key::of::<KeyRecord>(&id)).collect();
        let loaded = self.parts.store.load(&names).await?;
        let known = loaded.iter().filter_map(|(_, record)| record.as_ref().and_then(KeyRecord::from_record));
        Ok(known.map(|record| (record.id, record.clone())).collect())
    }

    /// Whether the header describes a block that follows the committed one.
    fn check_header(&self, block: &Block) -> Result<BlockHeader, Verdict> {
        let malformed = |expected: String| Verdict::Malformed { expected };
        block.check_shape().map_err(|error| malformed(error.to_string()))?;
        let fields = block.header_fields().map_err(|refusal| malformed(refusal.to_string()))?;
        let follows = fields.height == self.height.next()
            && fields.time >= self.time
            && fields.previous_size == TreeSize(self.edge.size())
            && fields.previous_root == self.edge.root();
        if follows {
            Ok(fields)
        } else {
            Err(malformed(format!("a block that follows height {} of time {}", self.height, self.time)))
        }
    }

    /// Moves memory to where the store will be: the next block is built on this one.
    fn take_off(&mut self, context: &BlockContext, edge: TileEdge, writes: BTreeMap<Key, Arc<Record>>) {
        self.edge = edge;
        self.height = context.height;
        self.time = context.time;
        self.parts.clock.advance_to(self.time);
        self.parts.working_set.take_off(writes);
    }

    /// Waits for the end of the flight, if there is one.
    async fn land(&mut self) -> Result<(), ExecutorError> {
        let Some(flight) = self.flight.take() else { return Ok(()) };
        let block_id = flight.block_id;
        match flight.task.await {
            Ok(Landing { writer, result: Ok(()), .. }) => {
                self.parts.writer = Some(writer);
                self.parts.working_set.land();
                metrics::gauge!("databourse_working_set_records")
                    .set(as_gauge(self.parts.working_set.len() as u64));
                Ok(())
            }
            Ok(Landing { writer, result: Err(error), answers }) => {
                self.parts.writer = Some(writer);
                self.lost = Some(Lost { block_id, answers });
                Err(error)
            }
            // The task was stopped with its runtime: its authors see their channels close.
            Err(_stopped) => Err(ExecutorError::SessionLost),
        }
    }
}

/// Commits a block, publishes it and answers everybody. Runs beside the executor.
async fn fly(
    mut writer: Writer,
    batch: CommitBatch,
    arrival: Arrival,
    answers: Answers,
    failed: Arc<Notify>,
) -> Landing {
    let watch = StopWatch::start();
    if let Err(error) = writer.commit(&batch).await {
        failed.notify_one();
        return Landing { writer, result: Err(error.into()), answers };
    }
    // ── durable from here on ──
    let Arrival { parts: (publisher, clock, totals), edge, height, time, command_count, byte_count } =
        arrival;
    totals.stage(Stage::Commit, watch);
    totals.block(command_count, byte_count);
    let watch = StopWatch::start();
    let published = publisher.publish(&edge, height, time, clock.now());
    if let Err(error) = published {
        failed.notify_one();
        let result = Err(ExecutorError::Checkpoint(error.to_string()));
        return Landing { writer, result, answers };
    }
    metrics::gauge!("databourse_block_height").set(as_gauge(height.0));
    metrics::gauge!("databourse_ledger_size").set(as_gauge(edge.size()));
    answer(answers);
    totals.stage(Stage::Publish, watch);
    Landing { writer, result: Ok(()), answers: Vec::new() }
}

/// What a flight needs once its block is durable.
struct Arrival {
    parts: (Arc<Publisher>, Arc<Clock>, Arc<Totals>),
    edge: TileEdge,
    height: Height,
    time: Timestamp,
    command_count: u64,
    byte_count: u64,
}

/// Gives the answers. An author that does not wait any more finds its own under its entry's id.
fn answer(answers: Answers) {
    for (reply, answer) in answers {
        let _ = reply.send(answer);
    }
}

/// A count as a metric.
#[expect(clippy::cast_precision_loss, reason = "a metric may round above 2^53")]
pub(crate) const fn as_gauge(count: u64) -> f64 {
    count as f64
}

impl LedgerApp for Executor {
    type Error = ExecutorError;

    fn last_height(&self) -> Height {
        self.height
    }

    async fn commands_wait(&self) -> bool {
        tokio::select! {
            commands_wait = self.parts.pool.wait() => commands_wait,
            () = self.failed.notified() => true,
        }
    }

    async fn build(&mut self, height: Height) -> Result<Option<Block>, ExecutorError> {
        if self.flight.as_ref().is_some_and(|flight| flight.task.is_finished()) {
            self.land().await?;
        }
        let waiting = self.parts.pool.take(COMMANDS_MAX, BYTES_MAX);
        if waiting.is_empty() {
            return Ok(None);
        }
        let context = self.context(height, self.parts.clock.block_time(self.time));
        let commands: Vec<_> = waiting.iter().map(|waiting| waiting.command.clone()).collect();
        let executed = match self.run(&commands, &context).await {
            Ok(executed) => executed,
            Err(error) => {
                self.parts.pool.put_back(waiting);
                return Err(error);
            }
        };
        let watch = StopWatch::start();
        let (accepted, answers) = Self::settle(waiting, executed.outcomes, height);
        if accepted.is_empty() {
            self.parts.working_set.end_batch();
            // An answer may rest on the block that is on its way.
            let landed = self.land().await;
            if landed.is_ok() {
                answer(answers);
            } else {
                answer(unavailable(answers));
            }
            return landed.map(|()| None);
        }
        let writes = executed.effects.writes.clone();
        let effects = executed.effects.encode()?;
        let fields = BlockHeader::for_commands(
            height,
            context.time,
            &accepted,
            effects.digest,
            TreeSize(self.edge.size()),
            self.edge.root(),
        );
        let id = header_id(&self.parts.exchange, &fields);
        let block = Block::new(fields, id, self.parts.exchange.clone(), accepted, &self.parts.entry_key)
            .map_err(ExecutorError::Block)?;
        self.prepared = Some(Prepared { block_id: block.id(), context, effects, writes, answers });
        self.totals.stage(Stage::Encode, watch);
        Ok(Some(block))
    }

    async fn check(&mut self, block: &Block) -> Result<Verdict, ExecutorError> {
        let fields = match self.check_header(block) {
            Ok(fields) => fields,
            Err(verdict) => return Ok(verdict),
        };
        if self.prepared.as_ref().is_some_and(|prepared| prepared.block_id == block.id()) {
            // Built here a moment ago, by executing it.
            return Ok(Verdict::Valid);
        }
        // Keys are read from the store.
        self.land().await?;
        let commands = match self.verify_signatures(block).await? {
            Ok(commands) => commands,
            Err(verdict) => return Ok(verdict),
        };
        let context = self.context(fields.height, fields.time);
        let executed = self.run(&commands, &context).await?;
        for (position, outcome) in executed.outcomes.iter().enumerate() {
            let refusal = match outcome {
                Outcome::Accepted(_) => continue,
                Outcome::Refused(refusal) => refusal.clone(),
                Outcome::AlreadyApplied(_) => {
                    Refusal::new(RefusalCode::EntryIdReused, "id", "an entry that is not in the ledger yet")
                }
            };
            return Ok(Verdict::CommandRefused { position, refusal });
        }
        let writes = executed.effects.writes.clone();
        let effects = executed.effects.encode()?;
        if effects.digest != fields.effects_digest {
            let (stated, computed) = (fields.effects_digest, effects.digest);
            return Ok(Verdict::EffectsDiffer { stated, computed });
        }
        let answers = Vec::new();
        self.prepared = Some(Prepared { block_id: block.id(), context, effects, writes, answers });
        Ok(Verdict::Valid)
    }

    async fn commit(&mut self, block: Block, _certificate: CommitCertificate) -> Result<(), ExecutorError> {
        let fields =
            block.header_fields().map_err(|refusal| ExecutorError::Block(BlockError::Header(refusal)))?;
        if fields.height <= self.height {
            return self.land().await;
        }
        let block_id = block.id();
        if self.prepared.as_ref().is_none_or(|prepared| prepared.block_id != block_id) {
            return Err(ExecutorError::Unchecked(fields.height));
        }
        let watch = StopWatch::start();
        let mut edge = self.edge.clone();
        let mut full_tiles = Vec::new();
        let mut entries = Vec::with_capacity(1 + block.commands.len());
        for (entry, leaf_hash) in block.entries().zip(block.leaf_hashes()) {
            entries.push(NewEntry::new(LeafIndex(edge.size()), entry, leaf_hash));
            edge.push(leaf_hash, &mut full_tiles);
        }
        let byte_count = block.entries().map(|entry| entry.bytes().len() as u64).sum();
        self.totals.stage(Stage::Encode, watch);
        self.land().await?;
        let writer = self.parts.writer.take().ok_or(ExecutorError::SessionLost)?;
        let Some(prepared) = self.prepared.take() else {
            return Err(ExecutorError::Unchecked(fields.height));
        };
        let batch = CommitBatch {
            height: fields.height,
            block_id,
            block_time: fields.time,
            header_index: prepared.context.header_index,
            entries,
            effects: prepared.effects,
            full_tiles,
            tree_size: edge.size(),
            root: edge.root(),
        };
        let parts = &self.parts;
        let arrival = Arrival {
            parts: (Arc::clone(&parts.publisher), Arc::clone(&parts.clock), Arc::clone(&self.totals)),
            edge: edge.clone(),
            height: fields.height,
            time: fields.time,
            command_count: block.commands.len() as u64,
            byte_count,
        };
        let flight = fly(writer, batch, arrival, prepared.answers, Arc::clone(&self.failed));
        self.flight = Some(Flight { block_id, task: tokio::spawn(flight) });
        self.take_off(&prepared.context, edge, prepared.writes);
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), ExecutorError> {
        self.land().await
    }

    async fn recover(&mut self) -> Result<(), ExecutorError> {
        if let Err(error) = self.land().await {
            debug!(%error, "the block on its way did not arrive");
        }
        // A connection that broke while committing says nothing about the commit: only the head does. The old session
        // is dropped first, since it holds the lock that only one may hold.
        if !self.parts.writer.as_ref().is_some_and(Writer::is_usable) {
            self.parts.writer = None;
            self.parts.writer = Some(Writer::connect(self.parts.config.clone()).await?);
        }
        let head = self.reload().await?;
        if let Some(lost) = self.lost.take() {
            if head.is_some_and(|head| head.block_id == lost.block_id) {
                warn!(height = self.height.0, "the block whose commit broke off is durable");
                answer(lost.answers);
            } else {
                answer(unavailable(lost.answers));
            }
        }
        // What was built on top of it is gone in any case.
        answer(unavailable(self.prepared.take().map(|prepared| prepared.answers).unwrap_or_default()));
        Ok(())
    }

    fn abandon(&mut self) {
        self.parts.pool.close();
        let waiting = self.parts.pool.take(usize::MAX, usize::MAX).into_iter().map(|waiting| waiting.reply);
        let prepared = self.prepared.take().into_iter().flat_map(|prepared| prepared.answers);
        let lost = self.lost.take().into_iter().flat_map(|lost| lost.answers);
        for reply in waiting.chain(prepared.chain(lost).map(|(reply, _)| reply)) {
            let _ = reply.send(Err(SubmitError::Unavailable { reason: "the node stopped".to_owned() }));
        }
    }
}

/// The same authors, told that nothing is known to be recorded.
fn unavailable(answers: Answers) -> Answers {
    let lost = || Err(SubmitError::Unavailable { reason: "the commit failed".to_owned() });
    answers.into_iter().map(|(reply, _)| (reply, lost())).collect()
}

/// The header's id follows from what it heads, so that building the same block again makes the same bytes.
fn header_id(exchange: &ExchangeCode, fields: &BlockHeader) -> databourse_primitives::EntryId {
    let digest = Sha256::new()
        .chain_update(b"databourse block header\n")
        .chain_update(exchange.as_str().as_bytes())
        .chain_update(fields.height.0.to_be_bytes())
        .chain_update(fields.previous_root.as_bytes())
        .chain_update(fields.commands_root.as_bytes())
        .finalize();
    entry_id(fields.time, &digest.into())
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
