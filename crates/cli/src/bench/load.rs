//! The open loop: purchases arrive by the clock and are never held back by answers that are late.

use super::{Plan, purchase::Purchase, target::Target};
use crate::play::timer::Timer;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};

/// What became of the arrivals of one run. `offered` is the sum of the others.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Purchases that were due.
    pub(crate) offered: u64,
    /// Purchases whose three entries were acknowledged.
    pub(crate) achieved: u64,
    /// Arrivals that found no place among those under way.
    pub(crate) dropped: u64,
    /// Purchases of which an entry was refused or could not be committed.
    pub(crate) refused: u64,
    /// The first such answer.
    pub(crate) first_refusal: Option<String>,
    /// From the first arrival to the last answer.
    pub(crate) took: Duration,
    /// From when each purchase was due to its last answer.
    pub(crate) purchase: Latencies,
    /// From each call to its answer.
    pub(crate) entry: Latencies,
}

/// Times of which any percentile can be told, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    fn add(&mut self, time: Duration) {
        self.0.push(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Puts them in order; before this, percentiles are not to be asked for.
    fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// The time that this many of a thousand did not exceed (nearest rank); 0 without any.
    pub(crate) fn per_mille(&self, rank: usize) -> u64 {
        let index = (self.0.len() * rank).div_ceil(1_000).saturating_sub(1);
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// One purchase that was offered.
struct Outcome {
    answered: Result<(), String>,
    purchase: Duration,
    entries: Vec<Duration>,
}

/// Offers `purchases` at `rate` per second and waits for every answer.
pub(crate) async fn drive<T: Target>(target: &T, purchases: Vec<Purchase>, rate: u64, plan: &Plan) -> Load {
    let mut load = Load::default();
    let mut under_way = JoinSet::new();
    let clock = Timer::start();
    for (number, purchase) in (0_u64..).zip(purchases) {
        let due = Duration::from_micros(number.saturating_mul(1_000_000) / rate.max(1));
        if let Some(early) = due.checked_sub(clock.elapsed()).filter(|early| !early.is_zero()) {
            tokio::time::sleep(early).await;
        }
        load.offered += 1;
        while let Some(ended) = under_way.try_join_next() {
            load.count(ended);
        }
        if under_way.len() >= plan.in_flight_max {
            load.dropped += 1;
            continue;
        }
        under_way.spawn(one(target.clone(), purchase, plan.apart, clock, due));
    }
    while let Some(ended) = under_way.join_next().await {
        load.count(ended);
    }
    load.took = clock.elapsed();
    load.purchase.sort();
    load.entry.sort();
    load
}

/// One purchase: its entries together, or each after the answer to the one before.
async fn one<T: Target>(target: T, purchase: Purchase, apart: bool, clock: Timer, due: Duration) -> Outcome {
    let Purchase { at, entries } = purchase;
    let calls = if apart { entries.map(|entry| vec![entry]).into() } else { vec![entries.into()] };
    let mut times = Vec::with_capacity(calls.len());
    let mut answered = Ok(());
    for call in calls {
        let timer = Timer::start();
        answered = target.submit(at, call).await;
        times.push(timer.elapsed());
        if answered.is_err() {
            break;
        }
    }
    Outcome { answered, purchase: clock.elapsed().saturating_sub(due), entries: times }
}

impl Load {
    fn count(&mut self, ended: Result<Outcome, JoinError>) {
        let refusal = match ended {
            Ok(Outcome { answered: Ok(()), purchase, entries }) => {
                self.achieved += 1;
                self.purchase.add(purchase);
                entries.into_iter().for_each(|time| self.entry.add(time));
                return;
            }
            Ok(Outcome { answered: Err(refusal), .. }) => refusal,
            Err(broken) => broken.to_string(),
        };
        self.refused += 1;
        self.first_refusal.get_or_insert(refusal);
    }

    /// Per second of the run, the wait for the last answers included.
    pub(crate) fn per_second(&self, count: u64) -> u64 {
        let micros = self.took.as_micros().max(1);
        u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut latencies = Latencies::default();
        (1..=200).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        latencies.sort();
        let ranks = [0, 500, 900, 990, 1_000].map(|rank| latencies.per_mille(rank) / 1_000);
        assert_eq!(ranks, [1, 100, 180, 198, 200]);
        assert_eq!(Latencies::default().per_mille(990), 0);
    }
}
