//! A block of what waits in the pool, and the answers to what cannot stand in one.

use super::{BYTES_MAX, COMMANDS_MAX, Executor, ExecutorError, LedgerStore, Prepared};
use crate::{
    entropy::entry_id,
    pool::{Acknowledgement, Answers, Place, Reply, SubmitError},
    totals::{Stage, StopWatch},
};
use databourse_consensus::Demand;
use databourse_ledger::{Block, BlockHeader, Entry};
use databourse_market::{BlockContext, EncodedEffects, Key, Outcome, Record, SignedCommand};
use databourse_primitives::{EntryId, ExchangeCode, Height, TreeSize};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// Up to how many waiting commands are looked at before a height is begun. Where more wait the region is busy anyway,
/// and each is looked at by its own node's next proposal.
const SCREENED_MAX: usize = 64;

impl<S: LedgerStore> Executor<S> {
    /// See [`databourse_consensus::LedgerApp::screen`].
    pub(super) async fn screen_commands(&mut self) -> Result<bool, ExecutorError> {
        let is_closed = self.members.last_height().is_some();
        if self.height.0 == 0 || (!is_closed && self.parts.pool.len() > SCREENED_MAX) {
            self.parts.pool.set_busy(true);
            return Ok(true);
        }
        self.land().await?;
        let (places, commands) = self.parts.pool.peek(SCREENED_MAX, BYTES_MAX);
        if commands.is_empty() {
            return Ok(false);
        }
        let context = self.context(self.height.next(), self.parts.clock.block_time(self.time));
        let executed = self.run(&commands, &context).await?;
        self.parts.working_set.end_batch();
        let (accepted, left_out) = sort(&places, &commands, executed.outcomes);
        if accepted.is_empty() {
            // These answers rest on the committed state alone.
            self.answer_left_out(left_out);
            return Ok(false);
        }
        self.parts.pool.set_busy(true);
        Ok(true)
    }

    /// See [`databourse_consensus::LedgerApp::build`].
    pub(super) async fn build_block(
        &mut self,
        height: Height,
        demand: Demand,
    ) -> Result<Option<Block>, ExecutorError> {
        if self.flight.as_ref().is_some_and(|flight| flight.task.is_finished()) {
            self.land().await?;
        }
        self.parts.pool.set_busy(true);
        let (places, commands) = self.candidates();
        if commands.is_empty() && demand == Demand::IfAccepted {
            return Ok(None);
        }
        let context = self.context(height, self.parts.clock.block_time(self.time));
        let executed = self.run(&commands, &context).await?;
        if self.height.0 == 0 {
            all_accepted(&executed.outcomes)?;
        }
        let watch = StopWatch::start();
        let (accepted, mut left_out) = sort(&places, &commands, executed.outcomes);
        if accepted.is_empty() {
            self.parts.working_set.end_batch();
            // The answers may rest on the block that is on its way.
            self.land().await?;
            self.answer_left_out(std::mem::take(&mut left_out));
            if demand == Demand::IfAccepted || self.members.last_height().is_some() {
                return Ok(None);
            }
        }
        let writes = executed.effects.writes.clone();
        let effects = executed.effects.encode()?;
        let block = self.seal(&context, &effects, accepted)?;
        self.prepare(block.id(), context, effects, writes, left_out);
        self.totals.stage(Stage::Encode, watch);
        Ok(Some(block))
    }

    /// What may stand in the next block: in the first one, what founds the ledger and nothing else.
    fn candidates(&self) -> (Vec<Place>, Vec<SignedCommand>) {
        if self.height.0 == 0 {
            (Vec::new(), self.parts.founding.clone())
        } else {
            self.parts.pool.peek(COMMANDS_MAX, BYTES_MAX)
        }
    }

    /// Signs the header over `accepted`.
    fn seal(
        &self,
        context: &BlockContext,
        effects: &EncodedEffects,
        accepted: Vec<Entry>,
    ) -> Result<Block, ExecutorError> {
        let (size, root) = (TreeSize(self.edge.size()), self.edge.root());
        let fields =
            BlockHeader::for_commands(context.height, context.time, &accepted, effects.digest, size, root);
        let id = header_id(&self.parts.exchange, &fields);
        Block::new(fields, id, self.parts.exchange.clone(), accepted, &self.parts.entry_key)
            .map_err(ExecutorError::Block)
    }

    pub(super) fn prepare(
        &mut self,
        block_id: databourse_primitives::Digest,
        context: BlockContext,
        effects: EncodedEffects,
        writes: BTreeMap<Key, Arc<Record>>,
        left_out: Vec<(Place, Reply)>,
    ) {
        self.prepared = Some(Prepared { block_id, context, effects, writes, left_out });
    }

    /// Gives answers that rest on the committed state, and takes their commands out of the pool. Like all others they are
    /// given once that state is final: what is durable here may not be on enough disks yet.
    fn answer_left_out(&self, left_out: Vec<(Place, Reply)>) {
        let mut answers = Answers::new();
        for (place, reply) in left_out {
            let authors = self.parts.pool.take(place);
            answers.extend(authors.into_iter().map(|author| (author, reply.clone())));
        }
        self.parts.publisher.answer_when_final(TreeSize(self.edge.size()), answers);
    }
}

/// A ledger that cannot be founded as it is configured is not founded in part.
fn all_accepted(outcomes: &[Outcome]) -> Result<(), ExecutorError> {
    outcomes.iter().try_for_each(|outcome| match outcome {
        Outcome::Refused(refusal) => Err(ExecutorError::Founding(refusal.clone())),
        Outcome::Accepted(_) | Outcome::AlreadyApplied(_) => Ok(()),
    })
}

/// The accepted entries, in order, and the answers to the others.
fn sort(
    places: &[Place],
    commands: &[SignedCommand],
    outcomes: Vec<Outcome>,
) -> (Vec<Entry>, Vec<(Place, Reply)>) {
    let (mut accepted, mut left_out) = (Vec::new(), Vec::new());
    for (index, (command, outcome)) in commands.iter().zip(outcomes).enumerate() {
        let reply = match outcome {
            Outcome::Accepted(_) => {
                accepted.push(command.entry().clone());
                continue;
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
        left_out.extend(places.get(index).map(|place| (*place, reply)));
    }
    (accepted, left_out)
}

/// The header's id follows from what it heads, so that building the same block again makes the same bytes.
pub(super) fn header_id(exchange: &ExchangeCode, fields: &BlockHeader) -> EntryId {
    let digest = Sha256::new()
        .chain_update(b"databourse block header\n")
        .chain_update(exchange.as_str().as_bytes())
        .chain_update(fields.height.0.to_be_bytes())
        .chain_update(fields.previous_root.as_bytes())
        .chain_update(fields.commands_root.as_bytes())
        .finalize();
    entry_id(fields.time, &digest.into())
}
