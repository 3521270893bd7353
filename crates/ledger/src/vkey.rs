//! Public keys of notes and the two signature types that this system knows (C2SP signed-note, tlog-cosignature).

use crate::{
    encoding::{base64, parse_base64, parse_hex_u32},
    key::{verify_signature, verifying_key},
    note::{NoteError, NoteSignature, check_name},
};
use databourse_primitives::PublicKey;
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// What a note key signs (C2SP signed-note, section "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKeyType {
    /// 0x01: Ed25519 over the text of a note. The key of a log.
    Ed25519,
    /// 0x04: cosignature/v1 over a time and a checkpoint (C2SP tlog-cosignature). The key of a witness.
    CosignatureV1,
    /// 0x06: an ML-DSA-44 cosignature over its own name, a time and a checkpoint (C2SP tlog-cosignature). The key of a
    /// witness, too.
    #[cfg(feature = "ml-dsa")]
    MlDsa44,
}

impl NoteKeyType {
    /// The identifier byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44 => 0x06,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::CosignatureV1),
            #[cfg(feature = "ml-dsa")]
            0x06 => Some(Self::MlDsa44),
            _ => None,
        }
    }

    /// Whether it is a witness's.
    pub const fn cosigns(self) -> bool {
        !matches!(self, Self::Ed25519)
    }
}

/// The bytes of a public key, of the algorithm that its type names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Material {
    Ed25519(PublicKey),
    #[cfg(feature = "ml-dsa")]
    MlDsa44(crate::ml_dsa::MlDsaPublicKey),
}

impl Material {
    /// Reads the key bytes behind the type byte.
    fn read(key_type: NoteKeyType, bytes: &[u8]) -> Result<Self, NoteError> {
        match key_type {
            NoteKeyType::Ed25519 | NoteKeyType::CosignatureV1 => {
                let bytes = bytes.try_into().map_err(|_| NoteError::KeyMalformed)?;
                let key = PublicKey::from_bytes(bytes);
                verifying_key(&key).map_err(|_| NoteError::KeyInvalid)?;
                Ok(Self::Ed25519(key))
            }
            #[cfg(feature = "ml-dsa")]
            NoteKeyType::MlDsa44 => {
                crate::ml_dsa::MlDsaPublicKey::read(bytes).map(Self::MlDsa44).ok_or(NoteError::KeyMalformed)
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.as_bytes(),
            #[cfg(feature = "ml-dsa")]
            Self::MlDsa44(key) => key.as_bytes(),
        }
    }
}

/// A public key of a log or a witness. Text form `<name>+<8 hex digits>+<base64(type ‖ key)>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    key_type: NoteKeyType,
    material: Material,
    key_id: u32,
}

impl VerifierKey {
    /// Puts a name, a type and an Ed25519 key together and computes the key id.
    ///
    /// # Errors
    /// `NameInvalid`, or `KeyInvalid` if no signature can verify under the key; `KeyMalformed` for a type of another
    /// algorithm.
    pub fn new(
        name: impl Into<String>,
        key_type: NoteKeyType,
        public_key: PublicKey,
    ) -> Result<Self, NoteError> {
        Self::of_bytes(name.into(), key_type, public_key.as_bytes())
    }

    /// Puts a name, a type and the bytes of a key of that type together.
    pub(crate) fn of_bytes(name: String, key_type: NoteKeyType, bytes: &[u8]) -> Result<Self, NoteError> {
        check_name(&name)?;
        let material = Material::read(key_type, bytes)?;
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name.as_bytes())
            .chain_update([b'\n', key_type.byte()])
            .chain_update(material.bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        Ok(Self { name, key_type, material, key_id: u32::from_be_bytes([a, b, c, d]) })
    }

