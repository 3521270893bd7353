//! A snapshot's file, read without a database: what it comes to, and how its blocks were agreed.

use crate::{
    Agreement, StateCopyError,
    state_copy::{FrameReader, digest_text, replicated},
};
use databourse_ledger::ConsensusSignature;
use databourse_primitives::{Digest, Height};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use tokio::io::AsyncRead;

/// How every binary copy of PostgreSQL begins: signature, flags, length of the extension.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const NULL: i32 = -1;

/// What a snapshot's file comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Number of rows of all tables.
    pub row_count: u64,
    /// Digest over all tables, as the exchanges attest it.
    pub digest: Digest,
    /// How its blocks were agreed, which is not under the digest.
    pub agreements: BTreeMap<Height, Agreement>,
}

/// Reads a file to its end. Memory grows with the number of blocks only.
///
/// # Errors
/// `Malformed`; `Stream`, also for a file that was cut off.
pub async fn read_snapshot(source: &mut (impl AsyncRead + Unpin)) -> Result<SnapshotFile, StateCopyError> {
    let mut frames = FrameReader::begin(source).await?;
    let mut whole = Sha256::new_with_prefix(b"databourse-state@v1\n");
    let mut row_count: u64 = 0;
    let mut agreements = BTreeMap::new();
    for table in replicated() {
        frames.table(table.name).await?;
        let columns: Vec<&str> = table.columns.split(", ").collect();
        let digested: Vec<bool> =
            columns.iter().map(|column| table.digested.split(", ").any(|known| known == *column)).collect();
        let mut rows = CopyReader::default();
        let mut hasher = Sha256::new_with_prefix(COPY_HEAD);
        let mut count: u64 = 0;
        loop {
            let bytes = frames.next().await?;
            if bytes.is_empty() {
                break;
            }
            rows.push(&bytes);
            while let Some(fields) = rows.next(columns.len())? {
                count += 1;
                digest_row(&mut hasher, &fields, &digested);
                if table.name == "block_agreement" {
                    let (height, agreement) = agreement(&fields)?;
                    agreements.insert(height, agreement);
                }
            }
        }
        if !rows.is_at_end() {
            return Err(StateCopyError::Malformed(format!("the rows of `{}` to their end", table.name)));
        }
        hasher.update((-1_i16).to_be_bytes());
        whole.update(digest_text(table.name, count, &hasher.finalize().into()));
        row_count = row_count.saturating_add(count);
    }
    frames.end().await?;
    Ok(SnapshotFile { row_count, digest: Digest::from_bytes(whole.finalize().into()), agreements })
}

/// A row as the server copies it, with the columns that are under the digest.
fn digest_row(hasher: &mut Sha256, fields: &[Option<Vec<u8>>], digested: &[bool]) {
    let kept = || fields.iter().zip(digested).filter(|(_, is_kept)| **is_kept).map(|(field, _)| field);
    let count = i16::try_from(kept().count()).unwrap_or(i16::MAX);
    hasher.update(count.to_be_bytes());
    for field in kept() {
        match field {
            Some(bytes) => {
                hasher.update(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
                hasher.update(bytes);
            }
            None => hasher.update(NULL.to_be_bytes()),
        }
    }
}

/// Height, round, turn, proposer, precommits: the columns of `block_agreement` in the file's order.
fn agreement(fields: &[Option<Vec<u8>>]) -> Result<(Height, Agreement), StateCopyError> {
    let malformed = || StateCopyError::Malformed("rows of `block_agreement`".to_owned());
    let [Some(height), Some(round), Some(turn), Some(proposer), Some(precommits)] = fields else {
        return Err(malformed());
    };
    let number = |bytes: &[u8]| {
        let bytes: [u8; 8] = bytes.try_into().ok()?;
        u64::try_from(i64::from_be_bytes(bytes)).ok()
    };
    let code = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse().ok();
    // A jsonb is copied behind the number of its version.
    let json = precommits.split_first().filter(|(version, _)| **version == 1).map(|(_, json)| json);
    let signed: Option<BTreeMap<_, ConsensusSignature>> =
        json.and_then(|json| serde_json::from_slice(json).ok());
    let agreement = Agreement {
        round: number(round).and_then(|round| u32::try_from(round).ok()).ok_or_else(malformed)?,
        turn: code(turn).ok_or_else(malformed)?,
        proposer: code(proposer).ok_or_else(malformed)?,
        precommits: signed.ok_or_else(malformed)?,
    };
    Ok((Height(number(height).ok_or_else(malformed)?), agreement))
}

/// Takes rows out of the bytes of a binary copy as they come.
#[derive(Default)]
struct CopyReader {
    waiting: Vec<u8>,
    /// How much of it was taken out.
    taken: usize,
    has_begun: bool,
    has_ended: bool,
}

impl CopyReader {
    fn push(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.taken);
        self.taken = 0;
        self.waiting.extend_from_slice(bytes);
    }

    fn is_at_end(&self) -> bool {
        self.has_ended && self.taken == self.waiting.len()
    }

    /// The next row, if all of it is there.
    fn next(&mut self, columns: usize) -> Result<Option<Vec<Option<Vec<u8>>>>, StateCopyError> {
        let malformed = || StateCopyError::Malformed("rows in the binary form of COPY".to_owned());
        let mut rest = self.waiting.get(self.taken..).unwrap_or_default();
        if !self.has_begun {
            let Some((head, after)) = rest.split_at_checked(COPY_HEAD.len()) else { return Ok(None) };
            if head != COPY_HEAD {
                return Err(malformed());
            }
            rest = after;
        }
        let Some((count, after)) = rest.split_first_chunk::<2>() else { return Ok(None) };
        rest = after;
        let count = i16::from_be_bytes(*count);
        let mut fields = Vec::with_capacity(columns);
        if count == -1 {
            self.has_ended = true;
        } else if self.has_ended || usize::try_from(count).ok() != Some(columns) {
            return Err(malformed());
        } else {
            for _ in 0..columns {
                let Some((length, after)) = rest.split_first_chunk::<4>() else { return Ok(None) };
                let length = i32::from_be_bytes(*length);
                if length == NULL {
                    fields.push(None);
                    rest = after;
                    continue;
                }
                let length = usize::try_from(length).map_err(|_| malformed())?;
                let Some((bytes, after)) = after.split_at_checked(length) else { return Ok(None) };
                fields.push(Some(bytes.to_vec()));
                rest = after;
            }
        }
        self.taken = self.waiting.len() - rest.len();
        self.has_begun = true;
        Ok((!self.has_ended).then_some(fields))
    }
}
