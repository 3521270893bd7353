//! ML-DSA-44 (FIPS 204) cosignatures (C2SP tlog-cosignature, type 0x06): keys, signatures and what is signed.
//!
//! The signature is of the pure variant with an empty context. It is made deterministically (FIPS 204 §3.4 allows both), so
//! that a node that signs the same checkpoint at the same second says the same bytes.

use crate::{Checkpoint, NoteError};
use ml_dsa::{EncodedVerifyingKey, Keypair as _, MlDsa44, Signature, SigningKey, VerifyingKey};
use std::{fmt, sync::Arc};

/// Bytes of a public key (FIPS 204, table 2).
pub const ML_DSA_44_KEY_BYTES: usize = 1_312;

/// Bytes of a signature (FIPS 204, table 2).
pub const ML_DSA_44_SIGNATURE_BYTES: usize = 2_420;

const LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// A private ML-DSA-44 key. Cloning shares it.
#[derive(Clone)]
pub struct MlDsaKey(Arc<SigningKey<MlDsa44>>);

impl MlDsaKey {
    /// The key of a seed of 32 bytes (FIPS 204, algorithm 6).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Arc::new(SigningKey::from_seed(&seed.into())))
    }

    /// The public key's bytes.
    pub fn public_bytes(&self) -> Vec<u8> {
        self.0.verifying_key().encode().to_vec()
    }

    /// Signs a message; empty if the scheme's rejection loop does not end, which no message makes it do.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.0.expanded_key().sign_deterministic(message, b"");
        signature.map(|signature| signature.encode().to_vec()).unwrap_or_default()
    }
}

impl fmt::Debug for MlDsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlDsaKey(..)")
    }
}

/// A public ML-DSA-44 key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MlDsaPublicKey(Box<[u8]>);

impl MlDsaPublicKey {
    /// Any bytes of the right number are a key (FIPS 204, algorithm 23).
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == ML_DSA_44_KEY_BYTES).then(|| Self(bytes.into()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(encoded) = EncodedVerifyingKey::<MlDsa44>::try_from(&*self.0) else { return false };
        let Ok(signature) = Signature::<MlDsa44>::try_from(signature) else { return false };
        VerifyingKey::<MlDsa44>::decode(&encoded).verify_with_context(message, b"", &signature)
    }
}

/// C2SP tlog-cosignature, section "ML-DSA-44 signed message", for a whole tree.
///
/// # Errors
/// `TimeOutOfRange` above 2^63 - 1; `NameInvalid` for a name or origin of no or more than 255 bytes.
pub(crate) fn cosigned_message(
    cosigner: &str,
    checkpoint: &Checkpoint,
    time_s: u64,
) -> Result<Vec<u8>, NoteError> {
    if i64::try_from(time_s).is_err() {
        return Err(NoteError::TimeOutOfRange);
    }
    let mut message = LABEL.to_vec();
    text(&mut message, cosigner)?;
    message.extend(time_s.to_be_bytes());
    text(&mut message, &checkpoint.origin)?;
    message.extend(0_u64.to_be_bytes());
    message.extend(checkpoint.size.0.to_be_bytes());
    message.extend(checkpoint.root.as_bytes());
    Ok(message)
}

/// `opaque text<1..2^8-1>` of RFC 8446 §3.4.
fn text(message: &mut Vec<u8>, text: &str) -> Result<(), NoteError> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length > 0).ok_or(NoteError::NameInvalid)?;
    message.push(length);
    message.extend(text.as_bytes());
    Ok(())
}
