//! A merchant's pages: listing a product step by step, changing it, selling it, delivering and refunding.

use crate::support::{Market, id};
use serde_json::json;

const EVIDENCE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Order 30 of one line.
async fn ordered() -> Market {
    let market = Market::start().await;
    let line = json!({ "offer": id(6), "quantity": 2, "purpose": "logistics" });
    market.post("buyer", "/v1/orders", 30, &json!({ "lines": [line] })).await;
    market
}

#[tokio::test]
async fn a_product_is_listed_in_three_steps_and_nothing_typed_is_lost() {
    let market = Market::start().await;
    let supplier = market.sign_in("supplier").await;
    let page = supplier.get("/shop/new").await.expect(200);
    page.has("ports");
    let refused = supplier.send(&page, "/shop/new/right", &[("source", "not a label")]).await.expect(422);
    for words in ["请至少用一种语言填写", "没有记录"] {
        refused.has(words);
    }
    assert!(refused.html.contains("value=\"not a label\""), "{}", refused.html);
    let statement = ("source_statement.zh", "自建气象站");
    let page =
        supplier.send(&refused, "/shop/new/right", &[("source", "weather"), statement]).await.expect(200);
    page.has("weather");
    page.has("已记入账本");

    let typed = [("details.title.zh", "逐小时气象"), ("details.keywords", "气象，weather")];
    let refused = supplier.send(&page, "/shop/new/product", &typed).await.expect(422);
    refused.has("请至少用一种语言填写");
    assert!(refused.html.contains("value=\"逐小时气象\""), "{}", refused.html);
    let page = supplier
        .send(&refused, "/shop/new/product", &[("details.description.zh", "412 站")])
        .await
        .expect(200);
    page.has("已挂牌");

    let refused = supplier.send(&page, "/shop/new/offer", &[("unit_price", "a lot")]).await.expect(422);
    assert!(refused.html.contains("value=\"a lot\""), "{}", refused.html);
    let offer =
        [("unit_price", "¥1,200.50"), ("terms.purposes.research", "true"), ("valid_until", "2029-12-31")];
    let page = supplier.send(&refused, "/shop/new/offer", &offer).await.expect(200);
    for words in ["逐小时气象", "¥1,200.50", "科学研究", "365 天", "中国境内", "有效"] {
        page.has(words);
    }
    let listed = market.get("supplier", &format!("/v1/products?supplier={}", id(1))).await;
    let details = &listed["items"][0]["details"];
    assert_eq!(details["keywords"], json!(["气象", "weather"]));
    supplier.get("/shop").await.expect(200).has("逐小时气象");
}

#[tokio::test]
async fn a_product_is_revised_paused_resumed_and_delisted() {
    let market = Market::start().await;
    let supplier = market.sign_in("supplier").await;
    supplier.get("/language/en").await;
    let home = format!("/shop/products/{}", id(5));
    supplier.get(&home).await.expect(200).has("What buyers see");
    let path = format!("{home}/revision");
    let first = supplier.get(&path).await.expect(200);
    assert!(first.html.contains("value=\"Ports\""), "filled with what it says now: {}", first.html);
    let page = supplier.send(&first, &path, &[("details.title.en", "Ports of the Delta")]).await.expect(200);
    page.has("Ports of the Delta");
    page.has("revision 2");
    let other = supplier.get(&path).await;
    supplier.submit(&path, &path, &[("details.title.en", "Third")]).await.expect(200);
    let stale = supplier.send(&other, &path, &[("details.title.en", "Lost?")]).await.expect(422);
    assert!(stale.html.contains("value=\"Lost?\""), "{}", stale.html);

    let path = format!("{home}/pause");
    supplier.submit(&path, &path, &[("reason", "maintenance")]).await.expect(200).has("Ordering paused");
    supplier.get("/shop?state=ordering_paused").await.expect(200).has("Third");
    let path = format!("{home}/resume");
    supplier.submit(&path, &path, &[]).await.expect(200).has("Pause ordering");
    let path = format!("/shop/offers/{}/withdrawal", id(6));
    supplier.submit(&path, &path, &[]).await.expect(200).has("Withdrawn");
    let path = format!("{home}/shares");
    let wrong = [("root[0].weight_bp", "70")];
    supplier.submit(&path, &path, &wrong).await.expect(422).has("they sum to 70%");
    let buyer = id(2).to_string();
    let shares = [
        ("root[0].weight_bp", "87.5"),
        ("root[1].name", "holder"),
        ("root[1].beneficiary", buyer.as_str()),
        ("root[1].weight_bp", "12.5"),
    ];
    let page = supplier.submit(&path, &path, &shares).await.expect(200);
    for words in ["87.5%", "12.5%", "For new orders"] {
        page.has(words);
    }
    let path = format!("{home}/delisting");
    supplier.get(&path).await.expect(200).has("for good");
    supplier.submit(&path, &path, &[]).await.expect(200).has("Delisted");
    supplier.get("/shop").await.expect(200).has("You have no product on sale yet");

    // Everybody reads what became of it, and who may, the entries.
    let about = format!("/market/{}", id(5));
    let page = market.visitor().get(&about).await.expect(200);
    for words in ["版本与历史", "摘牌产品", "恢复订购", "maintenance", "修订产品", "名称", "最初的版本"]
    {
        page.has(words);
    }
    assert!(!page.html.contains("/ledger/entries/"), "{}", page.html);
    assert!(supplier.get(&about).await.html.contains("/ledger/entries/"));
    let life = supplier.get(&format!("/ledger/trace/{}", id(5))).await.expect(200);
    for words in ["Product revised", "Revision 3", "Ordering paused", "Product delisted"] {
        life.has(words);
    }
}

