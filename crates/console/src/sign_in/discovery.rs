//! What the provider says of itself: OpenID Connect Discovery 1.0 and its keys (RFC 7517).

use super::http::{Http, HttpError, is_askable};
use axum::http::Request;
use databourse_primitives::Timestamp;
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// For how long an answer is believed.
const KEPT_MS: i64 = 3_600_000;
/// The most keys of a provider that are looked at.
const KEYS_MAX: usize = 100;

/// What is needed of the provider's metadata.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    /// Where a session at the provider is ended (OpenID Connect RP-Initiated Logout 1.0).
    #[serde(default)]
    pub(super) end_session_endpoint: Option<String>,
    /// Whether an answer names its issuer (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// What is known of the provider.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    /// The keys that can be read.
    pub(super) keys: Vec<Jwk>,
    read_at: Timestamp,
}

/// Why nothing is known of the provider. It is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer is not what a provider says.
    #[error("{address}: {reason}")]
    Answer { address: String, reason: String },
}

/// Asks the provider, and remembers for a while.
pub(super) struct Discovery {
    pub(super) http: Http,
    issuer: String,
    known: Mutex<Option<Arc<Known>>>,
}

impl Discovery {
    pub(super) fn new(http: Http, issuer: &str) -> Self {
        Self { http, issuer: issuer.to_owned(), known: Mutex::default() }
    }

    /// The provider as it was not long ago.
    ///
    /// # Errors
    /// It cannot be asked, or answers something else.
    pub(super) async fn provider(&self, now: Timestamp) -> Result<Arc<Known>, DiscoveryError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A clock that was set back makes what is known old, rather than young for ever.
        let is_fresh =
            |known: &Known| (0..KEPT_MS).contains(&now.unix_ms().saturating_sub(known.read_at.unix_ms()));
        if let Some(known) = known.filter(|known| is_fresh(known)) {
            return Ok(known);
        }
        let metadata = self.metadata().await?;
        self.learn(metadata, now).await
    }

    /// The provider with its keys of now.
    ///
    /// # Errors
    /// As [`Self::provider`].
    pub(super) async fn with_new_keys(
        &self,
        known: &Known,
        now: Timestamp,
    ) -> Result<Arc<Known>, DiscoveryError> {
        self.learn(known.metadata.clone(), now).await
    }

    async fn learn(&self, metadata: Metadata, now: Timestamp) -> Result<Arc<Known>, DiscoveryError> {
        let keys = self.keys(&metadata.jwks_uri).await?;
        let known = Arc::new(Known { metadata, keys, read_at: now });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn metadata(&self) -> Result<Metadata, DiscoveryError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.read(&address).await?;
        let wrong = |reason: String| DiscoveryError::Answer { address: address.clone(), reason };
        if metadata.issuer != self.issuer {
            return Err(wrong(format!(
                "the issuer is {:?} there and {:?} here",
                metadata.issuer, self.issuer
            )));
        }
        let needed = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        let endpoints = needed.into_iter().chain(&metadata.end_session_endpoint);
        for endpoint in endpoints {
            if !is_askable(endpoint, &self.issuer) {
                return Err(wrong(format!("{endpoint:?} is neither https nor on this machine")));
            }
        }
        Ok(metadata)
    }

    /// Keys of kinds that this program does not know are no reason to refuse the others.
    async fn keys(&self, address: &str) -> Result<Vec<Jwk>, DiscoveryError> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let keys: Keys = self.read(address).await?;
        Ok(keys.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok()).collect())
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Result<T, DiscoveryError> {
        let wrong = |reason: String| DiscoveryError::Answer { address: address.to_owned(), reason };
        let request = Request::get(address).body(String::new()).map_err(|error| wrong(error.to_string()))?;
        let body = self.http.ask(request).await?;
        serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))
    }
}
