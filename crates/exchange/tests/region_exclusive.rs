//! The same exclusive right, sold at two exchanges in the same instant, a thousand times: one licence each time, the same
//! one everywhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_exchange::{Acting, Submission, SubmitError};
use databourse_licensing::Order;
use databourse_primitives::{PartyId, RefusalCode};
use serde_json::json;
use support::{Region, certify, command, eventually, id, one};

const RIGHTS: u64 = 1_000;
/// How many pairs of buyers try at once.
const AT_ONCE: u64 = 20;

const SUPPLIER: u64 = 1;
const PRODUCTS: u64 = 10_000;
const OFFERS: u64 = 20_000;
const ORDERS: [u64; 2] = [30_000, 40_000];
/// Buyers of `js` and `zj`; the products are listed at `ah`.
const BUYERS: [(&str, u64); 2] = [("js", 2), ("zj", 3)];

fn acting(party: u64) -> Acting {
    Acting::Party(PartyId::from(id(party)))
}

fn product(number: u64) -> [Submission; 2] {
    let details = json!({ "title": { "en": format!("Ports {number}") }, "description": { "en": "Calls" }, "kind": "dataset" });
    let offer = json!({
        "product": id(PRODUCTS + number), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00",
        "terms": {
            "purposes": ["logistics"], "term_days": 365, "territory": "CN", "usable_not_visible": false,
            "exclusive": true, "quantity_max": 1,
        },
    });
    [
        command(
            PRODUCTS + number,
            acting(SUPPLIER),
            "product.list",
            &json!({ "right": id(9), "details": details }),
        ),
        command(OFFERS + number, acting(SUPPLIER), "offer.publish", &offer),
    ]
}

async fn prepare(region: &Region) {
    let ah = region.node("ah");
    one(ah, certify(SUPPLIER, "supplier")).await.unwrap();
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
        "source_statement": { "en": "own systems" },
    });
    one(ah, command(9, acting(SUPPLIER), "right.register", &right)).await.unwrap();
    for first in (0..RIGHTS).step_by(100) {
        let products = (first..first + 100).flat_map(product).collect();
        for answer in ah.submit(products).await {
            answer.unwrap();
        }
    }
    for (code, buyer) in BUYERS {
        one(region.node(code), certify(buyer, code)).await.unwrap();
        let deposit = json!({
            "party": id(buyer), "asset": "CNY/2", "amount_minor": 100_000_000, "bank_reference": code,
        });
        one(region.node(code), command(buyer + 5, Acting::Exchange, "account.deposit", &deposit))
            .await
            .unwrap();
    }
    for (code, _) in BUYERS {
        let size = ah.published().size;
        eventually("both know all offers", async || region.node(code).published().size >= size).await;
    }
}

/// Both buy the right at once; answers with who has it.
async fn race(region: &Region, number: u64) -> usize {
    let order = |side: usize| {
        let (code, buyer) = BUYERS[side];
        let lines = json!([{ "offer": id(OFFERS + number), "quantity": 1, "purpose": "logistics" }]);
        let place = command(ORDERS[side] + number, acting(buyer), "order.place", &json!({ "lines": lines }));
        one(region.node(code), place)
    };
    let (first, second) = tokio::join!(order(0), order(1));
    let answers = [first, second];
    let winner = answers.iter().position(Result::is_ok).unwrap_or_else(|| panic!("nobody: {answers:?}"));
    match &answers[1 - winner] {
        Err(SubmitError::Refused(refusal)) if refusal.code == RefusalCode::LicenceExclusiveTaken => {}
        other => panic!("right {number} is sold twice or refused for another reason: {other:?}"),
    }
    winner
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusive_right_sold_at_two_exchanges_at_once_is_one_licence_a_thousand_times() {
    let region = Region::start(&["ah", "js", "sh", "zj"]).await;
    prepare(&region).await;
    let mut winners = Vec::new();
    for first in (0..RIGHTS).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let mut races = Vec::new();
        for number in first..first + AT_ONCE {
            races.push(race(&region, number));
        }
        winners.extend(futures::future::join_all(races).await);
    }
    region.same_roots().await;
    println!("js has {} of {RIGHTS}", winners.iter().filter(|winner| **winner == 0).count());
    for code in region.codes() {
        let store = region.node(code).store();
        for (number, winner) in (0..).zip(&winners) {
            for (side, first) in ORDERS.iter().enumerate() {
                let order = store.get::<Order>(&id(first + number).to_string()).await.unwrap();
                assert_eq!(order.is_some(), side == *winner, "{code}: right {number}, buyer {side}");
            }
        }
    }
    region.stop().await;
}
