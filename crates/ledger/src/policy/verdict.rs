//! Judging a checkpoint by a policy: who signed, and whether they are enough.

use super::{Policy, Quorum};
use crate::{
    NoteError, SignedCheckpoint,
    vkey::{VerifiedSignature, VerifierKey, verify_one},
};
use std::{collections::BTreeMap, fmt};

/// Why a policy does not trust a checkpoint, in the order in which it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untrusted {
    /// No log of the policy has this origin.
    OriginUnknown {
        /// The checkpoint's origin.
        origin: String,
    },
    /// A line of a trusted key does not verify; the whole checkpoint is refused (signed-note, "Signatures").
    SignatureInvalid {
        /// The key's name.
        name: String,
        /// The key's id.
        key_id: u32,
    },
    /// No trusted key of this origin signed.
    LogSignatureMissing {
        /// The checkpoint's origin.
        origin: String,
    },
    /// Too few witnesses cosigned.
    QuorumMissing {
        /// The witness or group that the policy asks for.
        quorum: String,
        /// The witnesses that did cosign, by their names in the policy.
        witnessed: Vec<String>,
    },
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OriginUnknown { origin } => write!(f, "the policy trusts no log of origin {origin}"),
            Self::SignatureInvalid { name, key_id } => {
                write!(f, "the checkpoint's signature of {name}+{key_id:08x} does not verify")
            }
            Self::LogSignatureMissing { origin } => {
                write!(f, "no trusted key of {origin} signed the checkpoint")
            }
            Self::QuorumMissing { quorum, witnessed } => {
                write!(f, "quorum {quorum} is not reached by [{}]", witnessed.join(", "))
            }
        }
    }
}

impl std::error::Error for Untrusted {}

/// A witness whose cosignature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The witness's name in the policy.
    pub name: String,
    /// Its key and the time that it states, in seconds since the epoch. The policy does not judge the time.
    pub signature: VerifiedSignature,
}

/// Who signed a checkpoint that a policy trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVerdict {
    /// The log's keys that signed, at least one.
    pub logs: Vec<VerifiedSignature>,
    /// The witnesses that cosigned, in the order of the policy; enough for the quorum.
    pub witnesses: Vec<Witnessed>,
}

impl Policy {
    /// Checks that a trusted log of the checkpoint's origin signed it and the quorum cosigned it. Lines of unknown
    /// keys are ignored; every line of a known key must hold; a witness that signed twice counts once.
    ///
    /// # Errors
    /// The first of [`Untrusted`] that applies.
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<PolicyVerdict, Untrusted> {
        let origin = &signed.checkpoint.origin;
        let text = signed.checkpoint.to_string();
        let verified = |key: &VerifierKey| {
            verify_one(&text, &signed.signatures, key).map_err(|error| match error {
                NoteError::SignatureInvalid { name, key_id } => Untrusted::SignatureInvalid { name, key_id },
                _ => Untrusted::SignatureInvalid { name: key.name().to_owned(), key_id: key.key_id() },
            })
        };
        let mut of_origin = self.logs.iter().filter(|log| log.key.name() == origin).peekable();
        if of_origin.peek().is_none() {
            return Err(Untrusted::OriginUnknown { origin: origin.clone() });
        }
        let mut logs = Vec::new();
        for log in of_origin {
            logs.extend(verified(&log.key)?);
        }
        let mut witnesses = Vec::new();
        for witness in &self.witnesses {
            witnesses.extend(
                verified(&witness.key)?.map(|signature| Witnessed { name: witness.name.clone(), signature }),
            );
        }
        if logs.is_empty() {
            return Err(Untrusted::LogSignatureMissing { origin: origin.clone() });
        }
        match &self.quorum {
            Quorum::Of(quorum) if !self.is_reached(quorum, &witnesses) => Err(Untrusted::QuorumMissing {
                quorum: quorum.clone(),
                witnessed: witnesses.into_iter().map(|witness| witness.name).collect(),
            }),
            _ => Ok(PolicyVerdict { logs, witnesses }),
        }
    }

    /// Groups name only what stands before them, so one pass in their order decides all of them.
    fn is_reached(&self, quorum: &str, witnesses: &[Witnessed]) -> bool {
        let mut reached: BTreeMap<&str, bool> =
            witnesses.iter().map(|witness| (witness.name.as_str(), true)).collect();
        for group in &self.groups {
            let members = group.members.iter();
            let count = members.filter(|name| reached.get(name.as_str()) == Some(&true)).count();
            reached.insert(&group.name, count >= group.threshold);
        }
        reached.get(quorum) == Some(&true)
    }
}
