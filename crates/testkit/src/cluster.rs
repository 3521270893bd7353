//! The cluster that a test process shares.

use crate::{scratch, scratch_folder, supervisor};
use databourse_store::cluster::{Binaries, Cluster, ClusterConfig, Durability};
use std::{
    env, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Child,
    sync::OnceLock,
    time::Duration,
};

/// How old the copied cluster may be: before the system's cleaners of temporary folders begin to take files out of it.
const TEMPLATE_AGE_MAX: Duration = Duration::from_secs(3 * 24 * 3600);

/// A running PostgreSQL for tests. One is shared by all tests of a process and ends with it.
#[derive(Debug)]
pub struct TestCluster {
    cluster: Cluster,
    /// Outlives us: the end of its input, when this process has gone, is what it waits for.
    _supervisor: Child,
}

impl TestCluster {
    /// The cluster of this process, started by the first test that asks. Blocks meanwhile; async tests use
    /// [`crate::TestDatabase::create`].
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start; the message says what to do.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<TestCluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The cluster itself.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    fn start() -> Self {
        let binaries = Binaries::find().unwrap_or_else(|error| panic!("{error}"));
        let folder = scratch_folder().keep();
        scratch::sweep(&folder);
        let mut config = test_config(&folder, &binaries);
        config.template = template(&folder, &binaries);
        let cluster = Cluster::start(config.clone(), &|_| {}).or_else(|error| {
            // A spoilt copy must not fail every run from now on.
            let spoilt = config.template.take().ok_or(error)?;
            spoilt.parent().map(fs::remove_dir_all);
            let _ = fs::remove_dir_all(folder.join("postgres"));
            Cluster::start(config, &|_| {})
        });
        let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
        let supervisor = supervisor::watch([&cluster.folder(), cluster.socket_folder(), &folder]);
        Self { cluster, _supervisor: supervisor }
    }
}

/// Small, and durable unless asked otherwise.
fn test_config(folder: &Path, binaries: &Binaries) -> ClusterConfig {
    let mut config = ClusterConfig::new(folder, binaries.clone());
    config.shared_buffers_mib = 64;
    config.connections_max = 100;
    if env::var("DATABOURSE_TEST_FSYNC").is_ok_and(|value| value == "off") {
        config.durability = Durability::None;
    }
    config
}

/// A new cluster of these programs that was stopped, to copy: initdb takes most of a second, and nextest runs a process
/// per test. Made once per user and version; several processes may make it at once, and one of them wins.
fn template(own: &Path, binaries: &Binaries) -> Option<PathBuf> {
    let uid = fs::metadata(own).ok()?.uid();
    let folder = env::temp_dir().join(format!("databourse-template-{uid}-{}", binaries.version()));
    let cluster = folder.join("postgres");
    // The owner is looked at because everybody may write the temporary folder.
    if let Ok(meta) = fs::symlink_metadata(&folder) {
        let is_young =
            meta.modified().is_ok_and(|made| made.elapsed().is_ok_and(|age| age < TEMPLATE_AGE_MAX));
        if meta.is_dir() && meta.uid() == uid && is_young {
            return Some(cluster);
        }
        let old = scratch_folder();
        fs::rename(&folder, old.path().join("template")).ok()?;
    }
    let draft = scratch_folder();
    Cluster::start(test_config(draft.path(), binaries), &|_| {}).ok()?.stop().ok()?;
    let draft = draft.keep();
    if fs::rename(&draft, &folder).is_err() {
        let _ = fs::remove_dir_all(&draft);
    }
    cluster.exists().then_some(cluster)
}
