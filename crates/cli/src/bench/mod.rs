//! `bench settle` and `bench region`: how many purchases an exchange, or a region of several, settles, and what bounds
//! it.
//!
//! A purchase is three signed entries, `order.place`, `delivery.record` and `order.accept`: ten legs, of which five
//! hold the price on every account that it will leave or reach and five post it. It counts when all three are acknowledged: durable, in the tree, under
//! a signed checkpoint; in a region, under one that more than two thirds of the exchanges have signed. [`ground`] makes the market,
//! [`purchase`] signs purchases before the clock starts, [`load`]
//! offers them, [`mod@measure`] runs one rate and says what bounded it, [`report`] prints. What they talk to is a [`target`].
//!
//! The load is **open loop**: purchases arrive by the clock, whatever the answers do, and a purchase's time runs from
//! when it was due. A bounded number may be under way; an arrival that finds no place is counted as dropped.
//!
//! `bench settle` has everything in one process with the node: no HTTP, no tokens. [`region`] has real nodes, which it
//! reaches by HTTP as clients do.

pub(crate) mod audit;
pub(crate) mod ground;
pub(crate) mod load;
pub(crate) mod measure;
pub(crate) mod procfs;
pub(crate) mod purchase;
pub(crate) mod reconcile;
pub(crate) mod region;
pub(crate) mod report;
pub(crate) mod target;

#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};
use ground::Ground;
use measure::{Run, measure};
use purchase::Spread;
use target::Target;

/// Rates tried when none is named, purchases per second, until one is not reached.
pub(crate) const LADDER: [u64; 9] = [250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000];

/// A rate counts as reached when this many of a thousand offered purchases are achieved per second.
pub(crate) const REACHED_PER_MILLE: u64 = 950;

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Rates in purchases per second.
    pub(crate) rates: Vec<u64>,
    /// Whether a rate that is not reached is the last one.
    pub(crate) is_ladder: bool,
    /// Length of each run.
    pub(crate) seconds: u64,
    /// Which spreads, in this order, at each rate.
    pub(crate) spreads: Vec<Spread>,
    /// Of a hundred purchases, how many are of another exchange's merchant.
    pub(crate) crossing: u64,
    /// How many purchases may be under way at once.
    pub(crate) in_flight_max: usize,
    /// Send the three entries one after the other, each after the answer to the last, instead of together.
    pub(crate) apart: bool,
}

/// The rates that were named, or the ladder; and whether it is the ladder.
pub(crate) fn rates(rate: Option<u64>, rates: &[u64], ladder: &[u64]) -> (Vec<u64>, bool) {
    match rate {
        Some(rate) => (vec![rate], false),
        None if rates.is_empty() => (ladder.to_vec(), true),
        None => (rates.to_vec(), false),
    }
}

/// Runs the plan on a market that is ready, and hears each run as it ends.
pub(crate) async fn run<T: Target>(
    target: &T,
    ground: &Ground,
    plan: &Plan,
    heard: impl Fn(&Run),
) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for rate in &plan.rates {
        let mut reached = true;
        for spread in &plan.spreads {
            let count = rate.saturating_mul(plan.seconds);
            let purchases = purchase::sign(ground, target, *spread, plan.crossing, count).await?;
            let run = measure(target, *spread, *rate, plan, purchases)
                .await
                .with_context(|| format!("the run at {rate} purchases per second"))?;
            heard(&run);
            reached &= run.is_reached();
            runs.push(run);
        }
        if plan.is_ladder && !reached {
            break;
        }
    }
    Ok(runs)
}
