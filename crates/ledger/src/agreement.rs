//! What exchanges sign while they agree on a block, and the proof that one of them signed two of it.
//!
//! A message is signed as text, so that anybody can check a commit certificate or a piece of evidence with nothing but
//! an Ed25519 library:
//!
//! ```text
//! databourse consensus v1
//! <origin>
//! proposal <height> <round> <block> <valid round>
//! prevote <height> <round> <block>
//! precommit <height> <round> <block>
//! ```
//!
//! with one of the three last lines, each line ended by U+000A; a block is `sha256:<hex>`, or `-` for none, and a
//! valid round is a number, or `-`. The origin keeps the votes of one region from counting in another.

use crate::{SigningKey, verify_signature};
use databourse_primitives::{Digest, ExchangeCode, Height, Line, PublicKey, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// What kind of message it is, in the order in which a round passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A proposer names a block.
    Proposal {
        /// The earlier round in which more than two thirds prevoted it, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_round: Option<u32>,
    },
    /// A first vote.
    Prevote,
    /// A second vote; more than two thirds of them for one block agree on it.
    Precommit,
}

/// A message of the agreement on one height.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsensusMessage {
    /// The height that is agreed on.
    pub height: Height,
    /// The attempt at it, from 0.
    pub round: u32,
    /// What kind of message.
    pub step: Step,
    /// [`Block::id`](crate::Block::id); `None` votes for no block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_id: Option<Digest>,
}

impl ConsensusMessage {
    /// The bytes that are signed in the region of `origin`.
    pub fn signed_bytes(&self, origin: &Line) -> Vec<u8> {
        let block = self.block_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let (height, round) = (self.height.0, self.round);
        let line = match self.step {
            Step::Proposal { valid_round } => {
                let valid = valid_round.map_or_else(|| "-".to_owned(), |round| round.to_string());
                format!("proposal {height} {round} {block} {valid}")
            }
            Step::Prevote => format!("prevote {height} {round} {block}"),
            Step::Precommit => format!("precommit {height} {round} {block}"),
        };
        format!("databourse consensus v1\n{}\n{line}\n", origin.as_str()).into_bytes()
    }

    /// Signs it.
    pub fn sign(self, origin: &Line, key: &SigningKey) -> SignedConsensusMessage {
        let signature = ConsensusSignature(key.sign(&self.signed_bytes(origin)));
        SignedConsensusMessage { message: self, signature }
    }

    /// Whether an honest exchange signs at most one of the two: same height, round and kind, and not the same message.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let same_place = self.height == other.height && self.round == other.round;
        same_place
            && std::mem::discriminant(&self.step) == std::mem::discriminant(&other.step)
            && self != other
    }
}

/// 64 bytes of an Ed25519 signature; base64 in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsensusSignature(pub [u8; 64]);

impl Serialize for ConsensusSignature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for ConsensusSignature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.as_bytes());
        let bytes: Option<[u8; 64]> = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected 64 bytes in base64"))
    }
}

/// A message with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedConsensusMessage {
    /// What was signed.
    pub message: ConsensusMessage,
    /// By the exchange's consensus key.
    pub signature: ConsensusSignature,
}

impl SignedConsensusMessage {
    /// Whether `key` signed it for the region of `origin`.
    pub fn is_signed_by(&self, origin: &Line, key: &PublicKey) -> bool {
        verify_signature(key, &self.message.signed_bytes(origin), &self.signature.0).is_ok()
    }
}

/// Two messages of which an honest exchange signs at most one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoubleSigning {
    /// Who signed both.
    pub exchange: ExchangeCode,
    /// One.
    pub first: SignedConsensusMessage,
    /// The other.
    pub second: SignedConsensusMessage,
}

impl DoubleSigning {
    /// Checks that the two exclude one another and that `key`, the consensus key of the exchange that is named, signed
    /// both.
    ///
    /// # Errors
    /// `evidence.invalid` at `first`, `second`, or without a field if the two do not conflict.
    pub fn verify(&self, origin: &Line, key: &PublicKey) -> Result<(), Refusal> {
        let refused = |field: &'static str, expected: &'static str| {
            Err(Refusal::new(RefusalCode::EvidenceInvalid, field, expected))
        };
        if !self.first.message.conflicts_with(&self.second.message) {
            return refused("", "two different messages of one height, round and step");
        }
        for (field, message) in [("first", &self.first), ("second", &self.second)] {
            if !message.is_signed_by(origin, key) {
                return refused(field, "a signature of the exchange's consensus key");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(step: Step, block: Option<&[u8]>) -> ConsensusMessage {
        ConsensusMessage { height: Height(7), round: 2, step, block_id: block.map(Digest::of) }
    }

    #[test]
    fn what_is_signed_is_readable_text_with_the_regions_name() {
        let origin: Line = "databourse.example/delta".parse().unwrap();
        let nil = message(Step::Precommit, None);
        assert_eq!(
            nil.signed_bytes(&origin),
            b"databourse consensus v1\ndatabourse.example/delta\nprecommit 7 2 -\n"
        );
        let proposal = message(Step::Proposal { valid_round: Some(1) }, Some(b"x"));
        let text = String::from_utf8(proposal.signed_bytes(&origin)).unwrap();
        assert!(text.ends_with(&format!("\nproposal 7 2 {} 1\n", Digest::of(b"x"))), "{text}");
    }

    #[test]
    fn only_two_different_messages_of_one_place_by_the_same_key_are_evidence() {
        let origin: Line = "databourse.example/delta".parse().unwrap();
        let (key, other) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]));
        let check =
            |first: SignedConsensusMessage, second: SignedConsensusMessage, expected: Option<&str>| {
                let proof = DoubleSigning { exchange: "sh".parse().unwrap(), first, second };
                let found =
                    proof.verify(&origin, &key.public_key()).err().map(|refusal| refusal.field.to_string());
                assert_eq!(found.as_deref(), expected);
            };
        let a = || message(Step::Precommit, Some(b"a")).sign(&origin, &key);
        let b = || message(Step::Precommit, Some(b"b")).sign(&origin, &key);
        check(a(), b(), None);
        check(a(), message(Step::Precommit, None).sign(&origin, &key), None);
        check(a(), a(), Some(""));
        check(a(), message(Step::Prevote, Some(b"b")).sign(&origin, &key), Some(""));
        check(a(), message(Step::Precommit, Some(b"b")).sign(&origin, &other), Some("second"));
        let elsewhere: Line = "elsewhere.example".parse().unwrap();
        check(message(Step::Precommit, Some(b"a")).sign(&elsewhere, &key), b(), Some("first"));
    }
}
