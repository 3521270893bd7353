//! Each message of a commit fails, is torn, or is kept without an answer, twice in a row: then every acknowledged command
//! is there exactly once, and the database is what follows from the entries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_market::Answer;
use databourse_primitives::EntryId;
use databourse_store::{StoreError, Writer};
use databourse_testkit::proxy::{Fault, FaultProxy};
use serde_json::json;
use std::time::Duration;
use support::{
    Ledger,
    harness::{By, Market, party_body},
};

/// How long a server may take to see that a session is gone, and to free its lock.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// What a node does after a commit that broke off (`Executor::recover`): another session, as soon as the lock is free.
async fn reconnected(proxy: &FaultProxy) -> Writer {
    let connect = async {
        loop {
            match Writer::connect(proxy.config()).await {
                Ok(writer) => return writer,
                Err(StoreError::LockedByAnother | StoreError::Unavailable { .. }) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(LOCK_LIMIT, connect).await.expect("the lock of a session that is gone is freed")
}

/// Commits the market's last block through the proxy, as often as it takes; how many attempts broke off.
async fn commit(ledger: &mut Ledger, market: &Market, proxy: &FaultProxy) -> usize {
    let (context, commands, effects) = market.history.last().unwrap();
    let batch = ledger.batch(context, commands, effects);
    let mut broken_off = 0;
    loop {
        let mut writer = match ledger.writer.take() {
            Some(writer) if writer.is_usable() => writer,
            _ => reconnected(proxy).await,
        };
        let answer = writer.commit(&batch).await;
        ledger.writer = Some(writer);
        match answer {
            Ok(()) => break,
            Err(StoreError::Unavailable { .. }) => broken_off += 1,
            Err(error) => panic!("{error}"),
        }
        // An error says nothing about the commit; the head does. The server may still be at it, and the lock tells when
        // it no longer is.
        ledger.writer = None;
        let writer = reconnected(proxy).await;
        let head = writer.chain_head().await.unwrap();
        ledger.writer = Some(writer);
        if head.is_some_and(|head| head.block_id == batch.block_id) {
            break;
        }
    }
    ledger.follow(&batch);
    broken_off
}

/// A block that touches many tables: parties, money in, a purchase.
fn next_block(market: &mut Market, number: usize) -> Vec<EntryId> {
    let party = market.next_id;
    let name = format!("company-{number}-{party}");
    let party = market.new_id();
    market.next_id -= 1;
    let deposit = json!({
        "party": party, "asset": "CNY/2", "amount_minor": 1_000, "bank_reference": format!("in-{number}-{party}"),
    });
    let answers = market.block(&[
        (By::Exchange, "party.certify", party_body(&name, &["buyer"])),
        (By::Exchange, "account.deposit", deposit),
    ]);
    answers.into_iter().map(|answer| answer.unwrap_or_else(|error| panic!("{error:?}"))).collect()
}

async fn every_message_fails(fault: Fault) {
    let mut market = Market::founded_by(support::COUNT);
    let mut ledger = Ledger::empty().await;
    ledger.grow(&market).await;
    let proxy = FaultProxy::start(&ledger.config);
    // The session that was open goes on until the lock is taken by the one through the proxy.
    ledger.writer = None;
    ledger.writer = Some(reconnected(&proxy).await);
    let mut acknowledged = Vec::new();
    let mut message_count = 0;
    for message in 1.. {
        let ids = next_block(&mut market, message);
        proxy.arm(fault, message, 2);
        let broken_off = commit(&mut ledger, &market, &proxy).await;
        let fired = proxy.disarm();
        assert!(broken_off <= 2 && fired <= 2, "{fault:?} at {message}");
        acknowledged.extend(ids);
        if fired == 0 {
            break;
        }
        message_count = message;
        // Everything again, from the database.
        let report = ledger.fsck(None).await;
        let said: Vec<_> = report.differences.iter().map(|found| found.difference.to_string()).collect();
        assert!(report.is_sound(), "{fault:?} at {message}: {said:#?} {:?}", report.money);
    }
    for id in &acknowledged {
        let answer =
            ledger.store.get::<Answer>(&id.to_string()).await.unwrap().expect("an acknowledged command");
        let entry = ledger.store.entry(answer.leaf_index.0).await.unwrap().unwrap();
        assert_eq!(entry.id, *id);
    }
    let size = ledger.store.chain_head().await.unwrap().unwrap().tree_size;
    assert_eq!(size, market.size, "nothing is there twice");
    println!(
        "{fault:?}: {message_count} messages of a commit, each twice in a row, {} commands",
        acknowledged.len()
    );
    assert!(message_count > 20, "a commit has more messages than {message_count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_any_message_is_lost_twice_leaves_nothing_behind() {
    every_message_fails(Fault::Lost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_any_message_is_torn_twice_leaves_nothing_behind() {
    every_message_fails(Fault::Torn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_any_answer_is_lost_twice_is_there_once() {
    every_message_fails(Fault::Unanswered).await;
}
