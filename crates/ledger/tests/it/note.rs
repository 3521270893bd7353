//! Notes and verifier keys: the shape, and who is believed.

use crate::support::*;
use databourse_ledger::{
    NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteError, NoteKeyType, NoteSigner, VerifierKey,
};
use databourse_primitives::PublicKey;

#[track_caller]
fn check(note: &str, expected: Result<&str, NoteError>) {
    let parsed = Note::parse(note.as_bytes());
    if let Ok(parsed) = &parsed {
        assert_eq!(parsed.to_string(), note, "a note prints as it was read");
    }
    assert_eq!(parsed.map(|note| note.text), expected.map(str::to_owned));
}

#[test]
fn a_note_is_text_a_blank_line_and_signature_lines() {
    let line = |position| Err(NoteError::SignatureLine { position });
    check("a\n\n— n AAAAAAA=\n", Ok("a\n"));
    check("\n\n— n AAAAAAA=\n", Ok("\n"));
    check("a\n\nb\n\n— n AAAAAAA=\n", Ok("a\n\nb\n"));
    check("a\n\n— n AAAAAAA=\n\n— n AAAAAAA=\n", Ok("a\n\n— n AAAAAAA=\n"));
    check("a\u{7f}\u{85}é\n\n— n AAAAAAA=\n", Ok("a\u{7f}\u{85}é\n"));
    check("", Err(NoteError::SignaturesMissing));
    check("a\n", Err(NoteError::SignaturesMissing));
    check("a\n\n", Err(NoteError::SignaturesMissing));
    check("a\n— n AAAAAAA=\n", Err(NoteError::SignaturesMissing));
    check("a\n\n— n AAAAAAA=", Err(NoteError::SignaturesMissing));
    check("a\n\n\n", Err(NoteError::SignaturesMissing));
    check("a\r\n\r\n— n AAAAAAA=\r\n", Err(NoteError::NotText));
    check("a\tb\n\n— n AAAAAAA=\n", Err(NoteError::NotText));
    check("a\0\n\n— n AAAAAAA=\n", Err(NoteError::NotText));
    check("a\n\n- n AAAAAAA=\n", line(0));
    check("a\n\n—n AAAAAAA=\n", line(0));
    check("a\n\n— n AAAAAAA= \n", line(0));
    check("a\n\n—  AAAAAAA=\n", line(0));
    check("a\n\n— n\n", line(0));
    check("a\n\n— n+1 AAAAAAA=\n", line(0));
    check("a\n\n— n\u{a0}m AAAAAAA=\n", line(0));
    check("a\n\n— n\u{3000}m AAAAAAA=\n", line(0));
    check("a\n\n— n AAAAAAA=\n— n AAAAAA==\n", line(1));
    check("a\n\n— n AAAAAAB=\n", line(0));
    check("a\n\n— n AAAAAAA\n", line(0));
    check("a\n\n— n _AAAAAA=\n", line(0));
    assert_eq!(Note::parse(b"a\xff\n\n"), Err(NoteError::NotText));
}

#[test]
fn a_note_is_bounded_and_sixteen_large_signatures_fit() {
    let lines = |count: usize, line: &str| format!("a\n\n{}", line.repeat(count));
    let short = "— n AAAAAAA=\n";
    assert!(Note::parse(lines(NOTE_SIGNATURES_MAX, short).as_bytes()).is_ok());
    check(&lines(NOTE_SIGNATURES_MAX + 1, short), Err(NoteError::TooManySignatures));
    let large = format!("— n {}\n", "AAAA".repeat(1_700));
    assert!(Note::parse(lines(16, &large).as_bytes()).is_ok());
    let text = format!("{}\n\n{short}", "a".repeat(NOTE_BYTES_MAX - short.len() - 2));
    assert_eq!(text.len(), NOTE_BYTES_MAX);
    assert!(Note::parse(text.as_bytes()).is_ok());
    check(&format!("a{text}"), Err(NoteError::TooLarge));
}

