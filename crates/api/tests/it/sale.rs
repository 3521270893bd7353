//! A sale through all six stages over HTTP, and who sees what of it.

use crate::{
    samples::check_answer,
    support::{Answer, TestExchange, id},
};
use axum::body::Body;
use databourse_api::token::TokenRole;
use databourse_ledger::{CertificateFile, Policy, Receipt};
use databourse_merkle::leaf_hash;
use serde_json::{Value, json};

/// Supplier 1, buyer 2, a stranger 3, right 4, product 5, offer 6, private offer 7, order 8.
pub(crate) struct Sale {
    pub(crate) exchange: TestExchange,
    pub(crate) operator: String,
    pub(crate) auditor: String,
    pub(crate) supplier: String,
    pub(crate) buyer: String,
    stranger: String,
}

impl Sale {
    pub(crate) async fn start() -> Self {
        let exchange = TestExchange::start().await;
        let both = [TokenRole::Merchant, TokenRole::Buyer];
        Self {
            operator: exchange.operator(),
            auditor: exchange.token("zhou", &[TokenRole::Auditor]),
            supplier: exchange.token(&id(1).to_string(), &[TokenRole::Merchant]),
            buyer: exchange.token(&id(2).to_string(), &[TokenRole::Buyer]),
            stranger: exchange.token(&id(3).to_string(), &both),
            exchange,
        }
    }

    /// A command is made, found at its place, answered again as before, and refused for another intent.
    pub(crate) async fn make(&self, token: &str, path: &str, key: u64, body: Value, location: &str) -> Value {
        let made = self.exchange.post(token, path, key, &body).await.expect(201);
        assert_eq!(made.header("location"), location);
        let first = made.json();
        assert_eq!((&first["id"], &first["repeated"]), (&json!(id(key)), &json!(false)));
        let mut again = self.exchange.post(token, path, key, &body).await.expect(200).json();
        assert_eq!(again["repeated"].take(), json!(true));
        let mut expected = first.clone();
        expected["repeated"] = Value::Null;
        assert_eq!(again, expected);
        first
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.exchange.get(token, path).await
    }

    async fn count(&self, token: &str, path: &str) -> usize {
        self.get(token, path).await.expect(200).json()["items"].as_array().unwrap().len()
    }

