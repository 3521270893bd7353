//! The body of `add-checkpoint` (C2SP tlog-witness).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_ledger::{CheckpointError, ForeignCheckpoint};
use databourse_merkle::Hash;
use databourse_primitives::TreeSize;
use std::fmt;

/// The most hashes of a proof.
pub const PROOF_HASHES_MAX: usize = 63;

/// The longest body in bytes: a proof, and a checkpoint with 64 signatures of the longest kind.
pub const BODY_BYTES_MAX: usize = 262_144;

/// Why a body is not a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// More than [`BODY_BYTES_MAX`] bytes.
    TooLarge,
    /// The lines above the checkpoint do not end in a blank line, or are not text.
    BlankLineMissing,
    /// The first line is not `old <size>`, decimal without leading zeros, below 2^64.
    OldLine,
    /// A line of the proof is not the base64 of 32 bytes. Counted from 0.
    HashLine {
        /// Position of the line in the proof.
        position: usize,
    },
    /// More than [`PROOF_HASHES_MAX`] hashes.
    TooManyHashes,
    /// What follows is not a checkpoint.
    Checkpoint(CheckpointError),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body has more than 262144 bytes",
            Self::BlankLineMissing => "a blank line between proof and checkpoint is missing",
            Self::OldLine => "the first line is not `old <size>`",
            Self::HashLine { position } => {
                return write!(f, "line {position} of the proof is not the base64 of 32 bytes");
            }
            Self::TooManyHashes => "the proof has more than 63 hashes",
            Self::Checkpoint(error) => return write!(f, "the checkpoint: {error}"),
        })
    }
}

impl std::error::Error for Malformed {}

/// A log's wish to have a checkpoint cosigned. `Display` is the body, byte for byte what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the last checkpoint that the witness is thought to have cosigned; 0 if none.
    pub old: TreeSize,
    /// Consistency proof from there (RFC 6962 §2.1.2).
    pub proof: Vec<Hash>,
    /// The checkpoint, with the log's signature and any others.
    pub checkpoint: ForeignCheckpoint,
}

impl AddCheckpoint {
    /// Reads a body.
    ///
    /// # Errors
    /// The first of [`Malformed`] that applies.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Malformed::TooLarge);
        }
        let blank = body.windows(2).position(|pair| pair == b"\n\n").ok_or(Malformed::BlankLineMissing)?;
        let (head, note) = (&body[..blank], &body[blank + 2..]);
        let head = std::str::from_utf8(head).map_err(|_| Malformed::BlankLineMissing)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| parse_size(line.strip_prefix("old ")?));
        let old = TreeSize(old.ok_or(Malformed::OldLine)?);
        let mut proof = Vec::new();
        for (position, line) in lines.enumerate() {
            if position == PROOF_HASHES_MAX {
                return Err(Malformed::TooManyHashes);
            }
            proof.push(parse_hash(line).ok_or(Malformed::HashLine { position })?);
        }
        let checkpoint = ForeignCheckpoint::parse(note).map_err(Malformed::Checkpoint)?;
        Ok(Self { old, proof, checkpoint })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&body(self.old, &self.proof, &self.checkpoint))
    }
}

/// The body of a request, around a checkpoint as a signed note.
pub(crate) fn body(old: TreeSize, proof: &[Hash], checkpoint: &impl fmt::Display) -> String {
    let mut body = format!("old {old}\n");
    for hash in proof {
        body.push_str(&STANDARD.encode(hash.as_bytes()));
        body.push('\n');
    }
    format!("{body}\n{checkpoint}")
}

/// A size in its one spelling.
pub(crate) fn parse_size(digits: &str) -> Option<u64> {
    let size: u64 = digits.parse().ok()?;
    (size.to_string() == digits).then_some(size)
}

fn parse_hash(line: &str) -> Option<Hash> {
    STANDARD.decode(line).ok()?.try_into().ok().map(Hash::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    const LINE: &str = "\u{2014} example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=";

    fn note() -> String {
        format!("example.com/log\n9\n{HASH}\n\n{LINE}\n")
    }

    #[track_caller]
    fn check(head: &str, expected: Result<usize, Malformed>) {
        let body = format!("{head}\n{}", note());
        let read = AddCheckpoint::parse(body.as_bytes());
        if let Ok(request) = &read {
            assert_eq!(request.to_string(), body);
        }
        assert_eq!(read.map(|request| request.proof.len()), expected, "{head:?}");
    }

    #[test]
    fn a_body_has_one_spelling() {
        check("old 0\n", Ok(0));
        check(&format!("old 18446744073709551615\n{HASH}\n{HASH}\n"), Ok(2));
        check(&format!("old 1\n{}", format!("{HASH}\n").repeat(63)), Ok(63));
        check(&format!("old 1\n{}", format!("{HASH}\n").repeat(64)), Err(Malformed::TooManyHashes));
        for old in [
            "",
            "old",
            "old ",
            "old  1",
            "old 01",
            "old -1",
            "old +1",
            "old 1 ",
            "Old 1",
            "old 18446744073709551616",
        ] {
            check(&format!("{old}\nx\n"), Err(Malformed::OldLine));
        }
        for hash in ["AAAA", " ", "x", &HASH[1..], &format!("{HASH} "), &format!("{HASH}\r")] {
            check(&format!("old 1\n{HASH}\n{hash}\n"), Err(Malformed::HashLine { position: 1 }));
        }
    }

    #[test]
    fn what_is_not_a_request_is_told_apart() {
        let parse = |body: &[u8]| AddCheckpoint::parse(body).unwrap_err();
        assert_eq!(parse(b""), Malformed::BlankLineMissing);
        assert_eq!(parse(b"old 1\n"), Malformed::BlankLineMissing);
        assert_eq!(parse(b"old \xff\n\nx"), Malformed::BlankLineMissing);
        assert_eq!(parse(&vec![b'x'; BODY_BYTES_MAX + 1]), Malformed::TooLarge);
        assert!(matches!(parse(b"old 1\n\n"), Malformed::Checkpoint(_)));
        assert!(matches!(parse(note().as_bytes()), Malformed::OldLine));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = AddCheckpoint::parse(&body);
            let _ = AddCheckpoint::parse(&[b"old 1\n\n".as_slice(), &body].concat());
        }
    }
}
