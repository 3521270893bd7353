//! How a node of a region is, as it says at `GET /v1/region/health`.

use databourse_primitives::{ExchangeCode, Height};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a node sees itself and its region. Members that this version does not know are ignored, so that a node can be
/// asked while the region is upgraded one node after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionHealth {
    /// Who answers.
    pub exchange: ExchangeCode,
    /// Height of its last durable block.
    pub height: Height,
    /// Milliseconds since that block was committed here.
    pub height_age_ms: u64,
    /// The greatest height that it or a peer has said to have; never below `height`.
    pub highest_height: Height,
    /// How many blocks others have committed beyond it, but for one that was agreed on a moment ago; `None` if it is of a
    /// version that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<u64>,
    /// The other exchanges of the region, in the order of their codes.
    #[serde(default)]
    pub peers: Vec<PeerHealth>,
    /// Who cosigned the last final checkpoint; itself among them as a rule.
    #[serde(default)]
    pub cosigners: BTreeSet<ExchangeCode>,
    /// Number of entries under the last final checkpoint.
    pub final_size: u64,
    /// Exchanges that have not cosigned the last final checkpoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_cosigners: Vec<MissingCosigner>,
    /// What other nodes did that honest ones do not, since it started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultCount>,
    /// Evidence of double signing that it holds, by who signed; nobody with none.
    #[serde(default)]
    pub evidence: Vec<EvidenceCount>,
    /// Exchanges that signed another root than it for a ledger of the same size: one of the two is wrong.
    #[serde(default)]
    pub forks: Vec<Fork>,
    /// The last block that it voted down; `None` if there was none since it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<RejectedBlock>,
    /// Milliseconds since the oldest command came that waits here and is not yet under a final checkpoint; `None` if
    /// nothing waits.
    #[serde(default)]
    pub oldest_unfinal_ms: Option<u64>,
    /// What is free on the disk of its data folder, bytes; `None` if it cannot be told.
    #[serde(default)]
    pub disk_free_bytes: Option<u64>,
    /// What it is doing.
    pub state: NodeState,
    /// Why it stopped, for the operator; `None` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// An exchange that has not cosigned the last final checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingCosigner {
    /// Which.
    pub exchange: ExchangeCode,
    /// How many in a row.
    pub count: u64,
}

/// What an exchange's node did that an honest one does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    /// Whose node.
    pub exchange: ExchangeCode,
    /// What, e.g. `wrong_block`; a later version may know more.
    pub kind: String,
    /// How often.
    pub count: u64,
}

/// An exchange that signed another root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// Which.
    pub exchange: ExchangeCode,
    /// The first size, in entries, at which it did.
    pub size: u64,
}

/// A block that a node voted down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedBlock {
    /// Its height.
    pub height: Height,
    /// Who proposed it.
    pub proposer: ExchangeCode,
    /// Which entry of it, and why, in English.
    pub reason: String,
}

/// A peer of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHealth {
    /// The exchange.
    pub exchange: ExchangeCode,
    /// Whether there is a connection to its node now.
    pub connected: bool,
}

/// How much evidence there is against an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceCount {
    /// Who signed two messages that exclude one another.
    pub exchange: ExchangeCode,
    /// How often, at least 1.
    pub count: u64,
}

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It takes commands, and the region commits them.
    Running,
    /// It is behind the region and fetches what it lacks.
    CatchingUp,
    /// Too few exchanges are connected to commit; reads go on.
    NoQuorum,
    /// It cannot commit for a reason of its own: its database, its disk.
    Halted,
    /// The region agreed on what its rules refuse: it stopped, and an operator decides.
    Diverged,
    /// A state of a later version.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_none_and_a_later_versions_words_are_read() {
        let text = r#"{ "exchange": "sh", "height": 7, "height_age_ms": 5, "highest_height": 9, "final_size": 40,
            "state": "reorganising", "weather": "fine" }"#;
        let health: RegionHealth = serde_json::from_str(text).unwrap();
        assert_eq!(
            (health.state, health.oldest_unfinal_ms, health.disk_free_bytes),
            (NodeState::Unknown, None, None)
        );
        assert!(health.peers.is_empty() && health.cosigners.is_empty() && health.evidence.is_empty());
    }

    #[test]
    fn the_form_is_the_one_that_nodes_send() {
        let health = RegionHealth {
            exchange: "sh".parse().unwrap(),
            height: Height(7),
            height_age_ms: 5,
            highest_height: Height(9),
            lag: Some(2),
            peers: vec![PeerHealth { exchange: "js".parse().unwrap(), connected: true }],
            cosigners: ["sh", "js"].map(|code| code.parse().unwrap()).into(),
            final_size: 40,
            missing_cosigners: vec![MissingCosigner { exchange: "zj".parse().unwrap(), count: 4 }],
            faults: vec![FaultCount {
                exchange: "zj".parse().unwrap(),
                kind: "wrong_block".to_owned(),
                count: 1,
            }],
            evidence: vec![EvidenceCount { exchange: "js".parse().unwrap(), count: 2 }],
            forks: vec![Fork { exchange: "js".parse().unwrap(), size: 39 }],
            rejected: None,
            oldest_unfinal_ms: Some(12),
            disk_free_bytes: Some(1 << 30),
            state: NodeState::CatchingUp,
            stopped: None,
        };
        let expected = r#"{"exchange":"sh","height":7,"height_age_ms":5,"highest_height":9,"lag":2,"peers":[{"exchange":"js","connected":true}],"cosigners":["js","sh"],"final_size":40,"missing_cosigners":[{"exchange":"zj","count":4}],"faults":[{"exchange":"zj","kind":"wrong_block","count":1}],"evidence":[{"exchange":"js","count":2}],"forks":[{"exchange":"js","size":39}],"oldest_unfinal_ms":12,"disk_free_bytes":1073741824,"state":"catching_up"}"#;
        assert_eq!(serde_json::to_string(&health).unwrap(), expected);
        assert_eq!(serde_json::from_str::<RegionHealth>(expected).unwrap(), health);
    }
}
