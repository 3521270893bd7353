//! Rows of a table against the rows that follow from the entries: both come in order of key, and are walked together.

use crate::{Difference, DifferenceKind, Place};
use databourse_primitives::LeafIndex;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, iter::Peekable};

/// A part of a row's key, in the order in which the table sorts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPart {
    /// A number.
    Number(i128),
    /// A text, by its bytes.
    Text(String),
}

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub Vec<KeyPart>);

impl RowKey {
    /// Of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![KeyPart::Text(text.into())])
    }

    /// Of numbers.
    pub fn numbers(numbers: impl IntoIterator<Item = u64>) -> Self {
        Self(numbers.into_iter().map(|number| KeyPart::Number(i128::from(number))).collect())
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            match part {
                KeyPart::Number(number) => write!(f, "{dot}{number}")?,
                KeyPart::Text(text) => write!(f, "{dot}{text}")?,
            }
        }
        Ok(())
    }
}

/// A cell of a row that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Exactly this text.
    Text(String),
    /// This JSON, however it is spelt.
    Json(String),
    /// Nothing that follows from the entries; whoever knows checks it elsewhere.
    Any,
}

/// A row that follows from the entries.
#[derive(Debug, Clone)]
pub struct ExpectedRow {
    /// Its key.
    pub key: RowKey,
    /// Its cells, by column.
    pub cells: BTreeMap<&'static str, Cell>,
    /// The entry that wrote it last.
    pub entry: Option<LeafIndex>,
}

/// A row that is there, every cell as the server writes it.
#[derive(Debug, Clone)]
pub struct FoundRow {
    /// Its key.
    pub key: RowKey,
    /// Its cells, by column; `None` for NULL.
    pub cells: Vec<(String, Option<String>)>,
}

/// Walks two lists of rows of one table, each in order of key.
pub struct TableComparison<I: Iterator<Item = ExpectedRow>> {
    table: String,
    expected: Peekable<I>,
    differences: Vec<Difference>,
}

impl<I: Iterator<Item = ExpectedRow>> TableComparison<I> {
    /// The rows that `table` should have.
    pub fn new(table: &str, expected: impl IntoIterator<IntoIter = I>) -> Self {
        let expected = expected.into_iter().peekable();
        Self { table: table.to_owned(), expected, differences: Vec::new() }
    }

    /// The next row that it has.
    pub fn found(&mut self, row: &FoundRow) {
        while let Some(missing) = self.expected.next_if(|expected| expected.key < row.key) {
            self.missing(&missing);
        }
        match self.expected.next_if(|expected| expected.key == row.key) {
            Some(expected) => compare_cells(&self.table, &expected, row, &mut self.differences),
            None => {
                let place = Place::row(&self.table, &row.key);
                self.differences.push(Difference { place, entry: None, kind: DifferenceKind::Superfluous });
            }
        }
    }

    /// There are no more rows.
    pub fn finish(mut self) -> Vec<Difference> {
        while let Some(missing) = self.expected.next() {
            self.missing(&missing);
        }
        self.differences
    }

    fn missing(&mut self, row: &ExpectedRow) {
        let place = Place::row(&self.table, &row.key);
        self.differences.push(Difference { place, entry: row.entry, kind: DifferenceKind::Missing });
    }
}

fn compare_cells(table: &str, expected: &ExpectedRow, found: &FoundRow, differences: &mut Vec<Difference>) {
    for (column, value) in &found.cells {
        let place = || Place::cell(table, &found.key, column);
        let shown = value.as_deref().unwrap_or("NULL");
        let difference = match (expected.cells.get(&**column), value) {
            (Some(Cell::Any), _) => None,
            (Some(Cell::Text(text)), Some(value)) if text == value => None,
            (Some(Cell::Text(text)), _) => Some(Difference::differs(place(), text, shown)),
            (Some(Cell::Json(json)), _) => match first_difference(json, value.as_deref()) {
                Ok(()) => None,
                Err((expected, found)) => Some(Difference::differs(place(), expected, found)),
            },
            (None, _) => Some(Difference::invalid(place(), "a column that this program knows")),
        };
        differences.extend(difference.map(|difference| difference.of(expected.entry)));
    }
    for column in expected.cells.keys().filter(|name| found.cells.iter().all(|(known, _)| known != **name)) {
        let place = Place::cell(table, &found.key, column);
        differences.push(Difference { place, entry: expected.entry, kind: DifferenceKind::Missing });
    }
}

