//! `cargo xtask ready`: what CI checks besides tests.

use crate::{
    dependencies,
    generate::generate,
    run::{TESTED_FEATURES, cargo, must},
};

/// Format, lints, documentation, generated files, and that the dependencies are those that were judged.
pub(crate) fn ready() -> anyhow::Result<()> {
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    dependencies::were_judged()?;
    generate(true)?;
    let checked = ["--workspace", "--locked", "--features", TESTED_FEATURES];
    must(cargo(&["clippy", "--all-targets"]).args(checked).args(["--", "-D", "warnings"]))?;
    must(cargo(&["doc", "--no-deps"]).args(checked).env("RUSTDOCFLAGS", "-D warnings"))
}
