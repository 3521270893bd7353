//! `/v1/region/end` and `/v1/policy/history`: what outlives this ledger and its keys.

use crate::{ApiState, Problem};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_party::Predecessor;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(end)).routes(routes!(history))
}

/// Shows how this ledger ended, as the founding of its successor names it.
///
/// There is an end once `ledger.close` is in the ledger and the checkpoint over it is final.
#[utoipa::path(get, path = "/v1/region/end", operation_id = "getRegionEnd", tag = "region",
    responses((status = 200, description = "The end.", body = schema::Predecessor)))]
async fn end(State(api): State<ApiState>) -> Result<Json<Predecessor>, Problem> {
    let goes_on = || Problem::not_found("a ledger that is closed, with a final last checkpoint");
    Ok(Json(api.node.ledger_end().await?.ok_or_else(goes_on)?))
}

/// Downloads the policies of this ledger from its first entry on, for checkpoints that keys of the past signed.
#[utoipa::path(get, path = "/v1/policy/history", operation_id = "getPolicyHistory", tag = "region",
    responses((status = 200, description = "The periods, oldest first.", body = Vec<schema::PolicyPeriod>)))]
async fn history(State(api): State<ApiState>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("a ledger that was founded");
    let history = api.node.policy_history().await?.ok_or_else(unknown)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], history.to_string()).into_response())
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party` and `ledger`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// A policy and the sizes for which it decides.
    #[derive(ToSchema)]
    pub(crate) struct PolicyPeriod {
        /// Number of leaves before the first block whose checkpoint is judged by it.
        above_size: u64,
        /// The policy (C2SP tlog-policy).
        policy: String,
    }

    /// Where a ledger ended.
    #[derive(ToSchema)]
    pub(crate) struct LedgerEnd {
        /// Its origin.
        origin: LineText,
        /// Number of its leaves.
        size: u64,
        /// Root over them.
        root: DigestText,
    }

    /// Where a ledger ended, with the proof of it.
    #[derive(ToSchema)]
    pub(crate) struct Predecessor {
        /// Its origin.
        origin: LineText,
        /// Number of its leaves.
        size: u64,
        /// Root over them.
        root: DigestText,
        /// Under which policy its last checkpoint is final (C2SP tlog-policy).
        policy: String,
        /// Its last entry, `ledger.close`, as a JWS.
        entry: String,
        /// The key that signed that entry.
        author_key: PublicKeyText,
        /// That it is the last leaf, under the last checkpoint (C2SP tlog-proof).
        receipt: String,
    }

    /// That a region closes its ledger, or has.
    #[derive(ToSchema)]
    pub(crate) struct Closing {
        /// The proposal that decided it.
        proposal: EntryIdText,
        /// Origin of the ledger that goes on.
        successor: LineText,
        /// Why.
        reason: LineText,
        /// The first height at which nothing new is taken on.
        since_height: u64,
        /// How far it is.
        state: ClosingState,
    }

    /// How far the end has come.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum ClosingState {
        /// Nothing new is taken on.
        Settling,
        /// The last entry was made.
        Closed {
            /// Height of its block.
            height: u64,
            /// Block time of it.
            closed_at: TimestampText,
        },
    }
}