/// The first member in which two documents differ, as `<pointer> = <value>` on both sides.
fn first_difference(expected: &str, found: Option<&str>) -> Result<(), (String, String)> {
    let read = |text: &str| serde_json::from_str::<Value>(text);
    let (Ok(one), Some(Ok(other))) = (read(expected), found.map(read)) else {
        return Err((expected.to_owned(), found.unwrap_or("NULL").to_owned()));
    };
    match json_differences(&one, &other).into_iter().next() {
        None => Ok(()),
        Some(JsonDifference { pointer, before, after }) => {
            let said = |value: Option<Value>| {
                value.map_or_else(|| format!("no {pointer}"), |value| format!("{pointer} = {value}"))
            };
            Err((said(before), said(after)))
        }
    }
}

/// A member in which two documents differ.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct JsonDifference {
    /// Where (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What stands there in the first; absent if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands there in the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// The members in which `after` differs from `before`, in order of their names; lists count as one.
pub fn json_differences(before: &Value, after: &Value) -> Vec<JsonDifference> {
    let mut differences = Vec::new();
    collect(String::new(), Some(before), Some(after), &mut differences);
    differences
}

fn collect(
    pointer: String,
    before: Option<&Value>,
    after: Option<&Value>,
    differences: &mut Vec<JsonDifference>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(one)), Some(Value::Object(other))) = (before, after) {
        let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for name in names {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            collect(format!("{pointer}/{escaped}"), one.get(name), other.get(name), differences);
        }
        return;
    }
    differences.push(JsonDifference { pointer, before: before.cloned(), after: after.cloned() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(key: u64, cells: [(&'static str, Cell); 2]) -> ExpectedRow {
        let entry = Some(LeafIndex(key));
        ExpectedRow { key: RowKey::numbers([key]), cells: cells.into(), entry }
    }

    fn found(key: u64, name: Option<&str>, record: &str) -> FoundRow {
        let cells = vec![
            ("name".to_owned(), name.map(str::to_owned)),
            ("record".to_owned(), Some(record.to_owned())),
        ];
        FoundRow { key: RowKey::numbers([key]), cells }
    }

    #[track_caller]
    fn check(rows: &[FoundRow], differences: &[&str]) {
        let row = |key, name: &str| {
            let record = Cell::Json(r#"{"a":{"b":1,"c":[1,2]}}"#.to_owned());
            expected(key, [("name", Cell::Text(name.to_owned())), ("record", record)])
        };
        let mut comparison = TableComparison::new("noun", [row(2, "two"), row(10, "ten")]);
        rows.iter().for_each(|row| comparison.found(row));
        let said: Vec<String> = comparison.finish().iter().map(ToString::to_string).collect();
        assert_eq!(said, differences);
    }

    #[test]
    fn each_difference_of_rows_is_named() {
        let json = r#"{"a": {"c": [1, 2], "b": 1}}"#;
        let (two, ten) = (found(2, Some("two"), json), found(10, Some("ten"), json));
        check(&[two.clone(), ten.clone()], &[]);
        check(std::slice::from_ref(&ten), &["noun 2: missing (entry 2)"]);
        check(std::slice::from_ref(&two), &["noun 10: missing (entry 10)"]);
        let three = found(3, Some("three"), json);
        check(&[two.clone(), three, ten.clone()], &["noun 3: follows from no entry"]);
        let renamed = found(2, Some("tow"), json);
        check(&[renamed, ten.clone()], &["noun 2, name: is tow, should be two (entry 2)"]);
        check(&[found(2, None, json), ten.clone()], &["noun 2, name: is NULL, should be two (entry 2)"]);
        let other = found(2, Some("two"), r#"{"a": {"c": [1, 3], "b": 1}}"#);
        check(&[other, ten.clone()], &["noun 2, record: is /a/c = [1,3], should be /a/c = [1,2] (entry 2)"]);
        let more = found(2, Some("two"), r#"{"a": {"c": [1, 2], "b": 1, "d": null}}"#);
        check(&[more, ten.clone()], &["noun 2, record: is /a/d = null, should be no /a/d (entry 2)"]);
        let mut wide = two.clone();
        wide.cells.push(("extra".to_owned(), None));
        check(&[wide, ten.clone()], &["noun 2, extra: should be a column that this program knows (entry 2)"]);
        let mut narrow = two;
        narrow.cells.pop();
        check(&[narrow, ten], &["noun 2, record: missing (entry 2)"]);
    }
}
