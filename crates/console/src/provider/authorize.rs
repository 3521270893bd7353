//! `GET /authorize`, `POST /authorize` (OpenID Connect Core 1.0 §3.1.2): who is it?

use super::{
    Inner, Shared,
    choose::{self, Choice},
    grant::Grant,
    page,
    request::AuthenticationRequest,
};
use crate::{cookie, lang::Lang, seal::SealError};
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use databourse_primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// How long the provider knows somebody: a working day.
const SESSION_S: i64 = 36_000;
const PURPOSE: &str = "provider";
/// The session's cookie.
pub(super) const COOKIE: &str = "databourse_provider";

/// Who is signed in at the provider.
#[derive(Serialize, Deserialize)]
struct ProviderSession {
    id: String,
    signed_in_at_ms: i64,
}

impl ProviderSession {
    fn of(provider: &Inner, headers: &HeaderMap) -> Option<Self> {
        let session: Self = provider.seal.open(PURPOSE, cookie::value(headers, COOKIE)?)?;
        let ends_at_ms = session.signed_in_at_ms.saturating_add(SESSION_S * 1000);
        (provider.now().unix_ms() < ends_at_ms).then_some(session)
    }
}

/// The path of the provider's cookie.
pub(super) fn cookie_path(provider: &Inner) -> &str {
    if provider.path.is_empty() { "/" } else { &provider.path }
}

/// Asks, unless it is known who it is.
pub(super) async fn ask(
    State(provider): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let Ok(request) = AuthenticationRequest::read(&provider, query.as_bytes()) else {
        return not_ours(&provider, &headers);
    };
    if let Some(error) = request.error() {
        return Redirect::to(&request.answer(&provider, "error", error)).into_response();
    }
    let session = ProviderSession::of(&provider, &headers);
    if let Some(session) = session.filter(|_| !request.wants_choice())
        && let Some(person) = provider.person(&session.id).await
    {
        let signed_in_at = Timestamp::from_unix_ms(session.signed_in_at_ms);
        return back(&provider, &request, grant(&request, person, signed_in_at), None);
    }
    if request.wants_silence() {
        return Redirect::to(&request.answer(&provider, "error", "login_required")).into_response();
    }
    let lang = request.lang(&headers, cookie::value(&headers, Lang::COOKIE));
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let wanted = pairs.find(|(name, _)| name == "q").unwrap_or_default().1;
    let people = (provider.people)(wanted.trim().to_owned()).await;
    choose::page(&provider, &Choice { request: &request, lang, wanted: wanted.trim(), people: &people })
}

/// Signs somebody in and sends them back to the console.
pub(super) async fn decide(State(provider): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(request) = AuthenticationRequest::read(&provider, &body) else {
        return not_ours(&provider, &headers);
    };
    // Browsers say whose page a form is of; another site's must not choose for anybody.
    let is_own = headers.get(header::ORIGIN).is_none_or(|origin| origin == provider.origin.as_str());
    if !is_own {
        return not_ours(&provider, &headers);
    }
    if let Some(error) = request.error() {
        return Redirect::to(&request.answer(&provider, "error", error)).into_response();
    }
    let mut pairs = form_urlencoded::parse(&body);
    let Some((_, id)) = pairs.find(|(name, _)| name == "person") else {
        return Redirect::to(&request.answer(&provider, "error", "access_denied")).into_response();
    };
    let Some(person) = provider.person(&id).await else { return not_ours(&provider, &headers) };
    let now = provider.now();
    let session = ProviderSession { id: person.id.clone(), signed_in_at_ms: now.unix_ms() };
    let is_https = provider.origin.starts_with("https://");
    let cookie = provider.seal.close(PURPOSE, &session);
    let cookie =
        cookie.map(|sealed| cookie::set(COOKIE, &sealed, cookie_path(&provider), SESSION_S, is_https));
    match cookie {
        Ok(cookie) => back(&provider, &request, grant(&request, person, now), cookie),
        Err(error) => broken(&error),
    }
}

fn grant(request: &AuthenticationRequest, person: super::Person, signed_in_at: Timestamp) -> Grant {
    Grant {
        person,
        signed_in_at,
        redirect_uri: request.get("redirect_uri").to_owned(),
        challenge: request.get("code_challenge").to_owned(),
        nonce: request.get("nonce").to_owned(),
    }
}

fn back(
    provider: &Inner,
    request: &AuthenticationRequest,
    grant: Grant,
    cookie: Option<HeaderValue>,
) -> Response {
    match provider.grants.issue(grant, provider.now()) {
        Ok(code) => {
            let headers = AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            (headers, Redirect::to(&request.answer(provider, "code", &code))).into_response()
        }
        Err(error) => broken(&error),
    }
}

fn broken(error: &SealError) -> Response {
    tracing::error!(%error, "the provider failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// A request that is of no console of ours is not sent back anywhere.
fn not_ours(provider: &Inner, headers: &HeaderMap) -> Response {
    let lang = Lang::of_request(headers, cookie::value(headers, Lang::COOKIE));
    let title = lang.pick("这不是本区域的登录请求", "This is no sign-in of this region");
    let words = lang.pick("请从交易所的控制台重新登录。", "Begin again at the console of an exchange.");
    page::words(provider, StatusCode::BAD_REQUEST, lang, title, words)
}
