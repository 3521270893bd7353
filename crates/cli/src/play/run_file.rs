//! `demo.json`: what a data folder was played with, so that the same command continues and another one is refused.

use crate::args::DemoArgs;
use anyhow::{Context as _, Result, bail};
use databourse_exchange::{Clock, Entropy};
use databourse_primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// When a seeded run takes place: 2026-01-05 09:00 in Shanghai.
pub(crate) const SEEDED_START: Timestamp = Timestamp::from_unix_ms(1_767_574_800_000);

/// A run of `demo` in a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunFile {
    /// The `--seed`, if one was given.
    pub(crate) seed: Option<u64>,
    /// What all ids are made from.
    pub(crate) run_seed: u64,
    /// When the run began.
    pub(crate) started_at: Timestamp,
    catalogue: Vec<String>,
    orders: Option<String>,
    orders_limit: Option<u64>,
}

impl RunFile {
    /// The run of this folder: the one that it has, or a new one.
    ///
    /// # Errors
    /// The folder was played with other arguments, or has a ledger that no demo made.
    pub(crate) fn open(args: &DemoArgs) -> Result<Self> {
        let path = args.data.join("demo.json");
        if path.exists() {
            let text =
                fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let known: Self = serde_json::from_str(&text)
                .with_context(|| format!("{} is not of a demo of this version", path.display()))?;
            known.must_be(args)?;
            return Ok(known);
        }
        if args.data.join("keys.toml").exists() {
            bail!(
                "{} holds an exchange that no demo made; choose another folder with --data DIR, or serve this one \
                 with `databourse serve`",
                args.data.display()
            );
        }
        let new = Self::begin(args)?;
        new.write(&path)?;
        Ok(new)
    }

    fn begin(args: &DemoArgs) -> Result<Self> {
        let (run_seed, started_at) = match args.seed {
            Some(seed) => (seed, SEEDED_START),
            None => {
                let bytes = Entropy::Os.bytes("run seed").context("the system has no randomness")?;
                let run_seed = bytes.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
                (run_seed, Clock::System.now())
            }
        };
        let [catalogue, orders] = [names(&args.files.catalogue), names(args.files.orders.as_slice())];
        Ok(Self {
            seed: args.seed,
            run_seed,
            started_at,
            catalogue,
            orders: orders.into_iter().next(),
            orders_limit: args.files.orders_limit,
        })
    }

    fn must_be(&self, args: &DemoArgs) -> Result<()> {
        let wanted = Self { run_seed: self.run_seed, started_at: self.started_at, ..Self::begin(args)? };
        if *self == wanted {
            return Ok(());
        }
        bail!(
            "{} was played with other arguments: {}\nrepeat that command to continue it, choose another folder with \
             --data DIR, or remove the folder to begin anew",
            args.data.display(),
            self.command(&args.data)
        )
    }

    fn command(&self, data: &Path) -> String {
        let mut text = format!("databourse demo --data {}", data.display());
        if let Some(seed) = self.seed {
            text += &format!(" --seed {seed}");
        }
        if !self.catalogue.is_empty() {
            text += &format!(" --catalogue {}", self.catalogue.join(" "));
        }
        if let Some(orders) = &self.orders {
            text += &format!(" --orders {orders}");
        }
        if let Some(limit) = self.orders_limit {
            text += &format!(" --orders-limit {limit}");
        }
        text
    }

    fn write(&self, path: &Path) -> Result<()> {
        let write = || {
            let draft = path.with_extension("new");
            fs::write(&draft, serde_json::to_string_pretty(self)?)?;
            fs::rename(&draft, path).map_err(anyhow::Error::from)
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// The names of files without their folders: a moved file is the same file.
fn names(files: &[std::path::PathBuf]) -> Vec<String> {
    let name =
        |file: &std::path::PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    fn args(folder: &Path, rest: &str) -> DemoArgs {
        let line = format!("databourse demo --data {} {rest}", folder.display());
        match Cli::parse_from(line.split_whitespace()).command {
            Command::Demo(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_command_continues_and_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunFile::open(&args(folder.path(), "--exit")).unwrap();
        assert_eq!(RunFile::open(&args(folder.path(), "")).unwrap(), first);
        for other in ["--seed 7", "--orders x.csv", "--catalogue a"] {
            let error = RunFile::open(&args(folder.path(), other)).unwrap_err().to_string();
            assert!(error.contains("databourse demo --data"), "{error}");
        }
    }

    #[test]
    fn a_seed_fixes_the_run_and_chance_does_not() {
        let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let open = |folder: &tempfile::TempDir, rest| RunFile::open(&args(folder.path(), rest)).unwrap();
        assert_eq!(open(&a, "--seed 7"), open(&b, "--seed 7"));
        let [c, d] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        assert_ne!(open(&c, "").run_seed, open(&d, "").run_seed);
    }

    #[test]
    fn a_folder_of_an_exchange_is_not_played_in() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("keys.toml"), "").unwrap();
        assert!(
            RunFile::open(&args(folder.path(), "")).unwrap_err().to_string().contains("databourse serve")
        );
    }
}
