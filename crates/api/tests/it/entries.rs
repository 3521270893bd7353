//! The ledger as a list: everybody sees that something happened, and those who oversee see who did it.

use crate::{sale::Sale, samples::check_answer, support::id};
use serde_json::{Value, json};

/// All pages.
async fn all(sale: &Sale, token: &str, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut path = format!("/v1/entries?{query}");
    loop {
        let page = sale.get(token, &path).await.expect(200).json();
        check_answer("Page_EntryFacts", &page);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        path = format!("/v1/entries?{query}&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_happened_and_who_oversees_by_whom() {
    let sale = Sale::start().await;
    sale.register().await;
    let size = sale.exchange.node.published().size.0;
    let places =
        |items: &[Value]| items.iter().map(|it| it["leaf_index"].as_u64().unwrap()).collect::<Vec<_>>();
    let open = all(&sale, "", "limit=3").await;
    assert_eq!(places(&open), (0..size).rev().collect::<Vec<_>>(), "the newest first, each once");
    assert_eq!(places(&all(&sale, &sale.buyer, "limit=4&sort=oldest").await), (0..size).collect::<Vec<_>>());
    for facts in &open {
        let names: Vec<_> = facts.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(
            ["leaf_index", "type", "height", "time"].iter().all(|name| names.contains(name)),
            "{names:?}"
        );
    }
    let published: Vec<_> = open.iter().filter(|facts| facts["type"] == "offer.publish").collect();
    assert_eq!(published.len(), 2);
    assert!(published[0]["height"].as_u64() > published[1]["height"].as_u64());
    assert!(published[0]["time"].as_str().unwrap().starts_with("2026-01-05T"));

    for token in [&sale.auditor, &sale.operator] {
        let seen = all(&sale, token, "").await;
        assert_eq!(places(&seen), places(&open));
        let listed = seen.iter().find(|facts| facts["type"] == "product.list").unwrap();
        let own = sale.get(token, &format!("/v1/entries/{}", id(5))).await.expect(200).json();
        assert_eq!((&listed["id"], &listed["actor"]), (&json!(id(5)), &json!(format!("party:{}", id(1)))));
        assert_eq!(listed["leaf_index"], own["leaf_index"]);
        assert_eq!(listed["byte_count"], json!(own["entry"].as_str().unwrap().len()));
        let header = seen.iter().find(|facts| facts["type"] == "block.header").unwrap();
        assert!(header.get("actor").is_none() && header.get("id").is_some(), "{header}");
    }

    let of_others = sale.get("", "/v1/products?limit=1").await.json();
    assert!(of_others.get("next").is_none());
    for query in ["cursor=x", "limit=0", "limit=201", "sort=size", "type=order.place"] {
        let field = query.split('=').next().unwrap();
        let answer = sale.get("", &format!("/v1/entries?{query}")).await;
        assert_eq!(answer.expect_problem(400, "request.malformed").json()["field"], field, "{query}");
    }
    sale.exchange.running.stop().await;
}
