//! What outlives the process of a node: its database and the log of its votes.

use super::vote::VoteLog;
use databourse_ledger::{DoubleSigning, SignedCheckpoint};
use databourse_market::{Key, Noun};
use databourse_merkle::{Hash, TileEdge};
use databourse_party::Exchange;
use databourse_primitives::{Digest, EntryId, Height, LeafIndex, Timestamp};
use databourse_store::{Agreement, ChainHead, CommitBatch, StoreError, UndecidedRow};
use std::collections::BTreeMap;

/// An entry as it is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptEntry {
    pub(super) id: EntryId,
    pub(super) bytes: Vec<u8>,
    pub(super) leaf_hash: Hash,
}

/// A block as it is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptBlock {
    pub(super) time: Timestamp,
    pub(super) header_index: LeafIndex,
    pub(super) tree_size: u64,
    pub(super) agreement: Agreement,
}

/// The tables of a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) head: Option<ChainHead>,
    /// Records as the JSON that they are stored in.
    pub(super) records: BTreeMap<Key, String>,
    pub(super) entries: Vec<KeptEntry>,
    /// By height, from 1.
    pub(super) blocks: Vec<KeptBlock>,
    pub(super) edge: TileEdge,
    pub(super) undecided: BTreeMap<(Height, u32, Digest), UndecidedRow>,
    /// Proofs by their JSON, and whether they were reported.
    pub(super) evidence: BTreeMap<String, (DoubleSigning, bool)>,
    pub(super) final_checkpoint: Option<(Height, SignedCheckpoint)>,
}

impl Tables {
    pub(super) fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The member records.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let first = Key::new(Noun::Exchange, "");
        let of_kind = self.records.range(first.clone()..).take_while(|(key, _)| key.noun == first.noun);
        of_kind.map(|(_, json)| serde_json::from_str(json).unwrap()).collect()
    }

    /// All of a block or nothing.
    pub(super) fn apply(&mut self, batch: &CommitBatch) -> Result<(), StoreError> {
        let (height, size) = (self.height(), self.entries.len() as u64);
        let last = self.head.map_or(Timestamp::EPOCH, |head| head.time);
        if batch.height.0 != height + 1 || batch.header_index.0 != size || batch.block_time < last {
            return Err(StoreError::Conflict { height: batch.height, tree_size: batch.header_index.0 });
        }
        let mut edge = self.edge.clone();
        let mut full_tiles = Vec::new();
        batch.entries.iter().for_each(|entry| edge.push(entry.leaf_hash, &mut full_tiles));
        if edge.root() != batch.root || edge.size() != batch.tree_size {
            return Err(StoreError::BatchMalformed("the root is not that of the entries"));
        }
        self.edge = edge;
        self.entries.extend(batch.entries.iter().map(|entry| KeptEntry {
            id: entry.id,
            bytes: entry.bytes.clone(),
            leaf_hash: entry.leaf_hash,
        }));
        let rows = batch.effects.rows.iter();
        self.records.extend(rows.map(|row| (Key::new(row.noun, row.name.clone()), row.json.clone())));
        self.blocks.push(KeptBlock {
            time: batch.block_time,
            header_index: batch.header_index,
            tree_size: batch.tree_size,
            agreement: batch.agreement.clone(),
        });
        self.undecided.retain(|(height, _, _), _| *height > batch.height);
        self.head = Some(ChainHead {
            height: batch.height,
            block_id: batch.block_id,
            time: batch.block_time,
            tree_size: batch.tree_size,
            root: batch.root,
        });
        Ok(())
    }

    /// The tree of the first `size` leaves.
    pub(super) fn edge_at(&self, size: u64) -> TileEdge {
        let (mut edge, mut full) = (TileEdge::new(), Vec::new());
        let leaves = usize::try_from(size).unwrap();
        self.entries[..leaves].iter().for_each(|entry| edge.push(entry.leaf_hash, &mut full));
        edge
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) tables: Tables,
    /// What is left if the power fails now, if that is not all (a planted defect).
    pub(super) before: Option<Box<Tables>>,
    pub(super) votes: VoteLog,
    /// The life of the process that may use it; handles of earlier ones do nothing.
    pub(super) life: u64,
    /// The session that may write.
    pub(super) session: u64,
    /// Until when a session of before holds the right to write, milliseconds.
    pub(super) locked_until_ms: u64,
    /// Until when nothing can be written because the disk is full.
    pub(super) full_until_ms: u64,
}

impl Disk {
    /// What a power failure would leave.
    pub(super) fn durable(&self) -> &Tables {
        self.before.as_deref().unwrap_or(&self.tables)
    }

    /// The process ends; what was not durable is gone.
    pub(super) fn crash(&mut self, locked_until_ms: u64) {
        self.life += 1;
        self.session += 1;
        self.locked_until_ms = self.locked_until_ms.max(locked_until_ms);
        if let Some(before) = self.before.take() {
            self.tables = *before;
        }
    }
}
