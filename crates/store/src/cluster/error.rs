//! What can go wrong with a private cluster, in words that say what to do next.

use super::Version;
use std::{io, path::PathBuf};

/// Why a private cluster could not be found, made, started or stopped. None of these leaves a folder half made: the
/// same call may be repeated once the cause is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No usable PostgreSQL server programs on this machine.
    #[error("PostgreSQL {} or newer was not found. Looked at:\n{looked_at}{hint}", Version::OLDEST_MAJOR)]
    BinariesNotFound {
        /// One line per place: the place and why it does not serve.
        looked_at: String,
        /// The command that installs PostgreSQL on this platform.
        hint: String,
    },
    /// A package manager was asked for PostgreSQL and refused.
    #[error("installing PostgreSQL with {tool} failed:\n{output}\n{hint}")]
    InstallFailed {
        /// `apt-get` or `npm`.
        tool: &'static str,
        /// The end of what the tool printed.
        output: String,
        /// The command to type by hand.
        hint: String,
    },
    /// Another process of ours holds this data folder.
    #[error("the data folder {} is in use by another databourse process{}; stop it, or choose another folder",
        folder.display(), holder.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// The folder that is locked.
        folder: PathBuf,
        /// The process that holds it, when it left its number.
        holder: Option<u32>,
    },
    /// The cluster was made by another major version and no programs of that version are on this machine.
    #[error("the cluster in {} was made by PostgreSQL {cluster}, and the programs found are version {programs}; \
        install PostgreSQL {cluster} beside it, or export with it and import into a new folder", folder.display())]
    OtherMajorVersion {
        /// The cluster's folder.
        folder: PathBuf,
        /// What made it, from its `PG_VERSION`.
        cluster: String,
        /// What was found.
        programs: Version,
    },
    /// The place for the cluster holds something else; nothing in it was touched.
    #[error("{} is not empty and is not a PostgreSQL cluster; nothing in it was touched", folder.display())]
    NotACluster {
        /// The folder.
        folder: PathBuf,
    },
    /// The cluster belongs to an account that this process can neither be nor become.
    #[error("the cluster in {} belongs to user {owner}, and this process is user {process}; \
        run as that user or as root, or choose another folder", folder.display())]
    ForeignOwner {
        /// The cluster's folder.
        folder: PathBuf,
        /// Its owner's user number.
        owner: u32,
        /// This process's user number.
        process: u32,
    },
    /// The cluster belongs to root, e.g. after `cp -r` by root, and PostgreSQL refuses to run as root.
    #[error("the cluster in {0} belongs to root, as whom PostgreSQL refuses to run; \
        type: chown -R {account}: '{0}'", folder.display())]
    OwnedByRoot {
        /// The cluster's folder.
        folder: PathBuf,
        /// The account it should belong to.
        account: String,
    },
    /// The process is root, PostgreSQL refuses to run as root, and there is no other account to use.
    #[error(
        "PostgreSQL refuses to run as root, and /etc/passwd has neither `postgres` nor `nobody` to run it as"
    )]
    NoAccount,
    /// The account the server runs as lost its way into a folder that it used before.
    #[error("user {account} cannot enter {}, where its cluster is; give every folder above it the `x` permission", folder.display())]
    NotEnterable {
        /// The folder.
        folder: PathBuf,
        /// The account's name.
        account: String,
    },
    /// `postgres.location` names a folder that is gone.
    #[error("{} says that the cluster is in {}, which does not exist; put it back, or delete the file to begin anew",
        pointer.display(), location.display())]
    LocationMissing {
        /// The file that names the place.
        pointer: PathBuf,
        /// The place it names.
        location: PathBuf,
    },
    /// PostgreSQL's own start script passes paths through a shell, and this one would not survive it.
    #[error("{} contains a quote, `$`, backslash, backquote, control or non-UTF-8 character, which PostgreSQL cannot take; \
        choose another folder", folder.display())]
    AwkwardPath {
        /// The folder.
        folder: PathBuf,
    },
    /// A PostgreSQL program ended with an error.
    #[error("could not {action}:\n{output}")]
    Program {
        /// What it was to do, e.g. `start the server`.
        action: String,
        /// The end of what it printed, and of the server's log where it has one.
        output: String,
    },
    /// The operating system refused something.
    #[error("could not {action}: {source}")]
    Io {
        /// What was tried, and on what.
        action: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// Says what was tried when the operating system refuses.
pub(super) trait Doing<T> {
    /// Wraps an `io::Error` with the action that met it.
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, ClusterError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { action: action(), source })
    }
}
