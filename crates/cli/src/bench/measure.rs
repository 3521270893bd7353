//! One run at one rate: its figures, and what bounded it.

use super::{
    Plan, REACHED_PER_MILLE,
    load::{Latencies, Load, drive},
    procfs::{Cpu, cores},
    purchase::{Purchase, Spread},
    target::Target,
};
use anyhow::Result;
use databourse_exchange::PipelineTotals;
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

/// Time used, of a thousand parts of the run: of one processor for the first four, of the run for the stages, which in a
/// region are those of a node in the mean.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Shares {
    pub(crate) own_cpu: u64,
    pub(crate) nodes_cpu: u64,
    pub(crate) postgres_cpu: u64,
    pub(crate) other_cpu: u64,
    pub(crate) verify: u64,
    pub(crate) load: u64,
    pub(crate) execute: u64,
    pub(crate) encode: u64,
    pub(crate) keep: u64,
    pub(crate) commit: u64,
    pub(crate) publish: u64,
}

/// What kept a run from more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// Nothing: what was offered was done.
    OfferedRate,
    /// All processors were busy, with this process more than with any other kind.
    OwnCpu,
    /// The same, with nodes that are processes of their own.
    NodesCpu,
    /// The same, with PostgreSQL.
    PostgresCpu,
    /// The same, with programs that have nothing to do with it: the run says nothing.
    OtherCpu,
    /// Processors were free, and the pipeline waited most for a commit that did not compute: the disk.
    CommitWait,
    /// Processors were free, but PostgreSQL's one writing session computed most of the time.
    PostgresSession,
    /// Processors were free, but the pipeline's one thread was never idle.
    Pipeline,
    /// Neither processors nor pipeline were used up: too few purchases were allowed under way.
    InFlight,
    /// The same in a region, where a block waits for proposals and votes of other nodes.
    Agreement,
}

impl Bound {
    /// For the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OfferedRate => "the offered rate",
            Self::OwnCpu => "CPU, client and node most",
            Self::NodesCpu => "CPU, nodes most",
            Self::PostgresCpu => "CPU, PostgreSQL most",
            Self::OtherCpu => "CPU, OTHER PROGRAMS most",
            Self::CommitWait => "waiting for commits (fsync)",
            Self::PostgresSession => "PostgreSQL's one writing session",
            Self::Pipeline => "the pipeline's one thread",
            Self::InFlight => "purchases allowed under way",
            Self::Agreement => "waiting for agreement",
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
    pub(crate) nodes_cpu_ms: u64,
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
pub(crate) async fn measure<T: Target>(
    target: &T,
    spread: Spread,
    rate: u64,
    plan: &Plan,
    purchases: Vec<Purchase>,
) -> Result<Run> {
    let (before, cpu_before) = (target.totals().await?, target.cpu());
    let load = drive(target, purchases, rate, plan).await;
    let cpu = target.cpu().since(cpu_before);
    // A node that is a block behind has not counted it yet.
    target.level().await?;
    let pipeline = target.totals().await?.since(before);
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
        nodes_cpu_ms: cpu.nodes_ms,
        postgres_cpu_ms: cpu.postgres_ms,
        per_mille,
        bound: Bound::OfferedRate,
        first_refusal: take_refusal(load),
    };
    if !run.is_reached() {
        run.bound = bound(&per_mille, cores(), target.exchanges().len());
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
        nodes_cpu: cpu_share(cpu.nodes_ms),
        postgres_cpu: cpu_share(cpu.postgres_ms),
        other_cpu: cpu_share(cpu.others_ms()),
        verify: stage(pipeline.verify),
        load: stage(pipeline.load),
        execute: stage(pipeline.execute),
        encode: stage(pipeline.encode),
        keep: stage(pipeline.keep),
        commit: stage(pipeline.commit),
        publish: stage(pipeline.publish),
    }
}

/// What bounded a run that did not reach its rate.
fn bound(shares: &Shares, cores: u64, exchanges: usize) -> Bound {
    let Shares { own_cpu, nodes_cpu, postgres_cpu, other_cpu, .. } = *shares;
    let Shares { verify, load, execute, encode, keep, commit, publish, .. } = *shares;
    let by_kind = [
        (own_cpu, Bound::OwnCpu),
        (nodes_cpu, Bound::NodesCpu),
        (postgres_cpu, Bound::PostgresCpu),
        (other_cpu, Bound::OtherCpu),
    ];
    if by_kind.iter().map(|(share, _)| share).sum::<u64>() >= cores * SATURATED_PER_MILLE {
        return by_kind.into_iter().max_by_key(|(share, _)| *share).map_or(Bound::OwnCpu, |(_, kind)| kind);
    }
    let waits_for_postgres = load + keep + commit;
    let thread = verify + execute + encode + publish;
    if waits_for_postgres + thread < SATURATED_PER_MILLE {
        if exchanges > 1 { Bound::Agreement } else { Bound::InFlight }
    } else if thread > waits_for_postgres {
        Bound::Pipeline
    } else if postgres_cpu * 2 >= waits_for_postgres * exchanges as u64 {
        Bound::PostgresSession
    } else {
        Bound::CommitWait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exchanges: usize, cpu: [u64; 4], stages: [u64; 5], expected: Bound) {
        let [own_cpu, nodes_cpu, postgres_cpu, other_cpu] = cpu;
        let [load, execute, encode, commit, publish] = stages;
        let cpu = Shares { own_cpu, nodes_cpu, postgres_cpu, other_cpu, ..Shares::default() };
        let shares = Shares { load, execute, encode, commit, publish, ..cpu };
        assert_eq!(bound(&shares, 2, exchanges), expected, "{shares:?}");
    }

    #[test]
    fn what_bounds_a_run_is_told_from_where_its_time_went() {
        check(1, [1_200, 0, 700, 0], [0; 5], Bound::OwnCpu);
        check(1, [700, 0, 1_200, 0], [0; 5], Bound::PostgresCpu);
        check(1, [100, 0, 200, 0], [50, 50, 50, 800, 50], Bound::CommitWait);
        check(1, [300, 0, 800, 0], [50, 50, 50, 800, 50], Bound::PostgresSession);
        check(1, [900, 0, 200, 0], [50, 500, 300, 100, 50], Bound::Pipeline);
        check(1, [100, 0, 100, 0], [10, 10, 10, 10, 10], Bound::InFlight);
        check(4, [300, 900, 700, 0], [0; 5], Bound::NodesCpu);
        check(4, [300, 700, 900, 0], [0; 5], Bound::PostgresCpu);
        check(4, [100, 300, 300, 1_200], [0; 5], Bound::OtherCpu);
        check(4, [100, 300, 300, 0], [10, 10, 10, 300, 10], Bound::Agreement);
        check(4, [100, 300, 400, 0], [50, 50, 50, 800, 50], Bound::CommitWait);
        check(4, [100, 100, 1_490, 0], [50, 50, 50, 800, 50], Bound::CommitWait);
        check(4, [0, 0, 1_690, 0], [10, 10, 10, 830, 10], Bound::PostgresSession);
    }
}
