//! What an engine with peers asks beside blocks: who votes, whose turn it is, proposals kept, blocks for those who catch
//! up.

use super::{Executor, ExecutorError, LedgerStore, LedgerWriter as _};
use crate::{
    divergence::{Before, Reporter},
    finality::Cosigners,
    totals::{Stage, StopWatch},
    turns::{TURNS_LOST, Turn},
};
use databourse_consensus::{CommitCertificate, Decided, Divergence, HeightParams, Undecided, Validator};
use databourse_ledger::{Block, DoubleSigning};
use databourse_market::{Command, Key, Record, Stored as _};
use databourse_party::{self as party, Cosigner, Exchange, FoundRegion, Region};
use databourse_primitives::{ExchangeCode, Height, Timestamp, TreeSize};
use databourse_store::UndecidedRow;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};
use tracing::error;

/// How many bytes of blocks one answer to a peer holds, unless a single one is longer.
const DECIDED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The exchanges of the region as the last block left them.
#[derive(Default)]
pub(super) struct Members {
    exchanges: BTreeMap<ExchangeCode, Exchange>,
    keys: Vec<Cosigner>,
    cosigners: Option<Arc<Cosigners>>,
    /// The last block of all, if the ledger is closed.
    last_height: Option<Height>,
}

impl Members {
    /// Who co-signs the last block.
    pub(super) fn cosigners(&self) -> Arc<Cosigners> {
        self.cosigners.clone().unwrap_or_default()
    }

    /// The last block of all, if the ledger is closed.
    pub(super) const fn last_height(&self) -> Option<Height> {
        self.last_height
    }
}

impl<S: LedgerStore> Executor<S> {
    /// Reads the members and the last turns; before the first block, those of the founding.
    pub(super) async fn reload_region(&mut self) -> Result<(), ExecutorError> {
        let store = &self.parts.store;
        let name = Key::of::<Region>(&"region");
        let found = store.load(&BTreeSet::from([name])).await?.pop().and_then(|(_, record)| record);
        let exchanges = match found.as_ref().and_then(Region::from_record) {
            None => founders(self.founding_region())?,
            Some(region) => {
                let names: BTreeSet<Key> = region.exchanges.iter().map(Key::of::<Exchange>).collect();
                let loaded = store.load(&names).await?.into_iter().filter_map(|(_, record)| record);
                loaded.filter_map(|record| Exchange::from_record(&record).cloned()).collect()
            }
        };
        let from = Height(self.height.0.saturating_sub(TURNS_LOST as u64 - 1).max(1));
        let limit = u32::try_from(TURNS_LOST).unwrap_or(u32::MAX);
        let turns = store.turns(from, limit).await?;
        self.turns = crate::turns::Turns::new(
            turns.into_iter().map(|row| Turn { due: row.turn, proposer: row.proposer }),
        );
        self.members = Members::default();
        self.members.last_height = found.as_ref().and_then(Region::from_record).and_then(Region::last_height);
        self.members.exchanges =
            exchanges.into_iter().map(|exchange| (exchange.code.clone(), exchange)).collect();
        self.renew_cosigners()
    }

    fn founding_region(&self) -> Option<&FoundRegion> {
        self.parts.founding.iter().find_map(|command| match command.command() {
            Command::FoundRegion(found) => Some(found),
            _ => None,
        })
    }

    /// Takes over what a block changes about the members.
    pub(super) fn follow_members(
        &mut self,
        writes: &BTreeMap<Key, Arc<Record>>,
    ) -> Result<(), ExecutorError> {
        for exchange in writes.values().filter_map(|record| Exchange::from_record(record)) {
            self.members.exchanges.insert(exchange.code.clone(), exchange.clone());
        }
        for region in writes.values().filter_map(|record| Region::from_record(record)) {
            self.members.last_height = region.last_height();
        }
        self.renew_cosigners()
    }

    fn renew_cosigners(&mut self) -> Result<(), ExecutorError> {
        let keys = party::cosigners(self.members.exchanges.values(), self.height.max(Height(1)));
        if keys == self.members.keys && self.members.cosigners.is_some() {
            return Ok(());
        }
        let cosigners = self.parts.publisher.cosigners(&keys);
        let cosigners = cosigners.map_err(|error| ExecutorError::Damaged(error.to_string()))?;
        self.members.keys = keys;
        self.members.cosigners = Some(Arc::new(cosigners));
        Ok(())
    }

