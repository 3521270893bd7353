//! Who the server runs as. PostgreSQL refuses root, so a root process hands every PostgreSQL program to another account.

use super::error::{ClusterError, Doing as _};
use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// The account that owns a cluster and runs its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The number the files belong to.
    pub(super) uid: u32,
    gid: u32,
    /// For messages.
    pub(super) name: String,
    /// This process is root and becomes the account for each program it spawns.
    switched: bool,
}

impl Account {
    /// The account for a cluster. One that exists keeps its owner; for a new one it is this process's own user, or,
    /// when that is root, `postgres`, else `nobody`.
    pub(super) fn for_cluster(existing: Option<&Path>) -> Result<Self, ClusterError> {
        let process = process_uid()?;
        let owner = match existing {
            Some(folder) => Some(fs::metadata(folder).doing(|| format!("read {}", folder.display()))?),
            None => None,
        };
        match (process, owner) {
            (0, None) => Self::unprivileged(),
            (0, Some(owner)) if owner.uid() != 0 => Ok(Self {
                uid: owner.uid(),
                gid: owner.gid(),
                name: format!("number {}", owner.uid()),
                switched: true,
            }),
            (0, Some(_)) => Err(ClusterError::OwnedByRoot {
                folder: existing.unwrap_or(Path::new("")).to_owned(),
                account: Self::unprivileged()?.name,
            }),
            (_, Some(owner)) if owner.uid() != process => Err(ClusterError::ForeignOwner {
                folder: existing.unwrap_or(Path::new("")).to_owned(),
                owner: owner.uid(),
                process,
            }),
            _ => Ok(Self { uid: process, gid: 0, name: format!("number {process}"), switched: false }),
        }
    }

    /// The account that root uses: the first of the names below that the machine has.
    fn unprivileged() -> Result<Self, ClusterError> {
        let passwd = fs::read_to_string("/etc/passwd").doing(|| "read /etc/passwd".into())?;
        ["postgres", "_postgres", "nobody"]
            .into_iter()
            .find_map(|name| parse_passwd(&passwd, name))
            .ok_or(ClusterError::NoAccount)
    }

    /// A command that runs as the account, without the caller's PostgreSQL settings, language, folder or terminal.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env_remove("LANGUAGE").current_dir("/").stdin(Stdio::null());
        if self.switched {
            // `uid` from root also drops the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes the account the owner of a file or folder that we just created.
    pub(super) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.switched {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
            .doing(|| format!("give {} to user {}", path.display(), self.name))
    }

    /// Whether the account can go into a folder, asked by going there: mode bits alone do not know about ACLs.
    pub(super) fn can_enter(&self, folder: &Path) -> Result<bool, ClusterError> {
        if !self.switched {
            return Ok(true);
        }
        let mut command = self.command("/bin/sh");
        command.args(["-c", "cd \"$1\"", "sh"]).arg(folder);
        Ok(run(command, "enter a folder as another user")?.status.success())
    }
}

/// Runs a command to its end and keeps what it printed; the error is only for a program that could not be run at all.
pub(super) fn run(mut command: Command, action: &str) -> Result<Output, ClusterError> {
    command.output().doing(|| format!("{action} ({})", command.get_program().to_string_lossy()))
}

/// As [`run`], and an exit code other than 0 is an error too.
pub(super) fn run_well(command: Command, action: &str) -> Result<String, ClusterError> {
    let output = run(command, action)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ClusterError::Program { action: action.into(), output: last_lines(&output) })
}

/// The end of what a program printed, errors last.
pub(super) fn last_lines(output: &Output) -> String {
    let text =
        [&output.stdout[..], &output.stderr[..]].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let text = text.concat();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
    format!("{}\n({})", shown.join("\n"), output.status)
}

/// The effective user number. The standard library cannot say it, so `id` does, once.
pub(super) fn process_uid() -> Result<u32, ClusterError> {
    static UID: OnceLock<u32> = OnceLock::new();
    if let Some(uid) = UID.get() {
        return Ok(*uid);
    }
    let mut command = Command::new("id");
    command.arg("-u");
    let text = run_well(command, "ask `id` who we are")?;
    let uid = text
        .trim()
        .parse()
        .map_err(|_| ClusterError::Program { action: "ask `id` who we are".into(), output: text.clone() })?;
    Ok(*UID.get_or_init(|| uid))
}

/// The account called `name` in the text of a passwd file.
fn parse_passwd(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [user, _, uid, gid, ..] if *user == name => Some(Account {
                uid: uid.parse().ok().filter(|uid| *uid != 0)?,
                gid: gid.parse().ok()?,
                name: name.into(),
                switched: true,
            }),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name_and_is_never_root() {
        let passwd = "# comment\nroot:x:0:0:root:/root:/bin/bash\npostgresql:x:7:7::/:\nbad:x:y\n\
                      postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\nnobody:x:0:0::/:\n";
        let check = |name: &str| parse_passwd(passwd, name).map(|account| (account.uid, account.gid));
        assert_eq!(check("postgres"), Some((101, 104)));
        assert_eq!(check("nobody"), None);
        assert_eq!(check("bad"), None);
        assert_eq!(check("absent"), None);
    }
}
