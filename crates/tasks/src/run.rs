//! Running other programs.

use anyhow::{Context as _, bail};
use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What is compiled in for tests and lints beside the default; `.cargo/config.toml` has the list.
pub(crate) fn tested_features() -> OsString {
    env::var_os("DATABOURSE_TESTED_FEATURES").unwrap_or_default()
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_owned)
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
    let mut text = String::new();
    let succeeded = lines_of(command, |line| {
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    })?;
    Ok((text, succeeded))
}

/// Runs a program and gives each line of its standard output to `take`; says whether it succeeded.
pub(crate) fn lines_of(command: &mut Command, mut take: impl FnMut(String)) -> anyhow::Result<bool> {
    let shown = format!("{command:?}");
    eprintln!("→ {shown}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {shown}"))?;
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        take(line?);
    }
    Ok(child.wait()?.success())
}
