//! Sessions that end, hang or meet another.

use crate::fixture::{Ledger, head};
use databourse_store::{Store, StoreError, Writer};
use std::time::Duration;

#[tokio::test]
async fn two_writers_cannot_write_one_database() {
    let ledger = Ledger::create().await;
    let other = Ledger::create().await;
    let error = Writer::connect(ledger.database.config()).await.unwrap_err();
    assert!(matches!(error, StoreError::LockedByAnother), "{error}");
    assert!(!error.is_transient());
    drop(ledger.writer);
    connect_again(&ledger.database).await;
    drop(other);
}

/// The server needs a moment to see that a session has ended.
pub(crate) async fn connect_again(database: &databourse_testkit::TestDatabase) -> Writer {
    for _ in 0..200 {
        match Writer::connect(database.config()).await {
            Ok(writer) => return writer,
            Err(StoreError::LockedByAnother) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the lock was not given back");
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_unavailable_and_the_next_one_goes_on() {
    let mut ledger = Ledger::create().await;
    ledger.commit(vec![head("series", 1)]).await;
    let client = ledger.database.connect().await;
    client
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        .await
        .unwrap();
    let batch = ledger.next(1, vec![head("series", 2)], Vec::new());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_transient(), "{error}");
    assert!(!ledger.writer.is_usable());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");

    ledger.writer = connect_again(&ledger.database).await;
    ledger.writer.commit(&batch).await.unwrap();
    // The pool may hand out a dead connection once; then it has new ones.
    let _ = ledger.store.ping().await;
    assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge);
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_leaves_all_or_nothing_and_no_usable_session() {
    for steps in 0..12 {
        let mut ledger = Ledger::create().await;
        let batch = ledger.next(300, vec![head("series", 1)], Vec::new());
        let mut is_done = false;
        {
            let mut commit = Box::pin(ledger.writer.commit(&batch));
            for _ in 0..steps {
                if futures_poll(&mut commit).await {
                    is_done = true;
                    break;
                }
            }
        }
        if !is_done && steps > 0 {
            assert!(!ledger.writer.is_usable());
        }
        drop(ledger.writer);
        let mut writer = connect_again(&ledger.database).await;
        match writer.chain_head().await.unwrap() {
            Some(head) => assert_eq!(head.root, ledger.edge.root()),
            None => writer.commit(&batch).await.unwrap(),
        }
        assert_eq!(ledger.store.tree_edge().await.unwrap(), ledger.edge);
    }
}

/// Polls once and then lets everything else run for a moment; whether the future is done.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
    let is_done = std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_ready())
    });
    let is_done = is_done.await;
    tokio::time::sleep(Duration::from_micros(300)).await;
    is_done
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_an_error_and_not_a_wait_without_end() {
    let mut ledger = Ledger::create().await;
    ledger.commit(vec![head("series", 1)]).await;
    let mut client = ledger.database.connect().await;
    let tx = client.transaction().await.unwrap();
    tx.batch_execute("SELECT * FROM chain_head FOR UPDATE").await.unwrap();
    let batch = ledger.next(1, vec![head("series", 2)], Vec::new());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    drop(tx);
    ledger.writer = {
        drop(ledger.writer);
        connect_again(&ledger.database).await
    };
    ledger.writer.commit(&batch).await.unwrap();
}

#[tokio::test]
async fn no_server_is_unavailable() {
    let mut config = tokio_postgres::Config::new();
    config.host_path("/nonexistent").user("nobody");
    let error = Store::connect(config.clone(), 1).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(Writer::connect(config.clone()).await.unwrap_err().is_transient());
    assert!(Store::migrate(config).await.unwrap_err().is_transient());
}
