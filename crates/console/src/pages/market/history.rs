//! What happened to a product: each revision with what it changed, and when it was paused, resumed or delisted.

use crate::{
    entry_words::entry_type,
    failure::Failure,
    layout::{self, named},
    visit::{self, Visit},
};
use databourse_listing::ProductDetails;
use databourse_primitives::{EntryId, Line, PartyId, ProductId, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

/// The most events that the page shows.
const EVENTS_MAX: u32 = 20;

/// An event of the API's list, which begins with the latest.
#[derive(Deserialize)]
pub(super) struct Event {
    entry: EntryId,
    #[serde(rename = "type")]
    entry_type: String,
    time: Timestamp,
    #[serde(default)]
    revision: Option<u32>,
    #[serde(default)]
    details: Option<ProductDetails>,
    #[serde(default)]
    reason: Option<Line>,
}

/// The latest events of a product.
///
/// # Errors
/// The page to show instead.
pub(super) async fn read(visit: &Visit, product: ProductId) -> Result<visit::Page<Event>, Failure> {
    visit.get(&format!("/v1/products/{product}/history?limit={EVENTS_MAX}")).await
}

/// The events as a table.
pub(super) fn section(visit: &Visit, supplier: PartyId, events: &visit::Page<Event>) -> Markup {
    // Others may know what an entry says of a product, and not its bytes.
    let is_readable = visit.oversees() || visit.party() == Some(supplier);
    let headings = [
        visit.t("时间", "When"),
        visit.t("事件", "What happened"),
        visit.t("版本", "Revision"),
        visit.t("变更内容或原因", "What changed, or why"),
    ];
    let rows: Vec<_> = events
        .items
        .iter()
        .enumerate()
        .map(|(place, event)| {
            let before = events.items.iter().skip(place + 1).find_map(|event| event.details.as_ref());
            html! {
                td { (visit.format().time(event.time)) }
                td {
                    @if is_readable {
                        a href={ "/ledger/entries/" (event.entry) } { (entry_type(visit.lang, &event.entry_type)) }
                    } @else { (entry_type(visit.lang, &event.entry_type)) }
                }
                td.number { @if let Some(revision) = event.revision { (visit.format().number(revision)) } }
                td {
                    @if let Some(details) = &event.details { (what_changed(visit, event, details, before)) }
                    @if let Some(reason) = &event.reason { bdi { (reason) } }
                }
            }
        })
        .collect();
    html! {
        h2 #history { (visit.t("版本与历史", "Revisions and history")) }
        (layout::table(visit.t("此产品的历史，最新在前", "What happened to it, the latest first"), &headings, &rows,
            visit.t("没有记录。", "Nothing is recorded.")))
        @if events.next.is_some() {
            p.quiet { (visit.t("只显示最近 20 项。", "Only the latest 20 are shown.")) }
        }
    }
}

fn what_changed(
    visit: &Visit,
    event: &Event,
    details: &ProductDetails,
    before: Option<&ProductDetails>,
) -> Markup {
    let changed = before.map(|before| changes(visit, details, before)).unwrap_or_default();
    let summary = match (event.revision, changed.is_empty()) {
        (Some(1), _) => visit.t("最初的版本", "as first listed").to_owned(),
        (_, false) => changed.join(visit.t("、", ", ")),
        // The revision before is older than what is shown, or says the same.
        (_, true) => visit.t("内容", "its text").to_owned(),
    };
    html! {
        details {
            summary { (summary) }
            p { strong { bdi { (named(visit.lang, &details.title)) } } }
            @for paragraph in named(visit.lang, &details.description).lines().filter(|line| !line.is_empty()) {
                p { bdi { (paragraph) } }
            }
        }
    }
}

/// Which parts of a product differ between two revisions.
fn changes(visit: &Visit, now: &ProductDetails, before: &ProductDetails) -> Vec<&'static str> {
    let parts = [
        (now.title == before.title, visit.t("名称", "title")),
        (now.description == before.description, visit.t("说明", "description")),
        (now.kind == before.kind, visit.t("类型", "kind")),
        (now.keywords == before.keywords, visit.t("关键词", "keywords")),
        (now.update_frequency == before.update_frequency, visit.t("更新频率", "how often it is updated")),
        (now.source_licence == before.source_licence, visit.t("来源自带的条款", "terms of the source")),
        (now.landing_page == before.landing_page, visit.t("介绍页", "page about it")),
        (
            now.deidentification == before.deidentification,
            visit.t("去标识化证明", "de-identification certificate"),
        ),
    ];
    parts.into_iter().filter(|(is_same, _)| !is_same).map(|(_, name)| name).collect()
}
