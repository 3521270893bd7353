//! The auditor: entry by entry, block by block.

use crate::{Finding, FindingKind, anchors::BlockEnds};
use databourse_ledger::{BLOCK_HEADER_TYPE, Block, BlockHeader, Entry};
use databourse_market::{BlockContext, Decoded, MemoryState, Outcome, SignedCommand, execute};
use databourse_merkle::{CompactRange, Hash};
use databourse_party::{KeyOwner, KeyRecord};
use databourse_primitives::{ExchangeCode, Height, LeafIndex, Refusal, RefusalCode, Timestamp, TreeSize};
use std::collections::BTreeMap;

/// Checks a ledger as it reads it. A block that cannot be executed ends the audit, since nothing after it has a
/// meaning; its finding says which.
pub struct Auditor {
    state: MemoryState,
    tree: CompactRange,
    height: Height,
    time: Option<Timestamp>,
    /// Leaves and root when the last block ended.
    block_end: (u64, Hash),
    /// Where blocks ended, for the anchors that name such a place.
    block_ends: BlockEnds,
    open: Option<OpenBlock>,
    findings: Vec<Finding>,
    has_ended: bool,
    command_count: u64,
}

struct OpenBlock {
    header: Entry,
    fields: BlockHeader,
    commands: Vec<Entry>,
}

/// What an audit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries read, headers included.
    pub entry_count: u64,
    /// Blocks executed.
    pub height: Height,
    /// Commands executed.
    pub command_count: u64,
    /// Root over the entries read.
    pub root: Hash,
    /// Every difference; none in a sound ledger.
    pub findings: Vec<Finding>,
}

impl Default for Auditor {
    fn default() -> Self {
        Self::new()
    }
}

impl Auditor {
    /// An auditor of a ledger from its first entry.
    pub fn new() -> Self {
        Self {
            state: MemoryState::new(),
            tree: CompactRange::new(),
            height: Height::default(),
            time: None,
            block_end: (0, databourse_merkle::empty_root()),
            block_ends: BlockEnds::default(),
            open: None,
            findings: Vec::new(),
            has_ended: false,
            command_count: 0,
        }
    }

    /// The state that follows from the blocks executed so far.
    pub const fn state(&self) -> &MemoryState {
        &self.state
    }

    /// Whether a finding made it impossible to go on.
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Reads the next entry.
    pub fn feed(&mut self, bytes: &[u8]) {
        let index = LeafIndex(self.tree.size());
        self.tree.append(databourse_merkle::leaf_hash(bytes));
        if self.has_ended {
            return;
        }
        match Entry::parse(bytes) {
            Err(refusal) => self.end(index, FindingKind::EntryUnreadable { refusal }),
            Ok(entry) => self.take(index, entry),
        }
    }

    fn end(&mut self, leaf_index: LeafIndex, kind: FindingKind) {
        self.findings.push(Finding { leaf_index, kind });
        self.has_ended = true;
    }

    fn take(&mut self, index: LeafIndex, entry: Entry) {
        let is_header = entry.claims().entry_type == BLOCK_HEADER_TYPE;
        let complete = match (&mut self.open, is_header) {
            (None, true) => {
                let block = Block { header: entry.clone(), commands: Vec::new() };
                match block.header_fields() {
                    Ok(fields) => {
                        let complete = fields.command_count == 0;
                        self.open = Some(OpenBlock { header: entry, fields, commands: Vec::new() });
                        complete
                    }
                    Err(refusal) => return self.end(index, FindingKind::EntryUnreadable { refusal }),
                }
            }
            (Some(open), false) => {
                open.commands.push(entry);
                open.commands.len() == open.fields.command_count as usize
            }
            (None, false) => return self.malformed(index, "a block header"),
            (Some(_), true) => return self.malformed(index, "a command of the block before"),
        };
        if complete && let Some(open) = self.open.take() {
            self.execute(open);
        }
    }

    fn malformed(&mut self, index: LeafIndex, expected: &str) {
        self.end(index, FindingKind::BlockMalformed { expected: expected.to_owned() });
    }

