//! A snapshot: ordered, written after its block, attested, proven, and begun from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_exchange::{Acting, Entropy, Node, NodeKeys, Running};
use databourse_ledger::{NoteKeyType, Policy, PolicyLog, Quorum, SigningKey, VerifierKey};
use databourse_market::{ProvenEntry, SnapshotProof, SnapshotProofError, VerifiedSnapshot};
use databourse_merkle::Hash;
use databourse_party::Snapshot;
use databourse_primitives::Height;
use databourse_store::{ExpectedState, Store};
use databourse_testkit::{ScratchFolder, TestDatabase};
use serde_json::json;
use std::path::PathBuf;
use support::{alone, certify, command, eventually, one, party};

async fn start(database: &TestDatabase, folder: Option<PathBuf>) -> (Node, Running) {
    Store::migrate(database.config()).await.unwrap();
    let mut config = alone("sh", database.config());
    config.snapshot_folder = folder;
    Node::start(config, &NodeKeys::generate(&Entropy::seeded(1)).unwrap()).await.unwrap()
}

/// Orders a snapshot, waits until it is attested and its proof can be given, and says its height.
async fn snapshot(node: &Node, number: u64) -> Height {
    let order = command(number, Acting::Exchange, "snapshot.order", &json!({}));
    let ordered = one(node, order).await.unwrap();
    let height = Height(ordered.height.0 + 2);
    for more in 1..=2 {
        one(node, certify(number + more, &format!("company {}", number + more))).await.unwrap();
    }
    eventually("the snapshot is proven", async || node.snapshot_proof(height).await.unwrap().is_some()).await;
    height
}

fn files(folder: &ScratchFolder) -> Vec<String> {
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_by_key(|name| name.split('.').next().and_then(|height| height.parse::<u64>().ok()));
    names
}

