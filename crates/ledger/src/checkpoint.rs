//! Checkpoints: size and root of the ledger at a moment, as text that logs sign and witnesses cosign
//! (C2SP tlog-checkpoint, tlog-cosignature).

use crate::{
    encoding::{base64, parse_decimal, parse_hash},
    note::{Note, NoteError, NoteSignature},
    signer::NoteSigner,
    vkey::{VerifiedSignature, VerifierKey, verify_all},
};
use databourse_merkle::{EMPTY_ROOT, Hash};
use databourse_primitives::TreeSize;
use std::{fmt, str::FromStr};

/// The longest origin in bytes.
const ORIGIN_BYTES_MAX: usize = 255;

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note around it, or a signature.
    Note(NoteError),
    /// Fewer than three lines, or no newline at the end.
    LinesMissing,
    /// The origin is empty, longer than 255 bytes, or holds control characters.
    OriginInvalid,
    /// The size is not decimal digits without leading zeros, below 2^64.
    SizeMalformed,
    /// The root is not the base64 of 32 bytes, or the tree is empty and the root is not SHA-256("").
    RootMalformed,
    /// A fourth line. Extension lines are allowed but not recommended by tlog-checkpoint, nobody can audit them, and
    /// newer cosignatures do not cover them; a log of this system never writes one.
    ExtensionLine,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note(error) => return error.fmt(f),
            Self::LinesMissing => "a checkpoint has three lines: origin, size, root",
            Self::OriginInvalid => "the origin is one line of 1 to 255 bytes without control characters",
            Self::SizeMalformed => "the size is a decimal number without leading zeros, below 2^64",
            Self::RootMalformed => {
                "the root is 32 bytes in base64, and that of an empty tree is SHA-256 of nothing"
            }
            Self::ExtensionLine => "extension lines are not accepted",
        })
    }
}

impl std::error::Error for CheckpointError {}

impl From<NoteError> for CheckpointError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

/// Size and root of one log. `Display` and `FromStr` are the signed text: three lines, each with its newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: its name, by convention a URL without scheme such as `databourse.example/yangtze`.
    pub origin: String,
    /// Number of leaves.
    pub size: TreeSize,
    /// RFC 6962 root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Signs it with the key of the log (0x01). Only a tree that contains every tree signed before may be signed.
    ///
    /// # Errors
    /// `OriginInvalid` or `RootMalformed` if no reader would accept it; `Note(KeyTypeUnfit)` for a witness key.
    pub fn sign(self, signer: &NoteSigner) -> Result<SignedCheckpoint, CheckpointError> {
        self.check()?;
        let signature = signer.sign(&self.to_string())?;
        Ok(SignedCheckpoint { checkpoint: self, signatures: vec![signature] })
    }

    fn check(&self) -> Result<(), CheckpointError> {
        check_origin(&self.origin)?;
        if self.size.0 == 0 && self.root != EMPTY_ROOT { Err(CheckpointError::RootMalformed) } else { Ok(()) }
    }
}

/// An origin: one line that is not empty.
pub(crate) fn check_origin(origin: &str) -> Result<(), CheckpointError> {
    let sized = (1..=ORIGIN_BYTES_MAX).contains(&origin.len());
    if !sized || origin.bytes().any(|byte| byte < 0x20) {
        Err(CheckpointError::OriginInvalid)
    } else {
        Ok(())
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = base64(self.root.as_bytes());
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::LinesMissing)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::LinesMissing);
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: TreeSize(parse_decimal(size).ok_or(CheckpointError::SizeMalformed)?),
            root: parse_hash(root).ok_or(CheckpointError::RootMalformed)?,
        };
        if lines.next().is_some() {
            return Err(CheckpointError::ExtensionLine);
        }
        checkpoint.check().map(|()| checkpoint)
    }
}

/// A checkpoint and the signature lines under it, verified or not. `Display` is the signed note, byte for byte what
/// was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// Lines of logs, witnesses and unknown keys, in the order of the note.
    pub signatures: Vec<NoteSignature>,
}

impl SignedCheckpoint {
    /// Reads a signed note whose text is a checkpoint.
    ///
    /// # Errors
    /// The note's error, or what is wrong with the three lines.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self { checkpoint: note.text.parse()?, signatures: note.signatures })
    }

    /// Adds a witness's cosignature (0x04) made at `time_s`, seconds since the epoch.
    ///
    /// # Errors
    /// `Note(KeyTypeUnfit)` for a log key, `Note(TimeOutOfRange)`, and what [`Checkpoint::sign`] refuses.
    pub fn cosign(&mut self, signer: &NoteSigner, time_s: u64) -> Result<(), CheckpointError> {
        self.checkpoint.check()?;
        self.add(signer.cosign(&self.checkpoint, time_s)?);
        Ok(())
    }

    /// Adds a line, in place of an earlier one of the same key name and id.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures.retain(|line| (line.key_id, &line.name) != (signature.key_id, &signature.name));
        self.signatures.push(signature);
    }

    /// Verifies the lines of the trusted `keys`, of either type; others are ignored. Whether those that signed are
    /// enough is for [`crate::Policy::check`] to say.
    ///
    /// # Errors
    /// `Note(SignatureInvalid)` if a line of a trusted key fails, `Note(NoTrustedSignature)` if there is none.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<VerifiedSignature>, CheckpointError> {
        Ok(verify_all(&self.checkpoint.to_string(), &self.signatures, keys)?)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
