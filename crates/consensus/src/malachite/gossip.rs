//! Messages that the engine carries between nodes and never looks into.

use super::{
    parts::{Outgoing, Part, single},
    status::EngineStatus,
};
use bytes::Bytes;
use databourse_primitives::ExchangeCode;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tracing::warn;

/// The longest message in bytes: 1 MiB.
pub const GOSSIP_BYTES_MAX: usize = 1_048_576;

/// The most messages that travel as one.
pub(super) const BUNDLE_MESSAGES_MAX: usize = 1024;

/// Between two bundles.
const BUNDLE_PAUSE: Duration = Duration::from_millis(2);

/// The application's ends of the channels of messages. Messages may be lost, doubled and overtaken.
#[derive(Debug)]
pub struct Gossip {
    /// What is told to every other node; a message longer than [`GOSSIP_BYTES_MAX`] is dropped and counted.
    pub outgoing: mpsc::Receiver<Vec<u8>>,
    /// What others tell. A message that finds it full is dropped and counted.
    pub incoming: mpsc::Sender<PeerMessage>,
}

/// A message of another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerMessage {
    /// Whose node it is, as far as the configuration names it. The connection proves it.
    pub from: Option<ExchangeCode>,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Sends what the application has to say until it says no more, or the engine is gone. What waits goes in one bundle, and
/// there is a pause between bundles: Malachite drops messages, votes among them, when very many come at once.
pub(super) async fn pump(
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    network: mpsc::Sender<Outgoing>,
    status: watch::Sender<EngineStatus>,
) {
    while let Some(first) = outgoing.recv().await {
        let mut next = Some(first);
        while let Some(first) = next.take() {
            let mut byte_count = 0;
            let mut bundle = Vec::new();
            let mut message = Some(first);
            while let Some(bytes) = message.take() {
                if bytes.len() > GOSSIP_BYTES_MAX {
                    warn!(byte_count = bytes.len(), "a message to the other nodes is too long; dropped");
                    count_dropped(&status);
                } else if byte_count + bytes.len() > GOSSIP_BYTES_MAX || bundle.len() == BUNDLE_MESSAGES_MAX {
                    next = Some(bytes);
                    break;
                } else {
                    byte_count += bytes.len();
                    bundle.push(Bytes::from(bytes));
                }
                message = outgoing.try_recv().ok();
            }
            let part = single(Part::Gossip(bundle));
            if network.send(Outgoing::PublishProposalPart(part)).await.is_err() {
                return;
            }
            tokio::time::sleep(BUNDLE_PAUSE).await;
        }
    }
}

/// Hands a message to the application.
pub(super) fn deliver(
    incoming: &mpsc::Sender<PeerMessage>,
    status: &watch::Sender<EngineStatus>,
    message: PeerMessage,
) {
    if incoming.try_send(message).is_err() {
        count_dropped(status);
    }
}

fn count_dropped(status: &watch::Sender<EngineStatus>) {
    status.send_modify(|status| status.gossip_dropped += 1);
}
