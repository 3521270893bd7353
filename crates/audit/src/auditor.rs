//! The auditor: entry by entry, block by block.

use crate::{
    Finding, FindingKind,
    anchors::BlockEnds,
    executed::ExecutedCommands,
    prepared::{Content, Prepared, Step},
};
use databourse_ledger::{Block, BlockHeader, Entry};
use databourse_market::{BlockContext, Key, MemoryState, Outcome, Record, SignedCommand, execute};
use databourse_merkle::{CompactRange, Hash};
use databourse_party::{KeyOwner, KeyRecord};
use databourse_primitives::{
    ExchangeCode, Height, LeafIndex, PublicKey, Refusal, RefusalCode, Timestamp, TreeSize,
};
use std::{collections::BTreeMap, sync::Arc};

/// Checks a ledger as it reads it. A block that cannot be executed ends the audit, since nothing after it has a
/// meaning; its finding says which.
pub struct Auditor {
    pub(crate) state: MemoryState,
    pub(crate) tree: CompactRange,
    pub(crate) height: Height,
    pub(crate) time: Option<Timestamp>,
    /// Leaves and root when the last block ended.
    pub(crate) block_end: (u64, Hash),
    /// Where blocks ended, for the anchors that name such a place.
    pub(crate) block_ends: BlockEnds,
    open: Option<OpenBlock>,
    findings: Vec<Finding>,
    has_ended: bool,
    pub(crate) command_count: u64,
    /// Records whose last writer is wanted.
    watched: BTreeMap<Key, Option<LeafIndex>>,
}

