//! Compact certificates: the same file comes back, codes fit, and what is damaged is refused.

use crate::support::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use databourse_ledger::{
    COMPACT_DIGITS_MAX, CertificateFile, Checkpoint, Claims, Entry, NoteKeyType, NoteSignature, NoteSigner,
    Policy, PolicyLog, PolicyWitness, Receipt, SigningKey,
};
use databourse_merkle::{Hash, node_hash};
use databourse_primitives::{LeafIndex, TreeSize};
use proptest::prelude::*;

/// Digits of the largest QR code, version 40-L in numeric mode.
const QR_DIGITS_MAX: usize = 7_089;

/// A certificate of a trade of two lines in a tree of 2^`levels` leaves, cosigned by all of `exchanges`.
fn traded(exchanges: u8, levels: u32) -> (CertificateFile, Policy) {
    let key = |number: u8| SigningKey::from_seed([number; 32]);
    let log = NoteSigner::new("databourse.example/yangtze-delta", NoteKeyType::Ed25519, key(100)).unwrap();
    let witnesses: Vec<_> = (0..exchanges)
        .map(|number| {
            let name = format!("databourse.example/yangtze-delta/x{number}");
            NoteSigner::new(name, NoteKeyType::CosignatureV1, key(101 + number)).unwrap()
        })
        .collect();
    let line = |number: u8| {
        format!(
            r#"{{"line":{number},"product":"01a20479-1d89-7e1d-a728-c6d2540f3f5{number}","revision":1,"supplier":"01a20479-198c-77e6-9e33-cf187869a07{number}","purpose":"energy_management","quantity":10000,"gross_minor":53000,"ends_at":"2027-11-22T18:16:20.418Z"}}"#
        )
    };
    let body = format!(
        r#"{{"order":"01a20479-8ec0-73e8-9c17-64324737eca2","number":"sh-2026-00000001","facts":{{"buyer":"01a20479-199e-7183-b541-6454c6061db1","buyer_name":{{"zh":"龙城岳动力电池（常州）有限公司","en":"Longchengyue Batteries (Changzhou) Co., Ltd."}},"asset":"CNY/2","total_minor":265000,"line_count":2,"lines":[{},{}],"lines_digest":"sha256:a7cab3139dff334e13cb6949b65c2f26f29f83e766280f6be5570bee466769fd","placed_at":"2026-11-22T18:16:20.390Z","completed_at":"2026-11-22T18:16:20.418Z"}}}}"#,
        line(1),
        line(2)
    );
    let claims = Claims { entry_type: "certificate.issue".to_owned(), body: raw(&body), ..claims(2) };
    let entry = Entry::sign(&claims, &author()).unwrap();
    let index = (1 << levels) * 4 / 5;
    // Any siblings will do: the root is what they lead to. They are drawn like hashes, which do not get smaller.
    let proof: Vec<Hash> =
        (0..levels).map(|level| databourse_merkle::leaf_hash(&level.to_be_bytes())).collect();
    let root = proof.iter().enumerate().fold(entry.leaf_hash(), |below, (level, sibling)| {
        if index >> level & 1 == 0 { node_hash(&below, sibling) } else { node_hash(sibling, &below) }
    });
    let checkpoint =
        Checkpoint { origin: log.verifier_key().name().to_owned(), size: TreeSize(1 << levels), root };
    let mut checkpoint = checkpoint.sign(&log).unwrap();
    for witness in &witnesses {
        checkpoint.cosign(witness, TIME_S.unsigned_abs()).unwrap();
    }
    let logs = vec![PolicyLog { key: log.verifier_key().clone(), url: None }];
    let known = witnesses.iter().map(|witness| PolicyWitness {
        name: witness.verifier_key().name().to_owned(),
        key: witness.verifier_key().clone(),
        url: None,
    });
    let policy = Policy::more_than_two_thirds(logs, known.collect()).unwrap();
    let receipt = Receipt { extra: None, index: LeafIndex(index), proof, checkpoint };
    (CertificateFile { entry, author_key: author().public_key(), receipt }, policy)
}

#[track_caller]
fn comes_back(file: &CertificateFile) -> usize {
    let digits = file.to_compact().unwrap();
    let read = CertificateFile::from_compact(&digits).unwrap();
    assert_eq!(&read, file);
    assert_eq!(read.to_string(), file.to_string(), "byte for byte");
    assert_eq!(read.to_compact().unwrap(), digits);
    digits.len()
}

