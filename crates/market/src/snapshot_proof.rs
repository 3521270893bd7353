//! The proof of a snapshot: a file that says, to whoever trusts a policy, what the state of the region was after a block.
//!
//! It holds entries of the ledger, each with its receipt. The header of the block behind the snapshot names the tree that
//! the snapshot ends with. The attestations of more than two thirds of the policy's exchanges name size and digest of the
//! rows. The ledger takes an attestation only from the exchange that it names, once, so an entry that a final checkpoint
//! covers is that exchange's word.

use crate::Command;
use databourse_ledger::{BLOCK_HEADER_TYPE, BlockHeader, Entry, Policy, Receipt, VerifyError};
use databourse_party::{AttestSnapshot, SnapshotContent};
use databourse_primitives::{Digest, ExchangeCode, Height, quorum_of};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// The value of the file's `format` member.
pub const SNAPSHOT_PROOF_FORMAT: &str = "databourse-snapshot-proof@v1";

/// The longest file in bytes.
pub const SNAPSHOT_PROOF_BYTES_MAX: usize = 8_388_608;

/// An entry with the proof that it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEntry {
    /// The entry, a compact JWS.
    pub entry: String,
    /// Its receipt (C2SP tlog-proof).
    pub receipt: String,
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotProof {
    format: String,
    /// The header of the block behind the snapshot.
    pub header: ProvenEntry,
    /// The attestations.
    pub attestations: Vec<ProvenEntry>,
}

/// What a proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSnapshot {
    /// Origin of the ledger.
    pub origin: String,
    /// The block after which the state was copied.
    pub height: Height,
    /// Root over the ledger's leaves up to it.
    pub root: Digest,
    /// Size of the ledger, number and digest of the rows.
    pub content: SnapshotContent,
    /// Who attested exactly that, among the exchanges of the policy.
    pub attested_by: BTreeSet<ExchangeCode>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotProofError {
    /// More bytes than [`SNAPSHOT_PROOF_BYTES_MAX`], or not the JSON object of [`SnapshotProof`].
    Malformed(String),
    /// An entry does not stand in a ledger that the policy trusts.
    Entry {
        /// Which entry.
        which: String,
        /// Why not.
        error: VerifyError,
    },
    /// An entry is another one than it should be.
    Unfit {
        /// Which entry.
        which: String,
        /// What was expected.
        expected: String,
    },
    /// Too few exchanges of the policy attested it.
    TooFew {
        /// How many did.
        attested: usize,
        /// How many it takes.
        needed: usize,
    },
}

impl fmt::Display for SnapshotProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(expected) => write!(f, "the file is no proof of a snapshot: {expected}"),
            Self::Entry { which, error } => write!(f, "{which}: {error}"),
            Self::Unfit { which, expected } => write!(f, "{which}: expected {expected}"),
            Self::TooFew { attested, needed } => {
                write!(f, "{attested} exchanges of the policy attested the snapshot; it takes {needed}")
            }
        }
    }
}

impl std::error::Error for SnapshotProofError {}

impl SnapshotProof {
    /// Puts a proof together; nothing is verified.
    pub fn new(header: ProvenEntry, attestations: Vec<ProvenEntry>) -> Self {
        Self { format: SNAPSHOT_PROOF_FORMAT.to_owned(), header, attestations }
    }

