//! The commit of a block that was executed here: the transaction runs beside the executor, which goes on.

use super::{Executor, ExecutorError, LedgerStore, LedgerWriter, as_gauge};
use crate::{
    Clock,
    finality::Cosigners,
    pool::{Acknowledgement, Answers},
    publisher::{Committed, Publisher},
    snapshots::Snapshots,
    totals::{Stage, StopWatch, Totals},
    turns::Turn,
};
use databourse_consensus::CommitCertificate;
use databourse_ledger::{Block, BlockError};
use databourse_market::{BlockContext, Key, Record};
use databourse_merkle::{FullTile, TileEdge};
use databourse_primitives::{Digest, Height, LeafIndex, Timestamp, TreeSize};
use databourse_store::{Agreement, CommitBatch, NewEntry};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{sync::Notify, task::JoinHandle};

#[cfg(test)]
thread_local! {
    /// A defect for the simulator to find: answers are given before the block is durable.
    pub(crate) static ANSWERS_EARLY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn give_now(answers: Answers) -> Answers {
    crate::publisher::give(answers);
    Answers::new()
}

/// A block on its way to the store.
pub(super) struct Flight<W> {
    block_id: Digest,
    size: TreeSize,
    pub(super) task: JoinHandle<Landing<W>>,
}

/// How a flight ended. The answers are given already unless it failed.
pub(super) struct Landing<W> {
    writer: W,
    result: Result<(), ExecutorError>,
    answers: Answers,
}

/// A block whose commit failed: whether it is durable, only the store can say.
pub(super) struct Lost {
    pub(super) block_id: Digest,
    pub(super) size: TreeSize,
    pub(super) answers: Answers,
}

/// What a flight needs once its block is durable.
struct Arrival {
    publisher: Arc<Publisher>,
    clock: Arc<Clock>,
    totals: Arc<Totals>,
    snapshots: Arc<Snapshots>,
    cosigners: Arc<Cosigners>,
    edge: TileEdge,
    height: Height,
    time: Timestamp,
    command_count: u64,
    byte_count: u64,
}

/// The tree after a block.
struct Grown {
    edge: TileEdge,
    full_tiles: Vec<FullTile>,
    entries: Vec<NewEntry>,
}

impl<S: LedgerStore> Executor<S> {
    /// See [`databourse_consensus::LedgerApp::commit`].
    pub(super) async fn commit_block(
        &mut self,
        block: &Block,
        certificate: CommitCertificate,
    ) -> Result<(), ExecutorError> {
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
        let Grown { edge, full_tiles, entries } = self.grow(block);
        let byte_count = entries.iter().map(|entry| entry.bytes.len() as u64).sum();
        self.totals.stage(Stage::Encode, watch);
        self.land().await?;
        let writer = self.parts.writer.take().ok_or(ExecutorError::SessionLost)?;
        let Some(prepared) = self.prepared.take() else {
            return Err(ExecutorError::Unchecked(fields.height));
        };
        let turn = self.turn(block)?;
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
            agreement: Agreement {
                round: certificate.round,
                turn: turn.due.clone(),
                proposer: turn.proposer.clone(),
                precommits: certificate.precommits,
            },
        };
        let answers = self.answers(block, &prepared.context, prepared.left_out);
        self.take_off(&prepared.context, edge.clone(), prepared.writes, turn)?;
        let arrival = Arrival {
            publisher: Arc::clone(&self.parts.publisher),
            clock: Arc::clone(&self.parts.clock),
            totals: Arc::clone(&self.totals),
            snapshots: Arc::clone(&self.parts.snapshots),
            cosigners: self.members.cosigners(),
            edge,
            height: fields.height,
            time: fields.time,
            command_count: block.commands.len() as u64,
            byte_count,
        };
        let size = TreeSize(arrival.edge.size());
        #[cfg(test)]
        let answers = if ANSWERS_EARLY.get() { give_now(answers) } else { answers };
        let flight = fly(writer, batch, arrival, answers, Arc::clone(&self.failed));
        self.flight = Some(Flight { block_id, size, task: tokio::spawn(flight) });
        Ok(())
    }

    fn grow(&self, block: &Block) -> Grown {
        let mut edge = self.edge.clone();
        let mut full_tiles = Vec::new();
        let mut entries = Vec::with_capacity(1 + block.commands.len());
        for (entry, leaf_hash) in block.entries().zip(block.leaf_hashes()) {
            entries.push(NewEntry::new(LeafIndex(edge.size()), entry, leaf_hash));
            edge.push(leaf_hash, &mut full_tiles);
        }
        Grown { edge, full_tiles, entries }
    }

    /// Every answer that rests on this block, given once it is durable and final: those of its commands, whoever
    /// proposed it, and those of commands that were left out of it here.
    fn answers(
        &self,
        block: &Block,
        context: &BlockContext,
        left_out: Vec<(crate::pool::Place, crate::pool::Reply)>,
    ) -> Answers {
        let mut answers = Answers::new();
        let places = (context.header_index.0 + 1..).map(LeafIndex);
        for (entry, leaf_index) in block.commands.iter().zip(places) {
            for (count, author) in self.parts.pool.take_entry(&entry.leaf_hash()).into_iter().enumerate() {
                let answer = Acknowledgement {
                    id: entry.claims().id,
                    entry_type: entry.claims().entry_type.clone(),
                    leaf_index,
                    height: context.height,
                    // Sent twice while it waited.
                    repeated: count > 0,
                };
                answers.push((author, Ok(answer)));
            }
        }
        for (place, reply) in left_out {
            answers.extend(self.parts.pool.take(place).into_iter().map(|author| (author, reply.clone())));
        }
        answers
    }

    /// Moves memory to where the store will be: the next block is built on this one.
    fn take_off(
        &mut self,
        context: &BlockContext,
        edge: TileEdge,
        writes: BTreeMap<Key, Arc<Record>>,
        turn: Turn,
    ) -> Result<(), ExecutorError> {
        self.edge = edge;
        self.height = context.height;
        self.time = context.time;
        self.turns.push(turn);
        self.follow_members(&writes)?;
        self.parts.snapshots.follow(&writes);
        self.parts.clock.advance_to(self.time);
        self.parts.working_set.take_off(writes);
        Ok(())
    }

    /// Waits for the end of the flight, if there is one.
    pub(super) async fn land(&mut self) -> Result<(), ExecutorError> {
        let Some(flight) = self.flight.take() else { return Ok(()) };
        let Flight { block_id, size, task } = flight;
        match task.await {
            Ok(Landing { writer, result: Ok(()), .. }) => {
                self.parts.writer = Some(writer);
                self.parts.working_set.land();
                metrics::gauge!("databourse_working_set_records")
                    .set(as_gauge(self.parts.working_set.len() as u64));
                Ok(())
            }
            Ok(Landing { writer, result: Err(error), answers }) => {
                self.parts.writer = Some(writer);
                self.lost = Some(Lost { block_id, size, answers });
                Err(error)
            }
            // The task was stopped with its runtime: its authors see their channels close.
            Err(_stopped) => Err(ExecutorError::SessionLost),
        }
    }
}

