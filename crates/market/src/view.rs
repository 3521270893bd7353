//! What a rule sees while it runs: the committed state, under the writes of the commands before it in the block,
//! under its own. Its own writes join the block's only if it is accepted.

use crate::{Key, PostedTransaction, Record, Stored};
use databourse_primitives::{EntryId, ExchangeCode, Height, LeafIndex, Refusal, RefusalCode, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// What the working set says of a key.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// The record, or the knowledge that there is none.
    Known(Option<Arc<Record>>),
    /// Not in memory: it has to be loaded before a rule can go on.
    Unknown,
}

/// The committed state, as far as it is in memory.
pub trait Base {
    /// What is known of `key`. Must not change while commands are executed.
    fn get(&self, key: &Key) -> Loaded;

    /// Whether every record is in memory, so that no rule needs to ask for one in advance.
    fn is_whole(&self) -> bool {
        false
    }
}

/// Why a rule stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The command breaks a rule.
    Refused(Refusal),
    /// These records must be loaded first; then run the command again.
    Missing(BTreeSet<Key>),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What every command of a block shares. Time is the block's; no rule knows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockContext {
    /// The block's place.
    pub height: Height,
    /// The block's time, which never runs backwards.
    pub time: Timestamp,
    /// Place of the block's header; its first command stands right after it.
    pub header_index: LeafIndex,
}

/// The state as one command sees it.
pub(crate) struct Tx<'a> {
    base: &'a dyn Base,
    block: &'a BTreeMap<Key, Arc<Record>>,
    pub(crate) writes: BTreeMap<Key, Arc<Record>>,
    pub(crate) transactions: Vec<PostedTransaction>,
    pub(crate) context: &'a BlockContext,
    /// The entry that is executed.
    pub(crate) entry: EntryId,
    /// Where it will stand.
    pub(crate) leaf_index: LeafIndex,
    /// The exchange that the entry names as its own.
    pub(crate) exchange: ExchangeCode,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        base: &'a dyn Base,
        block: &'a BTreeMap<Key, Arc<Record>>,
        context: &'a BlockContext,
        entry: EntryId,
        leaf_index: LeafIndex,
        exchange: ExchangeCode,
    ) -> Self {
        let (writes, transactions) = Default::default();
        Self { base, block, writes, transactions, context, entry, leaf_index, exchange }
    }

    /// Block time.
    pub(crate) const fn now(&self) -> Timestamp {
        self.context.time
    }

    fn get(&self, key: &Key) -> Loaded {
        match self.writes.get(key).or_else(|| self.block.get(key)) {
            Some(record) => Loaded::Known(Some(Arc::clone(record))),
            None => self.base.get(key),
        }
    }

    /// Asks for all of `keys` at once, so that a cold command costs few round trips. Where nothing is ever loaded, `keys` is
    /// not called.
    pub(crate) fn preload<I: IntoIterator<Item = Key>>(&self, keys: impl FnOnce() -> I) -> Result<(), Halt> {
        if self.base.is_whole() {
            return Ok(());
        }
        let missing: BTreeSet<Key> =
            keys().into_iter().filter(|key| matches!(self.get(key), Loaded::Unknown)).collect();
        if missing.is_empty() { Ok(()) } else { Err(Halt::Missing(missing)) }
    }

    /// The record called `name`, if there is one, to be read: nothing is copied.
    pub(crate) fn find_shared<T: Stored>(&self, name: &impl fmt::Display) -> Result<Option<Arc<T>>, Halt> {
        let key = Key::of::<T>(name);
        match self.get(&key) {
            Loaded::Known(record) => Ok(record.as_deref().and_then(T::shared).map(Arc::clone)),
            Loaded::Unknown => Err(Halt::Missing(BTreeSet::from([key]))),
        }
    }

    /// A copy of the record called `name`, if there is one, to be changed.
    pub(crate) fn find<T: Stored + Clone>(&self, name: &impl fmt::Display) -> Result<Option<T>, Halt> {
        Ok(self.find_shared(name)?.map(Arc::unwrap_or_clone))
    }

    /// What `look` says of the record called `name`, if there is one.
    pub(crate) fn look<T: Stored, R>(
        &self,
        name: &impl fmt::Display,
        look: impl FnOnce(&T) -> R,
    ) -> Result<Option<R>, Halt> {
        Ok(self.find_shared(name)?.map(|record| look(&record)))
    }

    /// The record called `name`, to be read, or a refusal with `code` at `field`.
    pub(crate) fn need_shared<T: Stored>(
        &self,
        name: &impl fmt::Display,
        code: RefusalCode,
        field: &'static str,
    ) -> Result<Arc<T>, Halt> {
        let expected = code_expectation(code);
        self.find_shared(name)?.ok_or_else(|| Refusal::new(code, field, expected).into())
    }

    /// A copy of the record called `name`, to be changed, or a refusal with `code` at `field`.
    pub(crate) fn need<T: Stored + Clone>(
        &self,
        name: &impl fmt::Display,
        code: RefusalCode,
        field: &'static str,
    ) -> Result<T, Halt> {
        self.need_shared(name, code, field).map(Arc::unwrap_or_clone)
    }

    /// Writes a record, in place of the one of that name.
    pub(crate) fn put<T: Stored>(&mut self, record: T) {
        let record = record.into_record();
        self.writes.insert(record.key(), Arc::new(record));
    }
}

const fn code_expectation(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::PartyUnknown => "the id of a certified party",
        RefusalCode::RightUnknown => "the id of a registered right",
        RefusalCode::ProductUnknown => "the id of a listed product",
        RefusalCode::OfferUnknown => "the id of a published offer",
        RefusalCode::OrderUnknown => "the id of a placed order",
        RefusalCode::MemberProposalUnknown => "the id of a proposal",
        RefusalCode::SnapshotUnknown => "the height of a snapshot that was ordered",
        _ => "something that exists",
    }
}
