//! `/desk/deposit`: money that arrived at the exchange's bank for a party.

use super::{amount_field, asset_field, assets, operator, party_field, reference_field, take_asset};
use crate::{
    act::{Act, Sent, submit, take_minor},
    failure::Failure,
    form::{Form, Submitted},
    visit::Visit,
};
use axum::response::Response;
use maud::html;
use serde_json::json;

/// `GET /desk/deposit`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    let form = visit.form()?.with("party", visit.parameter("party").unwrap_or_default());
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let assets = assets(visit).await?;
    let act = Act {
        title: visit.t("登记入金", "Record a deposit"),
        lead: html! { p.lead { (visit.t("本交易所银行账户收到的、属于某一主体的款项。每笔银行流水只登记一次。",
        "Money that arrived at this exchange's bank for a party. Each line of the bank is recorded once.")) } },
        fields: html! {
            (party_field(visit, form))
            (asset_field(visit, form, &assets))
            (amount_field(visit, form))
            (reference_field(visit, form))
        },
        button: visit.t("登记入金", "Record the deposit"),
        is_danger: false,
        path: "/desk/deposit",
        back: "/desk",
    };
    Ok(act.page(visit, form))
}

/// `POST /desk/deposit`.
pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let Some(asset) = take_asset(&visit, &mut form) else { return page(&visit, &form).await };
    let Some(minor) = take_minor(&visit, &mut form, "amount_minor", asset) else {
        return page(&visit, &form).await;
    };
    let body = json!({
        "party": form.value("party"), "asset": asset, "amount_minor": minor,
        "bank_reference": form.value("bank_reference"),
    });
    match submit(&visit, form, ("/v1/accounts/deposits", &body), "/desk", |_| None).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &form).await,
    }
}
