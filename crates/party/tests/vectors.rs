//! The file tests/vectors/party/possession.json, which programs of other languages that sign or check such proofs read
//! too. It is compared with what the fixed seeds give; `UPDATE_VECTORS=1` writes it anew, for a reviewer to look at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_ledger::SigningKey;
use databourse_party::{KeyPurpose, NewKey, PossessionProof};
use databourse_primitives::{ExchangeCode, Line, PublicKey};
use serde::{Deserialize, Serialize};
use std::fs;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/party/possession.json");
const ORIGIN: &str = "databourse.example/delta";

/// What is claimed, and whether the proof shows it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    origin: Line,
    exchange: ExchangeCode,
    purpose: KeyPurpose,
    key: PublicKey,
    /// The bytes that are signed, if the claim is what was signed.
    signed: String,
    proof: PossessionProof,
    holds: bool,
}

fn case(about: &str, purpose: KeyPurpose, seed: u8) -> Case {
    let (origin, exchange): (Line, ExchangeCode) = (ORIGIN.parse().unwrap(), "sh".parse().unwrap());
    let key = SigningKey::from_seed([seed; 32]);
    let signed = NewKey::signed_bytes(&origin, &exchange, purpose, &key.public_key());
    Case {
        about: about.to_owned(),
        proof: PossessionProof::of(&origin, &exchange, purpose, &key),
        signed: String::from_utf8(signed).unwrap(),
        key: key.public_key(),
        holds: true,
        origin,
        exchange,
        purpose,
    }
}

fn cases() -> Vec<Case> {
    let about = |purpose: KeyPurpose| format!("the {} key, from the seed of 32 bytes 0x01", purpose.as_str());
    let mut cases: Vec<_> = KeyPurpose::ALL.map(|purpose| case(&about(purpose), purpose, 1)).into();
    let mut other = |about: &str, change: &dyn Fn(&mut Case)| {
        let mut case = Case { holds: false, ..case(about, KeyPurpose::Consensus, 1) };
        change(&mut case);
        case.signed = {
            let bytes = NewKey::signed_bytes(&case.origin, &case.exchange, case.purpose, &case.key);
            String::from_utf8(bytes).unwrap()
        };
        cases.push(case);
    };
    other("shown in another region", &|case| case.origin = "databourse.example/elsewhere".parse().unwrap());
    other("shown by another exchange", &|case| case.exchange = "js".parse().unwrap());
    other("shown for another use", &|case| case.purpose = KeyPurpose::Entry);
    other("shown for another key", &|case| case.key = SigningKey::from_seed([2; 32]).public_key());
    other("altered", &|case| case.proof.0[63] ^= 1);
    other("nothing", &|case| case.proof.0 = [0; 64]);
    cases
}

#[test]
fn a_proof_of_possession_is_what_the_vectors_say() {
    let ours = cases();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(PATH, serde_json::to_string_pretty(&ours).unwrap() + "\n").unwrap();
    }
    let theirs: Vec<Case> = serde_json::from_str(&fs::read_to_string(PATH).unwrap()).unwrap();
    assert_eq!(theirs, ours);
    for Case { about, origin, exchange, purpose, key, signed, proof, holds } in &theirs {
        assert_eq!(proof.verify(origin, exchange, *purpose, key).is_ok(), *holds, "{about}");
        assert_eq!(NewKey::signed_bytes(origin, exchange, *purpose, key), signed.as_bytes(), "{about}");
    }
}
