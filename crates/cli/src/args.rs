//! The command line: what can be typed, with help for a newcomer and an example in each command.

pub(crate) mod anchor;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod fsck;
pub(crate) mod region;
pub(crate) mod settle;
pub(crate) mod witness;

use clap::{Args, Parser, Subcommand, ValueEnum};
use databourse_primitives::{EntryId, ExchangeCode, PartyId};
use std::{net::SocketAddr, path::PathBuf};

/// Databourse: a marketplace ledger for a region's data exchanges, on PostgreSQL.
///
/// Newcomers: `databourse demo` makes everything it needs in ./data, plays a market through the HTTP API, prints what
/// happened and serves it until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "databourse", version, arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How log lines are written (to stderr).
    #[arg(long, global = true, value_enum, default_value = "text", env = "DATABOURSE_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged, e.g. `info` or `warn,databourse_exchange=debug`.
    #[arg(long, global = true, env = "DATABOURSE_LOG_FILTER")]
    pub(crate) log_filter: Option<String>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play a market on a private database and serve the result.
    #[command(
        after_help = "Examples:\n  databourse demo\n  databourse demo --seed 7 --exit\n  databourse demo \
        --catalogue firstdata-sources.jsonl.gz --orders online-retail.csv.gz --orders-limit 1000 --data /tmp/retail"
    )]
    Demo(DemoArgs),
    /// Run an exchange until Ctrl-C or SIGTERM.
    #[command(
        after_help = "Examples:\n  databourse serve                            # private PostgreSQL in ./data\n  \
        databourse serve --print-config > databourse.toml\n  databourse serve --config databourse.toml\n  \
        DATABOURSE_DATABASE_URL=postgresql://databourse@db/databourse databourse serve --config databourse.toml"
    )]
    Serve(ServeArgs),
    /// Several exchanges that keep one ledger: make a region, run it, see how its nodes are.
    #[command(
        after_help = "Examples:\n  databourse region up                         # four exchanges on this machine, until \
        Ctrl-C\n  databourse region init --exchanges sh,js,zj,ah --folder region\n  databourse region up --folder region \
        --seconds 60\n  databourse region status --folder region\n  databourse region card --exchange sh --name-zh 上海 \
        --name-en Shanghai --address /dns4/node.sh.example/tcp/27000 > sh.card.json"
    )]
    Region(region::RegionArgs),
    /// Bring the database's tables up to this version and say what was done.
    #[command(after_help = "Example:\n  databourse migrate --config databourse.toml")]
    Migrate(ConfigArgs),
    /// Play catalogue and order files onto a running exchange.
    ///
    /// The report's equations take all XTS/3 of that exchange for this replay's: use an exchange where nothing else is
    /// paid in it.
    #[command(
        after_help = "Example:\n  databourse token --operator li.na > operator.token\n  databourse import --url \
        http://127.0.0.1:8080 --token-file operator.token --orders online-retail.csv.gz --orders-limit 1000"
    )]
    Import(ImportArgs),
    /// Write the journal as a file that hledger or beancount reads and checks.
    ///
    /// The file holds every transaction as of one block, and asserts the ledger's balance of every account, so that the
    /// other program proves by itself that both agree.
    #[command(
        after_help = "Examples:\n  databourse export --format hledger --out books.journal && hledger -f books.journal \
        check --strict\n  databourse export --format beancount --out books.beancount && bean-check books.beancount"
    )]
    Export(ExportArgs),
    /// Check that the money of a ledger adds up: accounts, holds and journal against one another.
    ///
    /// Exit code 0 if it does, 2 if something differs; each difference is named.
    #[command(after_help = "Example:\n  DATABOURSE_DATABASE_DATA_DIR=data databourse check")]
    Check(ConfigArgs),
    /// Hold the node's database and files against what follows from the ledger's entries, executed again.
    ///
    /// Exit code 0 if nothing differs, 2 if something does, 1 if it could not be found out; each difference is named.
    #[command(
        after_help = "Examples:\n  databourse fsck --config databourse.toml          # with the node stopped\n  databourse \
        fsck --config databourse.toml --json > findings.json"
    )]
    Fsck(fsck::FsckArgs),
    /// The whole life of a product, licence, order, party or certificate, with a proof for each step.
    ///
    /// Exit code 0, 2 if nothing has that name or a proof does not hold, 1 if it could not be found out.
    #[command(
        after_help = "Examples:\n  databourse trace 019aa2b4-5c00-7000-8000-000000000001 --config databourse.toml\n  \
        databourse trace sh-2026-00000001 --dir mirror --policy policy.txt --out trace"
    )]
    Trace(fsck::TraceArgs),
    /// The operator's day: close, sign and pay settlement windows, write statements, clear breaks.
    #[command(
        after_help = "Examples:\n  export DATABOURSE_TOKEN_FILE=operator.token\n  databourse settle window list\n  \
        databourse settle window close CNY/2#7\n  databourse settle window sign CNY/2#7\n  databourse settle window \
        instruct CNY/2#7\n  databourse settle instructions CNY/2#7 --rail iso20022 --out payments\n  databourse settle \
        confirm --rail iso20022 camt.054.xml\n  databourse settle statement --holder \
        party:019aa2b4-5c00-7000-8000-000000000001 --window CNY/2#7 --format pdf --out statement.pdf\n  databourse \
        settle breaks list"
    )]
    Settle(settle::SettleArgs),
    /// Compare the ledger with the exchange's own book and with its bank, and say what differs.
    ///
    /// Exit code 0 if nothing differs, 2 if breaks were found, 1 if something went wrong.
    #[command(
        after_help = "Examples:\n  databourse reconcile --window CNY/2#7 --book book.csv --fix-nothing\n  databourse \
        reconcile --window CNY/2#7 --book book.csv --bank camt.053.xml --rail iso20022 --json"
    )]
    Reconcile(settle::ReconcileArgs),
    /// Put checkpoints and settlement statements on a public chain, and prove by it.
    #[command(
        after_help = "Examples:\n  databourse anchor key --out payer.key\n  databourse anchor deploy --payer payer.key \
        --origin databourse.example/yangtze --key 0x… --key 0x…\n  curl -s http://127.0.0.1:8080/checkpoint > \
        checkpoint.txt\n  databourse anchor sign --checkpoint checkpoint.txt --policy policy.txt --out sh.json\n  \
        databourse anchor submit --payer payer.key --signature sh.json js.json zj.json --token-file operator.token\n  \
        databourse anchor status --url http://127.0.0.1:8080\n  databourse anchor statement statement.json \
        --checkpoint checkpoint.txt --out sh.json\n  databourse anchor prove statement.json --line 3 --rpc \
        http://127.0.0.1:8545"
    )]
    Anchor(anchor::AnchorArgs),
    /// Make a signing key of a party that keeps its own, show its public half, or sign with it.
    #[command(
        after_help = "Examples:\n  databourse key new --out merchant.key\n  databourse key public merchant.key"
    )]
    Key(KeyArgs),
    /// Issue an access token with the exchange's key file.
    #[command(
        after_help = "Examples:\n  databourse token --operator li.na --hours 8\n  databourse token --party \
        019aa2b4-5c00-7000-8000-000000000001 --role merchant --role buyer"
    )]
    Token(TokenArgs),
    /// Verify a certificate, a receipt or a checkpoint offline.
    #[command(
        after_help = "Examples:\n  databourse verify data/certificates/sh-2026-00000001.json\n  databourse verify \
        entry.tlog-proof --entry entry.jws --policy policy.txt\n  zbarimg --raw code.png | databourse verify - \
        --policy policy.txt\n\nExit code 1, with a stable code, if it does not hold."
    )]
    Verify(VerifyArgs),
    /// Witness logs, of whoever's: cosign their checkpoints as long as each continues the last one.
    #[command(
        after_help = "Examples:\n  databourse witness key new --name witness.example/w1 --out witness.key\n  databourse \
        witness serve --key witness.key --logs logs.txt --folder witness\n  databourse witness evidence \
        databourse.example/yangtze-delta --folder witness"
    )]
    Witness(witness::WitnessArgs),
    /// Make the QR code of a certificate, or the file of a code.
    #[command(
        subcommand,
        after_help = "Examples:\n  databourse certificate qr data/certificates/sh-2026-00000001.json --out code.svg \
        --url https://sh.example\n  zbarimg --raw code.png | databourse certificate file -"
    )]
    Certificate(certificate::CertificateCommand),
    /// Follow a ledger into a folder of files that any web server can serve, verifying everything.
    ///
    /// Exit code 2 if the ledger contradicts what the folder holds; the evidence is in the folder `evidence` of it.
    #[command(
        after_help = "Examples:\n  databourse mirror http://sh.example:8080 --folder copy --policy policy.txt --token-file \
        auditor.token\n  databourse mirror http://sh.example:8080 --folder copy --policy policy.txt --follow"
    )]
    Mirror(audit::MirrorArgs),
    /// Fetch a whole ledger, verify it, execute it again, and compare what the node answers.
    ///
    /// Exit code 0 without a finding, 2 with one, 1 if the audit could not be made.
    #[command(
        after_help = "Examples:\n  databourse audit copy --policy policy.txt\n  databourse audit http://sh.example:8080 \
        --policy policy.txt --token-file auditor.token --state audit.state --json"
    )]
    Audit(audit::AuditArgs),
    /// Measure this build on this machine.
    #[command(
        after_help = "Examples:\n  databourse bench settle                      # climbs until a rate is not reached\n  \
        databourse bench settle --rate 1000 --seconds 30\n  databourse bench settle --rates 500,1000 --hot --json\n  databourse \
        bench reconcile\n  databourse bench region --exchanges 4 --rates 5,100,200"
    )]
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder for the database, the keys and the certificates; created if need be.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Stop after the summary instead of serving.
    #[arg(long)]
    pub(crate) exit: bool,
    /// Repeat a run exactly: the same number gives the same ledger in every empty folder.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Address to serve at; if its port is taken, the next free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// A region of several exchanges instead of one: `region up` in the folder `region` of the data folder.
    #[arg(
        long, value_name = "LIST", num_args = 0..=1, value_delimiter = ',', default_missing_value = "sh,js,zj,ah",
        conflicts_with_all = ["catalogue", "orders"]
    )]
    pub(crate) region: Option<Vec<ExchangeCode>>,
}

