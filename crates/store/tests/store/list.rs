use crate::fixture::{Ledger, id, licence, one_of_each, order, product, record, window};
use databourse_licensing::{Licence, Order};
use databourse_listing::Product;
use databourse_market::{Noun, Record, Stored};
use databourse_party::Party;
use databourse_settlement::Window;
use databourse_store::{Column, LIST_LIMIT_MAX, ListQuery, StoreError};
use serde_json::json;

fn query(filters: &[(Column, &str)]) -> ListQuery {
    let filters = filters.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    ListQuery { filters, limit: 7, ..ListQuery::default() }
}

/// All names of a list, page by page.
async fn names<T: Stored>(ledger: &Ledger, query: &ListQuery) -> Vec<String> {
    let mut query = query.clone();
    let mut names = Vec::new();
    loop {
        let page = ledger.store.list::<T>(&query).await.unwrap();
        assert!(page.items.len() <= query.limit.clamp(1, LIST_LIMIT_MAX) as usize);
        names.extend(page.items.iter().map(Stored::name));
        query.after = page.next;
        if query.after.is_none() {
            return names;
        }
        assert!(!page.items.is_empty(), "a page before another has records");
    }
}

/// Every page length and both directions give `expected`, each name exactly once.
async fn check<T: Stored>(ledger: &Ledger, filters: &[(Column, &str)], expected: &[String]) {
    for limit in [0, 1, 2, 7, 50, u32::MAX] {
        let mut query = ListQuery { limit, ..query(filters) };
        assert_eq!(names::<T>(ledger, &query).await, expected, "{query:?}");
        query.newest_first = true;
        let mut backwards = names::<T>(ledger, &query).await;
        backwards.reverse();
        assert_eq!(backwards, expected, "{query:?}");
    }
}

/// 60 products of three suppliers, two kinds, three states.
async fn catalogue() -> Ledger {
    let mut ledger = Ledger::create().await;
    let products = (100..160_u64).map(|number| {
        let mut product = product(number, number % 3, None, None);
        product["state"] = json!(["listed", "ordering_paused", "delisted"][(number / 3 % 3) as usize]);
        product["details"]["kind"] = json!(["dataset", "model"][(number % 2) as usize]);
        product["exchange"] = json!(["sh", "js"][(number / 10 % 2) as usize]);
        record(Noun::Product, product)
    });
    ledger.commit(products.collect()).await;
    ledger
}

#[tokio::test]
async fn paging_visits_everything_exactly_once() {
    let ledger = catalogue().await;
    let matching = |matches: fn(u64) -> bool| (100..160).filter(|n| matches(*n)).map(id).collect::<Vec<_>>();
    check::<Product>(&ledger, &[], &matching(|_| true)).await;
    let supplier = id(1);
    check::<Product>(&ledger, &[(Column::Supplier, &supplier)], &matching(|n| n % 3 == 1)).await;
    check::<Product>(&ledger, &[(Column::Kind, "model")], &matching(|n| n % 2 == 1)).await;
    let both = [(Column::Supplier, &*supplier), (Column::Kind, "model")];
    check::<Product>(&ledger, &both, &matching(|n| n % 3 == 1 && n % 2 == 1)).await;
    let discoverable = [(Column::State, "listed"), (Column::State, "ordering_paused")];
    check::<Product>(&ledger, &discoverable, &matching(|n| n / 3 % 3 != 2)).await;
    check::<Product>(&ledger, &[(Column::Right, &id(5))], &matching(|_| true)).await;
    check::<Product>(&ledger, &[(Column::Exchange, "js")], &matching(|n| n / 10 % 2 == 1)).await;
    for nothing in ["", "nobody", "nul \0", "' OR true --"] {
        check::<Product>(&ledger, &[(Column::Supplier, nothing)], &[]).await;
    }
}

