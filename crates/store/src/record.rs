//! Records by name, and how many there are.

use crate::{
    Store, StoreError,
    cell::{Cells, is_storable},
    sql,
    store::rows_of_each,
};
use databourse_market::{Key, Noun, Record, Stored};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::Row;

impl Store {
    /// The records of these keys, `None` for those that do not exist, in the order of the keys. One statement per kind,
    /// all under way at once; each sees the last block committed when it starts.
    ///
    /// # Errors
    /// `Damaged` if a record cannot be read; `Unavailable`.
    pub async fn load(&self, keys: &BTreeSet<Key>) -> Result<Vec<(Key, Option<Record>)>, StoreError> {
        let mut names: BTreeMap<Noun, Vec<&str>> = BTreeMap::new();
        for key in keys.iter().filter(|key| is_storable(&key.name)) {
            names.entry(key.noun).or_default().push(&key.name);
        }
        let nouns: Vec<_> = names.keys().copied().collect();
        let statements: Vec<_> = names.into_iter().map(|(noun, names)| (sql::records(noun), names)).collect();
        let statements = &statements;
        let answers = self.read(|client| async move { rows_of_each(&client, statements).await }).await?;
        let mut found: HashMap<(Noun, &str), Record> = HashMap::with_capacity(keys.len());
        for (noun, rows) in nouns.into_iter().zip(&answers) {
            for row in rows {
                let (name, record) = record_of(noun, row)?;
                found.insert((noun, name), record);
            }
        }
        Ok(keys.iter().map(|key| (key.clone(), found.remove(&(key.noun, &*key.name)))).collect())
    }

    /// The `T` called `name`.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn get<T: Stored>(&self, name: &str) -> Result<Option<T>, StoreError> {
        if !is_storable(name) {
            return Ok(None);
        }
        let rows = self.rows(&sql::records(T::NOUN), &[&[name].as_slice()]).await?;
        rows.first().map(stored_of).transpose()
    }

    /// The `T`s of these names, by one statement: in the order of `names`, each once, at its first mention. A name that
    /// no `T` has is left out; who must know which compares the names of the answer. For up to 1,000 names, such as the
    /// licences and orders of a page of acceptances.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn records<T: Stored>(&self, names: &[impl AsRef<str> + Sync]) -> Result<Vec<T>, StoreError> {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).filter(|name| is_storable(name)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows(&sql::records(T::NOUN), &[&names]).await?;
        let mut found: HashMap<String, T> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let record: T = stored_of(row)?;
            found.insert(record.name(), record);
        }
        Ok(names.into_iter().filter_map(|name| found.remove(name)).collect())
    }

    /// Number of records of each kind (by the kind's name) and of entries of each type (by the type, which has a dot).
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let records = self.record_counts(Noun::ALL).await?.into_iter();
        let mut counts: BTreeMap<_, _> =
            records.map(|(noun, count)| (noun.as_str().to_owned(), count)).collect();
        for row in &self.rows(sql::ENTRY_COUNTS, &[]).await? {
            let entry_type: &str = Cells::new(row, "entry_count", &"?").get("entry_type")?;
            let count = Cells::new(row, "entry_count", &entry_type).number("entry_count")?;
            counts.insert(entry_type.to_owned(), count);
        }
        Ok(counts)
    }

    /// Number of records of each of `nouns`, one of them at least. It reads an index of each of them from end to end: for
    /// summaries, not for every page.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn record_counts(&self, nouns: &[Noun]) -> Result<BTreeMap<Noun, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for row in &self.rows(&sql::record_counts(nouns), &[]).await? {
            for noun in nouns {
                counts.insert(*noun, Cells::new(row, noun.as_str(), &"all").number(noun.as_str())?);
            }
        }
        Ok(counts)
    }
}

/// A row of kind `noun`: its name and its record, which must have that name.
fn record_of(noun: Noun, row: &Row) -> Result<(&str, Record), StoreError> {
    let name: &str = Cells::new(row, noun.as_str(), &"?").get("name")?;
    let cells = Cells::new(row, noun.as_str(), &name);
    let record = Record::from_json(noun, cells.get("record")?).map_err(|_| cells.damaged("record"))?;
    if *record.key().name == *name { Ok((name, record)) } else { Err(cells.damaged("record")) }
}

/// A row of the table of `T`s.
pub(crate) fn stored_of<T: Stored>(row: &Row) -> Result<T, StoreError> {
    let name: &str = Cells::new(row, T::NOUN.as_str(), &"?").get("name")?;
    let cells = Cells::new(row, T::NOUN.as_str(), &name);
    let record: T = serde_json::from_str(cells.get("record")?).map_err(|_| cells.damaged("record"))?;
    if record.name() == name { Ok(record) } else { Err(cells.damaged("record")) }
}
