//! What a party is owed, and why.

use crate::support::{Market, id};
use serde_json::json;

const EVIDENCE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Order 30 of one line, delivered; accepted if asked for.
async fn sale(is_accepted: bool) -> Market {
    let market = Market::start().await;
    let line = json!({ "offer": id(6), "quantity": 1, "purpose": "logistics" });
    market.post("buyer", "/v1/orders", 30, &json!({ "lines": [line] })).await;
    let delivery = json!({ "order": id(30), "method": "file", "evidence": EVIDENCE });
    market.post("supplier", "/v1/deliveries", 31, &delivery).await;
    if is_accepted {
        market.post("buyer", &format!("/v1/orders/{}/acceptance", id(30)), 32, &json!({})).await;
    }
    market
}

/// What the supplier gets of the line, as the API has it.
async fn earned(market: &Market) -> String {
    let licence = market.get("supplier", &format!("/v1/licences/{}.1", id(30))).await;
    let part = |name: &str| licence[name].as_i64().unwrap();
    let earned = part("net_minor") - part("fee_minor") - part("fee_vat_minor");
    format!("¥{}.{:02}", earned / 100, earned % 100)
}

#[tokio::test]
async fn a_supplier_sees_what_it_is_owed_and_why() {
    let market = sale(false).await;
    let earned = earned(&market).await;
    let supplier = market.sign_in("supplier").await;
    let page = supplier.get("/money").await.expect(200);
    page.has(&earned);
    page.has("待入账");
    let line = format!("/money/lines/{}.1", id(30));
    supplier.get(&line).await.expect(200).has(&format!("需方验收后，您将得到 {earned}"));

    market.post("buyer", &format!("/v1/orders/{}/acceptance", id(30)), 32, &json!({})).await;
    let page = supplier.get("/money").await.expect(200);
    for words in ["销售", "港口", "buyer公司", &format!("+{earned}"), "CNY/2@1", "结算单", "存证回执"]
    {
        page.has(words);
    }
    let page = supplier.get(&line).await.expect(200);
    for words in
        ["1 × ¥100", "需方支付", "手续费", "费率表 CNY/2@1", "下单", "交付", &format!("您得到了 {earned}")]
    {
        page.has(words);
    }
    let receipt = supplier.get(&format!("/ledger/entries/{}/receipt", id(32))).await.expect(200);
    assert!(receipt.html.starts_with("c2sp.org/tlog-proof"), "proof of who paid: {}", receipt.html);
    let stranger = market.sign_in("stranger").await;
    stranger.get(&line).await.expect(403);
    stranger.get(&format!("/ledger/entries/{}/receipt", id(32))).await.expect(403);
    market.visitor().get("/money").await.lacks(&earned);
    market.sign_in("operator").await.get("/money").await.expect(403);
}

#[tokio::test]
async fn what_moved_can_be_had_as_a_file_and_as_a_statement() {
    let market = sale(true).await;
    let supplier = market.sign_in("supplier").await;
    supplier.get("/language/en").await;
    let file = supplier.get("/money/postings.csv").await.expect(200).html;
    let lines: Vec<_> = file.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("Time,Reason,Currency,Posted,"), "{file}");
    assert!(
        lines[1].contains(",Sale,CNY,") && lines[1].contains(",100.00,") && lines[1].contains("CNY/2@1"),
        "{file}"
    );
    let statement = supplier.get("/money/statements/CNY-2/1?format=csv&language=en").await.expect(200);
    assert!(statement.html.contains("Sale"), "{}", statement.html);
    supplier.get("/money/statements/CNY-2/77?format=csv").await.expect(404);
    supplier.get("/money/statements/nothing/1").await.expect(404);
}

#[tokio::test]
async fn a_buyer_sees_what_is_held_and_takes_out_what_is_available() {
    let market = sale(false).await;
    let buyer = market.sign_in("buyer").await;
    let page = buyer.get("/money").await.expect(200);
    for words in ["¥500.00", "入金", "冻结"] {
        page.has(words);
    }
    let path = "/money/withdrawal";
    let page = buyer.get(path).await.expect(200);
    page.has("可用 ¥400.00");
    buyer.send(&page, path, &[("amount_minor", "12.345")]).await.expect(422).has("请填写金额");
    let much = buyer.send(&page, path, &[("amount_minor", "400.01")]).await.expect(422);
    assert!(much.html.contains("value=\"400.01\""), "{}", much.html);
    buyer.submit(path, path, &[("amount_minor", "94")]).await.expect(200).has("出金");
    buyer.get("/money").await.expect(200).has("−¥94.00");
    market.sign_in("stranger").await.get("/money").await.expect(200).has("您还没有账户");
}
