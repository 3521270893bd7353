//! The entries that came in last, newest first.

use crate::{
    backend::Asked,
    entry_words::entry_type,
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use databourse_primitives::{EntryId, Height, Holder, LeafIndex, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

/// The most entries that are shown.
const SHOWN: usize = 30;

/// An entry as the list has it. Who acted is told to those who may read the entry.
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
    let rows: Vec<Markup> = page
        .items
        .iter()
        .zip(&actors)
        .map(|(entry, actor)| row(visit, entry, actor.as_ref(), &names))
        .collect();
    let headings = [
        visit.t("位置", "Place"),
        visit.t("时间", "Time"),
        visit.t("做了什么", "What was done"),
        visit.t("由谁", "By"),
        visit.t("区块", "Block"),
    ];
    Ok(html! {
        section #recent data-live="/ledger" {
            h2 { (visit.t("最近的条目", "The latest entries")) }
            (layout::table(
                visit.t("最新的在前", "The newest first"),
                &headings,
                &rows,
                visit.t("还没有条目。区域创立之后，每一步都会出现在这里。",
                    "No entries yet. Once the region is founded, every step appears here."),
            ))
        }
    })
}

/// The list; nothing of a node that does not have it.
async fn read(visit: &Visit) -> Result<Option<Page<Recent>>, Failure> {
    match visit.ask(Asked::get(&format!("/v1/entries?limit={SHOWN}"))).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        Err(problem) if problem.status == 405 => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

fn row(visit: &Visit, entry: &Recent, actor: Option<&Holder>, names: &Names) -> Markup {
    let words = entry_type(visit.lang, &entry.entry_type);
    let own =
        actor.is_some_and(|actor| matches!(actor, Holder::Party(party) if Some(*party) == visit.party()));
    let linked = entry.id.filter(|_| visit.oversees() || own);
    html! {
        td.number { (visit.format().number(entry.leaf_index.0)) }
        td { (visit.format().time(entry.time)) }
        td {
            @if let Some(id) = linked { a href={ "/ledger/entries/" (id) } { (words) } } @else { (words) }
        }
        td { @if let Some(actor) = actor { (names.holder(actor)) } @else { span.quiet { "–" } } }
        td.number { (visit.format().number(entry.height.0)) }
    }
}
