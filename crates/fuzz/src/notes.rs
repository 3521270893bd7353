//! Notes, verifier keys and checkpoints.

use crate::known::{CERTIFICATE, NOTE, NOTE_KEY, POLICY};
use databourse_ledger::{
    Checkpoint, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteSignature, SignedCheckpoint, VerifierKey,
};

/// Text and signature lines.
pub(crate) fn note(input: &[u8]) {
    let Ok(note) = Note::parse(input) else {
        assert!(SignedCheckpoint::parse(input).is_err(), "a checkpoint is a note");
        return;
    };
    assert_eq!(note.to_string().as_bytes(), input);
    assert!(input.len() <= NOTE_BYTES_MAX && (1..=NOTE_SIGNATURES_MAX).contains(&note.signatures.len()));
    assert!(note.text.ends_with('\n'));
    for line in &note.signatures {
        assert_eq!(line.to_string().parse::<NoteSignature>().as_ref(), Ok(line));
    }
    let key: VerifierKey = NOTE_KEY.trim_end().parse().unwrap();
    if let Ok(verified) = note.verify(&[key]) {
        assert_eq!(verified.len(), 1);
        assert_eq!(
            Some(note.text.as_str()),
            NOTE.split("\n\n").next().map(|text| format!("{text}\n")).as_deref()
        );
    }
}

/// `<name>+<id>+<base64>`.
pub(crate) fn vkey(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let Ok(key) = text.parse::<VerifierKey>() else { return };
    assert_eq!(key.to_string(), text, "a key has one spelling");
    assert!(!key.name().is_empty() && !key.name().contains(['+', ' ', '\n']));
    assert_eq!(key.to_string().parse(), Ok(key));
}

/// A signed checkpoint.
pub(crate) fn checkpoint(input: &[u8]) {
    let Ok(signed) = SignedCheckpoint::parse(input) else { return };
    assert_eq!(signed.to_string().as_bytes(), input);
    let text = signed.checkpoint.to_string();
    assert_eq!(text.parse::<Checkpoint>().as_ref(), Ok(&signed.checkpoint));
    let mut lines = text.split_terminator('\n');
    assert_eq!(lines.next(), Some(signed.checkpoint.origin.as_str()));
    assert_eq!(lines.next(), Some(signed.checkpoint.size.to_string().as_str()));
    if let Ok(verdict) = POLICY.check(&signed) {
        assert!(!verdict.logs.is_empty() && verdict.witnesses.len() >= 3);
        assert_eq!(signed.checkpoint, CERTIFICATE.receipt.checkpoint.checkpoint, "a forged checkpoint");
    }
}
