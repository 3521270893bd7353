//! `GET /sign-in?to=PATH`: on to the provider, with what its answer must show again in a sealed cookie.

use super::{callback_url, discovery::Known, trouble::Trouble};
use crate::{
    backend::with_query,
    console::Console,
    cookie,
    pages::language::local,
    seal::{SealError, random_text},
    visit::Visit,
};
use axum::{
    http::header,
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_primitives::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How long one may take at the provider, seconds.
const PENDING_S: i64 = 600;
const PURPOSE: &str = "sign-in";
/// Where the browser sends the cookie to.
pub(super) const PATH: &str = "/sign-in";

/// A sign-in that has begun.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    /// What the provider's answer must carry, so that no other site can hand one in.
    pub(super) state: String,
    /// What the ID token must carry, so that it is for this sign-in.
    pub(super) nonce: String,
    /// What shows to the provider that the code is asked in by whoever asked for it (RFC 7636).
    pub(super) verifier: String,
    /// Where one goes on; a path of this console.
    pub(super) to: String,
    /// When it is too late, Unix milliseconds.
    expires_at_ms: i64,
}

impl Pending {
    /// The cookie's name; as a session's, one per exchange.
    pub(super) fn cookie(console: &Console) -> String {
        format!("databourse_sign_in_{}", console.exchange)
    }

    fn begin(to: String, now: Timestamp) -> Result<Self, SealError> {
        let expires_at_ms = now.plus_ms(PENDING_S * 1000).unix_ms();
        Ok(Self { state: random_text()?, nonce: random_text()?, verifier: random_text()?, to, expires_at_ms })
    }

    /// The sign-in of the cookie's value, if it has not ended.
    pub(super) fn open(console: &Console, sealed: &str) -> Option<Self> {
        let pending: Self = console.seal.open(PURPOSE, sealed)?;
        (console.now().unix_ms() < pending.expires_at_ms).then_some(pending)
    }
}

/// `again` asks the provider to let one choose another account.
pub(super) async fn start(visit: Visit) -> Response {
    let to = local(visit.parameter("to"));
    match begin(&visit, &to).await {
        Ok(response) => response,
        Err(trouble) => trouble.page(visit, &to),
    }
}

async fn begin(visit: &Visit, to: &str) -> Result<Response, Trouble> {
    let console = &visit.console;
    let sign_in = console.sign_in.as_ref().ok_or(Trouble::Absent)?;
    let known = sign_in.discovery.provider(console.now()).await?;
    let pending = Pending::begin(to.to_owned(), console.now())?;
    let sealed = console.seal.close(PURPOSE, &pending)?;
    let cookie = cookie::set(&Pending::cookie(console), &sealed, PATH, PENDING_S, console.is_https());
    let address = request(visit, &sign_in.config, &known, &pending);
    let headers = AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(([(header::CACHE_CONTROL, "no-store")], headers, Redirect::to(&address)).into_response())
}

/// The authentication request (OpenID Connect Core 1.0 §3.1.2.1).
fn request(visit: &Visit, config: &super::SignInConfig, known: &Known, pending: &Pending) -> String {
    let others = config.scopes.iter().filter(|scope| *scope != "openid");
    let scope = others.fold("openid".to_owned(), |text, scope| format!("{text} {scope}"));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&pending.verifier));
    let prompt = visit.parameter("again").map_or("", |_| "login");
    let query = with_query(
        "",
        &[
            ("response_type", "code"),
            ("client_id", &config.client_id),
            ("redirect_uri", &callback_url(&visit.console)),
            ("scope", &scope),
            ("state", &pending.state),
            ("nonce", &pending.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("ui_locales", visit.lang.tag()),
            ("prompt", prompt),
        ],
    );
    with_more(&known.metadata.authorization_endpoint, &query)
}

/// `address`, which may have a query, with the query of `more`, which begins with `?`.
pub(super) fn with_more(address: &str, more: &str) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{}", more.trim_start_matches('?'))
}
