//! One piece of evidence as it stands in a file: a line that says what follows, then a signed note as text.
//!
//! ```text
//! record/1 cosigned 412 <64 hex digits: SHA-256 of the note> <8 hex digits: of this line up to here>
//! <the note: 412 bytes, the last of them a newline>
//! ```
//!
//! A file is made of nothing else, so people and `grep` can read it. Every byte is under a digest. So what a crash cut off
//! (an end that comes too early, or blocks of zeros that were never written) can be told from what somebody or a disk
//! changed: the first was never answered and is dropped, the second is never passed over.

use crate::request::{BODY_BYTES_MAX, parse_size};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read as _};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Cosigned: the log's lines and the witness's own.
    Cosigned,
    /// Signed by the log and not cosigned: another root than the one that was cosigned for that size. With that one it
    /// proves that the log showed two histories.
    Conflict,
}

impl RecordKind {
    /// The word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cosigned => "cosigned",
            Self::Conflict => "conflict",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Cosigned, Self::Conflict].into_iter().find(|kind| kind.word() == word)
    }
}

/// A kept checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is about.
    pub kind: RecordKind,
    /// The signed note.
    pub note: String,
}

/// What stands at a place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A record of so many bytes.
    Record(Record, u64),
    /// The end of the file.
    End,
    /// A record that a crash cut off.
    Torn,
    /// Neither.
    Damaged,
}

const HEAD: &str = "record/1";
/// The longest first line: word, kind, length, two digests.
const HEAD_BYTES_MAX: u64 = 128;

impl Record {
    /// Its bytes in a file.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let head =
            format!("{HEAD} {} {} {}", self.kind.word(), self.note.len(), hex(&Sha256::digest(&self.note)));
        let check = check_of(&head);
        format!("{head} {check}\n{}", self.note).into_bytes()
    }

    /// Reads what comes next of a file. `is_zero_ended` says that the last byte of the file is zero, which the last byte of a
    /// record never is.
    ///
    /// # Errors
    /// What reading the file says.
    pub(crate) fn read(file: &mut impl BufRead, is_zero_ended: bool) -> io::Result<Next> {
        let mut line = Vec::new();
        file.by_ref().take(HEAD_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(Next::End);
        }
        let broken = if is_zero_ended { Next::Torn } else { Next::Damaged };
        if !line.ends_with(b"\n") {
            // Short of a newline at the very end of the file: cut off. A whole line of that length is none of ours.
            let is_cut = (line.len() as u64) < HEAD_BYTES_MAX && is_prefix(&line);
            return Ok(if is_cut { Next::Torn } else { broken });
        }
        let Some((kind, length, digest)) = parse_head(&line) else { return Ok(broken) };
        let mut note = Vec::new();
        file.by_ref().take(length).read_to_end(&mut note)?;
        if (note.len() as u64) < length {
            return Ok(Next::Torn);
        }
        let is_whole = hex(&Sha256::digest(&note)) == digest;
        match String::from_utf8(note) {
            Ok(note) if is_whole => Ok(Next::Record(Self { kind, note }, line.len() as u64 + length)),
            _ => Ok(broken),
        }
    }
}

/// Whether a line that ends too early may be the beginning of one of ours.
fn is_prefix(line: &[u8]) -> bool {
    let head = HEAD.as_bytes();
    line.iter().zip(head).all(|(is, ought)| is == ought || *is == 0)
}

fn parse_head(line: &[u8]) -> Option<(RecordKind, u64, String)> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (head, check) = line.rsplit_once(' ')?;
    if check != check_of(head) {
        return None;
    }
    let mut words = head.strip_prefix(HEAD)?.strip_prefix(' ')?.split(' ');
    let (kind, length, digest) = (words.next()?, words.next()?, words.next()?);
    let length = parse_size(length).filter(|length| *length <= 2 * BODY_BYTES_MAX as u64)?;
    words.next().is_none().then(|| Some((RecordKind::of_word(kind)?, length, digest.to_owned())))?
}

fn check_of(head: &str) -> String {
    hex(&Sha256::digest(head)[..4])
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordKind, note: &str) -> Record {
        Record { kind, note: note.to_owned() }
    }

    fn read_all(bytes: &[u8]) -> (usize, Next) {
        let (mut file, mut count) = (bytes, 0);
        loop {
            match Record::read(&mut file, bytes.last() == Some(&0)).unwrap() {
                Next::Record(..) => count += 1,
                other => return (count, other),
            }
        }
    }

    #[test]
    fn every_cut_is_seen_as_a_cut_and_every_change_as_damage() {
        let records = [record(RecordKind::Cosigned, "a\n1\n"), record(RecordKind::Conflict, "b\n2\nwider\n")];
        let (first, second) = (records[0].encode(), records[1].encode());
        let whole = [first.clone(), second].concat();
        assert_eq!(read_all(&whole), (2, Next::End));
        for cut in 0..whole.len() {
            let (count, end) = read_all(&whole[..cut]);
            assert_eq!(count, usize::from(cut >= first.len()), "{cut}");
            let is_between = cut == 0 || cut == first.len();
            assert_eq!(end, if is_between { Next::End } else { Next::Torn }, "{cut}");
            // The length was written, the last blocks were not.
            let mut zeros = whole.clone();
            zeros[cut..].fill(0);
            let (count, end) = read_all(&zeros);
            assert_eq!((count, end), (usize::from(cut >= first.len()), Next::Torn), "{cut}");
        }
        for place in 0..whole.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[place] ^= flip;
                let (count, end) = read_all(&changed);
                assert_eq!(end, Next::Damaged, "{place} {flip}");
                assert_eq!(count, usize::from(place >= first.len()), "{place} {flip}");
            }
        }
    }
}
