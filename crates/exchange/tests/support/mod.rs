//! A region of nodes in this process, each with its database, on free ports of this machine.
#![allow(dead_code, reason = "each test file uses its own part")]

use databourse_exchange::{
    Acknowledgement, Acting, Clock, End, Entropy, Founding, Node, NodeConfig, NodeKeys, PeerAddress,
    RegionConfig, Running, SettlementConfig, Submission, SubmitError,
};
use databourse_market::Command;
use databourse_party::{FoundExchange, Party, Predecessor};
use databourse_primitives::{BilingualText, EntryId};
use databourse_store::ConnectionConfig;
use databourse_testkit::{ScratchFolder, TestDatabase};
use serde_json::json;
use std::{
    collections::BTreeMap,
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    time::Duration,
};

/// Origin of a region's checkpoints.
pub(crate) const ORIGIN: &str = "databourse.example/delta";

/// How long anything may take on a busy machine before a test gives up.
const LIMIT: Duration = Duration::from_secs(90);

/// Asks again until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let asking = async {
        while !holds().await {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, asking).await.is_ok(), "in vain: {what}");
}

pub(crate) fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

/// The certification of a company with that name, which buys and supplies.
pub(crate) fn certify(number: u64, name: &str) -> Submission {
    let body = json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{}", name.replace(' ', "-")), "roles": ["buyer", "supplier"],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2099-01-01T00:00:00Z",
    });
    command(number, Acting::Exchange, "party.certify", &body)
}

pub(crate) fn command(number: u64, acting: Acting, entry_type: &str, body: &serde_json::Value) -> Submission {
    let command = Command::from_json(entry_type, &body.to_string()).unwrap();
    Submission::Command { id: id(number), acting, command }
}

pub(crate) async fn one(node: &Node, submission: Submission) -> Result<Acknowledgement, SubmitError> {
    node.submit(vec![submission]).await.pop().unwrap()
}

pub(crate) async fn party(node: &Node, number: u64) -> Option<Party> {
    node.store().get::<Party>(&id(number).to_string()).await.unwrap()
}

struct Member {
    keys: NodeKeys,
    port: u16,
    database: TestDatabase,
    running: Option<(Node, Running)>,
}

fn name(text: &str) -> BilingualText {
    BilingualText::new(None, Some(text)).unwrap()
}

/// A node that keeps a ledger alone.
pub(crate) fn alone(code: &str, database: ConnectionConfig) -> NodeConfig {
    NodeConfig {
        exchange: code.parse().unwrap(),
        origin: "databourse.example/delta".parse().unwrap(),
        founding: Founding {
            region_name: name("Delta"),
            exchange_name: Some(name(code)),
            assets: ["CNY/2".parse().unwrap()].into(),
            taxes: Vec::new(),
            schedules: Vec::new(),
            peers: Vec::new(),
            predecessor: None,
        },
        database,
        replicas: Vec::new(),
        reader_count: 4,
        pool_capacity: 1_000,
        working_set_record_count: 16.try_into().unwrap(),
        clock: Clock::System,
        entropy: Entropy::Os,
        settlement: SettlementConfig::default(),
        region: None,
        snapshot_folder: None,
    }
}

/// See the module.
pub(crate) struct Region {
    members: BTreeMap<String, Member>,
    folder: ScratchFolder,
    origin: &'static str,
    predecessor: Option<Predecessor>,
}

impl Region {
    /// Starts all nodes and waits until the region is founded.
    pub(crate) async fn start(codes: &[&str]) -> Self {
        Self::start_as(codes, ORIGIN, None).await
    }

    /// The same for a ledger of another origin, which may go on from one that ended.
    pub(crate) async fn start_as(
        codes: &[&str],
        origin: &'static str,
        predecessor: Option<Predecessor>,
    ) -> Self {
        let mut members = BTreeMap::new();
        for (number, code) in codes.iter().enumerate() {
            let keys = NodeKeys::generate(&Entropy::seeded(number as u64)).unwrap();
            let database = TestDatabase::create().await;
            databourse_store::Store::migrate(database.config()).await.unwrap();
            members.insert((*code).to_owned(), Member { keys, port: free_port(), database, running: None });
        }
        let folder = databourse_testkit::scratch_folder();
        let mut region = Self { members, folder, origin, predecessor };
        for code in codes {
            region.start_one(code).await;
        }
        for code in codes {
            let node = region.node(code);
            eventually("the region is founded", async || node.published().height.0 > 0).await;
        }
        region
    }

    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    pub(crate) fn node(&self, code: &str) -> &Node {
        &self.members[code].running.as_ref().expect("a running node").0
    }

