//! The pool: admitted commands wait here, in order of arrival, until a block holds them or a rule refuses them. Bounded,
//! so that a flood is answered with `service.busy` and not with a dead node.
//!
//! A command of this node's authors has somebody who waits for its answer; one that another node passed on has nobody.
//! Both may stand in the next block, whoever proposes it, so a command stays until its end is known.

use crate::gossip::Outbox;
use databourse_ledger::Entry;
use databourse_market::SignedCommand;
use databourse_merkle::Hash;
use databourse_primitives::{EntryId, Height, LeafIndex, Refusal, RefusalCode};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, oneshot};

/// The most commands that the other nodes are told of again at a time.
const REMINDED_MAX: usize = 256;

/// The answer to an accepted command: it is durable, at this place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The entry.
    pub id: EntryId,
    /// Its type.
    pub entry_type: String,
    /// Where it stands in the ledger.
    pub leaf_index: LeafIndex,
    /// The block that holds it.
    pub height: Height,
    /// Whether this is the first answer given again.
    pub repeated: bool,
}

/// Why a command was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// A rule says no; the same command will be refused again.
    #[error("{0}")]
    Refused(Refusal),
    /// The node cannot commit now; the same command may be sent again.
    #[error("the node cannot commit now: {reason}")]
    Unavailable {
        /// For the log and the operator.
        reason: String,
    },
}

impl From<Refusal> for SubmitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The answer that an author gets.
pub(crate) type Reply = Result<Acknowledgement, SubmitError>;

/// Answers to be given, and to whom.
pub(crate) type Answers = Vec<(oneshot::Sender<Reply>, Reply)>;

/// Place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// A command that waits.
struct Pending {
    command: SignedCommand,
    leaf_hash: Hash,
    /// Those of this node who wait for its answer; nobody, if another node passed it on.
    authors: Vec<oneshot::Sender<Reply>>,
    arrived: Instant,
    /// Whether it waited when the other nodes were reminded last.
    is_late: bool,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<Place, Pending>,
    places: HashMap<Hash, Place>,
    /// Commands of this node's authors that the other nodes were not told of. Some may have found their end since.
    untold: Vec<Place>,
    arrivals: u64,
    closed: bool,
    /// Whether a height is under way, so that a new command is told to the others at once.
    is_busy: bool,
}

impl Queue {
    fn add(&mut self, command: SignedCommand, author: Option<oneshot::Sender<Reply>>) {
        let leaf_hash = command.entry().leaf_hash();
        if let Some(pending) = self.places.get(&leaf_hash).and_then(|place| self.waiting.get_mut(place)) {
            pending.authors.extend(author);
            return;
        }
        let place = Place(self.arrivals);
        self.arrivals += 1;
        self.places.insert(leaf_hash, place);
        if author.is_some() {
            self.untold.push(place);
        }
        let authors = author.into_iter().collect();
        #[expect(clippy::disallowed_methods, reason = "how long a command waits is measured")]
        let arrived = Instant::now();
        self.waiting.insert(place, Pending { command, leaf_hash, authors, arrived, is_late: false });
    }

    fn remove(&mut self, place: Place) -> Option<Pending> {
        let pending = self.waiting.remove(&place)?;
        self.places.remove(&pending.leaf_hash);
        Some(pending)
    }
}

/// Commands in order of arrival.
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    arrived: Notify,
    capacity: usize,
    peers: Option<Outbox>,
}

impl Pool {
    /// A pool of that many commands, which tells the other nodes of its own authors' if there are any.
    pub(crate) fn new(capacity: usize, peers: Option<Outbox>) -> Self {
        Self { queue: Mutex::default(), arrived: Notify::new(), capacity, peers }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic halfway through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// How many may wait.
    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How long the first command that somebody of this node waits for has been here.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        let queue = self.lock();
        let own = queue.waiting.values().find(|pending| !pending.authors.is_empty());
        own.map(|pending| pending.arrived.elapsed())
    }

