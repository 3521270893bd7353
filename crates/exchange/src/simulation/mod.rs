//! The whole region on one thread, with clock, network and disks that are simulated and fail; a seed decides all of it,
//! so that a run that fails is run again.
//!
//! What is real: pool, executor, working set, turns, publisher and finality, gossip, the rules. What is modelled:
//!
//! | file | what it stands for |
//! |---|---|
//! | `disk`, `store` | PostgreSQL: refuses, tears, forgets to acknowledge, loses sessions, is slow or full |
//! | `network` | the network: delays, reorders, doubles, loses and parts |
//! | `agreement`, `vote`, `driver` | the engine: Tendermint's rules and a log of votes, and the questions of the real driver |
//! | `dishonest` | an exchange that does what it must not |
//! | `authors`, `story` | buyers and suppliers, and what happens to the membership |
//! | `chaos` | who is killed, when, and who is cut off from whom |
//! | `verdict`, `world` | what must never be, and what must hold in the end |
//!
//! Deliberately absent: HTTP, SQL, the real engine: other tests have those, on real processes.

mod agreement;
mod authors;
mod chaos;
mod dishonest;
mod disk;
mod driver;
mod entries;
mod network;
mod node;
mod plan;
mod random;
mod store;
mod story;
mod tests;
mod time;
mod verdict;
mod vote;
mod world;

use authors::Board;
use plan::{Plan, Planted};
use random::Random;
use std::sync::{Arc, atomic::Ordering};
use world::World;

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    seed: u64,
    /// Of every event.
    digest: [u8; 32],
    height: u64,
    acknowledged: u64,
    refused: u64,
    crashes: u64,
    diverged: u64,
    failures: Vec<String>,
    last_events: Vec<String>,
    plan: String,
}

/// Runs a region from its founding to its rest.
fn simulate(seed: u64, planted: Planted) -> Outcome {
    crate::executor::ANSWERS_EARLY.set(planted == Planted::EarlyAnswer);
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random, planted);
    let world = Arc::new(World::new(plan, random));
    let time = world.time.clone();
    let runtime =
        tokio::runtime::Builder::new_current_thread().on_thread_park(move || time.advance()).build();
    runtime.unwrap().block_on(play(&world));
    let counts = &world.counts;
    Outcome {
        seed,
        digest: world.digest(),
        height: world.disk(0).tables.height(),
        acknowledged: counts.acknowledged.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        crashes: counts.crashes.load(Ordering::Relaxed),
        diverged: counts.diverged.load(Ordering::Relaxed),
        failures: world.failures(),
        last_events: world.last_events(),
        plan: format!("{:?}", world.plan),
    }
}

async fn play(world: &Arc<World>) {
    tokio::spawn(Arc::clone(world).carry());
    let board = Arc::new(Board::default());
    authors::start(world, &board);
    chaos::rage(world).await;
    verdict::rest(world).await;
    if let Some(away) = world.plan.away {
        world.note(format_args!("who was away returns"));
        world.start_node(away);
        verdict::rest(world).await;
    }
    if world.failures().is_empty() {
        verdict::judge(world, &board);
    }
}
