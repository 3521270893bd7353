//! What the first entry of a ledger may say of the ledger before it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_ledger::{
    CertificateFile, Checkpoint, Claims, Entry, NoteKeyType, NoteSigner, Policy, PolicyLog, PolicyWitness,
    Receipt, SigningKey,
};
use databourse_merkle::{MemoryTree, inclusion_proof};
use databourse_party::Predecessor;
use databourse_primitives::{LeafIndex, Line, TreeSize};
use proptest::prelude::*;
use serde_json::value::RawValue;

const OLD: &str = "databourse.example/one";
const NEW: &str = "databourse.example/two";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn log() -> NoteSigner {
    NoteSigner::new(OLD, NoteKeyType::Ed25519, key(2)).unwrap()
}

fn witness(number: u8) -> NoteSigner {
    NoteSigner::new(format!("{OLD}/x{number}"), NoteKeyType::CosignatureV1, key(10 + number)).unwrap()
}

fn policy() -> Policy {
    let witness = |number| PolicyWitness {
        name: format!("x{number}"),
        key: witness(number).verifier_key().clone(),
        url: None,
    };
    let log = PolicyLog { key: log().verifier_key().clone(), url: None };
    Policy::more_than_two_thirds(vec![log], (0..4).map(witness).collect()).unwrap()
}

fn entry(entry_type: &str, body: &str) -> Entry {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id: "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap(),
        exchange: "x0".parse().unwrap(),
        issued_at_s: 1_795_315_652,
        on_behalf_of: None,
        body: RawValue::from_string(body.to_owned()).unwrap(),
    };
    Entry::sign(&claims, &key(1)).unwrap()
}

/// A ledger of `before` leaves, then `entry`, then `after` leaves; cosigned by so many of four.
fn ended(entry: Entry, before: u64, after: u64, cosigner_count: u8) -> Predecessor {
    let mut tree = MemoryTree::new();
    tree.extend((0..before).map(|leaf| databourse_merkle::leaf_hash(&leaf.to_be_bytes())));
    tree.extend([entry.leaf_hash()]);
    tree.extend((0..after).map(|leaf| databourse_merkle::leaf_hash(&leaf.to_le_bytes())));
    let checkpoint = Checkpoint { origin: OLD.to_owned(), size: TreeSize(tree.size()), root: tree.root() };
    let mut signed = checkpoint.sign(&log()).unwrap();
    for number in 0..cosigner_count {
        signed.cosign(&witness(number), 1_795_315_660).unwrap();
    }
    let proof = inclusion_proof(before, tree.size(), &tree).unwrap();
    let receipt = Receipt { extra: None, index: LeafIndex(before), proof, checkpoint: signed };
    let file = CertificateFile { entry, author_key: key(1).public_key(), receipt };
    Predecessor::new(&policy(), &file).unwrap()
}

fn closing() -> Entry {
    entry("ledger.close", &format!(r#"{{"successor":"{NEW}","reason":"a new law"}}"#))
}

#[track_caller]
fn check(predecessor: &Predecessor, successor: &str, failing: Option<&str>) {
    let successor: Line = successor.parse().unwrap();
    let refused = predecessor.verify(&successor).err();
    let refused = refused.map(|refusal| (refusal.code.as_str(), refusal.field.to_string()));
    assert_eq!(refused, failing.map(|field| ("predecessor.invalid", field.to_owned())));
}

#[test]
fn a_predecessor_is_proven_by_its_last_entry_under_its_final_checkpoint() {
    let good = ended(closing(), 6, 0, 3);
    check(&good, NEW, None);
    assert_eq!(good.verify(&NEW.parse().unwrap()).unwrap(), good.end());
    let with = |change: &dyn Fn(&mut Predecessor)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    // Another ledger than the one that it names.
    check(&good, "databourse.example/three", Some("entry"));
    check(&good, OLD, Some("origin"));
    // Not final, not the last entry, not the entry that ends a ledger, not for this one.
    check(&ended(closing(), 6, 0, 2), NEW, Some("receipt"));
    check(&ended(closing(), 6, 1, 3), NEW, Some("entry"));
    check(&ended(entry("product.list", r#"{"successor":"x"}"#), 6, 0, 3), NEW, Some("entry"));
    let other = entry("ledger.close", r#"{"successor":"databourse.example/three","reason":"r"}"#);
    check(&ended(other, 6, 0, 3), NEW, Some("entry"));
    // What it says in short is what the checkpoint says.
    check(&with(&|one| one.origin = "databourse.example/zero".parse().unwrap()), NEW, Some("origin"));
    check(&with(&|one| one.size = TreeSize(8)), NEW, Some("size"));
    check(&with(&|one| one.root = databourse_primitives::Digest::of(b"")), NEW, Some("root"));
    // The parts.
    check(&with(&|one| one.author_key = key(9).public_key()), NEW, Some("receipt"));
    check(&with(&|one| one.entry.push('A')), NEW, Some("entry"));
    check(&with(&|one| one.receipt.clear()), NEW, Some("receipt"));
    check(&with(&|one| one.policy.clear()), NEW, Some("policy"));
    // A policy that asks for less than the region's own rule.
    let lax = |one: &mut Predecessor| one.policy = one.policy.replace("thirds 3 ", "thirds 1 ");
    check(&with(&lax), NEW, Some("policy"));
    let lax = |one: &mut Predecessor| {
        one.policy = one
            .policy
            .lines()
            .filter(|line| line.starts_with("log"))
            .map(|line| format!("{line}\n"))
            .collect();
        one.policy.push_str("quorum none\n");
    };
    check(&with(&lax), NEW, Some("policy"));
    // One JSON form.
    let json = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<Predecessor>(&json).unwrap(), good);
    assert!(serde_json::from_str::<Predecessor>(&json.replacen('{', r#"{"more":1,"#, 1)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever the size of the ledger and however many cosigned: it is proven exactly if the entry is the last leaf and
    /// more than two thirds cosigned.
    #[test]
    fn only_a_final_last_entry_proves_an_end(before in 0..40_u64, after in 0..3_u64, cosigners in 0..=4_u8) {
        let holds = ended(closing(), before, after, cosigners).verify(&NEW.parse().unwrap()).is_ok();
        prop_assert_eq!(holds, after == 0 && cosigners >= 3);
    }

    /// No byte of the receipt can be changed without being noticed.
    #[test]
    fn a_changed_receipt_proves_nothing(position in any::<prop::sample::Index>(), flip in 1..128_u8) {
        let mut changed = ended(closing(), 6, 0, 3);
        let mut bytes = changed.receipt.clone().into_bytes();
        let position = position.index(bytes.len());
        bytes[position] ^= flip;
        if let Ok(receipt) = String::from_utf8(bytes) {
            changed.receipt = receipt;
            let verified = changed.verify(&NEW.parse().unwrap());
            // A line of nobody known is ignored, and one cosignature of three is not spare.
            prop_assert!(verified.is_err());
        }
    }
}
