//! `cargo xtask ready`: what CI checks besides tests.

use crate::{
    dependencies,
    generate::generate,
    run::{cargo, must, tested_features},
};

/// Format, lints, documentation, generated files, and that the dependencies are those that were judged.
pub(crate) fn ready() -> anyhow::Result<()> {
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    dependencies::were_judged()?;
    generate(true)?;
    let features = tested_features();
    let checked = ["--workspace".as_ref(), "--locked".as_ref(), "--features".as_ref(), features.as_os_str()];
    must(cargo(&["clippy", "--all-targets"]).args(checked).args(["--", "-D", "warnings"]))?;
    // With examples, because then dependencies have the features that they had for clippy, and are not checked again.
    must(
        cargo(&["doc", "--no-deps", "--lib", "--bins", "--examples"])
            .args(checked)
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
