//! The ledger for everybody, entries for those who may read them, lives of things, and certificates.

use crate::support::{Market, Page, id};
use serde_json::json;

const EVIDENCE: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
pub(crate) const NUMBER: &str = "sh-2026-00000001";

/// Order 30 of one line, delivered, accepted and certified.
pub(crate) async fn sold() -> Market {
    let market = Market::start().await;
    let line = json!({ "offer": id(6), "quantity": 1, "purpose": "logistics" });
    market.post("buyer", "/v1/orders", 30, &json!({ "lines": [line] })).await;
    let delivery = json!({ "order": id(30), "method": "file", "evidence": EVIDENCE });
    market.post("supplier", "/v1/deliveries", 31, &delivery).await;
    market.post("buyer", &format!("/v1/orders/{}/acceptance", id(30)), 32, &json!({})).await;
    market.post("operator", "/v1/certificates", 33, &json!({ "order": id(30) })).await;
    market
}

#[track_caller]
fn has_all(page: &Page, words: &[&str]) {
    words.iter().for_each(|words| page.has(words));
}

#[tokio::test]
async fn everybody_sees_how_far_the_ledger_is_and_who_vouches_for_it() {
    let market = Market::start().await;
    let visitor = market.visitor();
    let page = visitor.get("/ledger").await.expect(200);
    has_all(&page, &["账本", "条目", "区块高度", "1 / 1", "✓ 已联署", "根（覆盖全部条目的指纹）"]);
    let size = market.exchange.node.published().size;
    page.has(&size.to_string());
    let page = visitor.get("/language/en?to=/ledger").await.expect(200);
    has_all(&page, &["Ledger", "Entries", "Height in blocks", "✓ cosigned", "Who cosigned it"]);
    visitor.get("/ledger/anchors").await.expect(200).has("Nothing is anchored yet");
}

#[tokio::test]
async fn recent_entries_tell_everybody_what_and_overseers_by_whom() {
    let market = sold().await;
    let entry = format!("href=\"/ledger/entries/{}\"", id(33));
    let page = market.visitor().get("/ledger").await.expect(200);
    has_all(&page, &["最近的条目", "签发凭证", "验收", "区块头"]);
    page.lacks("区块 由谁");
    assert!(!page.html.contains(&entry));
    let page = market.sign_in("auditor").await.get("/ledger").await.expect(200);
    has_all(&page, &["签发凭证", "区块 由谁", "buyer公司"]);
    assert!(page.html.contains(&entry) && page.html.contains("id=\"recent\" data-live=\"/ledger\""));
    let at = |words: &str| page.html.find(words).unwrap();
    assert!(at("签发凭证") < at("记录交付"), "the newest first");
}

#[tokio::test]
async fn an_entry_is_read_by_its_author_and_by_those_who_oversee() {
    let market = sold().await;
    let order = format!("/ledger/entries/{}", id(30));
    for who in ["buyer", "operator", "auditor"] {
        let page = market.sign_in(who).await.get(&order).await.expect(200);
        has_all(&page, &["下单", "明细行", "用途 物流", "代表", "签名原文", "下载回执"]);
        assert!(
            page.html.contains("data-key=\"ed25519:"),
            "the exchange signed it, whose key everybody knows"
        );
    }
    for who in ["supplier", "stranger"] {
        market.sign_in(who).await.get(&order).await.expect(403).has("此条目不对您开放");
    }
    let page = market.visitor().get(&order).await;
    assert!(page.url.contains("/sign-in") || page.url.contains("/oidc"), "{}", page.url);
    let buyer = market.sign_in("buyer").await;
    let receipt = buyer.get(&format!("{order}/receipt")).await.expect(200);
    assert!(receipt.html.starts_with("c2sp.org/tlog-proof@v1\nindex "), "{}", receipt.html);
    market.sign_in("stranger").await.get(&format!("{order}/receipt")).await.expect(403);
    buyer.get("/ledger/entries/nothing").await.expect(404);
    buyer.get(&format!("/ledger/entries/{}", id(999))).await.expect(404);
}

#[tokio::test]
async fn what_entries_say_is_readable_in_both_languages() {
    let market = sold().await;
    let operator = market.sign_in("operator").await;
    let entry = |number: u64| format!("/ledger/entries/{}", id(number));
    let page = operator.get(&entry(5)).await.expect(200);
    has_all(&page, &["挂牌产品", "类型 数据集", "名称 港口"]);
    page.lacks("dataset");
    let page = operator.get(&entry(6)).await.expect(200);
    has_all(&page, &["发布要约", "一次性购买", "币种 CNY", "许可期限（天） 365", "独家 否"]);
    has_all(&operator.get(&entry(20)).await.expect(200), &["入金", "¥500.00", "银行流水号 b1", "buyer公司"]);
    let page = operator.get(&format!("/language/en?to={}", entry(4))).await.expect(200);
    has_all(&page, &["Right registered", "Right to operate data products", "own systems", "Signed by"]);
    let page = operator.get(&entry(33)).await.expect(200);
    has_all(&page, &["Certificate issued", NUMBER, "Paid, tax included", "¥100.00", "Ports"]);
    has_all(&operator.get(&entry(1)).await.expect(200), &["Party certified", "Roles Supplier"]);
}

