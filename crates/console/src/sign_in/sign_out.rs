//! `POST /sign-out`: the end of the session here, and at the provider if it can be ended there
//! (OpenID Connect RP-Initiated Logout 1.0).

use super::start::with_more;
use crate::{
    backend::with_query,
    console::Console,
    cookie,
    failure::Failure,
    seal::{SealError, are_equal},
    session::{SESSION_MS, Session},
    visit::Visit,
};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use maud::html;

const PURPOSE: &str = "id-token";
/// Where the browser sends the cookie to.
const PATH: &str = "/sign-out";
/// The most bytes of an ID token that fit a cookie once they are sealed (RFC 6265 §6.1: 4096 in all).
const HINT_BYTES_MAX: usize = 2_800;

fn hint_cookie(console: &Console) -> String {
    format!("databourse_id_token_{}", console.exchange)
}

/// The cookie that keeps the ID token for the sign-out, so that the provider need not ask whose session ends. Without it,
/// if the token is too long, it may ask.
pub(super) fn hint(console: &Console, token: &str) -> Result<Option<HeaderValue>, SealError> {
    if token.len() > HINT_BYTES_MAX {
        return Ok(None);
    }
    let sealed = console.seal.close(PURPOSE, &token)?;
    Ok(cookie::set(&hint_cookie(console), &sealed, PATH, SESSION_MS / 1000, console.is_https()))
}

/// Signs out.
///
/// # Errors
/// The form is not one of this session.
pub(super) async fn sign_out(visit: Visit, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let Some(session) = &visit.session else { return Ok(Redirect::to("/").into_response()) };
    let csrf = form_urlencoded::parse(&body).find(|(name, _)| name == "csrf").unwrap_or_default().1;
    if !are_equal(&csrf, &session.csrf) {
        return Err(Failure::Foreign);
    }
    let console = visit.console.clone();
    let is_https = console.is_https();
    let ended = [(Session::cookie(&console.exchange), "/"), (hint_cookie(&console), PATH)];
    let ended = ended.map(|(name, path)| cookie::unset(&name, path, is_https));
    let ended = AppendHeaders(ended.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)));
    let token = cookie::value(&headers, &hint_cookie(&console));
    let token = token.and_then(|sealed| console.seal.open::<String>(PURPOSE, sealed)).unwrap_or_default();
    Ok(match end_at_provider(&console, &token).await {
        Some(address) => (ended, leave(visit, &address)).into_response(),
        None => (ended, Redirect::to("/")).into_response(),
    })
}

/// Where the provider ends its session, with the way back; nothing if it does not, or is not there to be asked.
async fn end_at_provider(console: &Console, token: &str) -> Option<String> {
    let sign_in = console.sign_in.as_ref()?;
    let known = sign_in.discovery.provider(console.now()).await;
    let known =
        known.inspect_err(|error| tracing::warn!(%error, "the provider's session does not end")).ok()?;
    let back = format!("{}/", console.public_url);
    let query = with_query(
        "",
        &[
            ("id_token_hint", token),
            ("client_id", &sign_in.config.client_id),
            ("post_logout_redirect_uri", &back),
        ],
    );
    Some(with_more(known.metadata.end_session_endpoint.as_ref()?, &query))
}

/// A page that leads on to the provider. A form may not be answered by sending the browser to another site (`form-action`
/// of the content security policy), but a page may.
fn leave(visit: Visit, address: &str) -> Response {
    let visit = Visit { session: None, uri: "/".parse().unwrap_or_default(), ..visit };
    let title = visit.t("您已退出", "You are signed out");
    let body = html! {
        h1 { (title) }
        p { (visit.t("接着在身份提供方结束登录，否则下次登录时它会记得您。",
            "Next, the identity provider ends its session too; otherwise it would know you the next time.")) }
        p { a.button href=(address) { (visit.t("继续", "Go on")) } }
    };
    let page = visit.page(title, body);
    let refresh = HeaderValue::from_str(&format!("0; url={address}")).ok();
    (AppendHeaders(refresh.map(|refresh| (header::REFRESH, refresh))), page).into_response()
}
