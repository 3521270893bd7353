//! `region`: what can be typed.

use super::{BenchMarketArgs, ConfigArgs, count};
use clap::{Args, Subcommand, ValueEnum};
use databourse_exchange::NodeAddress;
use databourse_primitives::{ExchangeCode, Line, ProposalId};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Args)]
pub(crate) struct RegionArgs {
    #[command(subcommand)]
    pub(crate) command: RegionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegionCommand {
    /// Make a region on this machine: keys, genesis file and configuration of each exchange, in one folder.
    Init(InitArgs),
    /// Start every node of a region on this machine, play a market across them, and show how they are until Ctrl-C.
    Up(UpArgs),
    /// Show how the nodes of a region are. Exit code 2 if one needs somebody.
    Status(StatusArgs),
    /// Print the public card of an exchange, for the others; its keys are made if there are none.
    Card(CardArgs),
    /// Print the genesis file of a region of these cards. The same cards give the same bytes.
    Genesis(GenesisArgs),
    /// Print the configuration of a node from the region's cards.
    Config(NodeConfigArgs),
    /// Propose that another exchange joins; the others vote.
    Join {
        /// The card of the exchange.
        #[arg(value_name = "CARD")]
        card: PathBuf,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Propose to leave, and later leave for good.
    Leave {
        /// The exchange that takes this one's book over; it must approve.
        #[arg(long, value_name = "CODE", required_unless_present = "depart")]
        successor: Option<ExchangeCode>,
        /// Leave for good, when all obligations are settled.
        #[arg(long, conflicts_with = "successor")]
        depart: bool,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Propose to sign with the keys of another key file from now on; the others vote.
    ReplaceKeys {
        /// The new key file; see `region card` for making one.
        #[arg(value_name = "FILE")]
        new: PathBuf,
        /// Which keys; may be repeated.
        #[arg(long, value_enum, required = true)]
        purpose: Vec<PurposeArg>,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Propose that an exchange is suspended, until it is reinstated.
    Suspend {
        /// The exchange.
        exchange: ExchangeCode,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Line,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Propose that a suspended exchange stands again as before.
    Reinstate {
        /// The exchange.
        exchange: ExchangeCode,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Propose to close the ledger, and later end it for good, when all is settled.
    Close {
        /// Origin of the ledger that goes on.
        #[arg(long, value_name = "ORIGIN", required_unless_present = "end")]
        successor: Option<Line>,
        /// Why.
        #[arg(long, value_name = "TEXT", required_unless_present = "end")]
        reason: Option<Line>,
        /// End it for good, in the words that were decided.
        #[arg(long, conflicts_with_all = ["successor", "reason"])]
        end: bool,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Print how a closed ledger ended, verified, for the genesis of the ledger that goes on.
    Succeed {
        /// A node of the closed ledger.
        #[arg(long, env = "DATABOURSE_URL", default_value = "http://127.0.0.1:8080")]
        url: String,
        /// Whom to trust that it ended so: the policy of the closed ledger, as the exchanges compared it.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// Snapshots of the state, from which a new node can begin.
    Snapshot {
        #[command(subcommand)]
        command: SnapshotCommand,
    },
    /// Show what is and was proposed: who voted how, what is missing, from which height on it is in force.
    Proposals {
        /// Only what is still voted on.
        #[arg(long)]
        open: bool,
        /// One JSON document instead of the table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Vote on a proposal; without one, show those that are open.
    Vote {
        /// The proposal's id, which `proposals` shows.
        #[arg(requires = "vote")]
        proposal: Option<ProposalId>,
        /// For it.
        #[arg(long, group = "vote", requires = "proposal")]
        approve: bool,
        /// Against it.
        #[arg(long, group = "vote", requires = "proposal")]
        reject: bool,
        #[command(flatten)]
        by: MemberArgs,
    },
}

/// Snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Have every node write a snapshot of the state after the block two heights later.
    Order(MemberArgs),
    /// Show which snapshots were ordered, and what each exchange says of them. Exit code 2 if two say different things.
    List {
        #[command(flatten)]
        by: MemberArgs,
        /// One JSON document instead of the table.
        #[arg(long)]
        json: bool,
    },
    /// Print the proof of an attested snapshot.
    Prove {
        /// Height of the snapshot.
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        height: u64,
        #[command(flatten)]
        by: MemberArgs,
    },
    /// Fill the empty database of a node from the file of a snapshot, if its proof holds. The node must not run.
    Read {
        /// The file, which a node keeps in `snapshots` of its data folder.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Its proof; see `prove`.
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// Whom to trust: the policy of the region, compared with the other exchanges (C2SP tlog-policy).
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// As which exchange, and at which node.
#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Address of the exchange's node [default: where its configuration listens].
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

/// What an exchange signs with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PurposeArg {
    /// Entries.
    Entry,
    /// Checkpoints, as the log.
    Checkpoint,
    /// Cosignatures of checkpoints.
    Cosignature,
    /// Votes on blocks.
    Consensus,
}

/// Which region.
#[derive(Debug, Clone, Args)]
pub(crate) struct InitArgs {
    /// Codes of 1 to 20 exchanges [default: those of the folder, else sh,js,zj,ah].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) exchanges: Option<Vec<ExchangeCode>>,
    /// Folder of the region; created if need be.
    #[arg(long, value_name = "DIR", default_value = "region")]
    pub(crate) folder: PathBuf,
    /// The first of the ports: N and up for clients, N+50 and up between nodes [default: free ones from 27000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..=65_000))]
    pub(crate) base_port: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) region: InitArgs,
    /// Plan of the sample market: the same number gives the same orders.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Stop after the sample and N seconds of purchases across exchanges.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
    /// Stop after the sample.
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) exit: bool,
    /// Start a node again that dies.
    #[arg(long)]
    pub(crate) restart: bool,
}

/// `bench region`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// How many exchanges.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub(crate) exchanges: u8,
    /// A new folder for the region, which is kept; its disk is what is measured. Default: a temporary one.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Length of each run.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,
    /// One rate, in purchases per second, instead of climbing until one is not reached.
    #[arg(long, value_name = "R", conflicts_with = "rates", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) rate: Option<u64>,
    /// These rates, with commas between them.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) rates: Vec<u64>,
    /// Of a hundred purchases, how many are of another exchange's merchant.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(0..=100))]
    pub(crate) cross: u64,
    /// How many purchases may be under way; arrivals beyond are dropped and counted.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = count)]
    pub(crate) in_flight_max: usize,
    #[command(flatten)]
    pub(crate) market: BenchMarketArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Address of a node; may be repeated. Without it, the nodes of `--folder`.
    #[arg(long, value_name = "URL", conflicts_with = "folder")]
    pub(crate) url: Vec<String>,
    /// Folder of a region on this machine.
    #[arg(long, value_name = "DIR", default_value = "region")]
    pub(crate) folder: PathBuf,
    /// One JSON document instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CardArgs {
    /// Code of the exchange: 2 to 8 lower-case letters or digits.
    #[arg(long, value_name = "CODE")]
    pub(crate) exchange: ExchangeCode,
    /// Its name in Chinese.
    #[arg(long, value_name = "NAME")]
    pub(crate) name_zh: String,
    /// Its name in English.
    #[arg(long, value_name = "NAME")]
    pub(crate) name_en: String,
    /// Where the other nodes reach its node, e.g. /dns4/node.sh.example/tcp/27000.
    #[arg(long, value_name = "ADDR")]
    pub(crate) address: NodeAddress,
    /// Origin of the region's ledger, for which the card proves that the exchange has its keys [default: as `serve
    /// --print-config` prints it].
    #[arg(long, value_name = "TEXT")]
    pub(crate) origin: Option<Line>,
    /// Its key file.
    #[arg(long, value_name = "FILE", default_value = "keys.toml")]
    pub(crate) keys: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct GenesisArgs {
    /// The cards of all exchanges, in any order.
    #[arg(required = true, value_name = "CARD")]
    pub(crate) cards: Vec<PathBuf>,
    /// Configuration whose section `region` says name, origin, assets, taxes and schedules; see `serve --print-config`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NodeConfigArgs {
    /// The cards of all exchanges, this one's among them.
    #[arg(required = true, value_name = "CARD")]
    pub(crate) cards: Vec<PathBuf>,
    /// The exchange whose node it is.
    #[arg(long, value_name = "CODE")]
    pub(crate) exchange: ExchangeCode,
    /// The node's folder, with genesis.json and keys.toml; data and wal are made there.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Where it listens for clients.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) http: SocketAddr,
    /// Where it listens for the other nodes [default: every address, at the port of its card].
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<NodeAddress>,
}
