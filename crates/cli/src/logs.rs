//! Logs: to stderr, for people or for machines.

use crate::args::LogFormat;
use anyhow::{Result, anyhow};
use tracing_subscriber::EnvFilter;

/// Starts logging. `quiet` commands show warnings only, unless a filter says otherwise.
pub(crate) fn start(format: LogFormat, filter: Option<&str>, quiet: bool) -> Result<()> {
    let filter = filter.unwrap_or(if quiet { "warn" } else { "info" });
    let filter: EnvFilter = filter.parse().map_err(|error| anyhow!("--log-filter: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("logging cannot start: {error}"))
}
