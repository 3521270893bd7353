//! What the API says of the node and the region; only what is shown.

use databourse_primitives::{ExchangeCode, Timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the node can commit.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) block_time: Timestamp,
    pub(super) queue_length: u64,
    pub(super) queue_capacity: u64,
}

/// How the region looks from here.
#[derive(Debug, Deserialize)]
pub(super) struct Region {
    pub(super) exchange: ExchangeCode,
    pub(super) state: String,
    #[serde(default)]
    pub(super) stopped: Option<String>,
    pub(super) height: u64,
    pub(super) height_age_ms: u64,
    pub(super) lag: u64,
    pub(super) peers: Vec<Peer>,
    pub(super) cosigners: BTreeSet<ExchangeCode>,
    pub(super) final_size: u64,
    pub(super) missing_cosigners: Vec<Counted>,
    pub(super) faults: Vec<Fault>,
    pub(super) evidence: Vec<Counted>,
    pub(super) forks: Vec<Fork>,
    #[serde(default)]
    pub(super) rejected: Option<Rejected>,
    #[serde(default)]
    pub(super) oldest_unfinal_ms: Option<u64>,
    #[serde(default)]
    pub(super) witnesses: Vec<Witness>,
    #[serde(default)]
    pub(super) disk_free_bytes: Option<u64>,
}

/// Another exchange.
#[derive(Debug, Deserialize)]
pub(super) struct Peer {
    pub(super) exchange: ExchangeCode,
    pub(super) connected: bool,
}

/// An exchange with a count.
#[derive(Debug, Deserialize)]
pub(super) struct Counted {
    pub(super) exchange: ExchangeCode,
    pub(super) count: u64,
}

/// What a node did that an honest one does not.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    pub(super) exchange: ExchangeCode,
    pub(super) kind: String,
    pub(super) count: u64,
}

/// An exchange that signed another root.
#[derive(Debug, Deserialize)]
pub(super) struct Fork {
    pub(super) exchange: ExchangeCode,
    pub(super) size: u64,
}

/// A block that was voted down here.
#[derive(Debug, Deserialize)]
pub(super) struct Rejected {
    pub(super) height: u64,
    pub(super) proposer: ExchangeCode,
    pub(super) reason: String,
}

/// A witness outside the region.
#[derive(Debug, Deserialize)]
pub(super) struct Witness {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) size: u64,
    pub(super) failures: u64,
    #[serde(default)]
    pub(super) failure: Option<String>,
}

/// A proposal to change the membership.
#[derive(Debug, Deserialize)]
pub(super) struct Proposal {
    pub(super) id: String,
    pub(super) exchange: ExchangeCode,
    pub(super) change: Change,
    pub(super) proposed_by: ExchangeCode,
    pub(super) proposed_at: Timestamp,
    pub(super) votes: BTreeMap<ExchangeCode, bool>,
    #[serde(default)]
    pub(super) missing: Option<databourse_party::Missing>,
}

/// What would change.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) name: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
}
