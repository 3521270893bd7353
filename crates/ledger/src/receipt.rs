//! Receipts: proof that an entry stands in the ledger, verifiable without network (C2SP tlog-proof, file extension
//! `.tlog-proof`).

use crate::{
    CheckpointError, NOTE_BYTES_MAX, Policy, PolicyVerdict, SignedCheckpoint, Untrusted,
    encoding::{base64, parse_base64, parse_decimal, parse_hash},
};
use databourse_merkle::{Hash, ProofError, verify_inclusion};
use databourse_primitives::LeafIndex;
use std::fmt;

/// The longest receipt in bytes: a note and as much again for the extra data.
pub const RECEIPT_BYTES_MAX: usize = 2 * NOTE_BYTES_MAX;

/// The longest path: a tree of 2^64 leaves is 64 levels high.
pub const RECEIPT_HASHES_MAX: usize = 64;

const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// Why a receipt was refused, in the order in which it is read and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptError {
    /// More bytes than [`RECEIPT_BYTES_MAX`].
    TooLarge,
    /// Not UTF-8.
    NotText,
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    FormatUnknown,
    /// The `extra` line is not base64 of at least one byte.
    ExtraMalformed,
    /// The `index` line is missing or not a decimal number without leading zeros.
    IndexMalformed,
    /// A line of the path is not the base64 of 32 bytes.
    HashMalformed {
        /// Its position in the path, from 0 at the leaf.
        position: usize,
    },
    /// The path has more than [`RECEIPT_HASHES_MAX`] hashes.
    TooManyHashes,
    /// No blank line and checkpoint after the path.
    CheckpointMissing,
    /// The checkpoint cannot be read.
    Checkpoint(CheckpointError),
    /// The policy does not trust the checkpoint.
    Untrusted(Untrusted),
    /// The path does not lead from the leaf to the checkpoint's root.
    Inclusion(ProofError),
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the receipt has more than 1048576 bytes",
            Self::NotText => "the receipt is not UTF-8",
            Self::FormatUnknown => "the first line is not `c2sp.org/tlog-proof@v1`",
            Self::ExtraMalformed => "the extra line is not `extra <base64>`",
            Self::IndexMalformed => "the index line is not `index <n>`",
            Self::HashMalformed { position } => {
                return write!(f, "hash {position} of the path is not 32 bytes in base64");
            }
            Self::TooManyHashes => "the path has more than 64 hashes",
            Self::CheckpointMissing => "no blank line and checkpoint after the path",
            Self::Checkpoint(error) => return error.fmt(f),
            Self::Untrusted(error) => return error.fmt(f),
            Self::Inclusion(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for ReceiptError {}

/// An inclusion proof with the checkpoint that it leads to. `Display` is the `.tlog-proof` text, byte for byte what
/// was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Data of the application's own, not covered by anything; this system writes none.
    pub extra: Option<Vec<u8>>,
    /// Place of the entry in the ledger.
    pub index: LeafIndex,
    /// From the leaf's sibling up to the root's child (RFC 6962 §2.1.1).
    pub proof: Vec<Hash>,
    /// The signed root.
    pub checkpoint: SignedCheckpoint,
}

impl Receipt {
    /// Reads a `.tlog-proof` text.
    ///
    /// # Errors
    /// The first of [`ReceiptError`] up to `Checkpoint`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptError::NotText)?;
        let rest = text
            .strip_prefix(FORMAT)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(ReceiptError::FormatUnknown)?;
        let (head, checkpoint) = rest.split_once("\n\n").ok_or(ReceiptError::CheckpointMissing)?;
        let mut lines = head.split('\n').peekable();
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map(|line| {
            parse_base64(&line["extra ".len()..])
                .filter(|bytes| !bytes.is_empty())
                .ok_or(ReceiptError::ExtraMalformed)
        });
        let extra = extra.transpose()?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .ok_or(ReceiptError::IndexMalformed)?;
        let mut proof = Vec::new();
        for (position, line) in lines.enumerate() {
            if position == RECEIPT_HASHES_MAX {
                return Err(ReceiptError::TooManyHashes);
            }
            proof.push(parse_hash(line).ok_or(ReceiptError::HashMalformed { position })?);
        }
        Ok(Self {
            extra,
            index: LeafIndex(index),
            proof,
            checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes()).map_err(ReceiptError::Checkpoint)?,
        })
    }

    /// Verifies that the leaf stands at the index in a tree that `policy` trusts, and says who signed for it.
    ///
    /// # Errors
    /// `Untrusted`, then `Inclusion`.
    pub fn verify(&self, leaf_hash: Hash, policy: &Policy) -> Result<PolicyVerdict, ReceiptError> {
        let verdict = policy.check(&self.checkpoint).map_err(ReceiptError::Untrusted)?;
        let head = &self.checkpoint.checkpoint;
        verify_inclusion(leaf_hash, self.index.0, head.size.0, &self.proof, head.root)
            .map_err(ReceiptError::Inclusion)?;
        Ok(verdict)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{}", base64(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