#[test]
fn only_text_that_can_be_read_back_is_signed() {
    let log = log();
    let sign = |text: &str| Note::sign(text, &[&log]);
    let note = sign("a\n\nb\n").unwrap();
    assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note.clone()));
    assert!(note.verify(&[log.verifier_key().clone()]).is_ok());
    assert_eq!(sign("a").unwrap_err(), NoteError::TextUnterminated);
    assert_eq!(sign("").unwrap_err(), NoteError::TextUnterminated);
    assert_eq!(sign("a\r\n").unwrap_err(), NoteError::NotText);
    assert_eq!(sign(&"a".repeat(NOTE_BYTES_MAX)).unwrap_err(), NoteError::TooLarge);
    let unfit = Note::sign("a\n", &[&witness(1)]).unwrap_err();
    assert_eq!(unfit, NoteError::KeyTypeUnfit);
}

#[test]
fn lines_of_unknown_keys_are_ignored_and_lines_of_known_keys_must_hold() {
    let log = log();
    let known = [log.verifier_key().clone()];
    let stranger = NoteSigner::new("stranger", NoteKeyType::Ed25519, key(9)).unwrap();
    let good = Note::sign("a\n", &[&stranger, &log]).unwrap();
    assert_eq!(good.verify(&known).unwrap().len(), 1);
    assert_eq!(good.verify(&[]), Err(NoteError::NoTrustedSignature));

    // Sharing a name or an id, but not both, is no claim to be that key.
    let mut note = good.clone();
    note.signatures[0].name = log.verifier_key().name().to_owned();
    assert!(note.verify(&known).is_ok());
    let mut note = good.clone();
    note.signatures[0].key_id = log.verifier_key().key_id();
    assert!(note.verify(&known).is_ok());

    // Both: then the line must hold, although another line of the same key does.
    let invalid = Err(NoteError::SignatureInvalid { name: ORIGIN.to_owned(), key_id: known[0].key_id() });
    note.signatures[0].name = ORIGIN.to_owned();
    assert_eq!(note.verify(&known), invalid);
    let mut note = good.clone();
    note.text = "b\n".to_owned();
    assert_eq!(note.verify(&known), invalid);
    let mut note = good.clone();
    note.signatures[1].bytes.push(0);
    assert_eq!(note.verify(&known), invalid);

    // The same line twice is one signer.
    let mut note = good;
    note.signatures.push(note.signatures[1].clone());
    assert_eq!(note.verify(&known).unwrap().len(), 1);
    let known_twice = [known[0].clone(), known[0].clone()];
    assert_eq!(note.verify(&known_twice).unwrap().len(), 1);
}

#[test]
fn a_verifier_key_has_one_spelling() {
    #[track_caller]
    fn check(text: &str, expected: Result<(), NoteError>) {
        let key = text.parse::<VerifierKey>();
        if let Ok(key) = &key {
            assert_eq!(key.to_string(), text);
        }
        assert_eq!(key.map(|_| ()), expected, "{text}");
    }
    let key = "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    check(&format!("example.com/foo+530d903a+{key}"), Ok(()));
    check(&witness(1).verifier_key().to_string(), Ok(()));
    check(&format!("example.com/foo+530D903A+{key}"), Err(NoteError::KeyMalformed));
    check(&format!("example.com/foo+530d903b+{key}"), Err(NoteError::KeyIdDiffers));
    check(&format!("example.com/bar+530d903a+{key}"), Err(NoteError::KeyIdDiffers));
    check(&format!("+530d903a+{key}"), Err(NoteError::NameInvalid));
    check(&format!("a b+530d903a+{key}"), Err(NoteError::NameInvalid));
    check(&format!("a\n+530d903a+{key}"), Err(NoteError::NameInvalid));
    check("example.com/foo+530d903a", Err(NoteError::KeyMalformed));
    check("example.com/foo+530d903a+", Err(NoteError::KeyMalformed));
    check("example.com/foo+530d903a+AQ==", Err(NoteError::KeyMalformed));
    check(&format!("example.com/foo+530d903a+{key}AA=="), Err(NoteError::KeyMalformed));
    check("example.com/foo+530d903a+Bw==", Err(NoteError::KeyTypeUnknown(7)));
    check("", Err(NoteError::KeyMalformed));
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = VerifierKey::new("a", NoteKeyType::Ed25519, PublicKey::from_bytes(identity));
    assert_eq!(weak, Err(NoteError::KeyInvalid));
    let json = serde_json::to_string(log().verifier_key()).unwrap();
    assert_eq!(&serde_json::from_str::<VerifierKey>(&json).unwrap(), log().verifier_key());
}
