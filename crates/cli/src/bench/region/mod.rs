//! `bench region`: real nodes with a PostgreSQL each, as `region up` starts them, and purchases that come in at all of
//! them by HTTP. Half of them, unless asked otherwise, are of another exchange's merchant.
//!
//! Everything is on one machine: the nodes, their databases, and the client that offers the load. What each kind of
//! process takes is told apart, so that [`cost`] can say what a purchase costs each of them and what the processors bear.
//! Absent: networks that delay or lose; nodes that die (`tests/region_network.rs`, `tests/region_crash.rs`).

pub(crate) mod cost;
pub(crate) mod report;
pub(crate) mod target;

use super::{Plan, ground, procfs};
use crate::region::{
    agree::{self, Comparison},
    init::{self, Wanted},
    nodes::Nodes,
    up,
};
use anyhow::{Context as _, Result, bail, ensure};
use cost::Cost;
use databourse_primitives::ExchangeCode;
use report::RegionReport;
use std::path::Path;
use target::Region;

/// Rates tried when none is named: a few at which a purchase is alone, for what one user feels, then up.
pub(crate) const LADDER: [u64; 13] = [2, 5, 25, 50, 100, 150, 200, 250, 300, 400, 600, 1_000, 1_500];

/// What is to be run, on what.
pub(crate) struct Wish {
    pub(crate) exchanges: usize,
    pub(crate) merchants: usize,
    pub(crate) buyers: usize,
    pub(crate) plan: Plan,
    /// No table while it runs.
    pub(crate) is_quiet: bool,
}

/// Codes of so many exchanges: those of the demonstration, then made-up ones.
pub(crate) fn codes(count: usize) -> Result<Vec<ExchangeCode>> {
    let known = ["sh", "js", "zj", "ah"].map(str::to_owned).into_iter();
    let names = known.chain((5..).map(|number| format!("e{number}")));
    names.take(count).map(|name| name.parse().with_context(|| format!("the code {name}"))).collect()
}

/// Makes a region in `folder`, which is new, and runs the plan on it.
///
/// # Errors
/// The region cannot be made or started, stops in between, or its nodes do not show the same ledger in the end.
pub(crate) async fn run(wish: &Wish, folder: &Path) -> Result<RegionReport> {
    ensure!(wish.merchants >= wish.exchanges, "each exchange needs a merchant");
    ensure!(wish.buyers >= wish.exchanges, "each exchange needs a buyer");
    let sync_us = procfs::sync_micros(folder).context("the disk cannot be probed")?;
    let codes = codes(wish.exchanges)?;
    let wanted = Wanted { exchanges: Some(&codes), folder, base_port: None };
    let layout = init::ensure_region(&wanted)?;
    let nodes = Nodes::start(&layout, false)?;
    let outcome = tokio::select! {
        told = tokio::signal::ctrl_c() => told.map_err(Into::into).and_then(|()| bail!("stopped before the end")),
        ended = nodes.one_ended() => Err(anyhow::anyhow!("{ended}\n{}", up::last_words(&layout, &nodes))),
        report = on_region(wish, &layout, &nodes, sync_us) => report,
    };
    nodes.stop().await.and(outcome)
}

async fn on_region(
    wish: &Wish,
    layout: &crate::region::layout::Layout,
    nodes: &Nodes,
    sync_us: u64,
) -> Result<RegionReport> {
    let region = Region::connect(layout, nodes)?;
    up::all_ready(region.clients()).await?;
    let (machine, setting) = (procfs::machine(), report::setting(wish));
    if !wish.is_quiet {
        println!("{}", super::report::Report::opening(&machine, &setting, sync_us));
    }
    let ground = ground::prepare(&region, wish.merchants, wish.buyers).await?;
    let runs = super::run(&region, &ground, &wish.plan, |run| {
        if !wish.is_quiet {
            println!("{}", super::report::run_line(run));
        }
    });
    let runs = runs.await?;
    let is_same = matches!(agree::when_level(region.clients()).await?, Comparison::Same(_));
    let cost = Cost::of(&runs, wish.exchanges as u64, procfs::cores());
    let is_balanced = region.is_balanced().await?;
    Ok(RegionReport { machine, setting, sync_us, runs, cost, is_same, is_balanced })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_of_any_size_has_names() {
        let names = |count| codes(count).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(1), ["sh"]);
        assert_eq!(names(6), ["sh", "js", "zj", "ah", "e5", "e6"]);
        assert_eq!(names(20).len(), 20);
    }
}
