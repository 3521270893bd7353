//! When the next height starts: a region without commands makes no blocks.
//!
//! After the last block of a closed ledger it makes none at all.
//!
//! After a commit the engine waits for our word. It is given when a command waits here, when another node has begun that
//! height or is beyond it, or when the idle period is over. Each node tells the others how far it is: at once when it
//! begins a height, often while that is not agreed on, and now and then while it waits.

use super::Driver;
use crate::{
    End, LedgerApp,
    malachite::{
        context::Agreement,
        parts::{Part, Progress, single},
    },
};
use arc_malachitebft_app_channel::{
    Reply,
    app::engine::host::{HeightParams, Next},
};
use databourse_primitives::ExchangeCode;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;

/// How often the others are told that a height has begun.
pub(super) const TICK_PERIOD: Duration = Duration::from_millis(200);

/// After so many ticks they are told how far a node is that waits.
const IDLE_TICKS: u64 = 5;

/// How long a closed ledger waits for another height.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The engine waits for our word.
pub(super) struct Waiting {
    reply: Reply<Next<Agreement>>,
    /// When the idle period is over.
    pub(super) until: Instant,
}

impl<A: LedgerApp> Driver<A> {
    pub(super) fn engine_params(&self) -> HeightParams<Agreement> {
        HeightParams::new(self.voters.clone(), self.settings.timeouts, None)
    }

    /// The engine has finished a height and waits.
    pub(super) async fn wait(&mut self, reply: Reply<Next<Agreement>>) -> Result<(), End> {
        let period = if self.app.is_closed() { FOR_EVER } else { self.settings.idle_period };
        self.waiting = Some(Waiting { reply, until: Instant::now() + period });
        self.asks_commands = true;
        if self.is_awaited() { self.start_next().await } else { Ok(()) }
    }

    /// The application says whether commands wait.
    pub(super) async fn on_commands(&mut self, is_waiting: bool) -> Result<(), End> {
        if !is_waiting {
            return Err(End::Drained);
        }
        if !self.screen().await? || self.app.is_closed() {
            return Ok(());
        }
        self.asks_commands = false;
        self.start_next().await
    }

    /// Has the application answer what need not be agreed on. Returns whether commands are left.
    async fn screen(&mut self) -> Result<bool, End> {
        loop {
            match self.app.screen().await {
                Ok(is_waiting) => return Ok(is_waiting),
                Err(failure) => self.recover(&failure).await?,
            }
        }
    }

    /// Lets the engine begin the next height, if it waits.
    pub(super) async fn start_next(&mut self) -> Result<(), End> {
        if let Some(Waiting { reply, .. }) = self.waiting.take() {
            self.started().await;
            let _ = reply.send(Next::Start(self.height.into(), self.engine_params()));
        }
        Ok(())
    }

    /// The height begins.
    pub(super) async fn started(&mut self) {
        self.is_started = true;
        let (height, validators) = (self.height, self.voters.codes());
        #[expect(clippy::disallowed_methods, reason = "how long a height takes is measured")]
        let now = std::time::Instant::now();
        self.status.send_modify(|status| {
            (status.height, status.started_at) = (height, Some(now));
            status.validators = validators;
            status.compare_heights(now);
        });
        self.tell_progress().await;
    }

    /// Tells the others how far this node is, more often while it waits for them.
    pub(super) async fn tick(&mut self) -> Result<(), End> {
        self.tick_count += 1;
        #[cfg(feature = "dishonest")]
        self.say_again().await;
        if self.is_started || self.tick_count.is_multiple_of(IDLE_TICKS) {
            self.tell_progress().await;
        }
        Ok(())
    }

    async fn tell_progress(&mut self) {
        let progress = Progress { height: self.height, is_started: self.is_started };
        self.send(single(Part::Progress(progress))).await;
    }

    /// Another node says how far it is.
    pub(super) async fn on_progress(&mut self, peer: ExchangeCode, progress: Progress) -> Result<(), End> {
        debug!(%peer, ?progress, "progress of a peer");
        let height = progress.height;
        let is_further =
            self.peer_progress.insert(peer.clone(), progress).is_none_or(|before| before.height != height);
        #[expect(clippy::disallowed_methods, reason = "who is silent is out of reach")]
        let now = std::time::Instant::now();
        self.status.send_if_modified(|status| {
            status.heard_at.insert(peer.clone(), now);
            if is_further {
                status.peer_heights.insert(peer, height);
                status.compare_heights(now);
            }
            is_further
        });
        if self.waiting.is_some() && self.is_awaited() { self.start_next().await } else { Ok(()) }
    }

    /// Whether another node is beyond this height, or one that votes has begun it.
    fn is_awaited(&self) -> bool {
        !self.app.is_closed()
            && self.peer_progress.iter().any(|(peer, progress)| {
                let votes = || self.voters.key(peer).is_some();
                progress.height > self.height
                    || (progress.height == self.height && progress.is_started && votes())
            })
    }
}
