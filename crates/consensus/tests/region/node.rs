//! A region of nodes that can be started, halted and started again.

use crate::app::{MemoryApp, Pool, Store};
use databourse_consensus::{
    End, EngineStatus, Gossip, Malachite, MalachiteConfig, Orderer as _, PeerAddress, PeerMessage, Validator,
    peer_id,
};
use databourse_ledger::SigningKey;
use databourse_primitives::{EntryId, ExchangeCode, Height, Line, PublicKey};
use std::{
    collections::BTreeMap,
    future::Future,
    net::TcpListener,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// What nothing takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// Regions of a few nodes share the machine; a large one has it for itself, or its rounds end before everybody has voted.
static MACHINE: RwLock<()> = RwLock::new(());

/// More than these are many.
const FEW: usize = 5;

/// A part of the machine, while a region is there.
#[expect(dead_code, reason = "held")]
enum Share {
    Part(RwLockReadGuard<'static, ()>),
    Whole(RwLockWriteGuard<'static, ()>),
}

impl Share {
    fn for_nodes(count: usize) -> Self {
        if count > FEW {
            return Self::Whole(MACHINE.write().unwrap_or_else(PoisonError::into_inner));
        }
        Self::Part(MACHINE.read().unwrap_or_else(PoisonError::into_inner))
    }
}

const CODES: [&str; 20] = [
    "sh", "js", "zj", "ah", "fj", "bj", "tj", "he", "sx", "nm", "ln", "jl", "hl", "jx", "sd", "ha", "hb",
    "hn", "gd", "gx",
];

/// Waits for something that happens.
pub(crate) async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    timeout(LIMIT, event).await.unwrap_or_else(|_| panic!("did not happen: {what}"))
}

/// Nodes of which the first vote; the others are let in from the beginning.
pub(crate) struct Region {
    voters: usize,
    ports: Vec<u16>,
    stores: Vec<Arc<Store>>,
    folder: TempDir,
    pub(crate) idle_period: Duration,
    /// Whether nodes that are started from now on sign what they agree on.
    pub(crate) votes: bool,
    _share: Share,
}

/// A node that runs.
pub(crate) struct Node {
    pub(crate) store: Arc<Store>,
    pub(crate) pool: Pool,
    pub(crate) status: watch::Receiver<EngineStatus>,
    pub(crate) say: mpsc::Sender<Vec<u8>>,
    pub(crate) hear: mpsc::Receiver<PeerMessage>,
    halt: watch::Sender<bool>,
    task: JoinHandle<End>,
}

fn consensus_key(place: usize) -> SigningKey {
    SigningKey::from_seed([place as u8 + 1; 32])
}

fn peer_seed(place: usize) -> [u8; 32] {
    [place as u8 + 101; 32]
}

pub(crate) fn code(place: usize) -> ExchangeCode {
    CODES[place].parse().unwrap()
}

/// A port that nobody listens at, below those that the system gives to connections: a node that starts again needs its own
/// port once more.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % 100 * 100;
    loop {
        let port = 18_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The application of a region of one, on a new store.
pub(crate) fn app_alone() -> MemoryApp {
    MemoryApp {
        store: Store::new(),
        work: Arc::new(Notify::new()),
        exchange: code(0),
        key: consensus_key(0),
        validators: validators(1),
        ready: None,
    }
}

/// The first exchanges, as they vote.
fn validators(count: usize) -> Vec<Validator> {
    let validator =
        |place| Validator { exchange: code(place), consensus_key: consensus_key(place).public_key() };
    (0..count).map(validator).collect()
}

impl Region {
    /// Four that vote, and a fifth.
    pub(crate) fn new() -> Self {
        Self::of(4, 5)
    }

    /// `count` nodes of which the first `voters` vote.
    pub(crate) fn of(voters: usize, count: usize) -> Self {
        let ports = (0..count).map(|_| free_port()).collect();
        let stores = (0..count).map(|_| Store::new()).collect();
        let folder = tempfile::tempdir().unwrap();
        let _share = Share::for_nodes(count);
        Self { voters, ports, stores, folder, idle_period: Duration::from_secs(3600), votes: true, _share }
    }

    pub(crate) fn origin() -> Line {
        "databourse.example/test".parse().unwrap()
    }

    /// The keys of four that vote.
    #[cfg(feature = "dishonest")]
    pub(crate) fn keys() -> BTreeMap<ExchangeCode, PublicKey> {
        keys(4)
    }

    pub(crate) fn store(&self, place: usize) -> &Arc<Store> {
        &self.stores[place]
    }

    /// The log of a node's votes.
    pub(crate) fn log(&self, place: usize) -> std::path::PathBuf {
        self.folder.path().join(CODES[place]).join("votes.wal")
    }

    /// Half a second for four, and more for more: they all run on one machine.
    fn vote_timeout(&self) -> Duration {
        Duration::from_millis(125) * u32::try_from(self.voters).unwrap()
    }

    /// Starts a node on what it kept.
    pub(crate) fn start(&self, place: usize) -> Node {
        self.start_engine(place, |engine| engine)
    }

    /// Starts a node that has lost all that it kept.
    #[cfg(feature = "dishonest")]
    pub(crate) fn start_anew(&mut self, place: usize) -> Node {
        self.stores[place] = Store::new();
        let _ = std::fs::remove_dir_all(self.folder.path().join(CODES[place]));
        self.start(place)
    }

    /// Starts a node whose engine is changed before.
    pub(crate) fn start_engine(&self, place: usize, change: impl FnOnce(Malachite) -> Malachite) -> Node {
        let peers = (0..self.ports.len()).filter(|other| *other != place).map(|other| PeerAddress {
            exchange: code(other),
            address: format!(
                "/ip4/127.0.0.1/tcp/{}/p2p/{}",
                self.ports[other],
                peer_id(&peer_seed(other)).unwrap()
            ),
        });
        let (say, outgoing) = mpsc::channel(16);
        let (incoming, hear) = mpsc::channel(64);
        let (status_sender, status) = watch::channel(EngineStatus::default());
        let engine = Malachite::new(MalachiteConfig {
            origin: Self::origin(),
            exchange: code(place),
            consensus_key: consensus_key(place),
            votes: self.votes,
            peer_seed: peer_seed(place).into(),
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.ports[place]),
            peers: peers.collect(),
            wal_folder: self.folder.path().join(CODES[place]),
            idle_period: self.idle_period,
            propose_timeout: self.vote_timeout() * 2,
            vote_timeout: self.vote_timeout(),
            gossip: Gossip { outgoing, incoming },
            status: status_sender,
        });
        let store = self.stores[place].clone();
        let work = Arc::new(Notify::new());
        let app = MemoryApp {
            store: store.clone(),
            work: work.clone(),
            exchange: code(place),
            key: consensus_key(place),
            validators: validators(self.voters),
            ready: None,
        };
        let (halt, halted) = watch::channel(false);
        let engine = change(engine.unwrap());
        let task = tokio::spawn(async move { engine.run(app, halted).await.1 });
        let pool = Pool { store: store.clone(), work };
        Node { store, pool, status, say, hear, halt, task }
    }

    /// An engine of a region of one, with the application that goes with it.
    pub(crate) fn alone(&self) -> (Malachite, MemoryApp) {
        let (_, outgoing) = mpsc::channel(1);
        let (incoming, _) = mpsc::channel(1);
        let engine = Malachite::new(MalachiteConfig {
            origin: Self::origin(),
            exchange: code(0),
            consensus_key: consensus_key(0),
            votes: true,
            peer_seed: peer_seed(0).into(),
            listen: format!("/ip4/127.0.0.1/tcp/{}", self.ports[0]),
            peers: Vec::new(),
            wal_folder: self.folder.path().join("alone"),
            idle_period: self.idle_period,
            propose_timeout: Duration::from_secs(1),
            vote_timeout: Duration::from_millis(500),
            gossip: Gossip { outgoing, incoming },
            status: watch::channel(EngineStatus::default()).0,
        });
        (engine.unwrap(), app_alone())
    }

    /// Starts those who vote.
    pub(crate) fn start_voters(&self) -> Vec<Node> {
        (0..self.voters).map(|place| self.start(place)).collect()
    }
}

impl Node {
    /// Waits until it has committed a height.
    pub(crate) async fn reaches(&self, height: u64) {
        let mut heights = self.store.height.subscribe();
        within(&format!("height {height}"), heights.wait_for(|now| now.0 >= height)).await.unwrap();
    }

    /// Waits until a command is committed.
    pub(crate) async fn commits(&self, command: EntryId) {
        let (mut heights, mut status) = (self.store.height.subscribe(), self.status.clone());
        let found = async {
            tokio::select! {
                found = heights.wait_for(|_| self.store.commands().contains(&command)) => drop(found.unwrap()),
                status = status.wait_for(|status| status.stopped.is_some()) => panic!("{:?}", status.unwrap().stopped),
            }
        };
        within("the command is committed", found).await;
    }

    /// Waits for something that its status says.
    pub(crate) async fn shows(
        &mut self,
        what: &str,
        condition: impl FnMut(&EngineStatus) -> bool,
    ) -> EngineStatus {
        within(what, self.status.wait_for(condition)).await.unwrap().clone()
    }

    /// Waits until it waits for commands, and says at which height.
    pub(crate) async fn idles(&mut self) -> Height {
        self.shows("idle", |status| status.height.0 > 0 && status.started_at.is_none()).await.height
    }

    /// Halts it and waits until it is gone.
    pub(crate) async fn halt(self) -> End {
        self.halt.send_replace(true);
        within("the end", self.task).await.unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ends(self) -> End {
        within("the end", self.task).await.unwrap()
    }
}

fn keys(voters: usize) -> BTreeMap<ExchangeCode, PublicKey> {
    validators(voters).into_iter().map(|one| (one.exchange, one.consensus_key)).collect()
}

/// Checks that the nodes have the same blocks, as far as both have them, each with a proof of three of four.
pub(crate) fn agree(stores: &[Arc<Store>]) {
    agree_of(4, stores);
}

/// The same in a region in which `voters` vote.
pub(crate) fn agree_of(voters: usize, stores: &[Arc<Store>]) {
    let ledgers: Vec<_> = stores.iter().map(|store| store.decided()).collect();
    for ledger in &ledgers {
        for (one, other) in ledger.iter().zip(&ledgers[0]) {
            assert_eq!(one.block, other.block, "height {}", one.height);
            let block = databourse_ledger::Block::decode(&one.block).unwrap();
            let (origin, keys) = (Region::origin(), keys(voters));
            assert!(one.certificate.proves(&origin, one.height, block.id(), &keys), "height {}", one.height);
        }
    }
}
