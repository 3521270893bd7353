//! The compact form of a certificate: decimal digits that one QR code holds and that prove themselves offline
//! (docs/ENTRY.md, section "Compact certificate").
//!
//! What cannot be shortened (keys, signatures, hashes) stands as bytes, what can (the entry's JSON, names) behind it,
//! deflated. Nothing is left out: the file that is read back is the same, byte for byte.

use super::{
    CertificateFile, VerifyError, digits,
    texts::{TEXTS_BYTES_MAX, deflate, inflate},
};
use crate::{
    Checkpoint, Entry, NoteSignature, Receipt, SignedCheckpoint,
    encoding::{base64, base64url, parse_base64, parse_base64url},
    note::NOTE_SIGNATURES_MAX,
    receipt::RECEIPT_HASHES_MAX,
};
use databourse_merkle::Hash;
use databourse_primitives::{KeyId, LeafIndex, PublicKey, TreeSize};

/// The longest compact certificate in bytes, before they become digits.
pub const COMPACT_BYTES_MAX: usize = 131_072;

/// The longest compact certificate in digits: 17 for 7 bytes, rounded up.
pub const COMPACT_DIGITS_MAX: usize = 318_325;

const VERSION: u8 = 1;

/// Kinds of signature lines, told apart by length: 64 bytes, a time and 64 bytes, anything else.
const SIGNED: u8 = 0x01;
const COSIGNED: u8 = 0x04;
const OTHER: u8 = 0x00;

impl CertificateFile {
    /// The certificate as decimal digits; `None` if they would be more than [`COMPACT_DIGITS_MAX`], which only a
    /// receipt with much `extra` or an entry near its limit reaches.
    pub fn to_compact(&self) -> Option<String> {
        let (mut bytes, texts) = self.compact_parts()?;
        bytes.extend(deflate(texts.as_bytes()).filter(|_| texts.len() <= TEXTS_BYTES_MAX)?);
        (bytes.len() <= COMPACT_BYTES_MAX).then(|| digits::encode(&bytes))
    }

    /// Reads the digits of [`CertificateFile::to_compact`]; nothing is verified yet.
    ///
    /// # Errors
    /// `TooLarge`, `FileMalformed`, `FormatUnknown` for another version, `Entry` or `Receipt` for what cannot be read.
    pub fn from_compact(text: &str) -> Result<Self, VerifyError> {
        if text.len() > COMPACT_DIGITS_MAX {
            return Err(VerifyError::TooLarge);
        }
        let bytes = digits::decode(text).ok_or_else(malformed)?;
        match bytes.first() {
            None => return Err(malformed()),
            Some(&VERSION) => {}
            Some(_) => return Err(VerifyError::FormatUnknown),
        }
        let mut read = Cursor(&bytes);
        let shown = read.shown().ok_or_else(malformed)?;
        let binary = bytes.get(..bytes.len().saturating_sub(read.0.len())).ok_or_else(malformed)?;
        let texts = inflate(read.0).and_then(|texts| String::from_utf8(texts).ok()).ok_or_else(malformed)?;
        let file = shown.with(&texts)?;
        // One certificate has one binary part and one text.
        if file.compact_parts().is_some_and(|(bytes, again)| bytes == binary && again == texts) {
            Ok(file)
        } else {
            Err(malformed())
        }
    }

    /// The digits in what a scanner or a person hands over: they alone, or behind the `#` of a URL. `None` if it is
    /// something else.
    pub fn compact_in(text: &str) -> Option<&str> {
        let text = text.trim_ascii();
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        let digits = if is_url { text.split_once('#').map(|(_, digits)| digits) } else { Some(text) };
        digits.filter(|digits| is_digits(digits))
    }

