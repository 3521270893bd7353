//! The witness: logs, key and books together. [`Witness::add_checkpoint`] is the whole of the protocol but for HTTP.

use crate::{
    book::{Book, BookError, read_book},
    judge::{Latest, judge},
    logs::LogList,
    record::{Record, hex},
    refusal::AddError,
    request::AddCheckpoint,
};
use databourse_ledger::{ForeignCheckpoint, NoteSignature, NoteSigner, VerifierKey};
use databourse_primitives::TreeSize;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tracing::{error, info, warn};

/// How a witness is set up.
pub struct WitnessConfig {
    /// Its key (0x04) under its name.
    pub signer: NoteSigner,
    /// The logs that it knows.
    pub logs: LogList,
    /// Where its books are; made if need be. It needs a disk that keeps what it says to have kept, and no copy of it is
    /// ever put back: a witness that forgets may sign a second history.
    pub folder: PathBuf,
    /// The time, seconds since the epoch.
    pub clock: fn() -> u64,
}

/// Why a witness cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The key is one of a log.
    #[error(
        "the key of a witness is of type 0x04 (cosignature/v1), or 0x06 (ML-DSA-44) where this program knows it"
    )]
    KeyTypeUnfit,
    /// The folder cannot be used.
    #[error("the folder {path}: {error}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process is the witness of this folder.
    #[error("the folder {0} is another witness's: only one process may write to it")]
    Taken(PathBuf),
    /// A book is damaged or cannot be read.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// A witness. All of its methods block on the disk.
pub struct Witness {
    signer: NoteSigner,
    clock: fn() -> u64,
    logs: BTreeMap<String, Log>,
    by_hash: BTreeMap<String, String>,
    /// Held as long as the witness is.
    _lock: File,
}

struct Log {
    keys: Vec<VerifierKey>,
    state: Mutex<State>,
}

struct State {
    book: Book,
    /// The time of the last cosignature: a clock that is put back does not make an older tree the newest of its time.
    time_s: u64,
}

/// How a log stands with a witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogStatus {
    /// Which log.
    pub origin: String,
    /// Size of the latest checkpoint; 0 before the first.
    pub size: u64,
    /// Records in its book.
    pub records: u64,
    /// How often it signed a second root for a size.
    pub conflicts: usize,
    /// Whether its book cannot be written any more.
    pub broken: bool,
}

impl Witness {
    /// Opens the books of all logs.
    ///
    /// # Errors
    /// [`WitnessError`]; a damaged book among them, which needs an operator.
    pub fn open(config: WitnessConfig) -> Result<Self, WitnessError> {
        let WitnessConfig { signer, logs, folder, clock } = config;
        if !signer.verifier_key().key_type().cosigns() {
            return Err(WitnessError::KeyTypeUnfit);
        }
        let failed = |error| WitnessError::Folder { path: folder.clone(), error };
        fs::create_dir_all(&folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => WitnessError::Taken(folder.clone()),
            TryLockError::Error(error) => failed(error),
        })?;
        let mut witness =
            Self { signer, clock, logs: BTreeMap::new(), by_hash: BTreeMap::new(), _lock: lock };
        for (origin, keys) in logs.iter() {
            let hash = origin_hash(origin);
            let book = Book::open(&book_path(&folder, origin), origin)?;
            let own =
                book.shown().and_then(|shown| shown.verify(&[witness.signer.verifier_key().clone()]).ok());
            let time_s = own.and_then(|lines| lines.first()?.time_s).unwrap_or_default();
            let log = Log { keys: keys.to_vec(), state: Mutex::new(State { book, time_s }) };
            witness.logs.insert(origin.to_owned(), log);
            witness.by_hash.insert(hash, origin.to_owned());
        }
        Ok(witness)
    }

    /// Name and public key.
    pub fn key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    /// Answers an `add-checkpoint`: with the line of its cosignature, when the checkpoint is durable. Checking, keeping and
    /// taking over as the latest are one step for all requests of a log.
    ///
    /// # Errors
    /// [`AddError`]; nothing was cosigned then.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<NoteSignature, AddError> {
        let AddCheckpoint { old, proof, checkpoint } =
            AddCheckpoint::parse(body).map_err(AddError::Malformed)?;
        let log = self.logs.get(checkpoint.origin()).ok_or(AddError::UnknownOrigin)?;
        checkpoint.verify(&log.keys).map_err(AddError::NotSigned)?;
        // What others signed is not proven, and may be long.
        let checkpoint = checkpoint.only(&log.keys);
        let next = Latest { size: checkpoint.size(), root: checkpoint.root() };

        let mut state = log.state();
        if state.book.is_broken() {
            return Err(AddError::Storage);
        }
        if let Err(refused) = judge(state.book.latest(), old, &proof, next) {
            info!(origin = checkpoint.origin(), size = next.size.0, old = old.0, reason = %refused, "not cosigned");
            keep_conflict(&mut state.book, checkpoint);
            return Err(refused);
        }
        let time_s = (self.clock)().max(state.time_s).max(1);
        let line = self.signer.cosign_foreign(&checkpoint, time_s);
        let line = line.map_err(|error| AddError::NotSigned(error.into()))?;
        let cosigned = checkpoint.with(line.clone());
        if let Err(failure) = state.book.cosigned(cosigned) {
            error!(error = %failure, "a checkpoint cannot be kept: nothing is cosigned for this log any more");
            return Err(AddError::Storage);
        }
        state.time_s = time_s;
        Ok(line)
    }

    /// The latest checkpoint of the log whose origin has this SHA-256, lower-case hexadecimal, with the log's signatures and
    /// this witness's; `None` if the log is not known or nothing of it was cosigned.
    pub fn checkpoint(&self, origin_hash: &str) -> Option<ForeignCheckpoint> {
        let log = self.logs.get(self.by_hash.get(origin_hash)?)?;
        log.state().book.shown().cloned()
    }

    /// How each log stands.
    pub fn status(&self) -> Vec<LogStatus> {
        let status = |(origin, log): (&String, &Log)| {
            let book = &log.state().book;
            let TreeSize(size) = book.latest().size;
            let (records, conflicts, broken) = (book.records(), book.conflicts(), book.is_broken());
            LogStatus { origin: origin.clone(), size, records, conflicts, broken }
        };
        self.logs.iter().map(status).collect()
    }
}

impl Log {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held is a bug; the book says by itself whether it can be trusted.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep_conflict(book: &mut Book, checkpoint: ForeignCheckpoint) {
    let (origin, size) = (checkpoint.origin().to_owned(), checkpoint.size());
    match book.conflicting(checkpoint) {
        Ok(true) => {
            warn!(origin, size = size.0, "equivocation 两面签署: the log signed a second root for this size")
        }
        Ok(false) => {}
        Err(failure) => error!(error = %failure, origin, "a conflicting checkpoint cannot be kept"),
    }
}

/// The name of a log in paths: SHA-256 of its origin, lower-case hexadecimal (tlog-witness, "Monitor Retrieval").
pub fn origin_hash(origin: &str) -> String {
    hex(&Sha256::digest(origin))
}

/// Everything that a witness has kept of a log, oldest first. May be called while the witness runs.
///
/// # Errors
/// A book that is missing, cannot be read, or is damaged.
pub fn read_evidence(folder: &Path, origin: &str) -> Result<Vec<Record>, BookError> {
    read_book(&book_path(folder, origin))
}

fn book_path(folder: &Path, origin: &str) -> PathBuf {
    folder.join(format!("{}.book", origin_hash(origin)))
}
