//! A region of four real processes, each with a private PostgreSQL: made, started, killed, asked over HTTP.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod dice;
pub(crate) mod load;
pub(crate) mod member;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod verdict;
pub(crate) mod watch;

use databourse_client::NodeState;
use dice::Dice;
use load::Load;
use node::{Access, Node, databourse};
use std::{fs, net::TcpListener, path::PathBuf, process::Stdio, time::Duration};

/// The exchanges, in the order of their codes.
pub(crate) const CODES: [&str; 4] = ["ah", "js", "sh", "zj"];
/// How long four nodes may take to make their databases and to found the ledger on a busy machine.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(300);
/// How long nodes may take to come back and to level when the region could agree all along.
pub(crate) const RETURN_LIMIT: Duration = Duration::from_secs(180);
/// How often a state is asked for that is waited for.
pub(crate) const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Four nodes and their folder.
pub(crate) struct Region {
    pub(crate) nodes: Vec<Node>,
    /// The first of its ports: so many for clients from it on, and for the nodes from [`PEER_PORTS_AFTER`] more on.
    pub(crate) base_port: u16,
    /// Removed last, when the nodes are gone.
    scratch: databourse_testkit::ScratchFolder,
}

impl Region {
    /// Makes keys, configurations and the genesis file, with `databourse region init`. Nothing runs yet.
    pub(crate) fn init() -> Self {
        let scratch = databourse_testkit::scratch_folder();
        let folder = scratch.path().join("region");
        let mut command = databourse();
        command.args(["region", "init", "--exchanges", "sh,js,zj,ah", "--folder"]).arg(&folder);
        let base_port = free_ports();
        let made = command.args(["--base-port", &base_port.to_string()]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self {
            nodes: CODES.iter().map(|code| Node::new(code, folder.join(code))).collect(),
            base_port,
            scratch,
        }
    }

    /// A region that runs, with a merchant and an offer at every exchange.
    pub(crate) async fn opened(dice: &mut Dice) -> (Self, Load) {
        let mut region = Self::init();
        region.start().await;
        let load = Load::new(region.accesses());
        load.open_stalls(dice).await;
        (region, load)
    }

    /// The height of the last final block at one node.
    pub(crate) async fn height(&self, place: usize) -> u64 {
        self.nodes[place].access.client.region_health().await.unwrap().height.0
    }

    /// Sells at `places` until the node at `place` has committed block `height`.
    pub(crate) async fn sell_up_to(
        &self,
        (place, height): (usize, u64),
        load: &Load,
        places: &[usize],
        dice: &mut Dice,
    ) {
        let known = self.nodes[place].access.clone();
        while known.client.region_health().await.unwrap().height.0 < height {
            load.sell(places, 2, dice).await;
            load.seen(place, load.last_leaf()).await.expect("it follows");
        }
    }

    /// Starts the node at `place`, which lost the log of its votes at `lost_at`, as the runbook says: it follows without
    /// voting until the region is past everything that it may have voted on.
    pub(crate) async fn rejoins(
        &mut self,
        (place, lost_at): (usize, u64),
        load: &Load,
        others: &[usize],
        dice: &mut Dice,
    ) {
        self.nodes[place].start_with(&[("DATABOURSE_REGION_VOTE", "false")]);
        self.runs(place, RETURN_LIMIT).await;
        self.level(&[0, 1, 2, 3], load.last_leaf()).await;
        self.sell_up_to((place, lost_at + 2), load, others, dice).await;
        self.restart(place).await;
    }

    /// Stops all, and fails unless what was acknowledged is there, verifiable, and nobody signed twice.
    pub(crate) async fn ends_well(&mut self, load: &Load) {
        let known = std::mem::take(&mut *load.known());
        verdict::receipts_verify(&self.accesses(), &known).await;
        self.stop().await;
        let verdict = verdict::of(self, &known).await;
        println!("{} acknowledged; {verdict:?}", known.acknowledged.len());
        assert!(known.surprises.is_empty(), "{:#?}", known.surprises);
        assert!(verdict.evidence.is_empty(), "double signing: {:?}", verdict.evidence);
    }

    /// Waits until the nodes at `places` have votes in their logs and add none, for longer than an idle region makes no
    /// block: the log of a height is kept until the next one begins.
    pub(crate) async fn votes_rest(&self, places: &[usize]) {
        const SOME_VOTES_BYTES: u64 = 60;
        const RESTS_FOR_LOOKS: usize = 50;
        let rest = async {
            let (mut known, mut looks) = (Vec::new(), 0);
            while looks < RESTS_FOR_LOOKS {
                tokio::time::sleep(LOOK_PAUSE).await;
                let length =
                    |place: &usize| fs::metadata(self.nodes[*place].votes()).map_or(0, |file| file.len());
                let lengths: Vec<u64> = places.iter().map(length).collect();
                let rests = lengths == known && lengths.iter().all(|length| *length > SOME_VOTES_BYTES);
                looks = if rests { looks + 1 } else { 0 };
                known = lengths;
            }
        };
        let rest = tokio::time::timeout(RETURN_LIMIT, rest).await;
        if rest.is_err() {
            panic!("no votes in the logs of {places:?}:\n{}", self.state().await);
        }
    }

    /// Stops one node as its operator does, starts it again and waits until it takes part.
    pub(crate) async fn restart(&mut self, place: usize) {
        self.nodes[place].stopped().await;
        self.nodes[place].start();
        self.runs(place, RETURN_LIMIT).await;
    }

    /// What `databourse region status` prints of the nodes at `places`, and its exit code.
    pub(crate) fn status(&self, places: &[usize]) -> (String, Option<i32>) {
        let urls = places.iter().flat_map(|place| ["--url", self.nodes[*place].access.url.as_str()]);
        let shown = databourse().args(["region", "status"]).args(urls).output().unwrap();
        (String::from_utf8(shown.stdout).unwrap(), shown.status.code())
    }

    /// Starts all and waits until the ledger is founded.
    pub(crate) async fn start(&mut self) {
        self.nodes.iter_mut().for_each(Node::start);
        self.all_run(START_LIMIT).await;
    }

    /// How they are reached.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        self.nodes.iter().map(|node| node.access.clone()).collect()
    }

