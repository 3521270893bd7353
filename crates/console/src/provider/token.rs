//! `POST /token`: an ID token for a code (OpenID Connect Core 1.0 §3.1.3).

use super::{Inner, Shared, grant::Grant};
use crate::seal::{SealError, are_equal, random_text};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_ledger::SigningKey;
use databourse_primitives::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// How long an ID token counts, seconds.
const TOKEN_S: i64 = 300;
/// PKCS #8 (RFC 8410 §7) up to the seed of an Ed25519 key.
const PKCS8_PREFIX: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// Signs ID tokens with an Ed25519 key of its own.
pub(super) struct IdTokenSigner {
    key: EncodingKey,
    public_key: databourse_primitives::PublicKey,
}

impl IdTokenSigner {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let key = EncodingKey::from_ed_der(&[&PKCS8_PREFIX[..], &seed].concat());
        Self { key, public_key: SigningKey::from_seed(seed).public_key() }
    }

    /// The public key (RFC 8037 §2).
    pub(super) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.public_key.as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid(), "use": "sig", "alg": "EdDSA" })
    }

    fn kid(&self) -> String {
        self.public_key.key_id().to_string()
    }

    fn sign(&self, claims: &Value) -> Result<String, SealError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|error| SealError(error.to_string()))
    }
}

/// Answers a console.
pub(super) async fn exchange(State(provider): State<Shared>, body: Bytes) -> Response {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    match answer(&provider, &form) {
        Ok(tokens) => Json(tokens).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}

/// The answer, or the error of RFC 6749 §5.2.
fn answer(provider: &Inner, form: &BTreeMap<String, String>) -> Result<Value, &'static str> {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if field("client_id") != provider.config.client_id {
        return Err("invalid_client");
    }
    if field("grant_type") != "authorization_code" {
        return Err("unsupported_grant_type");
    }
    let now = provider.now();
    let grant = provider.grants.take(field("code"), now).ok_or("invalid_grant")?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    if grant.redirect_uri != field("redirect_uri") || !are_equal(&grant.challenge, &challenge) {
        return Err("invalid_grant");
    }
    let broken = |error: SealError| {
        tracing::error!(%error, "no token");
        "server_error"
    };
    let id_token = provider.signer.sign(&claims(provider, &grant, now)).map_err(broken)?;
    // The protocol wants an access token; this one opens nothing.
    let access_token = random_text().map_err(broken)?;
    Ok(
        json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_S, "id_token": id_token }),
    )
}

fn claims(provider: &Inner, grant: &Grant, now: Timestamp) -> Value {
    let person = &grant.person;
    let mut claims = json!({
        "iss": provider.config.issuer,
        "aud": provider.config.client_id,
        "sub": person.id,
        "iat": now.unix_seconds(),
        "exp": now.unix_seconds() + TOKEN_S,
        "auth_time": grant.signed_in_at.unix_seconds(),
        "preferred_username": person.id,
        "name": person.name.any(),
        "databourse_roles": person.roles,
    });
    let others = [
        ("nonce", Some(grant.nonce.clone()).filter(|nonce| !nonce.is_empty())),
        ("name#zh-Hans", person.name.zh().map(str::to_owned)),
        ("name#en", person.name.en().map(str::to_owned)),
        ("databourse_party", person.party.map(|party| party.to_string())),
        ("databourse_exchange", person.exchange.as_ref().map(ToString::to_string)),
    ];
    if let Value::Object(claims) = &mut claims {
        let others =
            others.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
        claims.extend(others);
    }
    claims
}
