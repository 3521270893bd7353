//! The database of a command: a private cluster, or a server of the operator's own.

use crate::config::DatabaseSection;
use anyhow::{Context as _, Result, anyhow};
use databourse_store::{
    ConnectionConfig, MigrationReport, Store,
    cluster::{Binaries, Cluster, ClusterConfig},
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tracing::{info, warn};

/// How often the private cluster is looked after.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A database that can be connected to.
pub(crate) struct Database {
    pub(crate) config: ConnectionConfig,
    cluster: Option<Arc<Cluster>>,
    watch: Option<JoinHandle<()>>,
}

impl Database {
    /// Names the server of `database.url`, or makes and starts the private cluster.
    pub(crate) async fn open(section: &DatabaseSection) -> Result<Self> {
        if !section.url.is_empty() {
            let config = section.url.parse();
            let config = config.map_err(|error| {
                anyhow!("database.url is not a PostgreSQL URL such as postgresql://user@host/name: {error}")
            })?;
            return Ok(Self { config, cluster: None, watch: None });
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
        let config = cluster.connection_config();
        Ok(Self { config, cluster: Some(Arc::new(cluster)), watch: None })
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

    /// The process number of the private cluster's server.
    pub(crate) fn server_pid(&self) -> Option<u32> {
        self.cluster.as_ref().and_then(|cluster| cluster.server_pid())
    }

    /// From now on, starts the private cluster's server again when it has gone. A server named by URL is looked after
    /// by whoever runs it.
    pub(crate) fn watch(&mut self, store: Store) {
        let Some(cluster) = self.cluster.clone() else { return };
        self.watch = Some(tokio::spawn(async move {
            let mut tick = tokio::time::interval(LOOK_INTERVAL);
            loop {
                tick.tick().await;
                if store.ping().await.is_ok() {
                    continue;
                }
                warn!("the private PostgreSQL does not answer; starting it again");
                let cluster = Arc::clone(&cluster);
                match tokio::task::spawn_blocking(move || cluster.revive()).await {
                    Ok(Ok(())) => info!("the private PostgreSQL runs"),
                    Ok(Err(error)) => warn!(%error, "the private PostgreSQL cannot be started"),
                    Err(failure) => warn!(%failure, "the private PostgreSQL could not be looked after"),
                }
            }
        }));
    }

    /// Stops the private cluster, if this is one.
    pub(crate) async fn close(self) -> Result<()> {
        if let Some(watch) = self.watch {
            watch.abort();
            // Ended by the line above; whatever it held is free now.
            let _ = watch.await;
        }
        let Some(cluster) = self.cluster.and_then(Arc::into_inner) else { return Ok(()) };
        tokio::task::spawn_blocking(move || cluster.stop()).await?.context("the private PostgreSQL")
    }
}
