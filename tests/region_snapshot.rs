//! A node that lost its disk begins from a snapshot that the others vouch for, instead of from the first block.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod region_support;

use region_support::{
    RETURN_LIMIT, Region,
    dice::{Dice, seed},
    node::{Node, databourse},
};
use serde_json::Value;
use std::{fs, path::Path, process::Output};

/// Runs `databourse region snapshot …` as the exchange of `node`.
async fn snapshot(node: &Node, words: &[&str]) -> Output {
    let mut command = databourse();
    command.args(["region", "snapshot"]).args(words);
    command.arg("--config").arg(node.folder.join("databourse.toml")).current_dir(&node.folder);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn must(node: &Node, words: &[&str]) -> String {
    let done = snapshot(node, words).await;
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_disk_goes_on_from_a_snapshot() {
    let seed = seed();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut region, load) = Region::opened(&mut dice).await;
    let clients = load.start(4, &mut dice);

    // Ordered under load; every node writes one, and more than two thirds say the same of it.
    println!("{}", must(&region.nodes[1], &["order"]).await);
    let attested = async {
        loop {
            let listed: Value =
                serde_json::from_str(&must(&region.nodes[0], &["list", "--json"]).await).unwrap();
            let one = &listed[0];
            if one["state"]["name"] == "attested" && one["attestations"].as_object().unwrap().len() == 4 {
                return one["height"].as_u64().unwrap();
            }
            tokio::time::sleep(region_support::LOOK_PAUSE).await;
        }
    };
    let taken_at = tokio::time::timeout(RETURN_LIMIT, attested).await.expect("an attested snapshot");
    load.finish();
    clients.join_all().await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;

    // From one exchange the file and its proof, and the policy that everybody has.
    let scratch = databourse_testkit::scratch_folder();
    let [file, proof, policy, damaged] =
        ["state", "proof.json", "policy.txt", "damaged"].map(|name| scratch.path().join(name));
    fs::write(&proof, must(&region.nodes[0], &["prove", &taken_at.to_string()]).await).unwrap();
    fs::write(&policy, region.nodes[3].access.client.policy().await.unwrap().0).unwrap();
    let name = format!("data/snapshots/{taken_at}.snapshot");
    fs::copy(region.nodes[0].folder.join(&name), &file).unwrap();
    println!("snapshot of height {taken_at}: {} bytes", fs::metadata(&file).unwrap().len());

    region.nodes[2].lose_disk();
    load.sell(&[0, 1, 3], 10, &mut dice).await;
    let lost_at = region.height(0).await;

    // A file with one byte changed leaves the database empty; the right one fills it, once.
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let lost = &region.nodes[2];
    let trusting = ["--proof", text(&proof), "--policy", text(&policy)];
    let refused = snapshot(lost, &[&["read", text(&damaged)][..], &trusting[..]].concat()).await;
    assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
    let read = [&["read", text(&file)][..], &trusting[..]].concat();
    println!("{}", must(lost, &read).await);
    let again = snapshot(lost, &read).await;
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && why.contains("not empty"), "{why}");

    region.rejoins((2, lost_at), &load, &[0, 1, 3], &mut dice).await;
    load.sell(&[0, 1, 2, 3], 5, &mut dice).await;
    region.level(&[0, 1, 2, 3], load.last_leaf()).await;

    region.ends_well(&load).await;
}
