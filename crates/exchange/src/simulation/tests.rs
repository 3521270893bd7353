//! Seeds that must pass, and defects that must be found.

use super::{Outcome, plan::Planted, simulate};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// How many seeds a debug run has time for.
const SEEDS: u64 = 24;
/// After how many seeds a long run says what it has come to.
const SEEDS_PER_LINE: usize = 500;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn report(outcome: &Outcome) -> String {
    let Outcome { seed, failures, last_events, plan, .. } = outcome;
    let (events, failures) = (last_events.join("\n"), failures.join("\n"));
    format!("seed {seed} ({plan})\n{events}\n{failures}\nDATABOURSE_SIMULATION_SEED={seed}")
}

/// Runs seeds on every core; the outcomes in order of seeds.
fn run(first: u64, count: u64, planted: Planted) -> Vec<Outcome> {
    let next = AtomicU64::new(first);
    let work = || {
        let mut outcomes = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return outcomes;
            }
            outcomes.push(simulate(seed, planted));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<Outcome>>()
    });
    outcomes.sort_by_key(|outcome| outcome.seed);
    outcomes
}

#[test]
fn every_seed_comes_to_one_ledger_that_keeps_what_it_said() {
    let first = number("DATABOURSE_SIMULATION_SEED", 1);
    let count = number("DATABOURSE_SIMULATION_SEEDS", SEEDS);
    let mut failed: Vec<Outcome> = Vec::new();
    let end = first + count;
    for first in (first..end).step_by(SEEDS_PER_LINE) {
        let outcomes = run(first, (end - first).min(SEEDS_PER_LINE as u64), Planted::Nothing);
        let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>();
        println!(
            "{} seeds from {first}: {} blocks, {} answers, {} refusals, {} crashes",
            outcomes.len(),
            sum(|outcome| outcome.height),
            sum(|outcome| outcome.acknowledged),
            sum(|outcome| outcome.refused),
            sum(|outcome| outcome.crashes),
        );
        for outcome in outcomes.into_iter().filter(|outcome| !outcome.failures.is_empty()) {
            println!("seed {}: {}", outcome.seed, outcome.failures[0]);
            failed.push(outcome);
        }
    }
    if let Some(outcome) = failed.first() {
        panic!("{} of {count} seeds fail\n{}", failed.len(), report(outcome));
    }
}

#[test]
fn a_seed_repeats() {
    for seed in 1..4 {
        assert_eq!(simulate(seed, Planted::Nothing), simulate(seed, Planted::Nothing));
    }
    assert_ne!(simulate(1, Planted::Nothing).digest, simulate(2, Planted::Nothing).digest);
}

/// A seed among the first few finds the defect.
fn find(planted: Planted, found: fn(&Outcome) -> bool) {
    let outcomes = run(1, 12, planted);
    assert!(outcomes.iter().any(found), "{}", report(&outcomes[0]));
}

#[test]
fn a_disk_that_acknowledges_before_it_is_durable_is_found() {
    find(Planted::VolatileDisk, |outcome| !outcome.failures.is_empty());
}

#[test]
fn an_executor_that_answers_before_its_block_is_durable_is_found() {
    let early = |failure: &String| failure.contains("acknowledges");
    let outcomes = run(1, 12, Planted::EarlyAnswer);
    assert!(outcomes.iter().all(|outcome| outcome.failures.iter().any(early)), "{}", report(&outcomes[0]));
}

#[test]
fn an_agreement_of_half_is_found_to_fork() {
    find(Planted::HalfQuorum, |outcome| outcome.failures.iter().any(|failure| failure.contains("fork")));
}

#[test]
fn a_node_that_reads_another_balance_stops_and_answers_nobody_wrongly() {
    let outcomes = run(1, 12, Planted::AlteredBalance);
    assert!(outcomes.iter().any(|outcome| outcome.diverged > 0), "{}", report(&outcomes[0]));
    for outcome in &outcomes {
        let wrong = |failure: &String| failure.contains("acknowledge") || failure.contains("fork");
        assert!(!outcome.failures.iter().any(wrong), "{}", report(outcome));
    }
}
