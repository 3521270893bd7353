//! `anchor`: what can be typed.

use super::settle::NodeArgs;
use clap::{ArgGroup, Args, Subcommand};
use databourse_anchor::Address;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct AnchorArgs {
    #[command(subcommand)]
    pub(crate) command: AnchorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AnchorCommand {
    /// Make an Ethereum key: one for each exchange, and one that pays. Its address is printed.
    Key {
        /// File for the private key, readable by its owner only.
        #[arg(long, value_name = "FILE", default_value = "anchor.key")]
        out: PathBuf,
    },
    /// Create the contracts and found the ledger's log in them. Typed again, it continues.
    Deploy(DeployArgs),
    /// Sign a final checkpoint, or new keys, as one exchange, and write the signature as a file.
    Sign(SignArgs),
    /// Anchor what the gathered signatures are for, wait for its confirmations, and record it in the ledger. Typed
    /// again, it continues.
    Submit(SubmitArgs),
    /// Show how the log stands on the chain, and whether the anchors that the ledger records are there. Exit code 2 if not.
    Status(StatusArgs),
    /// Sign the settlement statement of a holder as one exchange, for a final checkpoint that is or will be anchored.
    Statement(StatementArgs),
    /// Write a line of a statement with its proof, and have the contract verify it.
    Prove(ProveArgs),
}

/// The contracts.
#[derive(Debug, Clone, Args)]
pub(crate) struct FileArgs {
    /// Where the contracts are, as `anchor deploy` wrote it down.
    #[arg(long = "anchor", value_name = "FILE", default_value = "anchor.json", env = "DATABOURSE_ANCHOR")]
    pub(crate) file: PathBuf,
}

/// The chain.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChainArgs {
    /// JSON-RPC address of a node of the chain; without TLS, so on this machine or behind a proxy.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545", env = "DATABOURSE_RPC")]
    pub(crate) rpc: String,
}

/// Who pays, and how sure one wants to be.
#[derive(Debug, Clone, Args)]
pub(crate) struct PayArgs {
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    /// Key of the account that pays. Nothing else may send from it meanwhile.
    #[arg(long, value_name = "FILE")]
    pub(crate) payer: PathBuf,
    /// In how many blocks it must stand, its own counted.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=databourse_anchor::CONFIRMATIONS_MAX))]
    pub(crate) confirmations: u64,
    /// How long before giving up.
    #[arg(long, value_name = "N", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout_seconds: u64,
    /// Time between two looks at the chain.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) poll_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    #[command(flatten)]
    pub(crate) pay: PayArgs,
    /// The origin of the ledger's checkpoints: their first line.
    #[arg(long, value_name = "TEXT")]
    pub(crate) origin: String,
    /// Address of an exchange's key; once for each exchange.
    #[arg(long, value_name = "ADDRESS", required = true)]
    pub(crate) key: Vec<Address>,
    /// How many must sign; by default the smallest number above two thirds.
    #[arg(long, value_name = "N")]
    pub(crate) quorum: Option<usize>,
    /// File that says where the contracts are; if it is there already, its deployment is continued.
    #[arg(long, value_name = "FILE", default_value = "anchor.json")]
    pub(crate) out: PathBuf,
}

/// A checkpoint, and whom to trust.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrustArgs {
    /// Whom to trust (C2SP tlog-policy), from a source of your own.
    #[arg(long, value_name = "FILE", default_value = "policy.txt")]
    pub(crate) policy: PathBuf,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("subject").required(true).args(["checkpoint", "new_key"])))]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// This exchange's key.
    #[arg(long, value_name = "FILE", default_value = "anchor.key")]
    pub(crate) key: PathBuf,
    /// A signed checkpoint, e.g. of `curl -s http://HOST/checkpoint`; nothing is signed unless the policy trusts it.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Address of a key that the log shall have from now on; once for each exchange.
    #[arg(long, value_name = "ADDRESS", requires = "keys_version")]
    pub(crate) new_key: Vec<Address>,
    /// How many of the new keys must sign; by default the smallest number above two thirds.
    #[arg(long, value_name = "N", requires = "new_key")]
    pub(crate) quorum: Option<usize>,
    /// Version of the new keys: one above the present one, which `anchor status` shows.
    #[arg(long, value_name = "N", requires = "new_key")]
    pub(crate) keys_version: Option<u64>,
    /// File for the signature.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) pay: PayArgs,
    /// Signatures of the exchanges, all for the same thing.
    #[arg(long = "signature", value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) signatures: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// Only anchor; the entry in the ledger is made by somebody else.
    #[arg(long)]
    pub(crate) no_record: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    /// Address of an exchange, to compare what its ledger records with the chain.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// The statement as JSON, e.g. of `databourse settle statement --format json`.
    pub(crate) statement: PathBuf,
    /// This exchange's key.
    #[arg(long, value_name = "FILE", default_value = "anchor.key")]
    pub(crate) key: PathBuf,
    /// A signed checkpoint that holds all entries of the statement.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// File for the signature.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// The statement as JSON.
    pub(crate) statement: PathBuf,
    /// Which line, from 0.
    #[arg(long, value_name = "N")]
    pub(crate) line: usize,
    /// File for the proof; standard output without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// JSON-RPC address of a node of the chain, to have the contract verify it.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::args::Cli;
    use clap::{Parser as _, error::ErrorKind};

    #[track_caller]
    fn check(line: &str, expected: Result<(), ErrorKind>) {
        let parsed = Cli::try_parse_from(line.split(' '));
        assert_eq!(parsed.map(drop).map_err(|error| error.kind()), expected, "{line}");
    }

    #[test]
    fn what_belongs_together_is_asked_together() {
        let key = "--key 0x5fbdb2315678afecb367f032d93f642f64180aa3";
        check(&format!("databourse anchor deploy --payer p.key --origin a {key} {key}"), Ok(()));
        let missing = Err(ErrorKind::MissingRequiredArgument);
        check("databourse anchor deploy --payer p.key --origin a", missing);
        check("databourse anchor deploy --payer p.key --origin a --key 5f", Err(ErrorKind::ValueValidation));
        check("databourse anchor sign --checkpoint c --out s", Ok(()));
        check("databourse anchor sign --out s", missing);
        check(&format!("databourse anchor sign --new-{} --keys-version 1 --out s", &key[2..]), Ok(()));
        check(&format!("databourse anchor sign --new-{} --out s", &key[2..]), missing);
        check("databourse anchor submit --payer p --signature a b c", Ok(()));
        let confirmations =
            |number| format!("databourse anchor submit --payer p --signature a --confirmations {number}");
        check(&confirmations(121), Err(ErrorKind::ValueValidation));
        check("databourse anchor prove statement.json --line 3", Ok(()));
    }
}
