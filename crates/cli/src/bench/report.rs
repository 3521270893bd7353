//! The table for people and the document for machines.

use super::{
    measure::{Percentiles, Run},
    purchase::Spread,
};
use serde::Serialize;

/// All of a benchmark.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Processors and memory.
    pub(crate) machine: String,
    /// What a purchase is and what is left out.
    pub(crate) setting: String,
    /// Median time to make 8 KiB durable on the database's disk, microseconds.
    pub(crate) sync_us: u64,
    /// Every run.
    pub(crate) runs: Vec<Run>,
    /// Most purchases per second achieved in a run with one hot merchant, of a thousand achieved in a uniform one.
    pub(crate) hot_per_mille: Option<u64>,
    /// Whether debits equal credits in the end, and the journal agrees with the accounts.
    pub(crate) trial_balance_holds: bool,
}

/// The best hot run against the best uniform one, of a thousand.
pub(crate) fn hot_per_mille(runs: &[Run]) -> Option<u64> {
    let best =
        |spread| runs.iter().filter(|run| run.spread == spread).map(|run| run.achieved_per_second).max();
    (best(Spread::Hot)? * 1_000).checked_div(best(Spread::Uniform)?)
}

/// Microseconds as milliseconds with one decimal.
pub(crate) fn ms(micros: u64) -> String {
    format!("{}.{}", micros / 1_000, micros % 1_000 / 100)
}

/// A thousandth as per cent.
pub(crate) fn percent(per_mille: u64) -> String {
    format!("{}", per_mille.saturating_add(5) / 10)
}

fn times(times: Percentiles) -> String {
    format!("{:>7} {:>7} {:>7} {:>7}", ms(times.p50), ms(times.p90), ms(times.p99), ms(times.max))
}

/// Heads the lines of [`run_line`].
pub(crate) fn heading() -> String {
    format!(
        "{:<8} {:>7} {:>8} {:>7} {:>7} | {:^31} | {:^31} | {:>7} {:>6} {:>6} | {:^18} | {:^35} | bounded by\n\
         {:<8} {:>7} {:>8} {:>7} {:>7} | {:>7} {:>7} {:>7} {:>7} | {:>7} {:>7} {:>7} {:>7} | {:>7} {:>6} {:>6} | \
         {:>4} {:>4} {:>4} {:>3} | {:>4} {:>4} {:>4} {:>4} {:>4} {:>5} {:>4} |",
        "merchant",
        "offered",
        "achieved",
        "dropped",
        "refused",
        "purchase, ms",
        "one call, ms",
        "blocks",
        "cmds",
        "KiB",
        "CPU %",
        "pipeline %",
        "",
        "/s",
        "/s",
        "/s",
        "in all",
        "p50",
        "p90",
        "p99",
        "max",
        "p50",
        "p90",
        "p99",
        "max",
        "/s",
        "/block",
        "/block",
        "own",
        "node",
        "PG",
        "o.",
        "ver",
        "load",
        "exec",
        "enc",
        "keep",
        "comm",
        "pub",
    )
}

/// One run.
pub(crate) fn run_line(run: &Run) -> String {
    let shares = run.per_mille;
    let blocks = run.blocks.max(1);
    let line = format!(
        "{:<8} {:>7} {:>8} {:>7} {:>7} | {} | {} | {:>7} {:>6} {:>6} | {:>4} {:>4} {:>4} {:>3} | {:>4} {:>4} {:>4} {:>4} {:>4} {:>5} {:>4} | {}",
        run.spread.as_str(),
        run.rate,
        run.achieved_per_second,
        run.dropped_per_second,
        run.refused,
        times(run.purchase_us),
        times(run.entry_us),
        run.blocks.saturating_mul(1_000_000) / run.took_us.max(1),
        run.commands / blocks,
        run.bytes / 1_024 / blocks,
        percent(shares.own_cpu),
        percent(shares.nodes_cpu),
        percent(shares.postgres_cpu),
        percent(shares.other_cpu),
        percent(shares.verify),
        percent(shares.load),
        percent(shares.execute),
        percent(shares.encode),
        percent(shares.keep),
        percent(shares.commit),
        percent(shares.publish),
        run.bound.as_str(),
    );
    match &run.first_refusal {
        Some(refusal) => format!("{line}\n         first refusal: {refusal}"),
        None => line,
    }
}

impl Report {
    /// What stands above the lines.
    pub(crate) fn opening(machine: &str, setting: &str, sync_us: u64) -> String {
        format!("{machine}\n{setting}\nfdatasync of 8 KiB: {} ms in the median\n\n{}", ms(sync_us), heading())
    }

    /// What stands below them.
    pub(crate) fn closing(&self) -> String {
        let best = self.runs.iter().filter(|run| run.spread == Spread::Uniform);
        let mut text = String::new();
        if let Some(best) = best.map(|run| run.achieved_per_second).max() {
            text += &format!("most purchases per second, uniform: {best}\n");
        }
        if let Some(ratio) = self.hot_per_mille {
            text += &format!("one hot merchant against uniform: {} %\n", percent(ratio));
        }
        text + if self.trial_balance_holds {
            "debits equal credits, and the journal agrees with the accounts\n"
        } else {
            "THE ACCOUNTS DO NOT ADD UP\n"
        }
    }
}
