//! The commit of a block: all that it changes, in one transaction and one fsync.
//!
//! | step | round trips | what |
//! |---|---|---|
//! | 1 | 1 | `BEGIN` |
//! | 2 | 1 | the head moves; block, agreement, entries, counts, tiles, records per kind, postings; proposals go; all at once |
//! | 3 | 1 | `COMMIT`: the commit point |
//!
//! Each table gets one statement per block, its rows as arrays, in order of key, so a hot row is written once and locks
//! are always taken in one order. The head moves first: it decides whether the block may follow at all. The number of
//! rows that each statement wrote is checked before the commit.

use crate::{
    Agreement, StoreError, Writer,
    rows::Rows,
    session::{COMMIT_LIMIT, within},
};
use databourse_ledger::Entry;
use databourse_market::EncodedEffects;
use databourse_merkle::{FullTile, Hash};
use databourse_primitives::{Digest, EntryId, Height, LeafIndex, Timestamp};
use futures::future::{BoxFuture, FutureExt as _, join_all};
use tokio_postgres::{Statement, Transaction, types::ToSql};

/// An entry to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Where it will stand.
    pub leaf_index: u64,
    /// Its name.
    pub id: EntryId,
    /// Its type.
    pub entry_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its leaf hash.
    pub leaf_hash: Hash,
}

impl NewEntry {
    /// `entry` at that place; `leaf_hash` is its own, which the caller has from the tree.
    pub fn new(leaf_index: LeafIndex, entry: &Entry, leaf_hash: Hash) -> Self {
        let claims = entry.claims();
        let (entry_type, bytes) = (claims.entry_type.clone(), entry.bytes().to_vec());
        Self { leaf_index: leaf_index.0, id: claims.id, entry_type, bytes, leaf_hash }
    }
}

/// All that a block changes.
#[derive(Debug, Clone)]
pub struct CommitBatch {
    /// Its place in the chain of blocks, from 1.
    pub height: Height,
    /// Its name.
    pub block_id: Digest,
    /// Its time; not before that of the block before.
    pub block_time: Timestamp,
    /// How it was agreed.
    pub agreement: Agreement,
    /// Place of its header: the number of leaves before it.
    pub header_index: LeafIndex,
    /// Its header entry, then its commands', without a gap.
    pub entries: Vec<NewEntry>,
    /// What its commands change.
    pub effects: EncodedEffects,
    /// The tiles that its leaves made full.
    pub full_tiles: Vec<FullTile>,
    /// Number of leaves after it.
    pub tree_size: u64,
    /// Root over them.
    pub root: Hash,
}

impl CommitBatch {
    fn check(&self) -> Result<(), StoreError> {
        let places = self.entries.iter().zip(self.header_index.0..);
        if self.entries.is_empty() {
            return Err(StoreError::BatchMalformed("a block has at least its header entry"));
        }
        if places.into_iter().any(|(entry, place)| entry.leaf_index != place) {
            return Err(StoreError::BatchMalformed("entries follow one another from the header's place on"));
        }
        if self.header_index.0.checked_add(self.entries.len() as u64) != Some(self.tree_size) {
            return Err(StoreError::BatchMalformed("the tree ends with the last entry"));
        }
        if self.height.0 == 0 {
            return Err(StoreError::BatchMalformed("heights begin with 1"));
        }
        Ok(())
    }
}

impl Writer {
    /// Commits a block: all of it is durable when this returns, or nothing of it is kept.
    ///
    /// After `Unavailable` it is not known which of the two: forget what is in memory, connect again if
    /// [`Writer::is_usable`] says no, and read the head. After any other error nothing was kept and the session goes on.
    ///
    /// # Errors
    /// `Conflict` if the block does not follow the head in height, size and time; `BatchMalformed`; `OutOfRange`;
    /// `Refused`; `RowsMissing`; `Unavailable`.
    pub async fn commit(&mut self, batch: &CommitBatch) -> Result<(), StoreError> {
        batch.check()?;
        self.begin()?;
        let answer = within(COMMIT_LIMIT, self.commit_in_one_transaction(batch)).await;
        self.end(&answer);
        answer
    }

