//! The engine of a region of several exchanges: Malachite, a library of the Tendermint agreement.
//!
//! | part | what it does |
//! |---|---|
//! | `context`, `validators`, `signing` | our words of the agreement in the types that Malachite asks for |
//! | `codec` | the binary form of its messages |
//! | `parts` | blocks on their way between nodes |
//! | `engine` | starts and stops its actors |
//! | `driver` | answers its questions for a [`LedgerApp`] |
//!
//! Nothing of Malachite leaves this module.

mod codec;
mod config;
mod context;
#[cfg(feature = "dishonest")]
mod dishonest;
mod driver;
mod engine;
mod gossip;
mod parts;
mod proof;
mod proposals;
mod signing;
mod status;
mod synced;
mod validators;

pub use config::{ConfigError, MalachiteConfig, PeerAddress, peer_id};
#[cfg(feature = "dishonest")]
pub use dishonest::Dishonesty;
pub use gossip::{GOSSIP_BYTES_MAX, Gossip, PeerMessage};
pub use status::{EngineStatus, Fault, RejectedBlock};

use crate::{End, LedgerApp, Orderer};
use config::Settings;
use databourse_primitives::Height;
use driver::Driver;
use engine::Engine;
use std::fmt;
use tokio::sync::watch;
use tracing::{error, info};

/// Ordering among several exchanges, safe while less than a third of them are dishonest and live while more than two
/// thirds are connected.
///
/// A node has its write-ahead log for itself: two that run with one consensus key sign two things. A run is ended by its
/// `halt`; one that is dropped leaves the engine's actors behind.
pub struct Malachite {
    settings: Settings,
    gossip: Gossip,
    status: watch::Sender<EngineStatus>,
}

impl Malachite {
    /// Reads the configuration.
    ///
    /// # Errors
    /// `Listen`, `Peer`, `PeerTwice`, `PeerKey`.
    pub fn new(config: MalachiteConfig) -> Result<Self, ConfigError> {
        let (settings, gossip, status) = Settings::read(config)?;
        Ok(Self { settings, gossip, status })
    }

    /// Makes the node dishonest. For tests that show it in vain.
    #[cfg(feature = "dishonest")]
    #[must_use]
    pub fn dishonest(mut self, acts: impl IntoIterator<Item = Dishonesty>) -> Self {
        self.settings.acts.extend(acts);
        self
    }
}

impl fmt::Debug for Malachite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Malachite").field("exchange", &self.settings.exchange).finish_non_exhaustive()
    }
}

impl Orderer for Malachite {
    async fn run<A: LedgerApp>(self, app: A, halt: watch::Receiver<bool>) -> (A, End) {
        let Self { settings, gossip, status } = self;
        let started = match lost_votes(&settings, app.last_height()) {
            Some(reason) => Err(reason),
            None => Engine::start(&settings).await,
        };
        let (mut app, end) = match started {
            Ok(engine) => drive(app, engine, settings, gossip, &status, halt).await,
            Err(reason) => (app, End::Broken(reason)),
        };
        match &end {
            End::Drained | End::Halted => info!(?end, "the engine has stopped"),
            End::Diverged { .. } | End::Broken(_) => error!(?end, "the engine has stopped"),
        }
        status.send_modify(|status| {
            status.stopped = Some(format!("{end:?}"));
            status.connected.clear();
        });
        app.abandon();
        (app, end)
    }
}

/// Why this node must not vote now: what it has voted on is not known any more.
fn lost_votes(settings: &Settings, last_height: Height) -> Option<String> {
    let is_lost = settings.votes && last_height.0 > 0 && !settings.wal_file.exists();
    is_lost.then(|| {
        let log = settings.wal_file.display();
        format!("the log of votes {log} is gone, and height {last_height} is committed: follow without voting first")
    })
}

async fn drive<A: LedgerApp>(
    app: A,
    mut engine: Engine,
    settings: Settings,
    gossip: Gossip,
    status: &watch::Sender<EngineStatus>,
    halt: watch::Receiver<bool>,
) -> (A, End) {
    let names = settings.peers.iter().map(|(id, exchange)| (id.to_base58(), exchange.clone())).collect();
    engine.watch_synced(synced::Watcher::new(settings.peers.clone(), status.clone()));
    let tasks = [
        engine::watch_connections(engine.network_requests.clone(), names, status.clone()),
        tokio::spawn(gossip::pump(gossip.outgoing, engine.network.clone(), status.clone())),
    ];
    let network = engine.network.clone();
    let driver = Driver::new(app, settings, halt, status.clone(), network, gossip.incoming).await;
    let (app, end) = match driver {
        Ok(mut driver) => {
            let end = driver.run(&mut engine).await;
            (driver.into_app(), end)
        }
        Err(ended) => ended,
    };
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    engine.stop().await;
    (app, end)
}
