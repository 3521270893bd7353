//! Which engine a node runs: alone, or with the others of its region.

use crate::{NodeError, NodeKeys, RegionConfig, executor::Executor, gossip::Outbox};
use databourse_consensus::{
    End, EngineStatus, Gossip, Malachite, MalachiteConfig, Orderer as _, PeerMessage, Solo,
};
use databourse_primitives::{ExchangeCode, Line};
use tokio::sync::{mpsc, watch};
use tracing::{error, info};

/// How many messages to the other nodes may wait, and from them.
const MESSAGES_MAX: usize = 1_024;

/// An engine that is ready to run.
pub(crate) enum Engine {
    Solo(Solo),
    Malachite(Box<Malachite>),
}

/// An engine and what leads to the other nodes; nothing, for a node alone.
pub(crate) struct Wiring {
    pub(crate) engine: Engine,
    pub(crate) outbox: Option<Outbox>,
    pub(crate) incoming: Option<mpsc::Receiver<PeerMessage>>,
    pub(crate) status: Option<watch::Receiver<EngineStatus>>,
}

/// Makes the engine that the configuration asks for.
pub(crate) fn wire(
    region: Option<RegionConfig>,
    origin: &Line,
    exchange: &ExchangeCode,
    keys: &NodeKeys,
    #[cfg(feature = "dishonest")] acts: Vec<databourse_consensus::Dishonesty>,
) -> Result<Wiring, NodeError> {
    let Some(region) = region else {
        return Ok(Wiring { engine: Engine::Solo(Solo), outbox: None, incoming: None, status: None });
    };
    let (outbox, outgoing) = Outbox::new(MESSAGES_MAX);
    let (heard, incoming) = mpsc::channel(MESSAGES_MAX);
    let (status_sender, status) = watch::channel(EngineStatus::default());
    let engine = Malachite::new(MalachiteConfig {
        origin: origin.clone(),
        exchange: exchange.clone(),
        consensus_key: keys.consensus_key(),
        votes: region.votes,
        peer_seed: keys.peer_seed(),
        listen: region.listen,
        peers: region.peers,
        wal_folder: region.wal_folder,
        idle_period: region.idle_period,
        vote_timeout: region.propose_timeout,
        propose_timeout: region.propose_timeout,
        gossip: Gossip { outgoing, incoming: heard },
        status: status_sender,
    });
    let engine = engine.map_err(|error| NodeError::Region(error.to_string()))?;
    #[cfg(feature = "dishonest")]
    let engine = engine.dishonest(acts);
    Ok(Wiring {
        engine: Engine::Malachite(Box::new(engine)),
        outbox: Some(outbox),
        incoming: Some(incoming),
        status: Some(status),
    })
}

impl Engine {
    /// Runs until the node halts or the engine ends, and says why.
    pub(crate) async fn run(
        self,
        executor: Executor,
        halted: watch::Receiver<bool>,
        ended: watch::Sender<Option<End>>,
    ) {
        let (_, end) = match self {
            Self::Solo(solo) => solo.run(executor, halted).await,
            Self::Malachite(malachite) => malachite.run(executor, halted).await,
        };
        match &end {
            End::Drained | End::Halted => info!(?end, "the pipeline ended"),
            End::Diverged { .. } | End::Broken(_) => error!(?end, "the pipeline ended"),
        }
        ended.send_replace(Some(end));
    }
}

/// Resolves when the node halts.
pub(crate) async fn halt(halted: &mut watch::Receiver<bool>) {
    // A sender that is gone is a node that is gone.
    drop(halted.wait_for(|halted| *halted).await);
}
