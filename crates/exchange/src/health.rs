//! How a node is, for whoever runs it: what it can tell without asking anybody, and what would need an operator's hand.

use crate::{Node, WitnessHealth, executor::as_gauge, node::Inner};
use databourse_consensus::{End, Fault};
use databourse_primitives::{ExchangeCode, Height, Timestamp, TreeSize, quorum_of};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the database answers.
    pub database: bool,
    /// Whether the pipeline runs.
    pub committing: bool,
    /// Commands that wait.
    pub queue_length: usize,
    /// How many may.
    pub queue_capacity: usize,
    /// Height of the last block.
    pub height: Height,
    /// Time of the last block.
    pub block_time: Timestamp,
}

/// What a node does in its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionState {
    /// It takes part.
    Running,
    /// The others are further, and it fetches what it lacks.
    CatchingUp,
    /// Too few of the others can be reached to agree on anything; reading goes on.
    NoQuorum,
    /// Its own database or its engine does not work.
    Halted,
    /// It came to another state than the region and stopped itself.
    Diverged,
}

/// How the region looks from this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionHealth {
    /// This exchange.
    pub exchange: ExchangeCode,
    /// What it does.
    pub state: RegionState,
    /// Why it stopped, for the operator.
    pub stopped: Option<String>,
    /// Height of the last block that is final.
    pub height: Height,
    /// The time since that block's time.
    pub height_age: Duration,
    /// The highest block that any node has said to have committed.
    pub highest_height: Height,
    /// How many blocks others have committed beyond this node. One that was agreed on a moment ago does not count: it is on
    /// its way into this node's database.
    pub lag: u64,
    /// The other exchanges, and whether their nodes are connected.
    pub peers: BTreeMap<ExchangeCode, bool>,
    /// Who co-signed the final checkpoint.
    pub cosigners: Vec<ExchangeCode>,
    /// Entries under it.
    pub final_size: TreeSize,
    /// Members that have not co-signed the last final checkpoints, though the blocks are agreed on, and how many in a row.
    pub missing_cosigners: BTreeMap<ExchangeCode, u64>,
    /// How often each exchange's node did what an honest one does not, since this one started.
    pub faults: BTreeMap<ExchangeCode, BTreeMap<Fault, u64>>,
    /// Pieces of evidence of double signing that this node has seen, by exchange.
    pub evidence: BTreeMap<ExchangeCode, u64>,
    /// Exchanges that signed another root than this node for the same size, and the first such size.
    pub forks: BTreeMap<ExchangeCode, TreeSize>,
    /// The last block that this node voted down: its height, its proposer, and why.
    pub rejected: Option<(Height, ExchangeCode, String)>,
    /// How long the oldest command of this node's authors has waited, for a block or for the block to be final.
    pub oldest_unfinal: Option<Duration>,
    /// The witnesses outside the region that this node asks, by the names of their keys.
    pub witnesses: BTreeMap<String, WitnessHealth>,
    /// Bytes left on the disk of the write-ahead log; `None` for a node alone.
    pub disk_free_bytes: Option<u64>,
}

/// The other exchanges of the region, and whether their nodes can be reached now.
pub(crate) struct Reach {
    pub(crate) peers: BTreeMap<ExchangeCode, bool>,
    /// Whether this node's exchange is one of the region's that decide: it may be joining, suspended, or gone.
    is_member: bool,
}

impl Reach {
    /// How many of the members can be reached, this one among them if it is one.
    pub(crate) fn reachable(&self) -> usize {
        usize::from(self.is_member) + self.peers.values().filter(|is_reached| **is_reached).count()
    }

    /// How many members there are.
    pub(crate) fn members(&self) -> usize {
        usize::from(self.is_member) + self.peers.len()
    }

    /// Whether those that can be reached can agree on anything.
    pub(crate) fn is_quorum(&self) -> bool {
        self.reachable() >= quorum_of(self.members())
    }
}

impl Inner {
    /// Who can be reached. A node alone needs nobody.
    pub(crate) fn reach(&self) -> Reach {
        let status = self.engine.as_ref().map(|engine| engine.borrow());
        let members = self.publisher.members();
        // Before the founding nobody is one.
        let is_member = members.is_empty() || members.contains(&self.exchange);
        let others = members.into_iter().filter(|code| *code != self.exchange);
        let peers = others.map(|code| {
            let is_reached = status.as_ref().is_some_and(|status| status.reaches(&code));
            (code, is_reached)
        });
        Reach { peers: peers.collect(), is_member }
    }
}

impl Node {
    /// How the node is.
    pub async fn health(&self) -> Health {
        let shown = self.published();
        let queue_length = self.0.pool.len();
        metrics::gauge!("databourse_commands_waiting").set(as_gauge(queue_length as u64));
        Health {
            database: self.0.store.ping().await.is_ok(),
            committing: self.0.end.borrow().is_none(),
            queue_length,
            queue_capacity: self.0.pool.capacity(),
            height: shown.height,
            block_time: shown.time,
        }
    }

    /// How the region looks from this node. Of a node alone: itself.
    pub async fn region_health(&self) -> RegionHealth {
        let shown = self.published();
        let status = self.0.engine.as_ref().map(|engine| engine.borrow().clone()).unwrap_or_default();
        let reach = self.0.reach();
        let end = self.0.end.borrow().clone();
        let committed = Height(status.height.0.saturating_sub(1)).max(shown.height);
        let lag = status.lag(committed);
        let state = match &end {
            Some(End::Diverged { .. }) => RegionState::Diverged,
            Some(_) => RegionState::Halted,
            None if self.0.store.ping().await.is_err() => RegionState::Halted,
            None if !reach.is_quorum() => RegionState::NoQuorum,
            None if lag > 0 => RegionState::CatchingUp,
            None => RegionState::Running,
        };
        let age_ms = self.now().unix_ms().saturating_sub(shown.time.unix_ms());
        RegionHealth {
            exchange: self.exchange().clone(),
            state,
            stopped: end.map(|end| format!("{end:?}")),
            height: shown.height,
            height_age: Duration::from_millis(u64::try_from(age_ms).unwrap_or_default()),
            highest_height: status.highest_committed().max(committed),
            lag,
            peers: reach.peers,
            cosigners: shown.cosigned_by.iter().cloned().collect(),
            final_size: shown.size,
            missing_cosigners: self.0.publisher.missing_cosigners(),
            faults: status.faults,
            evidence: status.evidence_count,
            forks: self.0.forks.known(),
            rejected: status
                .rejected
                .map(|rejected| (rejected.height, rejected.proposer, format!("{:?}", rejected.verdict))),
            oldest_unfinal: self.0.pool.oldest().max(self.0.publisher.oldest_unfinal()),
            witnesses: self.0.witnesses.health(),
            disk_free_bytes: self.0.wal_folder.as_deref().and_then(disk_free_bytes),
        }
    }
}

/// What an ordinary user may still write, as statvfs(3) tells it.
fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}
