//! A provider that says what a test wants, and the tokens that it signs.

use super::world::{Answer, Browser, CLIENT, Clock, PAGE, listen, parameter, serve, start};
use axum::{Json, Router, body::Bytes, extract::State, http::HeaderMap, routing};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_console::SignInConfig;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use reqwest::header;
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

pub(super) const SECRET: &str = "a secret: of&the client";

/// A provider that says what a test wants.
#[derive(Clone)]
pub(super) struct Liar(Arc<LiarState>);

pub(super) struct LiarState {
    pub(super) issuer: String,
    /// What it says of itself.
    pub(super) metadata: Mutex<Value>,
    pub(super) keys: Mutex<Vec<Value>>,
    pub(super) keys_asked: AtomicUsize,
    /// The ID token for a nonce.
    #[expect(clippy::type_complexity, reason = "said once")]
    token: Mutex<Box<dyn Fn(&str) -> String + Send>>,
    /// What the console sent last for a code: its credentials and its form.
    pub(super) asked: Mutex<(String, String)>,
}

impl std::ops::Deref for Liar {
    type Target = LiarState;
    fn deref(&self) -> &LiarState {
        &self.0
    }
}

impl Liar {
    pub(super) fn new(issuer: &str) -> Self {
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "authorization_response_iss_parameter_supported": true,
        });
        Self(Arc::new(LiarState {
            issuer: issuer.to_owned(),
            metadata: Mutex::new(metadata),
            keys: Mutex::new(vec![json!({ "kty": "of another time" }), jwk(3)]),
            keys_asked: AtomicUsize::new(0),
            token: Mutex::new(Box::new(|_| String::new())),
            asked: Mutex::default(),
        }))
    }

    pub(super) async fn start() -> Self {
        let (listener, url) = listen().await;
        let liar = Self::new(&url);
        serve(listener, liar.router());
        liar
    }

    pub(super) fn router(&self) -> Router {
        let metadata = |State(liar): State<Self>| async move { Json(liar.metadata.lock().unwrap().clone()) };
        let keys = |State(liar): State<Self>| async move {
            liar.keys_asked.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "keys": liar.keys.lock().unwrap().clone() }))
        };
        Router::new()
            .route("/.well-known/openid-configuration", routing::get(metadata))
            .route("/jwks", routing::get(keys))
            .route("/token", routing::post(Self::exchange))
            .with_state(self.clone())
    }

    /// Its codes are the nonces.
    async fn exchange(State(liar): State<Self>, headers: HeaderMap, body: Bytes) -> Json<Value> {
        let credentials =
            headers.get(header::AUTHORIZATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        let form = String::from_utf8(body.to_vec()).unwrap();
        let token = (liar.token.lock().unwrap())(&parameter(&format!("?{form}"), "code"));
        *liar.asked.lock().unwrap() = (credentials, form);
        Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": token }))
    }

    pub(super) fn says(&self, token: impl Fn(&str) -> String + Send + 'static) {
        *self.token.lock().unwrap() = Box::new(token);
    }

    pub(super) fn config(&self) -> SignInConfig {
        SignInConfig { client_secret: Some(SECRET.to_owned()), ..SignInConfig::new(&self.issuer, CLIENT) }
    }

    /// The claims of an auditor, as they should be.
    pub(super) fn claims(&self, nonce: &str, clock: &Clock) -> Value {
        let now_s = clock.now().unix_seconds();
        json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "7", "nonce": nonce, "iat": now_s, "exp": now_s + 60,
            "preferred_username": "li.na", "name": "Li Na", "databourse_roles": ["auditor"],
        })
    }

    /// The whole way through a sign-in, the provider's pages left out.
    pub(super) async fn sign_in(&self, browser: &mut Browser, console: &str) -> Answer {
        let asked = browser.get(&format!("{console}/sign-in?to={PAGE}")).await;
        assert_eq!(asked.status, 303, "{}", asked.text);
        let to = asked.onward().unwrap();
        let query = [
            ("code", parameter(&to, "nonce")),
            ("state", parameter(&to, "state")),
            ("iss", self.issuer.clone()),
        ];
        browser.get(&callback(console, &query)).await
    }
}

/// The provider's answer as an address of the console.
pub(super) fn callback(console: &str, query: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{console}/sign-in/callback?{query}")
}

/// The Ed25519 key of a seed.
pub(super) fn key(seed: u8) -> EncodingKey {
    const PKCS8_PREFIX: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &[seed; 32]].concat())
}

/// Its public half, whose `kid` is the seed.
pub(super) fn jwk(seed: u8) -> Value {
    let mut jwk = Jwk::from_encoding_key(&key(seed), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(seed.to_string());
    serde_json::to_value(jwk).unwrap()
}

/// A token signed by the key of `seed`, which it names.
pub(super) fn signed(seed: u8, claims: &Value) -> String {
    let header = Header { kid: Some(seed.to_string()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &key(seed)).unwrap()
}

/// A token of any header, with a signature of any bytes.
pub(super) fn assembled(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encoded(header), encoded(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// A console whose provider tells the truth, and a sign-in that has begun: state, nonce.
pub(super) async fn begun(to: &str) -> (Liar, Clock, String, Browser, String, String) {
    let (liar, clock) = (Liar::start().await, Clock::default());
    let console = start(liar.config(), &clock).await;
    let (honest, time) = (liar.clone(), clock.clone());
    liar.says(move |nonce| signed(3, &honest.claims(nonce, &time)));
    let mut browser = Browser::new();
    let asked = browser.get(&format!("{console}/sign-in?to={to}")).await.onward().unwrap();
    let (state, nonce) = (parameter(&asked, "state"), parameter(&asked, "nonce"));
    (liar, clock, console, browser, state, nonce)
}
