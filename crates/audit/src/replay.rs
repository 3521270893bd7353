//! What each entry changes by itself: a block is executed command by command, where the auditor executes it as one.

use crate::{Auditor, Report};
use databourse_ledger::{BLOCK_HEADER_TYPE, Block, BlockHeader, Entry};
use databourse_market::{
    Actor, Base, BlockContext, Decoded, Key, Loaded, MemoryState, Outcome, PostedTransaction, Record,
    SignedCommand, execute,
};
use databourse_merkle::Hash;
use databourse_party::KeyRecord;
use databourse_primitives::{Digest, Height, LeafIndex, PublicKey, Timestamp, TreeSize};
use std::{collections::BTreeMap, sync::Arc};

/// A record that an entry wrote.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its kind and name.
    pub key: Key,
    /// What it was; `None` if the entry made it.
    pub before: Option<Arc<Record>>,
    /// What it became.
    pub after: Arc<Record>,
}

/// A command of a block, and what it changed.
#[derive(Debug, Clone)]
pub struct ExecutedEntry {
    /// Where it stands.
    pub leaf_index: LeafIndex,
    /// The entry.
    pub entry: Entry,
    /// Who acted.
    pub actor: Actor,
    /// The records that it wrote, in order of kind and name.
    pub changes: Vec<Change>,
    /// The money that it moved, in order.
    pub transactions: Vec<PostedTransaction>,
}

/// A block that the auditor found nothing wrong with.
#[derive(Debug, Clone)]
pub struct ExecutedBlock {
    /// Its place in the chain of blocks.
    pub height: Height,
    /// Its name.
    pub id: Digest,
    /// Its time.
    pub time: Timestamp,
    /// Where its header stands; its commands follow.
    pub header_index: LeafIndex,
    /// The header.
    pub header: Entry,
    /// Number of leaves after it.
    pub size: TreeSize,
    /// Its commands, in order.
    pub commands: Vec<ExecutedEntry>,
}

/// An [`Auditor`] that also says, block by block, what each entry changed. Both execute a block from the state before it;
/// a block that the auditor objects to is never given out. It costs twice what the auditor alone does.
#[derive(Default)]
pub struct Replay {
    auditor: Auditor,
    open: Option<Open>,
    size: u64,
}

/// A block that is not complete yet.
struct Open {
    header_index: LeafIndex,
    header: Entry,
    fields: BlockHeader,
    commands: Vec<Entry>,
}

/// The state before a block, under what the commands before this one wrote.
struct Overlay<'a> {
    base: &'a MemoryState,
    writes: BTreeMap<Key, Arc<Record>>,
}

impl Base for Overlay<'_> {
    fn get(&self, key: &Key) -> Loaded {
        match self.writes.get(key) {
            Some(record) => Loaded::Known(Some(Arc::clone(record))),
            None => self.base.get(key),
        }
    }

    fn is_whole(&self) -> bool {
        self.base.is_whole()
    }
}

impl Replay {
    /// A replay of a ledger from its first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state that follows from the blocks executed so far.
    pub const fn state(&self) -> &MemoryState {
        self.auditor.state()
    }

    /// Whether a finding made it impossible to go on.
    pub const fn has_ended(&self) -> bool {
        self.auditor.has_ended()
    }

    /// Number of entries read.
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// Reads the next entry. The answer is the block that it completes.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<ExecutedBlock> {
        let index = LeafIndex(self.size);
        self.size = self.size.saturating_add(1);
        let executed = if self.has_ended() { None } else { self.take(index, bytes) };
        self.auditor.feed(bytes);
        executed.filter(|_| !self.auditor.has_ended())
    }

    /// Ends it, as [`Auditor::finish`] does.
    pub fn finish(self, signed: Option<(TreeSize, Hash)>) -> Report {
        self.auditor.finish(signed)
    }

    /// Whatever is wrong with an entry is the auditor's to say; here it only ends the block.
    fn take(&mut self, index: LeafIndex, bytes: &[u8]) -> Option<ExecutedBlock> {
        let entry = Entry::parse(bytes).ok()?;
        if entry.claims().entry_type == BLOCK_HEADER_TYPE {
            let block = Block { header: entry, commands: Vec::new() };
            let fields = block.header_fields().ok()?;
            self.open =
                Some(Open { header_index: index, header: block.header, fields, commands: Vec::new() });
        } else {
            self.open.as_mut()?.commands.push(entry);
        }
        let open = self.open.as_ref()?;
        if open.commands.len() < usize::try_from(open.fields.command_count).ok()? {
            return None;
        }
        run(self.auditor.state(), self.open.take()?)
    }
}

fn run(state: &MemoryState, open: Open) -> Option<ExecutedBlock> {
    let Open { header_index, header, fields, commands } = open;
    let mut overlay = Overlay { base: state, writes: BTreeMap::new() };
    let mut registered: BTreeMap<_, PublicKey> = BTreeMap::new();
    let mut executed = Vec::with_capacity(commands.len());
    let mut before_it = header_index;
    for entry in commands {
        let decoded = Decoded::new(entry.clone()).ok()?;
        registered.extend(decoded.command().registered_keys().map(|key| (key.key_id(), key)));
        let known = state.find::<KeyRecord>(&entry.kid()).map(|record| record.key);
        let key = known.or_else(|| registered.get(&entry.kid()).copied())?;
        let signed: SignedCommand = decoded.verify(&key).ok()?;
        // The rules give a block's first command the place behind the header; this one stands behind the one before.
        let context = BlockContext { height: fields.height, time: fields.time, header_index: before_it };
        let answer = execute(&overlay, &[signed], &context).ok()?;
        let [Outcome::Accepted(accepted)] = &answer.outcomes[..] else { return None };
        let (actor, leaf_index) = (accepted.actor.clone(), accepted.leaf_index);
        let changes = answer.effects.writes.into_iter().map(|(key, after)| {
            let Loaded::Known(before) = overlay.get(&key) else { return Change { key, before: None, after } };
            Change { key, before, after }
        });
        let changes: Vec<Change> = changes.collect();
        overlay.writes.extend(changes.iter().map(|change| (change.key.clone(), Arc::clone(&change.after))));
        let transactions = answer.effects.transactions;
        executed.push(ExecutedEntry { leaf_index, entry, actor, changes, transactions });
        before_it = leaf_index;
    }
    Some(ExecutedBlock {
        height: fields.height,
        id: Digest::of(header.bytes()),
        time: fields.time,
        header_index,
        header,
        size: TreeSize(before_it.0.saturating_add(1)),
        commands: executed,
    })
}
