//! Public keys and their names. The algorithm is Ed25519 (RFC 8032); its name stands in the data.

use crate::{ParseError, serde_as_string};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// An Ed25519 public key as 32 raw bytes. Text form `ed25519:<43 base64url characters>`.
///
/// Whether the bytes are a point on the curve is decided by whoever verifies a signature with them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Wraps 32 raw bytes (RFC 8032 §5.1.5).
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's name: its JWK thumbprint (RFC 7638 with the members of RFC 8037 §2).
    pub fn key_id(&self) -> KeyId {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        KeyId(Sha256::digest(members.as_bytes()).into())
    }
}

impl FromStr for PublicKey {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.strip_prefix("ed25519:")
            .and_then(decode_32)
            .map(Self)
            .ok_or(ParseError::new("`ed25519:` and a 32-byte public key in base64url without padding"))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519:")?;
        write_32(&self.0, f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}
serde_as_string!(PublicKey);

/// Name of a key: the RFC 7638 thumbprint, which binds it to the key's bytes. Text form: 43 base64url characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 32]);

impl FromStr for KeyId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        decode_32(text)
            .map(Self)
            .ok_or(ParseError::new("an RFC 7638 key thumbprint: 43 base64url characters without padding"))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_32(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
serde_as_string!(KeyId);

fn write_32(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; 43];
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).map_err(|_| fmt::Error)?;
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn decode_32(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and thumbprint of RFC 8037, appendix A.3.
    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let key: PublicKey = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".parse().unwrap();
        assert_eq!(key.key_id().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.key_id().to_string().parse::<KeyId>().unwrap(), key.key_id());
    }

    #[test]
    fn a_key_has_one_spelling() {
        for bad in [
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR",
            "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
            "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad} should be refused");
        }
    }
}
