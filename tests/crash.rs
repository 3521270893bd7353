//! `kill -9` in the middle of a replay, ten times: nothing acknowledged is lost, nothing is doubled, and the end is the
//! end of a run that nobody disturbed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_audit::Auditor;
use databourse_market::Noun;
use databourse_primitives::{Digest, TreeSize};
use databourse_settlement::Account;
use databourse_store::{
    Store,
    cluster::{Binaries, Cluster, ClusterConfig, OnDrop},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    path::Path,
    time::Duration,
};
use support::Server;

const BUYERS: u64 = 20;
const PRODUCTS: u64 = 10;
const ORDERS: u64 = 1_200;
const KILLS: u64 = 10;
const BATCH: usize = 20;

fn id(kind: u64, number: u64) -> String {
    format!("019b8b6e-0000-7000-8{kind:03x}-{number:012x}")
}

fn command(id: &str, party: Option<&str>, entry_type: &str, body: Value) -> Value {
    match party {
        Some(party) => json!({ "id": id, "type": entry_type, "on_behalf_of": party, "body": body }),
        None => json!({ "id": id, "type": entry_type, "body": body }),
    }
}

/// A replay in the shape of the order file: orders of several lines, deliveries, acceptances, refunds.
fn replay() -> Vec<Value> {
    let party = |id: &str, role: &str| {
        let body = json!({
            "legal_name": { "en": id }, "legal_identifier": format!("ext:{id}"), "roles": [role],
            "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
        });
        command(id, None, "party.certify", body)
    };
    let merchant = id(1, 1);
    let mut commands = vec![party(&merchant, "supplier")];
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": "shop",
        "source_statement": { "en": "The shop's own system" },
    });
    commands.push(command(&id(2, 1), Some(&merchant), "right.register", right));
    for number in 0..PRODUCTS {
        let details = json!({
            "title": { "en": format!("Product {number}") }, "description": { "en": "Sample" }, "kind": "dataset",
        });
        let list = json!({ "right": id(2, 1), "details": details });
        commands.push(command(&id(3, number), Some(&merchant), "product.list", list));
        let offer = json!({
            "product": id(3, number), "asset": "XTS/3", "pricing": "one_off", "unit_price": format!("{number}.125"),
            "terms": {
                "purposes": ["replay"], "term_days": 30, "territory": "CN",
                "usable_not_visible": false, "exclusive": false,
            },
        });
        commands.push(command(&id(4, number), Some(&merchant), "offer.publish", offer));
    }
    for number in 0..BUYERS {
        let buyer = id(5, number);
        commands.push(party(&buyer, "buyer"));
        let deposit = json!({
            "party": buyer, "asset": "XTS/3", "amount_minor": 100_000_000, "bank_reference": format!("in-{number}"),
        });
        commands.push(command(&id(6, number), None, "account.deposit", deposit));
    }
    for number in 0..ORDERS {
        let buyer = id(5, number % BUYERS);
        let line = |line: u64| json!({ "offer": id(4, (number + line) % PRODUCTS), "quantity": 1 + line, "purpose": "replay" });
        let order = id(7, number);
        let place = json!({ "lines": (0..1 + number % 4).map(line).collect::<Vec<_>>() });
        commands.push(command(&order, Some(&buyer), "order.place", place));
        let deliver = json!({ "order": order, "method": "file", "evidence": Digest::of(b"goods") });
        commands.push(command(&id(8, number), Some(&merchant), "delivery.record", deliver));
        commands.push(command(&id(9, number), Some(&buyer), "order.accept", json!({ "order": order })));
        if number % 9 == 0 {
            let lines = json!([{ "line": 1, "amount_minor": 100 }]);
            let refund = json!({ "order": order, "lines": lines, "reason": "returned" });
            commands.push(command(&id(10, number), Some(&merchant), "refund.grant", refund));
        }
    }
    commands
}

/// Sends batch after batch until the end, or until the node cannot answer. Answers where it came to.
async fn play(
    server: &Server,
    commands: &[Value],
    from: usize,
    acknowledged: &mut BTreeMap<String, u64>,
) -> usize {
    let mut next = from;
    while next < commands.len() {
        let batch = &commands[next..(next + BATCH).min(commands.len())];
        let Some(results) = server.submit(batch).await else { return next };
        assert_eq!(results.len(), batch.len());
        for result in results {
            // The node could not commit this one and those after it: all of the batch is sent again.
            if result["code"] == "service.unavailable" {
                return next;
            }
            let leaf_index = result["leaf_index"].as_u64().unwrap_or_else(|| panic!("refused: {result}"));
            let id = result["id"].as_str().unwrap().to_owned();
            if let Some(first) = acknowledged.insert(id, leaf_index) {
                assert_eq!(first, leaf_index, "a retry gets the first answer");
            }
        }
        next += batch.len();
    }
    next
}

