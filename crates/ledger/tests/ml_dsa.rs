//! ML-DSA-44 cosignatures (C2SP tlog-cosignature, type 0x06), judged by a program of others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_ledger::{
    Checkpoint, ML_DSA_44_KEY_BYTES, ML_DSA_44_SIGNATURE_BYTES, MlDsaKey, NoteError, NoteKeyType, NoteSigner,
    Policy, PolicyLog, PolicyWitness, SignedCheckpoint, SigningKey, VerifierKey,
};
use databourse_primitives::TreeSize;
use databourse_testkit::outside::{alone_in, must, python};
use proptest::prelude::*;
use std::{path::Path, process::Command};

const ORIGIN: &str = "databourse.example/yangtze";
const NAME: &str = "databourse.example/yangtze/sh";
const TIME_S: u64 = 1_795_315_652;

fn seed() -> [u8; 32] {
    std::array::from_fn(|place| u8::try_from(place).unwrap())
}

fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, SigningKey::from_seed([2; 32])).unwrap()
}

fn witness() -> NoteSigner {
    NoteSigner::ml_dsa(NAME, MlDsaKey::from_seed(seed())).unwrap()
}

fn checkpoint() -> Checkpoint {
    let root = databourse_merkle::leaf_hash(b"one");
    Checkpoint { origin: ORIGIN.to_owned(), size: TreeSize(1), root }
}

fn signed() -> SignedCheckpoint {
    let mut signed = checkpoint().sign(&log()).unwrap();
    signed.cosign(&witness(), TIME_S).unwrap();
    signed
}

/// The message of the specification, put together here a second time.
fn message(time_s: u64) -> Vec<u8> {
    let mut message = b"subtree/v1\n\0".to_vec();
    message.push(29);
    message.extend(NAME.as_bytes());
    message.extend(time_s.to_be_bytes());
    message.push(26);
    message.extend(ORIGIN.as_bytes());
    message.extend(0_u64.to_be_bytes());
    message.extend(1_u64.to_be_bytes());
    message.extend(checkpoint().root.as_bytes());
    message
}

#[test]
fn the_key_of_a_seed_is_what_another_program_computes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/ledger/ml-dsa-44.json");
    let vector: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let bytes = |name: &str| hex::decode(vector[name].as_str().unwrap()).unwrap();
    let key = MlDsaKey::from_seed(bytes("seed").try_into().unwrap());
    assert_eq!(key.public_bytes(), bytes("public_key"));
    assert_eq!(key.public_bytes().len(), ML_DSA_44_KEY_BYTES);
}

#[test]
fn a_line_holds_a_time_and_a_signature_and_its_key_reads_back() {
    let signed = signed();
    let line = &signed.signatures[1];
    assert_eq!(line.bytes.len(), 8 + ML_DSA_44_SIGNATURE_BYTES);
    let key = witness().verifier_key().clone();
    assert_eq!(key.key_type(), NoteKeyType::MlDsa44);
    assert_eq!(key.to_string().parse::<VerifierKey>().unwrap(), key);
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(read, signed);
    let verified = read.verify(&[key]).unwrap();
    assert_eq!((verified[0].name.as_str(), verified[0].time_s), (NAME, Some(TIME_S)));
}

#[test]
fn a_policy_counts_it_and_a_log_is_not_one() {
    let log = PolicyLog { key: log().verifier_key().clone(), url: None };
    let key = witness().verifier_key().clone();
    let witness = PolicyWitness { name: "sh".to_owned(), key: key.clone(), url: None };
    let policy = Policy::more_than_two_thirds(vec![log.clone()], vec![witness]).unwrap();
    assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    assert_eq!(policy.check(&signed()).unwrap().witnesses[0].name, "sh");
    let as_log = PolicyLog { key, url: None };
    assert!(Policy::more_than_two_thirds(vec![as_log], vec![]).is_err());
    assert!(policy.check(&checkpoint().sign(&self::log()).unwrap()).is_err());
}

#[test]
fn a_key_has_one_use_and_one_size() {
    assert_eq!(witness().sign("text\n").unwrap_err(), NoteError::KeyTypeUnfit);
    let ed25519 = SigningKey::from_seed([1; 32]);
    assert_eq!(NoteSigner::new(NAME, NoteKeyType::MlDsa44, ed25519).unwrap_err(), NoteError::KeyMalformed);
    let long = NoteSigner::ml_dsa("n".repeat(256), MlDsaKey::from_seed(seed()));
    assert_eq!(long.unwrap_err(), NoteError::NameInvalid);
    let late = signed().cosign(&witness(), 1 << 63);
    assert!(late.is_err());
}

/// A program of others signs what we verify, and verifies what we sign.
#[test]
fn another_implementation_agrees_in_both_directions() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ml-dsa");
    let python = {
        let _lock = alone_in(&folder);
        python(&folder, &["dilithium-py==1.5.1"], &[])
    };
    let script = "
import sys
from dilithium_py.ml_dsa import ML_DSA_44
seed, message, ours = (bytes.fromhex(text) for text in sys.argv[1:])
public, secret = ML_DSA_44.key_derive(seed)
assert ML_DSA_44.verify(public, message, ours), 'ours'
assert not ML_DSA_44.verify(public, message + b'x', ours), 'another message'
print(public.hex())
print(ML_DSA_44.sign(secret, message).hex())
";
    let mut signed = signed();
    let ours = &signed.signatures[1].bytes[8..];
    let mut judge = Command::new(python);
    judge.args(["-c", script]).args([hex::encode(seed()), hex::encode(message(TIME_S)), hex::encode(ours)]);
    let printed = String::from_utf8(must(&mut judge).stdout).unwrap();
    let [public, theirs] = printed.lines().collect::<Vec<_>>()[..] else { panic!("{printed}") };
    let key = witness().verifier_key().clone();
    assert_eq!(hex::decode(public).unwrap(), key.key_bytes());
    let theirs = hex::decode(theirs).unwrap();
    signed.signatures[1].bytes = [TIME_S.to_be_bytes().as_slice(), &theirs].concat();
    assert!(signed.verify(std::slice::from_ref(&key)).is_ok());
    signed.signatures[1].bytes = [(TIME_S + 1).to_be_bytes().as_slice(), &theirs].concat();
    assert!(signed.verify(&[key]).is_err(), "another time");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// No byte of a line, and nothing of what is signed, can be changed.
    #[test]
    fn what_is_changed_does_not_verify(position in 0..8 + ML_DSA_44_SIGNATURE_BYTES, flip in 1..=255_u8, size in 2..9_u64) {
        let key = [witness().verifier_key().clone()];
        let mut changed = signed();
        changed.signatures[1].bytes[position] ^= flip;
        prop_assert!(changed.verify(&key).is_err());
        let mut changed = signed();
        changed.checkpoint.size = TreeSize(size);
        prop_assert!(changed.verify(&key).is_err());
        let mut cut = signed();
        cut.signatures[1].bytes.truncate(position);
        prop_assert!(cut.verify(&key).is_err());
    }
}
