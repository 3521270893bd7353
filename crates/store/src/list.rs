//! Lists: records of one kind under filters, a page at a time.
//!
//! The order is that of names, which are UUIDv7 and so in the order of age; where a name ends in a number, that number
//! counts. The cursor is the place of the last record of a page: what is committed between two pages is neither
//! repeated nor makes others be skipped.

use crate::{
    Column, Store, StoreError,
    cell::{Cells, is_storable},
    column::{Comparison, order_column},
    record::stored_of,
};
use databourse_market::{Noun, Stored};
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};

/// The longest page.
pub const LIST_LIMIT_MAX: u32 = 1_000;

/// The states of a licence that only a line of an open order has.
const OPEN_LINE_STATES: [&str; 2] = ["ordered", "delivered"];

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Each named column must have one of the values that stand with it.
    pub filters: Vec<(Column, String)>,
    /// Words that all must occur in a product's title, description or keywords, in either language; case does not
    /// count.
    pub search: Option<String>,
    /// The `next` of the page before; the beginning if absent.
    pub after: Option<String>,
    /// How many records at most: 1 to [`LIST_LIMIT_MAX`], and what is outside is taken for the nearest.
    pub limit: u32,
    /// From the newest name to the oldest.
    pub newest_first: bool,
}

impl ListQuery {
    /// Whether anything can be found: not by a text that the database cannot hold.
    pub(crate) fn can_find(&self) -> bool {
        let mut texts = self.filters.iter().map(|(_, value)| value).chain(&self.search).chain(&self.after);
        texts.all(|text| is_storable(text))
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The records, in order.
    pub items: Vec<T>,
    /// Where the next page begins, for `after`; absent if this was the last one.
    pub next: Option<String>,
}

impl Store {
    /// A page of `T`s.
    ///
    /// # Errors
    /// `ColumnUnknown` if a `T` has no such column, or is searched and is not a product; `Damaged`; `Unavailable`.
    pub async fn list<T: Stored>(&self, query: &ListQuery) -> Result<Page<T>, StoreError> {
        self.read(|client| async move { page_of(&client, query).await }).await
    }
}

/// The page, read on that connection.
pub(crate) async fn page_of<T: Stored>(
    client: &tokio_postgres::Client,
    query: &ListQuery,
) -> Result<Page<T>, StoreError> {
    let limit = query.limit.clamp(1, LIST_LIMIT_MAX) as usize;
    let statement = ListStatement::new(T::NOUN, query)?;
    if !query.can_find() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    // Not prepared: which index serves best depends on the values.
    let rows = client.query_typed(&statement.sql, &statement.parameters()).await?;
    let items: Vec<T> = rows.iter().take(limit).map(stored_of).collect::<Result<_, _>>()?;
    // One row more than the page was asked for: if it came, there is a next page.
    let last = rows.get(limit).and(rows.get(limit - 1));
    let place = |row| Cells::new(row, T::NOUN.as_str(), &"?").get("place");
    Ok(Page { items, next: last.map(place).transpose()? })
}

/// A list's statement and its parameters. The text depends on the kind, on which columns are named, and on whether only open
/// lines are asked for; no value is ever part of it.
#[derive(Debug)]
pub(crate) struct ListStatement {
    pub(crate) sql: String,
    texts: Vec<String>,
    arrays: Vec<Vec<String>>,
    /// Per placeholder, in order: whether it is the next array or the next text.
    is_array: Vec<bool>,
}

impl ListStatement {
    pub(crate) fn new(noun: Noun, query: &ListQuery) -> Result<Self, StoreError> {
        let (table, order) = (noun.as_str(), order_column(noun));
        let (mut statement, mut conditions) = Self::filtered(noun, query)?;
        let (sign, direction) = if query.newest_first { ("<", "DESC") } else { (">", "ASC") };
        if let Some(after) = &query.after {
            conditions.checked.push(format!("{order} {sign} {}", statement.text(after.clone())));
        }
        let limit = query.limit.clamp(1, LIST_LIMIT_MAX) + 1;
        statement.sql = format!(
            "SELECT name, {order} AS place, record::text AS record FROM {table}
            WHERE {} ORDER BY {order} {direction} LIMIT {limit}",
            conditions.join()
        );
        Ok(statement)
    }

