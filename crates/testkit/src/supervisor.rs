//! Cleaning up after a test process, however it ends.
//!
//! Rust runs no destructors for statics, and a killed process runs nothing at all. So a small shell reads from a pipe
//! whose other end only the test process has: when the process is gone the system closes the pipe, and the shell stops
//! the server and removes its folders.

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

/// `$1` PGDATA, all arguments: the folders to remove. The server gets SIGQUIT: a fast end, there is nothing to keep.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
if pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) && [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    tries=0
    while [ -e "$1/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
fi
rm -rf "$@"
"#;

/// Has the folders removed when the answer is dropped or the process ends: both close the pipe in it. The first folder
/// is the cluster's own.
pub(crate) fn watch(folders: [&Path; 3]) -> Child {
    spawn(&folders, Stdio::piped())
}

/// Stops the server of a data folder that nobody uses any more and removes the folder.
pub(crate) fn clean_up_now(data_dir: &Path) {
    let _ = spawn(&[&data_dir.join("postgres"), data_dir], Stdio::null()).wait();
}

fn spawn(folders: &[&Path], stdin: Stdio) -> Child {
    // A group of its own, so that Ctrl-C or a time-out of the test runner does not reach it; no output of ours, so that
    // the runner does not wait for it.
    Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .args(folders)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0)
        .spawn()
        .expect("a shell that cleans up")
}
