//! The keys of an exchange: what each is for, since when, which came before, and the proof that a new one is its own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_ledger::{SigningKey, verify_signature};
use databourse_primitives::{ExchangeCode, Height, Line, PublicKey, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// What an exchange signs with a key. Each purpose has a key of its own, so that a signature can only mean one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Entries.
    Entry,
    /// Checkpoints, as the log.
    Checkpoint,
    /// Cosignatures of checkpoints.
    Cosignature,
    /// Messages of the agreement on blocks.
    Consensus,
}

impl KeyPurpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Entry, Self::Checkpoint, Self::Cosignature, Self::Consensus];

    /// The purpose's name in JSON and in what a proof signs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Checkpoint => "checkpoint",
            Self::Cosignature => "cosignature",
            Self::Consensus => "consensus",
        }
    }
}

/// A key that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierKey {
    /// The key.
    pub key: PublicKey,
    /// The first height at which it was in force.
    pub since_height: Height,
    /// The first height at which it no longer was.
    pub until_height: Height,
}

/// The keys that an exchange had for one purpose. At every height since the first exactly one is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHistory {
    /// The latest.
    pub key: PublicKey,
    /// The first height at which it is in force; it may still lie ahead.
    pub since_height: Height,
    /// Those before it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierKey>,
}

impl KeyHistory {
    /// A first key.
    pub const fn new(key: PublicKey, since_height: Height) -> Self {
        Self { key, since_height, earlier: Vec::new() }
    }

    /// The key in force at `height`; none before the first.
    pub fn at(&self, height: Height) -> Option<&PublicKey> {
        if self.since_height <= height {
            return Some(&self.key);
        }
        let in_force =
            |earlier: &&EarlierKey| earlier.since_height <= height && height < earlier.until_height;
        self.earlier.iter().find(in_force).map(|earlier| &earlier.key)
    }

    /// Every key, also those of the past.
    pub fn all(&self) -> impl Iterator<Item = &PublicKey> {
        self.earlier.iter().map(|earlier| &earlier.key).chain(std::iter::once(&self.key))
    }

    /// The history with `key` in force from `since_height` on, which is above that of the latest.
    #[must_use]
    pub(crate) fn replaced(mut self, key: PublicKey, since_height: Height) -> Self {
        self.earlier.push(EarlierKey {
            key: self.key,
            since_height: self.since_height,
            until_height: since_height,
        });
        Self { key, since_height, earlier: self.earlier }
    }
}

/// 64 bytes of an Ed25519 signature by which a key proves that whoever proposes it has it; base64 in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PossessionProof(pub [u8; 64]);

impl Serialize for PossessionProof {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for PossessionProof {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes: Option<[u8; 64]> =
            STANDARD.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected 64 bytes in base64"))
    }
}

impl PossessionProof {
    /// Proves that whoever has `key` gives it to `exchange` of the region of `origin` for `purpose`, by its signature over
    /// [`NewKey::signed_bytes`].
    pub fn of(origin: &Line, exchange: &ExchangeCode, purpose: KeyPurpose, key: &SigningKey) -> Self {
        Self(key.sign(&NewKey::signed_bytes(origin, exchange, purpose, &key.public_key())))
    }

    /// Checks that it is `key`'s.
    ///
    /// # Errors
    /// `member.proof_invalid`, without a field.
    pub fn verify(
        &self,
        origin: &Line,
        exchange: &ExchangeCode,
        purpose: KeyPurpose,
        key: &PublicKey,
    ) -> Result<(), Refusal> {
        verify_signature(key, &NewKey::signed_bytes(origin, exchange, purpose, key), &self.0).map_err(|_| {
            let expected = "the new key's own signature over region, exchange, purpose and key";
            Refusal::new(RefusalCode::MemberProofInvalid, "", expected)
        })
    }
}

/// A key that an exchange will sign with, and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The key.
    pub key: PublicKey,
    /// Its signature over [`NewKey::signed_bytes`].
    pub proof: PossessionProof,
}

impl NewKey {
    /// The bytes that a new key signs, each line ended by U+000A:
    ///
    /// ```text
    /// databourse key v1
    /// <origin>
    /// <exchange>
    /// <purpose>
    /// <key>
    /// ```
    ///
    /// So nobody can claim another's key, or its own for another region, exchange or purpose.
    pub fn signed_bytes(
        origin: &Line,
        exchange: &ExchangeCode,
        purpose: KeyPurpose,
        key: &PublicKey,
    ) -> Vec<u8> {
        let purpose = purpose.as_str();
        format!("databourse key v1\n{}\n{exchange}\n{purpose}\n{key}\n", origin.as_str()).into_bytes()
    }

    /// Proves that whoever has `key` gives it to `exchange` for `purpose`.
    pub fn prove(origin: &Line, exchange: &ExchangeCode, purpose: KeyPurpose, key: &SigningKey) -> Self {
        Self { key: key.public_key(), proof: PossessionProof::of(origin, exchange, purpose, key) }
    }

    /// Checks the proof.
    ///
    /// # Errors
    /// `member.proof_invalid` at `proof`.
    pub fn verify(&self, origin: &Line, exchange: &ExchangeCode, purpose: KeyPurpose) -> Result<(), Refusal> {
        self.proof.verify(origin, exchange, purpose, &self.key).map_err(|refusal| refusal.within("proof"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    #[test]
    fn at_every_height_one_key_is_in_force() {
        let [one, two, three] = [1, 2, 3].map(|seed| key(seed).public_key());
        let history = KeyHistory::new(one, Height(4)).replaced(two, Height(9)).replaced(three, Height(10));
        let check = |height, expected| assert_eq!(history.at(Height(height)), expected, "height {height}");
        check(3, None);
        check(4, Some(&one));
        check(8, Some(&one));
        check(9, Some(&two));
        check(10, Some(&three));
        check(u64::MAX, Some(&three));
        assert_eq!(history.all().collect::<Vec<_>>(), [&one, &two, &three]);
    }

    #[test]
    fn a_proof_is_for_one_region_exchange_purpose_and_key() {
        let origin: Line = "databourse.example/delta".parse().unwrap();
        let (sh, js): (ExchangeCode, ExchangeCode) = ("sh".parse().unwrap(), "js".parse().unwrap());
        let proven = NewKey::prove(&origin, &sh, KeyPurpose::Consensus, &key(1));
        let check = |new: &NewKey, origin: &Line, exchange: &ExchangeCode, purpose, holds: bool| {
            assert_eq!(new.verify(origin, exchange, purpose).is_ok(), holds);
        };
        check(&proven, &origin, &sh, KeyPurpose::Consensus, true);
        check(&proven, &"elsewhere.example".parse().unwrap(), &sh, KeyPurpose::Consensus, false);
        check(&proven, &origin, &js, KeyPurpose::Consensus, false);
        check(&proven, &origin, &sh, KeyPurpose::Entry, false);
        let stolen = NewKey { key: key(2).public_key(), ..proven.clone() };
        check(&stolen, &origin, &sh, KeyPurpose::Consensus, false);
        let json = serde_json::to_string(&proven).unwrap();
        assert_eq!(serde_json::from_str::<NewKey>(&json).unwrap(), proven);
        assert_eq!(
            NewKey::signed_bytes(&origin, &sh, KeyPurpose::Entry, &key(1).public_key()),
            format!("databourse key v1\ndatabourse.example/delta\nsh\nentry\n{}\n", key(1).public_key())
                .into_bytes()
        );
    }
}
