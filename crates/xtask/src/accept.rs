//! `cargo xtask accept`: the real files, played by the release build.

use crate::run::{cargo, must, output_of, root};
use anyhow::{Context as _, bail};
use std::{fs, path::Path, process::Command};

/// What the summary of the whole order file must say; see the README beside the files.
const ORDER_FACTS: [&str; 3] = ["541,909", "9,747,747.934", "135,080"];

/// Builds the release binary, plays the built-in market twice and the real files once, and checks what they print.
pub(crate) fn accept(data: &Path) -> anyhow::Result<()> {
    let data =
        fs::canonicalize(root().join(data)).with_context(|| format!("no folder {}", data.display()))?;
    must(&mut cargo(&["build", "--release", "--locked", "--bin", "databourse"]))?;
    let scratch = root().join("target/accept");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;

    let sample = |name: &str| demo(&scratch.join(name), &["--seed", "7"]);
    let (first, second) = (root_line(&sample("first")?)?, root_line(&sample("second")?)?);
    if first != second {
        bail!("two seeded runs differ: {first} and {second}");
    }

    let file = |name: &str| data.join(name).display().to_string();
    let (firstdata, registry) = (file("firstdata-sources.jsonl.gz"), file("open-data-registry.jsonl.gz"));
    let orders = file("online-retail.csv.gz");
    let real = ["--seed", "7", "--catalogue", &firstdata, "--catalogue", &registry, "--orders", &orders];
    let summary = demo(&scratch.join("real"), &real)?;
    for fact in ORDER_FACTS {
        if !summary.contains(fact) {
            bail!("the summary of the real files does not say {fact}");
        }
    }
    fs::remove_dir_all(&scratch)?;
    println!("accepted: the real files add up");
    Ok(())
}

/// Runs `demo --exit` into `folder` and takes its summary.
fn demo(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(root().join("target/release/databourse"));
    let (summary, succeeded) =
        output_of(command.args(["demo", "--exit", "--data"]).arg(folder).args(arguments))?;
    if !succeeded {
        bail!("demo failed");
    }
    Ok(summary)
}

/// The line of the summary that names the root.
fn root_line(summary: &str) -> anyhow::Result<String> {
    let line = summary.lines().find(|line| line.trim_start().starts_with("root"));
    line.map(|line| line.trim().to_owned()).context("the summary names no root")
}
