//! The web console: what merchants, buyers, operators and auditors use instead of the API, and what a visitor sees first.
//!
//! ```text
//! browser ─► guard (headers) ─► failure::render ─► pages/<page>.rs ─► Visit ─► Backend ─► api::router ─► Node
//!                                                      └─► layout, form, format, words
//! ```
//!
//! Pages are made on the server ([decision 22](../../../docs/adr/0022-console.md)) and work without scripts; a script adds what
//! is live. A page asks the API within the process, on behalf of whoever is signed in, and knows nothing else: it can show and do what the API
//! can, and who may do what is decided in one place.
//!
//! **A page is one place to add:** a file in `pages/` with a `PAGE` that says its routes and where it stands in the
//! navigation, and its name in `pages::ALL`.
//!
//! People sign in by OpenID Connect with the provider that the exchange names (`sign_in`); [`Provider`] is a small one for
//! demonstrations.
//!
//! Deliberately absent: rules, SQL, a database of its own, a build step, anything that is loaded from another host.

mod act;
mod assets;
mod backend;
mod chart;
mod console;
mod cookie;
mod entry_words;
mod failure;
mod form;
mod format;
mod guard;
mod lang;
mod layout;
mod names;
mod pages;
mod provider;
mod seal;
mod session;
mod sign_in;
mod territory;
mod visit;
mod words;

pub use console::ConsoleConfig;
pub use provider::{Person, Provider, ProviderConfig, ProviderError};
pub use sign_in::{SignIn, SignInConfig, SignInError};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing,
};
use console::Console;
use databourse_primitives::Timestamp;
use tower_http::compression::{
    CompressionLayer, Predicate as _,
    predicate::{NotForContentType, SizeAbove},
};

/// The most bytes of a form.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// Answers below this many bytes are not compressed.
const COMPRESSED_BYTES_MIN: u16 = 256;

/// The console in front of `api`, which answers what is no page; `now` tells the node's time.
///
/// # Panics
/// Never: the routes do not overlap, which a test holds.
pub fn router(
    config: ConsoleConfig,
    api: Router,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Router {
    let console = Console::new(config, api.clone(), now);
    pages::router()
        .merge(sign_in::router())
        .route("/console/{version}/{file}", routing::get(assets::serve))
        .layer(from_fn_with_state(console.clone(), failure::render))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(guard::headers))
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(COMPRESSED_BYTES_MIN.into())
                    .and(NotForContentType::const_new("text/event-stream")),
            ),
        )
        .with_state(console)
        .fallback_service(api)
}
