//! `/certifications/{id}/revoke`: a certification ends before its term.

use super::{Certified, operator, read};
use crate::{
    act::{Act, Sent, submit},
    failure::Failure,
    form::{Field, Form, Submitted},
    layout::named,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use maud::html;
use serde_json::json;

/// `GET /certifications/{id}/revoke`.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    operator(&visit)?;
    let party = read(&visit, &id).await?;
    Ok(page(&visit, &party, &visit.form()?))
}

fn page(visit: &Visit, party: &Certified, form: &Form) -> Response {
    let back = format!("/certifications/{}", party.id);
    let title = visit.t("撤销认证：", "Revoke: ").to_owned() + &named(visit.lang, &party.legal_name);
    let path = format!("{back}/revoke");
    let reason = Field::line("reason", visit.t("原因", "Why")).hint(visit.t(
        "一行文字，最多 300 字；将永久保留在账本中，并在拒绝其命令时说明。",
        "One line of at most 300 characters; it stays in the ledger and explains why its commands are refused.",
    ));
    let act = Act {
        title: &title,
        lead: html! {
            p.lead { (visit.t("此后该主体的命令一律拒绝，其密钥失效。此操作不能撤销。",
                "From then on the party's commands are refused and its keys sign nothing. It cannot be undone.")) }
        },
        fields: form.field(visit, &reason),
        button: visit.t("撤销认证", "Revoke the certification"),
        is_danger: true,
        path: &path,
        back: &back,
    };
    act.page(visit, form)
}

/// `POST /certifications/{id}/revoke`.
pub(super) async fn send(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    operator(&visit)?;
    let party = read(&visit, &id).await?;
    let body = json!({ "reason": form.value("reason") });
    let path = format!("/v1/parties/{}/revocation", party.id);
    match submit(&visit, form, (&path, &body), &format!("/certifications/{}", party.id), |_| None).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(page(&visit, &party, &form)),
    }
}