    /// The bytes, and the texts behind them before they are deflated. A text ends with U+0000 but for the last; none
    /// of them can hold one.
    fn compact_parts(&self) -> Option<(Vec<u8>, String)> {
        let mut parts = self.entry.as_str().split('.').map(parse_base64url);
        let (header, payload, signature) = (parts.next()??, parts.next()??, parts.next()??);
        let SignedCheckpoint { checkpoint, signatures } = &self.receipt.checkpoint;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.author_key.as_bytes());
        bytes.extend_from_slice(&signature);
        push_number(&mut bytes, self.receipt.index.0);
        push_number(&mut bytes, checkpoint.size.0);
        bytes.extend_from_slice(checkpoint.root.as_bytes());
        bytes.push(u8::try_from(self.receipt.proof.len()).ok()?);
        self.receipt.proof.iter().for_each(|hash| bytes.extend_from_slice(hash.as_bytes()));
        bytes.push(u8::try_from(signatures.len()).ok()?);
        signatures.iter().try_for_each(|line| push_line(&mut bytes, line))?;

        let header = String::from_utf8(header).ok()?;
        let is_usual = header == usual_header(self.author_key.key_id());
        let mut texts = vec![
            if is_usual { String::new() } else { header },
            String::from_utf8(payload).ok()?,
            self.receipt.extra.as_deref().map(base64).unwrap_or_default(),
            checkpoint.origin.clone(),
        ];
        let name = |line: &NoteSignature| {
            if line.name == checkpoint.origin { String::new() } else { line.name.clone() }
        };
        texts.extend(signatures.iter().map(name));
        Some((bytes, texts.join("\0")))
    }
}

/// The header that this system writes, [`Entry::sign`].
fn usual_header(kid: KeyId) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"databourse+jwt"}}"#)
}

fn malformed() -> VerifyError {
    VerifyError::FileMalformed { member: "", expected: "the digits of a compact certificate".to_owned() }
}

/// Seven bits a byte from the lowest, the top bit set on all but the last (LEB128).
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn push_line(bytes: &mut Vec<u8>, line: &NoteSignature) -> Option<()> {
    let time = line.bytes.split_first_chunk::<8>().filter(|(_, signature)| signature.len() == 64);
    match time {
        Some((time, signature)) => {
            bytes.push(COSIGNED);
            bytes.extend_from_slice(&line.key_id.to_be_bytes());
            push_number(bytes, u64::from_be_bytes(*time));
            bytes.extend_from_slice(signature);
        }
        None if line.bytes.len() == 64 => {
            bytes.push(SIGNED);
            bytes.extend_from_slice(&line.key_id.to_be_bytes());
            bytes.extend_from_slice(&line.bytes);
        }
        None => {
            bytes.push(OTHER);
            bytes.extend_from_slice(&line.key_id.to_be_bytes());
            push_number(bytes, u64::try_from(line.bytes.len()).ok()?);
            bytes.extend_from_slice(&line.bytes);
        }
    }
    Some(())
}

/// What the bytes show, without the texts.
struct Shown {
    author_key: PublicKey,
    signature: [u8; 64],
    index: u64,
    size: u64,
    root: Hash,
    proof: Vec<Hash>,
    /// Key id and what follows it.
    lines: Vec<(u32, Vec<u8>)>,
}

impl Shown {
    /// Puts the certificate together as a file would hold it, and reads that.
    fn with(self, texts: &str) -> Result<CertificateFile, VerifyError> {
        let mut texts = texts.split('\0');
        let mut next = || texts.next().ok_or_else(malformed);
        let (header, payload, extra, origin) = (next()?, next()?, next()?, next()?);
        let usual = usual_header(self.author_key.key_id());
        let header = if header.is_empty() { &usual } else { header };
        let parts = [header.as_bytes(), payload.as_bytes(), &self.signature].map(base64url);
        let extra = match extra {
            "" => None,
            extra => Some(parse_base64(extra).ok_or_else(malformed)?),
        };
        let mut signatures = Vec::with_capacity(self.lines.len());
        for (key_id, bytes) in self.lines {
            let name = next()?;
            let name = if name.is_empty() { origin } else { name };
            signatures.push(NoteSignature { name: name.to_owned(), key_id, bytes });
        }
        if texts.next().is_some() {
            return Err(malformed());
        }
        let checkpoint = Checkpoint { origin: origin.to_owned(), size: TreeSize(self.size), root: self.root };
        let checkpoint = SignedCheckpoint { checkpoint, signatures };
        let receipt = Receipt { extra, index: LeafIndex(self.index), proof: self.proof, checkpoint };
        Ok(CertificateFile {
            entry: Entry::parse(parts.join(".").as_bytes()).map_err(VerifyError::Entry)?,
            author_key: self.author_key,
            receipt: Receipt::parse(receipt.to_string().as_bytes()).map_err(VerifyError::Receipt)?,
        })
    }
}