#[test]
fn a_certificate_comes_back_byte_for_byte() {
    comes_back(&certificate());
    let mut file = certificate();
    file.receipt.extra = Some(b"a\0b".to_vec());
    comes_back(&file);
    for bytes in [vec![1], vec![2; 63], vec![3; 64], vec![4; 65], vec![5; 71], vec![255; 72], vec![6; 5_000]]
    {
        let line = NoteSignature { name: "见证.example".to_owned(), key_id: 7, bytes };
        file.receipt.checkpoint.signatures.push(line);
    }
    comes_back(&file);
    // A header of other hands: members in another order.
    let header = format!(r#"{{"typ":"databourse+jwt","kid":"{}","alg":"EdDSA"}}"#, author().key_id());
    let mut parts: Vec<String> = certificate().entry.as_str().split('.').map(str::to_owned).collect();
    parts[0] = URL_SAFE_NO_PAD.encode(header);
    file.entry = Entry::parse(parts.join(".").as_bytes()).unwrap();
    comes_back(&file);
    assert_ne!(file.author_key, key(9).public_key());
    file.author_key = key(9).public_key();
    comes_back(&file);
}

#[test]
fn a_certificate_of_twenty_exchanges_and_a_million_leaves_fits_one_code() {
    for (exchanges, levels, digits_max) in [(1, 12, 2_700), (4, 20, 3_850), (20, 20, 6_700), (20, 36, 8_000)]
    {
        let (file, policy) = traded(exchanges, levels);
        file.verify(&policy).unwrap();
        let digits = comes_back(&file);
        let lean = file.with_fewest_signatures(&policy).unwrap();
        lean.verify(&policy).unwrap();
        let quorum = usize::from(exchanges) * 2 / 3 + 1;
        assert_eq!(lean.receipt.checkpoint.signatures.len(), 1 + quorum);
        let lean_digits = comes_back(&lean);
        let json = file.to_string().len();
        println!(
            "{exchanges} exchanges, 2^{levels} leaves: file {json} bytes, {digits} digits; quorum only {lean_digits} digits"
        );
        assert!(digits <= digits_max && lean_digits <= QR_DIGITS_MAX, "{digits} {lean_digits}");
    }
}

#[test]
fn what_does_not_hold_is_not_made_smaller() {
    let mut file = certificate();
    file.receipt.index.0 = 3;
    assert_eq!(file.with_fewest_signatures(&policy()).unwrap_err().code(), "inclusion.invalid");
}

#[test]
fn digits_are_found_in_what_a_scanner_gives() {
    for (text, expected) in [
        ("0123\n", Some("0123")),
        ("https://sh.example/verify#0123", Some("0123")),
        ("http://127.0.0.1:8080/verify#0123 ", Some("0123")),
        ("https://sh.example/verify/sh-2026-00000001", None),
        ("https://sh.example/verify#", None),
        ("ftp://sh.example/verify#0123", None),
        ("", None),
        ("{}", None),
    ] {
        assert_eq!(CertificateFile::compact_in(text), expected, "{text:?}");
    }
}

#[test]
fn a_code_that_cannot_be_read_says_so() {
    let good = certificate().to_compact().unwrap();
    let outcome = |text: &str| CertificateFile::from_compact(text).map_err(|error| error.code());
    assert_eq!(outcome(""), Err("certificate.malformed"));
    assert_eq!(outcome("000"), Err("certificate.format_unknown"));
    assert_eq!(outcome("002"), Err("certificate.format_unknown"));
    assert_eq!(outcome("001"), Err("certificate.malformed"));
    assert_eq!(outcome("12345678901234567a"), Err("certificate.malformed"));
    assert_eq!(outcome(&"0".repeat(COMPACT_DIGITS_MAX + 1)), Err("certificate.too_large"));
    for end in 0..good.len() {
        assert!(outcome(&good[..end]).is_err(), "cut at {end}");
    }
    let mut file = certificate();
    file.receipt.extra = Some(vec![0; 200_000]);
    assert_eq!(file.to_compact(), None, "too long for the form, which has a bound");
}

proptest! {
    /// Damaged digits are refused, or read as a certificate that fails or is the same: no other one is made of them.
    #[test]
    fn damaged_digits_prove_nothing_else(place in any::<prop::sample::Index>(), by in 1..10_u8) {
        let good = certificate().to_compact().unwrap();
        let mut bytes = good.clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
        if let Ok(file) = CertificateFile::from_compact(std::str::from_utf8(&bytes).unwrap()) {
            let again = CertificateFile::from_compact(&file.to_compact().unwrap());
            prop_assert_eq!(again.as_ref(), Ok(&file));
            prop_assert!(file == certificate() || file.verify(&policy()).is_err());
        }
    }
}
