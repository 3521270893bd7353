//! How sessions are opened: their settings, their time limits, and the locks that they take.

use crate::StoreError;
use std::{future::Future, time::Duration};
use tokio_postgres::{Client, Config, NoTls};

/// Advisory lock (64-bit, per database) that the one writing session holds: `databour` in ASCII.
pub(crate) const WRITER_LOCK: i64 = 0x6461_7461_626f_7572;
/// Advisory lock under which migrations run one after the other: `migrate!` in ASCII.
pub(crate) const MIGRATION_LOCK: i64 = 0x6d69_6772_6174_6521;

/// How long a read may take, with the wait for a connection.
pub(crate) const READ_LIMIT: Duration = Duration::from_secs(30);
/// How long a commit may take; longer than any statement in it, so that the server gives up first.
pub(crate) const COMMIT_LIMIT: Duration = Duration::from_secs(60);
/// How long connecting may take, each address.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Settings of every session. Limits make a stuck server an error instead of a wait. `jit` costs more than it saves on
/// statements that take milliseconds.
const SHARED: &str = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c jit=off";

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reading; a statement that writes must say so.
    Read,
    /// Reading everything there is, which may take its time.
    Copy,
    /// Committing blocks. Its statements never get a better plan from knowing their parameters.
    Write,
    /// Changing tables, which may take its time.
    Migrate,
}

/// `config` with the settings of `purpose` behind its own options.
pub(crate) fn configured(mut config: Config, purpose: Purpose) -> Config {
    let (name, own) = match purpose {
        Purpose::Read => {
            ("databourse reader", "-c statement_timeout=25s -c default_transaction_read_only=on")
        }
        Purpose::Copy => ("databourse copier", "-c statement_timeout=0 -c default_transaction_read_only=on"),
        Purpose::Write => {
            ("databourse writer", "-c statement_timeout=25s -c plan_cache_mode=force_generic_plan")
        }
        Purpose::Migrate => ("databourse migration", "-c statement_timeout=0"),
    };
    let options = format!("{} {SHARED} {own}", config.get_options().unwrap_or_default());
    config.options(options.trim_start());
    config.application_name(name);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_LIMIT);
    }
    config
}

/// Opens a session; a task of the current runtime drives it and ends with it.
pub(crate) async fn open(config: Config, purpose: Purpose) -> Result<Client, StoreError> {
    let config = configured(config, purpose);
    let (client, connection) = within(READ_LIMIT, async { Ok(config.connect(NoTls).await?) }).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, ?purpose, "a database connection ended");
        }
    });
    Ok(client)
}

/// The answer of `work`, or `Unavailable` once `limit` is over.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, work).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::unavailable(format!("no answer within {} s", limit.as_secs()))),
    }
}
