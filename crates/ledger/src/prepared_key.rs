//! A public key that checks many signatures: what depends on the key alone is worked out once.

use crate::key::{SignatureError, verifying_key};
use databourse_primitives::{KeyId, PublicKey};
use ed25519_dalek::{Signature, VerifyingKey};

/// A public key that was read and found usable. It decides exactly as [`crate::verify_signature`] does, each signature
/// alone; a caller with many signatures of one key saves reading the key each time.
#[derive(Debug, Clone)]
pub struct PreparedKey {
    key: PublicKey,
    key_id: KeyId,
    /// `None` if nothing can verify under it.
    point: Option<VerifyingKey>,
}

impl PreparedKey {
    /// Reads `key`.
    pub fn new(key: PublicKey) -> Self {
        Self { key, key_id: key.key_id(), point: verifying_key(&key).ok() }
    }

    /// The key.
    pub const fn public_key(&self) -> PublicKey {
        self.key
    }

    /// Its name.
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The answer of [`crate::verify_signature`] under this key.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        let point = self.point.as_ref().ok_or(SignatureError)?;
        point.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| SignatureError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, verify_signature};

    #[test]
    fn a_prepared_key_answers_as_the_one_rule_does() {
        let key = SigningKey::from_seed([1; 32]);
        let signature = key.sign(b"text");
        let mut altered = signature;
        altered[40] ^= 1;
        let weak = PublicKey::from_bytes([0; 32]);
        for public in [key.public_key(), SigningKey::from_seed([2; 32]).public_key(), weak] {
            let prepared = PreparedKey::new(public);
            assert_eq!((prepared.public_key(), prepared.key_id()), (public, public.key_id()));
            for (message, signature) in
                [(&b"text"[..], &signature), (b"other", &signature), (b"text", &altered)]
            {
                let rule = verify_signature(&public, message, signature);
                assert_eq!(prepared.verify(message, signature), rule);
            }
        }
    }
}
