//! Signing in: a relying party of OpenID Connect Core 1.0 (authorisation code flow with PKCE, RFC 7636).
//!
//! ```text
//! GET /sign-in ──► start ──► the provider ──► GET /sign-in/callback ──► callback: token, id_token, identity ──► Session
//!                     └────── discovery (metadata and keys, by http) ──────┘
//! POST /sign-out ─► sign_out ──► the provider's own end of the session ──► /
//! ```
//!
//! A browser carries what the two requests of a sign-in share in a sealed cookie, so nothing of it is kept here. What
//! goes wrong is a page that says what to do; why it went wrong is for the log.
//!
//! Deliberately absent: accounts, passwords, refresh tokens, the provider's access token, proxies to reach it by.

mod callback;
mod discovery;
mod http;
mod id_token;
mod identity;
mod sign_out;
mod start;
mod trouble;

use crate::console::Console;
use axum::{Router, routing};
use discovery::Discovery;
use http::Http;
use std::path::PathBuf;

/// How people sign in.
#[derive(Clone)]
pub struct SignInConfig {
    /// The provider's issuer identifier, e.g. `https://id.example/realms/region`: `https`, or `http` on a loopback host.
    pub issuer: String,
    /// How the provider calls this console.
    pub client_id: String,
    /// The console's secret at the provider, sent by `client_secret_basic`; a public client has none.
    pub client_secret: Option<String>,
    /// Certificates (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// The claim with the party's id: its name, or a JSON Pointer (RFC 6901) if it begins with `/`.
    pub party_claim: String,
    /// The claim with the roles, named in the same way.
    pub roles_claim: String,
    /// The claim with the exchange, or the exchanges, whose operator one is; named in the same way. An operator without
    /// it is this exchange's.
    pub exchange_claim: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
}

impl SignInConfig {
    /// A public client with the claims that this program names.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret: None,
            ca_file: None,
            party_claim: "databourse_party".to_owned(),
            roles_claim: "databourse_roles".to_owned(),
            exchange_claim: "databourse_exchange".to_owned(),
            scopes: vec!["profile".to_owned()],
        }
    }
}

/// Why nobody could sign in with a configuration. Whether the provider answers is not asked before somebody signs in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The issuer is no address that can be asked.
    #[error(
        "an issuer is `https://…`, or `http://…` on a loopback host, without query and fragment; not `{0}`"
    )]
    Issuer(String),
    /// Nothing says who asks.
    #[error("a client id is 1 to 255 visible ASCII characters")]
    ClientId,
    /// The certificates of the file, or of the system, cannot be used.
    #[error("no certificates to trust: {0}")]
    Certificates(String),
}

/// A relying party of one provider.
pub struct SignIn {
    config: SignInConfig,
    discovery: Discovery,
}

impl SignIn {
    /// Asks nobody yet: a node starts without its provider.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn new(config: SignInConfig) -> Result<Self, SignInError> {
        let is_visible = config.client_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible || !(1..=255).contains(&config.client_id.len()) {
            return Err(SignInError::ClientId);
        }
        if !http::is_askable(&config.issuer, &config.issuer) {
            return Err(SignInError::Issuer(config.issuer));
        }
        let http = Http::new(&config.issuer, config.ca_file.as_deref())?;
        let discovery = Discovery::new(http, &config.issuer);
        Ok(Self { config, discovery })
    }
}

/// The routes.
pub(crate) fn router() -> Router<Console> {
    Router::new()
        .route("/sign-in", routing::get(start::start))
        .route("/sign-in/callback", routing::get(callback::callback))
        .route("/sign-out", routing::post(sign_out::sign_out))
}

/// Where the provider sends people back to.
fn callback_url(console: &Console) -> String {
    format!("{}/sign-in/callback", console.public_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_good(issuer: &str) -> bool {
        SignIn::new(SignInConfig::new(issuer, "console")).is_ok()
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for issuer in ["http://127.0.0.1:8080/oidc", "http://localhost", "http://[::1]:1/a"] {
            assert!(is_good(issuer), "{issuer}");
        }
        for issuer in [
            "http://id.example",
            "http://10.0.0.1/",
            "id.example",
            "",
            "ftp://localhost",
            "http://localhost/?a",
            "http://u:p@localhost/",
            "http://localhost/#a",
        ] {
            assert!(!is_good(issuer), "{issuer}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused_at_the_start() {
        let mut config = SignInConfig::new("https://id.example", "console");
        config.ca_file = Some("Cargo.toml".into());
        assert!(matches!(SignIn::new(config), Err(SignInError::Certificates(_))));
        assert!(matches!(
            SignIn::new(SignInConfig::new("https://id.example", "")),
            Err(SignInError::ClientId)
        ));
    }
}
