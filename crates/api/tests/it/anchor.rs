//! Anchors over HTTP: an operator records them, everybody reads them.

use crate::{
    samples::check_answer,
    support::{TestExchange, id},
};
use databourse_api::token::TokenRole;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_is_recorded_once_and_everybody_reads_it() {
    let exchange = TestExchange::start().await;
    let operator = exchange.operator();
    let body = |size: u64| {
        json!({
            "chain_id": 31_337,
            "contract": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
            "transaction": format!("0x{}", "0a".repeat(32)),
            "block_number": 12,
            "subject": {
                "name": "checkpoint", "size": size,
                "root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            },
        })
    };
    let done = exchange.post(&operator, "/v1/anchors", 50, &body(2)).await.expect(201);
    let path = format!("/v1/anchors/{}", id(50));
    assert_eq!(done.header("location"), path);
    let anchor = exchange.get("", &path).await.expect(200).json();
    assert_eq!((&anchor["subject"]["size"], &anchor["recorded_by"]), (&json!(2), &json!("sh")));
    check_answer("Anchor", &anchor);
    let list = |filter: &'static str| {
        let exchange = &exchange;
        async move { exchange.get("", &format!("/v1/anchors{filter}")).await.expect(200).json()["items"].clone() }
    };
    assert_eq!(list("").await, json!([anchor]));
    assert_eq!(list("?kind=checkpoint").await, json!([anchor]));
    assert_eq!(list("?kind=statement").await, json!([]));
    exchange.get("", "/v1/anchors?kind=block").await.expect_problem(400, "request.malformed");
    // The same request again is answered again; the same anchor under another id is not recorded twice.
    exchange.post(&operator, "/v1/anchors", 50, &body(2)).await.expect(200);
    exchange.post(&operator, "/v1/anchors", 51, &body(2)).await.expect_problem(409, "anchor.recorded");
    exchange.post(&operator, "/v1/anchors", 52, &body(1)).await.expect_problem(409, "anchor.size_not_grown");
    let beyond = exchange.post(&operator, "/v1/anchors", 53, &body(1_000)).await;
    beyond.expect_problem(422, "anchor.size_beyond_ledger");
    let auditor = exchange.token("zhou", &[TokenRole::Auditor]);
    exchange.post(&auditor, "/v1/anchors", 54, &body(3)).await.expect_problem(403, "token.role_missing");
    exchange.running.stop().await;
}
