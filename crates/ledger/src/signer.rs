//! Private keys of notes: what a log and a witness sign with (C2SP signed-note, tlog-cosignature).

use crate::{
    Checkpoint, ForeignCheckpoint, NoteError, NoteKeyType, NoteSignature, SigningKey, VerifierKey,
    note::check_text, vkey::cosigned_message,
};

/// A private key of a log (0x01) or a witness (0x04) with its name.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    verifier_key: VerifierKey,
    key: SigningKey,
}

impl NoteSigner {
    /// Gives a private key its name and its one use. A key should have one use only.
    ///
    /// # Errors
    /// `NameInvalid`.
    pub fn new(name: impl Into<String>, key_type: NoteKeyType, key: SigningKey) -> Result<Self, NoteError> {
        let verifier_key = VerifierKey::new(name, key_type, key.public_key())?;
        Ok(Self { verifier_key, key })
    }

    /// The public half, to be published and put into policies.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier_key
    }

    /// Signs a note's text (type 0x01).
    ///
    /// # Errors
    /// `KeyTypeUnfit` for a witness key; `TextUnterminated`, `NotText` or `TooLarge`.
    pub fn sign(&self, text: &str) -> Result<NoteSignature, NoteError> {
        if self.verifier_key.key_type() != NoteKeyType::Ed25519 {
            return Err(NoteError::KeyTypeUnfit);
        }
        check_text(text)?;
        Ok(self.line(self.key.sign(text.as_bytes()).to_vec()))
    }

    /// Cosigns a checkpoint (type 0x04): states that at `time_s`, in seconds since the epoch, it is the largest
    /// consistent tree that this witness has seen of the log. The caller has checked that before.
    ///
    /// # Errors
    /// `KeyTypeUnfit` for a log key; `TimeOutOfRange` above 2^63 - 1.
    pub fn cosign(&self, checkpoint: &Checkpoint, time_s: u64) -> Result<NoteSignature, NoteError> {
        self.cosign_text(&checkpoint.to_string(), time_s)
    }

    /// The same for a checkpoint of any log, over its whole text.
    ///
    /// # Errors
    /// As [`NoteSigner::cosign`].
    pub fn cosign_foreign(
        &self,
        checkpoint: &ForeignCheckpoint,
        time_s: u64,
    ) -> Result<NoteSignature, NoteError> {
        self.cosign_text(checkpoint.text(), time_s)
    }

    fn cosign_text(&self, text: &str, time_s: u64) -> Result<NoteSignature, NoteError> {
        if self.verifier_key.key_type() != NoteKeyType::CosignatureV1 {
            return Err(NoteError::KeyTypeUnfit);
        }
        check_text(text)?;
        let signature = self.key.sign(cosigned_message(text, time_s)?.as_bytes());
        Ok(self.line([&time_s.to_be_bytes(), signature.as_slice()].concat()))
    }

    fn line(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.verifier_key.name().to_owned(), key_id: self.verifier_key.key_id(), bytes }
    }
}
