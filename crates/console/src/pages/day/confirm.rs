//! `/day/confirm`: payments to this exchange, confirmed by a file of its bank or wallet operator.

use super::{confirmed, file_field, operator};
use crate::{
    act::{Act, Sent, refused},
    backend::Asked,
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::Visit,
};
use axum::{http::Method, response::Response};
use maud::html;

/// `GET /day/confirm`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    Ok(page(&visit, &visit.form()?))
}

fn page(visit: &Visit, form: &Form) -> Response {
    let rails = rails(visit);
    let rail = Field::choice("rail", visit.t("文件种类", "Kind of file"), rails).hint(visit.t(
        "银行的 camt.053 或 camt.054，或数字人民币运营机构的 CSV。",
        "camt.053 or camt.054 of the bank, or the CSV of the e-CNY wallet operator.",
    ));
    let text = Field::text("file", visit.t("文件内容", "Text of the file"))
        .hint(visit.t("完整粘贴，不作改动。", "All of it, unchanged."));
    let command = "databourse settle confirm --rail iso20022 camt.054.xml";
    let act = Act {
        title: visit.t("用银行文件确认到账", "Confirm payments with a file of the bank"),
        lead: html! {
            p.lead {
                (visit.t("文件中每一笔写明本所付款指令的入账都会确认该指令。同一文件可以重复提交，不会重复确认。",
                    "Each credit that names one of our payments confirms it. The same file again changes nothing."))
            }
        },
        fields: html! {
            (form.field(visit, &rail))
            (file_field(visit, form, &text, "file", command))
        },
        button: visit.t("确认", "Confirm"),
        is_danger: false,
        path: "/day/confirm",
        back: "/day",
    };
    act.page(visit, form)
}

/// The rails, with their words.
pub(super) fn rails(visit: &Visit) -> [(&'static str, &'static str); 2] {
    [
        ("iso20022", visit.t("银行 ISO 20022（XML）", "Bank, ISO 20022 (XML)")),
        ("ecny", visit.t("数字人民币（CSV）", "e-CNY (CSV)")),
    ]
}

/// `POST /day/confirm`.
pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let (kind, rail) = match form.value("rail") {
        "ecny" => ("text/csv", "ecny"),
        _ => ("application/xml", "iso20022"),
    };
    if form.value("file").is_empty() {
        form.refuse(
            "file",
            visit.t("请粘贴文件内容，或选择文件。", "Paste the text of the file, or choose a file."),
        );
        return Ok(page(&visit, &form));
    }
    let path = format!("/v1/confirmations?rail={rail}");
    let body = Some((kind, form.value("file").as_bytes().to_vec()));
    let asked = Asked { method: Method::POST, path: &path, body, ..Asked::default() };
    match visit.ask(asked).await {
        Ok(answer) => Ok(confirmed::page(&visit, &answer.json()?)),
        Err(mut problem) => {
            // The API's fields are those of a body that is nothing but the file.
            problem.field = "file".to_owned();
            match refused(&visit, form, problem)? {
                Sent::Done(response) => Ok(response),
                Sent::Refused(form) => Ok(page(&visit, &form)),
            }
        }
    }
}
