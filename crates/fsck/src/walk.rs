//! One walk over the ledger: each entry is read once, hashed, and executed with its block; blocks, their agreement and
//! the journal are read beside it, row by row.

mod end;
mod rows;

use crate::{Check, FsckError, Rows, Tables, bytea, bytes, parsed};
use databourse_audit::{
    Cell, Difference, DifferenceKind, ExecutedBlock, ExpectedRow, FoundRow, KeyPart, Place, Replay, RowKey,
    Signers, TableComparison,
};
use databourse_ledger::{BLOCK_HEADER_TYPE, Block, Entry};
use databourse_market::{Key, MemoryState, Noun};
use databourse_merkle::{CompactRange, FullTile, Hash, MemoryTree, TileEdge, leaf_hash};
use databourse_party::turns::{Turn, Turns};
use databourse_primitives::{Digest, ExchangeCode, Height, LeafIndex};
use databourse_store::fsck::{DatabaseScan, TableKind};
use rows::{agreement, posting_rows};
use std::collections::{BTreeMap, HashMap};

/// A block as the walk came to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walked {
    pub(crate) height: Height,
    pub(crate) root: Hash,
}

/// What the walk came to.
pub(crate) struct Ledger {
    pub(crate) replay: Replay,
    pub(crate) tree: MemoryTree,
    /// By the number of leaves after them.
    pub(crate) blocks: BTreeMap<u64, Walked>,
    pub(crate) block_ids: BTreeMap<Height, Digest>,
    /// The entry that wrote a record last; of answers the record itself says it.
    pub(crate) writers: HashMap<Key, LeafIndex>,
    pub(crate) head: Option<(Height, u64)>,
    pub(crate) has_ended: bool,
    pub(crate) differences: Vec<Difference>,
    pub(crate) row_count: u64,
}