    /// Takes all of `commands` of this node's authors, next to one another, or none.
    pub(crate) fn push(
        &self,
        commands: Vec<SignedCommand>,
    ) -> Result<Vec<oneshot::Receiver<Reply>>, SubmitError> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(SubmitError::Unavailable { reason: "the node is stopping".to_owned() });
        }
        if queue.waiting.len() + commands.len() > self.capacity {
            let expected = format!("fewer than {} waiting commands; try again soon", self.capacity);
            return Err(Refusal::new(RefusalCode::ServiceBusy, "", expected).into());
        }
        let receivers = commands.into_iter().map(|command| {
            let (reply, receiver) = oneshot::channel();
            queue.add(command, Some(reply));
            receiver
        });
        let receivers = receivers.collect();
        if queue.is_busy {
            self.tell(&mut queue);
        }
        drop(queue);
        self.arrived.notify_one();
        Ok(receivers)
    }

    /// Takes what another node passed on, as much as there is room for: its own node proposes the rest.
    pub(crate) fn admit(&self, commands: Vec<SignedCommand>) {
        let mut queue = self.lock();
        for command in commands {
            if queue.closed || queue.waiting.len() >= self.capacity {
                break;
            }
            queue.add(command, None);
        }
        drop(queue);
        self.arrived.notify_one();
    }

    /// Whether that entry waits here.
    pub(crate) fn holds(&self, leaf_hash: &Hash) -> bool {
        self.lock().places.contains_key(leaf_hash)
    }

    /// The command of that entry, if it waits here: its signature was checked when it came.
    pub(crate) fn verified(&self, leaf_hash: &Hash) -> Option<SignedCommand> {
        let queue = self.lock();
        let place = queue.places.get(leaf_hash)?;
        queue.waiting.get(place).map(|pending| pending.command.clone())
    }

    /// The first commands, as many as a block holds. They stay.
    pub(crate) fn peek(&self, count_max: usize, bytes_max: usize) -> (Vec<Place>, Vec<SignedCommand>) {
        let queue = self.lock();
        let (mut places, mut commands, mut bytes) = (Vec::new(), Vec::new(), 0);
        for (place, pending) in &queue.waiting {
            bytes += pending.command.entry().bytes().len() + 2;
            if commands.len() == count_max || (bytes > bytes_max && !commands.is_empty()) {
                break;
            }
            places.push(*place);
            commands.push(pending.command.clone());
        }
        (places, commands)
    }

    /// Takes a command out; its end is known.
    pub(crate) fn take(&self, place: Place) -> Vec<oneshot::Sender<Reply>> {
        self.lock().remove(place).map(|pending| pending.authors).unwrap_or_default()
    }

    /// Takes the command of that entry out, if it waits here: a block holds it.
    pub(crate) fn take_entry(&self, leaf_hash: &Hash) -> Vec<oneshot::Sender<Reply>> {
        let mut queue = self.lock();
        let place = queue.places.get(leaf_hash).copied();
        place.and_then(|place| queue.remove(place)).map(|pending| pending.authors).unwrap_or_default()
    }

    /// Takes everybody's out: the node stops.
    pub(crate) fn take_all(&self) -> Vec<oneshot::Sender<Reply>> {
        let mut queue = self.lock();
        queue.places.clear();
        std::mem::take(&mut queue.waiting).into_values().flat_map(|pending| pending.authors).collect()
    }

    /// A height begins, or ends. While one is under way, the others are told of new commands at once.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        let mut queue = self.lock();
        queue.is_busy = is_busy;
        if is_busy {
            self.tell(&mut queue);
        }
    }

    /// Tells the other nodes of commands that they were not told of. What they were told of is not looked at again: under
    /// load thousands wait, and this is called with every command.
    fn tell(&self, queue: &mut Queue) {
        let untold = std::mem::take(&mut queue.untold);
        let Some(peers) = &self.peers else { return };
        let waiting = untold.iter().filter_map(|place| queue.waiting.get(place));
        let entries: Vec<Entry> = waiting.map(|pending| pending.command.entry().clone()).collect();
        peers.pass_on(&entries);
    }

    /// Tells the other nodes once more of what somebody of this node has waited for since the last call: the message may
    /// have been lost, and a node whose turn to propose does not come has no other way.
    pub(crate) fn remind(&self) {
        let Some(peers) = &self.peers else { return };
        let mut queue = self.lock();
        let own = queue.waiting.values_mut().filter(|pending| !pending.authors.is_empty());
        let late = own.filter_map(|pending| {
            std::mem::replace(&mut pending.is_late, true).then(|| pending.command.entry().clone())
        });
        let entries: Vec<Entry> = late.take(REMINDED_MAX).collect();
        peers.pass_on(&entries);
    }

    /// Takes no more commands; what waits is still executed.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// `true` when commands wait, `false` when none will come any more. Cancel-safe: `Notify` keeps one permit.
    pub(crate) async fn wait(&self) -> bool {
        loop {
            {
                let queue = self.lock();
                if !queue.waiting.is_empty() {
                    return true;
                }
                if queue.closed {
                    return false;
                }
            }
            self.arrived.notified().await;
        }
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