/// The bytes that are still to be read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn shown(&mut self) -> Option<Shown> {
        let [_version] = self.array()?;
        let author_key = PublicKey::from_bytes(self.array()?);
        let (signature, index, size) = (self.array()?, self.number()?, self.number()?);
        let root = Hash::from_bytes(self.array()?);
        let proof = (0..self.count(RECEIPT_HASHES_MAX)?).map(|_| self.array().map(Hash::from_bytes));
        let proof = proof.collect::<Option<_>>()?;
        let lines = (0..self.count(NOTE_SIGNATURES_MAX)?).map(|_| self.line()).collect::<Option<_>>()?;
        Some(Shown { author_key, signature, index, size, root, proof, lines })
    }

    fn line(&mut self) -> Option<(u32, Vec<u8>)> {
        let [kind] = self.array()?;
        let key_id = u32::from_be_bytes(self.array()?);
        let bytes = match kind {
            SIGNED => self.take(64)?.to_vec(),
            COSIGNED => [&self.number()?.to_be_bytes(), self.take(64)?].concat(),
            OTHER => {
                let length = usize::try_from(self.number()?).ok()?;
                self.take(length)?.to_vec()
            }
            _ => return None,
        };
        Some((key_id, bytes))
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn count(&mut self, max: usize) -> Option<usize> {
        let [count] = self.array()?;
        Some(usize::from(count)).filter(|count| *count <= max)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let low = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            number |= low.checked_shl(shift).filter(|shifted| shifted >> shift == low)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of the vectors, taken apart and put together otherwise.
    fn code(change: impl FnOnce(&mut Vec<u8>, &mut Vec<String>)) -> Result<CertificateFile, &'static str> {
        let json = include_str!("../../../../tests/vectors/ledger/certificate.json");
        let file = CertificateFile::parse(json.as_bytes()).unwrap();
        let (mut bytes, texts) = file.compact_parts().unwrap();
        let mut texts = texts.split('\0').map(str::to_owned).collect();
        change(&mut bytes, &mut texts);
        bytes.extend(deflate(texts.join("\0").as_bytes()).unwrap());
        CertificateFile::from_compact(&digits::encode(&bytes)).map_err(|error| error.code())
    }

    #[test]
    fn a_certificate_has_one_binary_part_and_one_text() {
        let file = code(|_, _| ()).unwrap();
        let refused = |change: fn(&mut Vec<u8>, &mut Vec<String>)| code(change).unwrap_err();
        assert!(file.entry.as_str().starts_with("eyJhbGciOiJFZERTQSIsImtpZCI6"), "the usual header");
        let usual = |_: &mut Vec<u8>, texts: &mut Vec<String>| {
            texts[0] = usual_header("UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4".parse().unwrap());
        };
        assert_eq!(refused(usual), "certificate.malformed");
        assert_eq!(refused(|_, texts| texts[4] = texts[3].clone()), "certificate.malformed");
        assert_eq!(refused(|_, texts| texts.push(String::new())), "certificate.malformed");
        assert_eq!(refused(|_, texts| drop(texts.pop())), "certificate.malformed");
        assert_eq!(refused(|_, texts| texts[2] = "=".to_owned()), "certificate.malformed");
        assert_eq!(refused(|_, texts| texts[3] = "a\nb".to_owned()), "checkpoint.malformed");
        assert_eq!(refused(|_, texts| texts[1] = "{}".to_owned()), "entry.malformed");
        // The index, 2, in two bytes.
        let longer = |bytes: &mut Vec<u8>, _: &mut Vec<String>| drop(bytes.splice(97..98, [0x82, 0]));
        assert_eq!(refused(longer), "certificate.malformed");
        // An index of 70 bits, and 65 hashes.
        let more = |bytes: &mut Vec<u8>, _: &mut Vec<String>| drop(bytes.splice(97..98, [0xff; 10]));
        assert_eq!(refused(more), "certificate.malformed");
        assert_eq!(refused(|bytes, _| bytes[131] = 65), "certificate.malformed");
    }
}
