use crate::fixture::{Ledger, account, head, one_of_each, window};
use databourse_market::{Key, Noun, Record};
use databourse_primitives::{Digest, Height, LeafIndex, Timestamp, TreeSize};
use databourse_store::{CommitBatch, StoreError};
use std::collections::BTreeSet;

/// Commits a block that the tables refuse at `expected`, sees nothing of it, and commits the next one on the same
/// session.
async fn check_refused(records: Vec<Record>, expected: &str) {
    let mut ledger = Ledger::create().await;
    ledger.commit(vec![head("before", 1)]).await;
    let (edge, height) = (ledger.edge.clone(), ledger.height);
    let before = (ledger.store.chain_head().await.unwrap(), ledger.store.counts().await.unwrap());
    let mut records = records;
    records.push(head("with it", 1));
    let batch = ledger.next(300, records, Vec::new());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!error.is_transient());

    let after = (ledger.store.chain_head().await.unwrap(), ledger.store.counts().await.unwrap());
    assert_eq!(before, after);
    assert_eq!(ledger.store.tree_edge().await.unwrap(), edge);
    assert_eq!(ledger.store.full_tile(0, 0).await.unwrap(), None);
    assert_eq!(ledger.store.block(Height(2)).await.unwrap(), None);

    (ledger.edge, ledger.height) = (edge, height);
    ledger.commit(vec![head("after", 1)]).await;
    assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge);
}

#[tokio::test]
async fn a_balance_below_zero_is_refused_with_its_block() {
    check_refused(vec![account("exchange:sh:fees:CNY/2", 1, 0, 1)], "available_minor").await;
    check_refused(vec![account("exchange:sh:bank:CNY/2", 0, 1, 1)], "available_minor").await;
    check_refused(vec![account("exchange:sh:bank:CNY/2", -1, -1, 1)], "_minor").await;
}

#[tokio::test]
async fn two_open_windows_are_refused_at_the_commit_itself() {
    check_refused(vec![window(1, true), window(2, true)], "one_open_window").await;
}

#[tokio::test]
async fn a_window_closes_and_the_next_opens_in_one_block_whatever_the_order_of_names() {
    let mut ledger = Ledger::create().await;
    for number in 1..=12 {
        let mut records = vec![window(number, true)];
        records.extend((number > 1).then(|| window(number - 1, false)));
        ledger.commit(records).await;
    }
}

#[tokio::test]
async fn a_block_follows_the_head_or_is_a_conflict() {
    let mut ledger = Ledger::create().await;
    let first = ledger.next(2, one_of_each(), Vec::new());
    let second = ledger.next(3, Vec::new(), Vec::new());
    check_conflict(&mut ledger, &second).await;
    ledger.writer.commit(&first).await.unwrap();
    check_conflict(&mut ledger, &first).await;
    for wrong in wrong_followers(&second) {
        check_conflict(&mut ledger, &wrong).await;
    }
    ledger.writer.commit(&second).await.unwrap();
    check_conflict(&mut ledger, &second).await;
    check_conflict(&mut ledger, &first).await;
    assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge);
}

#[tokio::test]
async fn the_edge_of_an_earlier_tree_is_read_from_the_leaves_and_tiles_of_the_later_one() {
    let mut ledger = Ledger::create().await;
    let mut earlier = vec![ledger.edge.clone()];
    for count in [1, 254, 1, 1, 400, 700] {
        let batch = ledger.next(count, Vec::new(), Vec::new());
        ledger.writer.commit(&batch).await.unwrap();
        earlier.push(ledger.edge.clone());
    }
    for edge in earlier {
        let found = ledger.store.tree_edge_at(TreeSize(edge.size())).await.unwrap();
        assert_eq!(found, Some(edge));
    }
    let beyond = ledger.store.tree_edge_at(TreeSize(ledger.edge.size() + 1)).await.unwrap();
    assert_eq!(beyond, None);
}

