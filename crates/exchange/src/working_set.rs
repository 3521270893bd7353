//! The part of the state that is in memory: what was used last, up to a number of records. Memory is bounded by this
//! cache, not by the market.

use databourse_market::{Base, Key, Loaded, Record};
use lru::LruCache;
use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

/// Committed records, and the knowledge that some names have none.
pub(crate) struct WorkingSet {
    /// Behind a lock because reading moves a record to the front; only the executor ever takes it.
    recent: Mutex<LruCache<Key, Option<Arc<Record>>>>,
    /// What the batch at hand needs stays until its end, however small the cache is: else it could never be executed.
    /// In order of keys, so that a seeded node also forgets in the same order.
    pinned: BTreeMap<Key, Option<Arc<Record>>>,
    /// What the block on its way to the store writes stays until it is there: loading it would give the state before.
    landing: BTreeMap<Key, Arc<Record>>,
}

impl WorkingSet {
    pub(crate) fn new(record_count_max: NonZeroUsize) -> Self {
        let recent = Mutex::new(LruCache::new(record_count_max));
        Self { recent, pinned: BTreeMap::new(), landing: BTreeMap::new() }
    }

    /// Keeps loaded records until the end of the batch.
    pub(crate) fn pin(&mut self, loaded: Vec<(Key, Option<Record>)>) {
        self.pinned.extend(loaded.into_iter().map(|(key, record)| (key, record.map(Arc::new))));
    }

    /// Ends a batch that wrote nothing: what it loaded may now be forgotten in its turn.
    pub(crate) fn end_batch(&mut self) {
        let recent = self.recent.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (key, record) in std::mem::take(&mut self.pinned) {
            recent.put(key, record);
        }
    }

    /// Ends a batch whose writes are on their way to the store: the next one sees them.
    pub(crate) fn take_off(&mut self, writes: BTreeMap<Key, Arc<Record>>) {
        self.end_batch();
        self.landing = writes;
    }

    /// The writes are in the store and may be forgotten in their turn.
    pub(crate) fn land(&mut self) {
        let recent = self.recent.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (key, record) in std::mem::take(&mut self.landing) {
            recent.put(key, Some(record));
        }
    }

    /// Forgets everything: what was believed may not be what is committed.
    pub(crate) fn clear(&mut self) {
        self.recent.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.pinned.clear();
        self.landing.clear();
    }

    /// How many records are in memory.
    pub(crate) fn len(&self) -> usize {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).len()
            + self.pinned.len()
            + self.landing.len()
    }
}

impl Base for WorkingSet {
    fn get(&self, key: &Key) -> Loaded {
        if let Some(record) = self.landing.get(key) {
            return Loaded::Known(Some(Arc::clone(record)));
        }
        if let Some(record) = self.pinned.get(key) {
            return Loaded::Known(record.clone());
        }
        match self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            Some(record) => Loaded::Known(record.clone()),
            None => Loaded::Unknown,
        }
    }
}
