//! What is typed to check a node's database and files, and to follow one thing through the ledger.

use super::ConfigArgs;
use clap::Args;
use databourse_audit::Subject;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct FsckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// One JSON document instead of the text, with a receipt of each entry that is meant.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// Id of a product, order or party, a licence (ORDER.LINE), a certificate's number, a window or an account.
    #[arg(value_name = "ID")]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Read a ledger out of a folder in the layout of C2SP tlog-tiles instead of the node's own database.
    #[arg(long, value_name = "DIR", requires = "policy")]
    pub(crate) dir: Option<PathBuf>,
    /// Whom to trust (C2SP tlog-policy); by default the exchanges that the ledger itself names.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Folder for each step's entry and receipt, to be verified with `databourse verify`; made if need be.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// One JSON document instead of the text.
    #[arg(long)]
    pub(crate) json: bool,
}
