//! `cargo xtask dependencies`: licences, bans and sources by `.deny.toml`.
//!
//! The tool that judges takes minutes to build and its verdict depends on two files only. So a verdict is kept in
//! `.ci/dependencies` as the hash of those files, and CI asks whether they are the same.

use crate::run::{cargo, must, root};
use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use std::{fs, path::PathBuf, process::Command};

const JUDGED: [&str; 2] = ["Cargo.lock", ".deny.toml"];

/// Judges the dependencies with cargo-deny, which is built once, into `target/tools`, and keeps that they are good.
pub(crate) fn judge() -> anyhow::Result<()> {
    let tools = root().join("target/tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        // Without optimisation: it runs for a second and would be built for minutes.
        let mut install =
            cargo(&["install", "cargo-deny", "--debug", "--locked", "--version", "^0.20", "--root"]);
        must(install.arg(&tools).env("CARGO_TARGET_DIR", root().join("target/tools-build")))?;
    }
    let mut check = Command::new(program);
    must(check.args(["--offline", "check", "licenses", "bans", "sources"]).current_dir(root()))?;
    fs::write(kept(), hash()?).context("the verdict could not be kept")
}

/// Fails unless the last verdict is about the dependencies as they are.
pub(crate) fn were_judged() -> anyhow::Result<()> {
    if fs::read_to_string(kept()).unwrap_or_default() != hash()? {
        bail!(
            "{} changed since their dependencies were judged; run: cargo xtask dependencies",
            JUDGED.join(" or ")
        );
    }
    Ok(())
}

fn kept() -> PathBuf {
    root().join(".ci/dependencies")
}

fn hash() -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    for name in JUDGED {
        let bytes = fs::read(root().join(name)).with_context(|| name.to_owned())?;
        hasher.update(Sha256::digest(bytes));
    }
    Ok(hex::encode(hasher.finalize()) + "\n")
}
