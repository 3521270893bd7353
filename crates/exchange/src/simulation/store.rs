//! The store of a simulated node: a disk that is slow, refuses, tears, forgets to acknowledge and loses sessions.

use super::{plan::Planted, world::World};
use crate::executor::{LedgerStore, LedgerWriter};
use databourse_ledger::DoubleSigning;
use databourse_market::{Key, Noun, Record};
use databourse_merkle::TileEdge;
use databourse_primitives::Height;
use databourse_store::{ChainHead, CommitBatch, DecidedRow, StoreError, TurnRow, UndecidedRow};
use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

pub(super) fn unavailable(what: &'static str) -> StoreError {
    StoreError::Unavailable { source: what.into() }
}

/// A handle of one life of a node.
#[derive(Clone)]
pub(super) struct SimulatedStore {
    world: Arc<World>,
    place: usize,
    life: u64,
}

/// How a write ends.
enum Fate {
    Done,
    /// Nothing is written and the session goes on.
    RefusedBefore,
    /// It breaks in the middle: nothing of it is kept.
    Torn,
    /// It is kept and nobody is told.
    Unacknowledged,
    /// The session is lost, and the server ends the write a while later.
    Late(u64),
}

impl SimulatedStore {
    pub(super) fn new(world: &Arc<World>, place: usize) -> Self {
        let life = world.disk(place).life;
        Self { world: Arc::clone(world), place, life }
    }

    fn is_dead(&self) -> bool {
        self.world.disk(self.place).life != self.life
    }

    /// Takes as long as the disk takes; fails if the process is gone by then.
    async fn wait(&self, ms_max: u64) -> Result<(), StoreError> {
        let ms = self.world.disk_delay_ms(ms_max);
        if ms > 0 {
            self.world.time.sleep(ms).await;
        }
        if self.is_dead() { Err(unavailable("the process is gone")) } else { Ok(()) }
    }

    async fn read<T>(&self, read: impl FnOnce(&World) -> T + Send) -> Result<T, StoreError> {
        self.wait(1).await?;
        if self.world.disk_fails() {
            return Err(unavailable("a read fails"));
        }
        Ok(read(&self.world))
    }

    fn fate(&self) -> Fate {
        let now = self.world.time.now();
        if self.world.disk(self.place).full_until_ms > now {
            return Fate::RefusedBefore;
        }
        if !self.world.disk_fails() {
            return Fate::Done;
        }
        let kind = self.world.random().below(4);
        match kind {
            0 => Fate::RefusedBefore,
            1 => Fate::Torn,
            2 => Fate::Unacknowledged,
            _ => Fate::Late(self.world.random().between(1, 400)),
        }
    }
}

impl LedgerStore for SimulatedStore {
    type Writer = SimulatedWriter;