    async fn commit_in_one_transaction(&mut self, batch: &CommitBatch) -> Result<(), StoreError> {
        let Self { client, statements, undecided_from, .. } = self;
        let rows = Rows::of(batch)?;
        let tx = client.transaction().await?;
        let head = if batch.height.0 == 1 { &statements.begin_chain } else { &statements.move_head };
        let (height, size) = (&rows.height, &rows.tree_size);
        let block_id = batch.block_id.as_bytes().as_slice();
        let root = batch.root.as_ref();
        let time_ms = batch.block_time.unix_ms();
        let mut writes: Vec<BoxFuture<'_, Result<(), StoreError>>> = Vec::new();
        let follows: [&(dyn ToSql + Sync); 7] =
            [height, &block_id, &time_ms, size, &root, &rows.previous_height, &rows.header_index];
        let moved = tx.execute(head, &follows);
        let block: [&(dyn ToSql + Sync); 6] = [height, &block_id, &time_ms, size, &root, &rows.header_index];
        writes.push(write(&tx, &statements.block, "block", 1, block.to_vec()));
        let agreement = rows.agreement.columns(height);
        writes.push(write(&tx, &statements.agreement, "block_agreement", 1, agreement));
        let entries = &rows.entries;
        let columns: Vec<&(dyn ToSql + Sync)> =
            vec![&rows.header_index, height, &entries.ids, &entries.types, &entries.bytes, &entries.hashes];
        writes.push(write(&tx, &statements.entries, "entry", entries.ids.len(), columns));
        let counts = &rows.entry_counts;
        let columns: Vec<&(dyn ToSql + Sync)> = vec![&counts.0, &counts.1];
        writes.push(write(&tx, &statements.entry_counts, "entry_count", counts.0.len(), columns));
        let tiles = &rows.tiles;
        if !tiles.levels.is_empty() {
            let columns: Vec<&(dyn ToSql + Sync)> = vec![&tiles.levels, &tiles.indexes, &tiles.bodies];
            writes.push(write(&tx, &statements.tiles, "tile", tiles.levels.len(), columns));
        }
        for (noun, (names, records)) in &rows.records {
            let statement = statements.records.get(noun).ok_or(StoreError::BatchMalformed("unknown kind"))?;
            let columns: Vec<&(dyn ToSql + Sync)> = vec![names, records];
            writes.push(write(&tx, statement, noun.as_str(), names.len(), columns));
        }
        let postings = &rows.postings;
        if !postings.accounts.is_empty() {
            writes.push(write(
                &tx,
                &statements.postings,
                "posting",
                postings.accounts.len(),
                postings.columns(),
            ));
        }
        writes.push(forget(&tx, &statements.forget_undecided, [*undecided_from, *height]));
        // Requests leave in the order in which they are polled first, the head's before all others.
        let (moved, written) = futures::join!(moved, join_all(writes));
        if moved? != 1 {
            tx.rollback().await?;
            return Err(StoreError::Conflict { height: batch.height, tree_size: batch.header_index.0 });
        }
        if let Some(error) = written.into_iter().find_map(Result::err) {
            tx.rollback().await?;
            return Err(error);
        }
        // The commit point: what is above is gone if the power fails before this returns, and kept if it fails after.
        tx.commit().await?;
        *undecided_from = rows.height.saturating_add(1);
        Ok(())
    }
}

/// Executes one of the statements and checks that it wrote every row.
fn write<'a>(
    tx: &'a Transaction<'_>,
    statement: &'a Statement,
    table: &'static str,
    row_count: usize,
    columns: Vec<&'a (dyn ToSql + Sync)>,
) -> BoxFuture<'a, Result<(), StoreError>> {
    async move {
        let (written, expected) = (tx.execute(statement, &columns).await?, row_count as u64);
        if written == expected { Ok(()) } else { Err(StoreError::RowsMissing { table, expected, written }) }
    }
    .boxed()
}

/// Deletes the proposed blocks of these heights, however many there are: in a region of one, none.
fn forget<'a>(
    tx: &'a Transaction<'_>,
    statement: &'a Statement,
    heights: [i64; 2],
) -> BoxFuture<'a, Result<(), StoreError>> {
    async move {
        let [from, to] = &heights;
        Ok(tx.execute(statement, &[from, to]).await.map(drop)?)
    }
    .boxed()
}
