//! The market: what can be found, and what a product's page says of it.

use crate::support::{Market, id};

#[tokio::test]
async fn a_visitor_finds_a_product_and_reads_its_terms_in_plain_words() {
    let market = Market::start().await;
    let visitor = market.visitor();
    let page = visitor.get("/market").await.expect(200);
    page.has("港口");
    page.has("数据集");
    page.has("企业数据");
    page.has("共 1 个产品");
    page.lacks("dataset");
    let page = visitor.get("/market?q=%E6%B8%AF%E5%8F%A3").await.expect(200);
    page.has("港口");
    assert!(page.html.contains("value=\"港口\""), "the words stay in their field");
    let page = visitor.get("/market?q=%E6%B2%A1%E6%9C%89").await.expect(200);
    page.has("没有产品含有这些词");
    visitor.get("/market?kind=dataset&data_class=enterprise").await.expect(200).has("靠港记录");
    visitor.get("/market?kind=report").await.expect(200).lacks("靠港记录");
    visitor.get("/market?kind=nothing&exchange=%20").await.expect(200).has("靠港记录");
    let page = visitor.get(&format!("/market/{}", id(5))).await.expect(200);
    for words in [
        "港口",
        "不含税单价",
        "¥100.00",
        "物流",
        "验收之日起 365 天",
        "中国境内",
        "数据产品经营权",
        "订购此要约",
        "登录后可见名称",
    ] {
        page.has(words);
    }
    page.lacks("one_off");
    page.lacks("logistics");
    let page = visitor.get(&format!("/language/en?to=/market/{}", id(5))).await.expect(200);
    for words in [
        "Ports",
        "Price without tax",
        "365 days from your acceptance",
        "China",
        "Order this offer",
        "Logistics",
    ] {
        page.has(words);
    }
    for path in ["/market/nothing".to_owned(), format!("/market/{}", id(6))] {
        visitor.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn who_cannot_order_is_told_why() {
    let market = Market::start().await;
    let product = format!("/market/{}", id(5));
    let page = market.sign_in("operator").await.get(&product).await.expect(200);
    page.has("订购须以需方身份登录");
    page.lacks("登录后可见名称");
    let page = market.sign_in("supplier").await.get(&product).await.expect(200);
    page.has("这是您自己的产品");
    market.post("supplier", &format!("/v1/products/{}/pause", id(5)), 40, &serde_json::json!({})).await;
    let page = market.sign_in("buyer").await.get(&product).await.expect(200);
    page.has("暂停订购");
    page.lacks("订购此要约");
}
