//! Receipts: the text, and what it proves.

use crate::support::*;
use databourse_ledger::{Receipt, ReceiptError, Untrusted, verify_receipt};
use databourse_merkle::{ProofError, leaf_hash};

#[track_caller]
fn check(change: impl FnOnce(String) -> String, expected: Result<(), ReceiptError>) {
    let text = change(receipt().to_string());
    let receipt = Receipt::parse(text.as_bytes());
    if let Ok(receipt) = &receipt {
        assert_eq!(receipt.to_string(), text, "a receipt prints as it was read");
    }
    assert_eq!(receipt.map(|_| ()), expected);
}

#[test]
fn a_receipt_has_one_spelling() {
    use ReceiptError::*;
    check(|text| text, Ok(()));
    check(|text| text.replace("index", "extra AAA=\nindex"), Ok(()));
    check(|text| text.replace("@v1", "@v2"), Err(FormatUnknown));
    check(|text| format!("\u{feff}{text}"), Err(FormatUnknown));
    check(|_| String::new(), Err(FormatUnknown));
    check(|text| text.replace("index", "extra \nindex"), Err(ExtraMalformed));
    check(|text| text.replace("index", "extra AAA\nindex"), Err(ExtraMalformed));
    check(|text| text.replace("index", "extra AAA=\nextra AAA=\nindex"), Err(IndexMalformed));
    check(|text| text.replace("index 2", "index 02"), Err(IndexMalformed));
    check(|text| text.replace("index 2", "index  2"), Err(IndexMalformed));
    check(|text| text.replace("index 2\n", ""), Err(IndexMalformed));
    check(|text| text.replace("index 2\n", "index 2\n AAA=\n"), Err(HashMalformed { position: 0 }));
    check(|text| text.replace("=\n\n", "=\r\n\n"), Err(HashMalformed { position: 2 }));
    check(|text| text.replace("\n\ndatabourse", "\ndatabourse"), Err(HashMalformed { position: 3 }));
    check(|text| text[..40].to_owned(), Err(CheckpointMissing));
    let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let path = |count: usize| format!("index 2\n{}", hash.repeat(count));
    check(|text| text.replace("index 2\n", &path(61)), Ok(()));
    check(|text| text.replace("index 2\n", &path(62)), Err(TooManyHashes));
    check(|text| text + &"x".repeat(1_048_576), Err(TooLarge));
    assert_eq!(Receipt::parse(b"\xff"), Err(NotText));
    let cut = receipt().to_string().replace("\n\n—", "\n—");
    assert!(matches!(Receipt::parse(cut.as_bytes()), Err(Checkpoint(_))));
}

#[test]
fn a_receipt_proves_one_entry_at_one_place() {
    let (receipt, policy) = (receipt(), policy());
    let verify = |receipt: &Receipt, number| verify_receipt(entry(number).bytes(), receipt, &policy);
    let verdict = verify(&receipt, 2).unwrap();
    assert_eq!(verdict.logs[0].name, ORIGIN);
    assert_eq!(verdict.witnesses.len(), 3);
    assert_eq!(verify(&receipt, 1).unwrap_err().code(), "inclusion.invalid");

    let refused = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        let error = receipt.verify(entry(2).leaf_hash(), &policy).unwrap_err();
        assert!(matches!(error, ReceiptError::Inclusion(_)), "{error}");
    };
    refused(&|receipt| receipt.index.0 = 1);
    refused(&|receipt| receipt.index.0 = 5);
    refused(&|receipt| receipt.index.0 = u64::MAX);
    refused(&|receipt| receipt.proof.truncate(1));
    refused(&|receipt| receipt.proof.swap(0, 1));
    refused(&|receipt| receipt.proof.push(leaf_hash(b"x")));
    refused(&|receipt| receipt.proof.clear());
}

#[test]
fn every_leaf_of_the_block_has_a_receipt() {
    let tree = tree();
    for (index, leaf) in (0..).zip(block().leaf_hashes()) {
        let mut receipt = receipt();
        receipt.index.0 = index;
        receipt.proof = databourse_merkle::inclusion_proof(index, tree.size(), &tree).unwrap();
        assert!(receipt.verify(leaf, &policy()).is_ok());
    }
}

#[test]
fn who_signed_is_checked_before_the_path() {
    let mut receipt = receipt();
    receipt.proof.clear();
    receipt.checkpoint.signatures.truncate(2);
    let error = receipt.verify(entry(2).leaf_hash(), &policy()).unwrap_err();
    let quorum = "more-than-two-thirds".to_owned();
    let witnessed = vec!["w1".to_owned()];
    assert_eq!(error, ReceiptError::Untrusted(Untrusted::QuorumMissing { quorum, witnessed }));
    receipt.checkpoint = signed(&[1, 2, 3]);
    let error = receipt.verify(entry(2).leaf_hash(), &policy()).unwrap_err();
    assert_eq!(error, ReceiptError::Inclusion(ProofError::TooShort));
}
