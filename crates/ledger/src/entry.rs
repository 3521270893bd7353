//! The entry: one signed statement of one author, a compact JWS (RFC 7515 §3.1) with `EdDSA` (RFC 8037 §3.1).
//! `docs/ENTRY.md` is this file for somebody who writes a client in another language.

use crate::{
    Claims,
    encoding::{base64url, parse_base64url},
    json::{self, MembersError},
    key::{SigningKey, verify_signature},
    prepared_key::PreparedKey,
};
use databourse_merkle::Hash;
use databourse_primitives::{KeyId, PublicKey, Refusal, RefusalCode};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// The longest entry in bytes: what the uint16 length of an entry bundle can say.
pub const ENTRY_BYTES_MAX: usize = 65_535;

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "databourse+jwt";

/// A parsed entry. Parsing proves its form, not its signature: see [`Entry::verify`]. Cloning shares the bytes.
#[derive(Clone)]
pub struct Entry(Arc<Parts>);

struct Parts {
    /// The compact serialization; the leaf is made of exactly these bytes.
    text: Box<str>,
    /// Length of `header.payload`, the JWS signing input (RFC 7515 §5.1 step 5), in bytes.
    signed_bytes: usize,
    kid: KeyId,
    claims: Claims,
    signature: [u8; 64],
    /// Computed when it is asked for first: pool, check, tree and store all ask for it.
    leaf_hash: OnceLock<Hash>,
}

impl Entry {
    /// Reads an entry of at most [`ENTRY_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// `entry.too_large`; `entry.malformed` with the failing part as field: empty, `header`, `header.alg`,
    /// `payload`, `payload.id`, `signature` and so on. Refused are also unknown or repeated members, `crit`, `jwk`,
    /// `b64`, and base64url with padding or with set unused bits.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(too_large());
        }
        let text =
            std::str::from_utf8(bytes).map_err(|_| malformed("", "a compact JWS in ASCII, RFC 7515 §3.1"))?;
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("", "three base64url parts joined by `.`, RFC 7515 §3.1"));
        };
        let kid = parse_header(&decode(header, "header")?).map_err(|error| within("header", error))?;
        let claims =
            Claims::from_json(&decode(payload, "payload")?).map_err(|error| within("payload", error))?;
        let signature_bytes = parse_base64url(signature).and_then(|bytes| bytes.try_into().ok());
        Ok(Self(Arc::new(Parts {
            signed_bytes: header.len() + 1 + payload.len(),
            kid,
            claims,
            signature: signature_bytes
                .ok_or_else(|| malformed("signature", "64 bytes in base64url without padding"))?,
            text: text.into(),
            leaf_hash: OnceLock::new(),
        })))
    }

    /// Signs `claims`. The same claims and key always give the same bytes.
    ///
    /// # Errors
    /// As [`Entry::parse`]: claims that no reader would accept are not signed.
    pub fn sign(claims: &Claims, key: &SigningKey) -> Result<Self, Refusal> {
        claims.check().map_err(|error| within("payload", error))?;
        let kid = key.key_id();
        let header = format!(r#"{{"alg":"{ALGORITHM}","kid":"{kid}","typ":"{TYPE}"}}"#);
        let mut text = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.to_json().as_bytes()));
        let signed_bytes = text.len();
        let signature = key.sign(text.as_bytes());
        text.push('.');
        text.push_str(&base64url(&signature));
        if text.len() > ENTRY_BYTES_MAX {
            return Err(too_large());
        }
        let (text, claims, leaf_hash) = (text.into(), claims.clone(), OnceLock::new());
        Ok(Self(Arc::new(Parts { text, signed_bytes, kid, claims, signature, leaf_hash })))
    }

    /// Verifies the signature under the one rule of [`verify_signature`], RFC 8037 §3.1.
    ///
    /// # Errors
    /// `signature.invalid` if `key` is not the key that `kid` names (field `header.kid`), or the signature does not
    /// hold (field `signature`).
    pub fn verify(&self, key: &PublicKey) -> Result<(), Refusal> {
        if key.key_id() != self.0.kid {
            return Err(Refusal::new(
                RefusalCode::SignatureInvalid,
                "header.kid",
                "the RFC 7638 thumbprint of the key",
            ));
        }
        let signed = &self.bytes()[..self.0.signed_bytes];
        verify_signature(key, signed, &self.0.signature).map_err(|_| signature_invalid())
    }

    /// As [`Entry::verify`], with a key that checks many signatures.
    ///
    /// # Errors
    /// As [`Entry::verify`].
    pub fn verify_with(&self, key: &PreparedKey) -> Result<(), Refusal> {
        if key.key_id() != self.0.kid {
            return self.verify(&key.public_key());
        }
        let signed = &self.bytes()[..self.0.signed_bytes];
        key.verify(signed, &self.0.signature).map_err(|_| signature_invalid())
    }

    /// The entry as it travels and as it is hashed.
    pub fn bytes(&self) -> &[u8] {
        self.0.text.as_bytes()
    }

    /// The same bytes as text; an entry is ASCII.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The name of the key that signed it.
    pub fn kid(&self) -> KeyId {
        self.0.kid
    }

    /// What it states.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// Its leaf in the ledger: SHA-256(0x00 ‖ bytes), RFC 6962 §2.1.
    pub fn leaf_hash(&self) -> Hash {
        *self.0.leaf_hash.get_or_init(|| databourse_merkle::leaf_hash(self.bytes()))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}
impl Eq for Entry {}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims = self.claims();
        write!(f, "Entry({} {} by {})", claims.entry_type, claims.id, self.0.kid)
    }
}

/// The protected header (RFC 7515 §4): exactly `alg`, `kid`, `typ`, in any order. Gives the key's name.
fn parse_header(text: &str) -> Result<KeyId, MembersError> {
    let [algorithm, kid, typ] = json::members(text, ["alg", "kid", "typ"])?;
    let fixed = |raw, member, expected: &str| {
        let given: std::borrow::Cow<'_, str> = json::value(json::required(raw, member)?, member)?;
        if given == expected {
            Ok(())
        } else {
            Err(MembersError { member, expected: format!("`{expected}`") })
        }
    };
    fixed(algorithm, "alg", ALGORITHM)?;
    fixed(typ, "typ", TYPE)?;
    json::value(json::required(kid, "kid")?, "kid")
}

fn decode(part: &str, name: &'static str) -> Result<String, Refusal> {
    parse_base64url(part)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| malformed(name, "UTF-8 in base64url without padding"))
}

fn within(part: &str, error: MembersError) -> Refusal {
    malformed(error.member, error.expected).within(part)
}

fn signature_invalid() -> Refusal {
    Refusal::new(
        RefusalCode::SignatureInvalid,
        "signature",
        "an Ed25519 signature of header and payload by the key that `kid` names",
    )
}

fn malformed(field: &'static str, expected: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(RefusalCode::EntryMalformed, field, expected)
}

fn too_large() -> Refusal {
    Refusal::new(RefusalCode::EntryTooLarge, "", "at most 65535 bytes")
}
