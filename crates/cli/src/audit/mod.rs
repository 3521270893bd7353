//! The audit of a ledger: files, hashes, signatures, re-execution, and what a node answers.
//!
//! Threads, files and the network are here; the rules and what counts as a finding are `audit`'s, and the verified reading is
//! `mirror`'s.

pub(crate) mod answers;
pub(crate) mod pipeline;
pub(crate) mod report;
pub(crate) mod session;
pub(crate) mod state_file;

use anyhow::{Context as _, Result};
use databourse_ledger::Policy;
use databourse_mirror::LogSource;
use std::{fs, path::Path};

/// The policy in `file`.
pub(crate) fn policy(file: &Path) -> Result<Policy> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    text.parse().with_context(|| file.display().to_string())
}

/// What `place` names, asked as whoever the token in `token_file` names.
pub(crate) fn source(place: &str, token_file: Option<&Path>) -> Result<LogSource> {
    let token = match token_file {
        Some(file) => {
            Some(fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?)
        }
        None => None,
    };
    Ok(LogSource::named(place, token.as_deref())?)
}
