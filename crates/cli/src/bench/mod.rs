//! `bench settle`: how many purchases an exchange settles, and what bounds it.
//!
//! A purchase is three signed entries, `order.place`, `delivery.record` and `order.accept`: ten legs, of which five
//! hold the price on every account that it will leave or reach and five post it. It counts when all three are acknowledged: durable, in the tree, under
//! a signed checkpoint. [`ground`] makes the market, [`purchase`] signs purchases before the clock starts, [`load`]
//! offers them, [`mod@measure`] runs one rate and says what bounded it, [`report`] prints.
//!
//! The load is **open loop**: purchases arrive by the clock, whatever the answers do, and a purchase's time runs from
//! when it was due. A bounded number may be under way; an arrival that finds no place is counted as dropped.
//!
//! Everything is in one process with the node: no HTTP, no tokens. Absent: several clients, several exchanges.

pub(crate) mod ground;
pub(crate) mod load;
pub(crate) mod measure;
pub(crate) mod procfs;
pub(crate) mod purchase;
pub(crate) mod reconcile;
pub(crate) mod report;

#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};
use databourse_exchange::Node;
use ground::Ground;
use measure::{Run, measure};
use purchase::Spread;

/// Rates tried when none is named, purchases per second, until one is not reached.
const LADDER: [u64; 9] = [250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000];

/// A rate counts as reached when this many of a thousand offered purchases are achieved per second.
pub(crate) const REACHED_PER_MILLE: u64 = 950;

/// What is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Rates in purchases per second; empty means the ladder.
    pub(crate) rates: Vec<u64>,
    /// Length of each run.
    pub(crate) seconds: u64,
    /// Which spreads, in this order, at each rate.
    pub(crate) spreads: Vec<Spread>,
    /// How many purchases may be under way at once.
    pub(crate) in_flight_max: usize,
    /// Send the three entries one after the other, each after the answer to the last, instead of together.
    pub(crate) apart: bool,
}

/// Runs the plan on a market that is ready, and hears each run as it ends.
pub(crate) async fn run(
    node: &Node,
    ground: &Ground,
    plan: &Plan,
    server_pid: Option<u32>,
    heard: impl Fn(&Run),
) -> Result<Vec<Run>> {
    let climbing = plan.rates.is_empty();
    let rates = if climbing { LADDER.as_slice() } else { &plan.rates };
    let mut runs = Vec::new();
    for rate in rates {
        let mut reached = true;
        for spread in &plan.spreads {
            let purchases = purchase::sign(ground, node, *spread, rate.saturating_mul(plan.seconds)).await?;
            let run = measure(node, *spread, *rate, plan, purchases, server_pid)
                .await
                .with_context(|| format!("the run at {rate} purchases per second"))?;
            heard(&run);
            reached &= run.is_reached();
            runs.push(run);
        }
        if climbing && !reached {
            break;
        }
    }
    Ok(runs)
}
