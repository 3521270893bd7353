//! `/healthz`, `/readyz`, `/metrics`: for those who run the node.

use crate::{ApiState, Problem, scalar::*};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_primitives::{Height, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// Whether the process answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "status": "alive" }))]
struct Alive {
    status: &'static str,
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/healthz", operation_id = "getHealth", tag = "node",
    responses((status = 200, description = "Alive.", body = Alive)))]
async fn alive() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// How the node is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "database": true, "committing": true, "height": 97, "block_time": "2026-11-22T02:47:32.123Z",
    "queue_length": 0, "queue_capacity": 10000
}))]
struct Ready {
    /// Whether the database answers.
    database: bool,
    /// Whether blocks are committed.
    committing: bool,
    /// Height of the last block.
    #[schema(value_type = u64)]
    height: Height,
    /// Time of the last block.
    #[schema(value_type = TimestampText)]
    block_time: Timestamp,
    /// Commands that wait.
    queue_length: usize,
    /// How many may.
    queue_capacity: usize,
}

/// Answers 200 if commands can be committed now, else 503.
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", tag = "node",
    responses((status = 200, description = "Ready.", body = Ready)))]
async fn ready(State(api): State<ApiState>) -> Result<Json<Ready>, Problem> {
    let health = api.node.health().await;
    if !health.database {
        return Err(Problem::unavailable(&"the database does not answer"));
    }
    if !health.committing {
        return Err(Problem::unavailable(&"the pipeline does not run"));
    }
    Ok(Json(Ready {
        database: health.database,
        committing: health.committing,
        height: health.height,
        block_time: health.block_time,
        queue_length: health.queue_length,
        queue_capacity: health.queue_capacity,
    }))
}

/// Measurements in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "node",
    responses((status = 200, description = "Measurements.", body = String, content_type = "text/plain")))]
async fn metrics(State(api): State<ApiState>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, api.metrics.render()).into_response()
}
