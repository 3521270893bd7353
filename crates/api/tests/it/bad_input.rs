//! What cannot be read is refused with a problem that names what is wrong, and changes nothing.

use crate::support::{TestExchange, id};
use axum::body::Body;
use databourse_api::token::TokenRole;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_request_is_a_problem() {
    let exchange = TestExchange::start().await;
    let size = exchange.node.published().size;
    let operator = exchange.operator();

    exchange.get("", "/v1/unheard-of").await.expect_problem(404, "resource.unknown");
    let answer =
        exchange.send(exchange.request("DELETE", "", "/v1/region").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.expect_problem(405, "request.method").header("allow"), "GET, HEAD");
    let answer = exchange.send(exchange.request("POST", "", "/docs/").body(Body::empty()).unwrap()).await;
    answer.expect_problem(405, "request.method");

    for (path, field) in [
        ("/v1/products?limit=0", "limit"),
        ("/v1/products?limit=x", "limit"),
        ("/v1/products?limit=1&limit=2", "limit"),
        ("/v1/products?cursor=x", "cursor"),
        ("/v1/products?colour=red", "colour"),
        ("/v1/products?kind=house", "kind"),
        ("/v1/products?supplier=7", "supplier"),
        ("/v1/products?q=%ff", "q"),
        ("/v1/products?exchange=SH", "exchange"),
        ("/v1/products/facets?exchange=SH", "exchange"),
        ("/v1/products/facets?kind=house", "kind"),
        ("/v1/products/facets?limit=1", "limit"),
        ("/v1/products/7", "id"),
        ("/v1/schedules/CNY-2/0", "path"),
        ("/v1/certificates/7", "number"),
    ] {
        let answer = exchange.get("", path).await.expect_problem(400, "request.malformed");
        assert_eq!(answer.json()["field"].as_str().unwrap_or_default(), field, "{path}");
    }
    for path in ["/v1/products", "/v1/products/facets"] {
        let long = format!("{path}?q={}", "a".repeat(201));
        let answer = exchange.get("", &long).await.expect_problem(400, "request.malformed");
        assert_eq!(answer.json()["field"], "q");
    }
    exchange.get("", "/v1/products?q=a%00b").await.expect(200);

    let post = async |kind: &str, body: Vec<u8>| {
        let request =
            exchange.request("POST", &operator, "/v1/accounts/deposits").header("content-type", kind);
        exchange.send(request.body(body.into()).unwrap()).await
    };
    post("text/plain", b"{}".to_vec()).await.expect_problem(415, "request.media_type");
    post("application/json", b"{".to_vec()).await.expect_problem(400, "request.malformed");
    post("application/json; charset=utf-8", b"[]".to_vec()).await.expect_problem(400, "request.malformed");
    post("application/json", vec![b' '; 256 * 1024 + 1]).await.expect_problem(413, "request.too_large");
    for (amount, field) in
        [("-1", "amount_minor"), ("1.5", "amount_minor"), ("9007199254740992", "amount_minor")]
    {
        let body = format!(
            r#"{{"party":"{}","asset":"CNY/2","amount_minor":{amount},"bank_reference":"b"}}"#,
            id(1)
        );
        let answer = post("application/json", body.into()).await.expect_problem(400, "request.malformed");
        assert_eq!(answer.json()["field"], field, "{amount}");
    }
    let request = exchange.request("POST", &operator, "/v1/accounts/deposits").header("idempotency-key", "7");
    let answer = exchange.send(request.body("{}".into()).unwrap()).await;
    assert_eq!(answer.expect_problem(400, "request.malformed").json()["field"], "Idempotency-Key");

    let unknown = json!({ "party": id(1), "asset": "CNY/2", "amount_minor": 5, "bank_reference": "b" });
    exchange.post(&operator, "/v1/accounts/deposits", 0, &unknown).await.expect_problem(422, "party.unknown");
    exchange
        .post(&operator, "/v1/orders", 0, &json!({ "lines": [] }))
        .await
        .expect_problem(422, "order.buyer_missing");
    let buyer = exchange.token(&id(1).to_string(), &[TokenRole::Buyer]);
    let other = json!({ "lines": [], "buyer": id(2) });
    exchange.post(&buyer, "/v1/orders", 0, &other).await.expect_problem(403, "resource.forbidden");
    exchange
        .get(&buyer, &format!("/v1/orders?buyer={}", id(2)))
        .await
        .expect_problem(403, "resource.forbidden");
    exchange
        .get(&buyer, &format!("/v1/accounts?holder=party:{}", id(2)))
        .await
        .expect_problem(403, "resource.forbidden");
    exchange.get(&buyer, &format!("/v1/orders/{}", id(3))).await.expect_problem(404, "resource.unknown");

    assert_eq!(exchange.node.published().size, size, "nothing was recorded");
    exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_and_batches_stand_or_fall_one_by_one() {
    let exchange = TestExchange::start().await;
    let operator = exchange.operator();
    let jose = async |body: Vec<u8>| {
        let request =
            exchange.request("POST", &operator, "/v1/entries").header("content-type", "application/jose");
        exchange.send(request.body(body.into()).unwrap()).await
    };
    jose(b"a.b".to_vec()).await.expect_problem(400, "entry.malformed");
    jose(vec![b'a'; 65_536]).await.expect_problem(413, "entry.too_large");
    jose(vec![b'a'; 4 * 1024 * 1024 + 1]).await.expect_problem(413, "request.too_large");
    let answer =
        exchange.post(&operator, "/v1/entries", 0, &json!({ "entries": ["a.b", ""] })).await.expect(200);
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert!(results.len() == 2 && results.iter().all(|result| result["code"] == "entry.malformed"));
    for (path, name) in [("/v1/entries", "entries"), ("/v1/commands", "commands")] {
        let answer = exchange.post(&operator, path, 0, &json!({ name: [] })).await;
        assert_eq!(answer.expect_problem(400, "request.malformed").json()["field"], name);
    }
    let certify = |name: &str| {
        json!({
            "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": ["buyer"],
            "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z", "custody": true,
        })
    };
    let batch = json!({ "commands": [
        { "id": id(1), "type": "party.certify", "body": certify("a") },
        { "id": id(2), "type": "party.certify", "body": { "colour": 1 } },
        { "id": id(3), "type": "party.praise", "body": {} },
        { "id": id(4), "type": "certificate.issue", "body": { "order": id(99) } },
        { "id": id(5), "type": "account.deposit",
          "body": { "party": id(1), "asset": "CNY/2", "amount_minor": 7, "bank_reference": "b" } },
        { "id": id(6), "type": "account.withdraw", "on_behalf_of": id(1), "body": { "asset": "CNY/2", "amount_minor": 8 } },
        { "id": id(7), "type": "account.withdraw", "on_behalf_of": id(1), "body": { "asset": "CNY/2", "amount_minor": 7 } },
    ] });
    for repeated in [false, true] {
        let results = exchange.post(&operator, "/v1/commands", 0, &batch).await.expect(200).json();
        let codes: Vec<_> = results["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["code"].as_str().unwrap_or(""))
            .collect();
        let expected = [
            "",
            "request.malformed",
            "entry.type_unknown",
            "order.unknown",
            "",
            "account.insufficient_funds",
            "",
        ];
        assert_eq!(codes, expected);
        assert_eq!(results["results"][1]["field"], "commands[1].body.colour");
        assert_eq!(results["results"][2]["field"], "commands[2].type");
        assert_eq!(results["results"][6]["repeated"], repeated);
    }
    exchange.running.stop().await;
}
