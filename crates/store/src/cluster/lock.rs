//! One process per data folder.

use super::error::{ClusterError, Doing as _};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

/// The lock of a folder. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the folder for this process, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, ClusterError> {
        let path = folder.join("databourse.lock");
        let action = || format!("lock {}", path.display());
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).doing(action)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(ClusterError::InUse {
                    folder: folder.to_owned(),
                    holder: holder.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(ClusterError::Io { action: action(), source }),
        }
        // Only for the message above.
        file.set_len(0).and_then(|()| file.rewind()).doing(action)?;
        writeln!(file, "{}", std::process::id()).doing(action)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    /// Closing alone would leave the lock to a program that another thread is just spawning, until it runs.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
