//! Starting and stopping Malachite's actors.

use super::{
    codec::{BinaryCodec, encode},
    config::Settings,
    context::{Address, Agreement},
    parts::Outgoing,
    signing::RegionVerifier,
    status::EngineStatus,
    synced::{Ear, Watcher},
};
use arc_malachitebft_app_channel::{
    AppMsg, Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity,
    NetworkRequest, RequestContext, SyncContext, WalContext,
    app::{
        engine::{
            network::{NetworkMsg, NetworkRef},
            node::NodeRef,
        },
        events::RxEvent,
        types::core::SigningScheme,
    },
};
use databourse_primitives::ExchangeCode;
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing::warn;

/// How many questions to the engine may wait.
const REQUESTS_MAX: usize = 16;

/// The name under which a node follows that is not to vote.
const FOLLOWER: &str = "follower";

/// How long the engine's actors may take to stop by themselves.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How often it is tried whether the log of votes is free.
const RELEASE_PERIOD: Duration = Duration::from_millis(5);

/// How often the connections are looked at.
const CONNECTIONS_PERIOD: Duration = Duration::from_secs(1);

/// Malachite, running.
pub(super) struct Engine {
    /// What it asks.
    pub(super) questions: mpsc::Receiver<AppMsg<Agreement>>,
    /// What it tells whoever listens.
    pub(super) events: RxEvent<Agreement>,
    /// What is sent to the other nodes.
    pub(super) network: mpsc::Sender<Outgoing>,
    /// What is asked of its network.
    pub(super) network_requests: mpsc::Sender<NetworkRequest>,
    log: PathBuf,
    handle: EngineHandle,
}

impl Engine {
    /// Starts it. It asks [`AppMsg::ConsensusReady`] once it listens.
    ///
    /// # Errors
    /// The reason, for the operator: the write-ahead log cannot be read, the place to listen at is taken.
    pub(super) async fn start(settings: &Settings) -> Result<Self, String> {
        // Malachite waits for ever on a place that it cannot listen at, so that is found out before.
        if let Err(error) = TcpListener::bind(settings.listen).await {
            return Err(format!("cannot listen at {}: {error}", settings.listen));
        }
        let signer = settings.signer.clone();
        let public_key = super::signing::Ed25519::encode_public_key(&signer.key.public_key());
        let proof = signer.prove(public_key, settings.peer_id.to_bytes());
        let identity = NetworkIdentity::new_validator(
            settings.exchange.to_string(),
            settings.keypair.clone(),
            settings.exchange.to_string(),
            encode(&proof),
        );
        let verifier = RegionVerifier { origin: signer.origin.clone() };
        let consensus = if settings.votes {
            let address = Address(settings.exchange.clone());
            ConsensusContext::new_validator(address, Box::new(verifier), Box::new(signer))
        } else {
            // Under a name that no voter has it is asked for no vote, and without a signer it cannot give one.
            let address = FOLLOWER.parse().map_err(|_| "a follower needs a name".to_owned())?;
            ConsensusContext::new_full_node(Address(address), Box::new(verifier))
        };
        let builder = EngineBuilder::new(Agreement, settings.engine.clone())
            .with_default_wal(WalContext::new(settings.wal_file.clone(), BinaryCodec))
            .with_default_sync(SyncContext::new(BinaryCodec))
            .with_default_consensus(consensus)
            .with_default_request(RequestContext::new(REQUESTS_MAX));
        #[cfg(feature = "dishonest")]
        if settings.acts.contains(&super::Dishonesty::SignTwo) {
            let network = super::dishonest::network(settings, identity);
            let builder = builder.with_byzantine_network(network).await;
            let built = builder.map_err(|report| format!("{report:#}"))?.build().await;
            return built.map(|built| Self::new(built, settings)).map_err(|report| format!("{report:#}"));
        }
        let built = builder.with_default_network(NetworkContext::new(identity, BinaryCodec)).build().await;
        built.map(|built| Self::new(built, settings)).map_err(|report| format!("{report:#}"))
    }

    fn new((channels, handle): (Channels<Agreement>, EngineHandle), settings: &Settings) -> Self {
        let Channels { consensus, network, events, net_requests, .. } = channels;
        let events = events.subscribe();
        Self {
            questions: consensus,
            events,
            network,
            network_requests: net_requests,
            log: settings.wal_file.clone(),
            handle,
        }
    }

    /// Has `watcher` look at what the other nodes answer to this one.
    pub(super) fn watch_synced(&self, watcher: Watcher) {
        let is_heard = network_of(&self.handle.actor).is_some_and(|network| {
            let ear = Ear { network: network.clone(), watcher };
            network.cast(NetworkMsg::Subscribe(Box::new(ear))).is_ok()
        });
        if !is_heard {
            warn!("nobody looks at what other nodes answer");
        }
    }

    /// Stops it and waits until it has let go of its port and its files.
    pub(super) async fn stop(self) {
        let Self { questions, network, handle, log, .. } = self;
        // Whoever waits for an answer gets none, and goes.
        drop((questions, network));
        let EngineHandle { actor, handle } = handle;
        // The network goes first and in peace. As soon as any of them is gone the others are killed, and a network that is
        // killed keeps its port.
        if let Some(network) = network_of(&actor) {
            let _ = network.stop_and_wait(None, Some(STOP_TIMEOUT)).await;
        }
        actor.stop(None);
        if tokio::time::timeout(STOP_TIMEOUT, handle).await.is_err() {
            warn!("the engine does not stop by itself");
            actor.kill();
        }
        if tokio::time::timeout(STOP_TIMEOUT, released(&log)).await.is_err() {
            warn!(log = %log.display(), "the log of votes is still held");
        }
    }
}

/// The engine's network among its actors.
fn network_of(engine: &NodeRef) -> Option<NetworkRef<Agreement>> {
    let mut children = engine.get_children().into_iter();
    children
        .find(|child| child.is_message_type_of::<NetworkMsg<Agreement>>() == Some(true))
        .map(NetworkRef::from)
}

/// Resolves when nobody holds the log of votes any more: a thread of the engine's writes it, and outlives the actors.
async fn released(log: &Path) {
    while File::open(log).is_ok_and(|file| file.try_lock().is_err()) {
        tokio::time::sleep(RELEASE_PERIOD).await;
    }
}

/// Keeps the status up to date with who is connected, until the engine is gone.
pub(super) fn watch_connections(
    requests: mpsc::Sender<NetworkRequest>,
    peers: BTreeMap<String, ExchangeCode>,
    status: watch::Sender<EngineStatus>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(CONNECTIONS_PERIOD);
        loop {
            ticks.tick().await;
            let Ok(Some(dump)) = NetworkRequest::dump_state(&requests).await else { return };
            let connected = dump.peers.keys().filter_map(|id| peers.get(&id.to_string()).cloned()).collect();
            status.send_if_modified(|status| {
                let is_changed = status.connected != connected;
                status.connected = connected;
                is_changed
            });
        }
    })
}