/// Files to play.
#[derive(Debug, Clone, Args)]
pub(crate) struct FileArgs {
    /// List the records of catalogues (FirstData sources or the open data registry; gzip or plain).
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) catalogue: Vec<PathBuf>,
    /// Replay the order lines of a retailer (UCI Online Retail; gzip or plain).
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    /// Only the first N invoices of the order file.
    #[arg(long, value_name = "N", requires = "orders")]
    pub(crate) orders_limit: Option<u64>,
}

impl FileArgs {
    /// Whether there is no file, so that the built-in sample is meant.
    pub(crate) const fn is_empty(&self) -> bool {
        self.catalogue.is_empty() && self.orders.is_none()
    }
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Purchases per second: ordered, delivered, accepted, paid and split, each durable and acknowledged.
    ///
    /// Makes a private PostgreSQL with default durability and a market in a new folder, then offers purchases at fixed
    /// rates, whatever the answers do (open loop), and reports offered, achieved and dropped, latencies, blocks,
    /// processor time, and what bounded each run. In process, without HTTP.
    Settle(SettleArgs),
    /// Finding breaks: 100,000 lines, 200 of them wrong in the exchange's own book, all of which must be found.
    ///
    /// Prints the hashes that have to be fetched for each break, and the time from the close of the window to the
    /// reconciled book. No database. Exit code 1 if a break is missed or one too many is found.
    Reconcile(BenchReconcileArgs),
    /// Purchases per second of a region: several real nodes, each with its own PostgreSQL, reached by HTTP.
    ///
    /// Makes a region on this machine in a new folder and a market across its exchanges, then offers purchases at fixed
    /// rates, whatever the answers do (open loop), to all nodes. A purchase counts when it is final: durable, under a
    /// checkpoint of more than two thirds of the exchanges. Says what bounded each run, what a purchase costs each kind
    /// of process, and what one purchase alone takes.
    Region(region::BenchArgs),
    /// Entries per second of an audit from a mirror's folder: read, verified, executed again.
    ///
    /// Prints what each step alone takes of a processor, and what bounded the whole. Exit code 1 if the audit finds
    /// something.
    Audit(audit::BenchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BenchReconcileArgs {
    /// Take the lines of this order file (UCI Online Retail; gzip or plain) instead of invented ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    /// How many lines.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = count)]
    pub(crate) lines: usize,
    /// How many breaks.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = count)]
    pub(crate) breaks: usize,
    /// Which lines are wrong, and how.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
    /// One JSON document instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    /// A new folder for the database, which is kept; its disk is what is measured. Default: a temporary one.
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
    /// Only with one merchant that everybody buys from; by default each rate is run uniform and then so.
    #[arg(long)]
    pub(crate) hot: bool,
    /// How many purchases may be under way; arrivals beyond are dropped and counted.
    #[arg(long, value_name = "W", default_value_t = 2_000, value_parser = count)]
    pub(crate) workers: usize,
    #[command(flatten)]
    pub(crate) market: BenchMarketArgs,
}

/// The market of a measurement, and how its result is said.
#[derive(Debug, Args)]
pub(crate) struct BenchMarketArgs {
    /// Send the three entries of a purchase one after the other, each after the last answer, instead of together.
    #[arg(long)]
    pub(crate) apart: bool,
    /// How many merchants there are.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = count)]
    pub(crate) merchants: usize,
    /// How many buyers there are.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = count)]
    pub(crate) buyers: usize,
    /// One JSON document instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A number of things of which there must be one at least.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        _ => Err("expected a number from 1 to 1000000".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Configuration in TOML; see `serve --print-config`. Without it: defaults and a private database in ./data.
    #[arg(long, value_name = "FILE", env = "DATABOURSE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Print a configuration with every field explained, and stop.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Stop when standard input ends, for programs that run nodes.
    #[arg(long, hide = true)]
    pub(crate) while_input: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Address of the exchange.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// File with an operator's token; see `databourse token`.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Names the run: the same number and files, sent again, are answered again and change nothing.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Whose format.
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// File to write; standard output without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The format of an accounting program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A journal of hledger.
    Hledger,
    /// An input file of beancount.
    Beancount,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; its public half and its name are printed.
    New {
        /// File for the private seed, readable by its owner only.
        #[arg(long, value_name = "FILE", default_value = "party.key")]
        out: PathBuf,
    },
    /// Print the public half and the name of a key.
    Public {
        /// The file that `key new` wrote.
        file: PathBuf,
    },
    /// Sign a command and print its entry, to be sent to `POST /v1/entries` as `application/jose`.
    Sign(SignArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The file that `key new` wrote.
    pub(crate) file: PathBuf,
    /// Code of the exchange that the entry goes to.
    #[arg(long, value_name = "CODE")]
    pub(crate) exchange: ExchangeCode,
    /// What is wanted, e.g. `order.place`; docs/ENTRY.md lists the types.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) entry_type: String,
    /// The body as JSON; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) body: PathBuf,
    /// The entry's id, to send the same again; a new UUIDv7 if absent.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<EntryId>,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The exchange's key file; by default the one of the configuration.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// For a certified party.
    #[arg(long, value_name = "ID", required_unless_present_any = ["operator", "auditor"], requires = "role")]
    pub(crate) party: Option<PartyId>,
    /// What the party may do with it; may be repeated.
    #[arg(long, value_enum, conflicts_with_all = ["operator", "auditor"])]
    pub(crate) role: Vec<PartyRole>,
    /// For one of the exchange's people, by name.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["party", "auditor"])]
    pub(crate) operator: Option<String>,
    /// For an auditor, by name.
    #[arg(long, value_name = "NAME", conflicts_with = "party")]
    pub(crate) auditor: Option<String>,
    /// How long it is valid.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub(crate) hours: u32,
}

/// What a party's token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartyRole {
    /// Registers, lists, offers, delivers, refunds.
    Merchant,
    /// Orders, accepts, rejects.
    Buyer,
    /// Reads everything.
    Auditor,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A certificate (.json, or the text of its QR code), a receipt (.tlog-proof) or a signed checkpoint; the kind is
    /// recognised. `-` is what is piped in.
    pub(crate) file: PathBuf,
    /// Whom to trust (C2SP tlog-policy), from a source of your own; by default `policy.txt` beside FILE.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The entry that a receipt proves.
    #[arg(long, value_name = "FILE")]
    pub(crate) entry: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, error::ErrorKind};

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains(&format!("databourse {}", command.get_name())), "{}", command.get_name());
        }
    }

    #[track_caller]
    fn check(line: &str, expected: Result<(), ErrorKind>) {
        let parsed = Cli::try_parse_from(line.split(' '));
        assert_eq!(parsed.map(drop).map_err(|error| error.kind()), expected, "{line}");
    }

    #[test]
    fn what_belongs_together_is_asked_together() {
        check("databourse demo --exit --seed 7", Ok(()));
        check("databourse demo --catalogue a b --orders c --orders-limit 5", Ok(()));
        check("databourse demo --orders-limit 5", Err(ErrorKind::MissingRequiredArgument));
        check("databourse demo --seed -1", Err(ErrorKind::UnknownArgument));
        check("databourse demo --region --exit", Ok(()));
        check("databourse demo --region a1,b2 --seed 7", Ok(()));
        check("databourse demo --region --orders c", Err(ErrorKind::ArgumentConflict));
        check("databourse region up --exchanges sh,js --seconds 5 --restart", Ok(()));
        check("databourse region up --seconds 5 --exit", Err(ErrorKind::ArgumentConflict));
        check("databourse region init --exchanges Shanghai!", Err(ErrorKind::ValueValidation));
        check("databourse region status --url http://a --url http://b --json", Ok(()));
        check("databourse region genesis", Err(ErrorKind::MissingRequiredArgument));
        check("databourse demo --listen nowhere", Err(ErrorKind::ValueValidation));
        check("databourse token --operator li.na", Ok(()));
        check("databourse token", Err(ErrorKind::MissingRequiredArgument));
        let party = "019aa2b4-5c00-7000-8000-000000000001";
        check(&format!("databourse token --party {party} --role merchant"), Ok(()));
        check(&format!("databourse token --party {party}"), Err(ErrorKind::MissingRequiredArgument));
        check("databourse token --party x --role buyer", Err(ErrorKind::ValueValidation));
        check("databourse export --format hledger", Ok(()));
        check("databourse export", Err(ErrorKind::MissingRequiredArgument));
        check("databourse export --format ledger", Err(ErrorKind::InvalidValue));
        check("databourse bench settle --rates 1,2 --hot", Ok(()));
        check("databourse bench settle --rates 1,2 --rate 3", Err(ErrorKind::ArgumentConflict));
        check("databourse bench settle --rate 0", Err(ErrorKind::ValueValidation));
        check("databourse bench settle --workers 0", Err(ErrorKind::ValueValidation));
        check("databourse bench region --exchanges 4 --rates 1,2 --cross 100 --in-flight-max 9", Ok(()));
        check("databourse bench region --exchanges 21", Err(ErrorKind::ValueValidation));
        check("databourse bench region --cross 101", Err(ErrorKind::ValueValidation));
        check("databourse witness serve --key a --policy b", Ok(()));
        check("databourse witness serve --key a", Err(ErrorKind::MissingRequiredArgument));
        check("databourse verify", Err(ErrorKind::MissingRequiredArgument));
    }
}