fn wrong_followers(right: &CommitBatch) -> Vec<CommitBatch> {
    let mut gap = right.clone();
    gap.height = Height(3);
    let mut early = right.clone();
    early.block_time = Timestamp::EPOCH;
    let mut shifted = right.clone();
    shifted.header_index = LeafIndex(right.header_index.0 + 1);
    shifted.tree_size += 1;
    shifted.entries.iter_mut().for_each(|entry| entry.leaf_index += 1);
    vec![gap, early, shifted]
}

async fn check_conflict(ledger: &mut Ledger, batch: &CommitBatch) {
    let before = ledger.store.chain_head().await.unwrap();
    let error = ledger.writer.commit(batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { height, .. } if height == batch.height), "{error}");
    assert_eq!(ledger.store.chain_head().await.unwrap(), before);
    assert!(ledger.writer.is_usable());
}

#[tokio::test]
async fn a_batch_that_contradicts_itself_is_not_sent() {
    let mut ledger = Ledger::create().await;
    let good = ledger.next(3, vec![head("a", 1), head("b", 1)], Vec::new());
    let spoil: [fn(&mut CommitBatch); 6] = [
        |batch| batch.entries.clear(),
        |batch| batch.entries.swap(1, 2),
        |batch| batch.tree_size += 1,
        |batch| batch.height = Height(0),
        |batch| batch.effects.rows.swap(0, 1),
        |batch| batch.effects.rows[1].name = "a".into(),
    ];
    for spoil in spoil {
        let mut batch = good.clone();
        spoil(&mut batch);
        let error = ledger.writer.commit(&batch).await.unwrap_err();
        assert!(matches!(error, StoreError::BatchMalformed(_)), "{error}");
    }
    let mut batch = good.clone();
    batch.header_index = LeafIndex(u64::MAX - 3);
    batch.tree_size = u64::MAX;
    batch.entries.iter_mut().for_each(|entry| entry.leaf_index += u64::MAX - 3);
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::OutOfRange(_)), "{error}");
    ledger.writer.commit(&good).await.unwrap();
}

#[tokio::test]
async fn a_record_cannot_be_filed_under_the_name_of_another() {
    let mut ledger = Ledger::create().await;
    for record in one_of_each().into_iter().filter(|record| record.key().noun != Noun::Region) {
        let mut batch = ledger.next(1, vec![record.clone()], Vec::new());
        batch.effects.rows[0].name = "another".into();
        let error = ledger.writer.commit(&batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused { .. }), "{}: {error}", record.key());
        (ledger.edge, ledger.height) = Default::default();
    }
}

#[tokio::test]
async fn a_later_record_replaces_an_earlier_one() {
    let mut ledger = Ledger::create().await;
    for number in 1..=3 {
        ledger.commit(vec![head("series", number)]).await;
        let keys = BTreeSet::from([Key::new(Noun::Head, "series")]);
        let loaded = ledger.store.load(&keys).await.unwrap();
        assert_eq!(loaded[0].1, Some(head("series", number)));
    }
}

#[tokio::test]
async fn what_is_written_once_cannot_be_changed_by_a_statement() {
    let mut ledger = Ledger::create().await;
    let batch = ledger.next(300, Vec::new(), Vec::new());
    ledger.writer.commit(&batch).await.unwrap();
    let client = ledger.database.connect().await;
    for table in ["block", "block_agreement", "entry", "tile", "posting", "final_checkpoint"] {
        for statement in [format!("DELETE FROM {table}"), format!("TRUNCATE {table}")] {
            let error = client.batch_execute(&statement).await.unwrap_err();
            let message = error.as_db_error().unwrap().message().to_owned();
            assert_eq!(message, format!("table {table} is append-only"));
        }
    }
    assert_eq!(Digest::of(&1_u64.to_be_bytes()), ledger.store.block(Height(1)).await.unwrap().unwrap().id);
}
