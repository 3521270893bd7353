//! What is signed and how it is proven: entries, blocks, checkpoints, cosignatures, policies, receipts.
//!
//! | noun | module | format |
//! |---|---|---|
//! | [`Entry`], [`Claims`] | `entry`, `claims` | RFC 7515 compact JWS, `EdDSA` (RFC 8037); see `docs/ENTRY.md` |
//! | bundles | `bundle` | (uint16 length ‖ entry)*, C2SP tlog-tiles |
//! | [`Block`], [`BlockHeader`] | `block` | a bundle whose first entry is the header |
//! | [`ConsensusMessage`], [`DoubleSigning`] | `agreement` | signed text of our own |
//! | [`Note`], [`VerifierKey`], [`NoteSigner`] | `note`, `vkey`, `signer` | C2SP signed-note |
//! | [`Checkpoint`], [`SignedCheckpoint`] | `checkpoint` | C2SP tlog-checkpoint, tlog-cosignature |
//! | [`ForeignCheckpoint`] | `foreign` | the same of any log, with extension lines |
//! | [`Policy`], [`PolicyVerdict`] | `policy` | C2SP tlog-policy |
//! | [`Receipt`] | `receipt` | C2SP tlog-proof |
//! | [`CertificateFile`] | `certificate` | one JSON file, or the digits of a QR code; verified offline |
//!
//! Every parser is bounded, accepts one spelling of each value, and prints what it read byte for byte. The one
//! signature rule of the whole system stands at [`verify_signature`].
//!
//! Deliberately absent: I/O, clocks, randomness, which key belongs to whom (`party`), what a body means (`market`),
//! and building trees and proofs (`merkle`).

mod agreement;
mod block;
mod bundle;
mod certificate;
mod checkpoint;
mod claims;
mod encoding;
mod entry;
mod foreign;
mod json;
mod key;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
mod note;
mod policy;
mod policy_history;
mod prepared_key;
mod receipt;
mod signer;
mod vkey;

pub use agreement::{ConsensusMessage, ConsensusSignature, DoubleSigning, SignedConsensusMessage, Step};
pub use block::{
    BLOCK_BYTES_MAX, BLOCK_COMMANDS_MAX, BLOCK_HEADER_TYPE, Block, BlockError, BlockHeader, commands_root,
};
pub use bundle::{BUNDLE_ENTRIES_MAX, BundleError, decode_bundle, encode_bundle, parse_bundle};
pub use certificate::{
    CERTIFICATE_BYTES_MAX, CERTIFICATE_FORMAT, COMPACT_BYTES_MAX, COMPACT_DICTIONARY, COMPACT_DIGITS_MAX,
    CertificateFile, VerifiedCertificate, VerifyError, verify_receipt,
};
pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use claims::{Claims, ENTRY_TYPE_BYTES_MAX};
pub use entry::{ENTRY_BYTES_MAX, Entry};
pub use foreign::ForeignCheckpoint;
pub use key::{SignatureError, SigningKey, verify_signature};
#[cfg(feature = "ml-dsa")]
pub use ml_dsa::{ML_DSA_44_KEY_BYTES, ML_DSA_44_SIGNATURE_BYTES, MlDsaKey};
pub use note::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteError, NoteSignature};
pub use policy::{
    POLICY_BYTES_MAX, POLICY_ITEMS_MAX, Policy, PolicyError, PolicyGroup, PolicyLog, PolicyVerdict,
    PolicyWitness, Quorum, Untrusted, Witnessed,
};
pub use policy_history::{HistoryError, POLICY_PERIODS_MAX, PolicyHistory, PolicyPeriod, RetiredKey};
pub use prepared_key::PreparedKey;
pub use receipt::{RECEIPT_BYTES_MAX, RECEIPT_HASHES_MAX, Receipt, ReceiptError};
pub use signer::NoteSigner;
pub use vkey::{NoteKeyType, VerifiedSignature, VerifierKey};
