//! `/certifications/{id}/keys`: a party signs with other keys.

use super::{
    Certified,
    fields::{keys, mend, signing},
    operator, read,
};
use crate::{
    act::{Act, Sent, submit},
    failure::Failure,
    form::{Form, Submitted},
    layout::named,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use maud::html;
use serde_json::json;

/// `GET /certifications/{id}/keys`.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    operator(&visit)?;
    let party = read(&visit, &id).await?;
    let form = visit.form()?.with("entrusts_exchange", party.entrusts_exchange);
    Ok(page(&visit, &party, &form))
}

fn page(visit: &Visit, party: &Certified, form: &Form) -> Response {
    let back = format!("/certifications/{}", party.id);
    let title = visit.t("更换密钥：", "New keys: ").to_owned() + &named(visit.lang, &party.legal_name);
    let path = format!("{back}/keys");
    let act = Act {
        title: &title,
        lead: html! {
            p.lead { (visit.t("此后该主体只用这里写明的密钥签名，其余密钥即刻失效。用于密钥遗失，或承接其他交易所保管的主体。",
                "From then on the party signs with these keys and with no others. For a lost key, or a party whose exchange left.")) }
        },
        fields: signing(visit, form),
        button: visit.t("更换密钥", "Replace the keys"),
        is_danger: true,
        path: &path,
        back: &back,
    };
    act.page(visit, form)
}

/// `POST /certifications/{id}/keys`.
pub(super) async fn send(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    operator(&visit)?;
    let party = read(&visit, &id).await?;
    let body = json!({
        "keys": keys(&form),
        "entrusts_exchange": form.is_ticked("entrusts_exchange"),
        "custody": form.is_ticked("custody"),
    });
    let path = format!("/v1/parties/{}/keys", party.id);
    match submit(&visit, form, (&path, &body), &format!("/certifications/{}", party.id), mend).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(page(&visit, &party, &form)),
    }
}
