//! The same notes read by another implementation: `signed_note` 0.2, a port of Go's `sumdb/note`.

use crate::support::*;
use databourse_ledger::{Note, NoteKeyType, NoteSigner, VerifierKey};
use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};

fn oracle_verifies(note: &str, key: &VerifierKey) -> bool {
    let Ok(parsed) = signed_note::Note::from_bytes(note.as_bytes()) else {
        return false;
    };
    let Ok(verifier) = StandardVerifier::new(&key.to_string()) else {
        return false;
    };
    parsed.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok()
}

fn ours_verifies(note: &str, key: &VerifierKey) -> bool {
    Note::parse(note.as_bytes()).is_ok_and(|note| note.verify(std::slice::from_ref(key)).is_ok())
}

#[test]
fn what_we_sign_the_oracle_verifies() {
    let log = log();
    for text in ["a\n", "a\n\nb\n", "数据\n", "\n", "— x AAAA\n"] {
        let note = Note::sign(text, &[&log]).unwrap().to_string();
        assert!(oracle_verifies(&note, log.verifier_key()), "{text:?}");
        let cosigned = signed(&[1, 2]).to_string();
        assert!(oracle_verifies(&cosigned, log.verifier_key()), "cosignatures do not disturb it");
    }
}

#[test]
fn what_the_oracle_signs_we_verify_and_print_alike() {
    // The private key form of Go's package: name, id, base64(type ‖ seed).
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let ours = log();
    let key = ours.verifier_key();
    let seed = STANDARD.encode([&[1][..], &[2; 32]].concat());
    let private = format!("PRIVATE+KEY+{}+{:08x}+{seed}", key.name(), key.key_id());
    let signer = signed_note::StandardSigner::new(&private).unwrap();
    let mut note = signed_note::Note::new(b"a\n\nb\n", &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let theirs = String::from_utf8(note.to_bytes()).unwrap();
    assert!(ours_verifies(&theirs, key));
    assert_eq!(theirs, Note::sign("a\n\nb\n", &[&ours]).unwrap().to_string());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Key ids agree for any name.
    #[test]
    fn key_ids_agree(name in "[^\\s+\u{0}-\u{1f}]{1,20}", seed: u8) {
        let signer = NoteSigner::new(name, NoteKeyType::Ed25519, key(seed)).unwrap();
        let vkey = signer.verifier_key();
        let note = Note::sign("a\n", &[&signer]).unwrap().to_string();
        prop_assert!(StandardVerifier::new(&vkey.to_string()).is_ok());
        prop_assert!(oracle_verifies(&note, vkey));
    }

    /// A note with one changed character is judged alike. The oracle skips a second line of a key whose first line
    /// holds; ours is stricter there, so only one line is signed here.
    #[test]
    fn damaged_notes_are_judged_alike(place in 0usize..200, with in any::<char>()) {
        let log = log();
        let note = Note::sign("first\n\nsecond 数\n", &[&log]).unwrap().to_string();
        let mut characters: Vec<char> = note.chars().collect();
        let place = place % characters.len();
        characters[place] = with;
        let damaged: String = characters.into_iter().collect();
        let key = log.verifier_key();
        prop_assert_eq!(ours_verifies(&damaged, key), oracle_verifies(&damaged, key), "{:?}", damaged);
    }
}
