//! `/day/reconcile`: the ledger against this exchange's own book and its bank.

use super::{confirm::rails, file_field, operator, report};
use crate::{
    act::{Act, Sent, refused},
    backend::Asked,
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::{Page, Visit},
};
use axum::{http::Method, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_settlement::Window;
use maud::html;
use serde_json::json;

/// `GET /day/reconcile`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    let form = visit.form()?.with("window", visit.parameter("window").unwrap_or_default());
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let windows: Page<Window> = visit.get("/v1/windows?limit=50").await?;
    let mut options: Vec<(String, String)> =
        windows.items.iter().map(|window| (window.id.to_string(), window.id.to_string())).collect();
    let chosen = form.value("window").to_owned();
    if !chosen.is_empty() && !options.iter().any(|(value, _)| *value == chosen) {
        options.push((chosen.clone(), chosen));
    }
    let window = Field::choice("window", visit.t("结算窗口", "Settlement window"), options)
        .hint(visit.t("与哪个窗口的明细比较。", "Whose lines are compared."));
    let book = Field::text("book", visit.t("自有账（CSV）", "Own book (CSV)"))
        .hint(visit.t(
            "含表头的整份 CSV；列名按本节点的配置（settlement.book）。不比较自有账则留空。",
            "The whole CSV with its headings, which the node's configuration names (settlement.book). Empty: the book is not compared.",
        ))
        .optional();
    let rail = Field::choice("bank.rail", visit.t("银行文件种类", "Kind of the bank's file"), rails(visit))
        .hint(visit.t("下面的银行文件是哪一种。", "What the bank's file below is."));
    let bank = Field::text("bank.file", visit.t("银行文件", "File of the bank"))
        .hint(visit.t(
            "camt.053 或数字人民币 CSV。不比较银行则留空。",
            "camt.053, or the CSV of e-CNY. Empty: the bank is not compared.",
        ))
        .optional();
    let command = "databourse reconcile --window CNY/2#1 --book book.csv --bank camt.053.xml";
    let only_look = (
        visit.t("只查看，不登记差错", "Only look, open no breaks"),
        visit.t(
            "不选则为每处新的差异登记一项差错，由您负责。",
            "Otherwise a break is opened for each new difference, and you are its owner.",
        ),
    );
    let act = Act {
        title: visit.t("对账", "Reconcile"),
        lead: html! {
            p.lead {
                (visit.t("将账本中一个窗口的明细与本交易所的自有账和银行流水逐笔比较。重复执行不会重复登记差错。",
                    "Compares a window's lines in the ledger with this exchange's own book and its bank, one by one. Done again it opens nothing twice."))
            }
        },
        fields: html! {
            (form.field(visit, &window))
            (file_field(visit, form, &book, "book", command))
            (form.field(visit, &rail))
            (file_field(visit, form, &bank, "bank.file", command))
            (form.check("fix_nothing", only_look))
        },
        button: visit.t("比较", "Compare"),
        is_danger: false,
        path: "/day/reconcile",
        back: "/day",
    };
    Ok(act.page(visit, form))
}

/// `POST /day/reconcile`.
pub(super) async fn send(visit: Visit, Submitted(form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let mut body = json!({ "window": form.value("window"), "fix_nothing": form.is_ticked("fix_nothing") });
    let encoded = |name: &str| STANDARD.encode(form.value(name));
    if let Some(members) = body.as_object_mut() {
        if !form.value("book").is_empty() {
            members.insert("book".to_owned(), encoded("book").into());
        }
        if !form.value("bank.file").is_empty() {
            let file = json!({ "rail": form.value("bank.rail"), "file": encoded("bank.file") });
            members.insert("bank".to_owned(), file);
        }
    }
    let sent = Some(("application/json", body.to_string().into_bytes()));
    let asked = Asked { method: Method::POST, path: "/v1/reconciliations", body: sent, ..Asked::default() };
    match visit.ask(asked).await {
        Ok(answer) => Ok(report::reconciled(&visit, &answer.json()?)),
        Err(problem) => match refused(&visit, form, problem)? {
            Sent::Done(response) => Ok(response),
            Sent::Refused(form) => page(&visit, &form).await,
        },
    }
}
