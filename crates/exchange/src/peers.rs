//! What comes from the other nodes, and what this one tells them again: commands go to the pool once their signatures
//! hold, cosignatures to the publisher.

use crate::{engine::halt, finality::Fork, gossip::Message, node::Inner};
use databourse_consensus::PeerMessage;
use databourse_ledger::Entry;
use databourse_primitives::{ExchangeCode, TreeSize};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, watch};
use tracing::error;

/// How often the others are told again what this node has signed last, and what its authors wait for.
const REMIND_PERIOD: Duration = Duration::from_secs(1);

/// Exchanges that signed another root than this node, and the first size at which they did.
#[derive(Default)]
pub(crate) struct Forks(Mutex<BTreeMap<ExchangeCode, TreeSize>>);

impl Forks {
    fn add(&self, fork: &Fork) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(fork.exchange.clone()).or_insert_with(|| {
            // The note is the evidence: the exchange's own signature stands under the other root.
            error!(exchange = %fork.exchange, size = fork.size.0, root = ?fork.root, note = %fork.signed,
                "an exchange signed another root than this node for the same size: one of the two is wrong");
            fork.size
        });
    }

    /// Which, and since what size.
    pub(crate) fn known(&self) -> BTreeMap<ExchangeCode, TreeSize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Listens to the other nodes until they are gone or the node halts.
pub(crate) async fn listen(
    node: Arc<Inner>,
    mut incoming: mpsc::Receiver<PeerMessage>,
    mut halted: watch::Receiver<bool>,
) {
    let mut remind = tokio::time::interval(REMIND_PERIOD);
    loop {
        tokio::select! {
            () = halt(&mut halted) => return,
            _ = remind.tick() => {
                node.publisher.remind();
                node.pool.remind();
            }
            message = incoming.recv() => match message {
                Some(message) => node.hear(&message).await,
                None => return,
            },
        }
    }
}

impl Inner {
    async fn hear(&self, message: &PeerMessage) {
        match Message::parse(&message.bytes) {
            Some(Message::Commands(entries)) => self.hear_commands(entries).await,
            Some(Message::Cosignature(checkpoint)) => {
                for fork in self.publisher.cosigned(message.from.as_ref(), *checkpoint) {
                    self.forks.add(&fork);
                }
            }
            None => metrics::counter!("databourse_gossip_malformed_total").increment(1),
        }
    }

    /// What does not hold is dropped: if it is a command at all, its own node answers for it.
    async fn hear_commands(&self, entries: Vec<Entry>) {
        let unknown = entries.into_iter().filter(|entry| !self.pool.holds(&entry.leaf_hash()));
        let admitted = self.admit_entries(unknown.collect()).await;
        self.pool.admit(admitted.into_iter().flatten().collect());
    }
}
