//! `/checkpoint` and `/tile/…`: the ledger as C2SP tlog-tiles has it.

use crate::{ApiState, Problem};
use axum::{
    extract::State,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use databourse_merkle::TilePath;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A checkpoint is good for as long as it takes to sign the next one.
const CHECKPOINT_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=1");
/// Tiles never change, whatever their width.
const TILE_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Bundles never change either, but only those who showed a token may keep them.
const BUNDLE_CACHE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(checkpoint)).routes(routes!(tile)).routes(routes!(bundle))
}

/// The signed checkpoint (C2SP tlog-checkpoint) with its cosignatures.
#[utoipa::path(get, path = "/checkpoint", operation_id = "getCheckpoint", tag = "ledger",
    responses((status = 200, description = "The checkpoint.", body = String, content_type = "text/plain")))]
async fn checkpoint(State(api): State<ApiState>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, CHECKPOINT_CACHE),
    ];
    (headers, api.node.published().checkpoint.clone()).into_response()
}

/// A tile of hashes (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]`.
///
/// `N` is in groups of three digits, e.g. `x001/x234/067`. A partial tile that has become full is served as its prefix.
#[utoipa::path(get, path = "/tile/{level}/{*index}", operation_id = "getTile", tag = "ledger",
    params(("level" = u8, Path, minimum = 0, maximum = 63), ("index" = String, Path, example = "000.p/1")),
    responses((status = 200, description = "Hashes of 32 bytes each, up to 256.", body = Vec<u8>,
        content_type = "application/octet-stream")))]
async fn tile(State(api): State<ApiState>, uri: Uri) -> Result<Response, Problem> {
    body(&api, &uri, TILE_CACHE).await
}

/// An entry bundle (C2SP tlog-tiles): `tile/entries/<N>[.p/<W>]`, for the exchanges and auditors.
#[utoipa::path(get, path = "/tile/entries/{*index}", operation_id = "getEntryBundle", tag = "ledger",
    params(("index" = String, Path, example = "000.p/1")),
    responses((status = 200, description = "Entries, each after its length as uint16, big-endian; up to 256.",
        body = Vec<u8>, content_type = "application/octet-stream")))]
async fn bundle(State(api): State<ApiState>, uri: Uri) -> Result<Response, Problem> {
    body(&api, &uri, BUNDLE_CACHE).await
}

/// The path as it was sent decides: a second spelling, percent-encoded or not, would be a second key in caches.
async fn body(api: &ApiState, uri: &Uri, cache: HeaderValue) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("the canonical path of a tile that the published tree has");
    let path = uri.path().strip_prefix('/').unwrap_or_default();
    let path = TilePath::parse(path).map_err(|_| unknown())?;
    let bytes = api.node.tile(&path).await?.ok_or_else(unknown)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, cache),
    ];
    Ok((headers, bytes).into_response())
}
