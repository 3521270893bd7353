//! The list of parties.

use super::{Certified, OVERSIGHT, ROLES};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named},
    visit::{Page, Visit},
    words,
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_party::PartyState;
use databourse_primitives::Timestamp;
use maud::{Markup, html};

/// `GET /certifications`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(OVERSIGHT)?;
    let role = visit
        .parameter("role")
        .filter(|role| ROLES.iter().any(|one| one.as_str() == role))
        .unwrap_or_default();
    let states = ["certified", "revoked"];
    let state = visit.parameter("state").filter(|state| states.contains(&state.as_str())).unwrap_or_default();
    let identifier = visit.parameter("legal_identifier").unwrap_or_default();
    let cursor = visit.parameter("cursor").unwrap_or_default();
    // What is no identifier names nobody; the API would refuse it, and a page says that nothing was found.
    let is_identifier =
        identifier.is_empty() || identifier.parse::<databourse_party::LegalIdentifier>().is_ok();
    let asked = [
        ("role", role.as_str()),
        ("state", state.as_str()),
        ("legal_identifier", identifier.as_str()),
        ("cursor", cursor.as_str()),
    ];
    let page: Page<Certified> = if is_identifier {
        visit.get(&with_query("/v1/parties", &asked)).await?
    } else {
        Page { items: Vec::new(), next: None }
    };
    let title = visit.t("认证", "Certifications");
    Ok(visit.page(title, html! {
        h1 { (title) }
        p.lead { (visit.t("谁经过认证、可以做什么、到什么时候。", "Who is certified, to do what, and until when.")) }
        @if visit.has(TokenRole::Operator) {
            p { a.button href="/certifications/new" { (visit.t("认证新主体", "Certify a party")) } }
        }
        (filter(&visit, &role, &state, &identifier))
        (table(&visit, &page.items, title))
        (layout::next(&visit, page.next.as_deref()))
    }))
}

fn filter(visit: &Visit, role: &str, state: &str, identifier: &str) -> Markup {
    html! {
        form.filter method="get" action="/certifications" role="search" {
            div.field {
                label for="role" { (visit.t("角色", "Role")) }
                select id="role" name="role" {
                    option value="" { (visit.t("全部", "All")) }
                    @for one in ROLES {
                        option value=(one.as_str()) selected[role == one.as_str()] { (words::party_role(visit.lang, one)) }
                    }
                }
            }
            div.field {
                label for="state" { (visit.t("状态", "State")) }
                select id="state" name="state" {
                    option value="" { (visit.t("全部", "All")) }
                    option value="certified" selected[state == "certified"] { (visit.t("已认证", "Certified")) }
                    option value="revoked" selected[state == "revoked"] { (visit.t("已撤销", "Revoked")) }
                }
            }
            div.field {
                label for="legal_identifier" { (visit.t("法人标识", "Legal identifier")) }
                input id="legal_identifier" name="legal_identifier" type="text" value=(identifier) autocomplete="off"
                    placeholder="uscc:…" aria-describedby="identifier-hint";
                p.hint id="identifier-hint" { (visit.t("完整填写，例如 uscc:91310000MA1FL0XX0X", "All of it, e.g. uscc:91310000MA1FL0XX0X")) }
            }
            button.second type="submit" { (visit.t("筛选", "Filter")) }
        }
    }
}

fn table(visit: &Visit, parties: &[Certified], caption: &str) -> Markup {
    let headings = [
        visit.t("主体", "Party"),
        visit.t("角色", "Roles"),
        visit.t("状态", "State"),
        visit.t("有效期至", "Valid until"),
        visit.t("所属交易所", "Home exchange"),
    ];
    let row = |party: &Certified| {
        html! {
            td { a href={ "/certifications/" (party.id) } { (named(visit.lang, &party.legal_name)) } }
            td { (roles(visit, party)) }
            td { (state(visit, party)) }
            td { (visit.format().date(party.valid_until)) }
            td { (party.home_exchange) }
        }
    };
    let rows: Vec<Markup> = parties.iter().map(row).collect();
    let nothing = visit.t("没有符合条件的主体。", "No party is like this.");
    layout::table(caption, &headings, &rows, nothing)
}

/// What it may do.
pub(super) fn roles(visit: &Visit, party: &Certified) -> String {
    let roles: Vec<_> = party.roles.iter().map(|role| words::party_role(visit.lang, *role)).collect();
    roles.join(visit.t("、", ", "))
}

/// Where the certification stands now.
pub(super) fn state(visit: &Visit, party: &Certified) -> Markup {
    /// For how long before its end it is said that it ends, milliseconds: 30 days.
    const SOON_MS: i64 = 30 * 86_400_000;
    let now: Timestamp = visit.console.now();
    match &party.state {
        PartyState::Revoked { .. } => html! { span.state.bad { (visit.t("已撤销", "Revoked")) } },
        PartyState::Certified if party.valid_until <= now => {
            html! { span.state.bad { (visit.t("已到期", "Expired")) } }
        }
        PartyState::Certified if party.valid_until <= now.plus_ms(SOON_MS) => {
            html! { span.state.warn { (visit.t("即将到期", "Ends soon")) } }
        }
        PartyState::Certified => html! { span.state.good { (visit.t("有效", "In force")) } },
    }
}
