//! The book of a log: an append-only file of records (`record`), which is both the record of the latest checkpoint and the
//! evidence. One file, so the two cannot disagree; one `write` and one `fdatasync` per checkpoint, and **the answer leaves
//! after the second**. At a start the file is read from its beginning, what a crash cut off is taken away, and the last
//! cosigned record is the latest.

use crate::{
    judge::Latest,
    record::{Next, Record, RecordKind},
};
use databourse_ledger::ForeignCheckpoint;
use databourse_merkle::Hash;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// Of how many sizes the roots are remembered, to see a second root of an older size too.
const ROOTS_KEPT: usize = 4_096;
/// How many conflicts are written down for a log. One is proof enough; a log that signs more may not fill the disk.
const CONFLICTS_MAX: usize = 1_000;

/// Why a book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Reading or writing.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Bytes that were written are not those in the file. Nothing is cosigned for this log until somebody has looked: an
    /// older checkpoint as the latest would let the log rewrite what came after it.
    #[error("{path} is damaged at byte {at}: {what}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where the record begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// The book of one log.
pub(crate) struct Book {
    path: PathBuf,
    file: File,
    latest: Latest,
    /// The latest as it is shown: with the log's lines and the witness's.
    shown: Option<ForeignCheckpoint>,
    texts: BTreeSet<String>,
    roots: BTreeMap<u64, Hash>,
    conflicts: BTreeSet<(u64, Hash)>,
    records: u64,
    /// A write failed: what the disk has is not known, and nothing is cosigned until the next start has read it.
    is_broken: bool,
}

impl Book {
    /// Opens the book of `origin` at `path`, or begins it.
    pub(crate) fn open(path: &Path, origin: &str) -> Result<Self, BookError> {
        let failed = |error| BookError::File { path: path.to_owned(), error };
        let is_new = !path.exists();
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        if is_new {
            file.sync_all().map_err(failed)?;
            sync_folder_of(path).map_err(failed)?;
        }
        let mut book = Self {
            path: path.to_owned(),
            file,
            latest: Latest::default(),
            shown: None,
            texts: BTreeSet::new(),
            roots: BTreeMap::new(),
            conflicts: BTreeSet::new(),
            records: 0,
            is_broken: false,
        };
        book.load(origin)?;
        Ok(book)
    }

    fn load(&mut self, origin: &str) -> Result<(), BookError> {
        let path = self.path.clone();
        let failed = |error| BookError::File { path: path.clone(), error };
        let mut at = 0;
        let damaged = |at, what| BookError::Damaged { path: path.clone(), at, what };
        let is_zero_ended = ends_in_zero(&mut self.file).map_err(failed)?;
        let mut reader = BufReader::new(self.file.try_clone().map_err(failed)?);
        reader.seek(SeekFrom::Start(0)).map_err(failed)?;
        loop {
            match Record::read(&mut reader, is_zero_ended).map_err(failed)? {
                Next::End => return Ok(()),
                Next::Damaged => return Err(damaged(at, "what stands there was not written by a witness")),
                Next::Torn => {
                    tracing::warn!(path = %path.display(), at, "a record that a crash cut off is taken away");
                    self.file.set_len(at).map_err(failed)?;
                    self.file.sync_all().map_err(failed)?;
                    return Ok(());
                }
                Next::Record(record, bytes) => {
                    let checkpoint = ForeignCheckpoint::parse(record.note.as_bytes())
                        .map_err(|_| damaged(at, "a record is not a checkpoint"))?;
                    if checkpoint.origin() != origin {
                        return Err(damaged(at, "a checkpoint of another log"));
                    }
                    if record.kind == RecordKind::Cosigned && checkpoint.size() < self.latest.size {
                        return Err(damaged(at, "a size below the one before"));
                    }
                    self.take(record.kind, checkpoint);
                    at += bytes;
                }
            }
        }
    }

    /// Takes note of a record that is on the disk.
    fn take(&mut self, kind: RecordKind, checkpoint: ForeignCheckpoint) {
        self.records += 1;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        match kind {
            RecordKind::Conflict => {
                self.conflicts.insert((size.0, root));
            }
            RecordKind::Cosigned => {
                if size > self.latest.size {
                    self.texts.clear();
                }
                self.texts.insert(checkpoint.text().to_owned());
                self.latest = Latest { size, root };
                self.roots.insert(size.0, root);
                if self.roots.len() > ROOTS_KEPT {
                    self.roots.pop_first();
                }
                self.shown = Some(checkpoint);
            }
        }
    }

    /// The largest tree that was cosigned.
    pub(crate) fn latest(&self) -> Latest {
        self.latest
    }

    /// The latest checkpoint with the cosignature that was answered; `None` before the first.
    pub(crate) fn shown(&self) -> Option<&ForeignCheckpoint> {
        self.shown.as_ref()
    }

    /// Whether nothing can be kept any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// How many records the file has.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// How many second roots the log has signed, as far as they are written down.
    pub(crate) fn conflicts(&self) -> usize {
        self.conflicts.len()
    }

    /// Keeps a cosigned checkpoint; when it returns, the checkpoint is durable and the latest. One whose very text was kept
    /// before needs no second record: only its time is newer.
    pub(crate) fn cosigned(&mut self, checkpoint: ForeignCheckpoint) -> Result<(), BookError> {
        if self.texts.contains(checkpoint.text()) {
            self.shown = Some(checkpoint);
            return Ok(());
        }
        self.append(RecordKind::Cosigned, &checkpoint)?;
        self.take(RecordKind::Cosigned, checkpoint);
        Ok(())
    }

    /// Keeps `checkpoint`, which the log signed, if another root was cosigned for its size. Says whether it was news.
    pub(crate) fn conflicting(&mut self, checkpoint: ForeignCheckpoint) -> Result<bool, BookError> {
        let (size, root) = (checkpoint.size().0, checkpoint.root());
        let is_known = self.roots.get(&size).is_none_or(|known| *known == root)
            || self.conflicts.contains(&(size, root))
            || self.conflicts.len() >= CONFLICTS_MAX;
        if is_known {
            return Ok(false);
        }
        self.append(RecordKind::Conflict, &checkpoint)?;
        self.take(RecordKind::Conflict, checkpoint);
        Ok(true)
    }

    fn append(&mut self, kind: RecordKind, checkpoint: &ForeignCheckpoint) -> Result<(), BookError> {
        let record = Record { kind, note: checkpoint.to_string() };
        let written = self.file.write_all(&record.encode()).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            self.is_broken = true;
            BookError::File { path: self.path.clone(), error }
        })
    }
}

/// The records of a book that perhaps another process writes to: as far as they are whole.
pub(crate) fn read_book(path: &Path) -> Result<Vec<Record>, BookError> {
    let failed = |error| BookError::File { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(failed)?;
    let is_zero_ended = ends_in_zero(&mut file).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut reader = BufReader::new(file);
    let (mut records, mut at) = (Vec::new(), 0);
    loop {
        match Record::read(&mut reader, is_zero_ended).map_err(failed)? {
            Next::Record(record, bytes) => {
                records.push(record);
                at += bytes;
            }
            Next::End | Next::Torn => return Ok(records),
            Next::Damaged => {
                let what = "what stands there was not written by a witness";
                return Err(BookError::Damaged { path: path.to_owned(), at, what });
            }
        }
    }
}

fn ends_in_zero(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [1];
    file.read_exact(&mut last)?;
    Ok(last == [0])
}

/// Makes the name of a new file durable.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
