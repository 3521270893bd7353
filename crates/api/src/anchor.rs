//! `/v1/anchors`: checkpoints and statements that stand on a public chain.

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_party::{Anchor, RecordAnchor};
use databourse_primitives::EntryId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, record)).routes(routes!(get))
}

/// Records what was anchored on a chain, after its confirmations; each once, in the order in which the ledger grew.
#[utoipa::path(post, path = "/v1/anchors", operation_id = "recordAnchor", tag = "anchors",
    request_body = schema::RecordAnchor,
    responses((status = 201, description = "Recorded.", body = Acknowledged)))]
async fn record(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<RecordAnchor>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, command, |id| format!("/v1/anchors/{id}")).await
}

/// What was anchored, as a filter.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnchorKind {
    /// A checkpoint of the ledger.
    Checkpoint,
    /// A settlement statement.
    Statement,
}

list_parameters!(AnchorParameters {
    /// What was anchored.
    kind: AnchorKind as AnchorKind => Kind,
});

/// Lists anchors.
#[utoipa::path(get, path = "/v1/anchors", operation_id = "listAnchors", tag = "anchors",
    params(AnchorParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Anchor>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<AnchorParameters>,
) -> Result<Json<Page<Anchor>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Shows an anchor.
#[utoipa::path(get, path = "/v1/anchors/{id}", operation_id = "getAnchor", tag = "anchors",
    params(("id" = EntryIdText, Path)),
    responses((status = 200, description = "The anchor.", body = schema::Anchor)))]
async fn get(State(api): State<ApiState>, Named(id): Named<EntryId>) -> Result<Json<Anchor>, Problem> {
    Ok(Json(api.find(&id).await?))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// What was anchored, and where.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "chain_id": 31337,
        "contract": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "transaction": "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "block_number": 12,
        "subject": {
            "name": "checkpoint",
            "size": 40,
            "root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        }
    }))]
    pub(crate) struct RecordAnchor {
        /// Which chain (EIP-155).
        #[schema(minimum = 1)]
        chain_id: u64,
        /// The contract that keeps it.
        contract: ChainAddressText,
        /// The transaction that put it there.
        transaction: ChainHashText,
        /// The transaction's block.
        #[schema(minimum = 1)]
        block_number: u64,
        /// What was anchored.
        subject: AnchorSubject,
    }

    /// What was anchored.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum AnchorSubject {
        /// A checkpoint of this ledger.
        Checkpoint {
            /// Number of leaves.
            #[schema(minimum = 1)]
            size: u64,
            /// Its root.
            root: DigestText,
        },
        /// A settlement statement of a settled or aborted window.
        Statement {
            /// The settlement window.
            window: WindowIdText,
            /// Whose statement.
            holder: HolderText,
            /// Number of its lines.
            #[schema(minimum = 1)]
            line_count: u64,
            /// Root of the OpenZeppelin standard tree over them.
            root: ChainHashText,
            /// The anchored checkpoint that holds all their entries.
            #[schema(minimum = 1)]
            size: u64,
        },
    }

    /// A recorded anchor.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-00000000000c",
        "chain_id": 31337,
        "contract": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
        "transaction": "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "block_number": 12,
        "subject": {
            "name": "checkpoint",
            "size": 40,
            "root": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        },
        "recorded_by": "sh",
        "recorded_at": "2026-11-22T02:47:32.123Z"
    }))]
    pub(crate) struct Anchor {
        /// The id of its `anchor.record` entry.
        id: EntryIdText,
        /// Which chain (EIP-155).
        chain_id: u64,
        /// The contract that keeps it.
        contract: ChainAddressText,
        /// The transaction that put it there.
        transaction: ChainHashText,
        /// The transaction's block.
        block_number: u64,
        /// What was anchored.
        subject: AnchorSubject,
        /// The exchange that says so.
        recorded_by: ExchangeCodeText,
        /// When it was recorded.
        recorded_at: TimestampText,
    }
}
