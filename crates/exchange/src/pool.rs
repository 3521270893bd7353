//! The pool: admitted commands wait here, in order of arrival, for the next block. Bounded, so that a flood is
//! answered with `service.busy` and not with a dead node.

use databourse_market::SignedCommand;
use databourse_primitives::{EntryId, Height, LeafIndex, Refusal, RefusalCode};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, oneshot};

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

/// A command and whoever waits for its answer.
pub(crate) struct Waiting {
    pub(crate) command: SignedCommand,
    pub(crate) reply: oneshot::Sender<Reply>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// Commands in order of arrival.
pub(crate) struct Pool {
    queue: Mutex<Queue>,
    arrived: Notify,
    capacity: usize,
}

impl Pool {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { queue: Mutex::default(), arrived: Notify::new(), capacity }
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

    /// Takes all of `commands`, next to one another, or none.
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
            queue.waiting.push_back(Waiting { command, reply });
            receiver
        });
        let receivers = receivers.collect();
        drop(queue);
        self.arrived.notify_one();
        Ok(receivers)
    }

    /// Takes the first commands, as many as a block holds.
    pub(crate) fn take(&self, count_max: usize, bytes_max: usize) -> Vec<Waiting> {
        let mut queue = self.lock();
        let mut bytes = 0;
        let mut taken = Vec::new();
        while let Some(next) = queue.waiting.front() {
            bytes += next.command.entry().bytes().len() + 2;
            if taken.len() == count_max || (bytes > bytes_max && !taken.is_empty()) {
                break;
            }
            taken.extend(queue.waiting.pop_front());
        }
        taken
    }

    /// Puts commands back where they came from, in front of those that arrived since.
    pub(crate) fn put_back(&self, commands: Vec<Waiting>) {
        let mut queue = self.lock();
        for waiting in commands.into_iter().rev() {
            queue.waiting.push_front(waiting);
        }
        drop(queue);
        self.arrived.notify_one();
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
