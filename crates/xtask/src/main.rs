//! `cargo xtask`: builds `databourse-tasks` and starts it.
//!
//! Cargo chooses the features of a dependency by the packages that it builds together. Built by itself the program of the
//! tasks would get other ones than the tests get, and two hundred packages would be compiled twice. So this one, which
//! needs nothing, has it built with the whole workspace in view.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or_else(|| Path::new("."));
    let mut build = Command::new(cargo);
    // Features that only tests ask for count only where a test is built: `view` is the smallest.
    build.args([
        "build",
        "--quiet",
        "--workspace",
        "--bin",
        "databourse-tasks",
        "--test",
        "view",
        "--features",
    ]);
    build.arg(env::var_os("DATABOURSE_TESTED_FEATURES").unwrap_or_default());
    let mut tasks = Command::new(root.join("target/debug/databourse-tasks"));
    tasks.args(env::args_os().skip(1));
    // What cargo says of this package to a program that it starts; there are build scripts that would run again for it.
    let own = env::vars_os().map(|(name, _)| name).filter(|name| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start))
    });
    let own: Vec<_> = own.collect();
    for command in [build.current_dir(root), &mut tasks] {
        own.iter().for_each(|name| _ = command.env_remove(name));
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(_) => return ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{command:?}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
