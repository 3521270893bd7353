//! Where a cluster's files are: beside the other data if the server's account can reach them there, and how long a
//! socket's path may be.
//!
//! ```text
//! <data folder>/databourse.lock     held by the process that uses the folder
//!               postgres.location   only if the cluster had to go elsewhere: the path of its place
//! <place>/postgres/                 the cluster (PGDATA)
//!         postgres.new-<process>/   one being made; swept at the next start
//!         postgres.log[.1]          the server's log since its last start, and the one before
//!         run/ | run.location       the socket's folder, or where it is when that path would be too long
//! ```

use super::{
    Progress,
    account::Account,
    error::{ClusterError, Doing as _},
    lock::Lock,
};
use std::{
    fs::{self, DirBuilder, File},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Where clusters go whose data folder the server's account cannot enter.
const SYSTEM_PLACE: &str = "/var/lib/databourse";

/// The longest folder name a socket may have: the system allows 104 to 108 bytes with `/.s.PGSQL.5432`.
const SOCKET_FOLDER_BYTES_MAX: usize = 84;

/// Where the cluster of a data folder is, if it is not in it.
fn pointer(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres.location")
}

/// PGDATA of the cluster of a data folder that another process may hold the lock of.
pub(super) fn cluster_of(data_dir: &Path) -> PathBuf {
    let location = fs::read_to_string(pointer(data_dir)).ok();
    let root =
        location.map_or_else(|| data_dir.to_owned(), |text| PathBuf::from(text.trim_end_matches('\n')));
    root.join("postgres")
}

/// A data folder that this process holds the lock of.
#[derive(Debug)]
pub(super) struct Home {
    root: PathBuf,
    account: Account,
    /// Of the data folder, and of the cluster's place if that is elsewhere (a copied data folder has the same).
    _locks: Vec<Lock>,
}

impl Home {
    /// Creates the data folder if need be, locks it and decides where the cluster is.
    pub(super) fn open(data_dir: &Path, progress: Progress<'_>) -> Result<Self, ClusterError> {
        fs::create_dir_all(data_dir).doing(|| format!("create {}", data_dir.display()))?;
        let data_dir = fs::canonicalize(data_dir).doing(|| format!("find {}", data_dir.display()))?;
        let mut locks = vec![Lock::take(&data_dir)?];
        let pointer = pointer(&data_dir);
        let root = match fs::read_to_string(&pointer) {
            Ok(text) => {
                let location = PathBuf::from(text.trim_end_matches('\n'));
                if !location.is_dir() {
                    return Err(ClusterError::LocationMissing { pointer, location });
                }
                location
            }
            Err(error) if error.kind() == ErrorKind::NotFound => data_dir.clone(),
            Err(source) => return Err(source).doing(|| format!("read {}", pointer.display())),
        };
        let existing = root.join("postgres");
        let account = Account::for_cluster(existing.exists().then_some(&*existing))?;
        let root = if account.can_enter(&root)? {
            root
        } else if root == data_dir && !existing.exists() {
            elsewhere(&data_dir, &pointer, &account, progress)?
        } else {
            return Err(ClusterError::NotEnterable { folder: root, account: account.name });
        };
        if root != data_dir {
            locks.push(Lock::take(&root)?);
        }
        let shell_safe = root.to_str().is_some_and(|text| {
            !text.contains(['"', '\'', '$', '\\', '`']) && !text.contains(char::is_control)
        });
        if !shell_safe {
            return Err(ClusterError::AwkwardPath { folder: root });
        }
        Ok(Self { root, account, _locks: locks })
    }

    /// The place of the cluster and its log.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Who the files belong to.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// PGDATA.
    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// Keeps the log of the run before, and creates an empty one that the server may write.
    pub(super) fn fresh_log(&self) -> Result<PathBuf, ClusterError> {
        let log = self.log();
        // Absent at the first start.
        let _ = fs::rename(&log, self.root.join("postgres.log.1"));
        File::create_new(&log)
            .and_then(|file| file.set_permissions(fs::Permissions::from_mode(0o600)))
            .doing(|| format!("create {}", log.display()))?;
        self.account.give(&log)?;
        Ok(log)
    }

    /// A folder that only the server's account (and root) can enter, short enough for a socket.
    pub(super) fn socket_folder(&self) -> Result<PathBuf, ClusterError> {
        let inside = self.root.join("run");
        if inside.as_os_str().len() <= SOCKET_FOLDER_BYTES_MAX {
            if !self.is_private(&inside) {
                self.make_private(&inside)?;
            }
            return Ok(inside);
        }
        let pointer = self.root.join("run.location");
        if let Ok(text) = fs::read_to_string(&pointer) {
            let remembered = PathBuf::from(text.trim_end_matches('\n'));
            // A copy of a data folder remembers the socket of the original.
            let is_ours = remembered
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains(&short_hash(&self.root)));
            if is_ours && self.is_private(&remembered) {
                return Ok(remembered);
            }
        }
        let chosen = self.private_temporary()?;
        write_durably(&pointer, &chosen)?;
        Ok(chosen)
    }

    /// Creates a folder for the account alone. It must not exist: what others made is not to be trusted.
    pub(super) fn make_private(&self, folder: &Path) -> Result<(), ClusterError> {
        DirBuilder::new().mode(0o700).create(folder).doing(|| format!("create {}", folder.display()))?;
        self.account.give(folder)
    }

    /// A new private folder of a short name under the temporary folder, which others may write too.
    fn private_temporary(&self) -> Result<PathBuf, ClusterError> {
        let hash = short_hash(&self.root);
        let mut last = None;
        for parent in [std::env::temp_dir(), "/tmp".into()] {
            for number in 0..100 {
                let folder = parent.join(format!("databourse-{hash}-{number}"));
                if folder.as_os_str().len() > SOCKET_FOLDER_BYTES_MAX || fs::symlink_metadata(&folder).is_ok()
                {
                    continue;
                }
                match self.make_private(&folder) {
                    Ok(()) => return Ok(folder),
                    refused => last = Some(refused),
                }
            }
        }
        match last {
            Some(Err(refused)) => Err(refused),
            _ => Err(ClusterError::AwkwardPath { folder: self.root.clone() }),
        }
    }

    /// A real folder, no symlink, that nobody but the account can enter.
    fn is_private(&self, folder: &Path) -> bool {
        fs::symlink_metadata(folder)
            .is_ok_and(|meta| meta.is_dir() && meta.uid() == self.account.uid && meta.mode() & 0o077 == 0)
    }
}

