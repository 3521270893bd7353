//! A whole state in memory: for the auditor, the simulator and tests. A node keeps its state in PostgreSQL.

use crate::{Base, Effects, Key, Loaded, Record, Stored};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Every record, by key. Nothing is ever missing.
#[derive(Debug, Clone, Default)]
pub struct MemoryState {
    records: BTreeMap<Key, Arc<Record>>,
}

impl MemoryState {
    /// A state without records.
    pub const fn new() -> Self {
        Self { records: BTreeMap::new() }
    }

    /// Takes a block's effects over.
    pub fn apply(&mut self, effects: Effects) {
        self.records.extend(effects.writes);
    }

    /// The record called `name`.
    pub fn find<T: Stored>(&self, name: &impl fmt::Display) -> Option<&T> {
        self.records.get(&Key::of::<T>(name)).and_then(|record| T::from_record(record))
    }

    /// Every record, in order of kind and name.
    pub fn records(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.records.iter().map(|(key, record)| (key, &**record))
    }

    /// Every record of one kind, in order of name.
    pub fn all<T: Stored + 'static>(&self) -> impl Iterator<Item = &T> {
        let of_kind = self.records.range(Key::new(T::NOUN, "")..).take_while(|(key, _)| key.noun == T::NOUN);
        of_kind.filter_map(|(_, record)| T::from_record(record))
    }
}

impl Base for MemoryState {
    fn get(&self, key: &Key) -> Loaded {
        Loaded::Known(self.records.get(key).cloned())
    }
}
