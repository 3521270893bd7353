//! `cargo xtask accept`: the real files, played by the program.

use crate::{
    audit, books,
    run::{cargo, must, output_of, root, tested_features},
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the summary of the whole order file must say; see the README beside the files.
const ORDER_FACTS: [&str; 3] =
    ["PASS: 541,909 lines, net 9,747,747.934 XTS", "refused order.buyer_missing", "135,080"];

/// Builds the program, plays the built-in market twice and the real files once, checks what they print, and has
/// the journal of the real files judged by two accounting programs, and, if it is asked for, their ledger audited
/// from a mirror of it.
pub(crate) fn accept(data: &Path, is_audited: bool, is_debug: bool) -> anyhow::Result<()> {
    let data =
        fs::canonicalize(root().join(data)).with_context(|| format!("no folder {}", data.display()))?;
    let program = build(is_debug)?;
    let scratch = root().join("target/accept");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;

    let sample = |name: &str| demo(&program, &scratch.join(name), &["--seed", "7"]);
    let (first, second) = (checkpoint(&sample("first")?)?, checkpoint(&sample("second")?)?);
    if first != second {
        bail!("two seeded runs differ: {first:?} and {second:?}");
    }

    let file = |name: &str| data.join(name).display().to_string();
    let (firstdata, registry) = (file("firstdata-sources.jsonl.gz"), file("open-data-registry.jsonl.gz"));
    let orders = file("online-retail.csv.gz");
    let real = ["--seed", "7", "--catalogue", &firstdata, &registry, "--orders", &orders];
    let summary = demo(&program, &scratch.join("real"), &real)?;
    for fact in ORDER_FACTS {
        if !summary.contains(fact) {
            bail!("the summary of the real files does not say {fact}");
        }
    }
    books::judge(&program, &scratch.join("real"))?;
    if is_audited {
        audit::judge(&program, &scratch.join("real"))?;
    }
    fs::remove_dir_all(&scratch)?;
    println!("accepted: the real files add up, and two accounting programs agree");
    Ok(())
}

/// The program as users build it, or as the tests do, with the same features, so that nothing is compiled twice.
fn build(is_debug: bool) -> anyhow::Result<PathBuf> {
    let mut command = cargo(&["build", "--locked", "--bin", "databourse"]);
    if is_debug {
        // The test brings the features that only tests ask for into view.
        command.args(["--workspace", "--test", "view", "--features"]).arg(tested_features());
    } else {
        command.arg("--release");
    }
    must(&mut command)?;
    Ok(root().join("target").join(if is_debug { "debug" } else { "release" }).join("databourse"))
}

/// Runs `demo --exit` of `program` into `folder` and takes its summary.
fn demo(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    let (summary, succeeded) =
        output_of(command.args(["demo", "--exit", "--data"]).arg(folder).args(arguments))?;
    if !succeeded {
        bail!("demo failed");
    }
    Ok(summary)
}

/// Size and root of the checkpoint in a summary: the two lines under its origin.
fn checkpoint(summary: &str) -> anyhow::Result<(String, String)> {
    let mut lines = summary.lines().skip_while(|line| !line.contains("Checkpoint")).skip(2);
    let (size, root) = (lines.next(), lines.next());
    let (Some(size), Some(root)) = (size, root) else { bail!("the summary shows no checkpoint") };
    size.parse::<u64>().with_context(|| format!("`{size}` is not the size of a checkpoint"))?;
    Ok((size.to_owned(), root.to_owned()))
}