/// Commits a block, publishes it and answers everybody. Runs beside the executor.
async fn fly<W: LedgerWriter>(
    mut writer: W,
    batch: CommitBatch,
    arrival: Arrival,
    answers: Answers,
    failed: Arc<Notify>,
) -> Landing<W> {
    let watch = StopWatch::start();
    if let Err(error) = writer.commit(&batch).await {
        failed.notify_one();
        return Landing { writer, result: Err(error.into()), answers };
    }
    // ── durable from here on ──
    let Arrival {
        publisher,
        clock,
        totals,
        snapshots,
        cosigners,
        edge,
        height,
        time,
        command_count,
        byte_count,
    } = arrival;
    totals.stage(Stage::Commit, watch);
    snapshots.durable(height).await;
    totals.block(command_count, byte_count);
    let watch = StopWatch::start();
    let committed = Committed { edge: &edge, height, time, cosigners };
    if let Err(error) = publisher.publish(committed, clock.now()) {
        failed.notify_one();
        let result = Err(ExecutorError::Checkpoint(error.to_string()));
        return Landing { writer, result, answers };
    }
    metrics::gauge!("databourse_block_height").set(as_gauge(height.0));
    metrics::gauge!("databourse_ledger_size").set(as_gauge(edge.size()));
    publisher.answer_when_final(TreeSize(edge.size()), answers);
    totals.stage(Stage::Publish, watch);
    Landing { writer, result: Ok(()), answers: Vec::new() }
}
