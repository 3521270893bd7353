//! All keys of an exchange are replaced while the region works.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_exchange::{Acting, Entropy, Node, NodeKeys};
use databourse_ledger::{Policy, PolicyHistory, Receipt, SignedCheckpoint};
use databourse_party::{KeyPurpose, NewKey};
use databourse_primitives::{LeafIndex, TreeSize};
use serde_json::json;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use support::{ORIGIN, Region, certify, command, eventually, id, one, party};

/// The four keys of `new` that stand in the ledger, and the others of `old`: what an operator does to the key file.
fn exchanged(folder: &Path, old: u64, new: u64) -> NodeKeys {
    let file = |name: &str, seed| {
        let path = folder.join(name);
        NodeKeys::load_or_generate(&path, &Entropy::seeded(seed)).unwrap();
        std::fs::read_to_string(path).unwrap()
    };
    let (old, new) = (file("old.toml", old), file("new.toml", new));
    let replaced = ["entry_key", "checkpoint_key", "cosignature_key", "consensus_key"];
    let line = |line: &&str| replaced.iter().any(|name| line.starts_with(name));
    let kept = old.lines().filter(|text| !line(text));
    let text: String = kept.chain(new.lines().filter(line)).map(|text| format!("{text}\n")).collect();
    let path = folder.join("keys.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    NodeKeys::load(&path).unwrap()
}

async fn load(node: Node, ends: Arc<AtomicBool>) -> u64 {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut count = 0;
    for number in 10_000.. {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        match one(&node, certify(number, &format!("p{number}"))).await {
            Ok(_) => count += 1,
            Err(_) => _ = tick.tick().await,
        }
    }
    count
}

async fn history(node: &Node) -> PolicyHistory {
    node.policy_history().await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_replaced_under_load_and_what_the_old_ones_signed_stays_good() {
    let mut region = Region::start(&["ah", "js", "sh", "zj"]).await;
    let before = region.insist("js", || certify(1, "before")).await;
    eventually("js shows it", async || region.node("js").published().size.0 > before.leaf_index.0).await;
    let old_receipt = region.node("js").receipt(before.leaf_index).await.unwrap().unwrap();
    let old_policy = region.node("js").policy();
    let ends = Arc::new(AtomicBool::new(false));
    let loading = tokio::spawn(load(region.node("ah").clone(), Arc::clone(&ends)));

    let folder = databourse_testkit::scratch_folder();
    let new = exchanged(folder.path(), 1, 101);
    let (origin, js) = (ORIGIN.parse().unwrap(), "js".parse().unwrap());
    let keys = [
        (KeyPurpose::Entry, new.entry_key()),
        (KeyPurpose::Checkpoint, new.checkpoint_key()),
        (KeyPurpose::Cosignature, new.cosignature_key()),
        (KeyPurpose::Consensus, new.consensus_key()),
    ];
    let proven: serde_json::Map<_, _> = keys
        .iter()
        .map(|(purpose, key)| {
            let new = NewKey::prove(&origin, &js, *purpose, key);
            (purpose.as_str().to_owned(), serde_json::to_value(new).unwrap())
        })
        .collect();
    let change = json!({ "name": "replace_keys", "exchange": "js", "keys": proven });
    region
        .insist("js", || command(2, Acting::Exchange, "member.propose", &json!({ "change": change })))
        .await;
    for (number, code) in [(3, "ah"), (4, "sh")] {
        let vote = json!({ "proposal": id(2), "approve": true });
        eventually("the proposal is known there", async || {
            one(region.node(code), command(number, Acting::Exchange, "member.vote", &vote)).await.is_ok()
        })
        .await;
    }
    region.stop_one("js").await;
    region.replace_keys("js", new);
    region.start_one("js").await;
    eventually("js signs with its new keys", async || {
        one(region.node("js"), certify(5, "after")).await.is_ok()
    })
    .await;

    // With one more away, its new keys are needed: for votes and for final checkpoints.
    region.stop_one("zj").await;
    region.insist("ah", || certify(6, "three of four")).await;
    ends.store(true, Ordering::Relaxed);
    assert!(loading.await.unwrap() > 0, "business went on");
    region.start_one("zj").await;
    eventually("zj follows", async || party(region.node("zj"), 6).await.is_some()).await;

    let node = region.node("zj");
    eventually("zj shows it", async || history(node).await.retired().len() == 2).await;
    let history = history(node).await;
    let stored = node.store().entry(before.leaf_index.0).await.unwrap().unwrap();
    let receipt = Receipt::parse(old_receipt.as_bytes()).unwrap();
    let size = receipt.checkpoint.checkpoint.size;
    // As of then, under the policy of then: from the file of then, from the history, and asked for by size.
    receipt.verify(stored.leaf_hash, &old_policy.parse().unwrap()).unwrap();
    history.check(&receipt.checkpoint).unwrap();
    assert_eq!(node.policy_at(size).await.unwrap().unwrap(), old_policy);
    assert_eq!(node.policy_at(TreeSize(u64::MAX)).await.unwrap(), None);
    // As of now, under the policy of now, in which no retired key is.
    let shown = SignedCheckpoint::parse(node.published().checkpoint.as_bytes()).unwrap();
    let now: Policy = node.policy().parse().unwrap();
    now.check(&shown).unwrap();
    history.check(&shown).unwrap();
    assert_eq!(history.at(shown.checkpoint.size), Some(&now));
    for retired in history.retired() {
        assert!(old_policy.contains(&retired.key.to_string()));
        assert!(!now.to_string().contains(&retired.key.to_string()));
        assert!(size < retired.until_size && retired.until_size < shown.checkpoint.size);
        assert!(!shown.signatures.iter().any(|line| retired.key.claims(line)), "it signed once more");
    }
    // The same entry has a receipt of now.
    let again = node.receipt(LeafIndex(before.leaf_index.0)).await.unwrap().unwrap();
    Receipt::parse(again.as_bytes()).unwrap().verify(stored.leaf_hash, &now).unwrap();
    region.stop().await;
}
