//! Daily work: `cargo xtask test | simulate | fuzz | ready | dependencies | accept | generate | contracts`.
//!
//! Each command installs what it needs and needs nothing outside the repository, except `accept`, which reads the real
//! files that stand beside it.

mod accept;
mod audit;
mod books;
mod contracts;
mod dependencies;
mod fuzz;
mod generate;
mod ready;
mod run;
mod simulate;
mod test;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Daily work on Databourse")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every test of the workspace; installs PostgreSQL if there is none.
    Test {
        /// Passed on to `cargo test`, e.g. `-p databourse-market`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs a whole region on one thread with a network and disks that fail, once for each seed.
    Simulate {
        /// How many seeds.
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first of them; alone with `--seeds 1` it repeats a run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Hostile input for every parser, guided by coverage.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only this target; may be given several times.
        #[arg(long)]
        target: Vec<String>,
    },
    /// What CI checks besides tests: format, lints, documentation, generated files, and that the dependencies were judged.
    Ready,
    /// Judges licences and sources of the dependencies with cargo-deny; needed when Cargo.lock or .deny.toml changed.
    Dependencies,
    /// Plays the real files with the release build, checks every total, and has hledger and beancount judge the journal.
    Accept {
        /// The folder with the real files.
        #[arg(long, default_value = "../shared/data")]
        data: PathBuf,
        /// Mirror the ledger of the real files and audit the copy, too.
        #[arg(long)]
        audit: bool,
        /// With the build that the tests use, which CI has anyway, in place of the release build.
        #[arg(long)]
        debug: bool,
    },
    /// Writes the files that are made from the code: docs/refusals.md.
    Generate {
        /// Changes nothing; fails if a file is not what the code says.
        #[arg(long)]
        check: bool,
    },
    /// Compiles contracts/src with the pinned compiler into contracts/out; needs node and npm.
    Contracts,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Test { arguments } => test::test(&arguments),
        Command::Simulate { seeds, seed } => simulate::simulate(seeds, seed),
        Command::Fuzz { seconds, target } => fuzz::fuzz(seconds, &target),
        Command::Ready => ready::ready(),
        Command::Dependencies => dependencies::judge(),
        Command::Accept { data, audit, debug } => accept::accept(&data, audit, debug),
        Command::Generate { check } => generate::generate(check),
        Command::Contracts => contracts::contracts(),
    }
}
