use crate::fixture::{Ledger, one_of_each};
use databourse_store::{Store, StoreError, Writer};
use databourse_testkit::TestDatabase;
use tokio_postgres::error::SqlState;

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let database = TestDatabase::create().await;
    let first = Store::migrate(database.config()).await.unwrap();
    let versions: Vec<_> = first.applied.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>(), "{:?}", first.applied);
    assert_eq!(Store::migrate(database.config()).await.unwrap().applied, vec![]);
}

#[tokio::test]
async fn two_programs_that_migrate_at_once_do_it_one_after_the_other() {
    let database = TestDatabase::create().await;
    let (one, other) = tokio::join!(Store::migrate(database.config()), Store::migrate(database.config()));
    let (one, other) = (one.unwrap().applied, other.unwrap().applied);
    assert!(one.is_empty() != other.is_empty(), "{one:?} {other:?}");
}

#[tokio::test]
async fn a_database_without_tables_says_so() {
    let database = TestDatabase::create().await;
    let error = Writer::connect(database.config()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { .. }), "{error}");
    let store = Store::connect(database.config(), 1).await.unwrap();
    let error = store.chain_head().await.unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { .. }), "{error}");
}

#[tokio::test]
async fn a_new_database_is_empty() {
    let ledger = Ledger::create().await;
    assert_eq!(ledger.store.chain_head().await.unwrap(), None);
    assert_eq!(ledger.writer.chain_head().await.unwrap(), None);
    assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge);
    assert!(ledger.store.counts().await.unwrap().values().all(|count| *count == 0));
    assert!(ledger.store.trial_balance().await.unwrap().holds());
    ledger.store.ping().await.unwrap();
}

#[tokio::test]
async fn exchanges_of_the_form_before_regions_are_refused_as_a_whole() {
    let mut ledger = Ledger::create().await;
    ledger.commit(one_of_each()).await;
    let migration = include_str!("../../../../migrations/V7__region.sql");
    let code = async || {
        let client = ledger.database.connect().await;
        client.batch_execute(migration).await.unwrap_err().code().cloned()
    };
    // Today's form passes, and then the tables are there already.
    assert_eq!(code().await, Some(SqlState::DUPLICATE_TABLE));
    ledger.tamper("UPDATE exchange SET record = record - 'consensus_key'").await;
    assert_eq!(code().await, Some(SqlState::FEATURE_NOT_SUPPORTED));
}
