//! The generator against a real node for a second: what it counts, not how fast it is.

use super::{ground, purchase::Spread, target::InProcess, *};
use crate::config::Config;
use databourse_exchange::{Clock, Entropy, Node, NodeConfig, NodeKeys};
use databourse_store::Store;
use databourse_testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn every_arrival_is_achieved_dropped_or_refused() {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    let config = Config::load(None).unwrap();
    let keys = NodeKeys::generate(&Entropy::Os).unwrap();
    let node = NodeConfig {
        exchange: config.exchange.code.clone(),
        origin: config.region.origin.clone(),
        founding: config.founding().unwrap(),
        database: database.config(),
        reader_count: 4,
        pool_capacity: 1_000,
        working_set_record_count: 1_000.try_into().unwrap(),
        clock: Clock::System,
        entropy: Entropy::Os,
        settlement: config.settlement.node(),
        region: None,
    };
    let (node, running) = Node::start(node, &keys).await.unwrap();
    let target = InProcess::new(&node, None);
    let ground = ground::prepare(&target, 3, 5).await.unwrap();
    let mut plan = Plan {
        rates: vec![20],
        is_ladder: false,
        seconds: 1,
        spreads: vec![Spread::Uniform, Spread::Hot],
        crossing: 0,
        in_flight_max: 100,
        apart: true,
    };
    let mut runs = run(&target, &ground, &plan, |_| {}).await.unwrap();
    assert!(runs.iter().all(|run| run.achieved == 20), "all that is offered is done: {runs:#?}");

    // More arrivals than may be under way are dropped, and counted; a purchase sent twice is refused by the rules.
    (plan.rates, plan.in_flight_max, plan.apart) = (vec![2_000], 2, false);
    runs.extend(run(&target, &ground, &plan, |_| {}).await.unwrap());
    assert!(runs[2..].iter().any(|run| run.dropped > 0), "two places are few: {runs:#?}");
    let mut spoilt = purchase::sign(&ground, &target, Spread::Uniform, 0, 4).await.unwrap();
    spoilt[1].entries[1] = "not an entry".to_owned();
    runs.push(measure(&target, Spread::Uniform, 4, &plan, spoilt).await.unwrap());
    assert_eq!(runs.last().map(|run| run.refused), Some(1));

    let mut commands = 0;
    for run in &runs {
        assert_eq!(run.offered, run.achieved + run.dropped + run.refused, "{run:#?}");
        commands += run.commands;
        assert!(run.commands >= 3 * run.achieved, "{run:#?}");
    }
    let counts = node.store().counts().await.unwrap();
    let stored: u64 =
        ["order.place", "delivery.record", "order.accept"].iter().filter_map(|name| counts.get(*name)).sum();
    assert_eq!(stored, commands, "what was counted is in the ledger");
    assert!(node.store().trial_balance().await.unwrap().holds());
    running.stop().await;
}
