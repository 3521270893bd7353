//! A node that is listening, with one certificate.

use crate::support::{TestExchange, id};
use databourse_api::token::TokenRole;
use serde_json::{Value, json};
use std::future::pending;
use tokio::net::TcpListener;

/// The number of the certificate.
pub(crate) const NUMBER: &str = "sh-2026-00000001";

/// A running node and its address, `http://127.0.0.1:<port>`.
pub(crate) struct Shop {
    pub(crate) exchange: TestExchange,
    pub(crate) address: String,
}

impl Shop {
    /// A node that nothing was sold at.
    pub(crate) async fn open() -> Self {
        let exchange = TestExchange::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(databourse_api::serve(listener, exchange.router.clone(), pending()));
        Self { exchange, address }
    }

    /// A node that sold one line to one buyer and certified it.
    pub(crate) async fn with_a_certificate() -> Self {
        let shop = Self::open().await;
        let exchange = &shop.exchange;
        let operator = exchange.operator();
        let supplier = exchange.token(&id(1).to_string(), &[TokenRole::Merchant]);
        let buyer = exchange.token(&id(2).to_string(), &[TokenRole::Buyer]);
        let party = |zh: &str, en: &str, role: &str| {
            json!({
                "legal_name": { "zh": zh, "en": en }, "legal_identifier": format!("ext:{role}"), "roles": [role],
                "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z", "custody": false,
            })
        };
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
            "source_statement": { "en": "own systems" },
        });
        let details = json!({ "title": { "zh": "港口", "en": "Ports" }, "description": { "en": "Calls" }, "kind": "dataset" });
        let offer = json!({
            "product": id(5), "asset": "CNY/2", "pricing": "one_off", "unit_price": "12345.67",
            "terms": { "purposes": ["logistics"], "term_days": 365, "territory": "CN",
                       "usable_not_visible": false, "exclusive": false },
        });
        let deposit =
            json!({ "party": id(2), "asset": "CNY/2", "amount_minor": 5_000_000, "bank_reference": "b1" });
        let line = json!({ "offer": id(6), "quantity": 1, "purpose": "logistics" });
        let delivery = json!({
            "order": id(8), "method": "file",
            "evidence": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        });
        let order = format!("/v1/orders/{}/acceptance", id(8));
        let steps: [(&str, &str, u64, Value); 10] = [
            (
                &operator,
                "/v1/parties",
                1,
                party("黄浦数据服务有限公司", "Huangpu Data Services Ltd", "supplier"),
            ),
            (
                &operator,
                "/v1/parties",
                2,
                party("三角洲<b>保险</b>有限公司", "Delta & Sons Insurance Ltd", "buyer"),
            ),
            (&supplier, "/v1/rights", 4, right),
            (&supplier, "/v1/products", 5, json!({ "right": id(4), "details": details })),
            (&supplier, "/v1/offers", 6, offer),
            (&operator, "/v1/accounts/deposits", 20, deposit),
            (&buyer, "/v1/orders", 8, json!({ "lines": [line], "reference": "PO-1" })),
            (&supplier, "/v1/deliveries", 9, delivery),
            (&buyer, &order, 10, json!({ "lines": [1] })),
            (&operator, "/v1/certificates", 15, json!({ "order": id(8) })),
        ];
        for (token, path, key, body) in steps {
            exchange.post(token, path, key, &body).await.expect(201);
        }
        shop
    }

    /// What the node answers to everybody.
    pub(crate) async fn public(&self, path: &str) -> String {
        self.exchange.get("", path).await.expect(200).text()
    }
}
