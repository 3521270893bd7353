use super::tables::{OF_BLOCKS, replicated};
use crate::Store;
use databourse_testkit::TestDatabase;
use std::collections::BTreeMap;

/// Tables that are neither the region's nor empty where a state is read into.
const OTHERS: [&str; 2] = ["custody_key", "refinery_schema_history"];

#[tokio::test]
async fn every_table_is_replicated_with_all_its_columns_or_the_nodes_own() {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let client = database.connect().await;
    let rows = client
        .query(
            "SELECT tables.table_name::text, column_name::text FROM information_schema.tables
            JOIN information_schema.columns USING (table_schema, table_name)
            WHERE table_schema = 'public' AND is_generated = 'NEVER' ORDER BY 1, 2",
            &[],
        )
        .await
        .unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let column: String = row.get(1);
        if column != "is_only" {
            found.entry(row.get(0)).or_default().push(column);
        }
    }
    for own in OTHERS.into_iter().chain(OF_BLOCKS) {
        assert!(found.remove(own).is_some(), "there is no table {own}");
    }
    let split = |columns: &str| {
        let mut columns: Vec<_> = columns.split(", ").map(str::to_owned).collect();
        columns.sort();
        columns
    };
    let known: BTreeMap<_, _> =
        replicated().map(|table| (table.name.to_owned(), split(table.columns))).collect();
    assert_eq!(found, known);
}
