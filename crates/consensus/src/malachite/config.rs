//! What the engine is told, and what it tells Malachite.

use super::{gossip::Gossip, parts::PeerId, signing::RegionSigner, status::EngineStatus};
use crate::NodeAddress;
use arc_malachitebft_app_channel::app::{
    config::{ConsensusConfig, NodeConfig, PubSubProtocol, ValueSyncConfig},
    net::Multiaddr,
    types::{Keypair, core::LinearTimeouts},
};
use databourse_ledger::SigningKey;
use databourse_primitives::{Digest, ExchangeCode, Line};
use std::{collections::BTreeMap, net::SocketAddr, ops::AddAssign, path::PathBuf, time::Duration};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// The longest pause between two attempts, however many failed.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// What the engine is told.
#[derive(Debug)]
pub struct MalachiteConfig {
    /// Name of the region's log. Votes of another region do not count.
    pub origin: Line,
    /// Whose node this is.
    pub exchange: ExchangeCode,
    /// What it signs the agreement with. Its public half stands in the ledger if the exchange votes.
    pub consensus_key: SigningKey,
    /// Whether it signs at all. One that does not follows what the others agree on, as one does that is no voter: for a
    /// node that may have signed what it does not remember, until the region is past that.
    pub votes: bool,
    /// Seed of the Ed25519 key under which it connects; see [`peer_id`].
    pub peer_seed: Zeroizing<[u8; 32]>,
    /// Where it listens: a [`NodeAddress`] without a name, e.g. `/ip4/127.0.0.1/tcp/27000`.
    pub listen: String,
    /// The other nodes. Nobody else may connect.
    pub peers: Vec<PeerAddress>,
    /// Folder of the write-ahead log: the node's votes on the height that is agreed on. It must never go back in time.
    pub wal_folder: PathBuf,
    /// How long a region without commands makes no block.
    pub idle_period: Duration,
    /// How long a proposal is waited for in round 0; half as much longer in each round after it.
    pub propose_timeout: Duration,
    /// How long votes are waited for in round 0 once more than two thirds have voted, but not for one block; half as
    /// much longer in each round after it.
    pub vote_timeout: Duration,
    /// Other messages between the nodes.
    pub gossip: Gossip,
    /// Where it says how it goes.
    pub status: watch::Sender<EngineStatus>,
}

/// Where another exchange's node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// Whose node.
    pub exchange: ExchangeCode,
    /// Its [`NodeAddress`], and behind it `/p2p/` and the [`peer_id`].
    pub address: String,
}

/// What the engine cannot begin with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The place to listen at.
    #[error("`{0}` is not a TCP multiaddress to listen at, such as /ip4/127.0.0.1/tcp/27000")]
    Listen(String),
    /// A peer's address.
    #[error("`{0}` is not a TCP multiaddress that ends in /p2p/ and the peer's id")]
    Peer(String),
    /// One exchange or one id stands twice among the peers, or is this node's own.
    #[error("`{0}` stands twice among the nodes")]
    PeerTwice(String),
    /// The seed of the peer key.
    #[error("the peer key cannot be used")]
    PeerKey,
}

/// The name under which a node with this seed connects, as it stands behind `/p2p/` in addresses.
///
/// # Errors
/// `PeerKey`, which a seed of 32 bytes does not cause.
pub fn peer_id(seed: &[u8; 32]) -> Result<String, ConfigError> {
    peer_of(seed).map(|peer| peer.to_base58())
}

pub(super) fn peer_of(seed: &[u8; 32]) -> Result<PeerId, ConfigError> {
    let bytes = keypair(seed)?.public().to_peer_id().to_bytes();
    PeerId::from_bytes(&bytes).map_err(|_| ConfigError::PeerKey)
}

fn keypair(seed: &[u8; 32]) -> Result<Keypair, ConfigError> {
    Keypair::ed25519_from_bytes(Zeroizing::new(*seed)).map_err(|_| ConfigError::PeerKey)
}

/// The configuration, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) signer: RegionSigner,
    pub(super) votes: bool,
    pub(super) exchange: ExchangeCode,
    pub(super) keypair: Keypair,
    pub(super) peer_id: PeerId,
    pub(super) peers: BTreeMap<PeerId, ExchangeCode>,
    pub(super) listen: SocketAddr,
    pub(super) wal_file: PathBuf,
    pub(super) idle_period: Duration,
    pub(super) timeouts: LinearTimeouts,
    pub(super) engine: EngineConfig,
    #[cfg(feature = "dishonest")]
    pub(super) acts: std::collections::BTreeSet<super::Dishonesty>,
}