/// A new place that the account can enter, remembered in the data folder before anything is put there.
fn elsewhere(
    data_dir: &Path,
    pointer: &Path,
    account: &Account,
    progress: Progress<'_>,
) -> Result<PathBuf, ClusterError> {
    let parent = Path::new(SYSTEM_PLACE);
    for folder in [parent.parent().unwrap_or(parent), parent] {
        if !folder.is_dir() {
            DirBuilder::new().mode(0o755).create(folder).doing(|| format!("create {}", folder.display()))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
                .doing(|| format!("open {}", folder.display()))?;
        }
    }
    let hash = short_hash(data_dir);
    let mut place = parent.join(&hash);
    let mut number = 1;
    // One that is there already belonged to a data folder that was since deleted; it is not ours to continue.
    while place.exists() {
        number += 1;
        place = parent.join(format!("{hash}-{number}"));
    }
    DirBuilder::new().mode(0o755).create(&place).doing(|| format!("create {}", place.display()))?;
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755))
        .doing(|| format!("open {}", place.display()))?;
    write_durably(pointer, &place)?;
    progress(&format!(
        "user {} cannot enter {}, so the database is kept in {}",
        account.name,
        data_dir.display(),
        place.display()
    ));
    Ok(place)
}

/// Writes a path into a file, whole or not at all.
fn write_durably(file: &Path, content: &Path) -> Result<(), ClusterError> {
    let draft = file.with_extension("location.new");
    File::create(&draft)
        .and_then(|mut draft| {
            draft.write_all(content.as_os_str().as_encoded_bytes())?;
            draft.write_all(b"\n")?;
            draft.sync_all()
        })
        .and_then(|()| fs::rename(&draft, file))
        .doing(|| format!("write {}", file.display()))
}

/// FNV-1a of a path, for a name that is short and the same each time. Uniqueness is looked after by the callers.
fn short_hash(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:010x}", hash >> 24)
}
