//! The market in figures: what a page of charts asks for.

use crate::{
    sale::Sale,
    samples::check_answer,
    support::{TestExchange, id},
};
use serde_json::{Value, json};

const SALES: &str = "/v1/statistics/sales";
const HEADER: &str = "day,listing_exchange,buying_exchange,asset,ordered_licence_count,ordered_unit_count,\
                      ordered_net_minor,accepted_licence_count,accepted_net_minor,refund_count,refunded_net_minor";

#[tokio::test(flavor = "multi_thread")]
async fn sales_are_summed_up_and_grow_with_the_ledger() {
    let sale = Sale::start().await;
    let report = async |path: &str| {
        let report = sale.get("", path).await.expect(200).json();
        check_answer("SalesStatistics", &report);
        assert_eq!(report["as_of"]["height"], json!(sale.exchange.node.published().height));
        assert_eq!(report["as_of"]["size"], json!(sale.exchange.node.published().size));
        report
    };
    assert_eq!(report(SALES).await["items"], json!([]));
    sale.register().await;
    sale.trade().await;
    let row = |ordered: u64, units: u64| {
        json!([{
            "day": "2026-01-05", "listing_exchange": "sh", "buying_exchange": "sh", "asset": "CNY/2",
            "ordered_licence_count": ordered, "ordered_unit_count": units, "ordered_net_minor": 10_000 * units,
            "accepted_licence_count": 1, "accepted_net_minor": 10_000,
            "refund_count": 2, "refunded_net_minor": 1_500,
        }])
    };
    let found = report(SALES).await;
    assert_eq!(found["items"], row(2, 2));
    assert_eq!((&found["from"], &found["to"]), (&json!("2025-12-07"), &json!("2026-01-05")));
    for (days, is_there) in [
        ("?from=2026-01-05&to=2026-01-05&by=day", true),
        ("?to=2026-12-31", false),
        ("?from=2026-01-05&to=2026-12-31", true),
        ("?to=2026-01-04", false),
    ] {
        let items = report(&format!("{SALES}{days}")).await["items"].clone();
        assert_eq!(items, if is_there { row(2, 2) } else { json!([]) }, "{days}");
    }

    // What is committed is counted when somebody asks, and nothing twice.
    let line = json!({ "offer": id(6), "quantity": 3, "purpose": "logistics" });
    let place = format!("/v1/orders/{}", id(60));
    sale.make(&sale.buyer, "/v1/orders", 60, json!({ "lines": [line] }), &place).await;
    assert_eq!(report(SALES).await["items"], row(3, 5));
    assert_eq!(report(SALES).await["items"], row(3, 5));

    let file = sale.get("", &format!("{SALES}?from=2026-01-01&to=2026-01-05&format=csv")).await.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8; header=present");
    let height = sale.exchange.node.published().height;
    let name = format!("sales-2026-01-01-2026-01-05-at-{height}.csv");
    assert!(file.header("content-disposition").contains(&name), "{}", file.header("content-disposition"));
    let rows = format!("{HEADER}\r\n2026-01-05,sh,sh,CNY/2,3,5,50000,1,10000,2,1500\r\n");
    assert_eq!(file.text(), rows);
    sale.exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_cannot_be_answered_are_refused() {
    let exchange = TestExchange::start().await;
    for path in [SALES, "/v1/statistics/settlement"] {
        for (query, field) in [
            ("from=2026-02-30", "from"),
            ("from=2026-1-5", "from"),
            ("to=yesterday", "to"),
            ("to=", "to"),
            ("from=2026-01-02&to=2026-01-01", "from"),
            ("from=2026-02-01", "from"),
            ("from=2025-01-01&to=2026-01-02", "to"),
            ("format=pdf", "format"),
            ("limit=1", "limit"),
            ("by=week", "by"),
            ("by=day&by=day", "by"),
        ] {
            let answer = exchange.get("", &format!("{path}?{query}")).await;
            let problem: Value = answer.expect_problem(400, "request.malformed").json();
            assert_eq!(problem["field"], field, "{path}?{query}");
            assert!(!problem["detail"].as_str().unwrap().is_empty());
        }
    }
    exchange.running.stop().await;
}
