//! All keys of an exchange are replaced while the region works.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_audit::Auditor;
use databourse_exchange::{Acting, End, Entropy, Node, NodeKeys, Running, Submission};
use databourse_ledger::{Policy, PolicyHistory, Receipt, SignedCheckpoint};
use databourse_party::{KeyPurpose, NewKey};
use databourse_primitives::{LeafIndex, TreeSize};
use databourse_testkit::TestDatabase;
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
use support::{ORIGIN, Region, alone, certify, command, eventually, id, one, party};

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

/// The proposal of `code` to sign with these keys of `new` from now on.
fn replace_keys(number: u64, code: &str, new: &NodeKeys) -> Submission {
    let (origin, exchange) = (ORIGIN.parse().unwrap(), code.parse().unwrap());
    let keys = [
        (KeyPurpose::Entry, new.entry_key()),
        (KeyPurpose::Checkpoint, new.checkpoint_key()),
        (KeyPurpose::Cosignature, new.cosignature_key()),
        (KeyPurpose::Consensus, new.consensus_key()),
    ];
    let proven: serde_json::Map<_, _> = keys
        .iter()
        .map(|(purpose, key)| {
            let new = NewKey::prove(&origin, &exchange, *purpose, key);
            (purpose.as_str().to_owned(), serde_json::to_value(new).unwrap())
        })
        .collect();
    let change = json!({ "name": "replace_keys", "exchange": code, "keys": proven });
    command(number, Acting::Exchange, "member.propose", &json!({ "change": change }))
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
    region.insist("js", || replace_keys(2, "js", &new)).await;
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

fn shown(node: &Node) -> SignedCheckpoint {
    SignedCheckpoint::parse(node.published().checkpoint.as_bytes()).unwrap()
}

/// Starts a node alone with keys that are not the ones that it needs, and says why it ended.
async fn refused(database: &TestDatabase, keys: &NodeKeys) -> String {
    let (_node, mut running) = match Node::start(alone("sh", database.config()), keys).await {
        Ok(started) => started,
        Err(error) => return error.to_string(),
    };
    let reason = why(&mut running).await;
    running.stop().await;
    reason
}

async fn why(running: &mut Running) -> String {
    match running.ended().await {
        End::Broken(reason) => reason,
        end => panic!("{end:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_alone_replaces_all_of_its_keys_and_each_checkpoint_is_judged_by_those_of_its_height() {
    let database = TestDatabase::create().await;
    databourse_store::Store::migrate(database.config()).await.unwrap();
    let folder = databourse_testkit::scratch_folder();
    let (old, new) = (NodeKeys::generate(&Entropy::seeded(1)).unwrap(), exchanged(folder.path(), 1, 101));
    let start = async |keys| Node::start(alone("sh", database.config()), keys).await.unwrap();
    let (node, mut running) = start(&old).await;
    let before = one(&node, certify(1, "before")).await.unwrap();
    let old_receipt =
        Receipt::parse(node.receipt(before.leaf_index).await.unwrap().unwrap().as_bytes()).unwrap();
    let old_policy = node.policy();

    // Accepted by its own vote. It makes the last block of the old keys, and no block that would need the new ones.
    let accepted = one(&node, replace_keys(2, "sh", &new)).await.unwrap();
    let reason = why(&mut running).await;
    assert!(reason.contains("entry, checkpoint, cosignature"), "{reason}");
    let last = shown(&node);
    assert_eq!(
        (node.published().height, last.checkpoint.size),
        (accepted.height.next(), TreeSize(accepted.leaf_index.0 + 2))
    );
    assert_eq!(history(&node).await.to_string().matches("above_size").count(), 1, "none is in force yet");
    running.stop().await;
    drop(node);
    assert_eq!(refused(&database, &old).await, reason, "the old keys make no block more");

    let (node, running) = start(&new).await;
    assert_eq!(shown(&node), last, "what was shown is not taken back");
    let after = one(&node, certify(3, "after")).await.unwrap();
    assert_eq!(after.height, accepted.height.next().next());
    let (now, history) = (shown(&node), history(&node).await);
    let policy: Policy = node.policy().parse().unwrap();
    for signed in [&old_receipt.checkpoint, &last, &now] {
        history.check(signed).unwrap();
        let at = node.policy_at(signed.checkpoint.size).await.unwrap().unwrap();
        assert_eq!(at == old_policy, signed != &now, "{at}");
    }
    policy.check(&now).unwrap();
    assert!(policy.check(&last).is_err() && old_policy.parse::<Policy>().unwrap().check(&now).is_err());
    let retired = history.retired();
    assert_eq!(retired.len(), 2);
    assert!(retired.iter().all(|retired| retired.until_size == last.checkpoint.size));

    // Who executes everything again comes to the same keys.
    let mut auditor = Auditor::new();
    for entry in node.store().entries(0, 100).await.unwrap() {
        auditor.feed(&entry);
    }
    assert_eq!(auditor.members_policy(), Some(policy));
    assert_eq!((auditor.judge(&now).findings, auditor.findings().len()), (Vec::new(), 0));
    running.stop().await;
}
