//! `witness`: what can be typed.

use clap::{Args, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Args)]
pub(crate) struct WitnessArgs {
    #[command(subcommand)]
    pub(crate) command: WitnessCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Cosign the checkpoints of these logs until Ctrl-C or SIGTERM (C2SP tlog-witness).
    Serve(WitnessServeArgs),
    /// Make a witness's key, or show what others need to know of it.
    Key {
        #[command(subcommand)]
        command: WitnessKeyCommand,
    },
    /// Print the checkpoints that a witness has kept of a log: all that it cosigned, and those that convict the log.
    ///
    /// Exit code 1 if the log signed two roots for one size.
    Evidence(WitnessEvidenceArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WitnessServeArgs {
    /// Address and port to serve at.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    /// The file that `witness key new` wrote.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The logs that are witnessed: `log <vkey>` lines as in a trust policy, or a list of the witness network (`logs/v0`).
    #[arg(long, value_name = "FILE", visible_alias = "policy")]
    pub(crate) logs: PathBuf,
    /// Where it keeps what it cosigned. Never put back from a copy: a witness that forgets may sign a second history.
    #[arg(long, value_name = "DIR", default_value = "witness")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessKeyCommand {
    /// Make a key; refuses to overwrite one.
    New {
        /// Name of the witness, by convention a URL without scheme, e.g. `witness.example/w1`. For ever the same.
        #[arg(long)]
        name: String,
        /// The file to write, readable by its owner only.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What the witness signs with.
        #[arg(long, value_enum, default_value_t)]
        algorithm: CosignatureAlgorithm,
    },
    /// Show the verifier key, as a log's configuration and a trust policy name it.
    Show {
        /// The file that `witness key new` wrote.
        file: PathBuf,
    },
}

/// Algorithms of C2SP tlog-cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CosignatureAlgorithm {
    /// Ed25519 (type 0x04), which every client knows.
    #[default]
    Ed25519,
    /// ML-DSA-44 (type 0x06), which a quantum computer does not forge. Nodes and clients built without it pass over it.
    #[cfg(feature = "ml-dsa")]
    #[value(name = "ml-dsa-44")]
    MlDsa44,
}

#[derive(Debug, Args)]
pub(crate) struct WitnessEvidenceArgs {
    /// Origin of the log: the first line of its checkpoints.
    pub(crate) origin: String,
    /// The witness's folder.
    #[arg(long, value_name = "DIR", default_value = "witness")]
    pub(crate) folder: PathBuf,
    /// Only what convicts the log: second roots, each with the checkpoint that was cosigned for its size.
    #[arg(long)]
    pub(crate) conflicts: bool,
}
