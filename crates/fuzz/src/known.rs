//! What was honestly signed: the vectors of `tests/vectors/ledger`. Whatever else verifies under their keys is a finding.

use databourse_ledger::{CertificateFile, Policy};
use std::sync::LazyLock;

/// One log, four witnesses, three of them needed.
pub(crate) static POLICY: LazyLock<Policy> =
    LazyLock::new(|| include_str!("../../../tests/vectors/ledger/policy.txt").parse().unwrap());

/// An entry at leaf 2 of a ledger that [`POLICY`] trusts, and its receipt.
pub(crate) static CERTIFICATE: LazyLock<CertificateFile> = LazyLock::new(|| {
    CertificateFile::parse(include_bytes!("../../../tests/vectors/ledger/certificate.json")).unwrap()
});

/// The note of the specification, and its key.
pub(crate) const NOTE: &str = include_str!("../../../tests/vectors/ledger/note.txt");
pub(crate) const NOTE_KEY: &str = include_str!("../../../tests/vectors/ledger/note.vkey");
