//! Who gives a node that catches up other blocks than those that the certificates are for.
//!
//! The engine drops such a block and asks somebody else, and tells the application neither that it did nor whom it asked.
//! So the answers are looked at beside it, as they come in.

use super::{
    context::Agreement,
    parts::PeerId,
    status::{EngineStatus, Fault},
};
use arc_malachitebft_app_channel::app::{
    engine::{
        network::{NetworkEvent, NetworkMsg, NetworkRef, Subscriber},
        util::output_port::{OutputPort, OutputPortSubscriberTrait},
    },
    types::sync::{RawDecidedValue, Response},
};
use databourse_ledger::Block;
use databourse_primitives::ExchangeCode;
use std::collections::BTreeMap;
use tokio::sync::watch;
use tracing::warn;

/// Looks at what other nodes answer to this one when it catches up.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    peers: BTreeMap<PeerId, ExchangeCode>,
    status: watch::Sender<EngineStatus>,
}

impl Watcher {
    pub(super) fn new(peers: BTreeMap<PeerId, ExchangeCode>, status: watch::Sender<EngineStatus>) -> Self {
        Self { peers, status }
    }

    fn look(&self, event: &NetworkEvent<Agreement>) {
        let NetworkEvent::SyncResponse(_, peer, Some(Response::ValueResponse(answer))) = event else {
            return;
        };
        let wrong = answer.values.iter().filter(|value| !is_its_block(value)).count();
        if wrong == 0 {
            return;
        }
        let Some(exchange) = self.peers.get(peer) else { return };
        warn!(%exchange, wrong, "blocks that an exchange gave are not those that their certificates are for");
        self.status.send_modify(|status| (0..wrong).for_each(|_| status.blame(exchange, Fault::WrongBlock)));
    }
}

/// Whether the bytes are the block that the certificate is for.
fn is_its_block(value: &RawDecidedValue<Agreement>) -> bool {
    Block::decode(&value.value_bytes).is_ok_and(|block| block.id() == value.certificate.value_id)
}

/// The network's events, heard by a watcher for as long as the network lives.
pub(super) struct Ear {
    pub(super) network: NetworkRef<Agreement>,
    pub(super) watcher: Watcher,
}

impl Subscriber<NetworkEvent<Agreement>> for Ear {
    fn send(&self, event: NetworkEvent<Agreement>) {
        self.watcher.look(&event);
    }
}

impl OutputPortSubscriberTrait<NetworkEvent<Agreement>> for Ear {
    fn subscribe_to_port(&self, port: &OutputPort<NetworkEvent<Agreement>>) {
        let watcher = self.watcher.clone();
        // Nothing is passed on; the network is named because a subscription ends with its receiver.
        port.subscribe(self.network.clone(), move |event| -> Option<NetworkMsg<Agreement>> {
            watcher.look(&event);
            None
        });
    }
}
