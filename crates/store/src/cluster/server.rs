//! Starting, finding and stopping the server of a cluster with `pg_ctl`.
//!
//! The server is no child of ours: `pg_ctl` detaches it, so that it outlives a parent that was killed and finishes its
//! commits. The next start finds it and goes on with it.

use super::{
    account::{last_lines, run},
    binaries::Binaries,
    error::{ClusterError, Doing as _},
    home::Home,
};
use std::{
    fs,
    io::ErrorKind,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Output,
    thread,
    time::Duration,
};

/// How long to wait before looking again at something that cannot tell us when it changes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a running server writes about itself in `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    cluster: PathBuf,
    pub(super) socket_folder: PathBuf,
    ready: bool,
}

impl PidFile {
    /// Reads the file of a cluster; `None` when there is none, or it is still being written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// Line 1 is the process, line 2 the cluster, line 5 its first socket folder, line 8 its state.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        Some(Self {
            pid: lines.first()?.trim().parse().ok()?,
            cluster: lines.get(1).unwrap_or(&"").into(),
            socket_folder: lines.get(4).unwrap_or(&"").into(),
            ready: lines.get(7).is_some_and(|state| matches!(state.trim(), "ready" | "standby")),
        })
    }

    /// Whether a server of this cluster answers where this file says. One that was killed leaves its socket, and nobody
    /// behind it; in a copy of a data folder the file speaks of another cluster.
    fn answers(&self, cluster: &Path) -> bool {
        self.ready
            && self.cluster == cluster
            && UnixStream::connect(self.socket_folder.join(".s.PGSQL.5432")).is_ok()
    }
}

/// Starts the server, or finds it running, and answers with its socket's folder. `prepare` is called before a real
/// start, to write the settings, and gives the folder for the socket.
pub(super) fn start(
    home: &Home,
    binaries: &Binaries,
    timeout: Duration,
    prepare: impl Fn() -> Result<PathBuf, ClusterError>,
) -> Result<PathBuf, ClusterError> {
    let cluster = home.cluster();
    let looks = timeout.as_millis() / LOOK_AGAIN.as_millis();
    for _ in 0..looks.max(1) {
        let found = PidFile::read(&cluster);
        if let Some(found) = &found
            && found.answers(&cluster)
        {
            return Ok(found.socket_folder.clone());
        }
        let abandoned = is_abandoned(home)?;
        // Starting up or shutting down.
        if found.is_some()
            && !abandoned
            && pg_ctl(home, binaries, "ask for the server", &["status"])?.status.success()
        {
            thread::park_timeout(LOOK_AGAIN);
            continue;
        }
        let socket_folder = prepare()?;
        if abandoned {
            remove(&cluster.join("postmaster.pid"))?;
            remove(&socket_folder.join(".s.PGSQL.5432.lock"))?;
        }
        let log = home.fresh_log()?;
        let seconds = timeout.as_secs().max(1).to_string();
        let log_argument = log.to_string_lossy();
        let output = pg_ctl(
            home,
            binaries,
            "start the server",
            &["start", "-w", "-s", "-t", &seconds, "-l", &log_argument],
        )?;
        if output.status.success() {
            return Ok(socket_folder);
        }
        let logged = fs::read_to_string(&log).unwrap_or_default();
        // Children of a server that was killed are still leaving; two servers on one cluster would destroy it.
        if !logged.contains("pre-existing shared memory block") {
            let logged: Vec<&str> = logged.lines().collect();
            let end = logged.get(logged.len().saturating_sub(20)..).unwrap_or_default().join("\n");
            let output = format!("{}\n{} ends with:\n{end}", last_lines(&output), log.display());
            return Err(ClusterError::Program { action: "start the server".into(), output });
        }
        thread::park_timeout(LOOK_AGAIN);
    }
    Err(ClusterError::Program {
        action: "start the server".into(),
        output: format!(
            "the server before it did not finish within {} s; see {}",
            timeout.as_secs(),
            home.log().display()
        ),
    })
}

/// Stops the server: `fast` (open transactions are rolled back, all is written) or `immediate` (as a crash would).
/// One that does not run is a success.
pub(super) fn stop(
    home: &Home,
    binaries: &Binaries,
    mode: &str,
    timeout: Duration,
) -> Result<(), ClusterError> {
    let seconds = timeout.as_secs().max(1).to_string();
    let output =
        pg_ctl(home, binaries, "stop the server", &["stop", "-w", "-s", "-m", mode, "-t", &seconds])?;
    if output.status.success() || !pg_ctl(home, binaries, "ask for the server", &["status"])?.status.success()
    {
        return Ok(());
    }
    Err(ClusterError::Program { action: "stop the server".into(), output: last_lines(&output) })
}

/// Runs `pg_ctl` on the cluster.
fn pg_ctl(
    home: &Home,
    binaries: &Binaries,
    action: &str,
    arguments: &[&str],
) -> Result<Output, ClusterError> {
    let mut command = home.account().command(binaries.program("pg_ctl"));
    command.arg("-D").arg(home.cluster()).args(arguments);
    run(command, action)
}

/// Removes a file, if it is there.
fn remove(file: &Path) -> Result<(), ClusterError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).doing(|| format!("remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Whether it is certain that no process works in the cluster, so that lock files of it are of a server that was
/// killed. PostgreSQL itself refuses to start when that number has been given to another program meanwhile, as
/// happens after a reboot or in a new container.
///
/// Every server process has the cluster as its working folder, so on Linux we can look; elsewhere the answer is no. The
/// account itself looks, for in a container root may not see the folders of others' processes.
fn is_abandoned(home: &Home) -> Result<bool, ClusterError> {
    if !Path::new("/proc/self/cwd").exists() {
        return Ok(false);
    }
    let mut command = home.account().command("/bin/sh");
    command.args(["-c", "for p in /proc/[0-9]*; do [ \"$p/cwd\" -ef \"$1\" ] && exit 1; done; exit 0", "sh"]);
    command.arg(home.cluster());
    Ok(run(command, "look for processes of the server")?.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_read_whole_half_written_and_broken() {
        let whole = "4711\n/data/postgres\n1700000000\n5432\n/data/run\n\n  1234567   12\nready   \n";
        let check = |text: &str, expected: Option<(u32, &str, bool)>| {
            let found = PidFile::parse(text);
            let found = found.as_ref().map(|f| (f.pid, f.socket_folder.to_str().unwrap(), f.ready));
            assert_eq!(found, expected);
        };
        check(whole, Some((4711, "/data/run", true)));
        // A read replica.
        check(&whole.replace("ready", "standby"), Some((4711, "/data/run", true)));
        check(&whole.replace("ready   ", "stopping"), Some((4711, "/data/run", false)));
        check("4711\n/data/postgres\n", Some((4711, "", false)));
        check("", None);
        check("not a number\n", None);
    }
}
