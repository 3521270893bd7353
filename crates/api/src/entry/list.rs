//! The ledger as a list: what happened, and to those who may know, by whom.

use crate::{
    ApiState, Problem,
    access::Caller,
    extract::{Parameters, malformed},
    page::{Cursor, Limit, Page, Sort},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_primitives::{EntryId, Height, LeafIndex, Refusal, Timestamp};
use databourse_store::EntryFacts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The list that its cursors name.
const LIST: &str = "entry";

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct EntryParameters {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// The newest first, or the oldest.
    #[param(inline)]
    sort: Option<Sort>,
}

/// What is known of an entry without reading it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryFacts, example = json!({
    "leaf_index": 1042, "type": "order.place", "height": 97, "time": "2026-11-22T02:47:32.123Z",
    "id": "019aa2b4-5c00-7000-8000-000000000005", "actor": "party:019aa2b4-5c00-7000-8000-000000000006",
    "byte_count": 712
}))]
pub(super) struct EntryFactsView {
    /// Its place in the ledger, from 0.
    #[schema(value_type = u64)]
    leaf_index: LeafIndex,
    /// Its type.
    #[serde(rename = "type")]
    entry_type: String,
    /// The block that holds it.
    #[schema(value_type = u64)]
    height: Height,
    /// The block's time.
    #[schema(value_type = TimestampText)]
    time: Timestamp,
    /// Its name; to operators and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EntryIdText>)]
    id: Option<EntryId>,
    /// Who acted: `party:<id>` or `exchange:<code>`; to operators and auditors, and absent of a block's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// How long it is, in bytes; to operators and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte_count: Option<u32>,
}

impl EntryFactsView {
    /// Who acted when would tell everybody who trades with whom, so that is for those who oversee.
    fn of(facts: EntryFacts, oversees: bool) -> Self {
        let EntryFacts { leaf_index, height, time, id, entry_type, actor, byte_count } = facts;
        Self {
            leaf_index,
            entry_type,
            height,
            time,
            id: oversees.then_some(id),
            actor: actor.filter(|_| oversees),
            byte_count: oversees.then_some(byte_count),
        }
    }
}

/// A page of places, from the first to the one before the last, and where the next page begins.
type Places = (u64, u64, Option<u64>);

/// Places follow one another without a gap, so a page is a range of them.
fn places(size: u64, cursor: Option<u64>, limit: u64, sort: Sort) -> Places {
    match sort {
        Sort::Newest => {
            let end = cursor.unwrap_or(size).min(size);
            let first = end.saturating_sub(limit);
            (first, end, (first > 0).then_some(first))
        }
        Sort::Oldest => {
            let first = cursor.unwrap_or_default().min(size);
            let end = first.saturating_add(limit).min(size);
            (first, end, (end < size).then_some(end))
        }
    }
}

/// The place in a cursor, in its one spelling.
fn place_of(cursor: &Cursor) -> Result<u64, Refusal> {
    let text = cursor.decode(LIST)?;
    let place = text.parse().ok().filter(|place: &u64| place.to_string() == text);
    place.ok_or_else(|| malformed("cursor", "the `next` of the page before, of the same list"))
}

/// Lists the entries that the published checkpoint covers, without their bodies.
///
/// Everybody sees places, types, blocks and times. Operators and auditors also see names, authors and lengths.
#[utoipa::path(get, path = "/v1/entries", operation_id = "listEntries", tag = "entries", params(EntryParameters),
    responses((status = 200, description = "A page.", body = Page<EntryFactsView>)))]
pub(super) async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<EntryParameters>,
) -> Result<Json<Page<EntryFactsView>>, Problem> {
    let cursor = asked.cursor.as_ref().map(place_of).transpose()?;
    let (limit, sort) = (asked.limit.unwrap_or_default().0, asked.sort.unwrap_or_default());
    let (first, end, next) = places(api.node.published().size.0, cursor, limit.into(), sort);
    let count = u32::try_from(end.saturating_sub(first)).unwrap_or(limit);
    let mut facts = api.store().entry_facts(first, count).await?;
    if sort == Sort::Newest {
        facts.reverse();
    }
    let items = facts.into_iter().map(|facts| EntryFactsView::of(facts, caller.oversees())).collect();
    Ok(Json(Page { items, next: next.map(|place| Cursor::encode(LIST, &place.to_string())) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_ranges_of_places() {
        let newest = |cursor, limit| places(5, cursor, limit, Sort::Newest);
        assert_eq!(newest(None, 2), (3, 5, Some(3)));
        assert_eq!(newest(Some(3), 2), (1, 3, Some(1)));
        assert_eq!(newest(Some(1), 2), (0, 1, None));
        assert_eq!(newest(None, 5), (0, 5, None));
        assert_eq!(newest(Some(9), 2), (3, 5, Some(3)), "a place that is not there yet");
        let oldest = |cursor, limit| places(5, cursor, limit, Sort::Oldest);
        assert_eq!(oldest(None, 2), (0, 2, Some(2)));
        assert_eq!(oldest(Some(4), 2), (4, 5, None));
        assert_eq!(oldest(Some(u64::MAX), 2), (5, 5, None));
        assert_eq!(places(0, None, 2, Sort::Newest), (0, 0, None));
    }
}
