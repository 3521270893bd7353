//! The live table: every node asked once a second, redrawn in place on a terminal, plain lines elsewhere.

use super::{
    nodes::{Life, Nodes},
    table::{Row, Seen, render},
};
use crate::play::{stage::screen, timer::Timer};
use databourse_client::{Client, ClientError};
use databourse_primitives::ExchangeCode;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    collections::VecDeque,
    io::IsTerminal as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// How often the nodes are asked.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// Every how many questions plain lines are printed.
const PLAIN_EVERY: u64 = 5;
/// Over how many questions purchases per second are taken.
const RATE_OVER: usize = 10;

/// A node as it is watched.
pub(crate) struct Watched {
    pub(crate) exchange: ExchangeCode,
    pub(crate) client: Client,
    /// Purchases of its buyers so far.
    pub(crate) purchases: Arc<AtomicU64>,
    life: watch::Receiver<Life>,
    /// Purchases at the last questions, with the milliseconds since the start.
    counted: VecDeque<(u128, u64)>,
    answered_once: bool,
}

impl Watched {
    async fn row(&mut self, elapsed_ms: u128) -> Row {
        let count = self.purchases.load(Ordering::Relaxed);
        self.counted.push_back((elapsed_ms, count));
        if self.counted.len() > RATE_OVER {
            self.counted.pop_front();
        }
        let life = self.life.borrow().clone();
        let seen = match life {
            Life::Ended(how) => Seen::Ended(how),
            Life::Running => match self.client.region_health().await {
                Ok(health) => {
                    self.answered_once = true;
                    Seen::Health(Box::new(health))
                }
                Err(ClientError::Transport { .. }) if !self.answered_once => Seen::Starting,
                Err(error) => Seen::Unreachable(error.to_string()),
            },
        };
        let rate = tenths_per_second(&self.counted);
        Row { exchange: self.exchange.clone(), seen, purchase_tenths_per_second: Some(rate) }
    }
}

/// Tenths of a purchase per second from the first count to the last.
fn tenths_per_second(counted: &VecDeque<(u128, u64)>) -> u64 {
    let (Some((from_ms, before)), Some((to_ms, after))) = (counted.front(), counted.back()) else { return 0 };
    let purchases = u128::from(after.saturating_sub(*before));
    let tenths = (purchases * 10_000).checked_div(to_ms.saturating_sub(*from_ms));
    tenths.and_then(|tenths| u64::try_from(tenths).ok()).unwrap_or_default()
}

/// Watches every node of `nodes`.
///
/// # Errors
/// As [`Client::new`].
pub(crate) fn of(nodes: &Nodes) -> Result<Vec<Watched>, ClientError> {
    let watched = |node: &super::nodes::NodeProcess| {
        Ok(Watched {
            exchange: node.code.clone(),
            client: Client::new(&node.url)?,
            purchases: Arc::default(),
            life: node.life.clone(),
            counted: VecDeque::new(),
            answered_once: false,
        })
    };
    nodes.all.iter().map(watched).collect()
}

/// Asks and draws until it is dropped.
pub(crate) async fn show(mut nodes: Vec<Watched>) {
    let bar = std::io::stdout().is_terminal().then(screen).flatten().map(|screen| {
        let style = ProgressStyle::with_template("{msg}");
        let bar = ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Gone(screen.add(bar))
    });
    let clock = Timer::start();
    let mut tick = tokio::time::interval(ASK_INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for number in 0_u64.. {
        tick.tick().await;
        let elapsed = clock.elapsed();
        let rows = nodes.iter_mut().map(|node| node.row(elapsed.as_millis()));
        let rows = futures::future::join_all(rows).await;
        match &bar {
            Some(Gone(bar)) => bar.set_message(render(&rows).trim_end().to_owned()),
            None if number % PLAIN_EVERY == 0 => print!("{} s\n{}", elapsed.as_secs(), render(&rows)),
            None => {}
        }
    }
}

/// A bar that is taken off the terminal when it is dropped.
struct Gone(ProgressBar);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_over_the_questions_that_are_kept() {
        let rate = |counted: &[(u128, u64)]| tenths_per_second(&counted.iter().copied().collect());
        assert_eq!(rate(&[]), 0);
        assert_eq!(rate(&[(0, 5)]), 0, "one question says nothing");
        assert_eq!(rate(&[(0, 5), (1_000, 17)]), 120);
        assert_eq!(rate(&[(2_000, 10), (3_000, 11), (6_000, 12)]), 5);
    }
}