    /// Counts the records under the filters by each combination of the values of `columns`; of those that a search finds at
    /// most `limit`.
    pub(crate) fn counting(
        noun: Noun,
        query: &ListQuery,
        columns: &[Column],
        limit: u32,
    ) -> Result<Self, StoreError> {
        let (mut statement, conditions) = Self::filtered(noun, query)?;
        let columns = columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ");
        let table = noun.as_str();
        let counted = if conditions.has_pairs {
            // `OFFSET 0` keeps the planner from checking the pairs of every product that another index finds.
            let (found, checked) = (conditions.found.join(" AND "), conditions.checked.join(" AND "));
            format!(
                "(SELECT {columns} FROM (SELECT * FROM {table} WHERE {found} OFFSET 0) AS candidate
                WHERE {checked} LIMIT {limit}) AS found"
            )
        } else if query.search.is_some() {
            format!("(SELECT {columns} FROM {table} WHERE {} LIMIT {limit}) AS found", conditions.join())
        } else {
            format!("{table} WHERE {}", conditions.join())
        };
        statement.sql =
            format!("SELECT {columns}, count(*) AS record_count FROM {counted} GROUP BY {columns}");
        Ok(statement)
    }

    /// What the filters and the search ask for.
    fn filtered(noun: Noun, query: &ListQuery) -> Result<(Self, Conditions), StoreError> {
        let table = noun.as_str();
        let mut statement =
            Self { sql: String::new(), texts: Vec::new(), arrays: Vec::new(), is_array: Vec::new() };
        let mut conditions = Conditions::default();
        let mut filters: BTreeMap<Column, Vec<String>> = BTreeMap::new();
        for (column, value) in &query.filters {
            if !Column::of(noun).contains(column) {
                return Err(StoreError::ColumnUnknown { noun: table, column: column.as_str() });
            }
            filters.entry(*column).or_default().push(value.clone());
        }
        for (column, mut values) in filters {
            let name = column.as_str();
            let is_open = |value: &String| OPEN_LINE_STATES.contains(&value.as_str());
            if (noun, column) == (Noun::Licence, Column::State) && values.iter().all(is_open) {
                // Says nothing new, but where to look: open lines are few, and `state` has no index.
                let open = "purchase_order IN (SELECT name FROM purchase_order WHERE is_open)";
                conditions.found.push(open.to_owned());
            }
            // Few products are somebody's or rest on one right; many are of a kind.
            let is_narrow = matches!(column, Column::Supplier | Column::Right);
            let of = if is_narrow { &mut conditions.found } else { &mut conditions.checked };
            of.push(match (column.comparison(), values.pop()) {
                // With one value the index gives the order as well.
                (Comparison::Equals, Some(value)) if values.is_empty() => {
                    format!("{name} = {}", statement.text(value))
                }
                (comparison, last) => {
                    values.extend(last);
                    let values = statement.array(values);
                    match comparison {
                        Comparison::Equals => format!("{name} = ANY({values})"),
                        Comparison::Contains => format!("{name} ?| {values}"),
                    }
                }
            });
        }
        if let Some(search) = &query.search {
            if noun != Noun::Product {
                return Err(StoreError::ColumnUnknown { noun: table, column: "search_text" });
            }
            // Lower case on both sides by the same function. Pairs of characters say where to look, LIKE decides.
            let words: Vec<_> = search.split_whitespace().collect();
            let patterns: Vec<_> = words.iter().map(|word| pattern(word)).collect();
            let has_pairs = words.iter().any(|word| word.chars().nth(1).is_some());
            let patterns = statement.text(patterns.join("\n"));
            conditions
                .checked
                .push(format!("search_text LIKE ALL (string_to_array(lower({patterns}), E'\\n'))"));
            // A word of one character has no pair: such a search would ask the index for everything.
            if has_pairs {
                let words = statement.text(words.join("\n"));
                conditions.has_pairs = true;
                conditions.found.push(format!("search_grams @> grams(lower({words}))"));
            }
        }
        Ok((statement, conditions))
    }

    fn text(&mut self, value: String) -> String {
        self.texts.push(value);
        self.is_array.push(false);
        format!("${}::text", self.is_array.len())
    }

    fn array(&mut self, values: Vec<String>) -> String {
        self.arrays.push(values);
        self.is_array.push(true);
        format!("${}::text[]", self.is_array.len())
    }

    pub(crate) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let (mut texts, mut arrays) = (self.texts.iter(), self.arrays.iter());
        let next = |is_array: &bool| -> Option<(&(dyn ToSql + Sync), Type)> {
            if *is_array {
                arrays.next().map(|array| (array as _, Type::TEXT_ARRAY))
            } else {
                texts.next().map(|text| (text as _, Type::TEXT))
            }
        };
        self.is_array.iter().filter_map(next).collect()
    }
}

/// What a list asks of its records.
struct Conditions {
    /// What few records fulfil, so that an index finds them.
    found: Vec<String>,
    /// What is checked of each.
    checked: Vec<String>,
    /// Whether pairs of characters are among what is found by.
    has_pairs: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { found: vec!["true".to_owned()], checked: vec!["true".to_owned()], has_pairs: false }
    }
}

impl Conditions {
    fn join(&self) -> String {
        format!("{} AND {}", self.found.join(" AND "), self.checked.join(" AND "))
    }
}

/// A LIKE pattern for texts that contain `word` as it stands.
fn pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
