//! `/certifications/new`: certify a party.

use super::{
    ROLES,
    fields::{keys, mend, signing},
    operator,
};
use crate::{
    act::{Act, Sent, submit, take_day},
    failure::Failure,
    form::{Field, Form, Submitted},
    visit::Visit,
    words,
};
use axum::response::Response;
use maud::html;
use serde_json::json;

/// `GET /certifications/new`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    operator(&visit)?;
    let form =
        visit.form()?.with("entrusts_exchange", true).with("custody", true).with("home_region", "CN-SH");
    Ok(page(&visit, &form))
}

/// The roles by the API's names, with their words.
fn roles(visit: &Visit) -> Vec<(&'static str, &'static str)> {
    ROLES.iter().map(|role| (role.as_str(), words::party_role(visit.lang, *role))).collect()
}

fn page(visit: &Visit, form: &Form) -> Response {
    let line = |name, label, hint| form.field(visit, &Field::line(name, label).hint(hint));
    let name_hint = visit.t("登记的全称；中英文至少填一种。", "As registered; in Chinese, English or both.");
    let fields = html! {
        (form.field(visit, &Field::line("legal_name.zh", visit.t("中文名称", "Name in Chinese")).hint(name_hint).optional()))
        (form.field(visit, &Field::line("legal_name.en", visit.t("英文名称", "Name in English")).hint(name_hint).optional()))
        (line("legal_identifier", visit.t("法人标识", "Legal identifier"), visit.t(
            "uscc: 加 18 位统一社会信用代码（GB 32100-2015），或 ext: 加其他登记号；在本区域唯一。",
            "uscc: and the 18 characters of the unified social credit code (GB 32100-2015), or ext: and another register's number. Unique in the region.",
        )))
        (form.checks(visit, "roles", (visit.t("角色", "Roles"), visit.t("该主体可以做什么；至少一项。", "What it may do; at least one.")), &roles(visit)))
        (line("home_region", visit.t("所在地", "Region"), visit.t("例如 CN-SH（ISO 3166-2）。", "Such as CN-SH (ISO 3166-2).")))
        (form.field(visit, &Field::input("valid_until", visit.t("有效期至", "Valid until"), "date")
            .hint(visit.t("该日结束时认证到期。", "The certification ends with this day."))))
        (signing(visit, form))
    };
    let act = Act {
        title: visit.t("认证新主体", "Certify a party"),
        lead: html! { p.lead { (visit.t("交易所为一个法人担保：它是谁、可以做什么、到什么时候。",
        "The exchange vouches for a legal entity: who it is, what it may do, and until when.")) } },
        fields,
        button: visit.t("认证", "Certify"),
        is_danger: false,
        path: "/certifications/new",
        back: "/certifications",
    };
    act.page(visit, form)
}

/// `POST /certifications/new`.
pub(super) async fn send(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    operator(&visit)?;
    let Some(valid_until) = take_day(&visit, &mut form, "valid_until") else {
        return Ok(page(&visit, &form));
    };
    let mut body = form.json(&["legal_name.", "legal_identifier", "home_region"]);
    if let Some(members) = body.as_object_mut() {
        members.insert("roles".to_owned(), form.ticked("roles", &roles(&visit)));
        members.insert("keys".to_owned(), keys(&form));
        members.insert("entrusts_exchange".to_owned(), json!(form.is_ticked("entrusts_exchange")));
        members.insert("custody".to_owned(), json!(form.is_ticked("custody")));
        members.insert("valid_until".to_owned(), json!(valid_until));
    }
    let then = format!("/certifications/{}", form.key());
    match submit(&visit, form, ("/v1/parties", &body), &then, mend).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => Ok(page(&visit, &form)),
    }
}
