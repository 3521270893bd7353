//! An order in three steps, and what is said when it cannot be placed.

use crate::support::{Market, id};
use serde_json::json;

/// The address of step 2. What is not typed is not in it.
fn check(quantity: &str, purpose: &str, reference: &str) -> String {
    let typed = [("quantity", quantity), ("purpose", purpose), ("reference", reference)];
    let typed = typed.iter().filter(|(_, value)| !value.is_empty());
    let typed = typed.map(|(name, value)| format!("&{name}={value}"));
    format!("/order/check?offer={}{}", id(6), typed.collect::<String>())
}

#[tokio::test]
async fn a_buyer_orders_in_three_steps() {
    let market = Market::start().await;
    let buyer = market.sign_in("buyer").await;
    let page = buyer.get(&format!("/order?offer={}", id(6))).await.expect(200);
    page.has("用途与数量");
    page.has("港口");
    assert!(page.html.contains("value=\"logistics\" selected"), "the only purpose is chosen");
    let typed = check("2", "logistics", "PO-7");
    let page = buyer.get(&typed).await.expect(200);
    for words in ["港口", "PO-7", "¥200.00", "¥500.00", "30 天内未验收的，自动解冻退回"] {
        page.has(words);
    }
    let back = buyer.get(&typed.replace("/order/check", "/order")).await.expect(200);
    assert!(
        back.html.contains("value=\"2\"") && back.html.contains("value=\"PO-7\""),
        "nothing typed is lost"
    );
    let fields = buyer.get(&typed).await;
    let again = buyer.send_to(&fields, &typed, "/order/back", &[]).await.expect(200);
    assert_eq!(again.html.matches("value=\"PO-7\"").count(), 1, "nor by the button");
    assert!(again.url.contains("/order?offer="), "{}", again.url);
    let page = buyer.submit(&typed, &typed, &[]).await.expect(200);
    for words in ["已记入账本", "已下单", "¥200.00", "接下来"] {
        page.has(words);
    }
    let orders = market.get("buyer", "/v1/orders").await;
    let order = &orders["items"][0];
    assert_eq!((&order["total_minor"], &order["reference"]), (&json!(20_000), &json!("PO-7")));
    let page = buyer.get("/orders").await.expect(200);
    for words in ["PO-7", "港口", "待交付", "¥200.00"] {
        page.has(words);
    }
    buyer.get("/orders?reference=PO-7").await.expect(200).has("港口");
    buyer.get("/orders?reference=PO-8").await.expect(200).has("没有这个编号的订单");
    let page = buyer.get("/orders?reference=%E9%87%87%E8%B4%AD").await.expect(422);
    page.has("编号只含字母");
    let page = buyer.get("/bills").await.expect(200);
    for words in ["冻结", "+¥200.00", "¥300.00", "入金", "+¥500.00"] {
        page.has(words);
    }
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    let market = Market::start().await;
    let buyer = market.sign_in("buyer").await;
    let page = buyer.get(&check("0", "", "a+b")).await.expect(422);
    for words in ["没有记录", "请填写一个整数", "请选择一个用途", "只能使用字母"] {
        page.has(words);
    }
    assert!(page.html.contains("value=\"0\"") && page.html.contains("value=\"a b\""), "{}", page.html);
    buyer.get(&check("1", "research", "")).await.expect(422).has("用途");
    let page = buyer.get(&check("6", "logistics", "")).await.expect(200);
    page.has("还差 ¥100.00");
    let path = check("6", "logistics", "");
    let page = buyer.submit(&path, &path, &[]).await.expect(422);
    page.has("没有记录");
    page.has("¥600.00");
    page.has("账户余额不足");
    page.has("技术说明（英文）");
    let page = buyer.submit(&path, &path, &[("quantity", "x")]).await.expect(422);
    page.has("请填写一个整数");
    assert_eq!(market.get("buyer", "/v1/orders").await["items"], json!([]));
    buyer.get("/language/en?to=/market").await.expect(200);
    buyer.get(&check("0", "", "")).await.expect(422).has("Give a whole number");
}

#[tokio::test]
async fn a_voucher_pays_as_far_as_it_reaches() {
    let market = Market::start().await;
    let voucher = json!({
        "party": id(2), "asset": "CNY/2", "amount_minor": 4_000, "kinds": ["dataset"],
        "expires_at": "2027-01-01T00:00:00.000Z", "bank_reference": "v1",
    });
    market.post("operator", "/v1/vouchers", 30, &voucher).await;
    let buyer = market.sign_in("buyer").await;
    let path = check("1", "logistics", "");
    buyer.get(&path).await.expect(200).has("剩余 ¥40.00");
    let page = buyer.submit(&path, &path, &[("voucher", "nothing")]).await.expect(422);
    page.has("没有记录");
    let page = buyer.submit(&path, &path, &[("voucher", &id(30).to_string())]).await.expect(200);
    page.has("已下单");
    let order = market.get("buyer", "/v1/orders").await["items"][0]["id"].as_str().unwrap().to_owned();
    let page = buyer.get(&format!("/orders/{order}")).await.expect(200);
    for words in ["使用的科技创新券", "券付 ¥40.00"] {
        page.has(words);
    }
    buyer.get("/bills").await.expect(200).has("¥440.00");
    buyer.get(&path).await.expect(200).has("没有可用于此订单的科技创新券");
}

#[tokio::test]
async fn an_offer_for_one_buyer_is_seen_and_taken_by_that_buyer_only() {
    let market = Market::start().await;
    let supplier = market.sign_in("supplier").await;
    let path = format!("/shop/products/{}/offer", id(5));
    let buyer_id = id(2).to_string();
    let price = [("unit_price", "80"), ("more_purposes", "logistics")];
    let page =
        supplier.submit(&path, &path, &[&price[..], &[("audience", "buyer")]].concat()).await.expect(422);
    page.has("没有记录");
    assert!(page.html.contains("value=\"buyer\""), "nothing typed is lost");
    supplier.send(&page, &path, &[("audience", &buyer_id)]).await.expect(200).has("¥80.00");
    let offers = market.get("buyer", &format!("/v1/offers?product={}&state=open", id(5))).await;
    let offer =
        offers["items"].as_array().unwrap().iter().find(|offer| offer["audience"] == buyer_id).unwrap();
    let order = format!("/order?offer={}", offer["id"].as_str().unwrap());
    let buyer = market.sign_in("buyer").await;
    buyer.get(&format!("/market/{}", id(5))).await.expect(200).has("只对您有效");
    buyer.get(&order).await.expect(200).has("用途与数量");
    let stranger = market.sign_in("stranger").await;
    stranger.get(&format!("/market/{}", id(5))).await.expect(200).lacks("¥80.00");
    stranger.get(&order).await.expect(403);
}

#[tokio::test]
async fn only_a_buyer_orders() {
    let market = Market::start().await;
    let path = format!("/order?offer={}", id(6));
    for who in ["operator", "auditor", "supplier"] {
        market.sign_in(who).await.get(&path).await.expect(403);
    }
    let page = market.visitor().get(&path).await;
    assert!(page.url.contains("/sign-in") || page.url.contains("/oidc"), "{}", page.url);
    let buyer = market.sign_in("buyer").await;
    buyer.get("/order").await.expect(200).has("数据市场");
    buyer.get(&format!("/order?offer={}", id(5))).await.expect(404);
}
