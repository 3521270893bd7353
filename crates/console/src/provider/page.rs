//! The provider's pages: the console's style sheet, no script.

use super::{Inner, Shared};
use crate::{assets, lang::Lang};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use maud::{DOCTYPE, Markup, html};
use std::collections::BTreeSet;

/// Adds the headers. A form is answered by sending the browser to a console, so these are named.
pub(super) async fn headers(State(provider): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let consoles = provider.config.redirect_uris.iter().filter_map(|uri| super::origin(uri));
    let consoles: Vec<String> = consoles.collect::<BTreeSet<_>>().into_iter().collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        consoles.join(" ")
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The whole document.
pub(super) fn document(
    provider: &Inner,
    status: StatusCode,
    lang: Lang,
    title: &str,
    other: Option<&str>,
    body: &Markup,
) -> Response {
    let asset = |name: &str| format!("{}{}", provider.path, assets::path(name));
    let another = lang.pick(Lang::En, Lang::Zh);
    let document = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Databourse" }
                link rel="icon" href=(asset("mark.svg"));
                link rel="stylesheet" href=(asset("style.css"));
            }
            body {
                header {
                    span.name { (lang.pick("演示身份提供方", "Identity provider of the demonstration")) }
                    @if let Some(other) = other {
                        a href=(other) lang=(another.tag()) hreflang=(another.tag()) { (another.pick("中文", "English")) }
                    }
                }
                main id="main" { (body) }
            }
        }
    };
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], document.into_string()).into_response()
}

/// A page of a few words.
pub(super) fn words(provider: &Inner, status: StatusCode, lang: Lang, title: &str, words: &str) -> Response {
    document(provider, status, lang, title, None, &html! { h1 { (title) } p { (words) } })
}
