//! How a node is set up.

use crate::{Clock, Entropy, Founding};
use databourse_consensus::PeerAddress;
use databourse_primitives::{ExchangeCode, Line};
use databourse_rails::{BankOffset, Directory, Iso20022, SettlementMethod};
use databourse_reconcile::book::ColumnMapping;
use databourse_store::ConnectionConfig;
use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

/// How a node is set up. Everything else follows from its keys and its database.
#[derive(Debug)]
pub struct NodeConfig {
    /// This exchange.
    pub exchange: ExchangeCode,
    /// Origin of the region's checkpoints (C2SP tlog-checkpoint).
    pub origin: Line,
    /// What a new ledger begins with; a ledger that exists keeps what it has.
    pub founding: Founding,
    /// The database.
    pub database: ConnectionConfig,
    /// Streaming replicas of it, to which reads that need not see what nobody was shown yet may go.
    pub replicas: Vec<ConnectionConfig>,
    /// Connections for reading, to the database and to each replica.
    pub reader_count: usize,
    /// How many commands may wait.
    pub pool_capacity: usize,
    /// How many records of the state stay in memory.
    pub working_set_record_count: NonZeroUsize,
    /// Where time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub entropy: Entropy,
    /// Banks, books and statements.
    pub settlement: SettlementConfig,
    /// How this node reaches the others; `None` for a node that keeps the ledger alone.
    pub region: Option<RegionConfig>,
    /// Where the snapshots go that the region orders; `None` for a node that makes none.
    pub snapshot_folder: Option<PathBuf>,
}

/// How a node agrees with the others of its region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionConfig {
    /// Where it listens for them, a multiaddr, e.g. `/ip4/0.0.0.0/tcp/27000`.
    pub listen: String,
    /// Where they are.
    pub peers: Vec<PeerAddress>,
    /// The engine's write-ahead log. Never on a disk whose state can be put back, never deleted while this node votes.
    pub wal_folder: PathBuf,
    /// Where it keeps the report should it ever diverge, and the block that it diverged on.
    pub report_folder: PathBuf,
    /// Whether it signs what the region agrees on. One that does not follows and serves: for a node whose log of votes is
    /// lost or older than what it signed, until the region is two heights past that.
    pub votes: bool,
    /// After how long without a command the region makes a block all the same.
    pub idle_period: Duration,
    /// How long the others wait for a proposal.
    pub propose_timeout: Duration,
}

/// How a node settles: what the ledger does not say about banks, books and clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementConfig {
    /// Where the exchanges' money is; without an exchange's bank no file of its payments can be made or read.
    pub directory: Directory,
    /// How bank files are written and read.
    pub iso20022: Iso20022,
    /// How this exchange's own book names its columns.
    pub book: ColumnMapping,
    /// How far the local time of statements is ahead of UTC, minutes, −720 to 840.
    pub utc_offset_minutes: i16,
    /// How often the node looks for holds whose time is over; never, if zero.
    pub expiry_period: Duration,
}

impl Default for SettlementConfig {
    /// No banks, payments through a clearing system, a book of our own columns, UTC, a look for due holds each minute.
    fn default() -> Self {
        let utc = "+00:00".parse::<BankOffset>();
        let offset = utc.unwrap_or_else(|_| unreachable!("UTC has an offset"));
        Self {
            directory: Directory::default(),
            iso20022: Iso20022 { offset, settlement_method: SettlementMethod::Clearing },
            book: ColumnMapping::plain(),
            utc_offset_minutes: 0,
            expiry_period: Duration::from_secs(60),
        }
    }
}
