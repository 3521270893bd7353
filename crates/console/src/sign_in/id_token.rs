//! ID tokens (OpenID Connect Core 1.0 §3.1.3.7): signed by a key of the provider, for this console, for this sign-in, now.

use super::identity::Claims;
use crate::seal::are_equal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_api::token::LEEWAY_SECONDS;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde_json::Value;

/// The most bytes of a token.
const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// The fewest bytes of an RSA modulus (RFC 7518 §3.3).
const MODULUS_BYTES_MIN: usize = 256;

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// The console's time, Unix seconds.
    pub(super) now_s: i64,
}

/// Why a token does not count. It is for the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    /// No key of the provider fits; it may have a new one.
    #[error("an ID token whose key the provider does not show")]
    Key,
    #[error("an ID token that does not count: {0}")]
    Token(String),
}

fn invalid(reason: impl Into<String>) -> Invalid {
    Invalid::Token(reason.into())
}

/// What `token` claims.
///
/// # Errors
/// [`Invalid`].
pub(super) fn verify(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Claims, Invalid> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(invalid("it is too long"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| invalid(error.to_string()))?;
    if header.crit.is_some() {
        return Err(invalid("its header wants more than this program understands"));
    }
    if header.typ.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(invalid("it is a token of another type"));
    }
    let is_named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    let named: Vec<&Jwk> = keys.iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(Invalid::Key);
    }
    let mut fitting = named.into_iter().filter(|key| fits(key, header.alg));
    // A token without a key's name is for a provider with one key.
    let (Some(key), None) = (fitting.next(), fitting.next()) else {
        return Err(invalid(format!(
            "its algorithm {:?} is not that of one key of the provider",
            header.alg
        )));
    };
    let key = DecodingKey::from_jwk(key).map_err(|error| invalid(error.to_string()))?;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &signature_only(header.alg));
    let claims = claims.map_err(|error| invalid(error.to_string()))?.claims;
    check(&claims, expected)?;
    Ok(claims)
}

/// The library checks the signature; the claims are checked below, the time by a clock that is an argument.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Whether `key` signs with `algorithm`. The key decides, not the token: a shared secret never fits, nor does a public
/// key that would be taken for one.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let by_type = match &key.algorithm {
        AlgorithmParameters::RSA(key) => {
            let modulus = URL_SAFE_NO_PAD.decode(&key.n).unwrap_or_default();
            modulus.len() >= MODULUS_BYTES_MIN && matches!(algorithm, Algorithm::RS256 | Algorithm::PS256)
        }
        AlgorithmParameters::EllipticCurve(key) => {
            key.curve == EllipticCurve::P256 && algorithm == Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(key) => {
            key.curve == EllipticCurve::Ed25519 && algorithm == Algorithm::EdDSA
        }
        _ => false,
    };
    let by_name = match key.common.key_algorithm {
        None => true,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::RS256,
        Some(KeyAlgorithm::PS256) => algorithm == Algorithm::PS256,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDSA,
        Some(_) => false,
    };
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    by_type && by_name && signs
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), Invalid> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(invalid("`iss` is another issuer"));
    }
    let is_us = |audience: &Value| audience.as_str() == Some(expected.client_id);
    let (is_meant, is_shared) = match claims.get("aud") {
        Some(Value::Array(all)) => (all.iter().any(is_us), all.len() > 1),
        Some(one) => (is_us(one), false),
        None => (false, false),
    };
    if !is_meant {
        return Err(invalid("`aud` is another client"));
    }
    match claims.get("azp") {
        Some(party) if !is_us(party) => return Err(invalid("`azp` is another client")),
        None if is_shared => return Err(invalid("`aud` names several clients and `azp` none")),
        _ => {}
    }
    // Numbers of seconds may have fractions (RFC 7519 §2); whole seconds are enough.
    let seconds = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_number)
            .and_then(|number| number.to_string().split('.').next()?.parse::<i64>().ok())
    };
    let latest_s = expected.now_s.saturating_add(LEEWAY_SECONDS);
    let earliest_s = expected.now_s.saturating_sub(LEEWAY_SECONDS);
    if seconds("exp").is_none_or(|exp| exp <= earliest_s) {
        return Err(invalid("`exp` is over"));
    }
    if seconds("iat").is_none_or(|iat| iat > latest_s) {
        return Err(invalid("`iat` is to come"));
    }
    if claims.contains_key("nbf") && seconds("nbf").is_none_or(|nbf| nbf > latest_s) {
        return Err(invalid("`nbf` is to come"));
    }
    if !text("nonce").is_some_and(|nonce| are_equal(nonce, expected.nonce)) {
        return Err(invalid("`nonce` is of another sign-in"));
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err(invalid("`sub` is missing"));
    }
    Ok(())
}
