//! The database of a command: a private cluster, or a server of the operator's own.

use crate::config::DatabaseSection;
use anyhow::{Context as _, Result, anyhow, ensure};
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

    /// The streaming replicas that `database.reader_urls` names.
    ///
    /// # Errors
    /// What is no URL, or names several servers, of which nobody could say which one answers.
    pub(crate) fn replicas(section: &DatabaseSection) -> Result<Vec<ConnectionConfig>> {
        let read = |url: &String| {
            let config: ConnectionConfig = url.parse().map_err(|error| {
                anyhow!("database.reader_urls: `{}` is no PostgreSQL URL: {error}", hidden(url))
            })?;
            ensure!(
                config.get_hosts().len() <= 1,
                "database.reader_urls: a URL for each server, not several servers in one"
            );
            Ok(config)
        };
        section.reader_urls.iter().map(read).collect()
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

/// A URL without its user and password.
fn hidden(url: &str) -> String {
    url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, place)| format!("…@{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn each_replica_has_a_url_of_its_own_and_a_password_is_not_shown() {
        let mut section = Config::defaults().unwrap().database;
        assert!(Database::replicas(&section).unwrap().is_empty());
        section.reader_urls = ["postgresql://a@one/d", "postgresql://a@two:5433/d"].map(str::to_owned).into();
        assert_eq!(Database::replicas(&section).unwrap().len(), 2);
        for (url, expected) in [
            ("postgresql://a@one,two/d", "several servers"),
            ("postgresql://a:secret@one:x/d", "no PostgreSQL URL"),
        ] {
            section.reader_urls = vec![url.to_owned()];
            let error = Database::replicas(&section).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }
}