struct OpenBlock {
    header: Entry,
    fields: BlockHeader,
    /// The key under which the header's signature is known to hold.
    verified: Option<PublicKey>,
    entries: Vec<Entry>,
    steps: Vec<Step>,
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
            watched: BTreeMap::new(),
        }
    }

    /// The same auditor, which also remembers the last entry that wrote each of `keys`.
    #[must_use]
    pub fn watching(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.watched.extend(keys.into_iter().map(|key| (key, None)));
        self
    }

    /// The last entry that wrote each of the records that are watched.
    pub const fn last_writers(&self) -> &BTreeMap<Key, Option<LeafIndex>> {
        &self.watched
    }

    /// The state that follows from the blocks executed so far.
    pub const fn state(&self) -> &MemoryState {
        &self.state
    }

    /// Whether a finding made it impossible to go on.
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Number of entries read.
    pub fn size(&self) -> TreeSize {
        TreeSize(self.tree.size())
    }

    /// Root over the entries read.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Blocks executed.
    pub const fn height(&self) -> Height {
        self.height
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether the last entry read ends a block, as the last of a checkpoint does.
    pub const fn is_between_blocks(&self) -> bool {
        self.open.is_none() && !self.has_ended
    }

    /// Reads the next entry.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.take(Prepared::read(bytes));
    }

    /// Takes the next entry, which was read before.
    pub fn take(&mut self, prepared: Prepared) {
        let Some(executed) = self.execute_completed(prepared) else { return };
        match executed.effects_difference() {
            None => self.accept(executed),
            Some(finding) => self.end(finding.leaf_index, finding.kind),
        }
    }

    /// Takes the next entry and executes the block that it completes, if it does.
    pub(crate) fn execute_completed(&mut self, prepared: Prepared) -> Option<ExecutedCommands> {
        let index = LeafIndex(self.tree.size());
        self.tree.append(prepared.leaf_hash);
        if self.has_ended {
            return None;
        }
        let completed = match prepared.content {
            Content::Unreadable(refusal) => {
                self.end(index, FindingKind::EntryUnreadable { refusal });
                None
            }
            Content::Header { entry, fields, verified } => self.open(index, entry, fields, verified),
            Content::Command { entry, step } => self.add(index, entry, step),
        };
        completed.and_then(|open| self.execute(open))
    }

    /// Ends the audit with a finding; what was found behind it means nothing.
    pub(crate) fn end(&mut self, leaf_index: LeafIndex, kind: FindingKind) {
        self.findings.retain(|finding| finding.leaf_index < leaf_index);
        self.findings.push(Finding { leaf_index, kind });
        self.has_ended = true;
    }

    fn open(
        &mut self,
        index: LeafIndex,
        header: Entry,
        fields: Result<BlockHeader, Refusal>,
        verified: Option<PublicKey>,
    ) -> Option<OpenBlock> {
        if self.open.is_some() {
            return self.malformed(index, "a command of the block before");
        }
        let fields = match fields {
            Ok(fields) => fields,
            Err(refusal) => {
                self.end(index, FindingKind::EntryUnreadable { refusal });
                return None;
            }
        };
        self.open = Some(OpenBlock { header, fields, verified, entries: Vec::new(), steps: Vec::new() });
        self.completed()
    }

    fn add(&mut self, index: LeafIndex, entry: Entry, step: Step) -> Option<OpenBlock> {
        let Some(open) = &mut self.open else { return self.malformed(index, "a block header") };
        open.entries.push(entry);
        open.steps.push(step);
        self.completed()
    }

    /// The open block, once all of its commands were read.
    fn completed(&mut self) -> Option<OpenBlock> {
        self.open.take_if(|open| open.entries.len() == open.fields.command_count as usize)
    }

    fn malformed<T>(&mut self, index: LeafIndex, expected: &str) -> Option<T> {
        self.end(index, FindingKind::BlockMalformed { expected: expected.to_owned() });
        None
    }

    fn execute(&mut self, open: OpenBlock) -> Option<ExecutedCommands> {
        let OpenBlock { header, fields, verified, entries, steps } = open;
        let header_index = LeafIndex(self.block_end.0);
        let follows = fields.height == self.height.next()
            && self.time.is_none_or(|time| fields.time >= time)
            && fields.previous_size == TreeSize(self.block_end.0)
            && fields.previous_root == self.block_end.1;
        if !follows {
            return self.malformed(header_index, "a header that follows the block before");
        }
        let block = Block { header, commands: entries };
        if let Err(error) = block.check_shape() {
            return self.malformed(header_index, &error.to_string());
        }
        let context = BlockContext { height: fields.height, time: fields.time, header_index };
        let signed = match self.verify(&block, steps) {
            Ok(signed) => signed,
            Err((position, refusal)) => {
                let index = LeafIndex(header_index.0 + 1 + position);
                self.end(index, FindingKind::CommandRefused { refusal });
                return None;
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
            self.end(LeafIndex(header_index.0 + position), kind);
            return None;
        }
        let (header, effects) = (block.header, executed.effects);
        Some(ExecutedCommands {
            header,
            verified,
            context,
            effects_digest: fields.effects_digest,
            signed,
            effects,
        })
    }

    /// Takes over what a block changed.
    pub(crate) fn accept(&mut self, executed: ExecutedCommands) {
        let ExecutedCommands { header, verified, context, signed, effects, .. } = executed;
        let header_index = context.header_index;
        self.note_writers(&signed, &context, &effects.writes);
        self.state.apply(effects);
        if !self.proposed_by_exchange(&header, verified) {
            return self.end(header_index, FindingKind::ProposerUnknown);
        }
        for (position, command) in (1..).zip(&signed) {
            if let Some(kind) = self.block_ends.check(command) {
                self.findings.push(Finding { leaf_index: LeafIndex(header_index.0 + position), kind });
            }
        }
        self.command_count += signed.len() as u64;
        self.height = context.height;
        self.time = Some(context.time);
        self.block_end = (self.tree.size(), self.tree.root());
        self.block_ends.push(self.block_end);
    }

    /// Holds each command's signature to the key that the ledger gives it: registered before, or by the founding.
    fn verify(&self, block: &Block, steps: Vec<Step>) -> Result<Vec<SignedCommand>, (u64, Refusal)> {
        let mut registered_here = BTreeMap::new();
        let mut signed = Vec::with_capacity(steps.len());
        for ((position, entry), step) in (0..).zip(&block.commands).zip(steps) {
            let refused = |refusal| (position, refusal);
            let command = match &step {
                Step::Undecodable(refusal) => return Err(refused(refusal.clone())),
                Step::Decoded(decoded) => Some(decoded.command()),
                Step::Signed(signed) => Some(signed.command()),
                Step::Forged(_) => None,
            };
            let registered = command.into_iter().flat_map(databourse_market::Command::registered_keys);
            registered_here.extend(registered.map(|key| (key.key_id(), key)));
            let known = self.state.find::<KeyRecord>(&entry.kid()).map(|record| record.key);
            let key = known.or_else(|| registered_here.get(&entry.kid()).copied());
            let unknown = || Refusal::new(RefusalCode::KeyUnknown, "kid", "the name of a registered key");
            let key = key.ok_or_else(unknown).map_err(refused)?;
            signed.push(match step {
                Step::Signed(signed) if *signed.key() == key => signed,
                // A key has one name, so this does not happen; should it, nothing is taken on trust.
                Step::Signed(_) => return Err(refused(unknown())),
                Step::Decoded(decoded) => decoded.verify(&key).map_err(refused)?,
                Step::Forged(refusal) | Step::Undecodable(refusal) => return Err(refused(refusal)),
            });
        }
        Ok(signed)
    }

    fn proposed_by_exchange(&self, header: &Entry, verified: Option<PublicKey>) -> bool {
        let Some(record) = self.state.find::<KeyRecord>(&header.kid()) else { return false };
        let exchange: &ExchangeCode = &header.claims().exchange;
        record.owner == KeyOwner::Exchange(exchange.clone())
            && (verified == Some(record.key) || header.verify(&record.key).is_ok())
    }

    /// Remembers which command of a block wrote each watched record last: the one without which it is not what it became.
    fn note_writers(
        &mut self,
        signed: &[SignedCommand],
        context: &BlockContext,
        writes: &BTreeMap<Key, Arc<Record>>,
    ) {
        if self.watched.is_empty() {
            return;
        }
        let Self { watched, state, .. } = self;
        for (key, writer) in watched {
            let Some(written) = writes.get(key) else { continue };
            let is_last = |count: &usize| {
                let shorter = execute(&*state, signed.get(..count - 1).unwrap_or_default(), context);
                !shorter.is_ok_and(|shorter| shorter.effects.writes.get(key) == Some(written))
            };
            let count = (1..=signed.len()).rev().find(is_last).unwrap_or_default();
            *writer = Some(LeafIndex(context.header_index.0 + count as u64));
        }
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
