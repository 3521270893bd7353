//! Signatures of exchanges: each writes one as a file, and whoever submits gathers them.

use crate::{AnchorError, AnchorKey, KeySet, StatementRoot, file::AnchorFile, typed};
use alloy_primitives::{Address, B256, Bytes, Signature};
use databourse_ledger::Checkpoint;
use serde::{Deserialize, Serialize};

/// Name of the file's form; another version has another name.
pub const SIGNATURE_FORMAT: &str = "databourse-anchor-signature@v1";

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Signed {
    /// A checkpoint; the log's origin is that of the contracts' file.
    Checkpoint {
        /// Number of leaves.
        size: u64,
        /// RFC 6962 root.
        root: B256,
    },
    /// A statement of a window.
    Statement(StatementRoot),
    /// New keys of the log.
    Keys {
        /// One above the present version.
        version: u64,
        /// The keys.
        keys: KeySet,
    },
}

impl Signed {
    /// A checkpoint as it is signed.
    pub fn checkpoint(checkpoint: &Checkpoint) -> Self {
        Self::Checkpoint { size: checkpoint.size.0, root: B256::from(*checkpoint.root.as_bytes()) }
    }

    /// The digest that is signed for the contracts of `file`.
    pub fn digest(&self, file: &AnchorFile) -> B256 {
        match self {
            Self::Checkpoint { size, root } => typed::checkpoint(file, *size, *root),
            Self::Statement(statement) => typed::statement(file, statement),
            Self::Keys { version, keys } => typed::key_set(file, *version, keys),
        }
    }
}

/// One exchange's signature, with what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorSignature {
    /// [`SIGNATURE_FORMAT`].
    pub format: String,
    /// The log it is for.
    pub log: B256,
    /// What is signed.
    pub signed: Signed,
    /// Whose key.
    pub signer: Address,
    /// r, s and v.
    pub signature: Bytes,
}

/// Why signatures are not enough. The contract would refuse the same; here it costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// It was made for another log or contract, or for something else than the others.
    #[error("the signature of {0} is for something else")]
    Other(Address),
    /// It does not hold, or another key made it.
    #[error("the signature of {0} does not hold")]
    Invalid(Address),
    /// Who signed is none of the log's exchanges.
    #[error("{0} is no key of the log")]
    Unknown(Address),
    /// Too few.
    #[error("{count} of {quorum} signatures: missing are {missing:?}")]
    Missing {
        /// Different keys that signed.
        count: usize,
        /// How many must.
        quorum: usize,
        /// Keys that did not.
        missing: Vec<Address>,
    },
}

impl AnchorSignature {
    /// Signs.
    ///
    /// # Errors
    /// None in practice.
    pub fn sign(key: &AnchorKey, file: &AnchorFile, signed: Signed) -> Result<Self, AnchorError> {
        let signature = key.sign(signed.digest(file))?;
        let (format, signer) = (SIGNATURE_FORMAT.to_owned(), key.address());
        Ok(Self { format, log: file.log.id(), signed, signer, signature })
    }

    /// Reads the file's text; whether the signature holds is for [`gather`] to say.
    ///
    /// # Errors
    /// [`AnchorError::File`].
    pub fn parse(text: &str) -> Result<Self, AnchorError> {
        let read: Self = serde_json::from_str(text).map_err(|error| AnchorError::File(error.to_string()))?;
        if read.format == SIGNATURE_FORMAT {
            Ok(read)
        } else {
            Err(AnchorError::File(format!("expected the format {SIGNATURE_FORMAT}")))
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// None in practice.
    pub fn to_text(&self) -> Result<String, AnchorError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|error| AnchorError::File(error.to_string()))?;
        Ok(format!("{text}\n"))
    }

    /// Who made the signature of this digest; `None` if it is none, or one that the contracts refuse as malleable.
    fn recovered(&self, digest: B256) -> Option<Address> {
        let signature = Signature::from_raw(&self.signature).ok()?;
        if self.signature.len() != 65 || signature.normalize_s().is_some() {
            return None;
        }
        signature.recover_address_from_prehash(&digest).ok()
    }
}

/// The signatures as the contracts take them, in ascending order of their signers; a key that signed twice counts once.
///
/// # Errors
/// [`GatherError`], of the first file that is wrong.
pub fn gather(
    file: &AnchorFile,
    keys: &KeySet,
    signed: &Signed,
    signatures: &[AnchorSignature],
) -> Result<Vec<Bytes>, GatherError> {
    let digest = signed.digest(file);
    let mut gathered = std::collections::BTreeMap::new();
    for signature in signatures {
        let signer = signature.signer;
        if signature.log != file.log.id() || signature.signed != *signed {
            return Err(GatherError::Other(signer));
        }
        if signature.recovered(digest) != Some(signer) {
            return Err(GatherError::Invalid(signer));
        }
        if !keys.holds(signer) {
            return Err(GatherError::Unknown(signer));
        }
        gathered.insert(signer, signature.signature.clone());
    }
    if gathered.len() < keys.quorum() {
        let missing = keys.keys().iter().copied().filter(|key| !gathered.contains_key(key)).collect();
        return Err(GatherError::Missing { count: gathered.len(), quorum: keys.quorum(), missing });
    }
    Ok(gathered.into_values().collect())
}
