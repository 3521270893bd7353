//! What happened to a product, as everybody may read it.

use crate::{sale::Sale, samples::check_answer, support::id};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn every_revision_can_be_read_as_it_was() {
    let sale = Sale::start().await;
    sale.register().await;
    let at = format!("/v1/products/{}", id(40));
    let details =
        |title: &str| json!({ "title": { "en": title }, "description": { "en": "Calls" }, "kind": "report" });
    let product = json!({ "right": id(4), "details": details("Ports") });
    sale.make(&sale.supplier, "/v1/products", 40, product, &at).await;
    for (number, revision, title) in [(41, 2, "Harbours"), (42, 3, "Havens")] {
        let body = json!({ "revision": revision, "details": details(title) });
        sale.make(&sale.supplier, &format!("{at}/revisions"), number, body, &at).await;
    }
    let reason = json!({ "reason": "Repairs \"at\" sea 海" });
    sale.make(&sale.supplier, &format!("{at}/pause"), 43, reason, &at).await;
    sale.make(&sale.supplier, &format!("{at}/delisting"), 44, json!({}), &at).await;

    let whole = sale.get("", &format!("{at}/history")).await.expect(200).json();
    check_answer("Page_ProductEvent", &whole);
    let told: Vec<_> = whole["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let title = text(&item["details"]["title"]["en"]);
            (
                text(&item["entry"]),
                text(&item["type"]),
                item["revision"].as_u64(),
                title,
                text(&item["reason"]),
            )
        })
        .collect();
    let line = |number, entry_type: &str, revision, title: &str, reason: &str| {
        (id(number).to_string(), entry_type.to_owned(), revision, title.to_owned(), reason.to_owned())
    };
    assert_eq!(
        told,
        [
            line(44, "product.delist", None, "", ""),
            line(43, "product.pause", None, "", "Repairs \"at\" sea 海"),
            line(42, "product.revise", Some(3), "Havens", ""),
            line(41, "product.revise", Some(2), "Harbours", ""),
            line(40, "product.list", Some(1), "Ports", ""),
        ]
    );

    // Page by page it is the same, and what lies outside a page is not lost.
    let mut paged = Vec::new();
    let mut page = sale.get("", &format!("{at}/history?limit=2")).await.expect(200).json();
    loop {
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        page = sale.get("", &format!("{at}/history?limit=2&cursor={next}")).await.expect(200).json();
    }
    assert_eq!(json!(paged), whole["items"]);

    let other = sale.get("", &format!("/v1/products/{}/history", id(5))).await.expect(200).json();
    assert_eq!(other["items"].as_array().unwrap().len(), 1, "nothing of another product: {other}");
    sale.get("", &format!("/v1/products/{}/history", id(4))).await.expect_problem(404, "resource.unknown");
    for query in ["limit=0", "cursor=x", "sort=oldest"] {
        sale.get("", &format!("{at}/history?{query}")).await.expect(400);
    }
    sale.exchange.running.stop().await;
}
