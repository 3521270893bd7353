//! `/v1/region/snapshots`: states of the region that a new node can begin from, and the proof of each.

use crate::{
    ApiState, Problem,
    extract::{Named, Parameters},
    page::{Page, list_parameters},
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_party::Snapshot;
use databourse_primitives::Height;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(proof))
}

list_parameters!(SnapshotParameters {});

/// Lists the snapshots that were ordered, with what each exchange said of them.
#[utoipa::path(get, path = "/v1/region/snapshots", operation_id = "listSnapshots", tag = "region",
    params(SnapshotParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Snapshot>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<SnapshotParameters>,
) -> Result<Json<Page<Snapshot>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Downloads the proof of an attested snapshot.
///
/// With it and a policy, `databourse region snapshot read` fills an empty database from a snapshot's file.
#[utoipa::path(get, path = "/v1/region/snapshots/{height}/proof", operation_id = "downloadSnapshotProof",
    tag = "region", params(("height" = u64, Path, minimum = 1, example = 12)),
    responses((status = 200, description = "The file.", body = Object, content_type = "application/json")))]
async fn proof(State(api): State<ApiState>, Named(height): Named<Height>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("the height of a snapshot whose attestations are final");
    let proof = api.node.snapshot_proof(height).await?.ok_or_else(unknown)?;
    let disposition = format!("attachment; filename=\"{height}.snapshot-proof.json\"");
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, proof.to_string()).into_response())
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `party`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// A snapshot of the region's state.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "height": 12,
        "ordered_by": "sh",
        "ordered_at": "2026-11-22T02:47:32.123Z",
        "attestations": { "js": {
            "entry": "019aa2b4-5c00-7000-8000-000000000001",
            "content": {
                "tree_size": 40,
                "row_count": 170,
                "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            }
        } },
        "state": { "name": "open" }
    }))]
    pub(crate) struct Snapshot {
        /// The block after which the state is copied.
        height: u64,
        /// Who ordered it.
        ordered_by: ExchangeCodeText,
        /// When it was ordered.
        ordered_at: TimestampText,
        /// What each exchange said that its copy came to.
        #[schema(required = false)]
        attestations: BTreeMap<String, Attestation>,
        /// Where it stands.
        state: SnapshotState,
    }

    /// What an exchange said of a snapshot.
    #[derive(ToSchema)]
    pub(crate) struct Attestation {
        /// The entry that says so.
        entry: EntryIdText,
        /// What its copy came to.
        content: SnapshotContent,
    }

    /// What a copy of the state came to.
    #[derive(ToSchema)]
    pub(crate) struct SnapshotContent {
        /// Number of leaves in the ledger.
        tree_size: u64,
        /// Number of rows.
        row_count: u64,
        /// Digest of the rows.
        digest: DigestText,
    }

    /// Where a snapshot stands.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum SnapshotState {
        /// Fewer than it takes have said the same.
        Open,
        /// More than two thirds of the exchanges said the same.
        Attested {
            /// When.
            attested_at: TimestampText,
            /// What they said.
            content: SnapshotContent,
        },
    }
}
