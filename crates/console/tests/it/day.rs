//! The operator's day: windows from open to settled, and breaks that end by two people.

use crate::support::{Market, Visitor, id};
use serde_json::json;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The buyer buys, is delivered to and accepts: window 1 has a line.
pub(crate) async fn sell(market: &Market, order: u64) {
    let body = json!({ "lines": [{ "offer": id(6), "quantity": 1, "purpose": "logistics" }] });
    market.post("buyer", "/v1/orders", order, &body).await;
    let body = json!({ "order": id(order), "method": "file", "evidence": DIGEST });
    market.post("supplier", "/v1/deliveries", order + 1, &body).await;
    let path = format!("/v1/orders/{}/acceptance", id(order));
    market.post("buyer", &path, order + 2, &json!({})).await;
}

/// A break of window 1 with the given kind.
async fn open_break(market: &Market, number: u64, kind: &str) -> String {
    let body = json!({
        "window": "CNY/2#1", "pair": "sh~sh", "kind": kind, "key": "019aa2b4-5c00-7000-8000-000000000005.1/sale",
        "left_minor": 120_000, "right_minor": 119_900,
    });
    market.post("operator", "/v1/breaks", number, &body).await;
    format!("/day/breaks/{}", id(number))
}

#[tokio::test]
async fn a_window_goes_from_open_to_settled_by_the_pages_alone() {
    let market = Market::start().await;
    sell(&market, 30).await;
    let operator = market.sign_in("operator").await;
    let page = operator.get("/day").await.expect(200);
    for words in ["日终时关闭窗口 CNY/2#1", "验收入账", "没有：账簿与对方一致", "没有待裁决的争议"]
    {
        page.has(words);
    }
    let window = "/day/windows/CNY-2/1";
    let close = format!("{window}/close");
    operator.get(&close).await.expect(200).has("关闭后不能重新开放");
    let page = operator.submit(&close, &close, &[]).await.expect(200);
    for words in ["已记入账本", "关闭中，待签名", "未签", "一人经办，另一人复核"] {
        page.has(words);
    }
    operator.get("/day").await.has("签署 CNY/2#1 的窗口摘要");
    // What the state does not allow is said, and refused.
    operator.get(&close).await.expect(200).has("窗口现在的状态不允许此操作");
    let page = operator.submit(&close, &close, &[]).await.expect(422);
    page.has("没有记录");

    let sign = format!("{window}/sign");
    let page = operator.submit(&sign, &sign, &[]).await.expect(200);
    page.has("经办 operator");
    page.has("待第二人复核");
    page.lacks("签署 中止窗口");
    operator.get("/day").await.has("您经办的 CNY/2#1 窗口摘要等待第二人复核");
    let second = market.sign_in("second-operator").await;
    second.get("/day").await.has("复核 operator 经办的 CNY/2#1 窗口摘要");
    let page = second.submit(&sign, &sign, &[]).await.expect(200);
    page.has("已关闭，待生成付款指令");
    page.has("复核 second-operator");
    let instruct = format!("{window}/instruct");
    let page = operator.submit(&instruct, &instruct, &[("method", "bilateral")]).await.expect(200);
    page.has("已结算");
    page.has("各方互不相欠，没有付款");
    assert_eq!(market.get("auditor", "/v1/windows/CNY-2/1").await["state"]["method"], "bilateral");
    operator.get("/day/windows?state=settled").await.expect(200).has("CNY/2#1");
    operator.get("/day/windows?state=aborted").await.expect(200).has("没有处于此状态的窗口");

    let statement =
        operator.get(&format!("{window}/statement?holder=exchange:sh&format=csv")).await.expect(200);
    assert!(statement.html.contains("CNY/2#1") || statement.html.contains(','), "{}", statement.html);
    operator.get(&format!("{window}/statement?holder=nobody")).await.expect(404);
}

