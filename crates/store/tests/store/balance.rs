use crate::{
    book::{Book, Leg},
    fixture::{Ledger, id},
};
use databourse_primitives::{TreeSize, WindowId};
use databourse_settlement::{
    AccountId, Balances,
    Side::{Credit, Debit},
    TransactionKind::{Deposit, Hold, Post, Void},
};
use databourse_store::{JournalPosting, PostingCursor};

const BANK: &str = "exchange:sh:bank:CNY/2";
const CLEARING: &str = "exchange:sh:clearing:CNY/2";

fn buyer() -> String {
    format!("party:{}:funds:CNY/2", id(3))
}

fn seller() -> String {
    format!("party:{}:funds:CNY/2", id(2))
}

fn points() -> String {
    format!("party:{}:funds:POINTS/0", id(3))
}

fn window(number: u64) -> WindowId {
    format!("CNY/2#{number}").parse().unwrap()
}

/// Windows 2, 9, 10 and 12 of CNY have postings, 1 and 11 have none; a window of POINTS stands between. With it, what
/// every account was at every size of the ledger: `history[size]`.
async fn story() -> (Ledger, Vec<Book>) {
    let (buyer, seller, points) = (buyer(), seller(), points());
    let (mut ledger, mut book) = (Ledger::create().await, Book::default());
    let mut history = vec![Book::default()];
    let deposit: &[Leg<'_>] = &[(BANK, Debit, 100, 0), (&buyer, Credit, 100, 0)];
    let hold: &[Leg<'_>] = &[(&buyer, Debit, 0, 40), (&seller, Credit, 0, 40)];
    let post: &[Leg<'_>] = &[
        (&buyer, Debit, 25, -25),
        (&seller, Credit, 25, -25),
        (CLEARING, Debit, 25, 0),
        (CLEARING, Credit, 3, 0),
    ];
    let void: &[Leg<'_>] = &[(&buyer, Debit, 0, -15), (&seller, Credit, 0, -15)];
    let other: &[Leg<'_>] = &[("exchange:sh:bank:POINTS/0", Debit, 9, 0), (&points, Credit, 9, 0)];
    let blocks = [
        ("CNY/2#2", vec![(Deposit, deposit), (Hold, hold)]),
        ("CNY/2#9", vec![(Post, post), (Deposit, deposit)]),
        ("POINTS/0#10", vec![(Deposit, other)]),
        ("CNY/2#9", vec![(Deposit, deposit)]),
        ("CNY/2#10", vec![(Void, void)]),
        ("CNY/2#12", vec![(Deposit, deposit)]),
    ];
    for (window, movements) in blocks {
        let before = book.clone();
        book.commit(&mut ledger, window, &movements, Vec::new()).await;
        history.extend([before, book.clone()]);
    }
    (ledger, history)
}

#[tokio::test]
async fn a_balance_at_any_place_is_what_the_account_was_there() {
    let (ledger, history) = story().await;
    let (buyer, seller, points) = (buyer(), seller(), points());
    for name in [BANK, CLEARING, &buyer, &seller, &points, "exchange:js:fees:CNY/2"] {
        let account: AccountId = name.parse().unwrap();
        for (size, book) in (0..).zip(&history) {
            let balances = ledger.store.balances_at(&account, TreeSize(size)).await.unwrap();
            assert_eq!(balances, book.account(name).balances(), "{name} at {size}");
        }
        let now = history.last().unwrap().account(name).balances();
        assert_eq!(ledger.store.balances_at(&account, TreeSize(u64::MAX)).await.unwrap(), now);
    }
    let held =
        Balances { posted_minor: 100, pending_in_minor: 0, pending_out_minor: 40, available_minor: 60 };
    assert_eq!(history[2].account(&buyer).balances(), held, "the test's own arithmetic");
}

#[tokio::test]
async fn an_account_goes_into_a_window_with_what_it_had_before() {
    let (ledger, history) = story().await;
    // How many leaves there were when each window, or the next with postings, got its first posting.
    let sizes = [(1, 0), (2, 0), (9, 3), (10, 9), (11, 11), (12, 11), (13, 13), (u64::MAX, 13)];
    for name in [BANK, CLEARING, &buyer(), &seller(), "exchange:js:fees:CNY/2"] {
        let account: AccountId = name.parse().unwrap();
        for (number, size) in sizes {
            let before = ledger.store.account_balance_before(&account, &window(number)).await.unwrap();
            let expected = history[usize::try_from(size).unwrap().min(history.len() - 1)].account(name);
            assert_eq!(before, expected.balances(), "{name} before {number}");
            assert_eq!(before, ledger.store.balances_at(&account, TreeSize(size)).await.unwrap());
        }
    }
    let other: AccountId = points().parse().unwrap();
    let before = |window: &str| {
        let (account, window) = (other.clone(), window.parse().unwrap());
        let store = ledger.store.clone();
        async move { store.account_balance_before(&account, &window).await.unwrap().posted_minor }
    };
    assert_eq!((before("POINTS/0#10").await, before("POINTS/0#11").await), (0, 9));
    assert_eq!(before("CNY/2#12").await, 0, "a window of another asset");
}

#[tokio::test]
async fn a_statement_of_a_window_has_its_postings_and_no_others() {
    let (ledger, _) = story().await;
    for name in [BANK, CLEARING, &buyer(), &seller(), &points()] {
        let account: AccountId = name.parse().unwrap();
        let all = ledger.store.postings(name, None, 100).await.unwrap();
        let mut seen = 0;
        for number in [1, 2, 9, 10, 11, 12, 13, u64::MAX] {
            let window = window(number);
            let expected: Vec<&JournalPosting> = all.iter().filter(|p| p.window == window).collect();
            for limit in 1..=5 {
                let (mut after, mut found): (Option<PostingCursor>, Vec<_>) = (None, Vec::new());
                loop {
                    let page = ledger.store.account_window_postings(&account, &window, after, limit).await;
                    let page = page.unwrap();
                    assert!(page.len() <= limit as usize);
                    let Some(last) = page.last() else { break };
                    after = Some(last.place);
                    found.extend(page);
                }
                assert_eq!(
                    found.iter().collect::<Vec<_>>(),
                    expected,
                    "{name} in {window}, pages of {limit}"
                );
            }
            seen += expected.len();
        }
        assert_eq!(seen, if name == points() { 0 } else { all.len() }, "{name}");
    }
    let held = &ledger.store.postings(&buyer(), None, 100).await.unwrap()[1];
    assert_eq!((held.amount_minor.get(), held.pending_minor, held.kind), (0, 40, Hold));
}