    async fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        self.read(|world| world.disk(self.place).tables.head).await
    }

    async fn tree_edge(&self) -> Result<TileEdge, StoreError> {
        self.read(|world| world.disk(self.place).tables.edge.clone()).await
    }

    async fn load(&self, keys: &BTreeSet<Key>) -> Result<Vec<(Key, Option<Record>)>, StoreError> {
        let alters = self.world.plan.planted == Planted::AlteredBalance && self.place == 1;
        self.read(|world| {
            let disk = world.disk(self.place);
            let record = |key: &Key| {
                let json = disk.tables.records.get(key)?;
                let altered = if alters && key.noun == Noun::Account {
                    json.replacen("\"credits_minor\":100000", "\"credits_minor\":100001", 1)
                } else {
                    json.clone()
                };
                Some(Record::from_json(key.noun, &altered).unwrap())
            };
            keys.iter().map(|key| (key.clone(), record(key))).collect()
        })
        .await
    }

    async fn turns(&self, from: Height, limit: u32) -> Result<Vec<TurnRow>, StoreError> {
        self.read(|world| {
            let disk = world.disk(self.place);
            let rows = (1..).map(Height).zip(&disk.tables.blocks).filter(|(height, _)| *height >= from);
            let row = |(height, block): (Height, &super::disk::KeptBlock)| TurnRow {
                height,
                round: block.agreement.round,
                turn: block.agreement.turn.clone(),
                proposer: block.agreement.proposer.clone(),
            };
            rows.take(limit as usize).map(row).collect()
        })
        .await
    }

    async fn undecided(&self, height: Height) -> Result<Vec<UndecidedRow>, StoreError> {
        self.read(|world| {
            let disk = world.disk(self.place);
            let rows = disk.tables.undecided.values();
            rows.filter(|row| row.height == height).cloned().collect()
        })
        .await
    }

    async fn decided_blocks(
        &self,
        range: RangeInclusive<Height>,
        _bytes_max: u64,
    ) -> Result<Vec<DecidedRow>, StoreError> {
        self.read(|world| {
            let disk = world.disk(self.place);
            let tables = &disk.tables;
            let rows = (1..).map(Height).zip(&tables.blocks).filter(|(height, _)| range.contains(height));
            let row = |(height, block): (Height, &super::disk::KeptBlock)| {
                let first = usize::try_from(block.header_index.0).unwrap();
                let end = usize::try_from(block.tree_size).unwrap();
                let mut bytes = Vec::new();
                for entry in &tables.entries[first..end] {
                    bytes.extend_from_slice(&u16::try_from(entry.bytes.len()).unwrap().to_be_bytes());
                    bytes.extend_from_slice(&entry.bytes);
                }
                DecidedRow { height, block: bytes, agreement: block.agreement.clone() }
            };
            rows.map(row).collect()
        })
        .await
    }

    async fn save_evidence(&self, evidence: &[DoubleSigning]) -> Result<u64, StoreError> {
        self.wait(2).await?;
        let fate = self.fate();
        if matches!(fate, Fate::RefusedBefore | Fate::Torn | Fate::Late(_)) {
            return Err(unavailable("the evidence is not written"));
        }
        let mut disk = self.world.disk(self.place);
        for proof in evidence {
            let name = serde_json::to_string(proof).unwrap();
            disk.tables.evidence.entry(name).or_insert_with(|| (proof.clone(), false));
        }
        drop(disk);
        if matches!(fate, Fate::Unacknowledged) {
            return Err(unavailable("nobody says that the evidence is written"));
        }
        Ok(evidence.len() as u64)
    }

    async fn open_writer(&self) -> Result<SimulatedWriter, StoreError> {
        self.wait(5).await?;
        if self.world.disk_fails() {
            return Err(unavailable("no session"));
        }
        let now = self.world.time.now();
        let mut disk = self.world.disk(self.place);
        if disk.locked_until_ms > now {
            return Err(StoreError::LockedByAnother);
        }
        disk.session += 1;
        Ok(SimulatedWriter { store: self.clone(), session: disk.session, is_lost: false })
    }
}

/// The session that writes.
pub(super) struct SimulatedWriter {
    store: SimulatedStore,
    session: u64,
    is_lost: bool,
}

impl SimulatedWriter {
    /// As [`databourse_store::Writer`] does it: the session is lost until the write has its answer.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.is_lost || self.store.world.disk(self.store.place).session != self.session {
            self.is_lost = true;
            return Err(unavailable("the writing session has ended"));
        }
        self.is_lost = true;
        Ok(())
    }

    /// `write` happens as a whole or not at all.
    async fn write(
        &mut self,
        write: impl FnOnce(&World, usize) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.begin()?;
        self.store.wait(3).await?;
        let store = self.store.clone();
        match store.fate() {
            Fate::Done => {
                let answer = write(&store.world, store.place);
                store.wait(2).await?;
                self.is_lost = matches!(answer, Err(StoreError::Unavailable { .. }));
                answer
            }
            Fate::RefusedBefore => Err(unavailable("the write is refused")),
            Fate::Torn => Err(unavailable("the write is torn")),
            Fate::Unacknowledged => {
                write(&store.world, store.place)?;
                Err(unavailable("nobody says that it is written"))
            }
            Fate::Late(ms) => {
                let (session, until) = (self.session, store.world.time.now() + ms);
                // Whoever opens the next session waits for the end of this one.
                store.world.disk(store.place).locked_until_ms = until + 1;
                tokio::spawn(async move {
                    store.world.time.sleep_until(until).await;
                    if store.world.disk(store.place).session == session {
                        let _ = write(&store.world, store.place);
                    }
                });
                Err(unavailable("the session is lost while it writes"))
            }
        }
    }
}

impl LedgerWriter for SimulatedWriter {
    fn is_usable(&self) -> bool {
        !self.is_lost && self.store.world.disk(self.store.place).session == self.session
    }

    async fn commit(&mut self, batch: &CommitBatch) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.write(move |world, place| world.apply(place, &batch)).await
    }

    async fn save_undecided(&mut self, undecided: &UndecidedRow) -> Result<(), StoreError> {
        let row = undecided.clone();
        self.write(move |world, place| {
            let key = (row.height, row.round, row.block_id);
            world.disk(place).tables.undecided.entry(key).or_insert(row);
            Ok(())
        })
        .await
    }
}
