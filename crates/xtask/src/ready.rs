//! `cargo xtask ready`: what CI checks besides tests.

use crate::{
    generate::generate,
    run::{TESTED_FEATURES, cargo, must, root},
};

/// Format, lints, documentation, generated files, licences and duplicates among dependencies.
pub(crate) fn ready() -> anyhow::Result<()> {
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    let mut clippy =
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--features", TESTED_FEATURES]);
    must(clippy.args(["--", "-D", "warnings"]))?;
    must(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    generate(true)?;
    deny()
}

/// Checks licences, bans and sources by `.deny.toml`. The tool is built once, into `target/tools`, without
/// optimisation: it runs for a second and would be built for minutes.
fn deny() -> anyhow::Result<()> {
    let tools = root().join("target/tools");
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        let mut install =
            cargo(&["install", "cargo-deny", "--debug", "--locked", "--version", "^0.20", "--root"]);
        must(install.arg(&tools).env("CARGO_TARGET_DIR", root().join("target/tools-build")))?;
    }
    let mut check = std::process::Command::new(program);
    let arguments = ["--offline", "check", "licenses", "bans", "sources"];
    must(check.args(arguments).current_dir(root()))
}
