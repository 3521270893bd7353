//! The database of a command: a private cluster, or a server of the operator's own.

use crate::config::DatabaseSection;
use anyhow::{Context as _, Result, anyhow};
use databourse_store::{
    ConnectionConfig, MigrationReport, Store,
    cluster::{Binaries, Cluster, ClusterConfig},
};

/// A database that can be connected to.
pub(crate) struct Database {
    pub(crate) config: ConnectionConfig,
    cluster: Option<Cluster>,
}

impl Database {
    /// Names the server of `database.url`, or makes and starts the private cluster.
    pub(crate) async fn open(section: &DatabaseSection) -> Result<Self> {
        if !section.url.is_empty() {
            let config = section.url.parse();
            let config = config.map_err(|error| {
                anyhow!("database.url is not a PostgreSQL URL such as postgresql://user@host/name: {error}")
            })?;
            return Ok(Self { config, cluster: None });
        }
        let data_dir = section.data_dir.clone();
        let started = tokio::task::spawn_blocking(move || {
            let progress = |words: &str| eprintln!("{words}");
            let binaries = Binaries::find_or_install(&data_dir, &progress)?;
            Cluster::start(ClusterConfig::new(data_dir, binaries), &progress)
        });
        let cluster = started.await?.with_context(|| {
            format!("the private PostgreSQL in {} cannot be started", section.data_dir.display())
        })?;
        Ok(Self { config: cluster.connection_config(), cluster: Some(cluster) })
    }

    /// Brings the tables up to date.
    pub(crate) async fn migrate(&self) -> Result<MigrationReport> {
        let report = Store::migrate(self.config.clone()).await;
        report.with_context(|| {
            let hosts: Vec<String> = self.config.get_hosts().iter().map(|host| format!("{host:?}")).collect();
            format!(
                "the database ({}, database `{}`) does not do as it should; check that the server runs and is \
                 reachable from here (pg_isready), that user and password of `database.url` are right, and that the \
                 database exists and may be changed by this user",
                hosts.join(", "),
                self.config.get_dbname().unwrap_or_default()
            )
        })
    }

    /// Stops the private cluster, if this is one.
    pub(crate) async fn close(self) -> Result<()> {
        if let Some(cluster) = self.cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await?.context("the private PostgreSQL")?;
        }
        Ok(())
    }
}
