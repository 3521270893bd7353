//! HTTP: `POST /add-checkpoint`, `GET /<origin hash>/checkpoint` (C2SP tlog-witness), and `GET /healthz`.

use crate::{
    refusal::AddError,
    request::BODY_BYTES_MAX,
    witness::{LogStatus, Witness},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use std::{future::Future, io, sync::Arc};
use tokio::{net::TcpListener, sync::Semaphore, task::spawn_blocking};
use tracing::{debug, error};

/// How many requests are worked on at once; who comes then is told to come again.
const REQUESTS_MAX: usize = 256;

#[derive(Clone)]
struct App {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// Serves `witness` until `stop` resolves; then takes no more requests and finishes those that run.
///
/// # Errors
/// The listener broke.
pub async fn serve(
    listener: TcpListener,
    witness: Arc<Witness>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .route("/healthz", get(health))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(App { witness, places: Arc::new(Semaphore::new(REQUESTS_MAX)) });
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn add_checkpoint(State(app): State<App>, body: Bytes) -> Response {
    let Ok(place) = app.places.try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many requests at once\n").into_response();
    };
    let witness = app.witness;
    // Not stopped halfway when the client goes away: what is kept is kept whole.
    let answer = spawn_blocking(move || {
        let _place = place;
        witness.add_checkpoint(&body)
    });
    match answer.await {
        Ok(Ok(line)) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{line}\n")).into_response()
        }
        Ok(Err(refused)) => refusal(&refused),
        Err(failure) => {
            error!(error = %failure, "a request broke");
            refusal(&AddError::Storage)
        }
    }
}

fn refusal(refused: &AddError) -> Response {
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    debug!(status = status.as_u16(), reason = %refused, "add-checkpoint");
    match refused {
        AddError::Conflict { size } => {
            (status, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n")).into_response()
        }
        other => (status, format!("{other}\n")).into_response(),
    }
}

async fn checkpoint(State(app): State<App>, Path(origin_hash): Path<String>) -> Response {
    let witness = app.witness;
    match spawn_blocking(move || witness.checkpoint(&origin_hash)).await {
        Ok(Some(checkpoint)) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], checkpoint.to_string()).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "nothing was cosigned for such a log\n").into_response(),
    }
}

#[derive(Serialize)]
struct Health {
    key: String,
    logs: Vec<LogStatus>,
}

/// 200, or 503 if the book of a log cannot be written any more.
async fn health(State(app): State<App>) -> Response {
    let witness = app.witness;
    let key = witness.key().to_string();
    match spawn_blocking(move || witness.status()).await {
        Ok(logs) => {
            let is_whole = logs.iter().all(|log| !log.broken);
            let status = if is_whole { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, Json(Health { key, logs })).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
