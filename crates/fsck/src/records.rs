//! The records of every kind against the state that the entries give, and the columns that the server makes of them.

use crate::{FsckError, Tables, walk::Ledger};
use databourse_audit::{Cell, Difference, ExpectedRow, Place, RowKey, TableComparison};
use databourse_market::{Key, Noun, Record};
use databourse_primitives::LeafIndex;
use databourse_store::fsck::{DatabaseScan, ScannedTable, TableKind};
use std::collections::BTreeMap;

/// What a record's table has besides what the server makes of these two.
const COLUMNS: [&str; 2] = ["name", "record"];

/// All differences, and how many rows there are.
pub(crate) async fn compare(
    scan: &DatabaseScan,
    tables: &Tables,
    ledger: &Ledger,
) -> Result<(Vec<Difference>, u64), FsckError> {
    let (mut differences, mut row_count) = (Vec::new(), 0);
    for noun in Noun::ALL {
        let kind = TableKind::Records(*noun);
        let (Some(mut rows), Some(table)) = (tables.open(scan, kind).await?, tables.known.get(&kind)) else {
            continue;
        };
        let records = ledger.replay.state().records().filter(|(key, _)| key.noun == *noun);
        let expected = records.map(|(key, record)| expected(ledger, table, key, record));
        let mut comparison = TableComparison::new(noun.as_str(), expected);
        while let Some(row) = rows.next(scan).await? {
            row_count += 1;
            comparison.found(&row);
        }
        rows.close(scan).await?;
        differences.extend(comparison.finish());
        differences.extend(generated(scan, ledger, *noun, table).await?);
    }
    Ok((differences, row_count))
}

fn expected(ledger: &Ledger, table: &ScannedTable, key: &Key, record: &Record) -> ExpectedRow {
    let json = record.to_json().unwrap_or_default();
    let mut cells =
        BTreeMap::from([(COLUMNS[0], Cell::Text(key.name.to_string())), (COLUMNS[1], Cell::Json(json))]);
    // What the server generates is compared with what it generates from the record; a column of this name that it does
    // not generate any more is none that this program knows.
    for column in table.columns.iter().filter(|column| column.generated_from.is_some()) {
        if let Some(name) = GENERATED.iter().find(|name| **name == column.name) {
            cells.insert(*name, Cell::Any);
        }
    }
    ExpectedRow { key: RowKey::text(&*key.name), cells, entry: writer(ledger, key, record) }
}

/// The entry that wrote a record last.
fn writer(ledger: &Ledger, key: &Key, record: &Record) -> Option<LeafIndex> {
    match record {
        Record::Answer(answer) => Some(answer.leaf_index),
        _ => ledger.writers.get(key).copied(),
    }
}

/// Every column that the server generates, in whatever table. A new one stands here before it is believed.
const GENERATED: [&str; 35] = [
    "asset",
    "available_minor",
    "balance_minor",
    "buyer",
    "change",
    "credits_minor",
    "credits_pending_minor",
    "data_class",
    "data_right",
    "debits_minor",
    "debits_pending_minor",
    "exchange",
    "expires_at",
    "height",
    "holder",
    "home_exchange",
    "is_open",
    "kind",
    "left_minor",
    "legal_identifier",
    "order_group",
    "pair",
    "place",
    "product",
    "proposed_by",
    "purchase_order",
    "purpose",
    "reference",
    "reported_by",
    "roles",
    "search_grams",
    "search_text",
    "settlement_window",
    "state",
    "supplier",
];

async fn generated(
    scan: &DatabaseScan,
    ledger: &Ledger,
    noun: Noun,
    table: &ScannedTable,
) -> Result<Vec<Difference>, FsckError> {
    let name = noun.as_str();
    let Some(found) = scan.generated_differences(table).await? else {
        let place = Place::Table { table: name.to_owned() };
        return Ok(vec![Difference::invalid(
            place,
            "records of which the server can make the columns of lists",
        )]);
    };
    let differences = found.into_iter().map(|found| {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
        let place = Place::cell(name, &found.row, &found.column);
        let key = Key::new(noun, &*found.row);
        let record = ledger.replay.state().records().find(|(known, _)| **known == key);
        let entry = record.and_then(|(key, record)| writer(ledger, key, record));
        Difference::differs(place, shown(found.expected), shown(found.found)).of(entry)
    });
    Ok(differences.collect())
}
