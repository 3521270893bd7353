//! `/certificates/check` and `/certificates/{number}`: proof of a completed trade, for whoever holds it or is shown it.

mod check;
mod one;

use super::{Audience, Link, Page};
use axum::{Router, routing::get};

pub(crate) const PAGE: Page = Page {
    links: &[Link {
        path: "/certificates/check",
        zh: "核验凭证",
        en: "Check a certificate",
        audience: Audience::Everybody,
    }],
    routes: || {
        Router::new()
            .route("/certificates/check", get(check::show))
            .route("/certificates/{number}", get(one::show))
    },
};
