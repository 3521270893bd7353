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
    /// Since when another node has committed more than this one; `None` while none has.
    pub behind_since: Option<Instant>,
    /// How often each exchange was caught signing two things, since this engine began.
    pub evidence_count: BTreeMap<ExchangeCode, u64>,
    /// How often each exchange's node did what an honest one does not, since this engine began.
    pub faults: BTreeMap<ExchangeCode, BTreeMap<Fault, u64>>,
    /// The last proposed block that this node voted down.
    pub rejected: Option<RejectedBlock>,
    /// Messages to and from other nodes that were too long or found no room, since this engine began.
    pub gossip_dropped: u64,
    /// Why the engine has stopped, once it has.
    pub stopped: Option<String>,
}

/// Who has been silent for so long is out of reach, whatever its connection says.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Who is one block behind for no longer than this is about to commit it.
const UNDER_WAY_MAX: Duration = Duration::from_secs(1);

/// What an honest node does not do. None of it harms: it costs whoever receives it a moment, and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Proposed a block that was voted down here.
    RejectedProposal,
    /// Sent a proposal that the proposer had not signed, or with other bytes than the block's.
    ForgedProposal,
    /// Sent another's proposal of a height that was committed long before. A node that is far behind may do so once.
    StaleProposal,
    /// Gave a node that catches up another block than the one that the certificate with it is for.
    WrongBlock,
}

impl EngineStatus {
    /// Whether the node of that exchange is connected and was heard a moment ago.
    pub fn reaches(&self, exchange: &ExchangeCode) -> bool {
        let was_heard = self.heard_at.get(exchange).is_none_or(|at| at.elapsed() < SILENCE_MAX);
        was_heard && self.connected.contains(exchange)
    }

    /// The highest block that another node has said to have committed; 0 if none has said anything.
    pub fn highest_committed(&self) -> Height {
        let next = self.peer_heights.values().copied().max().unwrap_or_default();
        Height(next.0.saturating_sub(1))
    }

    /// How many blocks others have committed beyond `committed`, which is this node's last. The one that was agreed on a
    /// moment ago does not count: it is on its way into this node's store.
    pub fn lag(&self, committed: Height) -> u64 {
        let blocks = self.highest_committed().0.saturating_sub(committed.0);
        let is_under_way = self.behind_since.is_none_or(|since| since.elapsed() < UNDER_WAY_MAX);
        if blocks <= 1 && is_under_way { 0 } else { blocks }
    }

    /// Notes that a node of `exchange` did what an honest one does not.
    pub(super) fn blame(&mut self, exchange: &ExchangeCode, fault: Fault) {
        *self.faults.entry(exchange.clone()).or_default().entry(fault).or_default() += 1;
    }

    /// Notes whether another node has committed more than this one, which is at `self.height`.
    pub(super) fn compare_heights(&mut self, now: Instant) {
        let is_behind = self.peer_heights.values().any(|theirs| *theirs > self.height);
        self.behind_since = is_behind.then(|| self.behind_since.unwrap_or(now));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// A node at `next`, of which another says that it is at `theirs`, since so long.
    fn lag(next: u64, theirs: u64, age: Duration) -> u64 {
        let peer: ExchangeCode = "js".parse().unwrap();
        let mut status = EngineStatus { height: Height(next), ..EngineStatus::default() };
        status.peer_heights.insert(peer, Height(theirs));
        status.compare_heights(now().checked_sub(age).unwrap());
        status.compare_heights(now());
        status.lag(Height(next - 1))
    }

    #[test]
    fn the_height_under_way_is_no_lag_and_everything_beyond_it_is() {
        let (moment, while_) = (Duration::from_millis(50), Duration::from_secs(2));
        assert_eq!(lag(10, 10, while_), 0, "both agree on the same height");
        assert_eq!(lag(10, 9, while_), 0, "the other is behind");
        assert_eq!(lag(10, 11, moment), 0, "the other has committed it a moment ago");
        assert_eq!(lag(10, 11, while_), 1, "and this node does not");
        assert_eq!(lag(10, 12, moment), 2);
        assert_eq!(EngineStatus::default().lag(Height(7)), 0, "nobody has said anything");
    }

    #[test]
    fn a_node_that_has_caught_up_is_not_behind_any_more() {
        let mut status = EngineStatus { height: Height(3), ..EngineStatus::default() };
        status.peer_heights.insert("js".parse().unwrap(), Height(5));
        status.compare_heights(now());
        assert!(status.behind_since.is_some());
        status.height = Height(5);
        status.compare_heights(now());
        assert_eq!(status.behind_since, None);
    }
}
