//! Signed notes: text and the signature lines under it (C2SP signed-note v1.0.0). Key types are in `vkey`.

use crate::{
    encoding::{base64, parse_base64},
    signer::NoteSigner,
    vkey::{VerifiedSignature, VerifierKey, verify_all},
};
use std::{fmt, str::FromStr};

/// The longest note in bytes: 64 signatures of 5 kB each and their text.
pub const NOTE_BYTES_MAX: usize = 524_288;

/// The most signature lines of a note. The specification asks for at least 16.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Why a note, a signature line or a verifier key was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteError {
    /// More bytes than [`NOTE_BYTES_MAX`].
    TooLarge,
    /// Not UTF-8, or a control character below U+0020 other than newline.
    NotText,
    /// No blank line, no signature line under it, or no newline at the end.
    SignaturesMissing,
    /// The text to sign does not end in a newline.
    TextUnterminated,
    /// More lines than [`NOTE_SIGNATURES_MAX`].
    TooManySignatures,
    /// A line under the text is not `— <name> <base64>`. Counted from 0.
    SignatureLine {
        /// Position of the line among the signature lines.
        position: usize,
    },
    /// A key name is empty or holds a space, a plus or a control character.
    NameInvalid,
    /// A verifier key is not `<name>+<8 hex digits>+<base64>` around its type and as many bytes as its type has.
    KeyMalformed,
    /// A verifier key's type is not known: 0x01 and 0x04 are, and 0x06 in a program that is built with it.
    KeyTypeUnknown(u8),
    /// A verifier key's id is not the hash of its name, type and bytes.
    KeyIdDiffers,
    /// No signature can verify under this public key (see [`crate::verify_signature`]).
    KeyInvalid,
    /// The signer's type does not fit: 0x01 signs notes, 0x04 and 0x06 cosign checkpoints.
    KeyTypeUnfit,
    /// A cosignature's time is above 2^63 - 1 seconds.
    TimeOutOfRange,
    /// The signature of a known key does not verify.
    SignatureInvalid {
        /// The key's name.
        name: String,
        /// The key's id.
        key_id: u32,
    },
    /// None of the known keys signed.
    NoTrustedSignature,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TooLarge => "the note has more than 524288 bytes",
            Self::NotText => "the note is not UTF-8 free of control characters",
            Self::SignaturesMissing => "the note lacks its blank line and signature lines",
            Self::TextUnterminated => "the text does not end in a newline",
            Self::TooManySignatures => "the note has more than 64 signatures",
            Self::SignatureLine { position } => {
                return write!(f, "signature line {position} is not `— <name> <base64>`");
            }
            Self::NameInvalid => "a key name is empty or holds a space, a plus or a control character",
            Self::KeyMalformed => "a verifier key is `<name>+<8 hex digits>+<base64 of type and key>`",
            Self::KeyTypeUnknown(kind) => {
                return write!(f, "verifier keys of type {kind:#04x} are not known");
            }
            Self::KeyIdDiffers => "the verifier key's id does not fit its name and bytes",
            Self::KeyInvalid => "the public key is not a usable Ed25519 key",
            Self::KeyTypeUnfit => "this type of key does not sign this",
            Self::TimeOutOfRange => "the time of the cosignature is above 2^63 - 1 seconds",
            Self::SignatureInvalid { name, key_id } => {
                return write!(f, "the signature of {name}+{key_id:08x} does not verify");
            }
            Self::NoTrustedSignature => "no known key signed the note",
        };
        f.write_str(text)
    }
}

impl std::error::Error for NoteError {}

/// One signature line: who claims to have signed, and the bytes. Proven by [`VerifierKey`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key: not empty, no Unicode space, no `+`.
    pub name: String,
    /// Id of the key.
    pub key_id: u32,
    /// What follows the key id: 64 bytes for 0x01, 8 + 64 bytes for 0x04, 8 + 2,420 bytes for 0x06, anything else for unknown keys.
    pub bytes: Vec<u8>,
}

/// The line without its newline: em dash (U+2014), space, name, space, base64(key id ‖ signature).
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.to_be_bytes(), self.bytes.as_slice()].concat();
        write!(f, "\u{2014} {} {}", self.name, base64(&bytes))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads one line without its newline.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        const MALFORMED: NoteError = NoteError::SignatureLine { position: 0 };
        let (name, encoded) =
            line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(MALFORMED)?;
        check_name(name).map_err(|_| MALFORMED)?;
        let decoded = parse_base64(encoded).ok_or(MALFORMED)?;
        match decoded.split_first_chunk::<4>() {
            Some((key_id, bytes)) if !bytes.is_empty() => {
                Ok(Self { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: bytes.to_vec() })
            }
            _ => Err(MALFORMED),
        }
    }
}

/// A text and the signatures under it, verified or not. Without [`Note::verify`] the text means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed, with its final newline.
    pub text: String,
    /// The signature lines in the order of the note.
    pub signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note. The text ends at the **last** blank line.
    ///
    /// # Errors
    /// The first of [`NoteError`] that applies, from `TooLarge` to `SignatureLine`.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::NotText);
        }
        let blank = note.rfind("\n\n").ok_or(NoteError::SignaturesMissing)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::SignaturesMissing)?;
        let mut signatures = Vec::new();
        for (position, line) in lines.split('\n').enumerate() {
            if position == NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(line.parse().map_err(|_| NoteError::SignatureLine { position })?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs `text` with keys of type 0x01.
    ///
    /// # Errors
    /// `TextUnterminated`, `NotText`, `TooLarge`, or `KeyTypeUnfit` for a cosigner.
    pub fn sign(text: &str, signers: &[&NoteSigner]) -> Result<Self, NoteError> {
        let signatures: Result<_, _> = signers.iter().map(|signer| signer.sign(text)).collect();
        Ok(Self { text: text.to_owned(), signatures: signatures? })
    }

    /// Verifies the note with the `keys` that are trusted. Lines of other keys are ignored, even if they share a
    /// name or an id with a known one; every line of a known key must hold. Gives one item per key that signed.
    ///
    /// # Errors
    /// `SignatureInvalid` for the first failing line of a known key; `NoTrustedSignature`.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<VerifiedSignature>, NoteError> {
        verify_all(&self.text, &self.signatures, keys)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Signable text: ends in a newline, no control characters, room left for signatures.
pub(crate) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > NOTE_BYTES_MAX / 2 {
        Err(NoteError::TooLarge)
    } else if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        Err(NoteError::NotText)
    } else if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::TextUnterminated)
    }
}

/// A key name: not empty, no Unicode space, no plus, no control character.
pub(crate) fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |c: char| c.is_whitespace() || c == '+' || c < '\u{20}';
    if name.is_empty() || name.contains(bad) { Err(NoteError::NameInvalid) } else { Ok(()) }
}
