//! The network between the nodes: it delays, reorders, doubles, loses and parts.

use super::{
    plan::NODES,
    vote::{Offer, Vote},
    world::World,
};
use databourse_consensus::Decided;
use databourse_primitives::Digest;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// What nodes tell one another.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// A proposed block.
    Offer(Arc<Offer>),
    /// All votes that the sender knows of the height.
    Votes(Arc<Vec<Vote>>),
    /// How far the sender is.
    Progress { height: u64, is_started: bool },
    /// Commands and cosignatures, as the outbox made them.
    Gossip(Arc<Vec<u8>>),
    /// Asks for a block of that height that is voted for.
    AskBlock { height: u64, block_id: Digest },
    /// Asks for committed blocks.
    AskDecided { from: u64 },
    /// Committed blocks.
    Decided(Arc<Vec<Decided>>),
}

pub(super) struct Envelope {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) message: Message,
}

#[derive(Default)]
struct Links {
    queue: BTreeMap<(u64, u64), Envelope>,
    count: u64,
    /// Nodes of the same number reach one another.
    groups: [u8; NODES],
}

/// See the module.
#[derive(Default)]
pub(super) struct Network {
    links: Mutex<Links>,
    sooner: Notify,
}

impl Network {
    pub(super) fn part(&self, groups: [u8; NODES]) {
        self.links.lock().unwrap().groups = groups;
    }

    pub(super) fn connects(&self, one: usize, other: usize) -> bool {
        let links = self.links.lock().unwrap();
        links.groups[one] == links.groups[other]
    }

    fn put(&self, at_ms: u64, envelope: Envelope) {
        let mut links = self.links.lock().unwrap();
        let is_sooner = links.queue.first_key_value().is_none_or(|((first, _), _)| at_ms < *first);
        links.count += 1;
        let key = (at_ms, links.count);
        links.queue.insert(key, envelope);
        drop(links);
        if is_sooner {
            self.sooner.notify_one();
        }
    }

    fn next(&self, now_ms: u64) -> Result<Envelope, Option<u64>> {
        let mut links = self.links.lock().unwrap();
        let first = links.queue.first_key_value().map(|((at, _), _)| *at);
        match first {
            Some(at) if at <= now_ms => Ok(links.queue.pop_first().unwrap().1),
            later => Err(later),
        }
    }
}

impl World {
    /// Sends a message, as well as the network does it.
    pub(super) fn send(&self, from: usize, to: usize, message: Message) {
        if from == to || !self.network.connects(from, to) {
            return;
        }
        let is_calm = self.is_calm();
        let mut random = self.random();
        let (loss, double, delay) = if is_calm {
            (0, 0, 10)
        } else {
            (self.plan.loss_permille, self.plan.double_permille, self.plan.delay_ms_max)
        };
        if random.chance(loss) {
            return;
        }
        let copies = if random.chance(double) { 2 } else { 1 };
        let arrivals: Vec<u64> = (0..copies).map(|_| self.time.now() + random.between(1, delay)).collect();
        drop(random);
        for at_ms in arrivals {
            self.network.put(at_ms, Envelope { from, to, message: message.clone() });
        }
    }

    pub(super) fn broadcast(&self, from: usize, message: &Message) {
        (0..NODES).for_each(|to| self.send(from, to, message.clone()));
    }

    /// Carries messages until the end of the run.
    pub(super) async fn carry(self: Arc<Self>) {
        loop {
            match self.network.next(self.time.now()) {
                Ok(envelope) => self.deliver(envelope),
                Err(None) => self.network.sooner.notified().await,
                Err(Some(at_ms)) => {
                    tokio::select! {
                        biased;
                        () = self.network.sooner.notified() => {}
                        () = self.time.sleep_until(at_ms) => {}
                    }
                }
            }
        }
    }
}
