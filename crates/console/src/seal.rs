//! What the console hands to a browser and wants back unread and unaltered: cookies under authenticated encryption.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a random nonce of 24 bytes and the purpose as associated data, so that what was sealed
//! for one purpose does not open for another. The key follows from a secret of the node.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// Seals and opens.
pub(crate) struct Seal {
    cipher: XChaCha20Poly1305,
}

/// The system gave no randomness, or a value cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be sealed: {0}")]
pub(crate) struct SealError(pub(crate) String);

impl Seal {
    /// A seal whose key follows from `secret`, which has other uses.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"databourse console cookies v1\n");
        hasher.update(secret);
        let key = Zeroizing::new(<[u8; 32]>::from(hasher.finalize()));
        Self { cipher: XChaCha20Poly1305::new((&*key).into()) }
    }

    /// `value` as text that only this seal opens, and only for `purpose`.
    ///
    /// # Errors
    /// [`SealError`].
    pub(crate) fn close<T: Serialize>(&self, purpose: &str, value: &T) -> Result<String, SealError> {
        let text = serde_json::to_vec(value).map_err(|error| SealError(error.to_string()))?;
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: &text, aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| SealError(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed for `purpose`; nothing if it was not, or was altered.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let text = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Bytes that nobody can guess.
///
/// # Errors
/// The system gave none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], SealError> {
    use rand::TryRng as _;
    let mut bytes = [0; N];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|error| SealError(error.to_string()))?;
    Ok(bytes)
}

/// A text of 32 unguessable bytes.
///
/// # Errors
/// As [`random`].
pub(crate) fn random_text() -> Result<String, SealError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(crate) fn are_equal(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    one.iter().zip(&other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_seal_opens_for_the_same_purpose() {
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.close("session", &("buyer".to_owned(), 3)).unwrap();
        let opened = |seal: &Seal, purpose, text: &str| seal.open::<(String, u8)>(purpose, text);
        assert_eq!(opened(&seal, "session", &sealed), Some(("buyer".to_owned(), 3)));
        assert_eq!(opened(&seal, "state", &sealed), None);
        assert_eq!(opened(&Seal::new(&[8; 32]), "session", &sealed), None);
        for place in [0, 30, 40, sealed.len() - 1] {
            let mut altered = sealed.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(opened(&seal, "session", &altered), None, "{place}");
        }
        assert_eq!(opened(&seal, "session", ""), None);
        assert_ne!(seal.close("session", &1).unwrap(), seal.close("session", &1).unwrap());
    }

    #[test]
    fn equality_is_of_the_whole() {
        assert!(are_equal("a", "a"));
        assert!(!are_equal("a", "b") && !are_equal("a", "") && !are_equal("a", "aa"));
    }
}