/// What the books say in the end: every account, without times and places.
async fn end_of(data: &Path, acknowledged: &BTreeMap<String, u64>) -> BTreeMap<String, (i64, i64, u64)> {
    let mut config = ClusterConfig::new(data, Binaries::find().unwrap());
    config.on_drop = OnDrop::Stop;
    let cluster =
        tokio::task::spawn_blocking(move || Cluster::start(config, &|_| ()).unwrap()).await.unwrap();
    let store = Store::connect(cluster.connection_config(), 2).await.unwrap();
    let head = store.chain_head().await.unwrap().unwrap();
    let entries = store.entries(0, u32::try_from(head.tree_size).unwrap()).await.unwrap();
    let mut auditor = Auditor::new();
    entries.iter().for_each(|entry| auditor.feed(entry));

    // The database holds what the entries give: every record the same, and none besides.
    let keys = auditor.state().records().map(|(key, _)| key.clone()).collect();
    for (key, stored) in store.load(&keys).await.unwrap() {
        let expected = auditor.state().records().find(|(known, _)| **known == key).map(|(_, record)| record);
        assert_eq!(stored.as_ref(), expected, "{key}");
    }
    let counts = store.counts().await.unwrap();
    for noun in Noun::ALL {
        let expected = auditor.state().records().filter(|(key, _)| key.noun == *noun).count() as u64;
        assert_eq!(counts.get(noun.as_str()).copied().unwrap_or(0), expected, "records of {}", noun.as_str());
    }
    let accounts = auditor
        .state()
        .all::<Account>()
        .map(|account| {
            (account.id.to_string(), (account.debits_minor, account.credits_minor, account.posting_count))
        })
        .collect();
    for (id, leaf_index) in acknowledged {
        let entry = databourse_ledger::Entry::parse(&entries[usize::try_from(*leaf_index).unwrap()]).unwrap();
        assert_eq!(entry.claims().id.to_string(), *id, "acknowledged at leaf {leaf_index}");
    }
    let report = auditor.finish(Some((TreeSize(head.tree_size), head.root)));
    assert_eq!(report.findings, []);
    drop(store);
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
    accounts
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_in_the_middle_of_a_replay_lose_and_double_nothing() {
    let commands = replay();
    let folder = databourse_testkit::scratch_folder();
    let (disturbed, calm) = (folder.path().join("disturbed"), folder.path().join("calm"));
    std::fs::create_dir_all(&disturbed).unwrap();
    std::fs::create_dir_all(&calm).unwrap();
    let chance = RandomState::new().hash_one("moment");
    println!("moments from {chance:#x}");

    let mut acknowledged = BTreeMap::new();
    let mut next = 0;
    for round in 0..KILLS {
        let mut server = Server::start(&disturbed).await;
        let moment_ms = 5 + (chance.rotate_left(u32::try_from(round).unwrap() * 6) % 200);
        let player = play(&server, &commands, next, &mut acknowledged);
        let finished = tokio::time::timeout(Duration::from_millis(moment_ms), player).await;
        assert!(finished.is_err(), "the replay ended before kill {round}: give it more orders");
        if round % 3 == 2 {
            server.kill_database();
        }
        server.kill();
        // Killed while an answer was awaited: what was not acknowledged is sent again.
        next =
            commands.iter().position(|command| !is_known(&acknowledged, command)).unwrap_or(commands.len());
    }
    let server = Server::start(&disturbed).await;
    for (id, leaf_index) in &acknowledged {
        let (status, entry) = server.get(&format!("/v1/entries/{id}")).await;
        assert_eq!((status, entry["leaf_index"].as_u64()), (200, Some(*leaf_index)), "{id}");
    }
    let survived = acknowledged.len();
    assert_eq!(play(&server, &commands, next, &mut acknowledged).await, commands.len());
    server.stop();
    println!("{survived} of {} commands were acknowledged before the last kill", commands.len());
    assert!(survived > 0, "the kills came before the first answer");

    let server = Server::start(&calm).await;
    let mut undisturbed = BTreeMap::new();
    assert_eq!(play(&server, &commands, 0, &mut undisturbed).await, commands.len());
    server.stop();

    let ids = |answers: &BTreeMap<String, u64>| answers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&acknowledged), ids(&undisturbed));
    assert_eq!(end_of(&disturbed, &acknowledged).await, end_of(&calm, &undisturbed).await);
}

fn is_known(acknowledged: &BTreeMap<String, u64>, command: &Value) -> bool {
    command["id"].as_str().is_some_and(|id| acknowledged.contains_key(id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_killed_is_started_again_and_the_replay_goes_on() {
    let commands = replay();
    let commands = &commands[..600];
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    let mut acknowledged = BTreeMap::new();
    let mut next = 0;
    for kill in 1..=3 {
        next = play(&server, &commands[..150 * kill], next, &mut acknowledged).await;
        assert_eq!(next, 150 * kill);
        server.kill_database();
        // Meanwhile the answer is 503; the same commands are sent until the database is back.
        let limit = tokio::time::timeout(Duration::from_secs(60), async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            let upto = 150 * kill + 20;
            while next < upto {
                tick.tick().await;
                next = play(&server, &commands[..upto], next, &mut acknowledged).await;
            }
        });
        limit.await.expect("the database is started again");
    }
    assert_eq!(play(&server, commands, next, &mut acknowledged).await, commands.len());
    server.stop();
    end_of(&data, &acknowledged).await;
}
