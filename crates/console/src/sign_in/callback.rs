//! `GET /sign-in/callback`: the provider's answer. Whoever it names is signed in, and goes on where they wanted to.

use super::{
    SignIn, callback_url,
    discovery::Known,
    id_token::{self, Expected, Invalid},
    identity::{Claims, identify},
    sign_out,
    start::{self, Pending},
    trouble::Trouble,
};
use crate::{
    cookie,
    seal::are_equal,
    session::{SESSION_MS, Session},
    visit::Visit,
};
use axum::{
    http::{HeaderMap, HeaderValue, Request, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// The most characters of the provider's words that go to the log.
const WORDS_CHARS: usize = 200;

/// Signs in.
pub(super) async fn callback(visit: Visit, headers: HeaderMap) -> Response {
    let name = Pending::cookie(&visit.console);
    let is_https = visit.console.is_https();
    let pending = match pending(&visit, &headers) {
        Ok(pending) => pending,
        // Who goes back in the browser's history is not told of a sign-in that has succeeded long ago.
        Err(Trouble::Late) if visit.session.is_some() => return Redirect::to("/").into_response(),
        Err(trouble) => return trouble.page(visit, "/"),
    };
    // From here on the sign-in is used up, whatever comes of it.
    let used = cookie::unset(&name, start::PATH, is_https).map(|cookie| (header::SET_COOKIE, cookie));
    match finish(&visit, &pending).await {
        Ok(cookies) => {
            let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)).chain(used);
            let headers = AppendHeaders(cookies);
            ([(header::CACHE_CONTROL, "no-store")], headers, Redirect::to(&pending.to)).into_response()
        }
        Err(trouble) => (AppendHeaders(used), trouble.page(visit, &pending.to)).into_response(),
    }
}

/// The sign-in that the answer is for.
fn pending(visit: &Visit, headers: &HeaderMap) -> Result<Pending, Trouble> {
    let sealed = cookie::value(headers, &Pending::cookie(&visit.console)).ok_or(Trouble::Late)?;
    let pending = Pending::open(&visit.console, sealed).ok_or(Trouble::Late)?;
    let state = visit.parameter("state").unwrap_or_default();
    if are_equal(&state, &pending.state) { Ok(pending) } else { Err(Trouble::Foreign) }
}

/// The cookies of the new session.
async fn finish(visit: &Visit, pending: &Pending) -> Result<Vec<HeaderValue>, Trouble> {
    let console = &visit.console;
    let sign_in = console.sign_in.as_ref().ok_or(Trouble::Absent)?;
    let known = sign_in.discovery.provider(console.now()).await?;
    let code = code(visit, &known)?;
    let token = exchange(visit, sign_in, &known, pending, &code).await?;
    let claims = verify(visit, sign_in, &known, pending, &token).await?;
    let identity = identify(&claims, &sign_in.config, &console.exchange, visit.lang)?;
    let session = Session::begin(&identity.subject, identity.name, identity.roles, console.now())?;
    let sealed = session.close(&console.seal)?;
    let cookie =
        cookie::set(&Session::cookie(&console.exchange), &sealed, "/", SESSION_MS / 1000, console.is_https());
    tracing::info!(subject = session.subject, "signed in");
    Ok(cookie.into_iter().chain(sign_out::hint(console, &token)?).collect())
}

/// The code of the answer (OpenID Connect Core 1.0 §3.1.2.5, .6), which must be the provider's own (RFC 9207).
fn code(visit: &Visit, known: &Known) -> Result<String, Trouble> {
    let metadata = &known.metadata;
    let is_named = metadata.authorization_response_iss_parameter_supported;
    match visit.parameter("iss") {
        Some(issuer) if issuer != metadata.issuer => return Err(Trouble::Foreign),
        None if is_named => return Err(Trouble::Foreign),
        _ => {}
    }
    match visit.parameter("error").as_deref() {
        Some("access_denied") => return Err(Trouble::Cancelled),
        Some(error) => {
            let words = visit.parameter("error_description").unwrap_or_default();
            let words: String = words.chars().take(WORDS_CHARS).collect();
            let error: String = error.chars().take(WORDS_CHARS).collect();
            return Err(Trouble::Answer(format!("the provider refuses: {error:?} {words:?}")));
        }
        None => {}
    }
    visit.parameter("code").ok_or_else(|| Trouble::Answer("the provider's answer has no code".to_owned()))
}

/// The ID token for the code (OpenID Connect Core 1.0 §3.1.3).
async fn exchange(
    visit: &Visit,
    sign_in: &SignIn,
    known: &Known,
    pending: &Pending,
    code: &str,
) -> Result<String, Trouble> {
    #[derive(Deserialize)]
    struct Tokens {
        id_token: String,
    }
    let config = &sign_in.config;
    let callback = callback_url(&visit.console);
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &callback),
        ("code_verifier", &pending.verifier),
    ];
    let mut request = Request::post(&known.metadata.token_endpoint)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    match &config.client_secret {
        Some(secret) => request = request.header(header::AUTHORIZATION, basic(&config.client_id, secret)?),
        None => pairs.push(("client_id", &config.client_id)),
    }
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = request.body(form).map_err(|error| Trouble::Answer(error.to_string()))?;
    let body = sign_in.discovery.http.ask(request).await?;
    let tokens: Result<Tokens, _> = serde_json::from_slice(&body);
    // What serde would say of it could quote a token.
    tokens
        .map(|tokens| tokens.id_token)
        .map_err(|_| Trouble::Answer("an answer without an ID token".to_owned()))
}

/// `client_secret_basic` (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> Result<HeaderValue, Trouble> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
        .map_err(|error| Trouble::Answer(error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A provider may have a new key that it did not have when it was asked: then it is asked once more.
async fn verify(
    visit: &Visit,
    sign_in: &SignIn,
    known: &Known,
    pending: &Pending,
    token: &str,
) -> Result<Claims, Trouble> {
    let now = visit.console.now();
    let expected = Expected {
        issuer: &known.metadata.issuer,
        client_id: &sign_in.config.client_id,
        nonce: &pending.nonce,
        now_s: now.unix_seconds(),
    };
    match id_token::verify(token, &known.keys, &expected) {
        Err(Invalid::Key) => {
            let known = sign_in.discovery.with_new_keys(known, now).await?;
            Ok(id_token::verify(token, &known.keys, &expected)?)
        }
        verified => Ok(verified?),
    }
}
