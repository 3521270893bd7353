//! Who is signed in: a sealed cookie, so that a node that starts again, or one of several behind a balancer, knows people
//! still. What a session may do is asked again at every request, by the API and by the rules.

use crate::{
    cookie,
    seal::{Seal, SealError, random_text},
};
use axum::http::HeaderMap;
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_primitives::{ExchangeCode, PartyId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long one stays signed in: a working day.
pub(crate) const SESSION_MS: i64 = 10 * 3_600_000;
/// How long a token lives that the console makes for a request, beyond the minute in which it was made.
const TOKEN_MS: i64 = 120_000;
const MINUTE_MS: i64 = 60_000;
const PURPOSE: &str = "session";

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// A party's id or a person's name; see `token::Subject`.
    pub(crate) subject: String,
    /// What the provider calls them.
    pub(crate) name: String,
    /// What they may do; at least one.
    pub(crate) roles: BTreeSet<TokenRole>,
    /// What every form of this session carries, and no other site knows.
    pub(crate) csrf: String,
    /// When it ends, Unix milliseconds.
    pub(crate) expires_at_ms: i64,
}

impl Session {
    /// A session that begins now.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub(crate) fn begin(
        subject: &Subject,
        name: String,
        roles: BTreeSet<TokenRole>,
        now: Timestamp,
    ) -> Result<Self, SealError> {
        let expires_at_ms = now.plus_ms(SESSION_MS).unix_ms();
        Ok(Self { subject: subject.to_string(), name, roles, csrf: random_text()?, expires_at_ms })
    }

    /// The party that is signed in, if it is one.
    pub(crate) fn party(&self) -> Option<PartyId> {
        self.subject.parse().ok()
    }

    /// Whether it has `role`.
    pub(crate) fn has(&self, role: TokenRole) -> bool {
        self.roles.contains(&role)
    }

    /// The cookie's name: the cookies of a host are shared by all its ports, and so by exchanges that share a host.
    pub(crate) fn cookie(exchange: &ExchangeCode) -> String {
        format!("databourse_session_{exchange}")
    }

    /// The cookie's value.
    ///
    /// # Errors
    /// The system gave no randomness.
    pub(crate) fn close(&self, seal: &Seal) -> Result<String, SealError> {
        seal.close(PURPOSE, self)
    }

    /// The session of a request, if it has one that has not ended.
    pub(crate) fn of(
        headers: &HeaderMap,
        exchange: &ExchangeCode,
        seal: &Seal,
        now: Timestamp,
    ) -> Option<Self> {
        let session: Self = seal.open(PURPOSE, cookie::value(headers, &Self::cookie(exchange))?)?;
        (now.unix_ms() < session.expires_at_ms).then_some(session)
    }

    /// A token for the API. It is the same for a minute, so that the API need not verify a new one at each request.
    ///
    /// # Errors
    /// The provider gave roles that do not go together.
    pub(crate) fn token(&self, signer: &TokenSigner, now: Timestamp) -> Result<String, Refusal> {
        let issued_at = Timestamp::from_unix_ms(now.unix_ms() / MINUTE_MS * MINUTE_MS);
        let expires_at = issued_at.plus_ms(TOKEN_MS);
        let subject = Subject::parse(&self.subject)?;
        signer.mint(&TokenClaims { subject, roles: self.roles.clone(), issued_at, expires_at })
    }
}
