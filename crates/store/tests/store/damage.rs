use crate::fixture::{Ledger, id, one_of_each};
use databourse_licensing::Licence;
use databourse_market::{Key, Noun};
use databourse_primitives::Height;
use databourse_store::{DatabaseInconsistency, ListQuery, StoreError};
use std::{collections::BTreeSet, fmt::Debug};

/// The answer must be damage of exactly this cell.
#[track_caller]
fn check<T: Debug>(answer: Result<T, StoreError>, table: &str, column: &str, row: &str) {
    match answer {
        Err(StoreError::Damaged(DatabaseInconsistency { table: t, column: c, row: r })) => {
            assert_eq!((t, c, &*r), (table, column, row));
        }
        other => panic!("{table}.{column} of {row}: {other:?}"),
    }
}

/// 600 leaves in one block: two full tiles and 88 leaves.
async fn grown() -> Ledger {
    let mut ledger = Ledger::create().await;
    let batch = ledger.next(600, Vec::new(), Vec::new());
    ledger.writer.commit(&batch).await.unwrap();
    ledger
}

#[tokio::test]
async fn a_missing_or_changed_leaf_or_tile_is_found_when_the_edge_is_rebuilt() {
    let ledger = grown().await;
    ledger.tamper("UPDATE entry SET leaf_hash = sha256('x') WHERE leaf_index = 599").await;
    check(ledger.store.tree_edge().await, "chain_head", "root", "1");

    let ledger = grown().await;
    ledger.tamper("DELETE FROM entry WHERE leaf_index = 599").await;
    check(ledger.store.tree_edge().await, "entry", "leaf_index", "599");

    let ledger = grown().await;
    ledger.tamper("DELETE FROM entry WHERE leaf_index = 520").await;
    check(ledger.store.tree_edge().await, "entry", "leaf_index", "520");
    check(ledger.store.entries(500, 50).await, "entry", "leaf_index", "520");

    let ledger = grown().await;
    ledger.tamper("UPDATE tile SET hashes = overlay(hashes PLACING 'x' FROM 1) WHERE tile_index = 1").await;
    check(ledger.store.tree_edge().await, "chain_head", "root", "1");

    let ledger = grown().await;
    ledger.tamper("DELETE FROM tile WHERE tile_index = 0").await;
    check(ledger.store.tree_edge().await, "tile", "tile_index", "level 0 index 0");

    let ledger = grown().await;
    ledger.tamper("DELETE FROM tile WHERE tile_index = 1").await;
    check(ledger.store.tree_edge().await, "tile", "tile_index", "level 0 index 1");

    let ledger = grown().await;
    ledger.tamper("UPDATE chain_head SET tree_size = 601").await;
    check(ledger.store.tree_edge().await, "entry", "leaf_index", "600");

    let ledger = grown().await;
    ledger.tamper("UPDATE chain_head SET tree_size = 599").await;
    check(ledger.store.tree_edge().await, "entry", "leaf_index", "599");
}

#[tokio::test]
async fn a_wrong_cell_is_named() {
    let ledger = grown().await;
    let store = &ledger.store;
    // What the CHECKs keep out can still come in with a damaged page or a dropped constraint.
    ledger
        .tamper(
            "ALTER TABLE tile DROP CONSTRAINT tile_hashes_check;
            ALTER TABLE block DROP CONSTRAINT block_time_ms_check;
            ALTER TABLE entry DROP CONSTRAINT entry_leaf_hash_check;
            UPDATE tile SET hashes = '\\x00' WHERE tile_index = 0;
            UPDATE block SET time_ms = -1;
            UPDATE entry SET leaf_hash = '\\x00' WHERE leaf_index = 7;
            UPDATE entry SET entry_id = '00000000-0000-4000-8000-000000000000' WHERE leaf_index = 8;",
        )
        .await;
    check(store.full_tile(0, 0).await, "tile", "hashes", "level 0 index 0");
    check(store.block(Height(1)).await, "block", "time_ms", "1");
    check(store.leaf_hashes(0, 10).await, "entry", "leaf_hash", "7");
    check(store.entry(8).await, "entry", "entry_id", "8");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    let mut ledger = Ledger::create().await;
    ledger.commit(one_of_each()).await;
    let name = format!("{}.1", id(8));
    ledger.tamper(&format!("UPDATE licence SET record = record - 'purpose' WHERE name = '{name}'")).await;
    let keys = BTreeSet::from([Key::new(Noun::Licence, &*name), Key::new(Noun::Region, "region")]);
    check(ledger.store.load(&keys).await, "licence", "record", &name);
    check(ledger.store.get::<Licence>(&name).await, "licence", "record", &name);
    let query = ListQuery { limit: 10, ..ListQuery::default() };
    check(ledger.store.list::<Licence>(&query).await, "licence", "record", &name);
}
