//! Receipts, certificate files, proofs of snapshots: what is verified offline by somebody who trusts a policy only.

use crate::known::{CERTIFICATE, POLICY};
use databourse_ledger::{CertificateFile, Receipt};
use databourse_market::SnapshotProof;

/// `.tlog-proof`.
pub(crate) fn receipt(input: &[u8]) {
    let Ok(receipt) = Receipt::parse(input) else { return };
    assert_eq!(receipt.to_string().as_bytes(), input);
    let known = &CERTIFICATE.receipt;
    if receipt.verify(CERTIFICATE.entry.leaf_hash(), &POLICY).is_ok() {
        assert_eq!((receipt.index, &receipt.proof), (known.index, &known.proof), "a forged receipt");
        assert_eq!(receipt.checkpoint.checkpoint, known.checkpoint.checkpoint, "a forged receipt");
    }
}

/// The JSON file around entry, author's key and receipt.
pub(crate) fn certificate(input: &[u8]) {
    let Ok(file) = CertificateFile::parse(input) else { return };
    let printed = file.to_string();
    assert_eq!(CertificateFile::parse(printed.as_bytes()).as_ref(), Ok(&file));
    if let Ok(verified) = file.verify(&POLICY) {
        assert_eq!((&file.entry, &file.author_key), (&CERTIFICATE.entry, &CERTIFICATE.author_key));
        assert_eq!(verified.leaf_index, CERTIFICATE.receipt.index);
        assert_eq!(file.receipt.proof, CERTIFICATE.receipt.proof, "a forged certificate");
    }
}

/// The JSON file around entries with receipts.
pub(crate) fn snapshot_proof(input: &[u8]) {
    let Ok(proof) = SnapshotProof::parse(input) else { return };
    let printed = proof.to_string();
    assert_eq!(SnapshotProof::parse(printed.as_bytes()).as_ref(), Ok(&proof));
    // The known ledger holds no attestation.
    assert!(proof.verify(&POLICY).is_err(), "a forged snapshot");
}
