//! A whole state in memory: for the auditor, the simulator and tests. A node keeps its state in PostgreSQL.

use crate::{Base, Effects, Key, Loaded, Noun, Record, Stored};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

/// Every record, by key. Nothing is ever missing.
///
/// A record is found by its hash, several times as fast among a million as by order. Whoever asks for all records gets
/// them in order all the same: it is made then.
#[derive(Debug, Clone, Default)]
pub struct MemoryState {
    records: BTreeMap<Noun, HashMap<Key, Arc<Record>>>,
}

impl MemoryState {
    /// A state without records.
    pub const fn new() -> Self {
        Self { records: BTreeMap::new() }
    }

    /// Takes a block's effects over.
    pub fn apply(&mut self, effects: Effects) {
        for (key, record) in effects.writes {
            self.records.entry(key.noun).or_default().insert(key, record);
        }
    }

    fn record(&self, key: &Key) -> Option<&Arc<Record>> {
        self.records.get(&key.noun)?.get(key)
    }

    /// The record called `name`.
    pub fn find<T: Stored>(&self, name: &impl fmt::Display) -> Option<&T> {
        self.record(&Key::of::<T>(name)).and_then(|record| T::from_record(record))
    }

    /// Every record, in order of kind and name.
    pub fn records(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.records.values().flat_map(in_order)
    }

    /// Number of records of one kind.
    pub fn count(&self, noun: Noun) -> usize {
        self.records.get(&noun).map_or(0, HashMap::len)
    }

    /// Every record of one kind, in order of name.
    pub fn all<T: Stored + 'static>(&self) -> impl Iterator<Item = &T> {
        let of_kind = self.records.get(&T::NOUN).into_iter().flat_map(in_order);
        of_kind.filter_map(|(_, record)| T::from_record(record))
    }
}

fn in_order(records: &HashMap<Key, Arc<Record>>) -> impl Iterator<Item = (&Key, &Record)> {
    let mut ordered: Vec<_> = records.iter().map(|(key, record)| (key, &**record)).collect();
    ordered.sort_unstable_by_key(|(key, _)| *key);
    ordered.into_iter()
}

impl Base for MemoryState {
    fn get(&self, key: &Key) -> Loaded {
        Loaded::Known(self.record(key).cloned())
    }

    fn is_whole(&self) -> bool {
        true
    }
}