    /// Reads a file; nothing is verified yet.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, SnapshotProofError> {
        if bytes.len() > SNAPSHOT_PROOF_BYTES_MAX {
            let expected = format!("at most {SNAPSHOT_PROOF_BYTES_MAX} bytes");
            return Err(SnapshotProofError::Malformed(expected));
        }
        let proof: Self = serde_json::from_slice(bytes)
            .map_err(|error| SnapshotProofError::Malformed(error.to_string()))?;
        if proof.format != SNAPSHOT_PROOF_FORMAT {
            return Err(SnapshotProofError::Malformed(format!("format `{SNAPSHOT_PROOF_FORMAT}`")));
        }
        Ok(proof)
    }

    /// Verifies every entry under `policy` and that they say one thing: attestations of more than two thirds of the
    /// policy's witnesses, of one height and content, and the header right behind it.
    ///
    /// # Errors
    /// The first of [`SnapshotProofError`] from `Entry` on, header first.
    pub fn verify(&self, policy: &Policy) -> Result<VerifiedSnapshot, SnapshotProofError> {
        let which = "the block header";
        let header = self.header.verified(which, policy)?;
        let fields = header.header_fields(which)?;
        let unfit =
            |which: &str, expected: String| SnapshotProofError::Unfit { which: which.to_owned(), expected };
        if header.index != fields.previous_size.0 {
            return Err(unfit(which, format!("a header at leaf {}", fields.previous_size)));
        }
        let height = Height(fields.height.0.saturating_sub(1));
        let mut content = None;
        let mut attested_by = BTreeSet::new();
        for (number, attestation) in (1..).zip(&self.attestations) {
            let which = format!("attestation {number}");
            let proven = attestation.verified(&which, policy)?;
            let said = proven.attestation(&which)?;
            let agreed = *content.get_or_insert(said.content);
            if said.height != height || said.content != agreed || agreed.tree_size != fields.previous_size {
                let expected = format!(
                    "what the others say of height {height} and {} leaves: {}",
                    fields.previous_size, agreed.digest
                );
                return Err(unfit(&which, expected));
            }
            let exchange = proven.entry.claims().exchange.clone();
            let name = format!("{}/{exchange}", proven.origin);
            if proven.origin == header.origin && policy.witnesses().iter().any(|one| one.key.name() == name) {
                attested_by.insert(exchange);
            }
        }
        let (attested, needed) = (attested_by.len(), quorum_of(policy.witnesses().len()));
        match content {
            Some(content) if attested >= needed => {
                let root = Digest::from_bytes(*fields.previous_root.as_bytes());
                Ok(VerifiedSnapshot { origin: header.origin, height, root, content, attested_by })
            }
            _ => Err(SnapshotProofError::TooFew { attested, needed }),
        }
    }
}

/// The file's text, one member per line.
impl fmt::Display for SnapshotProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

/// An entry that stands in the ledger.
struct Proven {
    entry: Entry,
    index: u64,
    origin: String,
}

impl ProvenEntry {
    fn verified(&self, which: &str, policy: &Policy) -> Result<Proven, SnapshotProofError> {
        let failed = |error| SnapshotProofError::Entry { which: which.to_owned(), error };
        let entry =
            Entry::parse(self.entry.as_bytes()).map_err(|refusal| failed(VerifyError::Entry(refusal)))?;
        let untrusted = |error| failed(VerifyError::Receipt(error));
        let receipt = Receipt::parse(self.receipt.as_bytes()).map_err(untrusted)?;
        receipt.verify(entry.leaf_hash(), policy).map_err(untrusted)?;
        let origin = receipt.checkpoint.checkpoint.origin;
        Ok(Proven { entry, index: receipt.index.0, origin })
    }
}

impl Proven {
    fn header_fields(&self, which: &str) -> Result<BlockHeader, SnapshotProofError> {
        let claims = self.entry.claims();
        let fields = serde_json::from_str(claims.body.get()).ok();
        let fields = fields.filter(|_| claims.entry_type == BLOCK_HEADER_TYPE);
        fields.ok_or_else(|| SnapshotProofError::Unfit {
            which: which.to_owned(),
            expected: format!("a `{BLOCK_HEADER_TYPE}`"),
        })
    }

    fn attestation(&self, which: &str) -> Result<AttestSnapshot, SnapshotProofError> {
        let claims = self.entry.claims();
        match Command::from_json(&claims.entry_type, claims.body.get()) {
            Ok(Command::AttestSnapshot(said)) if claims.on_behalf_of.is_none() => Ok(said),
            _ => Err(SnapshotProofError::Unfit {
                which: which.to_owned(),
                expected: "a `snapshot.attest` of an exchange".to_owned(),
            }),
        }
    }
}
