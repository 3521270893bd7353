//! `/desk/voucher`: an innovation voucher for a party.

use super::{amount_field, asset_field, assets, operator, party_field, reference_field, take_asset};
use crate::{
    act::{Act, Sent, submit, take_day, take_minor},
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::Visit,
    words,
};
use axum::response::Response;
use databourse_listing::ProductKind;
use maud::html;
use serde_json::{Value, json};

/// The kinds of product by the API's names.
const KINDS: [(&str, ProductKind); 5] = [
    ("dataset", ProductKind::Dataset),
    ("api_service", ProductKind::ApiService),
    ("report", ProductKind::Report),
    ("model", ProductKind::Model),
    ("compute", ProductKind::Compute),
];

/// `GET /desk/voucher`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    let form = visit.form()?.with("party", visit.parameter("party").unwrap_or_default());
    page(&visit, &form).await
}

fn kinds(visit: &Visit) -> Vec<(&'static str, &'static str)> {
    KINDS.iter().map(|(name, kind)| (*name, words::product_kind(visit.lang, *kind))).collect()
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let assets = assets(visit).await?;
    let any =
        visit.t("只能购买这些种类；都不选则不限。", "It pays for these kinds only; none ticked: for any.");
    let purposes = Field::line("purposes", visit.t("用途", "Purposes"))
        .hint(visit.t(
            "只能用于这些用途，以空格分隔，例如 logistics；留空则不限。",
            "It pays for these purposes only, apart by spaces, e.g. logistics. Empty: for any.",
        ))
        .optional();
    let act = Act {
        title: visit.t("发放科技创新券", "Issue an innovation voucher"),
        lead: html! { p.lead { (visit.t("来自公共资金，只能支付其所列的种类和用途，不能兑现。",
        "Money of a public purse: it pays only for what it is issued for and is never cashed.")) } },
        fields: html! {
            (party_field(visit, form))
            (asset_field(visit, form, &assets))
            (amount_field(visit, form))
            (form.checks(visit, "kinds", (visit.t("产品种类", "Kinds of product"), any), &kinds(visit)))
            (form.field(visit, &purposes))
            (form.field(visit, &Field::input("expires_at", visit.t("有效期至", "Valid until"), "date")
                .hint(visit.t("该日结束时到期，须晚于今天。", "It ends with this day, which is after today."))))
            (reference_field(visit, form))
        },
        button: visit.t("发放", "Issue"),
        is_danger: false,
        path: "/desk/voucher",
        back: "/desk",
    };
    Ok(act.page(visit, form))
}

/// `POST /desk/voucher`.
pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let Some(asset) = take_asset(&visit, &mut form) else { return page(&visit, &form).await };
    let minor = take_minor(&visit, &mut form, "amount_minor", asset);
    let expires_at = take_day(&visit, &mut form, "expires_at");
    let (Some(minor), Some(expires_at)) = (minor, expires_at) else { return page(&visit, &form).await };
    let purposes: Value = form.value("purposes").split_whitespace().map(Value::from).collect();
    let body = json!({
        "party": form.value("party"), "asset": asset, "amount_minor": minor, "expires_at": expires_at,
        "kinds": form.ticked("kinds", &kinds(&visit)), "purposes": purposes,
        "bank_reference": form.value("bank_reference"),
    });
    let mend = |field: &str| match field {
        _ if field.starts_with("kinds") => Some("kinds"),
        _ if field.starts_with("purposes") => Some("purposes"),
        _ => None,
    };
    match submit(&visit, form, ("/v1/vouchers", &body), "/desk", mend).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &form).await,
    }
}
