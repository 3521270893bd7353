//! An empty database for one test.

use crate::TestCluster;
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
    mpsc,
};
use tokio_postgres::{Client, Config, NoTls};

/// A fresh, empty database of its own, dropped (with whoever is still connected) after the test.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    config: Config,
}

impl TestDatabase {
    /// Creates one on the cluster of this process, starting that first if need be.
    ///
    /// # Panics
    /// When there is no PostgreSQL; the message says what to do.
    pub async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let shared =
            tokio::task::spawn_blocking(TestCluster::shared).await.expect("the cluster of this process");
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut config = shared.cluster().connection_config();
        administer(&format!("CREATE DATABASE {name}")).await;
        config.dbname(&name);
        Self { name, config }
    }

    /// Its name, unique in the process.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to connect to it.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// A connection to it, driven by a task of the current runtime.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn connect(&self) -> Client {
        connect(&self.config).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // In a thread of its own: a test does not wait for it, and may have no runtime any more.
        static DROPPER: OnceLock<mpsc::Sender<String>> = OnceLock::new();
        let dropper = DROPPER.get_or_init(|| {
            let (sender, names) = mpsc::channel::<String>();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("a runtime to drop databases in");
                for name in names {
                    runtime.block_on(administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
                }
            });
            sender
        });
        // The thread ends only with the process, and the database with it.
        let _ = dropper.send(std::mem::take(&mut self.name));
    }
}

/// Runs one statement beside all test databases.
async fn administer(statement: &str) {
    let mut config = TestCluster::shared().cluster().connection_config();
    let client = connect(config.dbname("postgres")).await;
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

/// A connection, driven by a task of the current runtime.
///
/// # Panics
/// When the server does not answer.
pub async fn connect(config: &Config) -> Client {
    let (client, connection) =
        config.connect(NoTls).await.unwrap_or_else(|error| panic!("connect: {error:?}"));
    // It ends when the client is dropped or the server goes; the client tells the test.
    tokio::spawn(connection);
    client
}
