//! Traps that other ledgers fell into, each with a test of its name. The traps of the rules are in
//! `crates/market/tests/settlement.rs` and `crates/settlement/tests/window/traps.rs`.

use crate::{
    book::{Book, Leg},
    fixture::{Ledger, account, head, id},
};
use databourse_settlement::{
    Side::{Credit, Debit},
    TransactionKind::{Deposit, Withdrawal},
};
use databourse_store::StoreError;

const BANK: &str = "exchange:sh:bank:CNY/2";

/// blnk #240: a row of the journal and the balance that it changes were written in different transactions, so a failure
/// in between left one without the other. Here the balances fail, after the postings were written: nothing stays.
#[tokio::test]
async fn postings_and_balances_are_committed_together_or_not_at_all() {
    let (mut ledger, mut book) = (Ledger::create().await, Book::default());
    let buyer = format!("party:{}:funds:CNY/2", id(3));
    let deposit: &[Leg<'_>] = &[(BANK, Debit, 100, 0), (&buyer, Credit, 100, 0)];
    book.commit(&mut ledger, "CNY/2#1", &[(Deposit, deposit)], Vec::new()).await;

    ledger
        .tamper(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'disk on fire' USING ERRCODE = 'check_violation'; END $$;
             CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON account FOR EACH ROW
                WHEN (NEW.name LIKE 'party:%') EXECUTE FUNCTION fail();",
        )
        .await;
    let (edge, height, before) = (ledger.edge.clone(), ledger.height, book.clone());
    let leaf_index = edge.size() + 1;
    let withdrawal: &[Leg<'_>] = &[(&buyer, Debit, 40, 0), (BANK, Credit, 40, 0)];
    let posted = book.post(leaf_index, Withdrawal, "CNY/2#1", withdrawal);
    let batch = ledger.next(2, book.records(), vec![posted]);
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert_eq!(ledger.store.check_money().await.unwrap(), [], "neither posting nor balance stays");
    let journal = ledger.store.postings(&buyer, None, 10).await.unwrap();
    assert_eq!(journal.len(), 1);

    ledger.tamper("DROP TRIGGER fail ON account;").await;
    (ledger.edge, ledger.height, book) = (edge, height, before);
    book.commit(&mut ledger, "CNY/2#1", &[(Withdrawal, withdrawal)], Vec::new()).await;
    assert_eq!(ledger.store.check_money().await.unwrap(), []);
    assert_eq!(book.account(&buyer).balance_minor(), 60);
}

/// cala #746: one constant advisory lock serialised everything. Ours keeps two nodes from writing one database; two
/// ledgers on one server do not know of each other, and readers take no lock at all.
#[tokio::test]
async fn the_writers_lock_keeps_nobody_else_waiting() {
    let (mut one, mut other) = (Ledger::create().await, Ledger::create().await);
    let (first, second) =
        (one.next(1, vec![head("one", 1)], vec![]), other.next(1, vec![head("two", 1)], vec![]));
    let client = one.database.connect().await;
    client.batch_execute("BEGIN; LOCK TABLE account IN EXCLUSIVE MODE").await.unwrap();
    // The first ledger's next commit of an account waits for that lock; the second ledger and readers do not.
    let blocked = one.next(1, vec![account(BANK, 5, 0, 1)], vec![]);
    one.writer.commit(&first).await.unwrap();
    let commit = one.writer.commit(&blocked);
    tokio::pin!(commit);
    tokio::select! {
        biased;
        answer = &mut commit => panic!("it should wait: {answer:?}"),
        answer = async {
            other.writer.commit(&second).await?;
            one.store.chain_head().await
        } => assert_eq!(answer.unwrap().unwrap().height.0, 1),
    }
    client.batch_execute("COMMIT").await.unwrap();
    commit.await.unwrap();
}

/// cala PR 784: batches that lock the same accounts in different orders wait for each other for ever. All rows of a
/// block leave the rules in the order of kind and name (`histories.rs` of `market` checks it), and are written in it.
#[tokio::test]
async fn rows_are_written_in_one_total_order() {
    let mut ledger = Ledger::create().await;
    let names: Vec<String> = (1..=50).map(|number| format!("party:{}:funds:CNY/2", id(number))).collect();
    let backwards = names.iter().rev().map(|name| account(name, 0, 1, 1)).collect();
    let batch = ledger.next(1, backwards, Vec::new());
    assert!(batch.effects.rows.is_sorted_by_key(|row| (row.noun, row.name.clone())));
    ledger.writer.commit(&batch).await.unwrap();
    let written = ledger.database.connect().await;
    let rows = written.query("SELECT name FROM account ORDER BY ctid", &[]).await.unwrap();
    let written: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(written, names, "the order on the page is the order of writing");
}
