//! Facets of the catalogue: what else could be chosen, and how much of it there is.

use crate::{sale::Sale, samples::check_answer, support::id};
use serde_json::{Value, json};

fn values(facets: &Value, name: &str) -> Vec<(String, u64)> {
    let values = facets[name].as_array().unwrap().iter();
    let values =
        values.map(|it| (it["value"].as_str().unwrap().to_owned(), it["product_count"].as_u64().unwrap()));
    values.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_facet_says_what_else_could_be_chosen() {
    let sale = Sale::start().await;
    sale.register().await;
    for (number, kind, word) in [(40, "report", "Ports"), (41, "report", "Trains"), (42, "model", "Trains")] {
        let details = json!({ "title": { "en": word }, "description": { "en": "Calls" }, "kind": kind, "keywords": ["船舶"] });
        let product = json!({ "right": id(4), "details": details });
        let at = format!("/v1/products/{}", id(number));
        sale.make(&sale.supplier, "/v1/products", number, product, &at).await;
    }
    let at = format!("/v1/products/{}", id(42));
    sale.make(&sale.supplier, &format!("{at}/delisting"), 43, json!({}), &at).await;

    let counts = async |query: &str| {
        let facets = sale.get("", &format!("/v1/products/facets{query}")).await.expect(200).json();
        check_answer("Facets", &facets);
        assert_eq!(facets["is_complete"], true);
        let listed = sale.get("", &format!("/v1/products{query}")).await.expect(200).json();
        let count = facets["product_count"].as_u64().unwrap();
        assert_eq!(listed["items"].as_array().unwrap().len() as u64, count, "{query}");
        (count, values(&facets, "kind"), values(&facets, "data_class"), values(&facets, "exchange"))
    };
    let named = |values: &[(&str, u64)]| -> Vec<(String, u64)> {
        values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
    };
    let kinds = named(&[("report", 2), ("dataset", 1)]);
    let (classes, exchanges) = (|count| named(&[("enterprise", count)]), |count| named(&[("sh", count)]));
    assert_eq!(counts("").await, (3, kinds.clone(), classes(3), exchanges(3)));
    assert_eq!(counts("?kind=report").await, (2, kinds.clone(), classes(2), exchanges(2)));
    assert_eq!(counts("?kind=compute").await, (0, kinds.clone(), named(&[]), named(&[])));
    assert_eq!(counts("?exchange=js").await, (0, named(&[]), named(&[]), exchanges(3)));
    assert_eq!(counts("?exchange=sh").await, (3, kinds, classes(3), exchanges(3)));
    let (report, both) = (named(&[("report", 1)]), named(&[("dataset", 1), ("report", 1)]));
    assert_eq!(counts("?q=trains&kind=report").await, (1, report, classes(1), exchanges(1)));
    assert_eq!(counts("?q=ports").await, (2, both, classes(2), exchanges(2)));
    assert_eq!(counts("?state=delisted").await.1, named(&[("model", 1)]));
    assert_eq!(counts(&format!("?supplier={}", id(2))).await.0, 0);
    sale.exchange.running.stop().await;
}
