//! Certificates: every way to fail has its code.

use crate::support::*;
use databourse_ledger::{CERTIFICATE_BYTES_MAX, CertificateFile, VerifyError};
use databourse_primitives::EntryId;
use std::collections::BTreeSet;

fn outcome(bytes: &[u8]) -> &'static str {
    let verified = CertificateFile::parse(bytes).and_then(|file| file.verify(&policy()));
    verified.map_or_else(|error| error.code(), |_| "verified")
}

#[track_caller]
fn check(change: impl FnOnce(&mut CertificateFile), expected: &str) {
    let mut file = certificate();
    change(&mut file);
    assert_eq!(outcome(file.to_string().as_bytes()), expected);
}

#[test]
fn a_certificate_proves_who_stated_what_and_where() {
    let verified = certificate().verify(&policy()).unwrap();
    let id: EntryId = "019aa2b4-5c00-7000-8000-000000000002".parse().unwrap();
    assert_eq!(verified.claims.id, id);
    assert_eq!(verified.leaf_index.0, CERTIFIED);
    assert_eq!(verified.checkpoint, checkpoint());
    assert_eq!(verified.logs.len(), 1);
    let names: Vec<_> = verified.signers.iter().map(|signer| &*signer.name).collect();
    assert_eq!(names, ["w1", "w2", "w3"]);
}

#[test]
fn a_certificate_that_fails_says_what_failed() {
    check(|_| (), "verified");
    check(|file| file.author_key = key(9).public_key(), "author_key.differs");
    check(|file| file.entry = entry(3), "inclusion.invalid");
    check(|file| file.receipt.index.0 = 3, "inclusion.invalid");
    check(|file| file.receipt.proof.truncate(1), "inclusion.invalid");
    check(
        |file| file.receipt.checkpoint.checkpoint.origin = "other.example".into(),
        "checkpoint.origin_unknown",
    );
    check(|file| file.receipt.checkpoint.checkpoint.size.0 = 6, "checkpoint.signature_invalid");
    check(|file| drop(file.receipt.checkpoint.signatures.remove(0)), "checkpoint.log_signature_missing");
    check(|file| drop(file.receipt.checkpoint.signatures.pop()), "checkpoint.quorum_missing");
}

#[test]
fn a_certificate_that_cannot_be_read_says_where() {
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let text = certificate().to_string();
        assert!(text.contains(from), "{from}");
        assert_eq!(outcome(text.replacen(from, to, 1).as_bytes()), expected, "{from} → {to}");
    }
    check("certificate@v1", "certificate@v2", "certificate.format_unknown");
    check("\"format\"", "\"kind\"", "certificate.malformed");
    check("\"entry\"", "\"format\"", "certificate.malformed");
    check("{", "[", "certificate.malformed");
    check("{", "{\"issuer\":1,", "certificate.malformed");
    check("\"ed25519:", "\"", "certificate.malformed");
    check("\"entry\": \"", "\"entry\": \" ", "entry.malformed");
    check("tlog-proof@v1", "tlog-proof@v2", "receipt.malformed");
    check("yangtze\\n5\\n", "yangtze\\n05\\n", "checkpoint.malformed");
    assert_eq!(outcome(b""), "certificate.malformed");
    assert_eq!(outcome(b"\xff"), "certificate.malformed");
    assert_eq!(outcome(&vec![b' '; CERTIFICATE_BYTES_MAX + 1]), "certificate.too_large");
    let error = CertificateFile::parse(b"{}").unwrap_err();
    assert!(matches!(error, VerifyError::FileMalformed { member: "format", .. }), "{error}");
    assert_eq!(error.to_string(), "certificate.malformed: member `format`: this member is required");
}

#[test]
fn a_forged_signature_is_found_before_the_ledger_is_asked() {
    // The receipt is of the honest entry; the file shows another payload under the same signature.
    let (header, rest) =
        certificate().entry.as_str().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let other = entry(3);
    let payload = other.as_str().split('.').nth(1).unwrap();
    let forged = format!("{header}.{payload}.{signature}");
    check(
        |file| file.entry = databourse_ledger::Entry::parse(forged.as_bytes()).unwrap(),
        "signature.invalid",
    );
}

/// No byte of a certificate can change without notice, except white space of the JSON around the members.
#[test]
fn no_single_changed_byte_goes_unnoticed() {
    let text = certificate().to_string();
    let mut codes = BTreeSet::new();
    for place in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        if bytes[place].is_ascii_whitespace() {
            continue;
        }
        bytes[place] ^= 1;
        let code = outcome(&bytes);
        codes.insert(code);
        if code == "verified" {
            // What still verifies is a line of a witness that became unknown while three others are enough.
            panic!("byte {place} changed unnoticed");
        }
    }
    assert!(codes.len() > 5, "{codes:?}");
}
