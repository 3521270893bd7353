//! Four real nodes, and a record that somebody altered in the database of one: that node stops and says why, the three
//! others go on, and what was acknowledged stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use databourse_store::cluster::{Binaries, Cluster, ClusterConfig, OnDrop};
use region_support::{
    LOOK_PAUSE, RETURN_LIMIT, Region,
    dice::{Dice, seed},
    load::Load,
    node::Answer,
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// Whose database is altered: the last of `ah`, `js`, `sh`, `zj`.
const ALTERED: usize = 3;
/// The merchant of the first exchange, as the load makes it.
const MERCHANT: &str = "019b8b6e-0000-7000-8001-000000000000";

/// Changes rows in the database of a node that was stopped, past the triggers that keep people from it.
async fn alter(data: PathBuf, statement: &str) {
    let mut config = ClusterConfig::new(data, Binaries::find().unwrap());
    config.on_drop = OnDrop::Stop;
    let cluster =
        tokio::task::spawn_blocking(move || Cluster::start(config, &|_| ()).unwrap()).await.unwrap();
    let client = databourse_testkit::connect(&cluster.connection_config()).await;
    client.batch_execute(&format!("SET session_replication_role = replica; {statement}")).await.unwrap();
    drop(client);
    tokio::task::spawn_blocking(move || cluster.stop().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_an_altered_record_stops_with_a_report_and_the_three_others_go_on() {
    let mut dice = Dice::new(seed());
    let mut region = Region::init();
    region.start().await;
    let load = Load::new(region.accesses());
    load.open_stalls(&mut dice).await;
    load.sell(&[0, 1, 2, 3], 4, &mut dice).await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;

    region.nodes[ALTERED].stopped().await;
    let statement = "UPDATE party SET record = jsonb_set(record, '{legal_name,en}', '\"Mallory\"')";
    alter(region.nodes[ALTERED].data(), &format!("{statement} WHERE name = '{MERCHANT}'")).await;
    region.nodes[ALTERED].start();
    region.runs(ALTERED, RETURN_LIMIT).await;

    // A command that writes the altered record again, from the exchange whose merchant it is.
    let revoke = json!({
        "id": "019b8b6e-0000-7000-9000-000000000001", "type": "party.revoke",
        "body": { "party": MERCHANT, "reason": "closed" },
    });
    let answered = async {
        loop {
            match region.nodes[0].access.submit(&revoke).await {
                Answer::Acknowledged { leaf_index } => return leaf_index,
                Answer::Again => tokio::time::sleep(LOOK_PAUSE).await,
                Answer::Surprise(what) => panic!("{what}"),
            }
        }
    };
    let leaf_index = tokio::time::timeout(RETURN_LIMIT, answered).await.expect("an answer");
    let ended = async {
        loop {
            match region.nodes[ALTERED].ended() {
                Some(how) => return how,
                None => tokio::time::sleep(LOOK_PAUSE).await,
            }
        }
    };
    let Ok(how) = tokio::time::timeout(RETURN_LIMIT, ended).await else {
        panic!("it goes on:\n{}", region.state().await)
    };
    assert!(how.contains("exit status: 2"), "{how}");

    let said = region.nodes[ALTERED].log_end(3);
    let data = fs::read_dir(region.nodes[ALTERED].data()).unwrap();
    let mut files = data.map(|file| file.unwrap().path());
    let path = files.find(|path| path.extension().is_some_and(|end| end == "json")).expect("a report");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(said.contains("diverged 分歧") && said.contains(name), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((&report["exchange"], &report["verdict"]["name"]), (&"zj".into(), &"effects_differ".into()));
    let block = fs::read(path.with_file_name(report["block_file"].as_str().unwrap())).unwrap();
    let block = databourse_ledger::Block::decode(&block).unwrap();
    assert_eq!(block.id().to_string(), report["block_id"]);
    assert!(block.commands.iter().any(|command| command.claims().id.to_string() == revoke["id"]));

    // The three others are level and go on; everything that was acknowledged is there.
    load.sell(&[1, 2], 4, &mut dice).await;
    region.level(&[0, 1, 2], load.last_leaf().max(leaf_index)).await;
    for place in 0..3 {
        let health = region.nodes[place].access.client.region_health().await.unwrap();
        assert!(health.forks.is_empty() && health.evidence.is_empty(), "{health:?}");
    }
}
