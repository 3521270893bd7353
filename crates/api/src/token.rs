//! Access tokens: JWT (RFC 7519) with the claims of RFC 9068, signed by the exchange with `EdDSA` and nothing else.
//!
//! | claim | value |
//! |---|---|
//! | `iss` | the exchange's code |
//! | `aud` | `databourse` |
//! | `sub` | a party's id, or the name of one of the exchange's people |
//! | `roles` | of `merchant`, `buyer`, `operator`, `auditor`; see [`TokenRole`] |
//! | `iat`, `nbf`, `exp` | seconds; `nbf` and `exp` with a leeway of [`LEEWAY_SECONDS`] |
//!
//! Whether the party behind a token is still certified is asked by the rules at each command, not here.

use databourse_ledger::SigningKey;
use databourse_primitives::{Digest, ExchangeCode, PartyId, PublicKey, Refusal, RefusalCode, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Seconds by which two clocks may differ.
pub const LEEWAY_SECONDS: i64 = 30;
/// The audience of every token.
pub const AUDIENCE: &str = "databourse";
/// RFC 9068 §2.1. An entry says `databourse+jwt`, so neither is ever taken for the other.
const TYPE: &str = "at+jwt";
/// PKCS #8 (RFC 8410 §7) up to the seed of an Ed25519 key.
const PKCS8_PREFIX: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// What the bearer of a token may do. Merchants and buyers are parties, operators are the exchange's people, auditors
/// may be either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    /// Registers rights, lists, publishes shares, offers, delivers, refunds and withdraws as its party.
    Merchant,
    /// Orders, accepts, rejects, disputes and withdraws as its party.
    Buyer,
    /// Acts for the exchange: certifies, revokes, records deposits, issues vouchers, publishes taxes and schedules,
    /// decides disputes, settles windows, ends breaks, issues certificates, refunds, sends batches; sees everything.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl TokenRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Merchant, Self::Buyer, Self::Operator, Self::Auditor];

    /// The role's name in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Buyer => "buyer",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }
}

/// Who a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A certified party.
    Party(PartyId),
    /// One of the exchange's people, by name: 1 to 64 visible ASCII characters that are not a party's id.
    Person(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(id) => id.fmt(f),
            Self::Person(name) => f.write_str(name),
        }
    }
}

impl Subject {
    /// Reads a subject: a party's id, else a name.
    ///
    /// # Errors
    /// `token.invalid` if it is neither.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Party(id));
        }
        if (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self::Person(text.to_owned()));
        }
        Err(invalid("a `sub` that is a party's id or a name of 1 to 64 visible ASCII characters"))
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// Who bears it.
    pub subject: Subject,
    /// What the bearer may do; at least one.
    pub roles: BTreeSet<TokenRole>,
    /// When it was issued; it is valid from then on. Whole seconds count.
    pub issued_at: Timestamp,
    /// When it ends. Whole seconds count.
    pub expires_at: Timestamp,
}