impl Settings {
    /// Reads the configuration; returns what is used up with the rest.
    pub(super) fn read(
        config: MalachiteConfig,
    ) -> Result<(Self, Gossip, watch::Sender<EngineStatus>), ConfigError> {
        let (listen_at, listen) = listen_address(&config.listen)?;
        let peer_id = peer_of(&config.peer_seed)?;
        let mut peers = BTreeMap::from([(peer_id, config.exchange.clone())]);
        let mut addresses = Vec::new();
        for peer in &config.peers {
            let (id, address) = peer_address(&peer.address)?;
            if peers.values().any(|exchange| *exchange == peer.exchange) || peers.contains_key(&id) {
                return Err(ConfigError::PeerTwice(peer.address.clone()));
            }
            peers.insert(id, peer.exchange.clone());
            addresses.push(address);
        }
        peers.remove(&peer_id);
        let settings = Self {
            keypair: keypair(&config.peer_seed)?,
            peer_id,
            engine: EngineConfig::new(&config, listen, addresses),
            peers,
            listen: listen_at,
            wal_file: config.wal_folder.join("votes.wal"),
            idle_period: config.idle_period,
            timeouts: timeouts(config.propose_timeout, config.vote_timeout),
            signer: RegionSigner { origin: config.origin, key: config.consensus_key },
            votes: config.votes,
            exchange: config.exchange,
            #[cfg(feature = "dishonest")]
            acts: Default::default(),
        };
        Ok((settings, config.gossip, config.status))
    }
}

/// The address to listen at, as a socket's and as libp2p spells it.
fn listen_address(text: &str) -> Result<(SocketAddr, Multiaddr), ConfigError> {
    let socket = text.parse::<NodeAddress>().ok().and_then(|address| address.socket());
    socket.zip(text.parse().ok()).ok_or_else(|| ConfigError::Listen(text.to_owned()))
}

fn peer_address(text: &str) -> Result<(PeerId, Multiaddr), ConfigError> {
    let read = || {
        let (_, id) = NodeAddress::parse_peer(text).ok()?;
        let id: arc_malachitebft_app_channel::app::net::PeerId = id.parse().ok()?;
        Some((PeerId::from_bytes(&id.to_bytes()).ok()?, text.parse().ok()?))
    };
    read().ok_or_else(|| ConfigError::Peer(text.to_owned()))
}

fn timeouts(propose: Duration, vote: Duration) -> LinearTimeouts {
    LinearTimeouts {
        propose,
        propose_delta: propose / 2,
        prevote: vote,
        prevote_delta: vote / 2,
        precommit: vote,
        precommit_delta: vote / 2,
        rebroadcast: propose + vote + vote,
        max_timeout: TIMEOUT_MAX.max(propose),
    }
}

/// What Malachite is told.
#[derive(Debug, Clone)]
pub(super) struct EngineConfig {
    name: String,
    consensus: ConsensusConfig,
    value_sync: ValueSyncConfig,
}

impl EngineConfig {
    fn new(config: &MalachiteConfig, listen: Multiaddr, peers: Vec<Multiaddr>) -> Self {
        let mut consensus = ConsensusConfig::default();
        let p2p = &mut consensus.p2p;
        // Every message goes to every node directly, in the largest region too: twenty nodes that pass messages on for
        // one another did not come to an agreement (`tests/region/twenty.rs`).
        p2p.protocol = PubSubProtocol::Broadcast;
        // Several nodes behind one address are usual in tests and in small regions.
        p2p.discovery.max_connections_per_ip = 4 * (peers.len() + 1);
        p2p.listen_addr = listen;
        p2p.persistent_peers = peers;
        p2p.persistent_peers_only = true;
        p2p.pubsub_max_size = byte_size(4 << 20);
        p2p.rpc_max_size = byte_size(40 << 20);
        // A node of another region is not spoken to.
        let region = Digest::of(config.origin.as_str().as_bytes()).to_string();
        p2p.protocol_names.consensus = format!("/databourse/1/{region}");
        let value_sync = ValueSyncConfig {
            status_update_interval: Duration::from_secs(1),
            request_timeout: Duration::from_secs(10),
            // One block of the longest always fits.
            max_response_size: byte_size(32 << 20),
            batch_size: 20,
            ..ValueSyncConfig::default()
        };
        Self { name: config.exchange.to_string(), consensus, value_sync }
    }
}

