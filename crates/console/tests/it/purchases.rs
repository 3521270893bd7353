//! What a party bought: orders from delivery to certificate, and the lists beside them.

use crate::support::{Market, id};
use serde_json::json;

const EVIDENCE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Order 30 of two lines, delivered.
async fn delivered() -> Market {
    let market = Market::start().await;
    let line = json!({ "offer": id(6), "quantity": 1, "purpose": "logistics" });
    market.post("buyer", "/v1/orders", 30, &json!({ "lines": [line, line] })).await;
    let delivery = json!({ "order": id(30), "method": "file", "evidence": EVIDENCE });
    market.post("supplier", "/v1/deliveries", 31, &delivery).await;
    market
}

#[tokio::test]
async fn a_buyer_accepts_one_line_rejects_another_and_disputes() {
    let market = delivered().await;
    let buyer = market.sign_in("buyer").await;
    let order = format!("/orders/{}", id(30));
    let page = buyer.get(&order).await.expect(200);
    for words in ["供方已交付", "已交付，待验收", EVIDENCE, "冻结中 ¥200.00", "验收", "拒收", "尚未签发"]
    {
        page.has(words);
    }
    page.lacks("提出争议");
    buyer.get("/licences?state=delivered").await.expect(200).has("已交付，待验收");
    buyer.get("/licences?state=active").await.expect(200).has("没有处于此状态的许可");
    buyer.get("/deliveries").await.expect(200).has(EVIDENCE);

    let path = format!("{order}/acceptance");
    buyer.get(&path).await.expect(200).has("验收不能撤回");
    let page = buyer.submit(&path, &path, &[("line-1", ""), ("line-2", "")]).await.expect(422);
    page.has("请至少选择一行");
    let page = buyer.submit(&path, &path, &[("line-2", "")]).await.expect(200);
    for words in ["已记入账本", "已验收，许可生效", "已交付，待验收", "提出争议"] {
        page.has(words);
    }

    let path = format!("{order}/rejection");
    let page = buyer.submit(&path, &path, &[]).await.expect(422);
    page.has("请写明原因");
    let page = buyer.submit(&path, &path, &[("reason", "文件无法打开")]).await.expect(200);
    page.has("已拒收");
    page.has("文件无法打开");

    let path = format!("{order}/dispute");
    let page = buyer.submit(&path, &path, &[("reason", "缺少数据")]).await.expect(200);
    page.has("有争议");
    let page = buyer.get("/disputes").await.expect(200);
    for words in ["缺少数据", "待裁决", "¥100.00", "港口"] {
        page.has(words);
    }
    market.sign_in("supplier").await.get("/disputes").await.expect(200).has("缺少数据");
    let decision = json!({ "refunds": [{ "line": 1, "amount_minor": 4_000 }], "reason": "half" });
    let dispute = market.get("buyer", "/v1/disputes").await["items"][0]["id"].as_str().unwrap().to_owned();
    market.post("operator", &format!("/v1/disputes/{dispute}/decision"), 33, &decision).await;
    buyer.get("/disputes").await.expect(200).has("退还需方 ¥40.00");
    let page = buyer.get("/refunds").await.expect(200);
    page.has("¥40.00");
    page.has("half");
    market.post("operator", "/v1/certificates", 34, &json!({ "order": id(30) })).await;
    for path in ["/certificates", &order] {
        buyer.get(path).await.expect(200).has("sh-2026-00000001");
    }
    let page = buyer.get("/bills").await.expect(200);
    for words in ["验收入账", "−¥100.00", "解除冻结", "退款", "+¥40.00", "港口"] {
        page.has(words);
    }
}

#[tokio::test]
async fn each_sees_what_is_their_own() {
    let market = delivered().await;
    let order = format!("/orders/{}", id(30));
    let page = market.sign_in("supplier").await.get(&order).await.expect(200);
    page.has("只显示您出售的行");
    page.lacks("¥200.00");
    assert!(!page.html.contains("/rejection"), "only the buyer acts");
    market.sign_in("stranger").await.get(&order).await.expect(403);
    for who in ["operator", "auditor"] {
        let person = market.sign_in(who).await;
        let page = person.get(&order).await.expect(200);
        page.has("¥200.00");
        assert!(!page.html.contains("/rejection"), "only the buyer acts");
        for path in ["/orders", "/licences", "/deliveries", "/disputes", "/refunds", "/certificates"] {
            person.get(path).await.expect(200);
        }
        person.get("/bills").await.expect(403);
        person.get(&format!("{order}/acceptance")).await.expect(403);
    }
    let stranger = market.sign_in("stranger").await;
    stranger.get("/orders").await.expect(200).has("还没有订单");
    stranger.get("/licences").await.expect(200).has("我卖出的");
    for path in ["/licences", "/deliveries", "/disputes", "/refunds"] {
        stranger.get(&format!("{path}?side=supplier")).await.expect(200);
    }
    stranger.get("/bills").await.expect(200).has("还没有收支");
    stranger.get(&format!("{order}/nothing")).await.expect(404);
    stranger.get(&format!("{order}/acceptance")).await.expect(403);
}

#[tokio::test]
async fn every_list_speaks_english_too() {
    let market = delivered().await;
    let buyer = market.sign_in("buyer").await;
    for (path, words) in [
        ("/orders", "My orders"),
        ("/licences", "Delivered, to be accepted"),
        ("/deliveries", "What I received"),
        ("/bills", "Held for orders"),
        ("/certificates", "There are no certificates yet"),
        ("/disputes", "There are no disputes"),
        ("/refunds", "There are no refunds"),
    ] {
        let page = buyer.get(&format!("/language/en?to={path}")).await.expect(200);
        page.has(words);
    }
    let page = buyer.get(&format!("/orders/{}", id(30))).await.expect(200);
    page.has("The supplier has delivered");
    for act in ["acceptance", "rejection"] {
        buyer.get(&format!("/orders/{}/{act}", id(30))).await.expect(200).has("cannot be undone");
    }
}
