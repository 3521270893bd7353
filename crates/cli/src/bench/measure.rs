//! One run at one rate: its figures, and what bounded it.

use super::{
    Plan, REACHED_PER_MILLE,
    load::{Latencies, Load, drive},
    procfs::{Cpu, cores},
    purchase::{Purchase, Spread},
};
use anyhow::Result;
use databourse_exchange::{Node, PipelineTotals};
use serde::Serialize;
use std::time::Duration;

/// Of a thousand: from here on the processors count as used up, and the pipeline as never idle.
const SATURATED_PER_MILLE: u64 = 850;

/// Percentiles in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Percentiles {
    fn of(times: &Latencies) -> Self {
        let [p50, p90, p99, max] = [500, 900, 990, 1_000].map(|rank| times.per_mille(rank));
        Self { p50, p90, p99, max }
    }
}

/// Time used, of a thousand parts of the run: of one processor for the first three, of the run for the stages.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Shares {
    pub(crate) own_cpu: u64,
    pub(crate) postgres_cpu: u64,
    pub(crate) other_cpu: u64,
    pub(crate) load: u64,
    pub(crate) execute: u64,
    pub(crate) encode: u64,
    pub(crate) commit: u64,
    pub(crate) publish: u64,
}

/// What kept a run from more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// Nothing: what was offered was done.
    OfferedRate,
    /// All processors were busy, with this process more than with PostgreSQL.
    OwnCpu,
    /// All processors were busy, with PostgreSQL more than with this process.
    PostgresCpu,
    /// Processors were free, and the pipeline waited most for a commit that did not compute: the disk.
    CommitWait,
    /// Processors were free, but PostgreSQL's one writing session computed most of the time.
    PostgresSession,
    /// Processors were free, but the pipeline's one thread was never idle.
    Pipeline,
    /// Neither processors nor pipeline were used up: too few purchases were allowed under way.
    InFlight,
}

impl Bound {
    /// For the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OfferedRate => "the offered rate",
            Self::OwnCpu => "CPU, client and node most",
            Self::PostgresCpu => "CPU, PostgreSQL most",
            Self::CommitWait => "waiting for commits (fsync)",
            Self::PostgresSession => "PostgreSQL's one writing session",
            Self::Pipeline => "the pipeline's one thread",
            Self::InFlight => "purchases allowed under way",
        }
    }
}

/// The figures of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) spread: Spread,
    pub(crate) rate: u64,
    pub(crate) offered: u64,
    pub(crate) achieved: u64,
    pub(crate) dropped: u64,
    pub(crate) refused: u64,
    pub(crate) first_refusal: Option<String>,
    pub(crate) took_us: u64,
    pub(crate) achieved_per_second: u64,
    pub(crate) dropped_per_second: u64,
    pub(crate) purchase_us: Percentiles,
    pub(crate) entry_us: Percentiles,
    pub(crate) blocks: u64,
    pub(crate) commands: u64,
    pub(crate) bytes: u64,
    pub(crate) own_cpu_ms: u64,
    pub(crate) postgres_cpu_ms: u64,
    pub(crate) per_mille: Shares,
    pub(crate) bound: Bound,
}

impl Run {
    /// Whether the offered rate was achieved.
    pub(crate) const fn is_reached(&self) -> bool {
        self.achieved_per_second * 1_000 >= self.rate * REACHED_PER_MILLE
    }
}

/// Offers the purchases at `rate` and takes everything down.
pub(crate) async fn measure(
    node: &Node,
    spread: Spread,
    rate: u64,
    plan: &Plan,
    purchases: Vec<Purchase>,
    server_pid: Option<u32>,
) -> Result<Run> {
    let (before, cpu_before) = (node.totals(), Cpu::read(server_pid));
    let load = drive(node, purchases, rate, plan).await;
    let (pipeline, cpu) = (node.totals().since(before), Cpu::read(server_pid).since(cpu_before));
    let per_mille = shares(load.took, &pipeline, cpu);
    let mut run = Run {
        spread,
        rate,
        offered: load.offered,
        achieved: load.achieved,
        dropped: load.dropped,
        refused: load.refused,
        took_us: u64::try_from(load.took.as_micros())?,
        achieved_per_second: load.per_second(load.achieved),
        dropped_per_second: load.per_second(load.dropped),
        purchase_us: Percentiles::of(&load.purchase),
        entry_us: Percentiles::of(&load.entry),
        blocks: pipeline.blocks,
        commands: pipeline.commands,
        bytes: pipeline.bytes,
        own_cpu_ms: cpu.own_ms,
        postgres_cpu_ms: cpu.postgres_ms,
        per_mille,
        bound: Bound::OfferedRate,
        first_refusal: take_refusal(load),
    };
    if !run.is_reached() {
        run.bound = bound(&per_mille, cores());
    }
    Ok(run)
}

fn take_refusal(load: Load) -> Option<String> {
    load.first_refusal
}

fn shares(took: Duration, pipeline: &PipelineTotals, cpu: Cpu) -> Shares {
    let of = |micros: u128| u64::try_from(micros * 1_000 / took.as_micros().max(1)).unwrap_or(u64::MAX);
    let stage = |time: Duration| of(time.as_micros());
    let cpu_share = |ms: u64| of(u128::from(ms) * 1_000);
    Shares {
        own_cpu: cpu_share(cpu.own_ms),
        postgres_cpu: cpu_share(cpu.postgres_ms),
        other_cpu: cpu_share(cpu.others_ms()),
        load: stage(pipeline.load),
        execute: stage(pipeline.execute),
        encode: stage(pipeline.encode),
        commit: stage(pipeline.commit),
        publish: stage(pipeline.publish),
    }
}

/// What bounded a run that did not reach its rate.
fn bound(shares: &Shares, cores: u64) -> Bound {
    let Shares { own_cpu, postgres_cpu, other_cpu, load, execute, encode, commit, publish } = *shares;
    if own_cpu + postgres_cpu + other_cpu >= cores * SATURATED_PER_MILLE {
        return if own_cpu >= postgres_cpu { Bound::OwnCpu } else { Bound::PostgresCpu };
    }
    let waits_for_postgres = load + commit;
    let thread = execute + encode + publish;
    if waits_for_postgres + thread < SATURATED_PER_MILLE {
        Bound::InFlight
    } else if thread > waits_for_postgres {
        Bound::Pipeline
    } else if postgres_cpu * 2 >= waits_for_postgres {
        Bound::PostgresSession
    } else {
        Bound::CommitWait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cpu: [u64; 3], stages: [u64; 5], expected: Bound) {
        let [own_cpu, postgres_cpu, other_cpu] = cpu;
        let [load, execute, encode, commit, publish] = stages;
        let shares = Shares { own_cpu, postgres_cpu, other_cpu, load, execute, encode, commit, publish };
        assert_eq!(bound(&shares, 2), expected, "{shares:?}");
    }

    #[test]
    fn what_bounds_a_run_is_told_from_where_its_time_went() {
        check([1_200, 700, 0], [0; 5], Bound::OwnCpu);
        check([700, 1_200, 0], [0; 5], Bound::PostgresCpu);
        check([100, 200, 0], [50, 50, 50, 800, 50], Bound::CommitWait);
        check([300, 800, 0], [50, 50, 50, 800, 50], Bound::PostgresSession);
        check([900, 200, 0], [50, 500, 300, 100, 50], Bound::Pipeline);
        check([100, 100, 0], [10, 10, 10, 10, 10], Bound::InFlight);
    }
}
