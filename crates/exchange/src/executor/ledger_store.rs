//! What the executor asks of the store: PostgreSQL in a node, a disk with injected failures in the simulator.

use databourse_ledger::DoubleSigning;
use databourse_market::{Key, Record};
use databourse_merkle::TileEdge;
use databourse_primitives::Height;
use databourse_store::{
    ChainHead, CommitBatch, ConnectionConfig, DecidedRow, Store, StoreError, TurnRow, UndecidedRow, Writer,
};
use std::{collections::BTreeSet, future::Future, ops::RangeInclusive};

/// The committed ledger and what is kept beside it. Every answer is of the last block that is durable when it is given.
/// Each method is the one of the same name of [`Store`], which says what fails and when.
pub(crate) trait LedgerStore: Clone + Send + Sync + 'static {
    /// The one session that writes.
    type Writer: LedgerWriter;

    fn chain_head(&self) -> impl Future<Output = Result<Option<ChainHead>, StoreError>> + Send;

    fn tree_edge(&self) -> impl Future<Output = Result<TileEdge, StoreError>> + Send;

    fn load(
        &self,
        keys: &BTreeSet<Key>,
    ) -> impl Future<Output = Result<Vec<(Key, Option<Record>)>, StoreError>> + Send;

    fn turns(
        &self,
        from: Height,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<TurnRow>, StoreError>> + Send;

    fn undecided(&self, height: Height)
    -> impl Future<Output = Result<Vec<UndecidedRow>, StoreError>> + Send;

    fn decided_blocks(
        &self,
        range: RangeInclusive<Height>,
        bytes_max: u64,
    ) -> impl Future<Output = Result<Vec<DecidedRow>, StoreError>> + Send;

    fn save_evidence(
        &self,
        evidence: &[DoubleSigning],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Opens the session that writes: when this returns, none of before writes any more.
    fn open_writer(&self) -> impl Future<Output = Result<Self::Writer, StoreError>> + Send;
}

/// The session that writes. Each method is the one of the same name of [`Writer`].
pub(crate) trait LedgerWriter: Send + Sync + 'static {
    fn is_usable(&self) -> bool;

    fn commit(&mut self, batch: &CommitBatch) -> impl Future<Output = Result<(), StoreError>> + Send;

    fn save_undecided(
        &mut self,
        undecided: &UndecidedRow,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// PostgreSQL, and how to reach it for another writing session.
#[derive(Clone)]
pub(crate) struct Database {
    store: Store,
    config: ConnectionConfig,
}

impl Database {
    pub(crate) const fn new(store: Store, config: ConnectionConfig) -> Self {
        Self { store, config }
    }
}

impl LedgerStore for Database {
    type Writer = Writer;

    async fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        self.store.chain_head().await
    }

    async fn tree_edge(&self) -> Result<TileEdge, StoreError> {
        self.store.tree_edge().await
    }

    async fn load(&self, keys: &BTreeSet<Key>) -> Result<Vec<(Key, Option<Record>)>, StoreError> {
        self.store.load(keys).await
    }

    async fn turns(&self, from: Height, limit: u32) -> Result<Vec<TurnRow>, StoreError> {
        self.store.turns(from, limit).await
    }

    async fn undecided(&self, height: Height) -> Result<Vec<UndecidedRow>, StoreError> {
        self.store.undecided(height).await
    }

    async fn decided_blocks(
        &self,
        range: RangeInclusive<Height>,
        bytes_max: u64,
    ) -> Result<Vec<DecidedRow>, StoreError> {
        self.store.decided_blocks(range, bytes_max).await
    }

    async fn save_evidence(&self, evidence: &[DoubleSigning]) -> Result<u64, StoreError> {
        self.store.save_evidence(evidence).await
    }

    async fn open_writer(&self) -> Result<Writer, StoreError> {
        Writer::connect(self.config.clone()).await
    }
}

impl LedgerWriter for Writer {
    fn is_usable(&self) -> bool {
        Self::is_usable(self)
    }

    async fn commit(&mut self, batch: &CommitBatch) -> Result<(), StoreError> {
        Self::commit(self, batch).await
    }

    async fn save_undecided(&mut self, undecided: &UndecidedRow) -> Result<(), StoreError> {
        Self::save_undecided(self, undecided).await
    }
}
