//! A private cluster: the real PostgreSQL server, created and run by the program itself in a data folder.
//!
//! It is what `databourse demo` and the tests use, and what a newcomer needs no knowledge of: no port is open, no
//! password exists, nothing outside the data folder is changed. Its commits are as durable as PostgreSQL's defaults
//! make them. Production names a server by URL instead and does not come here.
//!
//! - [`Binaries`] finds PostgreSQL's programs, or has a package manager install them.
//! - [`Cluster::start`] locks the folder, makes the cluster if there is none, starts its server or finds it running.
//! - [`Cluster::connection_config`] is all that the rest of the crate needs; [`Cluster::stop`] ends it.
//!
//! A process that is killed leaves the server running; the next start goes on with it. A server that was killed
//! recovers by itself at the next start. Two processes on one folder are kept apart by a lock.
//!
//! PostgreSQL refuses to run as root: a root process runs it as `postgres` or `nobody`, and a cluster that exists is
//! always run as its owner. What goes where is told in the module `home`.
//!
//! All calls here block: they wait for other programs, a second in all, and plain calls can also be made from `Drop`.
//! Async code calls them through `tokio::task::spawn_blocking`.

mod account;
mod binaries;
mod create;
mod error;
mod home;
mod install;
mod lock;
mod server;
mod settings;

pub use binaries::{Binaries, Version};
pub use error::ClusterError;

use home::Home;
use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Hears a sentence for people before each long or surprising step.
pub type Progress<'a> = &'a dyn Fn(&str);

/// The superuser of the cluster; everybody who may enter the socket's folder can be it.
const CLUSTER_USER: &str = "databourse";
/// The database that a cluster is made with.
const CLUSTER_DATABASE: &str = "databourse";

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A power failure: PostgreSQL's own defaults.
    #[default]
    Full,
    /// Nothing: for tests that look at other things. A crash may destroy the cluster.
    None,
}

/// What becomes of the server when its [`Cluster`] is dropped without [`Cluster::stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrop {
    /// It runs on, and the next start finds it.
    #[default]
    KeepRunning,
    /// It is stopped, fast; an error is logged.
    Stop,
}

/// How to run a private cluster. [`ClusterConfig::new`] gives what a node needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClusterConfig {
    /// The folder for the cluster, its log and its socket; created if need be.
    pub data_dir: PathBuf,
    /// PostgreSQL's programs.
    pub binaries: Binaries,
    /// The server's own page cache, in MiB.
    pub shared_buffers_mib: u32,
    /// How many connections it takes at once.
    pub connections_max: u16,
    /// What a commit survives.
    pub durability: Durability,
    /// What becomes of the server on drop.
    pub on_drop: OnDrop,
    /// How long a start (with recovery) or a stop may take.
    pub timeout: Duration,
    /// The `postgres` folder of a stopped cluster of the same version and owner, to copy for a new cluster instead of
    /// running initdb; for tests.
    pub template: Option<PathBuf>,
}

impl ClusterConfig {
    /// The settings of a node on a small machine: 256 MiB of cache, 50 connections, full durability, five minutes.
    pub fn new(data_dir: impl Into<PathBuf>, binaries: Binaries) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries,
            shared_buffers_mib: 256,
            connections_max: 50,
            durability: Durability::Full,
            on_drop: OnDrop::KeepRunning,
            timeout: Duration::from_secs(300),
            template: None,
        }
    }
}

/// A running private cluster, whose data folder this process holds.
pub struct Cluster {
    home: Home,
    binaries: Binaries,
    socket_folder: PathBuf,
    on_drop: OnDrop,
    timeout: Duration,
}

