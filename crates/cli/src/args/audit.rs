//! `mirror`, `audit` and `bench audit`: what can be typed.

use clap::Args;
use std::{path::PathBuf, time::Duration};

#[derive(Debug, Args)]
pub(crate) struct MirrorArgs {
    /// Address of a node, or of anything else that serves a ledger as tiles; a folder of that layout works as well.
    pub(crate) url: String,
    /// The folder to keep; made if need be.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Go on until Ctrl-C instead of ending with what is there now.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Seconds between two looks at the ledger, with --follow.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) every: u32,
    /// One JSON document a line instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

impl MirrorArgs {
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_secs(self.every.into())
    }
}

/// Whom to trust, and as whom to ask.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrustArgs {
    /// Whom to trust (C2SP tlog-policy), from a source of your own.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// File with an auditor's token, which a node wants to see before it shows entries; see `databourse token --auditor`.
    #[arg(long, value_name = "FILE", env = "DATABOURSE_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Address of a node, whose answers are compared as well, or the folder of a mirror.
    #[arg(value_name = "URL|DIR")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// A checkpoint that was seen before: the ledger must begin with that of it.
    #[arg(long, value_name = "CHECKPOINT_FILE")]
    pub(crate) since: Option<PathBuf>,
    /// Go on from where the last audit with this file ended, and keep in it where this one ends. Nobody else may be able
    /// to write it.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Do not compare what the node answers.
    #[arg(long)]
    pub(crate) ledger_only: bool,
    /// The report as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The folder of a mirror, e.g. of the real replay.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Only the blocks that end within the first N entries.
    #[arg(long, value_name = "N")]
    pub(crate) entries: Option<u64>,
    /// One JSON document instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}
