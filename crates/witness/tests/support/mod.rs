//! A log of our own with several histories, a witness in this process, and plain HTTP to anybody's.
#![allow(dead_code, reason = "each test file uses its own part")]

use databourse_ledger::{
    Checkpoint, Note, NoteKeyType, NoteSigner, SignedCheckpoint, SigningKey, VerifierKey,
};
use databourse_merkle::{Hash, MemoryTree, consistency_proof, leaf_hash};
use databourse_primitives::TreeSize;
use databourse_witness::{Witness, WitnessConfig, WitnessError, serve};
use std::{
    collections::BTreeSet,
    net::TcpListener as StdListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub(crate) const WITNESS: &str = "witness.example/w1";

/// A clock that is a second later each time it is read.
pub(crate) fn clock() -> u64 {
    static NOW_S: AtomicU64 = AtomicU64::new(1_800_000_000);
    NOW_S.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn signer(name: &str, key_type: NoteKeyType, seed: u8) -> NoteSigner {
    NoteSigner::new(name, key_type, SigningKey::from_seed([seed; 32])).unwrap()
}

pub(crate) fn witness_signer() -> NoteSigner {
    signer(WITNESS, NoteKeyType::CosignatureV1, 200)
}

/// A log whose leaves from `fork_at` on are others than those of the log without a fork.
pub(crate) struct Log {
    pub(crate) signer: NoteSigner,
    tree: MemoryTree,
    fork_at: u64,
}

impl Log {
    pub(crate) fn new(origin: &str, size: u64) -> Self {
        Self::forked(origin, size, u64::MAX)
    }

    pub(crate) fn forked(origin: &str, size: u64, fork_at: u64) -> Self {
        let mut log =
            Self { signer: signer(origin, NoteKeyType::Ed25519, 7), tree: MemoryTree::new(), fork_at };
        log.grow(size);
        log
    }

    pub(crate) fn grow(&mut self, by: u64) {
        for _ in 0..by {
            let leaf = self.tree.size();
            let history = if leaf >= self.fork_at { "other" } else { "true" };
            self.tree.push(leaf_hash(format!("{history} {leaf}").as_bytes()));
        }
    }

    pub(crate) fn origin(&self) -> &str {
        self.signer.verifier_key().name()
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.signer.verifier_key().clone()
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn root(&self, size: u64) -> Hash {
        self.tree.root_at(size).unwrap()
    }

    pub(crate) fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        if old == 0 { Vec::new() } else { consistency_proof(old, new, &self.tree).unwrap() }
    }

    pub(crate) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let (origin, root) = (self.origin().to_owned(), self.root(size));
        Checkpoint { origin, size: TreeSize(size), root }.sign(&self.signer).unwrap()
    }

    /// A right request.
    pub(crate) fn request(&self, old: u64, new: u64) -> String {
        body(old, &self.proof(old, new), &self.checkpoint(new).to_string())
    }

    /// Whatever text signed as the log.
    pub(crate) fn sign(&self, text: &str) -> String {
        Note::sign(text, &[&self.signer]).unwrap().to_string()
    }
}

pub(crate) fn body(old: u64, proof: &[Hash], note: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let proof: String = proof.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n").collect();
    format!("old {old}\n{proof}\n{note}")
}

pub(crate) fn logs(logs: &[&Log]) -> databourse_witness::LogList {
    let lines: String = logs.iter().map(|log| format!("log {}\n", log.key())).collect();
    lines.parse().unwrap()
}

pub(crate) fn open(folder: &Path, known: &[&Log]) -> Result<Witness, WitnessError> {
    let (signer, logs) = (witness_signer(), logs(known));
    Witness::open(WitnessConfig { signer, logs, folder: folder.to_owned(), clock })
}

/// Our witness, served.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) witness: Arc<Witness>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(crate) async fn start(witness: Witness) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let witness = Arc::new(witness);
        let served = Arc::clone(&witness);
        let task = tokio::spawn(serve(listener, served, async {
            let _ = stopped.await;
        }));
        Self { url, witness, stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// What somebody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: String,
}

/// `POST <url>/add-checkpoint`; `None` if there was no whole answer.
pub(crate) async fn post(url: &str, body: impl Into<reqwest::Body>) -> Option<Said> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(format!("{url}/add-checkpoint")).body(body).send().await.ok()?;
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    Some(Said { status, kind: kind.unwrap_or_default(), body: answer.text().await.ok()? })
}

pub(crate) async fn get(url: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A port that nothing listens at, each once: a system gives one that was let go to the next who asks.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}
