//! Policies: which logs and which witnesses are trusted, and how many witnesses are enough (C2SP tlog-policy).
//! Reading the text is in `policy/text.rs`.

mod text;

use crate::{
    NoteError, SignedCheckpoint,
    vkey::{NoteKeyType, VerifiedSignature, VerifierKey, verify_one},
};
use std::{collections::BTreeMap, fmt};

/// The longest policy in bytes.
pub const POLICY_BYTES_MAX: usize = 262_144;

/// The most logs, witnesses and groups, each. The specification asks for at least 32.
pub const POLICY_ITEMS_MAX: usize = 256;

/// A log that is trusted. Text `log <vkey> [<url>]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, of type 0x01; the key's name is the origin of its checkpoints.
    pub key: VerifierKey,
    /// Where it is served, for people and tools; never used to verify.
    pub url: Option<String>,
}

/// A witness that is known. Text `witness <name> <vkey> [<url>]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in this policy; the key has a name of its own.
    pub name: String,
    /// Its key, of type 0x04.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<String>,
}

/// Several witnesses or groups of which enough must have cosigned. Text `group <name> <all|any|k> <member>...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyGroup {
    /// Its name; witnesses and groups share one namespace.
    pub name: String,
    /// How many members are enough: 1 to their number.
    pub threshold: usize,
    /// Names defined before; each name is a member once in the whole policy.
    pub members: Vec<String>,
}

/// What must have cosigned. Text `quorum <name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quorum {
    /// Nobody (`quorum none`): the log's signature is enough.
    None,
    /// This witness or group.
    Of(String),
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The failing line, from 1; 0 if the policy as a whole is meant.
    pub line: usize,
    /// What would have been accepted.
    pub expected: &'static str,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "the policy: expected {}", self.expected),
            line => write!(f, "line {line} of the policy: expected {}", self.expected),
        }
    }
}

impl std::error::Error for PolicyError {}

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

/// A trust policy. `Display` and `FromStr` are the tlog-policy text; printing drops comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<PolicyGroup>,
    quorum: Quorum,
}

impl Policy {
    /// Puts a policy together; groups name what stands before them.
    ///
    /// # Errors
    /// The first rule of tlog-policy that is broken, as if the policy had been read.
    pub fn new(
        logs: Vec<PolicyLog>,
        witnesses: Vec<PolicyWitness>,
        groups: Vec<PolicyGroup>,
        quorum: Quorum,
    ) -> Result<Self, PolicyError> {
        let policy = Self { logs, witnesses, groups, quorum };
        // One set of rules: what cannot be read back is not a policy.
        match policy.to_string().parse::<Self>() {
            Ok(read) if read == policy => Ok(policy),
            Ok(_) => Err(PolicyError { line: 0, expected: "names and URLs without spaces or line breaks" }),
            Err(error) => Err(PolicyError { line: 0, ..error }),
        }
    }

    /// The policy of a region: any of its logs, and more than two thirds of its witnesses.
    ///
    /// # Errors
    /// As [`Policy::new`]; also without witnesses, since a group needs a member.
    pub fn more_than_two_thirds(
        logs: Vec<PolicyLog>,
        witnesses: Vec<PolicyWitness>,
    ) -> Result<Self, PolicyError> {
        let finality = PolicyGroup {
            name: "more-than-two-thirds".to_owned(),
            threshold: witnesses.len() * 2 / 3 + 1,
            members: witnesses.iter().map(|witness| witness.name.clone()).collect(),
        };
        let quorum = Quorum::Of(finality.name.clone());
        Self::new(logs, witnesses, vec![finality], quorum)
    }

    /// The logs, in the order of the text.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of the text.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// The groups, in the order of the text.
    pub fn groups(&self) -> &[PolicyGroup] {
        &self.groups
    }

    /// What must have cosigned.
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

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

/// The type that a key must have in its place.
fn fits(key: &VerifierKey, key_type: NoteKeyType) -> bool {
    key.key_type() == key_type
}