#[tokio::test]
async fn the_day_is_for_operators_and_auditors() {
    let market = Market::start().await;
    let auditor = market.sign_in("auditor").await;
    auditor.get("/language/en").await;
    let page = auditor.get("/day/windows/CNY-2/1").await.expect(200);
    page.has("Settlement window CNY/2#1");
    page.lacks("Close the window");
    for path in [
        "/day/windows/CNY-2/1/close",
        "/day/confirm",
        "/day/reconcile",
        "/certifications/new",
        "/desk/deposit",
    ] {
        auditor.get(path).await.expect(403).has("This page is not for you");
    }
    for path in ["/day", "/day/windows", "/day/breaks", "/certifications", "/desk"] {
        auditor.get(path).await.expect(200);
        market.sign_in("buyer").await.get(path).await.expect(403);
    }
    let page = market.visitor().get("/day").await;
    assert!(!page.url.ends_with("/day"), "{}", page.url);
    for path in ["/day/windows/CNY-2/99", "/day/windows/CNY/1", "/day/breaks/x", "/day/windows/CNY-2/1/eat"] {
        market.sign_in("operator").await.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn an_end_of_a_break_takes_two_people() {
    let market = Market::start().await;
    let page = open_break(&market, 40, "amount").await;
    let (operator, second) = (market.sign_in("operator").await, market.sign_in("second-operator").await);
    operator.get("/day/breaks").await.expect(200).has("金额不符");
    operator.get("/day/breaks?kind=tax").await.expect(200).has("没有符合条件的差错");
    operator.get("/day/windows/CNY-2/1").await.has("金额不符");

    let assign = format!("{page}/assign");
    let bad = operator.submit(&assign, &assign, &[("owner.person", "li na")]).await.expect(422);
    assert!(bad.html.contains("value=\"li na\""), "what was typed stays");
    operator.submit(&assign, &assign, &[]).await.expect(200).has("已指派");
    operator.get("/day/breaks?owner=operator").await.has("金额不符");
    operator.get("/day/breaks?owner=zhou").await.lacks("金额不符 当天");

    let evidence = format!("{page}/evidence");
    let typed = [("evidence.note", "银行对账单第 7 行"), ("evidence.digest", "e3b0")];
    let bad = operator.submit(&evidence, &evidence, &typed).await.expect(422);
    bad.has("64 位十六进制");
    assert!(bad.html.contains("银行对账单第 7 行"));
    let typed =
        [("evidence.note", "银行对账单第 7 行"), ("evidence.digest", DIGEST.trim_start_matches("sha256:"))];
    operator.submit(&evidence, &evidence, &typed).await.expect(200).has("银行对账单第 7 行");

    let propose = format!("{page}/propose");
    let typed = [("resolution.name", "write_off"), ("resolution.amount_minor", "很多")];
    operator.submit(&propose, &propose, &typed).await.expect(422).has("请填写金额");
    let typed = [("resolution.name", "no_action"), ("resolution.reason", "次日消失")];
    let shown = operator.submit(&propose, &propose, &typed).await.expect(200);
    shown.has("您自己不能批准");
    shown.lacks("批准方案");
    operator.get("/day").await.has("您提出的方案等待第二人批准");

    let approve = format!("{page}/approve");
    let refused = operator.submit(&approve, &approve, &[]).await.expect(422);
    refused.has("提出方案的人不能自行批准");
    second.get("/day").await.has("审批他人提出的差错处理方案");
    second.submit(&approve, &approve, &[]).await.expect(200).has("second-operator · sh");
    let resolve = format!("{page}/resolve");
    let shown = second.submit(&resolve, &resolve, &[]).await.expect(200);
    for words in ["已处理", "次日消失", "提出人 operator · sh"] {
        shown.has(words);
    }
    operator.get("/day/breaks").await.has("没有符合条件的差错");
    operator.get("/day/breaks?state=resolved").await.has("金额不符");
}

#[tokio::test]
async fn a_break_is_escalated_its_proposal_turned_down_carried_and_written_off() {
    let market = Market::start().await;
    let page = open_break(&market, 40, "amount").await;
    let (operator, second) = (market.sign_in("operator").await, market.sign_in("second-operator").await);
    let act = async |who: &Visitor, deed: &str, typed: &[(&str, &str)]| {
        let path = format!("{page}/{deed}");
        who.submit(&path, &path, typed).await
    };
    let long = "长".repeat(301);
    let bad = act(&operator, "escalate", &[("reason", &long)]).await.expect(422);
    assert!(bad.html.contains(&long) && bad.html.contains("aria-invalid"), "what was typed stays");
    act(&operator, "escalate", &[("reason", "负责人休假")]).await.expect(200).has("已上报");
    act(&operator, "assign", &[]).await.expect(200).has("已指派");
    let note = [("evidence.note", "对方来函"), ("evidence.digest", DIGEST)];
    act(&operator, "evidence", &note).await.expect(200).has("已有证据");

    let borne = [("resolution.name", "write_off"), ("resolution.amount_minor", "1.00")];
    act(&operator, "propose", &borne).await.expect(200).has("待第二人批准");
    act(&second, "reject", &[("reason", "")]).await.expect(422).has("没有记录");
    act(&second, "reject", &[("reason", "先问对方")]).await.expect(200).lacks("待第二人批准");
    act(&operator, "carry", &[]).await.expect(200);
    act(&operator, "propose", &borne).await.expect(200);
    act(&second, "approve", &[]).await.expect(200).has("已批准，待执行");
    // The exchange has no fees yet from which it could bear anything.
    act(&second, "write-off", &[]).await.expect(422).has("没有记录");
    sell(&market, 30).await;
    act(&second, "write-off", &[]).await.expect(200).has("已核销");
}

#[tokio::test]
async fn files_are_pasted_and_what_became_of_them_is_shown() {
    let market = Market::start().await;
    sell(&market, 30).await;
    let operator = market.sign_in("operator").await;
    let page = operator.get("/day/reconcile?window=CNY%2F2%231").await.expect(200);
    assert!(page.html.contains("databourse reconcile --window"), "large files: the command line");
    let typed = [("window", "CNY/2#1"), ("book", "no,such,columns\n1,2,3"), ("fix_nothing", "true")];
    let refused = operator.submit("/day/reconcile", "/day/reconcile", &typed).await.expect(422);
    refused.has("没有记录");
    assert!(refused.html.contains("no,such,columns"), "what was pasted stays");
    let typed = [("window", "CNY/2#1"), ("book", "")];
    let page = operator.submit("/day/reconcile", "/day/reconcile", &typed).await.expect(200);
    page.has("窗口 CNY/2#1 的对账结果");
    page.has("一致：没有差异");

    operator.submit("/day/confirm", "/day/confirm", &[]).await.expect(422).has("请粘贴文件内容");
    let typed = [("rail", "iso20022"), ("file", "<not a statement")];
    let refused = operator.submit("/day/confirm", "/day/confirm", &typed).await.expect(422);
    assert!(refused.html.contains("&lt;not a statement"));
}

#[tokio::test]
async fn a_file_that_is_too_large_for_a_form_is_refused_with_the_way_that_takes_it() {
    let market = Market::start().await;
    let operator = market.sign_in("operator").await;
    let file = "<".repeat(100 * 1024);
    let page = operator.submit("/day/confirm", "/day/confirm", &[("file", &file)]).await.expect(413);
    page.has("databourse settle confirm");
}