    fn execute(&mut self, open: OpenBlock) {
        let OpenBlock { header, fields, commands } = open;
        let header_index = LeafIndex(self.block_end.0);
        let follows = fields.height == self.height.next()
            && self.time.is_none_or(|time| fields.time >= time)
            && fields.previous_size == TreeSize(self.block_end.0)
            && fields.previous_root == self.block_end.1;
        if !follows {
            return self.malformed(header_index, "a header that follows the block before");
        }
        let block = Block { header, commands };
        if let Err(error) = block.check_shape() {
            return self.malformed(header_index, &error.to_string());
        }
        let context = BlockContext { height: fields.height, time: fields.time, header_index };
        let signed = match self.verify(&block) {
            Ok(signed) => signed,
            Err((position, refusal)) => {
                let index = LeafIndex(header_index.0 + 1 + position);
                return self.end(index, FindingKind::CommandRefused { refusal });
            }
        };
        // A state in memory never lacks a record.
        let Ok(executed) = execute(&self.state, &signed, &context) else {
            return self.malformed(header_index, "a state that is wholly in memory");
        };
        for (position, outcome) in (1..).zip(&executed.outcomes) {
            let kind = match outcome {
                Outcome::Accepted(_) => continue,
                Outcome::Refused(refusal) => FindingKind::CommandRefused { refusal: refusal.clone() },
                Outcome::AlreadyApplied(first) => FindingKind::EntryRepeated { first: first.leaf_index },
            };
            return self.end(LeafIndex(header_index.0 + position), kind);
        }
        let effects = executed.effects;
        let computed = match effects.clone().encode() {
            Ok(encoded) => encoded.digest,
            Err(error) => return self.malformed(header_index, &error.to_string()),
        };
        if computed != fields.effects_digest {
            let stated = fields.effects_digest;
            return self.end(header_index, FindingKind::EffectsDiffer { stated, computed });
        }
        self.state.apply(effects);
        if !self.proposed_by_exchange(&block.header) {
            return self.end(header_index, FindingKind::ProposerUnknown);
        }
        for (position, command) in (1..).zip(&signed) {
            if let Some(kind) = self.block_ends.check(command) {
                self.findings.push(Finding { leaf_index: LeafIndex(header_index.0 + position), kind });
            }
        }
        self.command_count += signed.len() as u64;
        self.height = fields.height;
        self.time = Some(fields.time);
        self.block_end = (self.tree.size(), self.tree.root());
        self.block_ends.push(self.block_end);
    }

    /// Checks each command's signature with the key that the ledger gives it: registered before, or by the founding.
    fn verify(&self, block: &Block) -> Result<Vec<SignedCommand>, (u64, Refusal)> {
        let mut registered_here = BTreeMap::new();
        let mut signed = Vec::with_capacity(block.commands.len());
        for (position, entry) in (0..).zip(&block.commands) {
            let refused = |refusal| (position, refusal);
            let decoded = Decoded::new(entry.clone()).map_err(refused)?;
            registered_here.extend(decoded.command().registered_keys().map(|key| (key.key_id(), key)));
            let known = self.state.find::<KeyRecord>(&entry.kid()).map(|record| record.key);
            let key = known.or_else(|| registered_here.get(&entry.kid()).copied());
            let unknown = || Refusal::new(RefusalCode::KeyUnknown, "kid", "the name of a registered key");
            signed.push(decoded.verify(&key.ok_or_else(unknown).map_err(refused)?).map_err(refused)?);
        }
        Ok(signed)
    }

    fn proposed_by_exchange(&self, header: &Entry) -> bool {
        let Some(record) = self.state.find::<KeyRecord>(&header.kid()) else { return false };
        let exchange: &ExchangeCode = &header.claims().exchange;
        record.owner == KeyOwner::Exchange(exchange.clone()) && header.verify(&record.key).is_ok()
    }

    /// Ends the audit. `signed` is what a checkpoint says of size and root, if one is at hand.
    pub fn finish(mut self, signed: Option<(TreeSize, Hash)>) -> Report {
        let end = LeafIndex(self.tree.size());
        if self.open.is_some() && !self.has_ended {
            self.findings.push(Finding { leaf_index: end, kind: FindingKind::BlockCutShort });
        }
        let root = self.tree.root();
        if let Some((size, signed_root)) = signed
            && (size.0 != self.tree.size() || signed_root != root)
        {
            let (signed, computed) = (signed_root.to_string(), root.to_string());
            self.findings
                .push(Finding { leaf_index: end, kind: FindingKind::RootDiffers { signed, computed } });
        }
        Report {
            entry_count: self.tree.size(),
            height: self.height,
            command_count: self.command_count,
            root,
            findings: self.findings,
        }
    }
}