fn expected(verified: &VerifiedSnapshot) -> ExpectedState {
    ExpectedState {
        height: verified.height,
        tree_size: verified.content.tree_size.0,
        root: Hash::from_bytes(*verified.root.as_bytes()),
        row_count: verified.content.row_count,
        digest: verified.content.digest,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_written_attested_and_proven_and_another_node_goes_on_from_it() {
    let (database, folder) = (TestDatabase::create().await, databourse_testkit::scratch_folder());
    let (node, running) = start(&database, Some(folder.path().to_owned())).await;
    let height = snapshot(&node, 10).await;
    // A restart between order and block does not forget it.
    let second = {
        let ordered = one(&node, command(20, Acting::Exchange, "snapshot.order", &json!({}))).await.unwrap();
        running.stop().await;
        Height(ordered.height.0 + 2)
    };
    let (node, running) = start(&database, Some(folder.path().to_owned())).await;
    for number in [21, 22] {
        one(&node, certify(number, &format!("company {number}"))).await.unwrap();
    }
    eventually("the second is proven", async || node.snapshot_proof(second).await.unwrap().is_some()).await;
    assert_eq!(files(&folder), [format!("{height}.snapshot"), format!("{second}.snapshot")]);

    let policy: Policy = node.policy().parse().unwrap();
    let proof = node.snapshot_proof(height).await.unwrap().unwrap();
    let proof = SnapshotProof::parse(proof.to_string().as_bytes()).unwrap();
    let verified = proof.verify(&policy).unwrap();
    assert_eq!((verified.height, verified.attested_by.len()), (height, 1));

    let other = TestDatabase::create().await;
    Store::migrate(other.config()).await.unwrap();
    let file = std::fs::read(folder.path().join(format!("{height}.snapshot"))).unwrap();
    Store::read_state(other.config(), &mut &file[..], &expected(&verified), None).await.unwrap();
    let (follower, followed) = start(&other, None).await;
    assert_eq!(follower.published().height, height);
    assert!(party(&follower, 12).await.is_some() && party(&follower, 21).await.is_none());
    one(&follower, certify(30, "one more")).await.unwrap();
    assert_eq!(follower.published().height, height.next());
    followed.stop().await;

    // The third drives the first out.
    let third = snapshot(&node, 40).await;
    eventually("two files are left", async || files(&folder).len() == 2).await;
    assert_eq!(files(&folder), [format!("{second}.snapshot"), format!("{third}.snapshot")]);
    running.stop().await;
}

/// A folder that cannot be written to costs the snapshot and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_does_not_stop_the_node() {
    let (database, folder) = (TestDatabase::create().await, databourse_testkit::scratch_folder());
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let (node, running) = start(&database, Some(file.join("folder"))).await;
    let ordered = one(&node, command(10, Acting::Exchange, "snapshot.order", &json!({}))).await.unwrap();
    for number in 11..20 {
        one(&node, certify(number, &format!("company {number}"))).await.unwrap();
    }
    let height = Height(ordered.height.0 + 2);
    assert!(node.snapshot_proof(height).await.unwrap().is_none());
    let known = node.store().get::<Snapshot>(&height.to_string()).await.unwrap().unwrap();
    assert!(known.attestations.is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_was_altered_proves_nothing() {
    let (database, folder) = (TestDatabase::create().await, databourse_testkit::scratch_folder());
    let (node, running) = start(&database, Some(folder.path().to_owned())).await;
    let height = snapshot(&node, 10).await;
    let policy: Policy = node.policy().parse().unwrap();
    let proof = node.snapshot_proof(height).await.unwrap().unwrap();
    proof.verify(&policy).unwrap();
    let at = async |place: u64| ProvenEntry {
        entry: String::from_utf8(node.store().entry(place).await.unwrap().unwrap().bytes).unwrap(),
        receipt: node.receipt(databourse_primitives::LeafIndex(place)).await.unwrap().unwrap(),
    };
    let (first, founding) = (at(0).await, at(1).await);
    let attested = proof.attestations[0].clone();
    let swapped = ProvenEntry { entry: founding.entry.clone(), receipt: attested.receipt.clone() };
    use SnapshotProofError as E;
    let check = |name: &str, header: &ProvenEntry, said: Vec<ProvenEntry>, accept: fn(&E) -> bool| {
        let error = SnapshotProof::new(header.clone(), said).verify(&policy).unwrap_err();
        assert!(accept(&error), "{name}: {error}");
    };
    let header = &proof.header;
    let is_unfit = |error: &E| matches!(error, E::Unfit { .. });
    let is_untrue = |error: &E| matches!(error, E::Entry { .. });
    check("nobody attested", header, Vec::new(), |error| {
        matches!(error, E::TooFew { attested: 0, needed: 1 })
    });
    check("a header of another block", &first, vec![attested.clone()], is_unfit);
    check("no header", &attested, vec![attested.clone()], is_unfit);
    check("no attestation", header, vec![founding], is_unfit);
    check("another entry's receipt", header, vec![swapped], is_untrue);
    let word = attested.entry.replacen('.', ".A", 1);
    check("another word", header, vec![ProvenEntry { entry: word, ..attested.clone() }], is_untrue);

    let nobody = Policy::new(policy.logs().to_vec(), Vec::new(), Vec::new(), Quorum::None).unwrap();
    assert_eq!(proof.verify(&nobody), Err(E::TooFew { attested: 0, needed: 1 }), "exchanges of no policy");
    let key = SigningKey::from_seed([9; 32]).public_key();
    let key = VerifierKey::new("databourse.example/delta", NoteKeyType::Ed25519, key).unwrap();
    let stranger = PolicyLog { key, url: None };
    let strangers = Policy::new(vec![stranger], Vec::new(), Vec::new(), Quorum::None).unwrap();
    assert!(matches!(proof.verify(&strangers), Err(E::Entry { .. })), "a log that is not trusted");
    let text = proof.to_string();
    for bad in [text.replace("@v1", "@v2"), text.replace("\"header\"", "\"Header\""), String::new()] {
        assert!(SnapshotProof::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    running.stop().await;
}
