//! What an operator sees of the engine.

use crate::Verdict;
use databourse_primitives::{Digest, ExchangeCode, Height};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How the agreement goes, as this node sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// The height that is agreed on, or that waits for something to agree on.
    pub height: Height,
    /// The attempt at it, from 0.
    pub round: u32,
    /// When the agreement on this height began; `None` while it waits for commands.
    pub started_at: Option<Instant>,
    /// Who votes on it, in the order of their turns.
    pub validators: Vec<ExchangeCode>,
    /// Whose nodes are connected, without this one. A connection may outlive the network under it for minutes.
    pub connected: BTreeSet<ExchangeCode>,
    /// When each of the others last said how far it is, which it does every second.
    pub heard_at: BTreeMap<ExchangeCode, Instant>,
    /// The height that each other node last said to be at.
    pub peer_heights: BTreeMap<ExchangeCode, Height>,
    /// How often each exchange was caught signing two things, since this engine began.
    pub evidence_count: BTreeMap<ExchangeCode, u64>,
    /// The last proposed block that this node voted down.
    pub rejected: Option<RejectedBlock>,
    /// Messages to and from other nodes that were too long or found no room, since this engine began.
    pub gossip_dropped: u64,
    /// Why the engine has stopped, once it has.
    pub stopped: Option<String>,
}

/// Who has been silent for so long is out of reach, whatever its connection says.
const SILENCE_MAX: Duration = Duration::from_secs(5);

impl EngineStatus {
    /// Whether the node of that exchange is connected and was heard a moment ago.
    pub fn reaches(&self, exchange: &ExchangeCode) -> bool {
        let was_heard = self.heard_at.get(exchange).is_none_or(|at| at.elapsed() < SILENCE_MAX);
        was_heard && self.connected.contains(exchange)
    }
}

/// A proposed block that this node voted down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedBlock {
    /// Its height.
    pub height: Height,
    /// The round in which it was proposed.
    pub round: u32,
    /// By whom.
    pub proposer: ExchangeCode,
    /// Which.
    pub block_id: Digest,
    /// Why.
    pub verdict: Verdict,
}
