//! The mirror: follows a ledger into a folder.
//!
//! A round reads the checkpoint that the source shows, proves that the tree which the folder holds is the beginning of the
//! new one, and fetches what is new. Each file is verified before it is written, under another name first; the checkpoint is written
//! when everything that it signs is durable. So the folder always holds a whole ledger, whatever is killed when. What a
//! killed round has written is verified against the new checkpoint like anything else before it is kept.

use crate::{
    Evidence, LogError, LogSource, Standing, VerifiedTree, compare, diagnose,
    files::{clean, remove, sync_folders, write},
    first_difference,
    tree::REQUESTS_MAX,
};
use databourse_ledger::{Policy, SignedCheckpoint};
use databourse_merkle::tile::{self, encode};
use databourse_primitives::{LeafIndex, TreeSize};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Files whose names are made durable together.
const FILES_SYNCED_TOGETHER: usize = 1_024;

/// Keeps a copy of one ledger in a folder; see the module.
#[derive(Debug)]
pub struct Mirror {
    source: LogSource,
    policy: Policy,
    folder: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

/// What a round has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Entries of the folder before.
    pub size_before: TreeSize,
    /// Entries now.
    pub size: TreeSize,
    /// Tiles and bundles that were written.
    pub file_count: u64,
}

impl Mirror {
    /// A mirror of `source` in `folder`, which is made if need be. Removes what a killed mirror has left over.
    ///
    /// # Errors
    /// `InUse` if another mirror has the folder; `File`.
    pub fn open(source: LogSource, policy: Policy, folder: &Path) -> Result<Self, LogError> {
        std::fs::create_dir_all(folder).map_err(|error| LogError::file(folder, error))?;
        let lock_path = folder.join(".lock");
        let lock = File::create(&lock_path).map_err(|error| LogError::file(&lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogError::InUse { folder: folder.display().to_string() });
            }
            Err(TryLockError::Error(error)) => return Err(LogError::file(&lock_path, error)),
        }
        clean(folder)?;
        Ok(Self { source, policy, folder: folder.to_owned(), _lock: lock })
    }

    /// The checkpoint that the folder holds.
    ///
    /// # Errors
    /// `Checkpoint` or `Untrusted` if it was altered; `File`.
    pub async fn held(&self) -> Result<Option<SignedCheckpoint>, LogError> {
        match self.copy().checkpoint().await {
            Ok(held) => {
                self.policy.check(&held).map_err(LogError::Untrusted)?;
                Ok(Some(held))
            }
            Err(LogError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn copy(&self) -> LogSource {
        LogSource::Folder(self.folder.clone())
    }

    /// Brings the folder up to what the source shows now.
    ///
    /// # Errors
    /// `Rewritten` if what it shows contradicts what the folder holds, with the evidence written down; nothing else is
    /// written then. `Stale` if it shows less. All others leave a folder that the next round goes on with.
    pub async fn round(&self) -> Result<Round, LogError> {
        let held = self.held().await?;
        let shown = self.source.checkpoint().await?;
        self.policy.check(&shown).map_err(LogError::Untrusted)?;
        let size_before = held.as_ref().map_or(TreeSize(0), |held| held.checkpoint.size);
        let size = shown.checkpoint.size;
        if let Some(held) = &held
            && (shown.checkpoint.size, &shown.checkpoint.origin) == (size_before, &held.checkpoint.origin)
        {
            if shown.checkpoint.root != held.checkpoint.root {
                return Err(self.contradiction(held, shown, None).await);
            }
            return Ok(Round { size_before, size, file_count: 0 });
        }
        let tree = match VerifiedTree::at(self.source.clone(), shown.clone(), &self.policy).await {
            Err(LogError::Altered { leaf_index: None, .. }) => {
                return Err(diagnose(&self.source, &shown.checkpoint).await);
            }
            opened => opened?,
        };
        if let Some(held) = &held {
            match compare(&held.checkpoint, &tree).await? {
                Standing::Same | Standing::Grown => {}
                Standing::Contradicts => return Err(self.contradiction(held, shown, Some(&tree)).await),
                Standing::Smaller => return Err(self.smaller(held, &tree).await),
            }
        }
        let file_count = self.fetch(size_before, &tree).await?;
        let checkpoint = self.folder.join("checkpoint");
        write(&checkpoint, shown.to_string().as_bytes())?;
        sync_folders(&self.folder, [&checkpoint])?;
        self.remove_outgrown(size_before, size)?;
        Ok(Round { size_before, size, file_count })
    }

    /// Writes the tiles and bundles of `tree` that a tree of `size_before` did not have. After a failure nothing is begun
    /// any more, and what was under way is waited for: when this returns, nobody writes in the folder.
    async fn fetch(&self, size_before: TreeSize, tree: &VerifiedTree) -> Result<u64, LogError> {
        let (old, new) = (size_before.0, tree.size().0);
        let full = tile::tiles_between(old, new);
        let tiles = full.chain(tile::partial_tiles(new)).map(Part::Tile);
        let bundles = tile::bundles_between(old, new)
            .chain(tile::partial_bundle(new))
            .map(|bundle| Part::Bundle(bundle.index()));
        let failed = AtomicBool::new(false);
        // A tile is looked up by the one above it, so high levels first would help; the cache of parents does as well.
        let mut written = stream::iter(tiles.chain(bundles).take_while(|_| !failed.load(Ordering::Relaxed)))
            .map(|part| self.keep(tree, part))
            .buffer_unordered(REQUESTS_MAX)
            .inspect_err(|_| failed.store(true, Ordering::Relaxed))
            .try_chunks(FILES_SYNCED_TOGETHER);
        let mut outcome = Ok(0);
        while let Some(files) = written.next().await {
            let synced = files.map_err(|error| error.1).and_then(|files| {
                sync_folders(&self.folder, &files)?;
                Ok(files.len() as u64)
            });
            failed.fetch_or(synced.is_err(), Ordering::Relaxed);
            // The first failure is the one that is told.
            outcome = outcome.and_then(|file_count: u64| Ok(file_count + synced?));
        }
        outcome
    }

    /// Writes one file, verified.
    async fn keep(&self, tree: &VerifiedTree, part: Part) -> Result<PathBuf, LogError> {
        let (path, bytes) = match part {
            Part::Tile(coord) => (coord.path(), encode(&tree.tile(coord.level(), coord.index()).await?)),
            Part::Bundle(index) => {
                let bundle = tree.bundle(index).await?;
                (bundle.coord().path(), bundle.bytes().to_vec())
            }
        };
        let path = self.folder.join(path);
        // What a killed round has written already need not be written again; it is compared with what was just verified.
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(path);
        }
        let file = path.clone();
        let done = tokio::task::spawn_blocking(move || write(&file, &bytes)).await;
        done.unwrap_or_else(|failure| Err(LogError::file(&path, std::io::Error::other(failure))))?;
        Ok(path)
    }

    /// Removes unfinished tiles and bundles that are full by now: whoever still asks for them takes the full ones.
    fn remove_outgrown(&self, old: TreeSize, new: TreeSize) -> Result<(), LogError> {
        let tiles = tile::tiles_between(old.0, new.0).map(|coord| coord.path());
        let bundles = tile::bundles_between(old.0, new.0).map(|coord| coord.path());
        tiles.chain(bundles).try_for_each(|path| remove(&self.folder.join(format!("{path}.p"))))
    }

    /// The source shows a smaller tree: the beginning of the one that is held, or another.
    async fn smaller(&self, held: &SignedCheckpoint, tree: &VerifiedTree) -> LogError {
        let own = match VerifiedTree::at(self.copy(), held.clone(), &self.policy).await {
            Ok(own) => own,
            Err(error) => return error,
        };
        match compare(&tree.signed().checkpoint, &own).await {
            Ok(Standing::Contradicts) => self.contradiction(held, tree.signed().clone(), Some(tree)).await,
            Ok(_) => LogError::Stale { held: held.checkpoint.size, shown: tree.size() },
            Err(error) => error,
        }
    }

    async fn contradiction(
        &self,
        held: &SignedCheckpoint,
        shown: SignedCheckpoint,
        tree: Option<&VerifiedTree>,
    ) -> LogError {
        let own = VerifiedTree::at(self.copy(), held.clone(), &self.policy).await.ok();
        // Of a tree of the same size the tiles were not asked for yet, and need not be there.
        let asked = match tree {
            Some(_) => None,
            None => VerifiedTree::at(self.source.clone(), shown.clone(), &self.policy).await.ok(),
        };
        let trees = own.as_ref().zip(tree.or(asked.as_ref()));
        let first: Option<LeafIndex> = match trees {
            Some((own, other)) => first_difference(own, other).await.ok().flatten(),
            None => None,
        };
        let evidence =
            Evidence { held: held.clone(), shown, first_difference: first, folder: PathBuf::new() };
        match evidence.write(&self.folder, trees).await {
            Ok(evidence) => LogError::Rewritten(Box::new(evidence)),
            Err(error) => error,
        }
    }
}

/// What is fetched.
enum Part {
    Tile(tile::TileCoord),
    Bundle(u64),
}
