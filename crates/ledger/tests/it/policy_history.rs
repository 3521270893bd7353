//! Keys that were replaced: what they signed stays good, and nothing new is.

use crate::support::{ORIGIN, checkpoint, key};
use databourse_ledger::{
    Checkpoint, HistoryError, NoteKeyType, NoteSigner, Policy, PolicyHistory, PolicyLog, PolicyPeriod,
    PolicyWitness, SignedCheckpoint,
};
use databourse_primitives::TreeSize;
use proptest::prelude::*;

fn log(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, key(seed)).unwrap()
}

fn witness(seed: u8) -> NoteSigner {
    NoteSigner::new(format!("{ORIGIN}/sh"), NoteKeyType::CosignatureV1, key(seed)).unwrap()
}

/// A region of one whose keys are of these seeds.
fn policy(log_seed: u8, witness_seed: u8) -> Policy {
    let log = PolicyLog { key: log(log_seed).verifier_key().clone(), url: None };
    let key = witness(witness_seed).verifier_key().clone();
    Policy::more_than_two_thirds(vec![log], vec![PolicyWitness { name: "sh".to_owned(), key, url: None }])
        .unwrap()
}

fn period(above: u64, log_seed: u8, witness_seed: u8) -> PolicyPeriod {
    PolicyPeriod { above_size: TreeSize(above), policy: policy(log_seed, witness_seed) }
}

/// The log's key is replaced after 10 leaves, the witness's after 20.
fn history() -> PolicyHistory {
    PolicyHistory::new(vec![period(0, 1, 2), period(10, 3, 2), period(20, 3, 4)]).unwrap()
}

fn signed(size: u64, log_seed: u8, witness_seed: u8) -> SignedCheckpoint {
    let checkpoint = Checkpoint { size: TreeSize(size), ..checkpoint() };
    let mut signed = checkpoint.sign(&log(log_seed)).unwrap();
    signed.cosign(&witness(witness_seed), 1).unwrap();
    signed
}

#[test]
fn what_a_replaced_key_signed_before_stays_good_and_nothing_after() {
    let check = |size, log_seed, witness_seed, holds| {
        let verdict = history().check(&signed(size, log_seed, witness_seed));
        assert_eq!(verdict.is_ok(), holds, "{size} {log_seed} {witness_seed}");
    };
    check(1, 1, 2, true);
    check(10, 1, 2, true);
    check(11, 1, 2, false);
    check(11, 3, 2, true);
    check(10, 3, 2, false);
    check(20, 3, 2, true);
    check(21, 3, 2, false);
    check(21, 3, 4, true);
    check(1_000_000, 3, 4, true);
    check(20, 3, 4, false);
    assert_eq!(history().at(TreeSize(0)), None);
}

#[test]
fn retired_keys_are_named_with_the_size_from_which_they_sign_no_more() {
    let retired: Vec<_> =
        history().retired().into_iter().map(|one| (one.key.key_bytes().to_vec(), one.until_size.0)).collect();
    assert_eq!(
        retired,
        [(key(1).public_key().as_bytes().to_vec(), 10), (key(2).public_key().as_bytes().to_vec(), 20)]
    );
}

#[test]
fn a_history_reads_back_and_has_no_gap_and_no_order_but_its_own() {
    assert_eq!(history().to_string().parse::<PolicyHistory>().unwrap(), history());
    let check = |periods| assert_eq!(PolicyHistory::new(periods), Err(HistoryError::Periods));
    check(vec![]);
    check(vec![period(1, 1, 2)]);
    check(vec![period(0, 1, 2), period(0, 3, 4)]);
    check(vec![period(0, 1, 2), period(9, 3, 4), period(5, 1, 2)]);
    let same = PolicyHistory::new(vec![period(0, 1, 2), period(5, 1, 2)]).unwrap();
    assert_eq!(same.periods().len(), 1);
    assert!(matches!("{}".parse::<PolicyHistory>(), Err(HistoryError::Malformed(_))));
    let unknown = history().to_string().replacen("\"policy\"", "\"more\":1,\"policy\"", 1);
    assert!(unknown.parse::<PolicyHistory>().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// At every size exactly one pair of keys is good, and it is the one in force there.
    #[test]
    fn at_every_size_the_keys_in_force_there_sign_and_no_others(size in 1..40_u64, log_seed in 1..4_u8, witness_seed in 2..5_u8) {
        let in_force = match size { 1..=10 => (1, 2), 11..=20 => (3, 2), _ => (3, 4) };
        prop_assert_eq!(history().check(&signed(size, log_seed, witness_seed)).is_ok(), (log_seed, witness_seed) == in_force);
    }
}