impl Cluster {
    /// Starts the cluster of a data folder, making it first if the folder is new. When it returns, the server takes
    /// connections. A killed predecessor, of this process or of the server, needs no repair by hand.
    ///
    /// # Errors
    /// Every [`ClusterError`] but those of finding and installing programs; the folder stays as it was or good.
    pub fn start(config: ClusterConfig, progress: Progress<'_>) -> Result<Self, ClusterError> {
        let home = Home::open(&config.data_dir, progress)?;
        let binaries = create::ensure(&home, config.binaries.clone(), config.template.as_deref())?;
        let socket_folder = server::start(&home, &binaries, config.timeout, || {
            let socket_folder = home.socket_folder()?;
            settings::write(&home, &binaries, &config, &socket_folder)?;
            Ok(socket_folder)
        })?;
        tracing::info!(version = %binaries.version(), place = %home.root().display(), "private PostgreSQL cluster is running");
        Ok(Self { home, binaries, socket_folder, on_drop: config.on_drop, timeout: config.timeout })
    }

    /// How to connect: the socket, the user and the database.
    pub fn connection_config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&self.socket_folder)
            .port(5432)
            .user(CLUSTER_USER)
            .dbname(CLUSTER_DATABASE)
            .application_name("databourse");
        config
    }

    /// The same as a connection URL, for programs that take one.
    pub fn url(&self) -> String {
        let mut host = String::new();
        for byte in self.socket_folder.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => host.push(char::from(*byte)),
                _ => host += &format!("%{byte:02X}"),
            }
        }
        format!("postgresql://{CLUSTER_USER}@{host}:5432/{CLUSTER_DATABASE}")
    }

    /// The command a person types to look into the database.
    pub fn psql_command(&self) -> String {
        // The path has no quotes: `Home` refuses those.
        format!("psql -h '{}' -U {CLUSTER_USER} {CLUSTER_DATABASE}", self.socket_folder.display())
    }

    /// The version of the programs that run it.
    pub fn version(&self) -> Version {
        self.binaries.version()
    }

    /// The cluster's own folder (PGDATA), which need not be under the data folder.
    pub fn folder(&self) -> PathBuf {
        self.home.cluster()
    }

    /// The server's log since its start.
    pub fn log_file(&self) -> PathBuf {
        self.home.log()
    }

    /// The folder of the socket.
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// The process number of the server; `None` when it has gone.
    pub fn server_pid(&self) -> Option<u32> {
        server::PidFile::read(&self.home.cluster()).map(|file| file.pid)
    }

    /// The process number of the server of a data folder, whichever process started it; `None` if none runs. For
    /// whoever measures it from outside.
    pub fn server_pid_of(data_folder: &Path) -> Option<u32> {
        server::PidFile::read(&home::cluster_of(data_folder)).map(|file| file.pid)
    }

    /// Starts the server again if it has gone, as [`Cluster::start`] did; one that runs is left alone. For a process
    /// that outlives its server: somebody killed it, or the disk was full for a while.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn revive(&self) -> Result<(), ClusterError> {
        let folder = || Ok(self.socket_folder.clone());
        server::start(&self.home, &self.binaries, self.timeout, folder).map(drop)
    }

    /// Stops the server: open transactions are rolled back, everything is on disk when this returns. Then lets go of
    /// the folder.
    ///
    /// # Errors
    /// [`ClusterError::Program`] when it would not stop in time.
    pub fn stop(self) -> Result<(), ClusterError> {
        self.end("fast")
    }

    /// Stops the server as a crash would, for tests: nothing is flushed, and the next start recovers.
    ///
    /// # Errors
    /// As [`Cluster::stop`].
    pub fn crash(self) -> Result<(), ClusterError> {
        self.end("immediate")
    }

    fn end(mut self, mode: &str) -> Result<(), ClusterError> {
        self.on_drop = OnDrop::KeepRunning;
        server::stop(&self.home, &self.binaries, mode, self.timeout)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::Stop
            && let Err(error) = server::stop(&self.home, &self.binaries, "fast", self.timeout)
        {
            tracing::error!(%error, "the private cluster's server was not stopped");
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("folder", &self.folder()).field("version", &self.version()).finish()
    }
}
