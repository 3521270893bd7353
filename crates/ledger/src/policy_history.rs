//! Policies over time: which keys a ledger's checkpoints needed at which sizes. Keys are replaced and members come and go,
//! and what was signed before stays verifiable by those who were to sign then, and by nobody else.

use crate::{Policy, PolicyVerdict, SignedCheckpoint, Untrusted, VerifierKey};
use databourse_primitives::TreeSize;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The most periods of a history.
pub const POLICY_PERIODS_MAX: usize = 4_096;

/// A policy and the sizes for which it decides: those above `above_size`, up to the next period's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPeriod {
    /// Number of leaves before the first block whose checkpoint is judged by it.
    pub above_size: TreeSize,
    /// The policy (C2SP tlog-policy).
    #[serde(serialize_with = "write_policy", deserialize_with = "read_policy")]
    pub policy: Policy,
}

fn write_policy<S: Serializer>(policy: &Policy, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(policy)
}

fn read_policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Why a history is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryError {
    /// Not the JSON that [`PolicyHistory`] prints.
    Malformed(String),
    /// No period, more than [`POLICY_PERIODS_MAX`], the first does not begin at 0, or one begins before the one before.
    Periods,
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(f, "not a policy history: {reason}"),
            Self::Periods => {
                f.write_str("a history has 1 to 4096 periods, from size 0 on, each above the one before")
            }
        }
    }
}

impl std::error::Error for HistoryError {}

/// A key that once signed for a ledger and does not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredKey {
    /// The key.
    pub key: VerifierKey,
    /// No checkpoint of more leaves than this counts it.
    pub until_size: TreeSize,
}

/// The policies of a ledger from its first entry on. `Display` and `FromStr` are a JSON list of periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyHistory(Vec<PolicyPeriod>);

impl PolicyHistory {
    /// Puts periods together; one with the policy of the one before goes on with it.
    ///
    /// # Errors
    /// `Periods`.
    pub fn new(periods: Vec<PolicyPeriod>) -> Result<Self, HistoryError> {
        let begins = periods.first().is_some_and(|first| first.above_size.0 == 0);
        let rises = periods.windows(2).all(|pair| match pair {
            [one, next] => one.above_size < next.above_size,
            _ => true,
        });
        if !begins || !rises || periods.len() > POLICY_PERIODS_MAX {
            return Err(HistoryError::Periods);
        }
        let mut distinct: Vec<PolicyPeriod> = Vec::new();
        for period in periods {
            if distinct.last().is_none_or(|last| last.policy != period.policy) {
                distinct.push(period);
            }
        }
        Ok(Self(distinct))
    }

    /// The periods, oldest first.
    pub fn periods(&self) -> &[PolicyPeriod] {
        &self.0
    }

    /// The policy that decides for a checkpoint of `size`; none for the empty tree.
    pub fn at(&self, size: TreeSize) -> Option<&Policy> {
        self.0.iter().rev().find(|period| period.above_size < size).map(|period| &period.policy)
    }

    /// Checks a checkpoint by the policy of its size.
    ///
    /// # Errors
    /// As [`Policy::check`]; `OriginUnknown` for the empty tree.
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<PolicyVerdict, Untrusted> {
        let unknown = || Untrusted::OriginUnknown { origin: signed.checkpoint.origin.clone() };
        self.at(signed.checkpoint.size).ok_or_else(unknown)?.check(signed)
    }

    /// The keys of the past, each with the size from which on it signs no more, in the order in which they ended.
    pub fn retired(&self) -> Vec<RetiredKey> {
        let mut retired = Vec::new();
        for pair in self.0.windows(2) {
            let [before, after] = pair else { continue };
            let remaining: BTreeSet<_> = keys(&after.policy).collect();
            let gone = keys(&before.policy).filter(|key| !remaining.contains(key)).cloned();
            retired.extend(gone.map(|key| RetiredKey { key, until_size: after.above_size }));
        }
        retired
    }
}

fn keys(policy: &Policy) -> impl Iterator<Item = &VerifierKey> {
    policy.logs().iter().map(|log| &log.key).chain(policy.witnesses().iter().map(|witness| &witness.key))
}

impl fmt::Display for PolicyHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(&self.0).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

impl FromStr for PolicyHistory {
    type Err = HistoryError;
    fn from_str(text: &str) -> Result<Self, HistoryError> {
        let periods =
            serde_json::from_str(text).map_err(|error| HistoryError::Malformed(error.to_string()))?;
        Self::new(periods)
    }
}
