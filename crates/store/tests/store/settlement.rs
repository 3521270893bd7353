use crate::{
    fixture::{Ledger, TIME, id, licence, order, record, window},
    samples::{acceptance, break_, break_states, dispute, hold, refund, share_tree, tax_table, voucher},
};
use databourse_licensing::{Licence, Order};
use databourse_market::{Acceptance, Noun, Record, RefundRecord, Stored};
use databourse_settlement::{Break, Dispute, Hold, ShareTree, TaxTable, Voucher};
use databourse_store::{Column, ListQuery, StoreError};
use databourse_testkit::TestDatabase;
use serde_json::json;

/// The names under these filters, in pages of three.
async fn names<T: Stored>(ledger: &Ledger, filters: &[(Column, &str)]) -> Vec<String> {
    let filters = filters.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    let mut query = ListQuery { filters, limit: 3, ..ListQuery::default() };
    let mut names = Vec::new();
    loop {
        let page = ledger.store.list::<T>(&query).await.unwrap();
        names.extend(page.items.iter().map(Stored::name));
        query.after = page.next;
        if query.after.is_none() {
            return names;
        }
    }
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

#[tokio::test]
async fn all_lines_of_a_window_are_its_acceptances_and_refunds() {
    let mut ledger = Ledger::create().await;
    let mut records = Vec::new();
    for number in 0..20 {
        let window = format!("CNY/2#{}", 1 + number % 2 * 10);
        records.extend([acceptance(100 + number, &window), refund(200 + number, &window)]);
    }
    ledger.commit(records).await;
    for (window, first) in [("CNY/2#1", 0), ("CNY/2#11", 1)] {
        let filter = [(Column::Window, window)];
        let expected = |base: u64| ids((first..20).step_by(2).map(|number| base + number));
        assert_eq!(names::<Acceptance>(&ledger, &filter).await, expected(100));
        assert_eq!(names::<RefundRecord>(&ledger, &filter).await, expected(200));
    }
    assert_eq!(names::<Acceptance>(&ledger, &[(Column::Window, "CNY/2#2")]).await, ids([]));
    assert_eq!(names::<Acceptance>(&ledger, &[(Column::Order, &id(8))]).await.len(), 20);
    assert_eq!(names::<Acceptance>(&ledger, &[(Column::Buyer, &id(4))]).await, ids([]));
}

#[tokio::test]
async fn records_of_settlement_are_found_by_what_people_ask_for() {
    let mut ledger = Ledger::create().await;
    let mut records = vec![
        hold(1, 3, 100, None),
        hold(2, 3, 0, None),
        hold(3, 4, 7, None),
        voucher(4, 0, 5),
        dispute(5, true),
        dispute(6, false),
    ];
    records.extend(
        (1..=12).flat_map(|version| [tax_table(version), share_tree(7, version), share_tree(8, version)]),
    );
    records.extend((20..).zip(break_states()).map(|(number, state)| {
        let (window, pair) = if number % 2 == 0 { ("CNY/2#1", "js~sh") } else { ("CNY/2#2", "sh~zj") };
        break_(number, window, pair, if number < 24 { "timing" } else { "fee_rule" }, &state)
    }));
    ledger.commit(records).await;
    let holder = format!("party:{}", id(3));
    assert_eq!(names::<Hold>(&ledger, &[(Column::Holder, &holder)]).await, ids([1, 2]));
    assert_eq!(names::<Hold>(&ledger, &[(Column::State, "pending")]).await, ids([1, 3]));
    assert_eq!(names::<Voucher>(&ledger, &[(Column::Holder, &id(3))]).await, ids([4]));
    for column in [(Column::Order, id(8)), (Column::Buyer, id(3)), (Column::Supplier, id(2))] {
        assert_eq!(names::<Dispute>(&ledger, &[(column.0, &column.1)]).await, ids([5, 6]));
    }
    assert_eq!(names::<Dispute>(&ledger, &[(Column::State, "open")]).await, ids([5]));
    let versions =
        |product: u64| (1..=12).map(|version| format!("{}@{version}", id(product))).collect::<Vec<_>>();
    assert_eq!(names::<ShareTree>(&ledger, &[(Column::Product, &id(8))]).await, versions(8));
    assert_eq!(
        names::<TaxTable>(&ledger, &[]).await,
        (1..=12).map(|v: u64| v.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(names::<Break>(&ledger, &[(Column::Window, "CNY/2#2")]).await, ids([21, 23, 25, 27]));
    assert_eq!(names::<Break>(&ledger, &[(Column::Pair, "js~sh")]).await, ids([20, 22, 24, 26]));
    assert_eq!(names::<Break>(&ledger, &[(Column::Kind, "fee_rule")]).await, ids(24..28));
    let open = ["opened", "escalated"].map(|state| (Column::State, state));
    assert_eq!(names::<Break>(&ledger, &open).await, ids([20, 27]));
}

#[tokio::test]
async fn due_holds_are_those_that_are_pending_and_whose_time_is_over() {
    let mut ledger = Ledger::create().await;
    let at = |ms: u64| Some(format!("2026-11-22T02:47:3{}.{:03}Z", ms / 1_000, ms % 1_000));
    let held =
        |number: u64, left: i64, expires_at: Option<String>| hold(number, 3, left, expires_at.as_deref());
    let records = vec![
        held(1, 1, at(2_000)),
        held(2, 100, at(999)),
        held(3, 0, at(0)),
        held(4, 1, None),
        held(5, 1, at(1_000)),
        held(6, 1, at(1_000)),
    ];
    ledger.commit(records).await;
    let due = async |ms: u64, limit: u32| {
        let found = ledger.store.due_holds(at(ms).unwrap().parse().unwrap(), limit).await.unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(due(998, 10).await, ids([]));
    assert_eq!(due(999, 10).await, ids([2]));
    assert_eq!(due(1_999, 10).await, ids([2, 5, 6]));
    assert_eq!(due(9_999, 10).await, ids([2, 5, 6, 1]));
    assert_eq!(due(9_999, 2).await, ids([2, 5]));
    // What is ended is due no more.
    ledger.commit(vec![hold(2, 3, 0, None)]).await;
    let found = ledger.store.due_holds(at(9_999).unwrap().parse().unwrap(), 1).await.unwrap();
    assert_eq!(found, [id(5).parse().unwrap()]);
}

#[tokio::test]
async fn many_records_come_by_their_names_and_in_their_order() {
    let mut ledger = Ledger::create().await;
    let mut records: Vec<Record> = (1..=400).map(|line| licence(8, line, 3, "active")).collect();
    records.push(order(8, 3, None, None));
    ledger.commit(records).await;
    let mut names: Vec<String> = (1..=400).rev().map(|line| format!("{}.{line}", id(8))).collect();
    let all = ledger.store.records::<Licence>(&names).await.unwrap();
    assert_eq!(all.iter().map(Stored::name).collect::<Vec<_>>(), names);
    names.truncate(1);
    for absent in ["nobody", "nul \0", &format!("{}.400", id(8)), &format!("{}.1", id(8))] {
        names.push(absent.to_owned());
    }
    let some = ledger.store.records::<Licence>(&names).await.unwrap();
    let expected = [400, 1].map(|line| format!("{}.{line}", id(8)));
    assert_eq!(
        some.iter().map(Stored::name).collect::<Vec<_>>(),
        expected,
        "absent and repeated are left out"
    );
    assert_eq!(ledger.store.records::<Order>(&[id(8)]).await.unwrap()[0].id.to_string(), id(8));
    assert_eq!(ledger.store.records::<Order>(&[""; 0]).await.unwrap(), []);
}

/// A block with this record must be refused by that rule of the tables.
async fn check_refused(record: Record, expected: &str) {
    let mut ledger = Ledger::create().await;
    let batch = ledger.next(1, vec![record], Vec::new());
    let error = ledger.writer.commit(&batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[tokio::test]
async fn money_that_the_rules_never_make_is_refused_with_its_block() {
    let account = |name: &str, credits: i64, pending: i64| {
        let json = json!({"id": name, "debits_minor": 0, "credits_minor": credits, "posting_count": 1,
            "debits_pending_minor": pending});
        record(Noun::Account, json)
    };
    check_refused(account("exchange:sh:fees:CNY/2", 5, 6), "available_minor").await;
    check_refused(account("exchange:sh:fees:CNY/2", 5, -1), "debits_pending_minor").await;
    check_refused(voucher(4, 6, 5), "voucher").await;
    let mut nothing_left = json!({"id": id(1), "holder": "exchange:sh", "asset": "CNY/2", "amount_minor": 5,
        "posted_minor": 5, "returned_minor": 0, "held_at": TIME, "state": {"name": "pending"}});
    check_refused(record(Noun::Hold, nothing_left.clone()), "hold_ends_when_empty").await;
    nothing_left["returned_minor"] = json!(1);
    nothing_left["state"] = json!({"name": "posted", "posted_at": TIME});
    check_refused(record(Noun::Hold, nothing_left), "left_minor").await;

    let mut ledger = Ledger::create().await;
    let owes = ["clearing", "difference"].map(|purpose| format!("exchange:sh:{purpose}:CNY/2"));
    let owes = owes.map(|name| {
        record(Noun::Account, json!({"id": name, "debits_minor": 5, "credits_minor": 0, "posting_count": 1}))
    });
    ledger.commit(owes.into()).await;
}

#[tokio::test]
async fn a_database_with_money_of_the_earlier_form_is_refused() {
    let name = format!("party:{}:held:CNY/2", id(3));
    let insert = |table: &str, name: &str, record: &str| {
        format!("INSERT INTO {table} (name, record) VALUES ('{name}', '{record}')")
    };
    let account = format!(r#"{{"id": "{name}", "debits_minor": 0, "credits_minor": 1}}"#);
    let closed = r#"{"id": "CNY/2#1", "state": {"name": "closed", "closed_at": "2026-11-22T02:47:32.123Z"}}"#;
    let earlier = [
        insert("account", &name, &account),
        insert("schedule", "CNY/2@1", r#"{"version": "CNY/2@1", "supplier_fee": "0.025"}"#),
        insert("settlement_window", "CNY/2#1", closed),
        "INSERT INTO posting VALUES (1, 0, 0, 'x', 'debit', 1, 'CNY/2', 'release', 'CNY/2#1')".to_owned(),
    ];
    let block = include_str!("../../../../migrations/V6__settlement.sql");
    let before = [
        include_str!("../../../../migrations/V1__ledger.sql"),
        include_str!("../../../../migrations/V2__state.sql"),
        include_str!("../../../../migrations/V3__journal.sql"),
    ];
    for earlier in earlier {
        let database = TestDatabase::create().await;
        let client = database.connect().await;
        for migration in before {
            client.batch_execute(migration).await.unwrap();
        }
        client.batch_execute(&earlier).await.unwrap();
        let error = client.batch_execute(block).await.unwrap_err();
        let message = error.as_db_error().unwrap().message().to_owned();
        assert!(message.starts_with("this database holds money of the form before settlement"), "{message}");
    }
    // What is in both forms stays.
    let database = TestDatabase::create().await;
    let client = database.connect().await;
    for migration in before {
        client.batch_execute(migration).await.unwrap();
    }
    let open = window(1, true).to_json().unwrap();
    client.batch_execute(&insert("settlement_window", "CNY/2#1", &open)).await.unwrap();
    client.batch_execute(block).await.unwrap();
}
