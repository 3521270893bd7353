//! Private keys of notes: what a log and a witness sign with (C2SP signed-note, tlog-cosignature).

use crate::{
    Checkpoint, ForeignCheckpoint, NoteError, NoteKeyType, NoteSignature, SigningKey, VerifierKey,
    note::check_text, vkey::cosigned_message,
};

/// A private key, of the algorithm that the type of its verifier key names.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "ml-dsa", expect(clippy::large_enum_variant, reason = "a process has a handful"))]
enum Secret {
    Ed25519(SigningKey),
    #[cfg(feature = "ml-dsa")]
    MlDsa44(crate::MlDsaKey),
}

/// A private key of a log (0x01) or a witness (0x04, 0x06) with its name.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    verifier_key: VerifierKey,
    secret: Secret,
}

impl NoteSigner {
    /// Gives a private Ed25519 key its name and its one use. A key should have one use only.
    ///
    /// # Errors
    /// `NameInvalid`; `KeyMalformed` for a type of another algorithm.
    pub fn new(name: impl Into<String>, key_type: NoteKeyType, key: SigningKey) -> Result<Self, NoteError> {
        let verifier_key = VerifierKey::new(name, key_type, key.public_key())?;
        Ok(Self { verifier_key, secret: Secret::Ed25519(key) })
    }

    /// Gives a private ML-DSA-44 key its name; it cosigns (type 0x06).
    ///
    /// # Errors
    /// `NameInvalid`, also above 255 bytes.
    #[cfg(feature = "ml-dsa")]
    pub fn ml_dsa(name: impl Into<String>, key: crate::MlDsaKey) -> Result<Self, NoteError> {
        let (name, bytes) = (name.into(), key.public_bytes());
        if name.len() > usize::from(u8::MAX) {
            return Err(NoteError::NameInvalid);
        }
        let verifier_key = VerifierKey::of_bytes(name, NoteKeyType::MlDsa44, &bytes)?;
        Ok(Self { verifier_key, secret: Secret::MlDsa44(key) })
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
        let (NoteKeyType::Ed25519, Secret::Ed25519(key)) = (self.verifier_key.key_type(), &self.secret)
        else {
            return Err(NoteError::KeyTypeUnfit);
        };
        check_text(text)?;
        Ok(self.line(key.sign(text.as_bytes()).to_vec()))
    }

    /// Cosigns a checkpoint (type 0x04 or 0x06): states that at `time_s`, in seconds since the epoch, it is the largest
    /// consistent tree that this witness has seen of the log. The caller has checked that before.
    ///
    /// # Errors
    /// `KeyTypeUnfit` for a log key; `TimeOutOfRange` above 2^63 - 1.
    pub fn cosign(&self, checkpoint: &Checkpoint, time_s: u64) -> Result<NoteSignature, NoteError> {
        self.cosign_text(&checkpoint.to_string(), checkpoint, time_s)
    }

    /// The same for a checkpoint of any log: over its whole text (0x04), or its origin, size and root (0x06).
    ///
    /// # Errors
    /// As [`NoteSigner::cosign`].
    pub fn cosign_foreign(
        &self,
        checkpoint: &ForeignCheckpoint,
        time_s: u64,
    ) -> Result<NoteSignature, NoteError> {
        let tree = Checkpoint {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.size(),
            root: checkpoint.root(),
        };
        self.cosign_text(checkpoint.text(), &tree, time_s)
    }

    #[cfg_attr(not(feature = "ml-dsa"), expect(unused_variables, reason = "0x04 signs the text"))]
    fn cosign_text(&self, text: &str, tree: &Checkpoint, time_s: u64) -> Result<NoteSignature, NoteError> {
        let signature = match (self.verifier_key.key_type(), &self.secret) {
            (NoteKeyType::CosignatureV1, Secret::Ed25519(key)) => {
                check_text(text)?;
                key.sign(cosigned_message(text, time_s)?.as_bytes()).to_vec()
            }
            #[cfg(feature = "ml-dsa")]
            (NoteKeyType::MlDsa44, Secret::MlDsa44(key)) => {
                key.sign(&crate::ml_dsa::cosigned_message(self.verifier_key.name(), tree, time_s)?)
            }
            _ => return Err(NoteError::KeyTypeUnfit),
        };
        Ok(self.line([&time_s.to_be_bytes(), signature.as_slice()].concat()))
    }

    fn line(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.verifier_key.name().to_owned(), key_id: self.verifier_key.key_id(), bytes }
    }
}
