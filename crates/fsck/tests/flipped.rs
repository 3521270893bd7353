//! One altered value anywhere in the database or the files is found and named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_audit::Place;
use databourse_fsck::{NOT_COVERED, Report};
use serde_json::Value;
use support::Ledger;
use tokio_postgres::Client;

/// A column of a table.
struct Column {
    table: String,
    name: String,
    data_type: String,
    is_generated: bool,
    is_key: bool,
}

/// Every column of every table: a new one cannot be forgotten.
async fn columns(client: &Client) -> Vec<Column> {
    let rows = client
        .query(
            "SELECT columns.table_name::text, column_name::text, data_type::text, is_generated = 'ALWAYS',
                EXISTS (SELECT FROM information_schema.table_constraints AS key
                    JOIN information_schema.key_column_usage AS part USING (constraint_name, table_name)
                    WHERE key.table_name = columns.table_name AND constraint_type = 'PRIMARY KEY'
                        AND part.column_name = columns.column_name)
            FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position",
            &[],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| Column {
            table: row.get(0),
            name: row.get(1),
            data_type: row.get(2),
            is_generated: row.get(3),
            is_key: row.get(4),
        })
        .collect()
}

/// The text of another value of the type, as near as can be.
fn altered(data_type: &str, is_key: bool, text: &str) -> String {
    match data_type {
        "bytea" => {
            let place = text.len() / 2;
            let digit = text[place..=place].chars().next().unwrap().to_digit(16).unwrap() ^ 1;
            format!("{}{digit:x}{}", &text[..place], &text[place + 1..])
        }
        // The key must not be another row's.
        "smallint" if is_key => "6".to_owned(),
        "smallint" | "integer" | "bigint" => {
            let number: i64 = text.parse().unwrap();
            (if is_key { number + 1_000_000 } else { number ^ 1 }).to_string()
        }
        "boolean" => (text != "true").to_string(),
        "jsonb" => {
            let mut json: Value = serde_json::from_str(text).unwrap();
            assert!(alter(&mut json), "{text}");
            json.to_string()
        }
        "ARRAY" => text.replacen('{', "{zz,", 1),
        "uuid" => format!("f{}", &text[1..]),
        "text" | "character varying" => {
            let mut text = text.to_owned();
            let other = match text.pop() {
                // The key must not be another row's.
                _ if is_key => 'z',
                Some(digit @ '0'..='8') => char::from_u32(u32::from(digit) + 1).unwrap(),
                Some('a') => 'b',
                _ => 'a',
            };
            text.push(other);
            text
        }
        other => panic!("how is a {other} altered?"),
    }
}

/// Alters the last value of a document.
fn alter(json: &mut Value) -> bool {
    match json {
        Value::Object(members) if members.is_empty() => _ = members.insert("x".to_owned(), Value::Bool(true)),
        Value::Object(members) => return members.values_mut().rev().any(alter),
        Value::Array(items) if items.is_empty() => items.push(Value::Bool(true)),
        Value::Array(items) => return items.iter_mut().rev().any(alter),
        Value::String(text) => *text = altered("text", false, &format!("{text} ")).trim_end().to_owned(),
        Value::Number(number) => *json = Value::from(number.as_i64().unwrap_or_default() ^ 1),
        Value::Bool(is_so) => *is_so = !*is_so,
        Value::Null => *json = Value::Bool(true),
    }
    true
}

/// Lets a column that the server generates be written, or generates it again.
async fn release(client: &Client, column: &Column, is_generated: bool) {
    let (mark, Column { table, name, .. }) = (if is_generated { "s" } else { "" }, column);
    let update = format!(
        "UPDATE pg_attribute SET attgenerated = '{mark}' WHERE attrelid = '{table}'::regclass AND attname = '{name}'"
    );
    client.batch_execute(&update).await.unwrap();
}

/// Writes a value in place of another: `row` is where the row lies on the disk, which changes.
async fn write(client: &Client, column: &Column, row: &str, value: &str) -> String {
    let Column { table, name, data_type, is_generated, .. } = column;
    let data_type = if data_type == "ARRAY" { "text[]" } else { data_type };
    if *is_generated {
        release(client, column, false).await;
    }
    let update = format!(
        "UPDATE {table} SET {name} = $1::text::{data_type} WHERE ctid = $2::text::tid RETURNING ctid::text"
    );
    let updated = client.query_one(&update, &[&value, &row]).await;
    if *is_generated {
        release(client, column, true).await;
    }
    updated.unwrap_or_else(|error| panic!("{table}.{name} = {value}: {error:?}")).get(0)
}

fn is_named(report: &Report, column: &Column) -> bool {
    report.differences.iter().any(|found| match &found.difference.place {
        Place::Cell { table, column: name, .. } => {
            *table == column.table && name.split(", ").any(|part| part == column.name)
        }
        Place::Row { table, .. } => column.is_key && *table == column.table,
        _ => false,
    })
}

