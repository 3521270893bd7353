//! `GET /end-session` (OpenID Connect RP-Initiated Logout 1.0): the provider knows nobody any more.

use super::{
    Shared,
    authorize::{COOKIE, cookie_path},
    page,
};
use crate::{backend::with_query, cookie, lang::Lang};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};

/// Ends the session, and sends back to the console if it is one of ours.
pub(super) async fn end(
    State(provider): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map_or_else(String::new, |(_, value)| value.into_owned())
    };
    let is_https = provider.origin.starts_with("https://");
    let ended = cookie::unset(COOKIE, cookie_path(&provider), is_https);
    let ended = AppendHeaders(ended.map(|cookie| (header::SET_COOKIE, cookie)));
    let back = parameter("post_logout_redirect_uri");
    let is_home = |uri: &String| super::origin(uri).is_some_and(|origin| back == format!("{origin}/"));
    if provider.config.redirect_uris.iter().any(is_home) {
        let back = with_query(&back, &[("state", &parameter("state"))]);
        return (ended, Redirect::to(&back)).into_response();
    }
    let lang = Lang::of_request(&headers, cookie::value(&headers, Lang::COOKIE));
    let title = lang.pick("您已退出", "You are signed out");
    let words = lang
        .pick("演示身份提供方不再记得您。", "The identity provider of the demonstration knows you no more.");
    (ended, page::words(&provider, StatusCode::OK, lang, title, words)).into_response()
}
