//! `/v1/statistics/counts`: how much of each kind there is now.

use crate::{ApiState, Problem, scalar::*};
use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_market::Noun;
use databourse_primitives::{Height, Timestamp, TreeSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get))
}

/// The kinds of records that [`CountsView`] counts.
pub(crate) const COUNTED: &[Noun] = &[
    Noun::Party,
    Noun::Right,
    Noun::Product,
    Noun::Offer,
    Noun::Order,
    Noun::Licence,
    Noun::Refund,
    Noun::Certificate,
];

/// How much of each kind there is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Counts, example = json!({
    "parties": 20, "rights": 12, "products": 12, "offers": 12, "orders": 300, "licences": 312, "refunds": 9,
    "certificates": 291, "entries": 4808, "height": 97, "block_time": "2026-11-22T02:47:32.123Z",
    "root": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}))]
struct CountsView {
    /// Parties, whatever their state.
    parties: u64,
    /// Rights in data.
    rights: u64,
    /// Products, whatever their state.
    products: u64,
    /// Offers.
    offers: u64,
    /// Orders.
    orders: u64,
    /// Licences.
    licences: u64,
    /// Refunds.
    refunds: u64,
    /// Certificates of completed trades.
    certificates: u64,
    /// Entries of the ledger, the headers of its blocks among them.
    #[schema(value_type = u64)]
    entries: TreeSize,
    /// Height of the last block that is published.
    #[schema(value_type = u64)]
    height: Height,
    /// Its time.
    #[schema(value_type = TimestampText)]
    block_time: Timestamp,
    /// Root of the tree of these entries, in Base64 as in checkpoints.
    root: String,
}

/// Counts what the market holds.
///
/// The numbers of records are at most two seconds old; entries, height, time and root are those of now.
#[utoipa::path(get, path = "/v1/statistics/counts", operation_id = "getCounts", tag = "statistics",
    responses((status = 200, description = "The counts.", body = CountsView)))]
async fn get(State(api): State<ApiState>) -> Result<Json<CountsView>, Problem> {
    let counts = api.counts().await?;
    let count = |noun: Noun| counts.get(&noun).copied().unwrap_or_default();
    let shown = api.node.published();
    Ok(Json(CountsView {
        parties: count(Noun::Party),
        rights: count(Noun::Right),
        products: count(Noun::Product),
        offers: count(Noun::Offer),
        orders: count(Noun::Order),
        licences: count(Noun::Licence),
        refunds: count(Noun::Refund),
        certificates: count(Noun::Certificate),
        entries: shown.size,
        height: shown.height,
        block_time: shown.time,
        root: STANDARD.encode(shown.root.as_bytes()),
    }))
}
