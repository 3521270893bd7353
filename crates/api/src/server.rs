//! The parts put together: routes, what surrounds them, and a server that stops gracefully.

use crate::{
    ApiState, Problem, access, account, anchor, batch, breaks, certificate, counts, delivery, dispute, entry,
    events::{self, Stopping},
    fee, health, hold, instruction, ledger, licence,
    middleware::{self, RequestIds, Texts},
    offer, openapi as document, order, party, payment, posting, product, proposal, reconciliation, refund,
    region, right, schedule, shares, snapshot, statement, statistics, tax, verify, voucher, window,
};
use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    http::header,
    middleware::{from_fn, from_fn_with_state},
    routing,
};
use std::{future::Future, io, iter::once, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, Predicate as _, predicate::SizeAbove},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The most bytes of a body, but for batches.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Answers below this many bytes are not compressed.
const COMPRESSED_BYTES_MIN: u16 = 256;
/// How long a stopping server waits for connections beyond the deadline of a request.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// Every endpoint that the OpenAPI document describes.
fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(document::base())
        .merge(region::router())
        .merge(crate::succession::router())
        .merge(counts::router())
        .merge(proposal::router())
        .merge(snapshot::router())
        .merge(party::router())
        .merge(right::router())
        .merge(product::router())
        .merge(shares::router())
        .merge(offer::router())
        .merge(order::router())
        .merge(licence::router())
        .merge(delivery::router())
        .merge(refund::router())
        .merge(dispute::router())
        .merge(anchor::router())
        .merge(voucher::router())
        .merge(hold::router())
        .merge(fee::router())
        .merge(account::router())
        .merge(posting::router())
        .merge(tax::router())
        .merge(schedule::router())
        .merge(window::router())
        .merge(instruction::router())
        .merge(payment::router())
        .merge(statement::router())
        .merge(reconciliation::router())
        .merge(breaks::router())
        .merge(certificate::router())
        .merge(entry::router())
        .merge(batch::router())
        .merge(ledger::router())
        .merge(events::router())
        .merge(statistics::router())
        .merge(health::router())
}

/// The OpenAPI 3.1 document of this crate.
pub fn openapi() -> OpenApi {
    document::finish(documented().into_openapi())
}

/// Everything that the node answers over HTTP.
///
/// # Panics
/// Never: the routes do not overlap, which a test holds.
pub fn router(state: ApiState) -> Router {
    let (documented, description) = documented().split_for_parts();
    let json = document::finish(description).to_json().unwrap_or_default();
    let json: Arc<str> = json.into();
    let docs = Router::from(SwaggerUi::new("/docs").config(Config::new(["/openapi.json"])))
        .layer(from_fn(middleware::docs_policy));
    documented
        .route("/verify", routing::get(verify::page))
        .route("/verify/{number}", routing::get(verify::page))
        .route("/verify/assets/{file}", routing::get(verify::asset))
        .route("/verify.html", routing::get(verify::alone))
        .route("/openapi.json", routing::get(move || async move { document::serve(&json) }))
        .merge(docs)
        .route_layer(from_fn_with_state(state.clone(), access::gate))
        .fallback(|| async { Problem::not_found("a path of /openapi.json") })
        .layer(from_fn(middleware::deadline))
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(RequestIds::new(), middleware::observe))
        .layer(SetSensitiveRequestHeadersLayer::new(once(header::AUTHORIZATION)))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN.into()).and(Texts)))
        .with_state(state)
}

/// Serves `router` on `listener` until `shutdown` completes; then takes no more connections, finishes the requests
/// that run, and returns. Streams of events end at once. A client that never ends its request is left after the deadline
/// of requests and a little.
///
/// # Errors
/// The listener's.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, mut stopped) = watch::channel(false);
    let mut stopping = stop.subscribe();
    let router = router.layer(Extension(Stopping::new(stop.subscribe())));
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // An error means that the sender is gone, which is a stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
        // Kept until the receivers are gone, so that they see the value and not only its end.
        stop.closed().await;
    });
    let left = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
        tokio::time::sleep(middleware::DEADLINE + STOP_GRACE).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = left => {
            tracing::warn!("stopped with open connections");
            Ok(())
        }
    }
}