    pub(crate) async fn register(&self) {
        for (number, name, role) in [(1, "sup", "supplier"), (2, "buy", "buyer"), (3, "str", "buyer")] {
            let body = json!({
                "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
                "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
                "custody": number == 1,
            });
            self.make(&self.operator, "/v1/parties", number, body, &format!("/v1/parties/{}", id(number)))
                .await;
        }
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
            "source_statement": { "en": "own systems" },
        });
        self.make(&self.supplier, "/v1/rights", 4, right, &format!("/v1/rights/{}", id(4))).await;
        let details = json!({ "title": { "zh": "港口", "en": "Ports" }, "description": { "en": "Calls" }, "kind": "dataset" });
        let product = json!({ "right": id(4), "details": details });
        self.make(&self.supplier, "/v1/products", 5, product, &format!("/v1/products/{}", id(5))).await;
        let offer = |audience: Option<String>| {
            json!({
                "product": id(5), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00", "audience": audience,
                "terms": { "purposes": ["logistics"], "term_days": 365, "territory": "CN",
                           "usable_not_visible": false, "exclusive": false },
            })
        };
        self.make(&self.supplier, "/v1/offers", 6, offer(None), &format!("/v1/offers/{}", id(6))).await;
        let private = offer(Some(id(2).to_string()));
        self.make(&self.supplier, "/v1/offers", 7, private, &format!("/v1/offers/{}", id(7))).await;
    }

    pub(crate) async fn trade(&self) {
        let deposit =
            json!({ "party": id(2), "asset": "CNY/2", "amount_minor": 50_000, "bank_reference": "b1" });
        let entry = |number| format!("/v1/entries/{}", id(number));
        self.make(&self.operator, "/v1/accounts/deposits", 20, deposit, &entry(20)).await;
        let line = |offer| json!({ "offer": id(offer), "quantity": 1, "purpose": "logistics" });
        let order = json!({ "lines": [line(6), line(7)], "reference": "PO-1" });
        let place = format!("/v1/orders/{}", id(8));
        self.make(&self.buyer, "/v1/orders", 8, order, &place).await;
        let delivery = json!({
            "order": id(8), "method": "file",
            "evidence": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        });
        let at = format!("/v1/deliveries/{}", id(9));
        self.make(&self.supplier, "/v1/deliveries", 9, delivery, &at).await;
        self.make(&self.buyer, &format!("{place}/acceptance"), 10, json!({ "lines": [1] }), &place).await;
        let reason = json!({ "reason": "not needed" });
        self.make(&self.buyer, &format!("{place}/rejection"), 11, reason, &place).await;
        let refund =
            json!({ "order": id(8), "lines": [{ "line": 1, "amount_minor": 1000 }], "reason": "late" });
        let at = format!("/v1/refunds/{}", id(12));
        self.make(&self.supplier, "/v1/refunds", 12, refund, &at).await;
        let refund =
            json!({ "order": id(8), "lines": [{ "line": 1, "amount_minor": 500 }], "reason": "goodwill" });
        let at = format!("/v1/refunds/{}", id(13));
        self.make(&self.operator, "/v1/refunds", 13, refund, &at).await;
        let out = json!({ "asset": "CNY/2", "amount_minor": 10 });
        self.make(&self.supplier, "/v1/accounts/withdrawals", 14, out, &entry(14)).await;
        let issued = "/v1/certificates/sh-2026-00000001";
        self.make(&self.operator, "/v1/certificates", 15, json!({ "order": id(8) }), issued).await;
        let window = "/v1/windows/CNY-2/1";
        self.make(&self.operator, &format!("{window}/closing"), 16, json!({}), window).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_over_http() {
    let sale = Sale::start().await;
    sale.register().await;
    sale.trade().await;
    let (supplier, buyer, stranger) = (&sale.supplier, &sale.buyer, &sale.stranger);

    // The catalogue is everybody's; a private offer is its parties'.
    assert_eq!(
        sale.count("", "/v1/products?q=port&kind=dataset&data_class=enterprise&state=listed").await,
        1
    );
    assert_eq!(sale.count("", "/v1/products?q=ship").await, 0);
    assert!(
        sale.get("", &format!("/v1/rights/{}", id(4)))
            .await
            .expect(200)
            .json()
            .get("source_statement")
            .is_none()
    );
    assert!(
        sale.get(supplier, &format!("/v1/rights/{}", id(4))).await.json().get("source_statement").is_some()
    );
    for (token, count) in [("", 1), (stranger.as_str(), 1), (buyer, 2), (supplier, 2), (&sale.auditor, 2)] {
        assert_eq!(sale.count(token, &format!("/v1/offers?product={}", id(5))).await, count);
    }
    sale.get("", &format!("/v1/offers/{}", id(7))).await.expect_problem(403, "resource.forbidden");
    sale.get(buyer, &format!("/v1/offers/{}", id(7))).await.expect(200);
    sale.get("", "/v1/schedules/CNY-2/1").await.expect(200);
    assert_eq!(sale.get("", "/v1/region").await.expect(200).json()["served_by"], "sh");

    // Parties: the whole of oneself, the name of a seller, nothing of others.
    let seen = sale.get(stranger, &format!("/v1/parties/{}", id(1))).await.expect(200).json();
    assert!(seen.get("legal_identifier").is_none() && seen["legal_name"]["en"] == "sup");
    let own = sale.get(supplier, &format!("/v1/parties/{}", id(1))).await.expect(200).json();
    assert_eq!(own["keys"].as_array().unwrap().len(), 1, "the key in custody");
    sale.get(stranger, &format!("/v1/parties/{}", id(2))).await.expect_problem(403, "resource.forbidden");
    assert_eq!(sale.count(stranger, "/v1/parties").await, 1);
    assert_eq!(sale.count(&sale.auditor, "/v1/parties?role=buyer&state=certified").await, 2);

    // The order is its buyer's; the supplier sees its lines and no totals.
    let order = format!("/v1/orders/{}", id(8));
    let whole = sale.get(buyer, &order).await.expect(200).json();
    assert_eq!((&whole["total_minor"], &whole["certificate"]), (&json!(20_000), &json!("sh-2026-00000001")));
    let states: Vec<_> =
        whole["licences"].as_array().unwrap().iter().map(|it| it["state"]["name"].clone()).collect();
    assert_eq!(states, ["active", "rejected"]);
    let sold = sale.get(supplier, &order).await.expect(200).json();
    assert!(sold.get("total_minor").is_none() && sold.get("reference").is_none());
    for seen in [&whole, &sold] {
        let accepted = seen["acceptances"].as_array().unwrap();
        assert_eq!(accepted.len(), 1, "a rejection is none");
        assert_eq!((&accepted[0]["id"], &accepted[0]["lines"]), (&json!(id(10)), &json!([1])));
        assert_eq!(accepted[0]["window"], "CNY/2#1");
    }
    sale.get(stranger, &order).await.expect_problem(403, "resource.forbidden");
    assert_eq!(sale.count(buyer, "/v1/orders?reference=PO-1").await, 1);
    assert_eq!(sale.count(supplier, "/v1/orders").await, 0);
    for path in ["licences", "deliveries", "refunds"] {
        let path = format!("/v1/{path}");
        let count = sale.count(&sale.auditor, &path).await;
        assert_eq!(sale.count(buyer, &path).await, count);
        assert_eq!(sale.count(supplier, &path).await, count);
        assert_eq!(sale.count(buyer, &format!("{path}?side=supplier")).await, 0);
        assert_eq!(sale.count(stranger, &path).await, 0);
        let first = sale.get(buyer, &path).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        sale.get(supplier, &format!("{path}/{first}")).await.expect(200);
        sale.get(stranger, &format!("{path}/{first}")).await.expect_problem(403, "resource.forbidden");
    }

    money(&sale).await;
    proofs(&sale).await;
    counts(&sale).await;
    sale.exchange.running.stop().await;
}

async fn money(sale: &Sale) {
    // 50,000 in, 10,000 paid, 1,500 refunded.
    let account = format!("/v1/accounts/party:{}:funds:CNY-2", id(2));
    let seen = sale.get(&sale.buyer, &account).await.expect(200).json();
    assert_eq!((&seen["balance_minor"], &seen["balance"]), (&json!(41_500), &json!("415.00")));
    sale.get(&sale.stranger, &account).await.expect_problem(403, "resource.forbidden");
    sale.get(&sale.buyer, "/v1/accounts/exchange:sh:bank:CNY-2")
        .await
        .expect_problem(403, "resource.forbidden");
    sale.get(&sale.auditor, "/v1/accounts/exchange:sh:bank:CNY-2").await.expect(200);
    assert_eq!(sale.count(&sale.buyer, "/v1/accounts").await, 1, "funds");
    let mut kinds = Vec::new();
    let mut path = format!("{account}/postings?limit=2");
    loop {
        let page = sale.get(&sale.buyer, &path).await.expect(200).json();
        kinds.extend(page["items"].as_array().unwrap().iter().map(|posting| posting["kind"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{account}/postings?limit=2&cursor={next}");
    }
    assert_eq!(kinds, ["deposit", "hold", "post", "void", "refund", "refund"]);
    let newest = format!("{account}/postings?sort=newest&with=reasons");
    let newest = sale.get(&sale.buyer, &newest).await.expect(200).json();
    let newest = newest["items"].as_array().unwrap();
    assert!(newest.iter().rev().map(|posting| &posting["kind"]).eq(&kinds), "{newest:?}");
    let why: Vec<_> = newest.iter().rev().map(|it| it["lines"][0]["kind"].as_str().unwrap_or("")).collect();
    assert_eq!(why, ["", "", "purchase", "", "refund_received", "refund_received"]);
    let bought = &newest[3]["lines"][0];
    assert_eq!((&bought["schedule"], &bought["tax"]), (&json!("CNY/2@1"), &json!(1)));
    assert_eq!(bought["effect_minor"], json!(-newest[3]["amount_minor"].as_i64().unwrap()));
    for bad in ["with=all", "sort=best"] {
        let path = format!("{account}/postings?{bad}");
        sale.get(&sale.buyer, &path).await.expect_problem(400, "request.malformed");
    }
    let windows = sale.get(&sale.auditor, "/v1/windows?asset=CNY/2&sort=oldest").await.expect(200).json();
    let states: Vec<_> =
        windows["items"].as_array().unwrap().iter().map(|it| it["state"]["name"].clone()).collect();
    assert_eq!(states, ["closing", "open"], "its lines wait for the exchange's own head");
    let all = ["posted_minor", "pending_in_minor", "pending_out_minor", "available_minor"];
    assert_eq!(all.map(|name| seen[name].as_i64().unwrap()), [41_500, 0, 0, 41_500]);
    assert!(seen.get("constraint").is_none(), "an open account");
}

/// Everybody may know how many there are, and nobody learns who they are.
async fn counts(sale: &Sale) {
    let counts = sale.get("", "/v1/statistics/counts").await.expect(200).json();
    check_answer("Counts", &counts);
    for noun in ["parties", "rights", "products", "offers", "orders", "licences", "refunds", "certificates"] {
        let listed = sale.count(&sale.auditor, &format!("/v1/{noun}")).await;
        assert!(listed > 0 && counts[noun] == json!(listed), "{noun}: {counts}");
    }
    let shown = sale.exchange.node.published();
    assert_eq!((&counts["entries"], &counts["height"]), (&json!(shown.size.0), &json!(shown.height.0)));
    let checkpoint = sale.get("", "/checkpoint").await.expect(200).text();
    assert!(checkpoint.contains(counts["root"].as_str().unwrap()), "{checkpoint}");
}

async fn proofs(sale: &Sale) {
    let entry = format!("/v1/entries/{}", id(8));
    let policy: Policy = sale.get("", "/v1/policy").await.text().parse().unwrap();
    let shown = sale.get(&sale.buyer, &entry).await.expect(200).json();
    assert_eq!(shown["actor"], format!("party:{}", id(2)));
    let receipt = sale.get(&sale.buyer, shown["receipt"].as_str().unwrap()).await.expect(200);
    let receipt = Receipt::parse(&receipt.bytes).unwrap();
    receipt.verify(leaf_hash(shown["entry"].as_str().unwrap().as_bytes()), &policy).unwrap();
    sale.get(&sale.supplier, &entry).await.expect_problem(403, "resource.forbidden");
    sale.get(&sale.auditor, &entry).await.expect(200);

    // The same entry, brought again by somebody who only has its bytes, is answered as before.
    let request = sale
        .exchange
        .request("POST", &sale.stranger, "/v1/entries")
        .header("content-type", "application/jose");
    let again = request.body(Body::from(shown["entry"].as_str().unwrap().to_owned() + "\n")).unwrap();
    assert_eq!(sale.exchange.send(again).await.expect(200).json()["repeated"], true);

    let number = "sh-2026-00000001";
    let path = format!("/v1/certificates/{number}");
    assert_eq!(sale.get("", &path).await.expect(200).json()["order"], json!(id(8)));
    let file = sale.get("", &format!("{path}/file")).await.expect(200);
    assert!(file.header("content-disposition").contains(number));
    CertificateFile::parse(&file.bytes).unwrap().verify(&policy).unwrap();
    sale.get("", "/v1/certificates/sh-2026-00000009/file").await.expect_problem(404, "certificate.unknown");
    assert_eq!(sale.count(&sale.buyer, "/v1/certificates").await, 1);
    assert_eq!(sale.count(&sale.stranger, "/v1/certificates").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_lives_and_ends() {
    let sale = Sale::start().await;
    sale.register().await;
    let product = format!("/v1/products/{}", id(5));
    let change = async |key, path: &str, body| {
        sale.make(&sale.supplier, &format!("{product}/{path}"), key, body, &product).await;
        sale.get("", &product).await.expect(200).json()["state"].clone()
    };
    let details = json!({ "title": { "en": "Ports 2" }, "description": { "en": "Calls" }, "kind": "report" });
    assert_eq!(change(30, "revisions", json!({ "revision": 2, "details": details })).await, "listed");
    assert_eq!(change(31, "pause", json!({ "reason": "maintenance" })).await, "ordering_paused");
    assert_eq!(sale.count("", "/v1/products").await, 1);
    assert_eq!(change(32, "resume", json!({})).await, "listed");
    sale.exchange
        .post(&sale.stranger, &format!("{product}/pause"), 0, &json!({}))
        .await
        .expect_problem(403, "party.role_missing");
    assert_eq!(change(33, "delisting", json!({})).await, "delisted");
    assert_eq!(sale.count("", "/v1/products").await, 0);
    assert_eq!(sale.count("", "/v1/products?state=delisted").await, 1);
    let offer = format!("/v1/offers/{}", id(6));
    // Without a body and a content type.
    let bare = sale.exchange.request("POST", &sale.supplier, &format!("{offer}/withdrawal"));
    sale.exchange.send(bare.body(Body::empty()).unwrap()).await.expect(201);
    assert_eq!(sale.get("", &offer).await.json()["state"], "withdrawn");
    let party = format!("/v1/parties/{}", id(1));
    let reason = json!({ "reason": "licence withdrawn" });
    sale.make(&sale.operator, &format!("{party}/revocation"), 34, reason, &party).await;
    sale.exchange.post(&sale.supplier, "/v1/rights", 0, &json!({
        "interests": ["holding"], "data_class": "enterprise", "source": "s2", "source_statement": { "en": "x" },
    })).await.expect_problem(403, "key.retired");
    let pages: Vec<_> = {
        let first = sale.get(&sale.auditor, "/v1/parties?limit=2").await.expect(200).json();
        let next = first["next"].as_str().unwrap().to_owned();
        let second =
            sale.get(&sale.auditor, &format!("/v1/parties?limit=2&cursor={next}")).await.expect(200).json();
        sale.get("", &format!("/v1/offers?cursor={next}")).await.expect_problem(400, "request.malformed");
        assert!(second.get("next").is_none());
        [first, second]
            .iter()
            .flat_map(|page| page["items"].as_array().unwrap().clone())
            .map(|it| it["id"].clone())
            .collect()
    };
    assert_eq!(pages, [json!(id(3)), json!(id(2)), json!(id(1))], "the newest first");
    sale.exchange.running.stop().await;
}