/// See the module.
pub(crate) struct Walk<'a> {
    scan: &'a DatabaseScan,
    tables: &'a Tables,
    check: &'a Check,
    replay: Replay,
    edge: TileEdge,
    tree: MemoryTree,
    /// The tree of the hashes that stand beside the entries.
    beside: CompactRange,
    /// Entries whose bytes do not give the hash beside them.
    unlike: Vec<LeafIndex>,
    tiles: BTreeMap<(u8, u64), Digest>,
    types: BTreeMap<String, u64>,
    height: Option<Height>,
    blocks: BTreeMap<u64, Walked>,
    block_ids: BTreeMap<Height, Digest>,
    last: Option<ExpectedRow>,
    turns: Turns,
    writers: HashMap<Key, LeafIndex>,
    differences: Vec<Difference>,
    row_count: u64,
    is_broken: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(scan: &'a DatabaseScan, tables: &'a Tables, check: &'a Check) -> Self {
        Self {
            scan,
            tables,
            check,
            replay: Replay::new(),
            edge: TileEdge::new(),
            tree: MemoryTree::new(),
            beside: CompactRange::new(),
            unlike: Vec::new(),
            tiles: BTreeMap::new(),
            types: BTreeMap::new(),
            height: None,
            blocks: BTreeMap::new(),
            block_ids: BTreeMap::new(),
            last: None,
            turns: Turns::default(),
            writers: HashMap::new(),
            differences: Vec::new(),
            row_count: 0,
            is_broken: false,
        }
    }

    pub(crate) async fn run(&mut self) -> Result<(), FsckError> {
        let Some(mut entries) = self.tables.open(self.scan, TableKind::Entry).await? else { return Ok(()) };
        let mut beside = [
            self.tables.open(self.scan, TableKind::Block).await?,
            self.tables.open(self.scan, TableKind::BlockAgreement).await?,
            self.tables.open(self.scan, TableKind::Posting).await?,
        ];
        while let Some(row) = entries.next(self.scan).await? {
            self.row_count += 1;
            if let Some(block) = self.entry(&row) {
                self.block(&block, &mut beside).await?;
            }
        }
        entries.close(self.scan).await?;
        for rows in beside.into_iter().flatten() {
            self.rest(rows).await?;
        }
        Ok(())
    }

    /// What follows from no block, after the last one. Nothing is said of it if the walk did not come to the end.
    async fn rest(&mut self, mut rows: Rows<'_>) -> Result<(), FsckError> {
        let mut comparison = TableComparison::new(&rows.table.name, []);
        while let Some(row) = rows.next(self.scan).await? {
            self.row_count += 1;
            if !self.has_ended() {
                comparison.found(&row);
            }
        }
        self.differences.extend(comparison.finish());
        rows.close(self.scan).await
    }

    fn entry(&mut self, row: &FoundRow) -> Option<ExecutedBlock> {
        let place = self.tree.size();
        let index = LeafIndex(place);
        let stands: Option<u64> = parsed(row, "leaf_index");
        if self.is_broken || stands != Some(place) {
            // Without an entry nothing after it has a place.
            if !self.is_broken {
                self.is_broken = true;
                let missing = Place::row("entry", place);
                self.differences.push(Difference {
                    place: missing,
                    entry: Some(index),
                    kind: DifferenceKind::Missing,
                });
                let place = Place::row("entry", &row.key);
                self.differences.push(Difference { place, entry: None, kind: DifferenceKind::Superfluous });
            }
            return None;
        }
        let body = bytes(row, "bytes").unwrap_or_default();
        let hash = leaf_hash(&body);
        let mut full = Vec::new();
        self.edge.push(hash, &mut full);
        self.tree.push(hash);
        for FullTile { level, index, hashes } in full {
            let joined: Vec<u8> = hashes.iter().flat_map(|hash| hash.as_bytes().iter().copied()).collect();
            self.tiles.insert((level, index), Digest::of(bytea(joined).as_bytes()));
        }
        let stored = bytes(row, "leaf_hash").and_then(|bytes| Hash::try_from(&*bytes).ok());
        self.beside.append(stored.unwrap_or(hash));
        if stored != Some(hash) {
            self.unlike.push(index);
        }
        self.entry_cells(row, index, &body);
        self.replay.feed(&body)
    }

    /// Whether something made it impossible to say what follows.
    const fn has_ended(&self) -> bool {
        self.is_broken || self.replay.has_ended()
    }

    /// What the row says of an entry that its bytes say too.
    fn entry_cells(&mut self, row: &FoundRow, index: LeafIndex, body: &[u8]) {
        let Ok(entry) = Entry::parse(body) else { return };
        let claims = entry.claims();
        *self.types.entry(claims.entry_type.clone()).or_default() += 1;
        if claims.entry_type == BLOCK_HEADER_TYPE {
            let block = Block { header: entry.clone(), commands: Vec::new() };
            self.height = block.header_fields().ok().map(|fields| fields.height);
        }
        let height = self.height.map_or(Cell::Any, |height| Cell::Text(height.to_string()));
        let expected = ExpectedRow {
            key: RowKey::numbers([index.0]),
            cells: BTreeMap::from([
                ("leaf_index", Cell::Text(index.to_string())),
                ("height", height),
                ("entry_id", Cell::Text(claims.id.to_string())),
                ("entry_type", Cell::Text(claims.entry_type.clone())),
                // Compared by their hashes.
                ("bytes", Cell::Any),
                ("leaf_hash", Cell::Any),
            ]),
            entry: Some(index),
        };
        self.compare("entry", expected, row);
    }

    fn compare(&mut self, table: &str, expected: ExpectedRow, row: &FoundRow) {
        let mut comparison = TableComparison::new(table, [expected]);
        comparison.found(row);
        self.differences.extend(comparison.finish());
    }

    async fn block(
        &mut self,
        block: &ExecutedBlock,
        [blocks, agreements, postings]: &mut [Option<Rows<'_>>; 3],
    ) -> Result<(), FsckError> {
        let (size, root) = (block.size.0, self.tree.root());
        self.blocks.insert(size, Walked { height: block.height, root });
        self.block_ids.insert(block.height, block.id);
        for command in &block.commands {
            for change in command.changes.iter().filter(|change| change.key.noun != Noun::Answer) {
                self.writers.insert(change.key.clone(), command.leaf_index);
            }
        }
        let common = [
            ("height", Cell::Text(block.height.to_string())),
            ("block_id", Cell::Text(bytea(block.id.as_bytes()))),
            ("time_ms", Cell::Text(block.time.unix_ms().to_string())),
            ("tree_size", Cell::Text(size.to_string())),
            ("root", Cell::Text(bytea(root.as_bytes()))),
        ];
        let (entry, key) = (Some(block.header_index), RowKey::numbers([block.height.0]));
        let mut cells = BTreeMap::from(common);
        self.last = Some(ExpectedRow { key: RowKey::text("true"), cells: cells.clone(), entry });
        cells.insert("header_index", Cell::Text(block.header_index.to_string()));
        let upto = |key: &RowKey, end: u64| matches!(key.0.first(), Some(KeyPart::Number(number)) if *number <= i128::from(end));
        let expected = ExpectedRow { key: key.clone(), cells, entry };
        self.beside_block(blocks, [expected], |key| upto(key, block.height.0), |_, _| None).await?;

        let turn = self.turn(block);
        let expected = ExpectedRow {
            key,
            cells: BTreeMap::from([
                ("height", Cell::Text(block.height.to_string())),
                ("turn", Cell::Text(turn.due.to_string())),
                ("proposer", Cell::Text(turn.proposer.to_string())),
                // Checked by their signatures.
                ("round", Cell::Any),
                ("precommits", Cell::Any),
            ]),
            entry,
        };
        self.turns.push(turn);
        let is_region = self.check.is_region;
        let agreed = |state: &MemoryState, row: &FoundRow| agreement(state, row, block, is_region);
        self.beside_block(agreements, [expected], |key| upto(key, block.height.0), agreed).await?;

        let expected = posting_rows(block);
        self.beside_block(postings, expected, |key| upto(key, size.saturating_sub(1)), |_, _| None).await
    }

    /// Compares the rows of a table that belong to a block.
    async fn beside_block(
        &mut self,
        rows: &mut Option<Rows<'_>>,
        expected: impl IntoIterator<Item = ExpectedRow>,
        is_of_block: impl Fn(&RowKey) -> bool,
        judge: impl Fn(&MemoryState, &FoundRow) -> Option<Difference>,
    ) -> Result<(), FsckError> {
        let Some(rows) = rows else { return Ok(()) };
        let mut comparison = TableComparison::new(&rows.table.name, expected);
        while let Some(row) = rows.next_if(self.scan, &is_of_block).await? {
            self.row_count += 1;
            self.differences.extend(judge(self.replay.state(), &row));
            comparison.found(&row);
        }
        self.differences.extend(comparison.finish());
        Ok(())
    }

    /// Whose turn the block was, and who made it.
    fn turn(&self, block: &ExecutedBlock) -> Turn {
        let proposer = block.header.claims().exchange.clone();
        let voters = Signers::of(self.replay.state()).map(|signers| signers.voters(block.height));
        let codes: Vec<ExchangeCode> = voters.unwrap_or_default().into_keys().collect();
        let due = self.turns.order(&codes, block.height).into_iter().next();
        Turn { due: due.unwrap_or_else(|| proposer.clone()), proposer }
    }
}
