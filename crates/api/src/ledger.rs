//! `/checkpoint` and `/tile/…`: the ledger as C2SP tlog-tiles has it, with validators for caches (RFC 9110 §8.8, §13.1.2).
//!
//! Checkpoints and tiles have a strong `ETag`, which names bytes, so they are never compressed: hashes and signatures
//! would not get smaller. Entry bundles do, and are compressed for whoever asks; their `ETag` is weak, as it stands for
//! the bundle and not for one coding of it.

use crate::{ApiState, Problem};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use databourse_merkle::TilePath;
use databourse_primitives::Digest;
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
    responses((status = 200, description = "The checkpoint.", body = String, content_type = "text/plain"),
        (status = 304, description = "The one whose `ETag` stands in `If-None-Match`.")))]
async fn checkpoint(State(api): State<ApiState>, request: HeaderMap) -> Result<Response, Problem> {
    let checkpoint = api.node.published().checkpoint.clone();
    if checkpoint.is_empty() {
        return Err(Problem::unavailable(&"no checkpoint is final yet"));
    }
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(validated(&request, checkpoint.into_bytes(), text, CHECKPOINT_CACHE, Validator::Strong))
}

/// A tile of hashes (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]`.
///
/// `N` is in groups of three digits, e.g. `x001/x234/067`. A partial tile that has become full is served as its prefix.
#[utoipa::path(get, path = "/tile/{level}/{*index}", operation_id = "getTile", tag = "ledger",
    params(("level" = u8, Path, minimum = 0, maximum = 63), ("index" = String, Path, example = "000.p/1")),
    responses((status = 200, description = "Hashes of 32 bytes each, up to 256.", body = Vec<u8>,
        content_type = "application/octet-stream"),
        (status = 304, description = "The one whose `ETag` stands in `If-None-Match`.")))]
async fn tile(State(api): State<ApiState>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    body(&api, &uri, &request, TILE_CACHE, Validator::Strong).await
}

/// An entry bundle (C2SP tlog-tiles): `tile/entries/<N>[.p/<W>]`, for the exchanges and auditors.
#[utoipa::path(get, path = "/tile/entries/{*index}", operation_id = "getEntryBundle", tag = "ledger",
    params(("index" = String, Path, example = "000.p/1")),
    responses((status = 200, description = "Entries, each after its length as uint16, big-endian; up to 256.",
        body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The one whose `ETag` stands in `If-None-Match`.")))]
async fn bundle(State(api): State<ApiState>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    let mut response = body(&api, &uri, &request, BUNDLE_CACHE, Validator::Weak).await?;
    response.extensions_mut().insert(Compressible);
    Ok(response)
}

/// Marks an answer that gets smaller although its type does not say so. See `middleware::Texts`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compressible;

/// The path as it was sent decides: a second spelling, percent-encoded or not, would be a second key in caches.
async fn body(
    api: &ApiState,
    uri: &Uri,
    request: &HeaderMap,
    cache: HeaderValue,
    validator: Validator,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("the canonical path of a tile that the published tree has");
    let path = uri.path().strip_prefix('/').unwrap_or_default();
    let path = TilePath::parse(path).map_err(|_| unknown())?;
    let bytes = api.node.tile(&path).await?.ok_or_else(unknown)?;
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(validated(request, bytes, kind, cache, validator))
}

/// What an `ETag` promises (RFC 9110 §8.8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validator {
    /// The same bytes, whoever asks.
    Strong,
    /// The same thing, perhaps compressed.
    Weak,
}

/// 200 with the body, or 304 without if the client has it already.
fn validated(
    request: &HeaderMap,
    body: Vec<u8>,
    kind: HeaderValue,
    cache: HeaderValue,
    validator: Validator,
) -> Response {
    // A ledger that was founded anew under the same address has other bytes, so the path alone would not do.
    let opaque = format!("\"{}\"", Digest::of(&body));
    let tag = if validator == Validator::Weak { format!("W/{opaque}") } else { opaque.clone() };
    let mut headers = HeaderMap::from_iter([(header::CACHE_CONTROL, cache)]);
    // Hexadecimal digits and a colon are always a header's value.
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    if validator == Validator::Weak {
        // Said with 304 too (RFC 9110 §15.4.5), which the layer that compresses does not look at.
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_known(request, &opaque) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, kind);
    (headers, body).into_response()
}

/// Whether `If-None-Match` lists the tag, compared weakly, or says `*` (RFC 9110 §13.1.2).
fn is_known(request: &HeaderMap, opaque: &str) -> bool {
    let lists = request.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == opaque)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_found_in_any_list_and_no_other_one() {
        let check = |lists: &[&'static str], known: bool| {
            let headers = lists.iter().map(|list| (header::IF_NONE_MATCH, HeaderValue::from_static(list)));
            let mut request = HeaderMap::new();
            headers.for_each(|(name, list)| _ = request.append(name, list));
            assert_eq!(is_known(&request, "\"a\""), known, "{lists:?}");
        };
        check(&[], false);
        check(&["\"a\""], true);
        check(&["W/\"a\""], true);
        check(&["\"b\", \"a\""], true);
        check(&["\"b\"", "\"a\""], true);
        check(&["*"], true);
        check(&["\"b\""], false);
        check(&["a"], false);
        check(&["\"aa\""], false);
        check(&["w/\"a\""], false);
        check(&[""], false);
    }
}
