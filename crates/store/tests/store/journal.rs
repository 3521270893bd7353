use crate::fixture::{Ledger, account, entry_id, id};
use databourse_market::PostedTransaction;
use databourse_primitives::{AmountMinor, LeafIndex};
use databourse_settlement::{Posting, Side, TransactionKind};
use databourse_store::{PostingCursor, StoreError};

fn bank() -> String {
    "exchange:sh:bank:CNY/2".to_owned()
}

fn funds() -> String {
    format!("party:{}:funds:CNY/2", id(3))
}

fn deposit(leaf_index: u64, amount_minor: i64) -> PostedTransaction {
    let posting = |account: String, side| Posting {
        account: account.parse().unwrap(),
        side,
        amount_minor: AmountMinor::new(amount_minor).unwrap(),
        pending_minor: 0,
    };
    PostedTransaction {
        entry: entry_id(leaf_index),
        leaf_index: LeafIndex(leaf_index),
        kind: TransactionKind::Deposit,
        window: "CNY/2#1".parse().unwrap(),
        postings: vec![posting(bank(), Side::Debit), posting(funds(), Side::Credit)],
    }
}

/// Three blocks; the second entry of each moves money twice.
async fn three_blocks() -> Ledger {
    let mut ledger = Ledger::create().await;
    for number in 1..=3_i64 {
        let leaf_index = ledger.edge.size() + 1;
        let transactions = vec![deposit(leaf_index, 10 * number), deposit(leaf_index, number)];
        let total = 11 * number * (number + 1) / 2;
        let count = 2 * number.unsigned_abs();
        let accounts = vec![account(&bank(), total, 0, count), account(&funds(), 0, total, count)];
        let batch = ledger.next(2, accounts, transactions);
        ledger.writer.commit(&batch).await.unwrap();
    }
    ledger
}

