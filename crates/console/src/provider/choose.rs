//! The page that lists the people: each is a button.

use super::{Inner, Person, page, request::AuthenticationRequest};
use crate::lang::Lang;
use axum::{http::StatusCode, response::Response};
use databourse_api::token::TokenRole;
use maud::{Markup, html};

/// The most people of a role that are shown at once.
const SHOWN_MAX: usize = 30;
/// What makes this page, beside the request.
const WANTED: &str = "q";

/// What the page shows.
pub(super) struct Choice<'a> {
    pub(super) request: &'a AuthenticationRequest,
    pub(super) lang: Lang,
    /// What was typed into the filter; empty if nothing.
    pub(super) wanted: &'a str,
    pub(super) people: &'a [Person],
}

/// The page.
pub(super) fn page(provider: &Inner, choice: &Choice<'_>) -> Response {
    let Choice { request, lang, wanted, people } = choice;
    let title = lang.pick("您想以谁的身份登录？", "Who do you want to be?");
    let action = format!("{}/authorize", provider.path);
    let found: Vec<&Person> = people.iter().filter(|person| is_found(person, wanted)).collect();
    let body = html! {
        h1 { (title) }
        p.remark {
            (lang.pick("仅供演示：不需要密码，任何打开此页的人都可以成为其中任何一位。",
                "For demonstrations only: there are no passwords, and whoever opens this page can be anybody on it."))
        }
        form method="get" action=(action) role="search" {
            (hidden(request))
            label for="q" { (lang.pick("按名称、编号或交易所筛选", "Filter by name, id or exchange")) }
            div.search {
                input id="q" name=(WANTED) type="search" value=(wanted) autocomplete="off";
                button.second type="submit" { (lang.pick("筛选", "Filter")) }
            }
        }
        form method="post" action=(action) {
            (hidden(request))
            @if found.is_empty() {
                p.nothing { (lang.pick("没有符合条件的人。", "Nobody matches.")) }
            }
            @for (role, zh, en) in GROUPS { (group(*lang, lang.pick(zh, en), *role, &found)) }
            p.actions { button.second type="submit" { (lang.pick("取消", "Cancel")) } }
        }
    };
    let other = request.path_with(provider, "ui_locales", lang.pick(Lang::En, Lang::Zh).tag());
    page::document(provider, StatusCode::OK, *lang, title, Some(&other), &body)
}

/// Everybody stands once, in the first group that is theirs.
const GROUPS: &[(TokenRole, &str, &str)] = &[
    (TokenRole::Operator, "交易所运营人员", "Operators of exchanges"),
    (TokenRole::Auditor, "审计人员", "Auditors"),
    (TokenRole::Merchant, "数商", "Data merchants"),
    (TokenRole::Buyer, "需方", "Buyers"),
];

fn group(lang: Lang, title: &str, role: TokenRole, found: &[&Person]) -> Markup {
    let is_here = |person: &&&Person| {
        GROUPS.iter().map(|(role, _, _)| role).find(|role| person.roles.contains(role)) == Some(&role)
    };
    let people: Vec<_> = found.iter().filter(is_here).collect();
    let left_out = people.len().saturating_sub(SHOWN_MAX);
    html! {
        @if !people.is_empty() {
            h2 { (title) }
            ul.cards {
                @for person in people.into_iter().take(SHOWN_MAX) { li.card { (card(lang, person)) } }
            }
            @if left_out > 0 {
                p.quiet { (lang.pick(format!("另有 {left_out} 位，请用筛选查找。"), format!("{left_out} more: use the filter."))) }
            }
        }
    }
}

fn card(lang: Lang, person: &Person) -> Markup {
    let name = lang.pick(person.name.zh(), person.name.en()).unwrap_or_else(|| person.name.any());
    let roles: Vec<_> = person.roles.iter().map(|role| role_word(lang, *role)).collect();
    html! {
        button type="submit" name="person" value=(person.id) { (name) }
        p.hint {
            (roles.join(lang.pick("、", ", ")))
            @if let Some(exchange) = &person.exchange { " · " code { (exchange) } }
            @if person.id != name { " · " code { (person.id) } }
        }
    }
}

fn role_word(lang: Lang, role: TokenRole) -> &'static str {
    match role {
        TokenRole::Merchant => lang.pick("数商", "merchant"),
        TokenRole::Buyer => lang.pick("需方", "buyer"),
        TokenRole::Operator => lang.pick("运营", "operator"),
        TokenRole::Auditor => lang.pick("审计", "auditor"),
    }
}

fn hidden(request: &AuthenticationRequest) -> Markup {
    html! { @for (name, value) in request.fields() { input type="hidden" name=(name) value=(value); } }
}

fn is_found(person: &Person, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let texts = [person.name.zh(), person.name.en(), Some(person.id.as_str())].into_iter().flatten();
    let is_exchange = person.exchange.as_ref().is_some_and(|exchange| exchange.as_str() == wanted);
    is_exchange || texts.into_iter().any(|text| text.to_lowercase().contains(&wanted))
}
