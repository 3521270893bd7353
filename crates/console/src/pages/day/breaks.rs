//! `/day/breaks`: differences between books, those that wait for somebody first, by age.

use super::{
    open_breaks::{Aged, OpenBreaks},
    oversight, words,
};
use crate::{
    backend::with_query,
    failure::Failure,
    layout,
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_settlement::{Break, BreakKind};
use maud::{Markup, html};

/// What is asked for.
struct Asked {
    state: String,
    kind: String,
    window: String,
    owner: String,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let known = |name: &str, is_known: &dyn Fn(&str) -> bool| {
            visit.parameter(name).filter(|value| is_known(value)).unwrap_or_default()
        };
        Self {
            state: known("state", &|value| words::BREAK_STATES.contains(&value)),
            kind: known("kind", &|value| BreakKind::ALL.iter().any(|kind| name_of(*kind) == value)),
            window: known("window", &|value| value.parse::<databourse_primitives::WindowId>().is_ok()),
            owner: known("owner", &|_| true),
        }
    }
}

/// The API's name of a kind.
fn name_of(kind: BreakKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// `GET /day/breaks`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    oversight(&visit)?;
    let asked = Asked::of(&visit);
    let filters = [("kind", asked.kind.as_str()), ("window", asked.window.as_str())];
    let (mut items, next, is_cut) = if asked.state.is_empty() {
        let open = OpenBreaks::read(&visit, &filters).await?;
        (open.items, None, open.more)
    } else {
        let cursor = visit.parameter("cursor").unwrap_or_default();
        let mut pairs =
            vec![("state", asked.state.as_str()), ("sort", "oldest"), ("cursor", cursor.as_str())];
        pairs.extend(filters);
        let page: Page<Aged> = visit.get(&with_query("/v1/breaks", &pairs)).await?;
        (page.items, page.next, false)
    };
    let is_owned = |aged: &Aged| owner_of(&aged.found).is_some_and(|owner| owner.contains(&asked.owner));
    if !asked.owner.is_empty() {
        items.retain(is_owned);
    }
    let title = visit.t("差错", "Breaks");
    Ok(visit.page(title, html! {
        h1 { (title) }
        p.lead { (visit.t("两本账之间的差异，最早的在前。每一项都须由一人提出处理方案、另一人批准。",
            "Differences between two books, the oldest first. Each ends by what one person proposes and another approves.")) }
        (filter(&visit, &asked))
        div #breaks data-live=(visit.uri) {
            (table(&visit, &items, title))
            @if is_cut {
                p.hint { (visit.t("每种状态只显示最早的 50 项；选择一种状态可以逐页查看。",
                    "The oldest 50 of each state are shown. Choose a state to go through all of them.")) }
            }
            @if !asked.owner.is_empty() {
                p.hint { (visit.t("“负责人”只在本页之内筛选。", "The owner is looked for on this page only.")) }
            }
            (layout::next(&visit, next.as_deref()))
        }
        p {
            a href="/day/reconcile" { (visit.t("对账，发现新的差异", "Reconcile to find what differs")) } " · "
            a href="/day" { (visit.t("返回结算日", "Back to the day")) }
        }
    }))
}

/// The name of whoever is responsible.
pub(super) fn owner_of(found: &Break) -> Option<String> {
    found.owner.as_ref().map(words::person)
}

fn filter(visit: &Visit, asked: &Asked) -> Markup {
    let lang = visit.lang;
    html! {
        form.filter method="get" action="/day/breaks" role="search" {
            div.field {
                label for="state" { (visit.t("状态", "State")) }
                select id="state" name="state" {
                    option value="" { (visit.t("所有未处理的", "All that are open")) }
                    @for one in words::BREAK_STATES {
                        option value=(one) selected[asked.state == one] { (words::break_state_words(lang, one)) }
                    }
                }
            }
            div.field {
                label for="kind" { (visit.t("类型", "Kind")) }
                select id="kind" name="kind" {
                    option value="" { (visit.t("全部", "All")) }
                    @for one in BreakKind::ALL {
                        @let name = name_of(one);
                        option value=(name) selected[asked.kind == name] { (words::break_kind(lang, one)) }
                    }
                }
            }
            div.field {
                label for="window" { (visit.t("窗口，例如 CNY/2#7", "Window, e.g. CNY/2#7")) }
                input id="window" name="window" type="text" value=(asked.window) autocomplete="off";
            }
            div.field {
                label for="owner" { (visit.t("负责人", "Owner")) }
                input id="owner" name="owner" type="text" value=(asked.owner) autocomplete="off";
            }
            button.second type="submit" { (visit.t("筛选", "Filter")) }
        }
    }
}

fn table(visit: &Visit, items: &[Aged], caption: &str) -> Markup {
    let lang = visit.lang;
    let headings = [
        visit.t("差异", "What differs"),
        visit.t("账龄", "Age"),
        visit.t("状态", "State"),
        visit.t("负责人", "Owner"),
        visit.t("窗口", "Window"),
        visit.t("交易所对", "Pair"),
        visit.t("左方", "Left"),
        visit.t("右方", "Right"),
    ];
    let amount = |found: &Break, minor: Option<databourse_primitives::AmountMinor>| {
        minor.map_or_else(|| "–".to_owned(), |minor| visit.format().money(found.window.asset, minor.get()))
    };
    let row = |aged: &Aged| {
        let found = &aged.found;
        html! {
            td { a href={ "/day/breaks/" (found.id) } { (words::break_kind(lang, found.kind)) } }
            td { (words::age(lang, aged.age)) }
            td { (words::break_state(lang, found.state.as_str())) }
            td { (owner_of(found).unwrap_or_else(|| visit.t("无", "nobody").to_owned())) }
            td { a href=(super::place::page_of(found.window)) { (found.window) } }
            td { (found.pair) }
            td.number { (amount(found, found.left_minor)) }
            td.number { (amount(found, found.right_minor)) }
        }
    };
    let rows: Vec<Markup> = items.iter().map(row).collect();
    let nothing = visit.t(
        "没有符合条件的差错。对账会登记新发现的差异。",
        "No break is like this. Reconciling opens one for whatever differs.",
    );
    layout::table(caption, &headings, &rows, nothing)
}
