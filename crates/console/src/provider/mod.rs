//! A small OpenID provider for demonstrations: whoever opens it is whom they choose from a list, by one press. It says so.
//!
//! ```text
//! GET  /authorize ─► choose (a page of people), or straight back if somebody is signed in
//! POST /authorize ─► a code, back to the console
//! POST /token     ─► an ID token for the code       GET /jwks, /.well-known/openid-configuration
//! GET  /end-session
//! ```
//!
//! One session of it serves every console of the region. Its keys are made at the start and live in memory, as do its
//! codes, of which it keeps a bounded number.
//!
//! Deliberately absent: passwords, secrets of clients, consent, refresh tokens, anything that a real provider needs.

mod authorize;
mod choose;
mod end_session;
mod grant;
mod page;
mod request;
mod token;

use crate::{
    assets,
    seal::{Seal, SealError, random},
};
use axum::{
    Json, Router,
    extract::State,
    http::Uri,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use databourse_api::token::TokenRole;
use databourse_primitives::{BilingualText, ExchangeCode, PartyId, Timestamp};
use grant::Grants;
use serde_json::{Value, json};
use std::{collections::BTreeSet, pin::Pin, sync::Arc};
use token::IdTokenSigner;

/// How a provider is set up.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its issuer identifier: the address, with the path, where its router is mounted, without a slash at its end; e.g.
    /// `http://127.0.0.1:8080/oidc`.
    pub issuer: String,
    /// Where it sends people back to: `/sign-in/callback` of each console.
    pub redirect_uris: Vec<String>,
    /// How the consoles call themselves.
    pub client_id: String,
}

/// Somebody whom one can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The unique name, which is `sub` and `preferred_username`: for one of an exchange's people, what the ledger will
    /// call them.
    pub id: String,
    /// What they are called.
    pub name: BilingualText,
    /// The party that they act for.
    pub party: Option<PartyId>,
    /// What they may do.
    pub roles: BTreeSet<TokenRole>,
    /// The exchange whose person, or whose party, it is.
    pub exchange: Option<ExchangeCode>,
}

/// Why there is no provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The issuer is no address.
    #[error("an issuer is `http://host/path` or `https://host/path`, without a slash at its end; not `{0}`")]
    Issuer(String),
    /// A redirect URI is no address.
    #[error("a redirect URI is `http://host/path` or `https://host/path`; not `{0}`")]
    RedirectUri(String),
    /// The system gave no randomness.
    #[error("{0}")]
    Randomness(String),
}

impl From<SealError> for ProviderError {
    fn from(error: SealError) -> Self {
        Self::Randomness(error.to_string())
    }
}

/// An OpenID provider for demonstrations. Cloning shares it.
#[derive(Clone)]
pub struct Provider(Shared);

/// What the handlers share.
type Shared = Arc<Inner>;

struct Inner {
    config: ProviderConfig,
    /// The path of the issuer; empty if it has none.
    path: String,
    /// Scheme and authority of the issuer.
    origin: String,
    people: Box<dyn Fn(String) -> PeopleFuture + Send + Sync>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Of its session cookies.
    seal: Seal,
    signer: IdTokenSigner,
    grants: Grants,
}

type PeopleFuture = Pin<Box<dyn Future<Output = Vec<Person>> + Send>>;

impl Provider {
    /// A provider whose people are asked for at each request, with what the reader looks for: an id, which must find
    /// whoever has it, or anything else, which may; `now` tells the time.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn new<F>(
        config: ProviderConfig,
        people: impl Fn(String) -> F + Send + Sync + 'static,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, ProviderError>
    where
        F: Future<Output = Vec<Person>> + Send + 'static,
    {
        let is_good = !config.issuer.ends_with('/') && !config.issuer.contains(['?', '#']);
        let origin = origin(&config.issuer).filter(|_| is_good);
        let origin = origin.ok_or_else(|| ProviderError::Issuer(config.issuer.clone()))?;
        if let Some(bad) = config.redirect_uris.iter().find(|uri| self::origin(uri).is_none()) {
            return Err(ProviderError::RedirectUri(bad.clone()));
        }
        let path = config.issuer.strip_prefix(&origin).unwrap_or_default().to_owned();
        Ok(Self(Arc::new(Inner {
            path,
            origin,
            people: Box::new(move |wanted| Box::pin(people(wanted))),
            now: Box::new(now),
            seal: Seal::new(&random()?),
            signer: IdTokenSigner::new(random()?),
            grants: Grants::default(),
            config,
        })))
    }

    /// Its routes, to be mounted at the issuer's path, beside the consoles' routes and not within them: its pages have a
    /// content security policy of their own.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/authorize", get(authorize::ask).post(authorize::decide))
            .route("/token", post(token::exchange))
            .route("/jwks", get(jwks))
            .route("/end-session", get(end_session::end))
            .route("/console/{version}/{file}", get(assets::serve))
            .layer(from_fn_with_state(Arc::clone(&self.0), page::headers))
            .with_state(Arc::clone(&self.0))
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The person of that name.
    async fn person(&self, id: &str) -> Option<Person> {
        (self.people)(id.to_owned()).await.into_iter().find(|person| person.id == id)
    }
}

/// Scheme and authority of an address.
fn origin(address: &str) -> Option<String> {
    let uri = address.parse::<Uri>().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    Some(format!("{scheme}://{authority}"))
}

/// OpenID Connect Discovery 1.0 §3.
async fn metadata(State(provider): State<Shared>) -> Json<Value> {
    let issuer = &provider.config.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end-session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile"],
        "claims_supported": ["sub", "name", "preferred_username", "auth_time", "databourse_party", "databourse_roles",
            "databourse_exchange"],
        "ui_locales_supported": ["zh-Hans", "en"],
        "authorization_response_iss_parameter_supported": true,
        "request_uri_parameter_supported": false,
    }))
}

async fn jwks(State(provider): State<Shared>) -> Json<Value> {
    Json(json!({ "keys": [provider.signer.jwk()] }))
}
