//! What happens around every request: a request id, a span, measurements, a deadline, headers that keep browsers honest.

use crate::{Problem, ledger::Compressible};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    any::Any,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tower_http::compression::predicate::Predicate;
use tracing::Instrument as _;

/// How long a request may take, its body included.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes request ids: a random name of this process and a number. They name requests in logs and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    process: u64,
    count: Arc<AtomicU64>,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { process: RandomState::new().hash_one(0_u8), count: Arc::default() }
    }

    /// The id that the client or a proxy gave, if it is one; else a new one.
    fn id_of(&self, headers: &HeaderMap) -> String {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(allowed)) {
            Some(id) => id.to_owned(),
            None => format!("{:016x}-{:x}", self.process, self.count.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// Names, traces and measures a request, and writes its id into problems.
pub(crate) async fn observe(State(ids): State<RequestIds>, request: Request, next: Next) -> Response {
    #[expect(clippy::disallowed_methods, reason = "measures how long the request takes")]
    let started = Instant::now();
    let request_id = ids.id_of(request.headers());
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id, method, route, subject = tracing::field::Empty);
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = with_request_id(response, &request_id);
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    span.in_scope(|| tracing::info!(status, duration_us = elapsed.as_micros(), "answered"));
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.to_string())];
    metrics::counter!("databourse_http_requests_total", &labels).increment(1);
    metrics::histogram!("databourse_http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Methods are free text; a label must not be.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

fn with_request_id(mut response: Response, request_id: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let Ok(json) = serde_json::to_vec(&problem.with_request_id(request_id)) else { return response };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    let (parts, _) = response.into_parts();
    Response::from_parts(parts, Body::from(json))
}

/// Upper bounds of the classes of latencies, in seconds.
const LATENCY_BOUNDS_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// How often measurements that nobody asked for are summed up, so that they do not pile up.
const UPKEEP: Duration = Duration::from_secs(5);

/// Makes Prometheus the recorder of this process's measurements: durations (`…_seconds`) as histograms. Call it once,
/// inside a Tokio runtime, which from then on sums up what nobody asks for.
///
/// # Errors
/// The process has a recorder.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &LATENCY_BOUNDS_SECONDS)?;
    let handle = builder.install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// Gives every request [`DEADLINE`].
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout(DEADLINE.as_secs()).into_response(),
    }
}

/// A panic is our mistake and ends one request, not the node.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
    Problem::internal(&format!("panic: {text}")).into_response()
}

/// The API's pages: their own files and nothing else. Swagger UI writes styles into its elements.
pub(crate) async fn docs_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                  img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Compresses texts and what is marked; hashes and signatures do not get smaller. What has a strong `ETag` stays as it is:
/// that names bytes, and compressed ones are others (RFC 9110 §8.8.3.3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts;

impl Predicate for Texts {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        let tag = response.headers().get(header::ETAG).map(HeaderValue::as_bytes);
        if tag.is_some_and(|tag| !tag.starts_with(b"W/")) {
            return false;
        }
        if response.extensions().get::<Compressible>().is_some() {
            return true;
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        // An event must not wait for others in the window of a compressor.
        kind.filter(|kind| !kind.starts_with("text/event-stream")).is_some_and(|kind| {
            ["application/json", "application/problem+json", "image/svg+xml", "text/"]
                .iter()
                .any(|known| kind.starts_with(known))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_from_outside_is_kept_only_if_it_is_harmless() {
        let ids = RequestIds::new();
        let id = |given: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(given) = given {
                headers.insert(REQUEST_ID, HeaderValue::from_static(given));
            }
            ids.id_of(&headers)
        };
        assert_eq!(id(Some("trace-7.a_b")), "trace-7.a_b");
        let made = [id(None), id(Some("")), id(Some("a b")), id(Some("a\"b")), id(None)];
        for (index, made) in made.iter().enumerate() {
            assert!(made.ends_with(&format!("-{index:x}")), "{made}");
        }
    }
}
