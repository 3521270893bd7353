//! A witness process that is killed with SIGKILL again and again while logs submit two histories to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_ledger::ForeignCheckpoint;
use databourse_merkle::Hash;
use databourse_witness::{RecordKind, read_evidence, serve};
use proptest::{
    prelude::Rng as _,
    test_runner::{RngAlgorithm, TestRng},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use support::{Log, free_port, open, post};
use tokio::{net::TcpListener, sync::mpsc};

const ORIGIN: &str = "example.com/killed";
const LEAVES: u64 = 4_000;
const KILLS: usize = 25;
/// How long a start may take on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

fn log() -> Log {
    Log::new(ORIGIN, LEAVES)
}

/// Not a test of its own: what the process that is killed runs.
#[test]
#[ignore = "run by the test below in a process of its own"]
fn the_witness_that_is_killed() {
    let Some(folder) = std::env::var_os("WITNESS_FOLDER") else { return };
    let address = std::env::var("WITNESS_ADDRESS").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let witness = Arc::new(open(&PathBuf::from(folder), &[&Log::new(ORIGIN, 1)]).unwrap());
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.unwrap();
        serve(listener, witness, std::future::pending()).await.unwrap();
    });
}

struct Killed(Child);

impl Killed {
    async fn start(folder: &Path, port: u16) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--ignored", "--exact", "the_witness_that_is_killed"])
            .env("WITNESS_FOLDER", folder)
            .env("WITNESS_ADDRESS", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = Self(command.spawn().unwrap());
        let up = async {
            let mut tick = tokio::time::interval(Duration::from_millis(5));
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tick.tick().await;
            }
        };
        tokio::time::timeout(START_LIMIT, up).await.expect("the witness starts");
        child
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Submits one history for as long as somebody answers; what was answered, in order.
async fn submit(
    url: String,
    log: Arc<Log>,
    steps: Vec<u64>,
    heard: mpsc::UnboundedSender<()>,
) -> Vec<(u64, Hash)> {
    let (mut old, mut answered) = (0, Vec::new());
    for step in steps {
        let new = (old + step).min(LEAVES);
        let Some(said) = post(&url, log.request(old, new)).await else { break };
        let _ = heard.send(());
        match said.status {
            200 => {
                answered.push((new, log.root(new)));
                old = new;
            }
            409 => old = said.body.trim().parse().unwrap(),
            // The other history: ask for its size.
            422 => old = 0,
            status => panic!("{status}: {said:?}"),
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_never_signs_two_histories_nor_forgets_what_it_answered() {
    let folder = tempfile::tempdir().unwrap();
    let histories = [Arc::new(log()), Arc::new(Log::forked(ORIGIN, LEAVES, 0))];
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut roots: BTreeMap<u64, Hash> = BTreeMap::new();
    let mut largest = 0;
    for _ in 0..KILLS {
        let port = free_port();
        let mut witness = Killed::start(folder.path(), port).await;
        let (heard, mut answers) = mpsc::unbounded_channel();
        let mut asking = Vec::new();
        for history in &histories {
            let steps = (0..500).map(|_| u64::from(random.next_u32() % 4)).collect();
            let (url, history) = (format!("http://127.0.0.1:{port}"), Arc::clone(history));
            asking.push(tokio::spawn(submit(url, history, steps, heard.clone())));
        }
        // While at least one more is on its way.
        for _ in 0..random.next_u32() % 40 {
            answers.recv().await.unwrap();
        }
        witness.0.kill().unwrap();
        witness.0.wait().unwrap();
        let before = largest;
        for asked in asking {
            let answered = asked.await.unwrap();
            assert!(answered.is_sorted_by_key(|(size, _)| *size));
            for (size, root) in answered {
                assert!(size >= before, "{size} was cosigned after {before}");
                assert_eq!(*roots.entry(size).or_insert(root), root, "two roots of size {size}");
                largest = largest.max(size);
            }
        }
        let kept: BTreeMap<u64, Hash> = read_evidence(folder.path(), ORIGIN)
            .unwrap()
            .iter()
            .filter(|record| record.kind == RecordKind::Cosigned)
            .map(|record| ForeignCheckpoint::parse(record.note.as_bytes()).unwrap())
            .map(|checkpoint| (checkpoint.size().0, checkpoint.root()))
            .collect();
        for (size, root) in &roots {
            assert_eq!(kept.get(size), Some(root), "what was answered is not in the evidence");
        }
    }
    let is_one = histories.iter().any(|log| roots.iter().all(|(size, root)| log.root(*size) == *root));
    assert!(is_one && roots.len() > KILLS, "{} checkpoints", roots.len());
}