fn said(report: &Report) -> Vec<String> {
    let differences = report.differences.iter().map(|found| found.difference.to_string());
    differences.chain(report.money.iter().cloned()).take(8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_altered_value_anywhere_in_the_database_is_named() {
    let folder = databourse_testkit::scratch_folder();
    let ledger = Ledger::full(folder.path()).await;
    let report = ledger.fsck(Some(folder.path())).await;
    assert!(report.is_sound() && report.is_complete, "{:#?}", said(&report));
    assert!(report.file_count == 2 && report.row_count > 500, "{report:?}");
    let client = ledger.database.connect().await;
    // What keeps people from it, and what the server would notice: a damaged page is asked neither.
    client
        .batch_execute(
            "SET session_replication_role = replica; SET allow_system_table_mods = on; SET bytea_output = 'hex';
            DO $$ DECLARE one record; BEGIN
                FOR one IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
                    WHERE contype IN ('c', 'x') AND connamespace = 'public'::regnamespace
                LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.name, one.conname); END LOOP;
            END $$",
        )
        .await
        .unwrap();
    let columns = columns(&client).await;
    let (mut unnamed, mut count) = (Vec::new(), 0);
    for column in &columns {
        let Column { table, name, data_type, is_key, is_generated } = column;
        let full_name = format!("{table}.{name}");
        let find = format!(
            "SELECT ctid::text, {name}::text FROM {table} WHERE {name} IS NOT NULL ORDER BY ctid
            OFFSET (SELECT count(*) / 2 FROM {table} WHERE {name} IS NOT NULL) LIMIT 1"
        );
        let row = client.query_opt(&find, &[]).await.unwrap();
        let row = row.unwrap_or_else(|| panic!("the ledger of this test has no row with {full_name}"));
        let (place, before): (String, String) = (row.get(0), row.get(1));
        if NOT_COVERED.iter().any(|exempt| exempt.what == full_name) {
            continue;
        }
        count += 1;
        let place = write(&client, column, &place, &altered(data_type, *is_key, &before)).await;
        let report = ledger.fsck(None).await;
        if !is_named(&report, column) {
            unnamed.push((full_name, said(&report)));
        }
        let place = write(&client, column, &place, &before).await;
        if *is_generated {
            // Touched once more, so that it is the server's own again.
            let touch = format!("UPDATE {table} SET name = name WHERE ctid = $1::text::tid");
            client.execute(&touch, &[&place]).await.unwrap();
        }
    }
    println!("{count} of {} columns altered, one after the other", columns.len());
    assert!(unnamed.is_empty(), "{unnamed:#?}");
    let report = ledger.fsck(Some(folder.path())).await;
    assert!(report.is_sound(), "after all is put back: {:#?}", said(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_superfluous_rows_are_named_with_the_receipt_of_their_entry() {
    let folder = databourse_testkit::scratch_folder();
    let ledger = Ledger::full(folder.path()).await;
    let client = ledger.database.connect().await;
    client.batch_execute("SET session_replication_role = replica").await.unwrap();
    client
        .batch_execute("DELETE FROM posting WHERE leaf_index = (SELECT min(leaf_index) FROM posting)")
        .await
        .unwrap();
    let report = ledger.fsck(None).await;
    let missing: Vec<_> = report.differences.iter().collect();
    assert!(
        !missing.is_empty() && missing.iter().all(|found| found.difference.to_string().contains("missing"))
    );
    assert!(missing.iter().all(|found| found.receipt.is_some()), "each posting's entry is proven");
    assert!(!report.money.is_empty(), "the sums say so too");
    client
        .batch_execute(
            "INSERT INTO claim (name, record) VALUES ('x:y', '{\"name\": \"x:y\", \"holder\": \"z\"}')",
        )
        .await
        .unwrap();
    let report = ledger.fsck(None).await;
    assert!(
        said(&report).iter().any(|words| words == "claim x:y: follows from no entry"),
        "{:#?}",
        said(&report)
    );
    client.batch_execute("CREATE TABLE notes (id bigint PRIMARY KEY)").await.unwrap();
    let report = ledger.fsck(None).await;
    assert!(
        report
            .differences
            .iter()
            .any(|found| found.difference.place == Place::Table { table: "notes".to_owned() })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_byte_anywhere_in_a_snapshot_is_found_in_that_file() {
    let folder = databourse_testkit::scratch_folder();
    let ledger = Ledger::full(folder.path()).await;
    let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&path).unwrap();
    let step = (whole.len() / 60).max(1);
    for place in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let report = ledger.fsck(Some(folder.path())).await;
        let file = Place::file(path.display().to_string());
        let names_it = report.differences.iter().any(|found| found.difference.place == file);
        assert!(names_it && report.differences.len() <= 40, "byte {place}: {:#?}", said(&report));
    }
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(!ledger.fsck(Some(folder.path())).await.is_sound(), "cut short");
    std::fs::write(&path, &whole).unwrap();
    let report = ledger.fsck(Some(folder.path())).await;
    assert!(report.is_sound(), "{:#?}", said(&report));
}
