//! `cargo xtask test`: every test, on a machine that has only Rust and a package manager.

use crate::run::{cargo, lines_of, output_of, root, tested_features};
use anyhow::{Context as _, anyhow, bail};
use databourse_store::cluster::Binaries;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
    time::Instant,
};

/// How many test programs run at once. The tests of a region wait for clocks, disks and other nodes for half of their
/// time, and more than two regions at once would wait for each other.
const LANES: usize = 2;

/// A test program that runs with nothing beside it: twenty nodes in one process are a load of their own.
const ALONE: &str = "crates/consensus/tests/region/main.rs";

/// Installs what the tests need, runs them all, and ends with one line of totals. With `arguments` it is `cargo test` with
/// these.
pub(crate) fn test(arguments: &[String]) -> anyhow::Result<()> {
    let binaries =
        Binaries::find_or_install(&root().join("target/postgresql"), &|step| eprintln!("· {step}"))?;
    eprintln!("· PostgreSQL in {}", binaries.folder().display());
    let (text, succeeded) = if arguments.is_empty() {
        run_all(binaries.folder())?
    } else {
        let mut command = cargo(&["test", "--no-fail-fast"]);
        output_of(command.args(arguments).env("DATABOURSE_PG_BIN", binaries.folder()))?
    };
    let (passed, failed) = totals(&text);
    println!("total: {passed} passed, {failed} failed");
    if !succeeded || failed > 0 || passed == 0 {
        bail!("the tests did not pass");
    }
    Ok(())
}

/// A test program that cargo built, as `cargo test` would start it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Program {
    source: PathBuf,
    executable: PathBuf,
    package: PathBuf,
}

/// What cargo says of one thing that it built, as far as it is of interest here.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Program {
    /// The program in a message of cargo, if the message is about one.
    fn of(message: &str) -> Option<Self> {
        let artifact: Artifact = serde_json::from_str(message).ok()?;
        let executable = artifact.executable.filter(|_| artifact.profile.test)?;
        let package = artifact.manifest_path.parent()?.to_owned();
        Some(Self { source: artifact.target.src_path, executable, package })
    }

    /// Runs it and shows what it printed once it has ended.
    #[expect(clippy::disallowed_methods, reason = "how long it took is shown, and nothing depends on it")]
    fn run(&self, postgresql: &Path) -> anyhow::Result<(String, bool)> {
        let name = self.source.strip_prefix(root()).unwrap_or(&self.source).display();
        let began = Instant::now();
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.package).env("CARGO_MANIFEST_DIR", &self.package);
        command.env("DATABOURSE_PG_BIN", postgresql).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("could not start {name}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        println!("     Running {name}\n{text}{errors}     {name} took {:.0?}\n", began.elapsed());
        Ok((text, output.status.success()))
    }
}

/// Builds all tests, then runs the programs in lanes, those of the whole system first.
fn run_all(postgresql: &Path) -> anyhow::Result<(String, bool)> {
    let mut build = cargo(&["test", "--no-run", "--message-format=json-render-diagnostics", "--workspace"]);
    let mut programs = Vec::new();
    let built = lines_of(build.arg("--features").arg(tested_features()), |line| {
        programs.extend(Program::of(&line));
    })?;
    if !built {
        bail!("the tests do not compile");
    }
    // The last is taken first: `tests/` before `crates/`.
    programs.sort();
    let (alone, others) = programs.into_iter().partition(|program| program.source.ends_with(ALONE));
    let mut lanes = run_in_lanes(alone, 1, postgresql)?;
    lanes.extend(run_in_lanes(others, LANES, postgresql)?);
    let mut examples = cargo(&["test", "--doc", "--no-fail-fast", "--workspace", "--features"]);
    let examples = output_of(examples.arg(tested_features()))?;
    Ok(lanes
        .into_iter()
        .chain([examples])
        .fold((String::new(), true), |(all, good), (text, succeeded)| (all + &text, good && succeeded)))
}

/// Runs the programs, the last first, so many at once. Gives what each lane printed, and whether all of it passed.
fn run_in_lanes(
    programs: Vec<Program>,
    lane_count: usize,
    postgresql: &Path,
) -> anyhow::Result<Vec<(String, bool)>> {
    let waiting = Mutex::new(programs);
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.pop());
    let lane = || {
        let (mut text, mut succeeded) = (String::new(), true);
        while let Some(program) = next() {
            let (printed, passed) = program.run(postgresql)?;
            text.push_str(&printed);
            succeeded &= passed;
        }
        anyhow::Ok((text, succeeded))
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..lane_count).map(|_| scope.spawn(lane)).collect();
        let ended = running.into_iter().map(|lane| lane.join().map_err(|_| anyhow!("a lane panicked")));
        ended.map(Result::flatten).collect()
    })
}

/// Sums the closing lines of the test binaries: `test result: ok. 3 passed; 0 failed; …`.
fn totals(text: &str) -> (u64, u64) {
    let count = |line: &str, what: &str| {
        let words: Vec<_> = line.split([' ', ';']).collect();
        let place = words.iter().position(|word| *word == what)?;
        words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
    };
    let results = text.lines().filter(|line| line.starts_with("test result: "));
    results.fold((0, 0), |(passed, failed), line| {
        (passed + count(line, "passed").unwrap_or(0), failed + count(line, "failed").unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_over_the_binaries() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\nnoise 9 passed\n\
                    test result: FAILED. 4 passed; 2 failed; 0 ignored\n";
        assert_eq!(totals(text), (7, 2));
    }

    #[test]
    fn only_test_programs_are_run() {
        let message = |executable: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"p","manifest_path":"/r/crates/p/Cargo.toml",
                   "target":{{"kind":["lib"],"name":"p","src_path":"/r/crates/p/src/lib.rs"}},
                   "profile":{{"opt_level":"0","test":{test}}},"executable":{executable}}}"#
            )
        };
        let program = Program::of(&message("\"/r/target/p-1\"", true)).map(|program| program.package);
        assert_eq!(program, Some(PathBuf::from("/r/crates/p")));
        assert!(Program::of(&message("null", true)).is_none());
        assert!(Program::of(&message("\"/r/target/p\"", false)).is_none());
        assert!(Program::of(r#"{"reason":"build-finished","success":true}"#).is_none());
    }
}
