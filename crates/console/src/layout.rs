//! What is around every page: its head, where one can go, who is signed in, and whether the view is live.

use crate::{
    assets,
    backend::with_query,
    lang::Lang,
    pages::{self, Audience},
    visit::Visit,
};
use databourse_primitives::{BilingualText, EntryId};
use maud::{DOCTYPE, Markup, html};

/// The whole document.
pub(crate) fn page(visit: &Visit, title: &str, body: &Markup) -> Markup {
    let name = named(visit.lang, &visit.console.name);
    html! {
        (DOCTYPE)
        html lang=(visit.lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (name) }
                link rel="icon" href=(assets::path("mark.svg"));
                link rel="stylesheet" href=(assets::path("style.css"));
                script type="module" src=(assets::path("console.js")) {}
            }
            body {
                a.skip href="#main" { (visit.t("跳到正文", "Skip to the content")) }
                header {
                    a.name href="/" { (name) " " span.quiet { "Databourse" } }
                    (navigation(visit))
                    div.who { (language(visit)) (who(visit)) }
                }
                main id="main" {
                    (note(visit))
                    (body)
                }
                footer {
                    p {
                        (visit.t("交易所", "Exchange")) " " code { (visit.console.exchange) } " · "
                        a href="/ledger" { (visit.t("账本", "Ledger")) } " · "
                        a href="/docs/" { "API" } " · "
                        span #live role="status" data-on=(visit.t("实时", "live"))
                            data-off=(visit.t("连接已断开，正在重新连接……", "connection lost, connecting again…"))
                            data-working=(visit.t("正在处理，已用秒数：", "At work; seconds so far: ")) {}
                    }
                }
            }
        }
    }
}

/// A text of the ledger in the reader's language, or in the one that it has.
pub(crate) fn named(lang: Lang, text: &BilingualText) -> String {
    lang.pick(text.zh(), text.en()).unwrap_or_else(|| text.any()).to_owned()
}

fn navigation(visit: &Visit) -> Markup {
    let here = visit.uri.path();
    let is_here = |path: &str| here == path || (path != "/" && here.starts_with(&format!("{path}/")));
    html! {
        nav aria-label=(visit.t("栏目", "Sections")) {
            ul {
                @for link in pages::links().filter(|link| is_for(visit, link.audience)) {
                    li {
                        a href=(link.path) aria-current=[is_here(link.path).then_some("page")] {
                            (visit.t(link.zh, link.en))
                        }
                    }
                }
            }
        }
    }
}

/// Whether a place of the navigation is for whoever is signed in.
pub(crate) fn is_for(visit: &Visit, audience: Audience) -> bool {
    match audience {
        Audience::Everybody => true,
        Audience::Roles(roles) => roles.iter().any(|role| visit.has(*role)),
    }
}

/// The other language.
fn language(visit: &Visit) -> Markup {
    let other = visit.t(Lang::En, Lang::Zh);
    let here = visit.uri.path_and_query().map_or("/", |path| path.as_str());
    html! {
        a href=(with_query(&format!("/language/{}", other.code()), &[("to", here)])) lang=(other.tag()) hreflang=(other.tag()) {
            (other.pick("中文", "English"))
        }
    }
}

fn who(visit: &Visit) -> Markup {
    let here = visit.uri.path_and_query().map_or("/", |path| path.as_str());
    html! {
        @if let Some(session) = &visit.session {
            span.person { (session.name) }
            form method="post" action="/sign-out" {
                input type="hidden" name="csrf" value=(session.csrf);
                button.plain type="submit" { (visit.t("退出", "Sign out")) }
            }
        } @else if visit.console.sign_in.is_some() {
            a href=(with_query("/sign-in", &[("to", here)])) { (visit.t("登录", "Sign in")) }
        }
    }
}

/// That a command was recorded, and where.
fn note(visit: &Visit) -> Markup {
    let done = visit.parameter("done").and_then(|id| id.parse::<EntryId>().ok());
    html! {
        @if let Some(id) = done {
            div.done role="status" {
                (visit.t("已记入账本。", "Recorded in the ledger.")) " "
                a href={ "/ledger/entries/" (id) } { (visit.t("查看条目与证明", "See the entry and its proof")) }
            }
        }
    }
}

/// A table that scrolls by itself where the screen is narrow, or words where there is nothing to show.
pub(crate) fn table(caption: &str, headings: &[&str], rows: &[Markup], nothing: &str) -> Markup {
    html! {
        @if rows.is_empty() {
            p.nothing { (nothing) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        @for (place, heading) in headings.iter().enumerate() {
                            th class=[is_number(rows, place).then_some("number")] scope="col" { (heading) }
                        }
                    } }
                    tbody { @for row in rows { tr { (row) } } }
                }
            }
        }
    }
}

/// Whether the cells of a column are numbers: its heading stands above them as they stand.
fn is_number(rows: &[Markup], place: usize) -> bool {
    // A row may begin with the heading of the row.
    let cells = |row: &Markup| {
        let cells = row.0.split("<t").filter(|cell| cell.starts_with('d') || cell.starts_with('h'));
        cells
            .map(|cell| cell.get(1..).is_some_and(|rest| rest.starts_with(" class=\"number\"")))
            .collect::<Vec<_>>()
    };
    rows.first().is_some_and(|row| cells(row).get(place).copied().unwrap_or_default())
}

/// The way to the next page of a list, if there is one.
pub(crate) fn next(visit: &Visit, next: Option<&str>) -> Markup {
    html! {
        @if let Some(next) = next {
            p { a.more href=(visit.here_with("cursor", next)) { (visit.t("下一页", "Next page")) } }
        }
    }
}

/// Names and values of one thing.
pub(crate) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_stands_as_its_column() {
        for row in [
            html! { td { "Ports" } td.number { "¥1.00" } },
            html! { th scope="row" { "Ports" } td.number { "¥1.00" } },
        ] {
            let table = table("Prices", &["Product", "Price"], &[row], "").into_string();
            assert!(
                table.contains(r#"<th scope="col">Product</th><th class="number" scope="col">Price</th>"#),
                "{table}"
            );
        }
    }
}