/// A size in bytes of a type that Malachite does not let us name.
fn byte_size<S: Default + AddAssign<u64>>(count: u64) -> S {
    let mut size = S::default();
    size += count;
    size
}

impl NodeConfig for EngineConfig {
    fn moniker(&self) -> &str {
        &self.name
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.value_sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.value_sync
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    const ID: &str = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";

    fn read(listen: &str, peers: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let peer = |(exchange, address): &(&str, &str)| PeerAddress {
            exchange: exchange.parse().unwrap(),
            address: (*address).to_owned(),
        };
        let config = MalachiteConfig {
            origin: "databourse.example/test".parse().unwrap(),
            exchange: "sh".parse().unwrap(),
            consensus_key: SigningKey::from_seed([1; 32]),
            votes: true,
            peer_seed: [2; 32].into(),
            listen: listen.to_owned(),
            peers: peers.iter().map(peer).collect(),
            wal_folder: "wal".into(),
            idle_period: Duration::from_secs(30),
            propose_timeout: Duration::from_secs(1),
            vote_timeout: Duration::from_secs(1),
            gossip: Gossip { outgoing: mpsc::channel(1).1, incoming: mpsc::channel(1).0 },
            status: watch::channel(EngineStatus::default()).0,
        };
        Settings::read(config).map(|(settings, ..)| settings)
    }

    #[test]
    fn only_tcp_is_listened_on() {
        let check = |text: &str, expected: Option<&str>| {
            let found = read(text, &[]).map(|settings| settings.listen.to_string());
            let expected = expected.map(str::to_owned).ok_or_else(|| ConfigError::Listen(text.to_owned()));
            assert_eq!(found, expected);
        };
        check("/ip4/127.0.0.1/tcp/27000", Some("127.0.0.1:27000"));
        check("/ip6/::1/tcp/27000", Some("[::1]:27000"));
        check("127.0.0.1:27000", None);
        check("/ip4/127.0.0.1/udp/27000/quic-v1", None);
        check("/ip4/127.0.0.1/tcp/27000/ws", None);
        check("/ip4/127.0.0.1/tcp/x", None);
        check("", None);
    }

    #[test]
    fn a_peer_has_a_name_and_stands_once() {
        let at = |id: &str| format!("/dns4/js.example/tcp/27001/p2p/{id}");
        let good = at(ID);
        let settings = read("/ip4/127.0.0.1/tcp/1", &[("js", &good)]).unwrap();
        let peers: Vec<_> =
            settings.peers.iter().map(|(id, code)| (id.to_base58(), code.to_string())).collect();
        assert_eq!(peers, [(ID.to_owned(), "js".to_owned())]);
        let refused = |peers: &[(&str, &str)], error: ConfigError| {
            assert_eq!(read("/ip4/127.0.0.1/tcp/1", peers).err(), Some(error));
        };
        for bad in ["/dns4/js.example/tcp/27001", "/dns4/js.example/tcp/27001/p2p/x", "js.example:27001"] {
            refused(&[("js", bad)], ConfigError::Peer(bad.to_owned()));
        }
        refused(&[("js", &good), ("zj", &good)], ConfigError::PeerTwice(good.clone()));
        refused(&[("sh", &good)], ConfigError::PeerTwice(good.clone()));
        let own = at(&peer_id(&[2; 32]).unwrap());
        refused(&[("js", &own)], ConfigError::PeerTwice(own.clone()));
    }

    #[test]
    fn the_pauses_grow_by_half_each_round() {
        use arc_malachitebft_app_channel::app::types::core::{Round, Timeout};
        let timeouts = timeouts(Duration::from_secs(2), Duration::from_secs(1));
        let check = |timeout, expected_ms| {
            assert_eq!(timeouts.duration_for(timeout), Duration::from_millis(expected_ms));
        };
        check(Timeout::propose(Round::new(0)), 2000);
        check(Timeout::propose(Round::new(3)), 5000);
        check(Timeout::prevote(Round::new(1)), 1500);
        check(Timeout::precommit(Round::new(2)), 2000);
        check(Timeout::propose(Round::new(u32::MAX)), 60_000);
    }
}
