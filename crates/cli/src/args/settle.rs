//! `settle` and `reconcile`: what can be typed.

use clap::{Args, Subcommand, ValueEnum};
use databourse_primitives::{Asset, BreakId, ExchangeCode, Label, Line, WindowId};
use databourse_settlement::{BreakOperator, Holder};
use std::path::PathBuf;

/// Which node is asked, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeArgs {
    /// Address of the exchange.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:8080",
        env = "DATABOURSE_URL"
    )]
    pub(crate) url: String,
    /// File with an operator's token; see `databourse token`.
    #[arg(long, global = true, value_name = "FILE", env = "DATABOURSE_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The node's answer as JSON instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    #[command(subcommand)]
    pub(crate) command: SettleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettleCommand {
    /// List settlement windows, or take one through its states.
    #[command(subcommand)]
    Window(WindowCommand),
    /// What each exchange is owed or owes in a window.
    Positions {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
    },
    /// The payments of a window; with a rail, also one file for each payer's bank.
    Instructions {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
        /// How the money moves.
        #[arg(long, value_enum, requires = "out")]
        rail: Option<RailArg>,
        /// Folder for the files; created if need be.
        #[arg(long, value_name = "DIR", requires = "rail")]
        out: Option<PathBuf>,
    },
    /// Read a bank's or wallet operator's file and confirm the payments that arrived.
    Confirm {
        /// How the money moved.
        #[arg(long, value_enum)]
        rail: RailArg,
        /// camt.053 or camt.054 of the bank, or the CSV of the wallet operator.
        file: PathBuf,
    },
    /// Write the settlement statement of one party or exchange in one window.
    Statement(StatementArgs),
    /// Differences between books: list them, and take one to its end.
    #[command(subcommand)]
    Breaks(BreaksCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum WindowCommand {
    /// List windows, the latest first.
    List {
        /// Only those of this asset.
        #[arg(long, value_name = "ASSET")]
        asset: Option<Asset>,
        /// Only those that stand there.
        #[arg(long, value_enum)]
        state: Option<StateArg>,
    },
    /// Show a window with its pairs, signatures, payments and breaks.
    Show {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
    },
    /// Close the open window of an asset; the next one is open at once.
    Close {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
    },
    /// Sign what this exchange finds in a closing window, for each pair that it is in.
    Sign {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
    },
    /// Net a final window into payments.
    Instruct {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
        /// All exchanges together, or each pair by itself.
        #[arg(long, value_enum, default_value = "multilateral")]
        method: MethodArg,
    },
    /// Give a window up that cannot be settled; the open one takes its obligations over.
    Abort {
        /// Asset and number, e.g. `CNY/2#7`.
        window: WindowId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Line,
    },
}

#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    /// `party:<id>` or `exchange:<code>`.
    #[arg(long, value_name = "HOLDER")]
    pub(crate) holder: Holder,
    /// Asset and number, e.g. `CNY/2#7`.
    #[arg(long, value_name = "WINDOW")]
    pub(crate) window: WindowId,
    /// Which form.
    #[arg(long, value_enum, default_value = "pdf")]
    pub(crate) format: StatementFormat,
    /// The language of a CSV file; PDF and JSON have both.
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) language: LanguageArg,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BreaksCommand {
    /// List breaks that have not ended, with their age.
    List {
        /// Only those of this window.
        #[arg(long, value_name = "WINDOW")]
        window: Option<WindowId>,
        /// Those that ended, too.
        #[arg(long)]
        all: bool,
    },
    /// Show one with its evidence.
    Show {
        /// Its id.
        id: BreakId,
    },
    /// Make somebody responsible.
    Assign {
        /// Its id.
        id: BreakId,
        /// Who, e.g. `sh/li.na`.
        #[arg(long, value_name = "EXCHANGE/PERSON", value_parser = person)]
        to: BreakOperator,
    },
    /// Add a document that supports a side's view; its SHA-256 is recorded, not the document.
    Evidence {
        /// Its id.
        id: BreakId,
        /// The document.
        #[arg(long, value_name = "FILE")]
        document: PathBuf,
        /// What it is and shows.
        #[arg(long, value_name = "TEXT")]
        note: Line,
    },
    /// Propose how it ends: by a posting, by bearing the difference, or by doing nothing.
    Propose {
        /// Its id.
        id: BreakId,
        /// How.
        #[arg(long, value_enum)]
        end: EndArg,
        /// Why nothing is done.
        #[arg(long, value_name = "TEXT", required_if_eq("end", "no-action"))]
        reason: Option<Line>,
        /// What is borne, minor units.
        #[arg(long, value_name = "N", required_if_eq("end", "write-off"))]
        amount_minor: Option<i64>,
    },
    /// Agree with a proposal; not by who proposed it.
    Approve {
        /// Its id.
        id: BreakId,
    },
    /// Turn a proposal down.
    Reject {
        /// Its id.
        id: BreakId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Line,
    },
    /// End it as approved; a posting names its entry.
    Resolve {
        /// Its id.
        id: BreakId,
        /// The entry that made the posting.
        #[arg(long, value_name = "ID")]
        posting: Option<databourse_primitives::EntryId>,
    },
    /// End it by bearing the approved difference.
    WriteOff {
        /// Its id.
        id: BreakId,
    },
    /// Hand it to somebody above.
    Escalate {
        /// Its id.
        id: BreakId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Line,
    },
    /// Agree that its window becomes final with the break open.
    Carry {
        /// Its id.
        id: BreakId,
    },
}

fn person(text: &str) -> Result<BreakOperator, String> {
    let expected = || "expected <exchange>/<person>, e.g. sh/li.na".to_owned();
    let (exchange, person) = text.split_once('/').ok_or_else(expected)?;
    let exchange: ExchangeCode = exchange.parse().map_err(|_| expected())?;
    let person: Label = person.parse().map_err(|_| expected())?;
    Ok(BreakOperator { exchange, person })
}

#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// The window to compare, e.g. `CNY/2#7`.
    #[arg(long, value_name = "WINDOW")]
    pub(crate) window: WindowId,
    /// The exchange's own book, as the node's [settlement.book] describes it.
    #[arg(long, value_name = "FILE", required_unless_present = "bank")]
    pub(crate) book: Option<PathBuf>,
    /// The bank's or wallet operator's file.
    #[arg(long, value_name = "FILE")]
    pub(crate) bank: Option<PathBuf>,
    /// Whose format the bank's file has.
    #[arg(long, value_enum, default_value = "iso20022")]
    pub(crate) rail: RailArg,
    /// Only look: no break is opened.
    #[arg(long)]
    pub(crate) fix_nothing: bool,
}

/// A way for money to move between exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RailArg {
    /// Banks: pacs.009 out, camt.053 and camt.054 in.
    Iso20022,
    /// e-CNY 数字人民币 wallets, as CSV.
    Ecny,
}

impl RailArg {
    /// Its name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Iso20022 => "iso20022",
            Self::Ecny => "ecny",
        }
    }
}

/// How obligations become payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// At most n - 1 payments among n exchanges.
    Multilateral,
    /// At most one payment for each pair.
    Bilateral,
}

/// Where a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    Open,
    Closing,
    Closed,
    Settling,
    Settled,
    Aborted,
}

/// A form of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatementFormat {
    /// For people.
    Pdf,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Languages of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArg {
    /// Chinese.
    Zh,
    /// English.
    En,
    /// Both.
    Both,
}

/// How a break ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EndArg {
    /// A new posting corrects it.
    Post,
    /// The difference is borne.
    WriteOff,
    /// Nothing is done.
    NoAction,
}

/// The name of a value as it is typed.
pub(crate) fn typed(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