impl TokenClaims {
    /// A party is merchant, buyer or auditor; a person operator or auditor: so it is never in doubt for whom a token
    /// acts.
    fn check(&self) -> Result<(), Refusal> {
        let allowed = |role: &TokenRole| match (&self.subject, role) {
            (_, TokenRole::Auditor) => true,
            (Subject::Party(_), role) => *role != TokenRole::Operator,
            (Subject::Person(_), role) => *role == TokenRole::Operator,
        };
        if self.roles.is_empty() || !self.roles.iter().all(allowed) {
            return Err(invalid(
                "roles merchant, buyer or auditor for a party; operator or auditor for a person",
            ));
        }
        if self.expires_at <= self.issued_at {
            return Err(invalid("an `exp` after `iat`"));
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct WireClaims {
    iss: String,
    aud: String,
    sub: String,
    roles: BTreeSet<TokenRole>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Issues tokens. Holds the exchange's token key, which signs nothing else.
pub struct TokenSigner {
    exchange: ExchangeCode,
    public_key: PublicKey,
    key: EncodingKey,
}

impl TokenSigner {
    /// The signer of `exchange` with the Ed25519 key of `seed`.
    pub fn from_seed(seed: [u8; 32], exchange: ExchangeCode) -> Self {
        let pkcs8 = [&PKCS8_PREFIX[..], &seed].concat();
        Self {
            exchange,
            public_key: SigningKey::from_seed(seed).public_key(),
            key: EncodingKey::from_ed_der(&pkcs8),
        }
    }

    /// The key that verifies its tokens.
    pub const fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// A signed token.
    ///
    /// # Errors
    /// `token.invalid` for claims that no verifier would accept.
    pub fn mint(&self, claims: &TokenClaims) -> Result<String, Refusal> {
        claims.check()?;
        let wire = WireClaims {
            iss: self.exchange.to_string(),
            aud: AUDIENCE.to_owned(),
            sub: claims.subject.to_string(),
            roles: claims.roles.clone(),
            iat: claims.issued_at.unix_seconds(),
            nbf: claims.issued_at.unix_seconds(),
            exp: claims.expires_at.unix_seconds(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.public_key.key_id().to_string());
        jsonwebtoken::encode(&header, &wire, &self.key).map_err(|error| invalid(error.to_string()))
    }

    /// The verifier of its tokens; `now` tells the time.
    pub fn verifier(&self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> TokenVerifier {
        TokenVerifier::new(self.public_key, self.exchange.clone(), now)
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

/// Verifies tokens. Cloning shares it.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Verifier>);

struct Verifier {
    key: DecodingKey,
    validation: Validation,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Tokens whose signature and claims hold, by their digest: a signature costs more than a whole request else. Their
    /// time is asked at each use. Only what this exchange signed comes in, so nobody else can fill it.
    known: Mutex<HashMap<Digest, Known>>,
}

#[derive(Clone)]
struct Known {
    claims: TokenClaims,
    valid_from_s: i64,
    expires_at_s: i64,
}

/// Known tokens in memory; when there are more, all are forgotten and verified anew.
const KNOWN_MAX: usize = 10_000;

impl TokenVerifier {
    /// Accepts tokens of `exchange` signed with `key`; `now` tells the time.
    pub fn new(
        key: PublicKey,
        exchange: ExchangeCode,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[exchange]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would ask the system's clock; ours is an argument, see `check_time`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self(Arc::new(Verifier {
            key: DecodingKey::from_ed_der(key.as_bytes()),
            validation,
            now: Box::new(now),
            known: Mutex::default(),
        }))
    }

    /// What `token` says, if this exchange issued it and it is valid now.
    ///
    /// # Errors
    /// `token.invalid`, `token.expired`, in this order.
    pub fn verify(&self, token: &str) -> Result<TokenClaims, Refusal> {
        let name = Digest::of(token.as_bytes());
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        let known = match known {
            Some(known) => known,
            None => self.read(token).inspect(|known| self.remember(name, known.clone()))?,
        };
        check_time(known.valid_from_s, known.expires_at_s, (self.0.now)().unix_seconds())?;
        Ok(known.claims)
    }

    /// Checks everything but the time.
    fn read(&self, token: &str) -> Result<Known, Refusal> {
        let data = jsonwebtoken::decode::<WireClaims>(token, &self.0.key, &self.0.validation)
            .map_err(|error| invalid(expectation(error.kind())))?;
        if data.header.typ.as_deref() != Some(TYPE) {
            return Err(invalid("a token of type `at+jwt`"));
        }
        let wire = data.claims;
        let claims = TokenClaims {
            subject: Subject::parse(&wire.sub)?,
            roles: wire.roles,
            issued_at: Timestamp::from_unix_ms(wire.iat.saturating_mul(1000)),
            expires_at: Timestamp::from_unix_ms(wire.exp.saturating_mul(1000)),
        };
        claims.check()?;
        Ok(Known { claims, valid_from_s: wire.nbf, expires_at_s: wire.exp })
    }

    fn remember(&self, name: Digest, known: Known) {
        let mut all = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        all.insert(name, known);
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").finish_non_exhaustive()
    }
}

fn check_time(valid_from_s: i64, expires_at_s: i64, now_s: i64) -> Result<(), Refusal> {
    if valid_from_s > now_s.saturating_add(LEEWAY_SECONDS) {
        return Err(invalid(format!("a token that is valid already; this one is from {valid_from_s} on")));
    }
    if expires_at_s <= now_s.saturating_sub(LEEWAY_SECONDS) {
        let ago_s = now_s.saturating_sub(expires_at_s);
        let expected = format!("a token that has not ended; this one did {ago_s} s ago");
        return Err(Refusal::new(RefusalCode::TokenExpired, "Authorization", expected));
    }
    Ok(())
}

/// What would have been right, without echoing the token.
fn expectation(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::InvalidIssuer => "the issuer (`iss`) to be this exchange".to_owned(),
        ErrorKind::InvalidAudience => format!("the audience (`aud`) `{AUDIENCE}`"),
        ErrorKind::InvalidAlgorithm => "the algorithm `EdDSA`".to_owned(),
        ErrorKind::InvalidSignature => "a signature of this exchange's token key".to_owned(),
        ErrorKind::MissingRequiredClaim(name) => format!("the claim `{name}`"),
        _ => "a JWT with the claims iss, aud, sub, roles, iat, nbf and exp".to_owned(),
    }
}

fn invalid(expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(RefusalCode::TokenInvalid, "Authorization", expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    const NOW: Timestamp = Timestamp::from_unix_ms(1_795_315_652_000);

    fn signer(seed: u8, exchange: &str) -> TokenSigner {
        TokenSigner::from_seed([seed; 32], exchange.parse().unwrap())
    }

    fn claims(subject: &str, roles: &[TokenRole], lifetime_s: i64) -> TokenClaims {
        TokenClaims {
            subject: Subject::parse(subject).unwrap(),
            roles: roles.iter().copied().collect(),
            issued_at: NOW,
            expires_at: NOW.plus_ms(lifetime_s * 1000),
        }
    }

    fn operator() -> TokenClaims {
        claims("li.na", &[TokenRole::Operator], 60)
    }

    #[track_caller]
    fn check(token: &str, at_s: i64, expected: Result<TokenClaims, RefusalCode>) {
        let verifier = signer(1, "sh").verifier(move || NOW.plus_ms(at_s * 1000));
        assert_eq!(verifier.verify(token).map_err(|refusal| refusal.code), expected);
    }

    #[test]
    fn a_token_says_what_was_minted() {
        let party = "019aa2b4-5c00-7000-8000-000000000001";
        for claims in [operator(), claims(party, &[TokenRole::Merchant, TokenRole::Buyer], 60)] {
            check(&signer(1, "sh").mint(&claims).unwrap(), 0, Ok(claims));
        }
    }

    #[test]
    fn time_has_a_leeway_of_thirty_seconds() {
        let token = signer(1, "sh").mint(&operator()).unwrap();
        check(&token, -30, Ok(operator()));
        check(&token, -31, Err(RefusalCode::TokenInvalid));
        check(&token, 89, Ok(operator()));
        check(&token, 90, Err(RefusalCode::TokenExpired));
    }

    #[test]
    fn a_token_that_was_valid_once_still_expires() {
        let clock = Arc::new(std::sync::atomic::AtomicI64::new(NOW.unix_ms()));
        let reader = Arc::clone(&clock);
        let verifier = signer(1, "sh")
            .verifier(move || Timestamp::from_unix_ms(reader.load(std::sync::atomic::Ordering::Relaxed)));
        let token = signer(1, "sh").mint(&operator()).unwrap();
        assert_eq!(verifier.verify(&token).unwrap(), operator());
        assert_eq!(verifier.verify(&token).unwrap(), operator());
        clock.fetch_add(90_000, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(verifier.verify(&token).unwrap_err().code, RefusalCode::TokenExpired);
    }

    #[test]
    fn tokens_of_others_and_altered_ones_are_refused() {
        let token = signer(1, "sh").mint(&operator()).unwrap();
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let widened = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let widened = widened.replace("operator", "auditor");
        for bad in [
            String::new(),
            "a.b.c".to_owned(),
            signer(2, "sh").mint(&operator()).unwrap(),
            signer(1, "nj").mint(&operator()).unwrap(),
            format!("{header}.{}.{signature}", encode(&widened)),
            format!("{}.{payload}.{signature}", encode(r#"{"typ":"at+jwt","alg":"none"}"#)),
            format!("{}.{payload}.", encode(r#"{"typ":"at+jwt","alg":"none"}"#)),
            format!("{}.{payload}.{signature}", encode(r#"{"typ":"at+jwt","alg":"HS256"}"#)),
        ] {
            check(&bad, 0, Err(RefusalCode::TokenInvalid));
        }
    }

    #[test]
    fn an_entry_is_not_a_token() {
        let wire = WireClaims {
            iss: "sh".into(),
            aud: AUDIENCE.into(),
            sub: "li.na".into(),
            roles: [TokenRole::Operator].into(),
            iat: NOW.unix_seconds(),
            nbf: NOW.unix_seconds(),
            exp: NOW.unix_seconds() + 60,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("databourse+jwt".to_owned());
        let token = jsonwebtoken::encode(&header, &wire, &signer(1, "sh").key).unwrap();
        check(&token, 0, Err(RefusalCode::TokenInvalid));
    }

    #[test]
    fn a_party_never_operates_and_a_person_never_trades() {
        let party = "019aa2b4-5c00-7000-8000-000000000001";
        for bad in [
            claims(party, &[TokenRole::Operator], 60),
            claims("li.na", &[TokenRole::Buyer], 60),
            claims("li.na", &[TokenRole::Operator, TokenRole::Merchant], 60),
            claims("li.na", &[], 60),
            claims("li.na", &[TokenRole::Operator], 0),
        ] {
            assert_eq!(signer(1, "sh").mint(&bad).unwrap_err().code, RefusalCode::TokenInvalid, "{bad:?}");
        }
    }
}
