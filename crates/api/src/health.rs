//! `/healthz`, `/readyz`, `/metrics`: for those who run the node.

use crate::{ApiState, Problem, scalar::*};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use databourse_exchange::{Fault, RegionState};
use databourse_primitives::{ExchangeCode, Height, Timestamp, TreeSize};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
        .routes(routes!(region))
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

/// Another exchange of the region.
#[derive(Debug, Serialize, ToSchema)]
struct PeerHealth {
    /// Its code.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// Whether its node is connected to this one.
    connected: bool,
}

/// Evidence of double signing.
#[derive(Debug, Serialize, ToSchema)]
struct EvidenceCount {
    /// Who signed two of one.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// How many pieces of evidence this node has seen.
    count: u64,
}

/// An exchange that signed another root than this node for a ledger of the same size: one of the two is wrong.
#[derive(Debug, Serialize, ToSchema)]
struct Fork {
    /// Which.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// The first size at which it did.
    #[schema(value_type = u64)]
    size: TreeSize,
}

/// An exchange that has not co-signed the last final checkpoints.
#[derive(Debug, Serialize, ToSchema)]
struct MissingCosigner {
    /// Which.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// How many in a row.
    count: u64,
}

/// What an exchange's node did that an honest one does not.
#[derive(Debug, Serialize, ToSchema)]
struct FaultCount {
    /// Whose node.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// `rejected_proposal` (proposed a block that was voted down here), `forged_proposal` (sent a proposal that its proposer
    /// had not signed), `stale_proposal` (said an old proposal of another again), or `wrong_block` (gave a node that catches
    /// up another block than the agreed one).
    kind: &'static str,
    /// How often, since this node started.
    count: u64,
}

/// A block that this node voted down.
#[derive(Debug, Serialize, ToSchema)]
struct RejectedBlock {
    /// Its height.
    #[schema(value_type = u64)]
    height: Height,
    /// Who proposed it.
    #[schema(value_type = ExchangeCodeText)]
    proposer: ExchangeCode,
    /// Which entry of it, and why.
    reason: String,
}

/// A witness outside the region that this node asks to cosign its checkpoints.
#[derive(Debug, Serialize, ToSchema)]
struct OutsideWitness {
    /// Name of its key.
    name: String,
    /// Where it takes checkpoints.
    url: String,
    /// Entries under the last checkpoint that it cosigned for this node; 0 if none since the node started.
    #[schema(value_type = u64)]
    size: TreeSize,
    /// How often in a row it was asked in vain; 0 if it answers.
    failures: u64,
    /// Why, the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// How the region looks from this node.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "exchange": "sh", "state": "running", "height": 97, "height_age_ms": 12, "highest_height": 97, "lag": 0,
    "peers": [{ "exchange": "js", "connected": true }], "cosigners": ["js", "sh"], "final_size": 4808,
    "missing_cosigners": [], "faults": [], "evidence": [], "forks": []
}))]
struct RegionHealthBody {
    /// This exchange.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// `running`, `catching_up`, `no_quorum` (too few others can be reached; reading goes on), `halted` (its own database
    /// or engine does not work), or `diverged` (it came to another state than the region and stopped itself).
    state: &'static str,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    /// Height of the last final block.
    #[schema(value_type = u64)]
    height: Height,
    /// Time since that block's time, milliseconds.
    height_age_ms: u64,
    /// The highest block that any node has said to have committed.
    #[schema(value_type = u64)]
    highest_height: Height,
    /// How many blocks others have committed beyond this node; one that was agreed on a moment ago does not count.
    lag: u64,
    /// The other exchanges.
    peers: Vec<PeerHealth>,
    /// Who co-signed the final checkpoint.
    #[schema(value_type = Vec<ExchangeCodeText>)]
    cosigners: Vec<ExchangeCode>,
    /// Entries under the final checkpoint.
    #[schema(value_type = u64)]
    final_size: TreeSize,
    /// Exchanges that have not co-signed at least the last three final checkpoints.
    missing_cosigners: Vec<MissingCosigner>,
    /// What other nodes did that honest ones do not.
    faults: Vec<FaultCount>,
    /// Evidence of double signing seen here.
    evidence: Vec<EvidenceCount>,
    /// Exchanges that signed another root than this node.
    forks: Vec<Fork>,
    /// The last block that this node voted down.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<RejectedBlock>,
    /// How long the oldest command of this node's authors has waited for a block, or for the block to be final,
    /// milliseconds; absent if none waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_unfinal_ms: Option<u64>,
    /// The witnesses outside the region, which cosign for everybody who trusts them; nothing waits for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<OutsideWitness>,
    /// Bytes left on the disk of the data folder; absent if the node has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_free_bytes: Option<u64>,
}

/// How the region looks from this node. Answers 200 as long as the process does, whatever the state is.
#[utoipa::path(get, path = "/v1/region/health", operation_id = "getRegionHealth", tag = "node",
    responses((status = 200, description = "How the region looks from here.", body = RegionHealthBody)))]
async fn region(State(api): State<ApiState>) -> Json<RegionHealthBody> {
    let health = api.node.region_health().await;
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let state = match health.state {
        RegionState::Running => "running",
        RegionState::CatchingUp => "catching_up",
        RegionState::NoQuorum => "no_quorum",
        RegionState::Halted => "halted",
        RegionState::Diverged => "diverged",
    };
    let peers = health.peers.into_iter().map(|(exchange, connected)| PeerHealth { exchange, connected });
    let evidence = health.evidence.into_iter().map(|(exchange, count)| EvidenceCount { exchange, count });
    let forks = health.forks.into_iter().map(|(exchange, size)| Fork { exchange, size });
    let missing = health.missing_cosigners.into_iter();
    let missing = missing.map(|(exchange, count)| MissingCosigner { exchange, count });
    let faults = health.faults.into_iter().flat_map(|(exchange, kinds)| {
        kinds.into_iter().map(move |(fault, count)| FaultCount {
            exchange: exchange.clone(),
            kind: fault_kind(fault),
            count,
        })
    });
    let witnesses = health.witnesses.into_iter().map(|(name, witness)| OutsideWitness {
        name,
        url: witness.url,
        size: witness.size,
        failures: witness.failures,
        failure: witness.failure,
    });
    Json(RegionHealthBody {
        exchange: health.exchange,
        state,
        stopped: health.stopped,
        height: health.height,
        height_age_ms: millis(health.height_age),
        highest_height: health.highest_height,
        lag: health.lag,
        peers: peers.collect(),
        cosigners: health.cosigners,
        final_size: health.final_size,
        missing_cosigners: missing.collect(),
        faults: faults.collect(),
        evidence: evidence.collect(),
        forks: forks.collect(),
        rejected: health.rejected.map(|(height, proposer, reason)| RejectedBlock {
            height,
            proposer,
            reason,
        }),
        oldest_unfinal_ms: health.oldest_unfinal.map(millis),
        witnesses: witnesses.collect(),
        disk_free_bytes: health.disk_free_bytes,
    })
}

const fn fault_kind(fault: Fault) -> &'static str {
    match fault {
        Fault::RejectedProposal => "rejected_proposal",
        Fault::ForgedProposal => "forged_proposal",
        Fault::StaleProposal => "stale_proposal",
        Fault::WrongBlock => "wrong_block",
    }
}