    fn config(&self, code: &str) -> NodeConfig {
        let others = || self.members.iter().filter(|(other, _)| *other != code);
        let peers = others().map(|(other, member)| FoundExchange {
            code: other.parse().unwrap(),
            name: name(other),
            entry_key: member.keys.entry_key().public_key(),
            checkpoint_key: member.keys.checkpoint_key().public_key(),
            cosignature_key: member.keys.cosignature_key().public_key(),
            consensus_key: member.keys.consensus_key().public_key(),
        });
        let addresses = others().map(|(other, member)| PeerAddress {
            exchange: other.parse().unwrap(),
            address: format!(
                "/ip4/127.0.0.1/tcp/{}/p2p/{}",
                member.port,
                databourse_exchange::peer_id(&member.keys.peer_seed()).unwrap()
            ),
        });
        let own = &self.members[code];
        let tax =
            json!({ "version": 1, "rates": { "services": "0.06", "exempt": "0" }, "default": "exempt" });
        let schedule = json!({
            "version": "CNY/2@1",
            "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.025" } } }],
            "fee_vat": "services", "selling_share": "0.4", "tax": 1, "hold_days": 30, "dispute_days": 7,
            "bank_tolerance_minor": 0, "rounding": "half-up-largest-remainder-carry/1",
        });
        let mut config = alone(code, own.database.config());
        config.origin = self.origin.parse().unwrap();
        config.founding.predecessor.clone_from(&self.predecessor);
        config.founding.peers = peers.collect();
        config.founding.taxes = vec![serde_json::from_value(tax).unwrap()];
        config.founding.schedules = vec![serde_json::from_value(schedule).unwrap()];
        config.region = Some(RegionConfig {
            listen: format!("/ip4/127.0.0.1/tcp/{}", own.port),
            peers: addresses.collect(),
            wal_folder: self.folder.path().join(code),
            report_folder: self.report_folder(code),
            votes: true,
            idle_period: Duration::from_secs(60),
            propose_timeout: Duration::from_secs(1),
        });
        config.snapshot_folder = Some(self.snapshots(code));
        config
    }

    /// Where a node keeps its snapshots.
    pub(crate) fn snapshots(&self, code: &str) -> PathBuf {
        self.folder.path().join(format!("{code}-snapshots"))
    }

    /// Starts a node; does not wait for the others.
    pub(crate) async fn start_one(&mut self, code: &str) {
        let config = self.config(code);
        let keys = &self.members[code].keys;
        let running = Node::start(config, keys).await.unwrap();
        self.members.get_mut(code).unwrap().running = Some(running);
    }

    /// The node's keys.
    pub(crate) fn keys(&self, code: &str) -> &NodeKeys {
        &self.members[code].keys
    }

    /// Gives a node that was stopped other keys for what stands in the ledger; its own name on the network it keeps.
    pub(crate) fn replace_keys(&mut self, code: &str, new: NodeKeys) {
        self.members.get_mut(code).unwrap().keys = new;
    }

    /// Starts a node that is not honest, in place of one that was stopped.
    #[cfg(feature = "dishonest")]
    pub(crate) async fn start_dishonest(&mut self, code: &str, misdeeds: databourse_exchange::Misdeeds) {
        let config = self.config(code);
        let running = Node::start_dishonest(config, &self.members[code].keys, misdeeds).await.unwrap();
        self.members.get_mut(code).unwrap().running = Some(running);
    }

    /// Where a node keeps its report should it diverge.
    pub(crate) fn report_folder(&self, code: &str) -> PathBuf {
        self.folder.path().join(format!("{code}-data"))
    }

    /// Changes a node's database by hand, past the triggers that keep people from it.
    pub(crate) async fn tamper(&self, code: &str, statements: &str) {
        let client = self.members[code].database.connect().await;
        client.batch_execute(&format!("SET session_replication_role = replica; {statements}")).await.unwrap();
    }

    /// Waits until a node ends by itself; says why, and where its report is.
    pub(crate) async fn ends(&mut self, code: &str) -> (End, Option<PathBuf>) {
        let (_, running) = self.members.get_mut(code).unwrap().running.as_mut().expect("a running node");
        let end = tokio::time::timeout(LIMIT, running.ended()).await.expect("an end in time");
        (end, running.divergence_report().map(Path::to_owned))
    }

    /// Stops a node.
    pub(crate) async fn stop_one(&mut self, code: &str) {
        let (node, running) = self.members.get_mut(code).unwrap().running.take().expect("a running node");
        drop(node);
        running.stop().await;
    }

    /// Sends until it is accepted, as a client does that may send the same command again.
    pub(crate) async fn insist(&self, code: &str, submission: impl Fn() -> Submission) -> Acknowledgement {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        let asking = async {
            loop {
                match one(self.node(code), submission()).await {
                    Ok(done) => return done,
                    Err(SubmitError::Unavailable { .. }) => _ = tick.tick().await,
                    Err(SubmitError::Refused(refusal)) => panic!("{code}: {refusal}"),
                }
            }
        };
        tokio::time::timeout(LIMIT, asking).await.expect("an answer in time")
    }

    /// Waits until all running nodes show the same size, and checks that every block of theirs is the same.
    pub(crate) async fn same_roots(&self) {
        let nodes: Vec<&Node> = self
            .members
            .values()
            .filter_map(|member| member.running.as_ref())
            .map(|(node, _)| node)
            .collect();
        eventually("all show the same checkpoint", async || {
            let first = nodes[0].published();
            nodes.iter().all(|node| node.published().size == first.size)
        })
        .await;
        let all =
            async |node: &Node| node.store().blocks(databourse_primitives::Height(1), 100_000).await.unwrap();
        let first = all(nodes[0]).await;
        for node in &nodes {
            let blocks = all(node).await;
            let count = first.len().min(blocks.len());
            assert_eq!(first[..count], blocks[..count], "{} and {}", nodes[0].exchange(), node.exchange());
        }
    }

    /// Stops all.
    pub(crate) async fn stop(mut self) {
        let codes: Vec<String> = self.members.keys().cloned().collect();
        for code in codes {
            if self.members[&code].running.is_some() {
                self.stop_one(&code).await;
            }
        }
    }
}

/// A port that is free for TCP and UDP.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
