//! What `bench region` says.

use super::{Wish, cost::Cost};
use crate::bench::{
    measure::{Bound, Run},
    report::{ms, percent},
};
use serde::Serialize;
use std::fmt::Write as _;

/// The goal for four exchanges on two processors: purchases per second, and the time to final that 99 of 100 purchases
/// keep, microseconds.
const GOAL_PER_SECOND: u64 = 1_500;
const GOAL_P99_US: u64 = 500_000;

/// All of a benchmark of a region.
#[derive(Debug, Serialize)]
pub(crate) struct RegionReport {
    /// Processors and memory.
    pub(crate) machine: String,
    /// What a purchase is and what is left out.
    pub(crate) setting: String,
    /// Median time to make 8 KiB durable on the disk of all nodes, microseconds.
    pub(crate) sync_us: u64,
    /// Every run.
    pub(crate) runs: Vec<Run>,
    /// What a purchase cost in the run that achieved most.
    pub(crate) cost: Option<Cost>,
    /// Whether all nodes show the same ledger in the end.
    pub(crate) is_same: bool,
    /// Whether debits equal credits in the end, and all that was brought is in the accounts.
    pub(crate) is_balanced: bool,
}

/// What is measured, in words.
pub(crate) fn setting(wish: &Wish) -> String {
    let plan = &wish.plan;
    let sent = if plan.apart { "one after the other" } else { "together in one request" };
    format!(
        "{} exchanges, each with a node and a PostgreSQL of its own (default durability), and their client, all on this \
         machine. A purchase is order.place, delivery.record and order.accept, signed beforehand by buyer and merchant \
         and sent {sent} to the node of the buyer's exchange by HTTP on connections that are kept; {} % of them are of \
         another exchange's merchant.\nIt is achieved when all three are durable under a checkpoint that more than two \
         thirds of the exchanges have signed. Open loop, {} s per run, {} merchants, {} buyers, at most {} purchases \
         under way. Times run from when a purchase was due.\nCPU: own is the client. Pipeline: a node in the mean; \
         `keep` makes proposed blocks durable, `ver` checks signatures of others' blocks.",
        wish.exchanges, plan.crossing, plan.seconds, wish.merchants, wish.buyers, plan.in_flight_max
    )
}

impl RegionReport {
    /// What stands below the lines.
    pub(crate) fn closing(&self) -> String {
        let mut text = String::new();
        let lines =
            [alone(&self.runs), best(&self.runs), missed(&self.runs), self.cost.map(|cost| bears(&cost))];
        for line in lines.into_iter().flatten() {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{line}");
        }
        text += if self.is_same {
            "all nodes show the same ledger\n"
        } else {
            "THE NODES SHOW DIFFERENT LEDGERS\n"
        };
        text += if self.is_balanced { "debits equal credits\n" } else { "THE ACCOUNTS DO NOT ADD UP\n" };
        text
    }
}

/// What a user feels when nobody else is there.
fn alone(runs: &[Run]) -> Option<String> {
    let run = runs.iter().filter(|run| run.rate <= 5).min_by_key(|run| run.rate)?;
    let times = run.purchase_us;
    let (p50, p99, rate) = (ms(times.p50), ms(times.p99), run.rate);
    Some(format!(
        "one purchase at a time ({rate} a second): final after {p50} ms in the median, {p99} ms p99"
    ))
}

fn best(runs: &[Run]) -> Option<String> {
    let in_time = |run: &&Run| run.is_reached() && run.purchase_us.p99 <= GOAL_P99_US;
    let kept = runs.iter().filter(in_time).map(|run| run.rate).max();
    let most = runs.iter().map(|run| run.achieved_per_second).max()?;
    let kept = kept.map_or_else(
        || "no rate was kept with p99".to_owned(),
        |rate| format!("{rate} is the highest rate that was kept with p99"),
    );
    Some(format!(
        "most purchases per second: {most}; {kept} below {} ms (goal: {GOAL_PER_SECOND})",
        ms(GOAL_P99_US)
    ))
}

/// What bounded the first rate that was not reached, with the numbers that it rests on.
fn missed(runs: &[Run]) -> Option<String> {
    let run = runs.iter().find(|run| run.bound != Bound::OfferedRate)?;
    let shares = run.per_mille;
    let used = shares.own_cpu + shares.nodes_cpu + shares.postgres_cpu + shares.other_cpu;
    let pipeline = shares.verify + shares.load + shares.execute + shares.encode + shares.keep + shares.commit;
    let [used, nodes, postgres, own, other, pipeline] = [
        used,
        shares.nodes_cpu,
        shares.postgres_cpu,
        shares.own_cpu,
        shares.other_cpu,
        pipeline + shares.publish,
    ]
    .map(percent);
    Some(format!(
        "{} a second were not reached, bounded by {}: of {} % of processors, {used} % used (nodes {nodes}, PostgreSQL \
         {postgres}, client {own}, others {other}); the pipeline of a node was busy for {pipeline} % of the run",
        run.rate,
        run.bound.as_str(),
        crate::bench::procfs::cores() * 100,
    ))
}

fn bears(cost: &Cost) -> String {
    format!(
        "at {} a second a purchase took {} ms of processors: nodes {}, PostgreSQL {}, client {}. {} of them bear {} a \
         second; with {} for each exchange alone, {} at most",
        cost.achieved_per_second,
        ms(cost.nodes_us + cost.postgres_us + cost.client_us),
        ms(cost.nodes_us),
        ms(cost.postgres_us),
        ms(cost.client_us),
        cost.cores,
        cost.bearable_per_second,
        cost.cores,
        cost.bearable_apart_per_second,
    )
}
