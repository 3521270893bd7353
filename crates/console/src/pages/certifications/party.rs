//! `/certifications/{id}`: one party.

use super::{
    OVERSIGHT,
    list::{roles, state},
    read,
};
use crate::{
    failure::Failure,
    layout::{self, named},
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_party::PartyState;
use maud::html;

/// `GET /certifications/{id}`.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    visit.need(OVERSIGHT)?;
    let party = read(&visit, &id).await?;
    let format = visit.format();
    let title = named(visit.lang, &party.legal_name);
    let mut facts = vec![
        (visit.t("主体编号", "Party id"), html! { code { (party.id) } }),
        (visit.t("中文名称", "Name in Chinese"), html! { (party.legal_name.zh().unwrap_or("–")) }),
        (visit.t("英文名称", "Name in English"), html! { (party.legal_name.en().unwrap_or("–")) }),
        (
            visit.t("法人标识", "Legal identifier"),
            html! {
                @if let Some(identifier) = &party.legal_identifier { code { (identifier) } } @else { "–" }
            },
        ),
        (visit.t("角色", "Roles"), html! { (roles(&visit, &party)) }),
        (
            visit.t("所在地", "Region"),
            html! {
                @if let Some(region) = &party.home_region { (region) } @else { "–" }
            },
        ),
        (visit.t("认证交易所", "Certified by"), html! { (party.certified_by) }),
        (visit.t("所属交易所", "Home exchange"), html! { (party.home_exchange) }),
        (visit.t("认证时间", "Certified"), format.time(party.certified_at)),
        (visit.t("有效期至", "Valid until"), format.time(party.valid_until)),
        (
            visit.t("委托交易所代签", "Entrusts the exchange"),
            html! {
                @if party.entrusts_exchange { (visit.t("是：所属交易所可代其签名", "Yes: its home exchange may sign on its behalf")) }
                @else { (visit.t("否：仅用自己的密钥签名", "No: it signs with its own keys only")) }
            },
        ),
    ];
    if let PartyState::Revoked { revoked_at, reason } = &party.state {
        facts.push((visit.t("撤销时间", "Revoked"), format.time(*revoked_at)));
        facts.push((visit.t("撤销原因", "Why"), html! { bdi { (reason) } }));
    }
    let is_certified = party.state == PartyState::Certified;
    Ok(visit.page(&title, html! {
        h1 { (title) }
        p { (state(&visit, &party)) }
        (layout::facts(&facts))
        h2 { (visit.t("签名密钥", "Keys that it signs with")) }
        @if party.keys.is_empty() {
            p.nothing { (visit.t("没有：由受托的交易所代签。", "None: the exchange that it entrusts signs for it.")) }
        } @else {
            ul { @for key in &party.keys { li { code { (key) } } } }
        }
        @if visit.has(TokenRole::Operator) {
            div.actions {
                a.button href={ "/desk/deposit?party=" (party.id) } { (visit.t("登记入金", "Record a deposit")) }
                a.button.second href={ "/desk/fee?party=" (party.id) } { (visit.t("收取年费", "Charge the yearly fee")) }
                @if is_certified {
                    a.button.second href={ "/certifications/" (party.id) "/keys" } { (visit.t("更换密钥", "New keys")) }
                    a.button.second href={ "/certifications/" (party.id) "/revoke" } { (visit.t("撤销认证", "Revoke")) }
                }
            }
        }
        p {
            a href={ "/ledger/trace/" (party.id) } { (visit.t("在账本中追溯", "Trace it in the ledger")) } " · "
            a href="/certifications" { (visit.t("所有主体", "All parties")) }
        }
    }))
}
