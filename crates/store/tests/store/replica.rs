//! A real streaming replica of a cluster.

use crate::fixture::{DIGEST, Ledger, id, one_of_each};
use databourse_listing::Product;
use databourse_market::Record;
use databourse_primitives::Height;
use databourse_store::{
    ListQuery, ReplicaLag, Store, StoreError, Writer,
    cluster::{Binaries, Cluster, ClusterConfig, OnDrop},
};
use databourse_testkit::{connect, scratch_folder};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// A cluster of its own that stops with the test.
fn start(folder: &Path) -> Cluster {
    let binaries = Binaries::find().unwrap_or_else(|error| panic!("{error}"));
    let mut config = ClusterConfig::new(folder, binaries);
    config.shared_buffers_mib = 16;
    config.on_drop = OnDrop::Stop;
    Cluster::start(config, &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Makes a replica of `primary` in `folder`, as docs/OPERATING.md says, and starts it.
fn replicate(primary: &Cluster, folder: &Path) -> Cluster {
    let owner = fs::metadata(primary.folder()).unwrap();
    let target = folder.join("postgres");
    fs::create_dir(&target).unwrap();
    let program = Binaries::find().unwrap().folder().join("pg_basebackup");
    let mut command = Command::new(program);
    command.args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-password"]);
    command.arg("--username=databourse").arg("--host").arg(primary.socket_folder());
    command.arg("--pgdata").arg(&target).current_dir("/");
    if owner.uid() != fs::metadata(folder).unwrap().uid() {
        // We are root, which the server refuses to be.
        std::os::unix::fs::chown(&target, Some(owner.uid()), Some(owner.gid())).unwrap();
        command.uid(owner.uid()).gid(owner.gid());
    }
    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start(folder)
}

/// Asks until the replica has this block and nothing of it waits.
async fn arrival(replica: &Store, height: u64) {
    let asking = async {
        let arrived = ReplicaLag { height: Height(height), is_streaming: true, bytes_waiting: 0 };
        while replica.replica_lag().await.unwrap() != Some(arrived) {}
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
}

async fn check_reads(replica: &Store, ledger: &Ledger<()>) {
    assert_eq!(replica.chain_head().await.unwrap(), ledger.store.chain_head().await.unwrap());
    assert_eq!(replica.tree_edge().await.unwrap(), ledger.edge);
    let query = ListQuery { limit: 10, search: Some("port".to_owned()), ..ListQuery::default() };
    let page = replica.list::<Product>(&query).await.unwrap();
    assert_eq!(page, ledger.store.list::<Product>(&query).await.unwrap());
    assert!(!page.items.is_empty());
    let keys: BTreeSet<_> = one_of_each().iter().map(Record::key).collect();
    assert_eq!(replica.load(&keys).await.unwrap(), ledger.store.load(&keys).await.unwrap());
    let all = Height(1)..=Height(ledger.height);
    let decided = replica.decided_blocks(all.clone(), u64::MAX).await.unwrap();
    assert_eq!(decided, ledger.store.decided_blocks(all, u64::MAX).await.unwrap());
    let snapshot = replica.journal_snapshot().await.unwrap().unwrap();
    assert_eq!(snapshot.head().height, Height(ledger.height));
}

async fn check_refuses_writes(replica: &Store, config: tokio_postgres::Config) {
    let party = id(2).parse().unwrap();
    let key_id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    let answers = [
        Writer::connect(config.clone()).await.map(drop),
        Store::migrate(config).await.map(drop),
        replica.put_custody_key(party, key_id, DIGEST.as_bytes()).await,
        replica.save_evidence(&[]).await.map(drop),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly) && !error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn a_streaming_replica_answers_reads_follows_commits_and_refuses_writes() {
    // They outlive their servers, which end with this function however it ends.
    let folders = [scratch_folder(), scratch_folder()];
    let [first, second] = folders.each_ref().map(|folder| folder.path().to_owned());
    let primary = spawn_blocking(move || start(&first)).await.unwrap();
    let config = primary.connection_config();
    let mut ledger = Ledger::create_in((), config).await;
    assert_eq!(ledger.store.replica_lag().await.unwrap(), None, "a primary is no replica");
    ledger.commit(one_of_each()).await;
    let made = spawn_blocking(move || (replicate(&primary, &second), primary));
    let (copy, primary) = made.await.unwrap();
    let replica = Store::connect(copy.connection_config(), 4).await.unwrap();
    arrival(&replica, 1).await;
    check_reads(&replica, &ledger).await;
    check_refuses_writes(&replica, copy.connection_config()).await;

    for height in 2..=4 {
        let batch = ledger.next(300, one_of_each(), Vec::new());
        ledger.writer.commit(&batch).await.unwrap();
        arrival(&replica, height).await;
    }
    check_reads(&replica, &ledger).await;

    // Cut off, it goes on answering, and says so.
    spawn_blocking(|| primary.crash()).await.unwrap().unwrap();
    let cut_off = async { while replica.replica_lag().await.unwrap().unwrap().is_streaming {} };
    tokio::time::timeout(Duration::from_secs(60), cut_off).await.unwrap();
    assert_eq!(replica.replica_lag().await.unwrap().unwrap().height, Height(4));
    assert_eq!(replica.tree_edge().await.unwrap(), ledger.edge);
    spawn_blocking(|| copy.stop()).await.unwrap().unwrap();
}

/// Reads the head through a store with a replica; says at what height it was, and how many reads the replica answered.
async fn head_height(reader: &Store) -> (u64, u64) {
    let height = reader.chain_head().await.unwrap().unwrap().height.0;
    (height, reader.replica_read_counts()[0])
}

/// Reads until the replica answers again.
async fn answers_again(reader: &Store) {
    let before = reader.replica_read_counts()[0];
    let asking = async { while head_height(reader).await.1 == before {} };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap();
}

#[tokio::test]
async fn reads_go_to_a_replica_that_has_what_is_shown_and_to_the_primary_while_it_lags_or_is_away() {
    let folders = [scratch_folder(), scratch_folder()];
    let [first, second] = folders.each_ref().map(|folder| folder.path().to_owned());
    let again = second.clone();
    let primary = spawn_blocking(move || start(&first)).await.unwrap();
    let config = primary.connection_config();
    let mut ledger = Ledger::create_in((), config).await;
    ledger.commit(one_of_each()).await;
    let made = spawn_blocking(move || (replicate(&primary, &second), primary));
    let (copy, _primary) = made.await.unwrap();
    let replica = Store::connect(copy.connection_config(), 2).await.unwrap();
    arrival(&replica, 1).await;

    let shown = Arc::new(Mutex::new((Height(0), ledger.edge.root())));
    let required = Arc::clone(&shown);
    let configs = vec![copy.connection_config()];
    let reader = ledger.store.clone();
    let reader = reader.with_replicas(configs, 2, move || *required.lock().unwrap()).unwrap();
    let show = |ledger: &Ledger<()>| *shown.lock().unwrap() = (Height(ledger.height), ledger.edge.root());
    assert_eq!(head_height(&reader).await, (1, 0), "nothing is shown yet: the primary answers");
    show(&ledger);
    assert_eq!(head_height(&reader).await, (1, 1), "the replica has what is shown");

    // It lags: what arrives is not replayed.
    let client = connect(&copy.connection_config()).await;
    client.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    while replay_state(&client).await != "paused" {}
    ledger.commit(Vec::new()).await;
    show(&ledger);
    assert_eq!(replica.chain_head().await.unwrap().unwrap().height, Height(1), "it is behind");
    for _ in 0..20 {
        assert_eq!(head_height(&reader).await, (2, 1), "whoever was told of block 2 reads it");
    }
    client.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    answers_again(&reader).await;
    assert_eq!(head_height(&reader).await.0, 2);

    // It is away: the primary answers, and nobody sees an error. When it is back it is used again.
    drop(client);
    spawn_blocking(|| copy.crash()).await.unwrap().unwrap();
    let before = reader.replica_read_counts();
    for _ in 0..20 {
        assert_eq!(head_height(&reader).await.0, 2);
    }
    assert_eq!(reader.replica_read_counts(), before);
    ledger.commit(Vec::new()).await;
    show(&ledger);
    assert_eq!(head_height(&reader).await.0, 3);
    let copy = spawn_blocking(move || start(&again)).await.unwrap();
    answers_again(&reader).await;

    // Another ledger is no replica, however high it is.
    ledger.commit(Vec::new()).await;
    *shown.lock().unwrap() = (Height(ledger.height), databourse_merkle::empty_root());
    arrival(&replica_of(&copy).await, ledger.height).await;
    let before = reader.replica_read_counts();
    for _ in 0..5 {
        assert_eq!(head_height(&reader).await, (4, before[0]));
    }
    spawn_blocking(|| copy.stop()).await.unwrap().unwrap();
}

async fn replica_of(copy: &Cluster) -> Store {
    Store::connect(copy.connection_config(), 1).await.unwrap()
}

async fn replay_state(client: &tokio_postgres::Client) -> String {
    client.query_one("SELECT pg_get_wal_replay_pause_state()", &[]).await.unwrap().get(0)
}
