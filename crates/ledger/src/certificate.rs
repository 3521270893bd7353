//! Certificates: an entry, the key that signed it and its receipt in one small JSON file that proves itself offline.
//! `certificate/compact.rs` makes the digits of a QR code of it, `certificate/lean.rs` leaves out cosignatures.

mod compact;
mod digits;
mod lean;
mod texts;

pub use compact::{COMPACT_BYTES_MAX, COMPACT_DIGITS_MAX};
pub use texts::DICTIONARY as COMPACT_DICTIONARY;

use crate::{
    Claims, Entry, Policy, PolicyVerdict, Receipt, ReceiptError, Untrusted, VerifiedSignature, Witnessed,
    checkpoint::Checkpoint,
    json::{self, MembersError},
};
use databourse_primitives::{LeafIndex, PublicKey, Refusal};
use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use std::fmt;

/// The value of the file's `format` member.
pub const CERTIFICATE_FORMAT: &str = "databourse-certificate@v1";

/// The longest certificate file in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 2_097_152;

/// Why a certificate or a receipt was refused, in the order in which it is read and verified. [`VerifyError::code`]
/// is stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyError {
    /// More bytes than [`CERTIFICATE_BYTES_MAX`].
    TooLarge,
    /// The file is not the JSON object of docs/ENTRY.md.
    FileMalformed {
        /// The failing member; empty if the file as a whole is meant.
        member: &'static str,
        /// What was expected.
        expected: String,
    },
    /// The `format` member names another format or version.
    FormatUnknown,
    /// The entry does not parse, or its signature does not hold; the refusal says which part.
    Entry(Refusal),
    /// `author_key` is not the key that the entry's `kid` names.
    AuthorKeyDiffers,
    /// The receipt does not parse, is not trusted, or does not lead from this entry to the root.
    Receipt(ReceiptError),
}

impl VerifyError {
    /// A stable text for programs: `<what>.<why>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "certificate.too_large",
            Self::FileMalformed { .. } => "certificate.malformed",
            Self::FormatUnknown => "certificate.format_unknown",
            Self::Entry(refusal) => refusal.code.as_str(),
            Self::AuthorKeyDiffers => "author_key.differs",
            Self::Receipt(ReceiptError::Checkpoint(_)) => "checkpoint.malformed",
            Self::Receipt(ReceiptError::Inclusion(_)) => "inclusion.invalid",
            Self::Receipt(ReceiptError::Untrusted(untrusted)) => match untrusted {
                Untrusted::OriginUnknown { .. } => "checkpoint.origin_unknown",
                Untrusted::SignatureInvalid { .. } => "checkpoint.signature_invalid",
                Untrusted::LogSignatureMissing { .. } => "checkpoint.log_signature_missing",
                Untrusted::QuorumMissing { .. } => "checkpoint.quorum_missing",
            },
            Self::Receipt(_) => "receipt.malformed",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::TooLarge => f.write_str("the file has more than 2097152 bytes"),
            Self::FileMalformed { member: "", expected } => write!(f, "the file is not {expected}"),
            Self::FileMalformed { member, expected } => write!(f, "member `{member}`: {expected}"),
            Self::FormatUnknown => write!(f, "the file's format is not `{CERTIFICATE_FORMAT}`"),
            Self::Entry(refusal) => write!(f, "the entry: {refusal}"),
            Self::AuthorKeyDiffers => f.write_str("`author_key` is not the key that the entry's `kid` names"),
            Self::Receipt(error) => write!(f, "the receipt: {error}"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<MembersError> for VerifyError {
    fn from(error: MembersError) -> Self {
        Self::FileMalformed { member: error.member, expected: error.expected }
    }
}

/// The file: JSON members `format`, `entry`, `author_key`, `receipt`, all strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    /// What is certified.
    pub entry: Entry,
    /// The key that signed it. Nothing vouches for it but the entry's `kid`, which is its thumbprint, and the ledger,
    /// which admits entries of registered keys only.
    pub author_key: PublicKey,
    /// Proof that the entry stands in the ledger.
    pub receipt: Receipt,
}

/// What a verified certificate proves.
#[derive(Debug, Clone)]
pub struct VerifiedCertificate {
    /// What the author stated.
    pub claims: Claims,
    /// Where it stands in the ledger.
    pub leaf_index: LeafIndex,
    /// Size and root that the signers vouch for.
    pub checkpoint: Checkpoint,
    /// The keys of the log that signed the checkpoint.
    pub logs: Vec<VerifiedSignature>,
    /// The witnesses that cosigned it.
    pub signers: Vec<Witnessed>,
}

impl CertificateFile {
    /// Reads a file; nothing is verified yet.
    ///
    /// # Errors
    /// `TooLarge`, `FileMalformed`, `FormatUnknown`, `Entry` or `Receipt` for what cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(VerifyError::TooLarge);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| VerifyError::FileMalformed { member: "", expected: "UTF-8".to_owned() })?;
        let names = ["format", "entry", "author_key", "receipt"];
        let [format, entry, author_key, receipt] = json::members(text, names)?;
        let string = |raw, name| json::value::<String>(json::required(raw, name)?, name);
        if string(format, "format")? != CERTIFICATE_FORMAT {
            return Err(VerifyError::FormatUnknown);
        }
        let entry = string(entry, "entry")?;
        let author_key = json::value(json::required(author_key, "author_key")?, "author_key")?;
        let receipt = string(receipt, "receipt")?;
        Ok(Self {
            entry: Entry::parse(entry.as_bytes()).map_err(VerifyError::Entry)?,
            author_key,
            receipt: Receipt::parse(receipt.as_bytes()).map_err(VerifyError::Receipt)?,
        })
    }

