//! For every parser: arbitrary bytes and damaged good bytes end in a value or an error, never in a panic, and a value
//! prints as it was read.

use crate::support::*;
use databourse_ledger::{
    Block, CertificateFile, Entry, Note, Policy, Receipt, SignedCheckpoint, VerifierKey, decode_bundle,
};
use proptest::{collection::vec, prelude::*, sample::Index};

/// Feeds `bytes` to every parser. What is accepted must print as it was read, and verifying must not panic.
fn read_everywhere(bytes: &[u8]) {
    if let Ok(entry) = Entry::parse(bytes) {
        assert_eq!(entry.bytes(), bytes);
        let again = Entry::sign(entry.claims(), &author()).unwrap();
        assert_eq!(format!("{:?}", again.claims()), format!("{:?}", entry.claims()));
        let _ = entry.verify(&author().public_key());
    }
    if let Ok(entries) = decode_bundle(bytes, 256) {
        assert_eq!(entries.iter().map(|entry| 2 + entry.len()).sum::<usize>(), bytes.len());
    }
    if let Ok(block) = Block::decode(bytes) {
        assert_eq!(block.encode(), bytes);
    }
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    if let Ok(signed) = SignedCheckpoint::parse(bytes) {
        assert_eq!(signed.to_string().as_bytes(), bytes);
        let _ = policy().check(&signed);
    }
    if let Ok(receipt) = Receipt::parse(bytes) {
        assert_eq!(receipt.to_string().as_bytes(), bytes);
        let _ = receipt.verify(entry(2).leaf_hash(), &policy());
    }
    if let Ok(file) = CertificateFile::parse(bytes) {
        assert_eq!(CertificateFile::parse(file.to_string().as_bytes()).as_ref(), Ok(&file));
        let _ = file.verify(&policy());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(file) = CertificateFile::from_compact(text) {
            assert_eq!(CertificateFile::from_compact(&file.to_compact().unwrap()), Ok(file));
        }
        if let Ok(policy) = text.parse::<Policy>() {
            assert_eq!(policy.to_string().parse::<Policy>(), Ok(policy));
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            assert_eq!(key.to_string(), text);
        }
    }
}

fn samples() -> Vec<Vec<u8>> {
    let key = witness(1).verifier_key().to_string();
    vec![
        entry(1).bytes().to_vec(),
        block().encode(),
        signed(&[1, 2]).to_string().into_bytes(),
        policy().to_string().into_bytes(),
        receipt().to_string().into_bytes(),
        certificate().to_string().into_bytes(),
        certificate().to_compact().unwrap().into_bytes(),
        key.into_bytes(),
    ]
}

/// One change: a byte set, bytes cut out, bytes put in.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Cut(from, to)),
        (any::<Index>(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), "[ \n=+/A\u{2014}0-]{1,4}").prop_map(|(at, text)| Damage::Insert(at, text.into())),
    ]
}

fn apply(mut bytes: Vec<u8>, damage: Damage) -> Vec<u8> {
    let end = bytes.len() + 1;
    match damage {
        Damage::Set(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Damage::Set(..) => {}
        Damage::Cut(from, to) => {
            let (from, to) = (from.index(end), to.index(end));
            bytes.drain(from.min(to)..from.max(to));
        }
        Damage::Insert(at, insert) => {
            let at = at.index(end);
            bytes.splice(at..at, insert);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..512)) {
        read_everywhere(&bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\PC\n\u{2014}]{0,200}") {
        read_everywhere(text.as_bytes());
    }

    #[test]
    fn damaged_samples_never_panic_and_print_as_they_read(
        sample in any::<Index>(),
        damages in vec(damage(), 0..4),
    ) {
        let samples = samples();
        let bytes = damages.into_iter().fold(samples[sample.index(samples.len())].clone(), apply);
        read_everywhere(&bytes);
    }

    /// Any body that is an object of plain values is signed and read back.
    #[test]
    fn entries_round_trip(text in "\\PC{0,40}", number in -9_007_199_254_740_991..9_007_199_254_740_992_i64, flag: bool, seconds in 0i64..253_402_300_800) {
        let mut claims = claims(1);
        claims.issued_at_s = seconds;
        claims.body = raw(&serde_json::json!({ "text": text, "number": number, "flag": [flag] }).to_string());
        let entry = Entry::sign(&claims, &author()).unwrap();
        let read = Entry::parse(entry.bytes()).unwrap();
        prop_assert_eq!(read.verify(&author().public_key()), Ok(()));
        prop_assert_eq!(read.claims().body.get(), claims.body.get());
        prop_assert_eq!(read, entry);
    }
}
