//! `run.json`: what a region's folder was played with, so that the same command continues.

use anyhow::{Context as _, Result, bail};
use databourse_exchange::{Clock, Entropy};
use databourse_primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A run of the sample in a region. Its plan and ids are a function of `run_seed`; its ledger is not, for the nodes tell
/// the time by the machine's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// The `--seed`, if one was given.
    seed: Option<u64>,
    /// What plan and ids are made from.
    pub(crate) run_seed: u64,
    /// When the run began.
    pub(crate) started_at: Timestamp,
    /// Whether the sample was played to its end.
    pub(crate) is_played: bool,
}

impl Run {
    /// The run of this folder, or a new one.
    ///
    /// # Errors
    /// The folder was played with another seed, or cannot be written.
    pub(crate) fn open(folder: &Path, seed: Option<u64>) -> Result<Self> {
        let path = folder.join("run.json");
        if path.exists() {
            let read = || -> Result<Self> { Ok(serde_json::from_str(&std::fs::read_to_string(&path)?)?) };
            let known = read().with_context(|| format!("{} is not of this version", path.display()))?;
            if seed.is_some() && seed != known.seed {
                let before =
                    known.seed.map_or_else(|| "no --seed".to_owned(), |seed| format!("--seed {seed}"));
                bail!("{} was played with {before}; choose another --folder", folder.display());
            }
            return Ok(known);
        }
        let by_chance = || -> Result<u64> {
            let bytes = Entropy::Os.bytes("run seed").context("the system has no randomness")?;
            Ok(bytes.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)))
        };
        let run_seed = seed.map_or_else(by_chance, Ok)?;
        let new = Self { seed, run_seed, started_at: Clock::System.now(), is_played: false };
        new.write(folder)?;
        Ok(new)
    }

    /// Remembers that the sample was played.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn played(&mut self, folder: &Path) -> Result<()> {
        self.is_played = true;
        self.write(folder)
    }

    fn write(&self, folder: &Path) -> Result<()> {
        crate::settle::write_whole(&folder.join("run.json"), serde_json::to_string_pretty(self)?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_seed_and_what_was_played() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = Run::open(folder.path(), Some(7)).unwrap();
        assert_eq!((run.run_seed, run.is_played), (7, false));
        run.played(folder.path()).unwrap();
        assert_eq!(Run::open(folder.path(), None).unwrap(), run);
        assert!(Run::open(folder.path(), Some(8)).unwrap_err().to_string().contains("--seed 7"));
        let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let chance = |folder: &tempfile::TempDir| Run::open(folder.path(), None).unwrap().run_seed;
        assert_ne!(chance(&a), chance(&b));
    }
}
