//! Policies: which logs and which witnesses are trusted, and how many witnesses are enough (C2SP tlog-policy).
//! `policy/text.rs` reads the text, `policy/verdict.rs` judges a checkpoint.

mod text;
mod verdict;

pub use verdict::{PolicyVerdict, Untrusted, Witnessed};

use crate::vkey::VerifierKey;
use databourse_primitives::quorum_of;
use std::fmt;

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
    /// Its key, of type 0x04 or 0x06.
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
            threshold: quorum_of(witnesses.len()),
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
}
