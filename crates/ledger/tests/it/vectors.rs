//! The files of tests/vectors/ledger, which clients in other languages read too. Each is compared byte for byte with
//! what the fixed seeds give; `UPDATE_VECTORS=1` writes them anew, for a reviewer to look at.

use crate::{entry::HOSTILE_ENTRIES, signature::STRICT_CASES, support::*};
use databourse_ledger::{
    Block, COMPACT_DICTIONARY, CertificateFile, Entry, Note, Policy, Receipt, SignedCheckpoint, VerifierKey,
    encode_bundle,
};
use databourse_primitives::{PublicKey, RefusalCode};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/vectors/ledger", name].iter().collect()
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read_json(name: &str) -> Value {
    serde_json::from_str(&read(name)).unwrap()
}

#[track_caller]
fn check(name: &str, ours: String) {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(path(name), &ours).unwrap();
    }
    assert_eq!(read(name), ours, "{name}");
}

/// The same for JSON, whose members may stand in any order.
#[track_caller]
fn check_json(name: &str, ours: &Value) {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(ours).unwrap();
        fs::write(path(name), format!("{text}\n")).unwrap();
    }
    assert_eq!(&read_json(name), ours, "{name}");
}

#[test]
fn the_vectors_are_what_the_seeds_give() {
    let author = author();
    let entry = entry(2);
    let (header, payload) = ([0, 1]).map(|part| part_text(&entry, part)).into();
    check_json(
        "entry.json",
        &json!({
            "seed": hex::encode([1; 32]),
            "public_key": author.public_key(),
            "kid": author.key_id(),
            "header": header,
            "payload": payload,
            "entry": entry.as_str(),
            "leaf_hash": entry.leaf_hash().to_string(),
        }),
    );
    check_json("entry-hostile.json", &hostile_entries());
    check_json("signature-strict.json", &strict_cases());
    let commands = block().commands;
    check_json(
        "bundle.json",
        &json!({
            "entries": commands.iter().map(Entry::as_str).collect::<Vec<_>>(),
            "bundle_hex": hex::encode(encode_bundle(&commands)),
        }),
    );
    let block = block();
    check_json(
        "block.json",
        &json!({
            "block_hex": hex::encode(block.encode()),
            "id": block.id(),
            "header_fields": block.header_fields().unwrap(),
            "leaf_hashes": block.leaf_hashes().map(|leaf| leaf.to_string()).collect::<Vec<_>>(),
        }),
    );
    check("checkpoint.txt", signed(&[]).to_string());
    check("cosignature.txt", signed(&[1, 2, 3]).to_string());
    check("policy.txt", policy().to_string());
    check("receipt.tlog-proof", receipt().to_string());
    check("certificate.json", certificate().to_string());
    let code = certificate().to_compact().unwrap();
    check_json("compact.json", &json!({ "dictionary": COMPACT_DICTIONARY, "digits": code }));
}

fn part_text(entry: &Entry, part: usize) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let encoded = entry.as_str().split('.').nth(part).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

fn hostile_entries() -> Value {
    let cases = HOSTILE_ENTRIES.iter().map(|case| {
        let entry = String::from_utf8_lossy(&case.bytes()).into_owned();
        json!({ "why": case.why, "entry": entry, "code": "entry.malformed", "field": case.field })
    });
    cases.collect()
}

fn strict_cases() -> Value {
    let cases = STRICT_CASES.iter().map(|case| {
        json!({
            "why": case.why,
            "public_key_hex": case.key,
            "message_hex": hex::encode(case.message),
            "signature_hex": format!("{}{}", case.r, case.s),
            "valid": case.valid,
        })
    });
    cases.collect()
}

#[test]
fn the_entry_vector_verifies_and_is_what_its_seed_signs() {
    let vector = read_json("entry.json");
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let entry = Entry::parse(text("entry").as_bytes()).unwrap();
    let key: PublicKey = text("public_key").parse().unwrap();
    assert_eq!(entry.verify(&key), Ok(()));
    assert_eq!(entry.kid().to_string(), text("kid"));
    assert_eq!(entry.leaf_hash().to_string(), text("leaf_hash"));
    let seed: [u8; 32] = hex::decode(text("seed")).unwrap().try_into().unwrap();
    let again = Entry::sign(entry.claims(), &databourse_ledger::SigningKey::from_seed(seed));
    assert_eq!(again.unwrap(), entry);
}

#[test]
fn the_hostile_entry_vectors_are_refused_where_they_say() {
    for case in read_json("entry-hostile.json").as_array().unwrap() {
        let refusal = Entry::parse(case["entry"].as_str().unwrap().as_bytes()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::EntryMalformed, "{}", case["why"]);
        assert_eq!(refusal.field, case["field"].as_str().unwrap(), "{}", case["why"]);
    }
}

#[test]
fn the_note_vector_of_the_specification_verifies() {
    let key: VerifierKey = read("note.vkey").trim_end().parse().unwrap();
    assert_eq!(format!("{key}\n"), "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n");
    let text = read("note.txt");
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(note.text, "This is an example message.\n");
    assert_eq!(note.to_string(), text);
    let verified = note.verify(std::slice::from_ref(&key)).unwrap();
    assert_eq!((verified[0].name.as_str(), verified[0].key_id), ("example.com/foo", 0x530d_903a));
}

#[test]
fn the_vectors_print_as_they_read_and_hold_together() {
    let policy: Policy = read("policy.txt").parse().unwrap();
    assert_eq!(policy.to_string(), read("policy.txt"));
    let cosigned = SignedCheckpoint::parse(read("cosignature.txt").as_bytes()).unwrap();
    assert_eq!(cosigned.to_string(), read("cosignature.txt"));
    let verdict = policy.check(&cosigned).unwrap();
    let names: Vec<_> = verdict.witnesses.iter().map(|witness| &*witness.name).collect();
    assert_eq!(names, ["w1", "w2", "w3"]);

    let receipt = Receipt::parse(read("receipt.tlog-proof").as_bytes()).unwrap();
    assert_eq!(receipt.to_string(), read("receipt.tlog-proof"));
    let certificate = CertificateFile::parse(read("certificate.json").as_bytes()).unwrap();
    assert_eq!(certificate.to_string(), read("certificate.json"));
    assert_eq!(certificate.receipt, receipt);
    let compact = read_json("compact.json");
    assert_eq!(CertificateFile::from_compact(compact["digits"].as_str().unwrap()).as_ref(), Ok(&certificate));
    let verified = certificate.verify(&policy).unwrap();
    assert_eq!(verified.leaf_index.0, CERTIFIED);
    assert_eq!(verified.signers, verdict.witnesses);

    let block = hex::decode(read_json("block.json")["block_hex"].as_str().unwrap()).unwrap();
    let block = Block::decode(&block).unwrap();
    assert_eq!(block.id().to_string(), read_json("block.json")["id"].as_str().unwrap());
    assert_eq!(block.commands[1], certificate.entry);
}