    /// Verifies everything that can be verified without network: the author's key and signature, the checkpoint by
    /// `policy`, and the entry's place under it.
    ///
    /// # Errors
    /// `AuthorKeyDiffers`, `Entry` with `signature.invalid`, then `Receipt`.
    pub fn verify(&self, policy: &Policy) -> Result<VerifiedCertificate, VerifyError> {
        if self.author_key.key_id() != self.entry.kid() {
            return Err(VerifyError::AuthorKeyDiffers);
        }
        self.entry.verify(&self.author_key).map_err(VerifyError::Entry)?;
        let leaf_hash = self.entry.leaf_hash();
        let verdict = self.receipt.verify(leaf_hash, policy).map_err(VerifyError::Receipt)?;
        Ok(VerifiedCertificate {
            claims: self.entry.claims().clone(),
            leaf_index: self.receipt.index,
            checkpoint: self.receipt.checkpoint.checkpoint.clone(),
            logs: verdict.logs,
            signers: verdict.witnesses,
        })
    }
}

impl Serialize for CertificateFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut file = serializer.serialize_struct("CertificateFile", 4)?;
        file.serialize_field("format", CERTIFICATE_FORMAT)?;
        file.serialize_field("entry", self.entry.as_str())?;
        file.serialize_field("author_key", &self.author_key)?;
        file.serialize_field("receipt", &self.receipt.to_string())?;
        file.end()
    }
}

/// The file's text, one member per line.
impl fmt::Display for CertificateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

/// Verifies that an entry's bytes stand in a ledger that `policy` trusts. The author's signature is not looked at:
/// that needs the author's key, see [`CertificateFile::verify`].
///
/// # Errors
/// `Entry` if the bytes are not an entry, then `Receipt`.
pub fn verify_receipt(
    entry: &[u8],
    receipt: &Receipt,
    policy: &Policy,
) -> Result<PolicyVerdict, VerifyError> {
    let entry = Entry::parse(entry).map_err(VerifyError::Entry)?;
    receipt.verify(entry.leaf_hash(), policy).map_err(VerifyError::Receipt)
}
