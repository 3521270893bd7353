//! What happened to a product: its revisions, and when it was paused, resumed or delisted.

use super::schema;
use crate::{
    ApiState, Problem,
    extract::{Named, Parameters, malformed},
    page::{Cursor, Limit, Page},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_ledger::Entry;
use databourse_listing::{Product, ProductDetails};
use databourse_market::Command;
use databourse_primitives::{EntryId, LeafIndex, Line, ProductId, Refusal, Timestamp};
use databourse_store::ProductEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The list that its cursors name.
const LIST: &str = "product_history";

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParameters {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// Something that happened to a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "entry": "019aa2b4-5c00-7000-8000-000000000009", "type": "product.revise", "leaf_index": 1042,
    "time": "2026-11-22T02:47:32.123Z", "revision": 2,
    "details": {
        "title": { "zh": "长三角逐小时气象", "en": "Hourly weather of the Delta" },
        "description": { "en": "Temperature, wind and rain of 412 stations since 2015." },
        "kind": "dataset"
    }
}))]
pub(super) struct ProductEvent {
    /// The entry's name.
    #[schema(value_type = EntryIdText)]
    entry: EntryId,
    /// The entry's type: `product.list`, `.revise`, `.pause`, `.resume` or `.delist`.
    #[serde(rename = "type")]
    entry_type: String,
    /// Its place in the ledger, from 0.
    #[schema(value_type = u64)]
    leaf_index: LeafIndex,
    /// The block's time.
    #[schema(value_type = TimestampText)]
    time: Timestamp,
    /// Number of the revision that it made, if it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    /// What the product was from then on, if it made a revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ProductDetails>)]
    details: Option<ProductDetails>,
    /// Why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LineText>)]
    reason: Option<Line>,
}

impl ProductEvent {
    /// What an entry of the ledger says.
    fn of(found: &ProductEntry) -> Result<Self, Refusal> {
        let entry = Entry::parse(&found.bytes)?;
        let claims = entry.claims();
        let (revision, details, reason) = match Command::from_json(&claims.entry_type, claims.body.get())? {
            Command::ListProduct(made) => (Some(1), Some(made.details), None),
            Command::ReviseProduct(made) => (Some(made.revision), Some(made.details), None),
            Command::PauseProduct(changed) => (None, None, changed.reason),
            Command::ResumeProduct(changed) => (None, None, changed.reason),
            Command::DelistProduct(changed) => (None, None, changed.reason),
            _ => (None, None, None),
        };
        Ok(Self {
            entry: claims.id,
            entry_type: claims.entry_type.clone(),
            leaf_index: found.leaf_index,
            time: found.time,
            revision,
            details,
            reason,
        })
    }
}

/// The place in a cursor, in its one spelling.
fn place_of(cursor: &Cursor) -> Result<LeafIndex, Refusal> {
    let text = cursor.decode(LIST)?;
    let place = text.parse().ok().filter(|place: &u64| place.to_string() == text);
    place.map(LeafIndex).ok_or_else(|| malformed("cursor", "the `next` of the page before, of the same list"))
}

/// Lists what happened to a product, the latest first: every revision as it was, and when it was paused, resumed or delisted.
#[utoipa::path(get, path = "/v1/products/{id}/history", operation_id = "listProductHistory", tag = "products",
    params(("id" = ProductIdText, Path), HistoryParameters),
    responses((status = 200, description = "A page.", body = Page<ProductEvent>)))]
pub(super) async fn list(
    State(api): State<ApiState>,
    Named(id): Named<ProductId>,
    Parameters(asked): Parameters<HistoryParameters>,
) -> Result<Json<Page<ProductEvent>>, Problem> {
    let before = asked.cursor.as_ref().map(place_of).transpose()?.unwrap_or(LeafIndex(u64::MAX));
    let limit = asked.limit.unwrap_or_default().0;
    api.find::<Product>(&id).await?;
    let mut found = api.store().product_entries(id, before, limit.saturating_add(1)).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next =
        found.last().filter(|_| has_more).map(|last| Cursor::encode(LIST, &last.leaf_index.0.to_string()));
    let items = found.iter().map(ProductEvent::of).collect::<Result<_, _>>();
    // What the rules accepted can be read again; otherwise the database is damaged.
    Ok(Json(Page { items: items.map_err(|refusal| Problem::internal(&refusal))?, next }))
}
