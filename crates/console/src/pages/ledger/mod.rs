//! `/ledger`: what is in the ledger, and who vouches for it; for everybody as far as they may see it.

mod anchors;
mod entry;
mod facts;
mod members;
mod overview;
mod recent;
mod trace;
mod values;

use super::{Audience, Link, Page};
use axum::{Router, routing::get};

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/ledger", zh: "账本", en: "Ledger", audience: Audience::Everybody }],
    routes: || {
        Router::new()
            .route("/ledger", get(overview::show))
            .route("/ledger/anchors", get(anchors::show))
            .route("/ledger/entries/{id}", get(entry::show))
            .route("/ledger/entries/{id}/receipt", get(entry::receipt))
            .route("/ledger/trace", get(trace::ask))
            .route("/ledger/trace/{id}", get(trace::show))
    },
};
