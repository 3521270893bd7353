//! Temporary folders that a server under another account can enter, and that tell whose they are.

use crate::supervisor;
use std::{
    env, fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::{Command, Stdio},
};

/// A temporary folder, removed when dropped.
pub type ScratchFolder = tempfile::TempDir;

/// What the names of all such folders begin with; the number of the process follows.
const PREFIX: &str = "databourse-test-";

/// A new temporary folder with mode 0755: under root, the account that PostgreSQL runs as must find its way through it.
///
/// # Panics
/// When the temporary folder cannot be written.
pub fn scratch_folder() -> ScratchFolder {
    tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a folder in the temporary folder")
}

/// Removes what test processes left behind that were killed together with their supervisors, servers included. `own`
/// is a folder of this user: those of others stay.
pub(crate) fn sweep(own: &Path) {
    let uid = fs::metadata(own).expect("our own folder").uid();
    for entry in fs::read_dir(env::temp_dir()).expect("the temporary folder").flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok());
        if let (Some(pid), Ok(meta)) = (pid, entry.metadata())
            && meta.uid() == uid
            && !is_alive(pid)
        {
            supervisor::clean_up_now(&entry.path());
        }
    }
}

/// Whether a process of that number exists.
fn is_alive(pid: u32) -> bool {
    Command::new("sh")
        .args(["-c", "kill -0 \"$1\"", "sh", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