#[tokio::test]
async fn the_catalogue_is_counted_by_kind_class_and_exchange() {
    let ledger = catalogue().await;
    let counts = async |query: ListQuery| {
        let found = ledger.store.product_counts(&query).await.unwrap();
        assert!(found.is_complete);
        let mut counts = found.counts;
        counts.sort_by_key(|count| (count.kind.clone(), count.exchange.clone()));
        assert!(counts.iter().all(|count| count.data_class == "enterprise"));
        let counts = counts.into_iter().map(|count| (count.kind, count.exchange, count.product_count));
        counts.collect::<Vec<_>>()
    };
    let expected = |fits: &dyn Fn(u64) -> bool| {
        let all = [("dataset", "js"), ("dataset", "sh"), ("model", "js"), ("model", "sh")];
        let counts = all.map(|(kind, exchange)| {
            let is_there = |n: &u64| {
                fits(*n) && (n % 2 == 1) == (kind == "model") && (n / 10 % 2 == 1) == (exchange == "js")
            };
            (kind.to_owned(), exchange.to_owned(), (100..160_u64).filter(is_there).count() as u64)
        });
        counts.into_iter().filter(|(_, _, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!(counts(query(&[])).await, expected(&|_| true), "a page's length does not count");
    let listed = [(Column::State, "listed"), (Column::Supplier, &*id(1))];
    assert_eq!(counts(query(&listed)).await, expected(&|n| n % 3 == 1 && n / 3 % 3 == 0));
    assert_eq!(counts(query(&[(Column::Exchange, "js")])).await, expected(&|n| n / 10 % 2 == 1));
    for (words, finds) in [("port 船舶", true), ("t", true), ("x", false), ("nul \0", false)] {
        let search = ListQuery { search: Some(words.to_owned()), ..query(&[]) };
        assert_eq!(counts(search).await, expected(&|_| finds), "{words:?}");
    }
    let other = ledger.store.product_counts(&query(&[(Column::Buyer, "x")])).await.unwrap_err();
    assert!(matches!(other, StoreError::ColumnUnknown { noun: "product", column: "buyer" }), "{other}");
}

#[tokio::test]
async fn what_is_committed_between_pages_is_neither_repeated_nor_hides_others() {
    let mut ledger = catalogue().await;
    let first = ledger.store.list::<Product>(&query(&[])).await.unwrap();
    let before = record(Noun::Product, product(1, 1, None, None));
    let after = record(Noun::Product, product(200, 1, None, None));
    ledger.commit(vec![before, after]).await;
    let rest = names::<Product>(&ledger, &ListQuery { after: first.next, ..query(&[]) }).await;
    assert_eq!(rest, (107..160).chain([200]).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn numbers_in_names_are_ordered_as_numbers() {
    let mut ledger = Ledger::create().await;
    let states = ["ordered", "delivered", "active", "rejected", "refunded"];
    let mut records: Vec<Record> = Vec::new();
    for order in [8, 9] {
        records.extend((1..=23_u32).map(|line| licence(order, line, order, states[line as usize % 5])));
    }
    records.push(order(9, 9, None, None));
    records.extend((1..=12).map(|number| window(number, number == 12)));
    ledger.commit(records).await;
    let lines = |order: u64| (1..=23).map(move |line| format!("{}.{line}", id(order)));
    check::<Licence>(&ledger, &[], &lines(8).chain(lines(9)).collect::<Vec<_>>()).await;
    check::<Licence>(&ledger, &[(Column::Order, &id(9))], &lines(9).collect::<Vec<_>>()).await;
    let active: Vec<_> = [2, 7, 12, 17, 22].iter().map(|line| format!("{}.{line}", id(8))).collect();
    check::<Licence>(&ledger, &[(Column::Buyer, &id(8)), (Column::State, "active")], &active).await;
    let open: Vec<_> =
        [1, 5, 6, 10, 11, 15, 16, 20, 21].iter().map(|line| format!("{}.{line}", id(9))).collect();
    let states = [(Column::State, "ordered"), (Column::State, "delivered"), (Column::Buyer, &*id(9))];
    check::<Licence>(&ledger, &states, &open).await;
    let windows: Vec<_> = (1..=12).map(|number| format!("CNY/2#{number}")).collect();
    check::<Window>(&ledger, &[(Column::Asset, "CNY/2")], &windows).await;
    check::<Window>(&ledger, &[(Column::State, "open")], &windows[11..]).await;
}

#[tokio::test]
async fn orders_and_parties_are_found_by_what_people_know() {
    let mut ledger = Ledger::create().await;
    let mut records = one_of_each();
    records.push(order(28, 4, Some("PO/2026-1"), None));
    ledger.commit(records).await;
    check::<Order>(&ledger, &[(Column::Reference, "PO/2026-1")], &[id(18), id(28)]).await;
    check::<Order>(&ledger, &[(Column::Group, "spring")], &[id(18)]).await;
    check::<Order>(&ledger, &[(Column::Buyer, &id(3))], &[id(8), id(18)]).await;
    check::<Party>(&ledger, &[(Column::LegalIdentifier, "ext:retail:2")], &[id(2)]).await;
    check::<Party>(&ledger, &[(Column::HomeExchange, "sh")], &[id(2), id(3)]).await;
    check::<Party>(&ledger, &[(Column::State, "revoked")], &[id(3)]).await;
    check::<Party>(&ledger, &[(Column::Role, "buyer")], &[id(2), id(3)]).await;
    check::<Party>(&ledger, &[(Column::Role, "auditor"), (Column::Role, "supplier")], &[id(2), id(3)]).await;
    check::<Party>(&ledger, &[(Column::Role, "auditor")], &[]).await;
}

#[tokio::test]
async fn products_are_found_by_words_of_both_languages() {
    let mut ledger = Ledger::create().await;
    let product = |number, zh, en| record(Noun::Product, product(number, 2, zh, en));
    ledger
        .commit(vec![
            product(1, Some("长三角港口船舶数据"), Some("Port calls of the Yangtze Delta")),
            product(2, Some("气象数据"), None),
            product(3, None, Some("100% RENEWABLE_energy \\ prices")),
            product(4, None, Some("Renewable energy prices")),
        ])
        .await;
    let cases: &[(&str, &[u64])] = &[
        ("港口", &[1]),
        ("数据", &[1, 2]),
        ("数据 港口", &[1]),
        ("yangtze", &[1]),
        ("  DELTA\tport\n", &[1]),
        ("PORT TRAFFIC", &[1, 2, 3, 4]),
        ("船舶", &[1, 2, 3, 4]),
        ("renewable", &[3, 4]),
        ("100%", &[3]),
        ("%", &[3]),
        ("renewable_energy", &[3]),
        ("\\", &[3]),
        ("about energy", &[3, 4]),
        ("", &[1, 2, 3, 4]),
        ("   ", &[1, 2, 3, 4]),
        ("[\"", &[]),
        ("nul \0", &[]),
        ("铁路", &[]),
    ];
    for (search, expected) in cases {
        let query = ListQuery { search: Some((*search).to_owned()), ..query(&[(Column::Supplier, &id(2))]) };
        let expected: Vec<_> = expected.iter().map(|number| id(*number)).collect();
        assert_eq!(names::<Product>(&ledger, &query).await, expected, "{search:?}");
    }
}

#[tokio::test]
async fn a_column_of_another_kind_is_refused() {
    let ledger = Ledger::create().await;
    let error = ledger.store.list::<Product>(&query(&[(Column::Buyer, "x")])).await.unwrap_err();
    assert!(matches!(error, StoreError::ColumnUnknown { noun: "product", column: "buyer" }), "{error}");
    let search = ListQuery { search: Some("x".to_owned()), ..query(&[]) };
    let error = ledger.store.list::<Order>(&search).await.unwrap_err();
    assert!(matches!(error, StoreError::ColumnUnknown { noun: "purchase_order", .. }), "{error}");
}
