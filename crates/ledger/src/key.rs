//! The one signature rule: Ed25519 (RFC 8032), strict.

use databourse_primitives::{KeyId, PublicKey};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use std::fmt;

/// An Ed25519 private key. Its bytes are wiped when it is dropped, each clone's too, and `Debug` shows the public
/// name only.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Takes the 32-byte seed of RFC 8032 §5.1.5. Drawing, keeping and wiping the seed is the caller's work.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// The name of the public half: its RFC 7638 thumbprint, which stands as `kid` in entries.
    pub fn key_id(&self) -> KeyId {
        self.public_key().key_id()
    }

    /// Signs `message` (RFC 8032 §5.1.6; deterministic). The 64 bytes are R ‖ S.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

/// The signature does not hold under the rule of [`verify_signature`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureError;

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not verify")
    }
}

impl std::error::Error for SignatureError {}

/// Verifies an Ed25519 signature. This is the only rule in the system, for entries, checkpoints, cosignatures and
/// consensus messages alike, whether they are checked now, at replay or in an audit:
///
/// 1. the public key is 32 bytes that decode to a point (RFC 8032 §5.1.3), written canonically (y < p), and that
///    point is not of small order;
/// 2. R is canonical and not of small order, S is below the group order (RFC 8032 §5.1.7 step 1);
/// 3. S·B = R + k·A **without** the cofactor, with k = SHA-512(R ‖ A ‖ message) over the bytes as given.
///
/// A key of mixed order is let through: rule 3 decides each of its signatures alone, and the same way everywhere.
/// A batch verifier decides rule 3 with the cofactor, or with random weights, and may answer otherwise on crafted
/// input. So nothing here verifies in batches, and whoever adds it must refuse exactly what this refuses.
///
/// # Errors
/// [`SignatureError`] whichever condition fails; the reasons are deliberately not told apart.
pub fn verify_signature(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
    verifying_key(key)?.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| SignatureError)
}

/// Condition 1 of [`verify_signature`]: whether anything could ever verify under this key.
pub(crate) fn verifying_key(key: &PublicKey) -> Result<VerifyingKey, SignatureError> {
    let point = VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| SignatureError)?;
    if point.is_weak() || !is_canonical(key.as_bytes()) {
        return Err(SignatureError);
    }
    Ok(point)
}

/// Whether the y coordinate is below p = 2^255 - 19. The sign bit is the top bit of the last byte.
fn is_canonical(key: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = key;
    !(*first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last & 0x7f == 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    #[track_caller]
    fn check(key: &str, message: &[u8], r: &str, s: &str, holds: bool) {
        let key = PublicKey::from_bytes(bytes(key));
        let signature = bytes(&format!("{r}{s}"));
        assert_eq!(verify_signature(&key, message, &signature).is_ok(), holds);
    }

    // RFC 8032 §7.1, test 1 (empty message).
    const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const R: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155";
    const S: &str = "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    const IDENTITY: &str = "0100000000000000000000000000000000000000000000000000000000000000";

    #[test]
    fn the_signature_of_rfc_8032_holds_and_is_what_we_sign() {
        check(KEY, b"", R, S, true);
        check(KEY, b"x", R, S, false);
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SigningKey::from_seed(seed);
        assert_eq!(key.public_key(), PublicKey::from_bytes(bytes(KEY)));
        assert_eq!(hex::encode(key.sign(b"")), format!("{R}{S}"));
    }

    #[test]
    fn s_plus_the_group_order_is_refused() {
        // S + L, the malleable twin of the signature above.
        let mut twin = bytes::<32>(S);
        let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut carry = 0u16;
        for (digit, add) in twin.iter_mut().zip(order) {
            let sum = u16::from(*digit) + u16::from(add) + carry;
            *digit = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        check(KEY, b"", R, &hex::encode(twin), false);
    }

    /// The eight points of small order and their non-canonical spellings.
    const SMALL_ORDER: [&str; 14] = [
        IDENTITY,
        ZERO,
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        for key in SMALL_ORDER {
            for r in SMALL_ORDER {
                check(key, b"any message at all", r, ZERO, false);
            }
            assert_eq!(verifying_key(&PublicKey::from_bytes(bytes(key))), Err(SignatureError), "{key}");
        }
        for r in SMALL_ORDER {
            check(KEY, b"", r, S, false);
        }
    }

    #[test]
    fn a_key_has_one_encoding_on_the_curve() {
        // y + p for the y below 19 that lie on the curve: same points, other bytes, so other thumbprints.
        for low in 0xed..=0xff_u8 {
            for last in [0x7f, 0xff] {
                let mut key = [0xff; 32];
                key[0] = low;
                key[31] = last;
                assert_eq!(verifying_key(&PublicKey::from_bytes(key)), Err(SignatureError));
            }
        }
        assert!(is_canonical(&bytes(SMALL_ORDER[8])), "p - 1 is below p");
        // 2 is not the y of any point.
        let mut none = [0; 32];
        none[0] = 2;
        assert_eq!(verifying_key(&PublicKey::from_bytes(none)), Err(SignatureError));
    }

    #[test]
    fn debug_shows_the_name_only() {
        let key = SigningKey::from_seed([7; 32]);
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.key_id().to_string()));
        assert!(!shown.contains(&hex::encode([7; 32])) && !shown.contains("7, 7"));
    }
}
