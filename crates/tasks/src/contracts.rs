//! `cargo xtask contracts`: the contracts' artefacts from their sources.

use crate::run::{must, root};
use anyhow::Context as _;
use std::{fs, process::Command};

/// Installs compiler and libraries as the lock file names them into `target/contracts`, and compiles.
pub(crate) fn contracts() -> anyhow::Result<()> {
    let source = root().join("contracts");
    let installed = root().join("target/contracts");
    fs::create_dir_all(&installed).context("target/contracts")?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), installed.join(name)).with_context(|| name.to_owned())?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    must(install.current_dir(&installed)).context("is npm installed?")?;
    let mut compile = Command::new("node");
    must(compile.arg(source.join("compile.js")).arg(&installed).arg(source.join("out")))
}
