//! What a purchase costs each kind of process, and what the processors bear.

use crate::bench::measure::Run;
use serde::Serialize;

/// Processor time per purchase, microseconds, taken from the run that achieved most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Cost {
    /// The run: purchases achieved per second.
    pub(crate) achieved_per_second: u64,
    /// By all nodes together.
    pub(crate) nodes_us: u64,
    /// By all PostgreSQL servers together.
    pub(crate) postgres_us: u64,
    /// By the client of the benchmark.
    pub(crate) client_us: u64,
    /// How many exchanges share the work.
    pub(crate) exchanges: u64,
    /// How many processors there are.
    pub(crate) cores: u64,
    /// How many purchases per second these processors bear, all of them busy with nothing else.
    pub(crate) bearable_per_second: u64,
    /// The same if each exchange had as many processors for its node and its PostgreSQL alone. A bound from above: it
    /// leaves out what is done one after the other, and the network.
    pub(crate) bearable_apart_per_second: u64,
}

impl Cost {
    /// Of the run that achieved most; `None` if nothing was achieved.
    pub(crate) fn of(runs: &[Run], exchanges: u64, cores: u64) -> Option<Self> {
        let best = runs.iter().max_by_key(|run| run.achieved_per_second)?;
        let times = [best.nodes_cpu_ms, best.postgres_cpu_ms, best.own_cpu_ms];
        Self::from_times(best.achieved, best.achieved_per_second, times, exchanges, cores)
    }

    fn from_times(
        achieved: u64,
        achieved_per_second: u64,
        times_ms: [u64; 3],
        exchanges: u64,
        cores: u64,
    ) -> Option<Self> {
        let each = |ms: u64| ms.saturating_mul(1_000).checked_div(achieved);
        let [nodes_ms, postgres_ms, client_ms] = times_ms;
        let (nodes_us, postgres_us, client_us) = (each(nodes_ms)?, each(postgres_ms)?, each(client_ms)?);
        let bearable = |us: u64| (cores * 1_000_000).checked_div(us).unwrap_or_default();
        let an_exchange_us = (nodes_us + postgres_us).checked_div(exchanges)?;
        Some(Self {
            achieved_per_second,
            nodes_us,
            postgres_us,
            client_us,
            exchanges,
            cores,
            bearable_per_second: bearable(nodes_us + postgres_us + client_us),
            bearable_apart_per_second: bearable(an_exchange_us),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_processors_bear_follows_from_what_a_purchase_costs() {
        // 1,000 purchases of which each took 4 ms of the nodes, 3 ms of PostgreSQL and 1 ms of the client.
        let cost = Cost::from_times(1_000, 200, [4_000, 3_000, 1_000], 4, 2).unwrap();
        assert_eq!((cost.nodes_us, cost.postgres_us, cost.client_us), (4_000, 3_000, 1_000));
        assert_eq!((cost.bearable_per_second, cost.bearable_apart_per_second), (250, 1_142));
        assert_eq!(Cost::from_times(0, 0, [1, 1, 1], 4, 2), None);
    }
}