    /// See [`databourse_consensus::LedgerApp::height_params`].
    pub(super) fn params(&self) -> Result<HeightParams, ExecutorError> {
        let height = self.height.next();
        let voting = party::validators(self.members.exchanges.values(), height);
        let codes: Vec<ExchangeCode> = voting.iter().map(|(code, _)| code.clone()).collect();
        let keys: BTreeMap<_, _> = voting.into_iter().collect();
        let order = self.turns.order(&codes, height).into_iter();
        let validators: Vec<Validator> = order
            .filter_map(|exchange| {
                let consensus_key = *keys.get(&exchange)?;
                Some(Validator { exchange, consensus_key })
            })
            .collect();
        if validators.is_empty() {
            return Err(ExecutorError::Damaged("no exchange votes".to_owned()));
        }
        Ok(HeightParams { height, validators })
    }

    /// Whose turn the next block was, and who made it.
    pub(super) fn turn(&self, block: &Block) -> Result<Turn, ExecutorError> {
        let proposer = block.header.claims().exchange.clone();
        let due = self.params()?.validators.into_iter().next().map(|validator| validator.exchange);
        Ok(Turn { due: due.unwrap_or_else(|| proposer.clone()), proposer })
    }

    pub(super) async fn keep_undecided(&mut self, undecided: &Undecided) -> Result<(), ExecutorError> {
        self.land().await?;
        let watch = StopWatch::start();
        let writer = self.parts.writer.as_mut().ok_or(ExecutorError::SessionLost)?;
        let row = UndecidedRow {
            height: undecided.height,
            round: undecided.round,
            block_id: undecided.block.id(),
            valid_round: undecided.valid_round,
            proposer: undecided.proposer.clone(),
            is_valid: undecided.is_valid,
            bytes: undecided.block.encode(),
        };
        writer.save_undecided(&row).await?;
        self.totals.stage(Stage::Keep, watch);
        Ok(())
    }

    pub(super) async fn kept_undecided(&self, height: Height) -> Result<Vec<Undecided>, ExecutorError> {
        let rows = self.parts.store.undecided(height).await?;
        rows.into_iter()
            .map(|row| {
                let block = Block::decode(&row.bytes).map_err(ExecutorError::Block)?;
                let UndecidedRow { height, round, valid_round, proposer, is_valid, .. } = row;
                Ok(Undecided { height, round, valid_round, proposer, is_valid, block: Arc::new(block) })
            })
            .collect()
    }

    pub(super) async fn committed_blocks(
        &self,
        range: RangeInclusive<Height>,
    ) -> Result<Vec<Decided>, ExecutorError> {
        let rows = self.parts.store.decided_blocks(range, DECIDED_BYTES_MAX).await?;
        let decided = rows.into_iter().map(|row| Decided {
            height: row.height,
            block: row.block,
            certificate: CommitCertificate {
                round: row.agreement.round,
                precommits: row.agreement.precommits,
            },
        });
        Ok(decided.collect())
    }

    pub(super) async fn keep_evidence(&mut self, evidence: Vec<DoubleSigning>) -> Result<(), ExecutorError> {
        self.parts.store.save_evidence(&evidence).await?;
        for found in evidence {
            // Whoever reports it may have stopped; the store keeps it for the next start.
            let _ = self.parts.evidence.send(found);
        }
        Ok(())
    }

    /// Keeps what is needed to find out why this node has diverged. The process is about to end: it may wait for the disk.
    pub(super) fn report(&self, found: &Divergence<'_>) {
        let before = Before {
            height: self.height,
            size: TreeSize(self.edge.size()),
            root: self.edge.root().to_string(),
        };
        let (exchange, now) = (&self.parts.exchange, self.parts.clock.now());
        let written = self.parts.reports.write(Reporter { exchange, now, before }, found);
        if let Err(failure) = written {
            error!(%failure, height = found.height.0, "the report of the divergence is not written");
        }
    }
}

/// The exchanges with which a ledger begins.
fn founders(region: Option<&FoundRegion>) -> Result<Vec<Exchange>, ExecutorError> {
    let Some(region) = region else { return Ok(Vec::new()) };
    let founded = party::found(None, region, Height(1), Timestamp::EPOCH);
    founded.map(|(_, exchanges)| exchanges).map_err(ExecutorError::Founding)
}
