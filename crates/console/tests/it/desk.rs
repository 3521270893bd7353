//! What operators do for parties, and what everybody may look up.

use crate::{
    day::sell,
    support::{Market, id},
};
use serde_json::json;

#[tokio::test]
async fn a_party_is_certified_given_new_keys_and_revoked() {
    let market = Market::start().await;
    let operator = market.sign_in("operator").await;
    let page = operator.get("/certifications").await.expect(200);
    page.has("supplier公司");
    page.lacks("supplier ");
    operator.get("/certifications?role=supplier").await.lacks("buyer公司");
    operator.get("/certifications?legal_identifier=ext:buyer").await.has("buyer公司");
    operator.get("/certifications?legal_identifier=!").await.expect(200).has("没有符合条件的主体");

    let new = "/certifications/new";
    let typed = [
        ("legal_name.zh", "长三角气象"),
        ("legal_identifier", "uscc:123"),
        ("roles.buyer", "true"),
        ("valid_until", "2029-02-28"),
    ];
    let refused = operator.submit(new, new, &typed).await.expect(422);
    refused.has("统一社会信用代码");
    assert!(refused.html.contains("value=\"长三角气象\""), "what was typed stays");
    operator.submit(new, new, &[("valid_until", "soon")]).await.expect(422).has("请填写日期");
    let mut typed = typed;
    typed[1].1 = "ext:weather";
    let page = operator.submit(new, new, &typed).await.expect(200);
    for words in ["长三角气象", "需方", "有效", "2029年3月1日", "已记入账本"] {
        page.has(words);
    }
    let party = page.url.split('?').next().unwrap().split("/certifications/").nth(1).unwrap().to_owned();
    let own = format!("/certifications/{party}");

    let keys = format!("{own}/keys");
    let refused = operator.submit(&keys, &keys, &[("keys", "ed25519:short")]).await.expect(422);
    assert!(refused.html.contains("ed25519:short</textarea>"));
    let revoke = format!("{own}/revoke");
    operator.submit(&revoke, &revoke, &[("reason", "")]).await.expect(422);
    let page = operator.submit(&revoke, &revoke, &[("reason", "营业执照注销")]).await.expect(200);
    page.has("已撤销");
    page.has("营业执照注销");
    page.lacks("更换密钥");
    let shown = market.get("auditor", &format!("/v1/parties/{party}")).await;
    assert_eq!(shown["state"]["name"], "revoked");
}

#[tokio::test]
async fn money_vouchers_and_fees_are_recorded() {
    let market = Market::start().await;
    let operator = market.sign_in("operator").await;
    operator.get("/language/en").await;
    let buyer = id(2).to_string();
    let typed = [("party", buyer.as_str()), ("amount_minor", "1.001"), ("bank_reference", "b2")];
    let refused = operator.submit("/desk/deposit", "/desk/deposit", &typed).await.expect(422);
    refused.has("at most 2 decimals");
    assert!(refused.html.contains("value=\"1.001\""));
    let typed = [("party", buyer.as_str()), ("amount_minor", "1,200.50"), ("bank_reference", "b1")];
    operator.submit("/desk/deposit", "/desk/deposit", &typed).await.expect(422);
    let typed = [("party", buyer.as_str()), ("amount_minor", "1,200.50"), ("bank_reference", "b2")];
    operator.submit("/desk/deposit", "/desk/deposit", &typed).await.expect(200).has("Recorded in the ledger");
    let account = market.get("operator", &format!("/v1/accounts/party:{buyer}:funds:CNY-2")).await;
    assert_eq!(account["posted_minor"], 50_000 + 120_050);

    let typed = [
        ("party", buyer.as_str()),
        ("amount_minor", "300"),
        ("kinds.dataset", "true"),
        ("purposes", "logistics"),
        ("expires_at", "2029-01-31"),
        ("bank_reference", "v1"),
    ];
    operator.submit("/desk/voucher", "/desk/voucher", &typed).await.expect(200);
    let vouchers = market.get("operator", "/v1/vouchers").await;
    assert_eq!(vouchers["items"][0]["kinds"], json!(["dataset"]));
    assert_eq!(vouchers["items"][0]["issued_minor"], 30_000);

    let typed = [("party", buyer.as_str()), ("role", "buyer"), ("year", "soon")];
    operator.submit("/desk/fee", "/desk/fee", &typed).await.expect(422).has("four digits");
    // The schedule of this market sets no yearly fee.
    let typed = [("party", buyer.as_str()), ("role", "buyer")];
    operator.submit("/desk/fee", "/desk/fee", &typed).await.expect(422);
}

#[tokio::test]
async fn a_certificate_is_issued_and_a_dispute_decided() {
    let market = Market::start().await;
    sell(&market, 30).await;
    let dispute = json!({ "order": id(30), "lines": [1], "reason": "文件与要约不符" });
    market.post("buyer", "/v1/disputes", 50, &dispute).await;
    let operator = market.sign_in("operator").await;
    operator.get("/day").await.expect(200).has("裁决争议：1 项");
    let page = operator.get("/desk").await.expect(200);
    page.has("文件与要约不符");
    page.has("签发凭证");
    let certificate = format!("/desk/certificates/{}", id(30));
    operator.submit(&certificate, &certificate, &[]).await;
    operator.get("/desk").await.has("都有凭证");
    assert_eq!(market.get("auditor", "/v1/certificates").await["items"][0]["order"], id(30).to_string());

    let path = format!("/desk/disputes/{}", id(50));
    let page = operator.get(&path).await.expect(200);
    page.has("待裁决");
    let refused =
        operator.submit(&path, &path, &[("line.1", "一半"), ("reason", "缺一半")]).await.expect(422);
    refused.has("请填写金额");
    assert!(refused.html.contains("value=\"一半\"") && refused.html.contains("value=\"缺一半\""));
    let refused = operator.submit(&path, &path, &[("line.1", "900"), ("reason", "缺一半")]).await.expect(422);
    assert!(refused.html.contains("id=\"f-line-1-wrong\""), "beside the line: {}", refused.html);
    let page = operator.submit(&path, &path, &[("line.1", "50.00"), ("reason", "缺一半")]).await.expect(200);
    page.has("已裁决");
    page.has("缺一半");
    page.lacks("裁决不能撤销");
}

#[tokio::test]
async fn everybody_reads_the_rules_and_the_health_of_the_node() {
    let market = Market::start().await;
    let visitor = market.visitor();
    let page = visitor.get("/rules").await.expect(200);
    for words in ["CNY/2@1", "现行", "增值税率", "所有交易"] {
        page.has(words);
    }
    let page = visitor.get("/health").await.expect(200);
    for words in ["运行正常", "本节点", "已联署", "本区域只有这一个节点"] {
        page.has(words);
    }
    page.lacks("成员提案");
    visitor.get("/language/en").await;
    visitor.get("/rules").await.expect(200).has("In force");
    visitor.get("/health").await.expect(200).has("Running: commands are committed");
    market.sign_in("auditor").await.get("/health").await.expect(200).has("没有待表决的提案");
}