    /// The key's name; for a log it is the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn key_type(&self) -> NoteKeyType {
        self.key_type
    }

    /// The key's bytes: 32 of an Ed25519 key, 1,312 of an ML-DSA-44 key.
    pub fn key_bytes(&self) -> &[u8] {
        self.material.bytes()
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key), big-endian.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// Whether the line says that this key made it: name **and** id are equal.
    pub fn claims(&self, signature: &NoteSignature) -> bool {
        signature.key_id == self.key_id && signature.name == self.name
    }

    /// Verifies one signature of this key over a note's text.
    ///
    /// # Errors
    /// `SignatureInvalid`: another key's line, a wrong length, a time above 2^63 - 1, or bytes that do not verify.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> Result<VerifiedSignature, NoteError> {
        self.verified_time_s(text, signature)
            .map(|time_s| VerifiedSignature { name: self.name.clone(), key_id: self.key_id, time_s })
            .ok_or_else(|| NoteError::SignatureInvalid { name: self.name.clone(), key_id: self.key_id })
    }

    fn verified_time_s(&self, text: &str, signature: &NoteSignature) -> Option<Option<u64>> {
        if !self.claims(signature) {
            return None;
        }
        match (self.key_type, &self.material) {
            (NoteKeyType::Ed25519, Material::Ed25519(public_key)) => {
                let bytes = signature.bytes.as_slice().try_into().ok()?;
                verify_signature(public_key, text.as_bytes(), bytes).ok()?;
                Some(None)
            }
            (NoteKeyType::CosignatureV1, Material::Ed25519(public_key)) => {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>()?;
                let time_s = u64::from_be_bytes(*time);
                let message = cosigned_message(text, time_s).ok()?;
                verify_signature(public_key, message.as_bytes(), bytes.try_into().ok()?).ok()?;
                Some(Some(time_s))
            }
            #[cfg(feature = "ml-dsa")]
            (NoteKeyType::MlDsa44, Material::MlDsa44(public_key)) => {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>()?;
                let time_s = u64::from_be_bytes(*time);
                let checkpoint = text.parse().ok()?;
                let message = crate::ml_dsa::cosigned_message(&self.name, &checkpoint, time_s).ok()?;
                public_key.verify(&message, bytes).then_some(Some(time_s))
            }
            #[cfg(feature = "ml-dsa")]
            _ => None,
        }
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;
    fn from_str(text: &str) -> Result<Self, NoteError> {
        // Base64 has `+` of its own, names and hex digits have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(key_id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::KeyMalformed);
        };
        check_name(name)?;
        let key_id = parse_hex_u32(key_id).ok_or(NoteError::KeyMalformed)?;
        let bytes = parse_base64(encoded).ok_or(NoteError::KeyMalformed)?;
        let (kind, key) = bytes.split_first().ok_or(NoteError::KeyMalformed)?;
        let key_type = NoteKeyType::from_byte(*kind).ok_or(NoteError::KeyTypeUnknown(*kind))?;
        let key = Self::of_bytes(name.to_owned(), key_type, key)?;
        if key.key_id == key_id { Ok(key) } else { Err(NoteError::KeyIdDiffers) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.key_type.byte()], self.material.bytes()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.key_id, base64(&bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

databourse_primitives::serde_as_string!(VerifierKey);

/// Proof that a key signed: who, and for a cosignature when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: u32,
    /// Seconds since the epoch that a cosignature states; `None` for type 0x01.
    pub time_s: Option<u64>,
}

/// C2SP tlog-cosignature, section "Ed25519 signed message".
pub(crate) fn cosigned_message(text: &str, time_s: u64) -> Result<String, NoteError> {
    if i64::try_from(time_s).is_err() {
        return Err(NoteError::TimeOutOfRange);
    }
    Ok(format!("cosignature/v1\ntime {time_s}\n{text}"))
}

/// What `key` signed of this note: nothing, or its line with the latest time. Every line of it must hold.
pub(crate) fn verify_one(
    text: &str,
    signatures: &[NoteSignature],
    key: &VerifierKey,
) -> Result<Option<VerifiedSignature>, NoteError> {
    let lines = signatures.iter().filter(|line| key.claims(line));
    let verified: Result<Vec<_>, _> = lines.map(|line| key.verify(text, line)).collect();
    Ok(verified?.into_iter().max_by_key(|signature| signature.time_s))
}

/// Every key of `keys` that signed, once each, in the order of `keys`.
pub(crate) fn verify_all(
    text: &str,
    signatures: &[NoteSignature],
    keys: &[VerifierKey],
) -> Result<Vec<VerifiedSignature>, NoteError> {
    let mut verified: Vec<VerifiedSignature> = Vec::new();
    for key in keys {
        if let Some(signature) = verify_one(text, signatures, key)?
            && !verified.contains(&signature)
        {
            verified.push(signature);
        }
    }
    if verified.is_empty() { Err(NoteError::NoTrustedSignature) } else { Ok(verified) }
}
