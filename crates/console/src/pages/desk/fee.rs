//! `/desk/fee`: a party's yearly fee for a role.

use super::{asset_field, assets, operator, party_field};
use crate::{
    act::{Act, Sent, submit},
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::Visit,
    words,
};
use axum::response::Response;
use databourse_party::Role;
use maud::html;
use serde_json::json;

/// The roles that schedules set yearly fees for.
const ROLES: [Role; 6] =
    [Role::Supplier, Role::Processor, Role::Broker, Role::Assessor, Role::DeliveryService, Role::Buyer];

/// `GET /desk/fee`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    let year = visit.console.now().year();
    let form = visit.form()?.with("party", visit.parameter("party").unwrap_or_default()).with("year", year);
    page(&visit, &form).await
}

async fn page(visit: &Visit, form: &Form) -> Result<Response, Failure> {
    let assets = assets(visit).await?;
    let roles = ROLES.map(|role| (role.as_str(), words::party_role(visit.lang, role)));
    let act = Act {
        title: visit.t("收取年费", "Charge a yearly fee"),
        lead: html! { p.lead {
            (visit.t("金额由现行费率表规定，从主体的资金账户中扣除，每个角色每年一次。",
                "The schedule in force says how much; it is taken from the party's funds, once per role and year.")) " "
            a href="/rules" { (visit.t("查看费率表", "See the schedules")) }
        } },
        fields: html! {
            (party_field(visit, form))
            (form.field(visit, &Field::choice("role", visit.t("角色", "Role"), roles)
                .hint(visit.t("按哪个角色收取。", "For which role it pays."))))
            (form.field(visit, &Field::line("year", visit.t("年份", "Year"))
                .hint(visit.t("今年或明年，四位数字。", "This year or the next, four digits."))))
            (asset_field(visit, form, &assets))
        },
        button: visit.t("收取", "Charge"),
        is_danger: false,
        path: "/desk/fee",
        back: "/desk",
    };
    Ok(act.page(visit, form))
}

/// `POST /desk/fee`.
pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let Ok(year) = form.value("year").parse::<u16>() else {
        form.refuse("year", visit.t("请填写四位数字的年份。", "Write a year of four digits."));
        return page(&visit, &form).await;
    };
    let body = json!({
        "party": form.value("party"), "role": form.value("role"), "year": year, "asset": form.value("asset"),
    });
    match submit(&visit, form, ("/v1/fees", &body), "/desk", |_| None).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &form).await,
    }
}
