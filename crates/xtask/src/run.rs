//! Running other programs.

use anyhow::{Context as _, bail};
use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

/// What is compiled in for tests and lints beside the default: what a dishonest node does, which nothing but tests can
/// reach, and the cosignatures that nobody makes yet.
pub(crate) const TESTED_FEATURES: &str = "databourse-exchange/dishonest,databourse-ledger/ml-dsa";

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("crates/xtask"), PathBuf::from);
    here.ancestors().nth(2).map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// `cargo` as it runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program to its end; its failure is ours.
pub(crate) fn must(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}");
    eprintln!("→ {shown}");
    let status = command.status().with_context(|| format!("could not start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs a program and takes what it prints to standard output, which is shown as well.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<(String, bool)> {
    use std::io::{BufRead as _, BufReader};
    let shown = format!("{command:?}");
    eprintln!("→ {shown}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {shown}"))?;
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            println!("{line}");
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok((text, child.wait()?.success()))
}