#[tokio::test]
async fn the_life_of_an_order_is_a_graph_and_a_list() {
    let market = sold().await;
    let life = ["登记权利", "挂牌产品", "发布要约", "下单", "记录交付", "验收", "签发凭证"];
    for who in ["buyer", "supplier", "operator", "auditor"] {
        let visitor = market.sign_in(who).await;
        for subject in [id(30).to_string(), format!("{}.1", id(30)), id(31).to_string(), NUMBER.to_owned()] {
            let page = visitor.get(&format!("/ledger/trace/{subject}")).await.expect(200);
            has_all(&page, &life);
            assert_eq!(page.html.matches("<svg class=\"life\"").count(), 1);
            assert!(page.html.matches("class=\"edge\"").count() >= 6, "{who} {subject}");
        }
    }
    let page = market.sign_in("buyer").await.get(&format!("/ledger/trace/{}", id(30))).await;
    let linked = |number: u64| page.html.contains(&format!("href=\"/ledger/entries/{}\"", id(number)));
    assert!(linked(30) && linked(32) && !linked(31) && !linked(33), "only one's own entries can be opened");
    assert!(page.html.contains(&format!("href=\"/certificates/{NUMBER}\"")));
    let page = market.sign_in("auditor").await.get(&format!("/ledger/trace/{}", id(30))).await;
    for number in [4, 5, 6, 30, 31, 32, 33] {
        assert!(page.html.contains(&format!("href=\"/ledger/entries/{}\"", id(number))), "{number}");
    }
}

#[tokio::test]
async fn a_trace_shows_each_reader_what_is_theirs() {
    let market = sold().await;
    let trace = |number: u64| format!("/ledger/trace/{}", id(number));
    let visitor = market.visitor();
    for number in [4, 5, 6] {
        let page = visitor.get(&trace(number)).await.expect(200);
        has_all(&page, &["登记权利", "挂牌产品", "您尚未登录"]);
        page.lacks("下单");
    }
    visitor.get(&trace(30)).await.expect(404).has("不对您开放");
    // A certificate is public, and so are the products that it names.
    has_all(&visitor.get(&format!("/ledger/trace/{NUMBER}")).await.expect(200), &["签发凭证", "挂牌产品"]);
    let stranger = market.sign_in("stranger").await;
    stranger.get(&trace(30)).await.expect(404);
    stranger.get(&trace(5)).await.expect(200).lacks("下单");
    for who in ["buyer", "supplier", "operator"] {
        market.sign_in(who).await.get(&trace(5)).await.expect(200).has("下单");
    }
    let supplier = market.sign_in("supplier").await;
    has_all(&supplier.get(&trace(1)).await.expect(200), &["认证主体", "登记权利", "挂牌产品"]);
    market.sign_in("buyer").await.get(&trace(2)).await.expect(200).has("下单");
}

#[tokio::test]
async fn what_is_traced_is_asked_for_and_bad_names_are_answered_beside_the_field() {
    let market = Market::start().await;
    let visitor = market.visitor();
    visitor.get("/ledger/trace").await.expect(200).has("编号");
    let page = visitor.get("/ledger/trace?id=ports").await.expect(422);
    page.has("这不是账本中的编号");
    assert!(page.html.contains("value=\"ports\"") && page.html.contains("aria-invalid=\"true\""));
    let page = visitor.get(&format!("/ledger/trace?id=+{}+", id(5))).await.expect(200);
    assert!(page.url.ends_with(&format!("/ledger/trace/{}", id(5))), "{}", page.url);
    visitor.get("/ledger/trace/ports").await.expect(404);
    let page = visitor.get("/language/en?to=/ledger/trace?id=ports").await.expect(422);
    page.has("This is no name of the ledger");
}

#[tokio::test]
async fn a_certificate_is_readable_for_everybody() {
    let market = sold().await;
    let visitor = market.visitor();
    let page = visitor.get(&format!("/certificates/{NUMBER}")).await.expect(200);
    has_all(&page, &[NUMBER, "buyer公司", "¥100.00", "港口", "下载凭证文件", "在浏览器内核验"]);
    page.lacks("查看此订单的全过程");
    assert!(page.html.contains(&format!("/v1/certificates/{NUMBER}/qr.svg")));
    for (who, sees) in [("buyer", true), ("supplier", true), ("auditor", true), ("stranger", false)] {
        let page = market.sign_in(who).await.get(&format!("/certificates/{NUMBER}")).await.expect(200);
        assert_eq!(page.html.contains(&format!("/ledger/trace/{}", id(30))), sees, "{who}");
    }
    let page = visitor.get(&format!("/language/en?to=/certificates/{NUMBER}")).await.expect(200);
    has_all(
        &page,
        &["Certificate sh-2026-00000001", "Paid, tax included", "Logistics", "Verify in this browser"],
    );
    visitor.get("/certificates/sh-2026-00000009").await.expect(404);
    visitor.get("/certificates/nothing").await.expect(404);
}

#[tokio::test]
async fn a_certificate_is_found_by_its_number() {
    let market = sold().await;
    let visitor = market.visitor();
    visitor.get("/certificates/check").await.expect(200).has("按二维码");
    let page =
        visitor.get(&format!("/certificates/check?number=+{}", NUMBER.to_uppercase())).await.expect(200);
    assert!(page.url.ends_with(&format!("/certificates/{NUMBER}")), "{}", page.url);
    let page = visitor.get("/certificates/check?number=12345").await.expect(422);
    page.has("这不是凭证编号");
    assert!(page.html.contains("value=\"12345\""));
    visitor.get("/certificates/check?number=sh-2026-00000009").await.expect(422).has("没有该编号的凭证");
    let page = visitor.get("/language/en?to=/certificates/check?number=x").await.expect(422);
    page.has("This is not the number of a certificate");
}