    /// Waits until every node takes part.
    pub(crate) async fn all_run(&mut self, limit: Duration) {
        for place in 0..self.nodes.len() {
            self.runs(place, limit).await;
        }
    }

    /// Waits until one node takes part.
    pub(crate) async fn runs(&mut self, place: usize, limit: Duration) {
        let access = self.nodes[place].access.clone();
        let node = &mut self.nodes[place];
        let runs = async {
            loop {
                match access.client.region_health().await {
                    Ok(health) if health.state == NodeState::Running && health.final_size > 0 => return,
                    _ => tokio::time::sleep(LOOK_PAUSE).await,
                }
                if let Some(how) = node.ended() {
                    panic!("the node of {} ended: {how}\n{}", node.code, node.log_end(40));
                }
            }
        };
        if tokio::time::timeout(limit, runs).await.is_err() {
            panic!("the node of {} does not run again:\n{}", self.nodes[place].code, self.state().await);
        }
    }

    /// Waits until the nodes at `places` show the same checkpoint, of more than `leaf_index` leaves, and says its size.
    pub(crate) async fn level(&mut self, places: &[usize], leaf_index: u64) -> u64 {
        let accesses: Vec<_> = places.iter().map(|place| self.nodes[*place].access.clone()).collect();
        let level = async {
            loop {
                let asked: Vec<_> = accesses.iter().map(Access::shown).collect();
                let shown: Option<Vec<_>> = futures::future::join_all(asked).await.into_iter().collect();
                if let Some(shown) = shown
                    && shown.iter().all(|one| one.0 == shown[0].0)
                    && shown[0].0 > leaf_index
                {
                    assert!(shown.iter().all(|one| one.1 == shown[0].1), "a fork: {shown:?}");
                    return shown[0].0;
                }
                tokio::time::sleep(LOOK_PAUSE).await;
            }
        };
        match tokio::time::timeout(RETURN_LIMIT, level).await {
            Ok(size) => size,
            Err(_) => panic!("the nodes do not come to the same size:\n{}", self.state().await),
        }
    }

    /// Asks all to stop at the same time; they must end well.
    pub(crate) async fn stop(&mut self) {
        self.nodes.iter_mut().for_each(Node::ask_to_stop);
        for node in &mut self.nodes {
            node.stopped().await;
        }
    }

    /// How every node is and what it said last, for a test that fails.
    pub(crate) async fn state(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            let health = node.access.client.region_health().await;
            let health = health.map_or_else(|error| error.to_string(), |health| format!("{health:?}"));
            text += &format!("── {}: {health}\n{}\n", node.code, node.log_end(25));
        }
        text
    }

    /// Where the region's files are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.scratch.path().join("region")
    }

    /// Keeps the files of a test that failed, for whoever looks into it.
    pub(crate) fn keep_if_panicking(&mut self) {
        if std::thread::panicking() && std::env::var_os("DATABOURSE_CHAOS_KEEP").is_some() {
            self.scratch.disable_cleanup(true);
            println!("kept: {}", self.folder().display());
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        self.keep_if_panicking();
        self.nodes.iter_mut().for_each(Node::end);
    }
}

/// How far behind the ports for clients those between nodes are.
pub(crate) const PEER_PORTS_AFTER: u16 = 50;

/// The first port of a block of which `region init` takes eight, and one who joins two more: below those that the system
/// gives to outgoing connections, for a node that was killed must find its own again.
fn free_ports() -> u16 {
    let mut dice = dice::Dice::new(dice::by_chance());
    for _ in 0..200 {
        let base = 10_000 + 100 * u16::try_from(dice.below(200)).unwrap();
        let mut ports = (0..5).flat_map(|at| [base + at, base + PEER_PORTS_AFTER + at]);
        if ports.all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return base;
        }
    }
    panic!("no free ports");
}

/// Input that nobody writes to; its end is what a node takes for being told to stop.
pub(crate) fn held_input() -> Stdio {
    Stdio::piped()
}
