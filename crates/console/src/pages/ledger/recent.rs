//! The entries that came in last, newest first.

use crate::{
    backend::{Asked, with_query},
    entry_words::entry_type,
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use databourse_ledger::BLOCK_HEADER_TYPE;
use databourse_primitives::{EntryId, Height, Holder, LeafIndex, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

/// The most entries that are shown.
const SHOWN: &str = "30";

/// An entry as the list has it. Its name and who acted are told to those who oversee.
#[derive(Debug, Deserialize)]
struct Recent {
    #[serde(default)]
    id: Option<EntryId>,
    #[serde(rename = "type")]
    entry_type: String,
    #[serde(default)]
    actor: Option<String>,
    leaf_index: LeafIndex,
    height: Height,
    time: Timestamp,
}

/// The section that is renewed whenever the ledger grows.
///
/// # Errors
/// The page to show instead.
pub(super) async fn section(visit: &Visit) -> Result<Markup, Failure> {
    let Some(page) = read(visit).await? else { return Ok(html! {}) };
    let actors: Vec<Option<Holder>> =
        page.items.iter().map(|entry| entry.actor.as_ref().and_then(|actor| actor.parse().ok())).collect();
    let parties = actors.iter().flatten().filter_map(|actor| match actor {
        Holder::Party(party) => Some(*party),
        Holder::Exchange(_) => None,
    });
    let names = Names::of(visit, parties, []).await?;
    let is_told = actors.iter().any(Option::is_some);
    let rows: Vec<Markup> = page
        .items
        .iter()
        .zip(&actors)
        .map(|(entry, actor)| row(visit, entry, is_told.then(|| by(actor.as_ref(), &names))))
        .collect();
    let mut headings = vec![
        visit.t("位置", "Place"),
        visit.t("时间", "Time"),
        visit.t("做了什么", "What was done"),
        visit.t("区块", "Block"),
    ];
    if is_told {
        headings.push(visit.t("由谁", "By"));
    }
    // What is older does not change, and must not be taken for what is new.
    let live = visit.parameter("cursor").is_none().then_some("/ledger");
    Ok(html! {
        section #recent data-live=[live] {
            h2 {
                @if live.is_some() { (visit.t("最近的条目", "The latest entries")) }
                @else { (visit.t("更早的条目", "Earlier entries")) }
            }
            (layout::table(
                visit.t("最新的在前", "The newest first"),
                &headings,
                &rows,
                visit.t("还没有条目。区域创立之后，每一步都会出现在这里。",
                    "No entries yet. Once the region is founded, every step appears here."),
            ))
            (layout::next(visit, page.next.as_deref()))
        }
    })
}

/// The list; nothing of a node that does not have it.
async fn read(visit: &Visit) -> Result<Option<Page<Recent>>, Failure> {
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/entries", &[("limit", SHOWN), ("cursor", &cursor)]);
    match visit.ask(Asked::get(&path)).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        Err(problem) if problem.status == 405 => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

fn row(visit: &Visit, entry: &Recent, by: Option<Markup>) -> Markup {
    let words = entry_type(visit.lang, &entry.entry_type);
    // A header says what its block is and answers nobody, so it has no page.
    let linked = entry.id.filter(|_| entry.entry_type != BLOCK_HEADER_TYPE);
    html! {
        td.number { (visit.format().number(entry.leaf_index.0)) }
        td { (visit.format().time(entry.time)) }
        td {
            @if let Some(id) = linked { a href={ "/ledger/entries/" (id) } { (words) } } @else { (words) }
        }
        td.number { (visit.format().number(entry.height.0)) }
        @if let Some(by) = by { td { (by) } }
    }
}

fn by(actor: Option<&Holder>, names: &Names) -> Markup {
    html! { @if let Some(actor) = actor { (names.holder(actor)) } @else { span.quiet { "–" } } }
}
