//! Checkpoints of any log, as a witness meets them: with extension lines, and with roots that are not judged yet
//! (C2SP tlog-checkpoint, tlog-cosignature).

use crate::{
    checkpoint::{CheckpointError, check_origin},
    encoding::{parse_decimal, parse_hash},
    note::{Note, NoteSignature},
    vkey::{VerifiedSignature, VerifierKey, verify_all},
};
use databourse_merkle::Hash;
use databourse_primitives::TreeSize;
use std::fmt;

/// A checkpoint of whatever log, with its signature lines, verified or not. Unlike [`crate::SignedCheckpoint`] it may
/// have extension lines, which a cosignature covers without saying anything about them, and any root for size 0, which
/// tlog-witness has an answer of its own for. `Display` is the signed note, byte for byte what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCheckpoint {
    text: String,
    origin: String,
    size: TreeSize,
    root: Hash,
    signatures: Vec<NoteSignature>,
}

impl ForeignCheckpoint {
    /// Reads a signed note whose text is a checkpoint.
    ///
    /// # Errors
    /// The note's error, or what is wrong with the lines: `LinesMissing` also for an extension line that is empty.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let Note { text, signatures } = Note::parse(bytes)?;
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::LinesMissing)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::LinesMissing);
        };
        if lines.any(str::is_empty) {
            return Err(CheckpointError::LinesMissing);
        }
        check_origin(origin)?;
        let size = TreeSize(parse_decimal(size).ok_or(CheckpointError::SizeMalformed)?);
        let root = parse_hash(root).ok_or(CheckpointError::RootMalformed)?;
        let origin = origin.to_owned();
        Ok(Self { text, origin, size, root, signatures })
    }

    /// What is signed: all lines above the blank one, each with its newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which log: the first line.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// RFC 6962 root over them, as the log says.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Lines of logs, witnesses and unknown keys, in the order of the note.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Verifies the lines of the trusted `keys`; others are ignored. Every line of a trusted key must hold.
    ///
    /// # Errors
    /// `Note(SignatureInvalid)` if a line of a trusted key fails, `Note(NoTrustedSignature)` if there is none.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<VerifiedSignature>, CheckpointError> {
        Ok(verify_all(&self.text, &self.signatures, keys)?)
    }

    /// The same checkpoint with the lines of these `keys` only, however often they stand there.
    #[must_use]
    pub fn only(mut self, keys: &[VerifierKey]) -> Self {
        self.signatures.retain(|line| keys.iter().any(|key| key.claims(line)));
        self
    }

    /// The same checkpoint with one more line, in place of an earlier one of the same key name and id.
    #[must_use]
    pub fn with(mut self, signature: NoteSignature) -> Self {
        self.signatures.retain(|line| (line.key_id, &line.name) != (signature.key_id, &signature.name));
        self.signatures.push(signature);
        self
    }
}

impl fmt::Display for ForeignCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoteKeyType, NoteSigner, SigningKey};

    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    fn signer(name: &str, key_type: NoteKeyType, seed: u8) -> NoteSigner {
        NoteSigner::new(name, key_type, SigningKey::from_seed([seed; 32])).unwrap()
    }

    fn note(text: &str) -> String {
        Note::sign(text, &[&signer("example.com/log", NoteKeyType::Ed25519, 1)]).unwrap().to_string()
    }

    #[test]
    fn extension_lines_are_kept_and_signed_with_the_rest() {
        let text = format!("example.com/log\n9\n{ROOT}\nextension one\n2\n");
        let printed = note(&text);
        let read = ForeignCheckpoint::parse(printed.as_bytes()).unwrap();
        assert_eq!((read.origin(), read.size().0, read.text()), ("example.com/log", 9, text.as_str()));
        assert_eq!(read.to_string(), printed);
        let witness = signer("w.example", NoteKeyType::CosignatureV1, 2);
        let line = witness.cosign_foreign(&read, 7).unwrap();
        let cosigned = read.clone().with(line.clone());
        let keys = [witness.verifier_key().clone()];
        assert_eq!(cosigned.verify(&keys).unwrap()[0].time_s, Some(7));
        // The extension is under the cosignature: without it the line does not hold.
        let bare = note(&format!("example.com/log\n9\n{ROOT}\n"));
        let bare = ForeignCheckpoint::parse(bare.as_bytes()).unwrap().with(line);
        assert!(bare.verify(&keys).is_err());
        assert_eq!(cosigned.only(&keys).signatures().len(), 1);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for (text, error) in [
            (format!("a\n1\n{ROOT}\n"), None),
            (format!("go.sum database tree\n1\n{ROOT}\n"), None),
            (format!("a\n0\n{ROOT}\n"), None),
            ("a\n1\n".to_owned(), Some(CheckpointError::LinesMissing)),
            (format!("a\n1\n{ROOT}\n\nx\n"), Some(CheckpointError::LinesMissing)),
            (format!("\n1\n{ROOT}\n"), Some(CheckpointError::OriginInvalid)),
            (format!("a\n01\n{ROOT}\n"), Some(CheckpointError::SizeMalformed)),
            (format!("a\n-1\n{ROOT}\n"), Some(CheckpointError::SizeMalformed)),
            ("a\n1\nAAAA\n".to_owned(), Some(CheckpointError::RootMalformed)),
        ] {
            assert_eq!(ForeignCheckpoint::parse(note(&text).as_bytes()).err(), error, "{text:?}");
        }
    }
}