#[tokio::test]
async fn an_account_s_postings_come_in_the_order_of_the_ledger() {
    let ledger = three_blocks().await;
    let all = ledger.store.postings(&funds(), None, 100).await.unwrap();
    let found: Vec<_> =
        all.iter().map(|posting| (posting.place.to_string(), posting.amount_minor.get())).collect();
    let expected = [("1.0.1", 10), ("1.1.1", 1), ("3.0.1", 20), ("3.1.1", 2), ("5.0.1", 30), ("5.1.1", 3)];
    assert_eq!(found, expected.map(|(place, amount)| (place.to_owned(), amount)));
    for posting in &all {
        assert_eq!(posting.entry, entry_id(posting.place.leaf_index));
        assert_eq!(posting.time.unix_ms(), 1_000 * i64::try_from(posting.height.0).unwrap());
        assert_eq!((posting.side, posting.kind), (Side::Credit, TransactionKind::Deposit));
        assert_eq!(
            (posting.window.to_string(), posting.asset.to_string()),
            ("CNY/2#1".into(), "CNY/2".into())
        );
    }
    for limit in 1..=7 {
        let (mut after, mut pages): (Option<PostingCursor>, _) = (None, Vec::new());
        loop {
            let page = ledger.store.postings(&funds(), after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            pages.extend(page);
        }
        assert_eq!(pages, all, "pages of {limit}");
        let (mut before, mut pages): (Option<PostingCursor>, _) = (None, Vec::new());
        loop {
            let page = ledger.store.postings_backwards(&funds(), before, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.place);
            pages.extend(page);
        }
        pages.reverse();
        assert_eq!(pages, all, "pages of {limit} from the end");
    }
    for nobody in ["", "nobody", "nul \0"] {
        assert_eq!(ledger.store.postings(nobody, None, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn accounts_and_journal_say_the_same() {
    let ledger = three_blocks().await;
    let balance = ledger.store.trial_balance().await.unwrap();
    assert!(balance.holds(), "{balance:?}");
    assert_eq!(balance.accounts, balance.postings);
    assert_eq!((balance.postings[0].debits_minor, balance.postings[0].credits_minor), (66, 66));
    ledger.tamper("UPDATE posting SET amount_minor = 11 WHERE leaf_index = 1 AND side = 'credit'").await;
    assert!(!ledger.store.trial_balance().await.unwrap().holds());
}

#[tokio::test]
async fn the_trial_balance_counts_beyond_64_bits() {
    let mut ledger = Ledger::create().await;
    let accounts =
        (1..=4).map(|number| account(&format!("party:{}:funds:CNY/2", id(number)), i64::MAX, i64::MAX, 1));
    ledger.commit(accounts.collect()).await;
    let balance = ledger.store.trial_balance().await.unwrap();
    assert_eq!(balance.accounts[0].debits_minor, 4 * i128::from(i64::MAX));
    assert!(!balance.holds(), "no posting moved it");
}

#[tokio::test]
async fn a_posting_without_its_entry_is_damage() {
    let ledger = three_blocks().await;
    ledger.tamper("DELETE FROM entry WHERE leaf_index = 3").await;
    let error = ledger.store.postings(&bank(), None, 10).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged(cell) if cell.table == "entry" && cell.row == "3"),
        "{error}"
    );
}

#[tokio::test]
async fn a_kept_key_is_never_overwritten() {
    let ledger = Ledger::create().await;
    let party = id(3).parse().unwrap();
    let [one, other] = ["A", "Q"].map(|last| format!("{}{last}", "A".repeat(42)).parse().unwrap());
    assert!(ledger.store.custody_key(party).await.unwrap().is_none());
    ledger.store.put_custody_key(party, one, b"sealed").await.unwrap();
    ledger.store.put_custody_key(party, one, b"sealed again").await.unwrap();
    let error = ledger.store.put_custody_key(party, other, b"sealed").await.unwrap_err();
    assert!(matches!(error, StoreError::CustodyKeyExists), "{error}");
    let kept = ledger.store.custody_key(party).await.unwrap().unwrap();
    assert_eq!((kept.key_id, &*kept.sealed), (one, &b"sealed"[..]));
    assert!(!format!("{kept:?}").contains("sealed"));
    let error = ledger.store.put_custody_key(id(4).parse().unwrap(), one, b"sealed").await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    // Only the key that is named goes, and another may take its place.
    ledger.store.drop_custody_key(party, other).await.unwrap();
    assert_eq!(ledger.store.custody_key(party).await.unwrap().map(|kept| kept.key_id), Some(one));
    ledger.store.drop_custody_key(party, one).await.unwrap();
    assert!(ledger.store.custody_key(party).await.unwrap().is_none());
    ledger.store.put_custody_key(party, other, b"sealed").await.unwrap();
}

#[tokio::test]
async fn a_snapshot_pages_through_the_whole_journal_of_its_own_moment() {
    let mut ledger = Ledger::create().await;
    assert!(ledger.store.journal_snapshot().await.unwrap().is_none());
    let first = ledger.next(1, vec![account(&bank(), 0, 0, 0)], Vec::new());
    ledger.writer.commit(&first).await.unwrap();
    let transactions = vec![deposit(2, 10), deposit(2, 1)];
    let accounts = vec![account(&bank(), 11, 0, 2), account(&funds(), 0, 11, 2)];
    let batch = ledger.next(2, accounts, transactions);
    ledger.writer.commit(&batch).await.unwrap();

    let snapshot = ledger.store.journal_snapshot().await.unwrap().unwrap();
    let later = ledger.next(2, vec![account(&bank(), 18, 0, 3)], vec![deposit(4, 7)]);
    ledger.writer.commit(&later).await.unwrap();
    assert_eq!((snapshot.head().tree_size, snapshot.head().height.0), (3, 2));
    assert_eq!(snapshot.first_time().unix_ms(), 1_000);
    let all = snapshot.legs(None, 100).await.unwrap();
    let found: Vec<_> = all
        .iter()
        .map(|leg| (leg.posting.place.to_string(), leg.account.to_string(), leg.posting.amount_minor.get()))
        .collect();
    let expected =
        [("2.0.0", bank(), 10), ("2.0.1", funds(), 10), ("2.1.0", bank(), 1), ("2.1.1", funds(), 1)];
    assert_eq!(found, expected.map(|(place, account, amount)| (place.to_owned(), account, amount)));
    for limit in 1..=5 {
        let (mut after, mut pages): (Option<PostingCursor>, _) = (None, Vec::new());
        loop {
            let page = snapshot.legs(after, limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.posting.place);
            pages.extend(page);
        }
        assert_eq!(pages, all, "pages of {limit}");
    }
    let page = snapshot.accounts(None, 1).await.unwrap();
    assert_eq!((page.items[0].id.to_string(), page.items[0].debits_minor), (bank(), 11));
    let page = snapshot.accounts(page.next, 1).await.unwrap();
    assert_eq!((page.items[0].id.to_string(), page.next), (funds(), None));

    drop(snapshot);
    let now = ledger.store.journal_snapshot().await.unwrap().unwrap();
    assert_eq!(now.legs(None, 100).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_transaction_of_every_kind_has_its_place_in_the_journal() {
    let mut ledger = Ledger::create().await;
    let of_kind = |(leaf_index, kind): (u64, &TransactionKind)| PostedTransaction {
        kind: *kind,
        ..deposit(leaf_index, 1)
    };
    let transactions: Vec<_> = (1..).zip(TransactionKind::ALL).map(of_kind).collect();
    let count = transactions.len() as u64;
    let batch = ledger.next(count + 1, Vec::new(), transactions);
    ledger.writer.commit(&batch).await.unwrap();
    let kinds: Vec<_> =
        ledger.store.postings(&bank(), None, 100).await.unwrap().iter().map(|posting| posting.kind).collect();
    assert_eq!(kinds, TransactionKind::ALL);
}
