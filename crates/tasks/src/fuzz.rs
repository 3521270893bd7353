//! `cargo xtask fuzz`: hostile input for every parser, guided by coverage, with the stable compiler.
//!
//! Counting edges is a pass of LLVM that the stable compiler can run; libFuzzer brings the rest. Address sanitizer is not
//! asked for: no code of ours is unsafe, and a panic or an overflow ends the run by itself.

use crate::run::{cargo, must, root};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Edges are counted, and what numbers and texts are compared with is told to the fuzzer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=on";

/// How long one input may take by the clock on the wall, generously: a machine that does other work as well is no finding.
const INPUT_SECONDS_MAX: u32 = 600;

/// The longest input in bytes: a few times the longest seed.
const INPUT_BYTES_MAX: u32 = 16_384;

/// Builds the fuzzer and runs each of the `chosen` targets, or all of them, for `seconds` each, one after the other.
/// What is interesting is kept in `target/fuzz/corpus`, a finding in `target/fuzz/findings`.
pub(crate) fn fuzz(seconds: u64, chosen: &[String]) -> anyhow::Result<()> {
    let folder = root().join("target/fuzz");
    let program = build(&folder)?;
    let targets = targets()?;
    if let Some(unknown) = chosen.iter().find(|name| !targets.contains(name)) {
        bail!("no target `{unknown}`; there are {}", targets.join(", "));
    }
    let mut found = Vec::new();
    for target in targets.iter().filter(|name| chosen.is_empty() || chosen.contains(name)) {
        match run(&program, &folder, target, seconds)? {
            Verdict::Clean { executions, edges } => {
                println!("{target}: {executions} executions in {seconds} s, {edges} edges, nothing found");
            }
            Verdict::Found => found.push(target.as_str()),
        }
    }
    if !found.is_empty() {
        let findings = folder.join("findings");
        bail!("something was found by {}: see {}", found.join(", "), findings.display());
    }
    Ok(())
}

/// Only what runs in the fuzzer is built with `FLAGS`, which is why the target is named: build scripts are not.
fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let version = Command::new("rustc").arg("-vV").output().context("could not start rustc")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let arguments = ["build", "--release", "--package", "databourse-fuzz", "--features", "libfuzzer"];
    must(cargo(&arguments).args(["--target", host, "--target-dir"]).arg(folder).env("RUSTFLAGS", FLAGS))?;
    Ok(folder.join(host).join("release/databourse-fuzz"))
}

/// Every target has a folder of seeds, and the test of `crates/fuzz` sees to it.
fn targets() -> anyhow::Result<Vec<String>> {
    let folders = fs::read_dir(root().join("crates/fuzz/seeds"))?.collect::<Result<Vec<_>, _>>()?;
    let folders = folders.iter().filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

enum Verdict {
    Clean {
        /// Inputs that were run.
        executions: u64,
        /// Edges of the program that they reached.
        edges: u64,
    },
    Found,
}

fn run(program: &Path, folder: &Path, target: &str, seconds: u64) -> anyhow::Result<Verdict> {
    let (corpus, findings) = (folder.join("corpus").join(target), folder.join("findings"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&findings)?;
    let log = folder.join(format!("{target}.log"));
    let mut fuzzer = Command::new(program);
    fuzzer.env("DATABOURSE_FUZZ_TARGET", target).env("RUST_BACKTRACE", "0");
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={INPUT_BYTES_MAX}"));
    fuzzer.arg(format!("-timeout={INPUT_SECONDS_MAX}")).args(["-rss_limit_mb=2048", "-print_final_stats=1"]);
    fuzzer.arg(format!("-artifact_prefix={}/{target}-", findings.display()));
    // What is new goes to the first folder; the others are read only.
    fuzzer.arg(&corpus).arg(root().join("crates/fuzz/seeds").join(target));
    fuzzer.arg(root().join("tests/vectors/ledger"));
    eprintln!("→ {target}, {seconds} s; see {}", log.display());
    let file = fs::File::create(&log)?;
    let status = fuzzer.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).status()?;
    let text = fs::read_to_string(&log)?;
    if !status.success() {
        let words = text.lines().filter(|line| line.contains("panicked") || line.contains("ERROR"));
        words.for_each(|line| println!("{target}: {line}"));
        return Ok(Verdict::Found);
    }
    Ok(Verdict::Clean {
        executions: number_after(&text, "stat::number_of_executed_units:").unwrap_or(0),
        edges: number_after(&text, "cov: ").unwrap_or(0),
    })
}

/// The number behind the last `label`.
fn number_after(text: &str, label: &str) -> Option<u64> {
    let (_, behind) = text.rsplit_once(label)?;
    behind.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_last_line() {
        let text =
            "#2 INITED cov: 12 ft: 13\n#9 DONE cov: 40 ft: 41 corp: 3\nstat::number_of_executed_units: 812\n";
        assert_eq!(number_after(text, "cov: "), Some(40));
        assert_eq!(number_after(text, "stat::number_of_executed_units:"), Some(812));
        assert_eq!(number_after("", "cov: "), None);
    }

    #[test]
    fn the_targets_are_the_folders_of_seeds() {
        let targets = targets().expect("the seeds");
        assert!(targets.iter().any(|name| name == "receipt") && targets.len() > 10, "{targets:?}");
    }
}