#[tokio::test]
async fn what_is_ordered_is_delivered_and_never_more_refunded_than_was_paid() {
    let market = ordered().await;
    let supplier = market.sign_in("supplier").await;
    let page = supplier.get("/shop").await.expect(200);
    page.has("交付订单");
    page.has("港口");
    let path = format!("/shop/orders/{}/delivery", id(30));
    let wrong = supplier.submit(&path, &path, &[("evidence", "sha256:12")]).await.expect(422);
    wrong.has("没有记录");
    assert!(wrong.html.contains("value=\"sha256:12\""), "{}", wrong.html);
    let page = supplier.submit(&path, &path, &[("evidence", EVIDENCE)]).await.expect(200);
    page.has("已交付，待验收");
    supplier.get(&path).await.expect(200).has("没有待交付的行");
    supplier.get("/shop").await.expect(200).has("没有待交付的订单");

    let path = format!("/shop/refunds/new?order={}", id(30));
    supplier.get(&path).await.expect(200).has("没有可退款的行");
    market.post("buyer", &format!("/v1/orders/{}/acceptance", id(30)), 32, &json!({})).await;
    supplier.get(&path).await.expect(200).has("最多 ¥200.00");
    let reason = ("reason", "缺少数据");
    supplier.submit(&path, &path, &[reason]).await.expect(422).has("至少填写一行");
    let much = supplier.submit(&path, &path, &[reason, ("amount.1", "200.01")]).await.expect(422);
    assert!(
        much.html.contains("id=\"f-amount-1-wrong\"") && much.html.contains("value=\"200.01\""),
        "{}",
        much.html
    );
    supplier.submit(&path, &path, &[reason, ("amount.1", "50")]).await.expect(200).has("已记入账本");
    supplier.get(&path).await.expect(200).has("最多 ¥150.00");
}

#[tokio::test]
async fn a_right_is_registered_and_shown_with_its_statement() {
    let market = Market::start().await;
    let supplier = market.sign_in("supplier").await;
    let page = supplier.get("/shop/rights").await.expect(200);
    page.has("自有系统");
    let typed = [("source", "ports"), ("source_statement.zh", "重复登记"), ("data_class", "public")];
    let refused = supplier.send(&page, "/shop/rights", &typed).await.expect(422);
    assert!(refused.html.contains("重复登记"), "{}", refused.html);
    assert!(refused.html.contains("id=\"f-authorisation-wrong\""), "{}", refused.html);
    let typed = [
        ("source", "rivers"),
        ("source_statement.zh", "水文站"),
        ("authorisation", "沪授 2026-1"),
        ("data_class", "public"),
    ];
    let page = supplier.send(&page, "/shop/rights", &typed).await.expect(200);
    page.has("水文站");
    page.has("公共数据");
}

#[tokio::test]
async fn a_shop_is_its_merchants_alone() {
    let market = Market::start().await;
    let visitor = market.visitor();
    assert!(
        visitor.get("/shop").await.url.contains("sign-in") || visitor.get("/shop").await.url.contains("oidc")
    );
    for path in ["/shop", "/shop/new", "/shop/rights", "/shop/orders"] {
        market.sign_in("buyer").await.get(path).await.expect(403);
    }
    let stranger = market.sign_in("stranger").await;
    stranger.get("/shop").await.expect(200).has("您还没有在售的产品");
    let home = format!("/shop/products/{}", id(5));
    for path in [
        home.clone(),
        format!("{home}/delisting"),
        format!("/shop/new?product={}", id(5)),
        format!("/shop/new?right={}", id(4)),
    ] {
        stranger.get(&path).await.expect(403);
    }
    stranger.get("/shop/products/nothing").await.expect(404);
}
