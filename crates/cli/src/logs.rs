//! Logs: to stderr, for people or for machines.

use crate::args::LogFormat;
use anyhow::{Result, anyhow};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// What a node says unless it is asked otherwise. The engine tells each vote at `info`, which is for its developers.
const SERVING: &str = "info,arc_malachitebft=warn";

/// Starts logging. `quiet` commands show warnings only, unless a filter says otherwise.
pub(crate) fn start(format: LogFormat, filter: Option<&str>, quiet: bool) -> Result<()> {
    let filter = filter.unwrap_or(if quiet { "warn" } else { SERVING });
    let filter: EnvFilter = filter.parse().map_err(|error| anyhow!("--log-filter: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for a terminal; in a file they are noise.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("logging cannot start: {error}"))
}
