//! Programs of others, which judge what we make. They are installed when they are absent; a test that needs one fails
//! without it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Whether it starts and succeeds.
pub fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// What it prints.
///
/// # Panics
/// When it does not start or does not succeed.
pub fn must(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// One process at a time installs into `folder`, which is made; the system lets go of the lock when the process ends.
///
/// # Panics
/// When the folder cannot be written.
pub fn alone_in(folder: &Path) -> File {
    fs::create_dir_all(folder).expect("the folder of the judges");
    let lock = File::create(folder.join("install.lock")).expect("a lock file");
    lock.lock().expect("the lock of the judges");
    lock
}

/// Installs a package of Debian or Ubuntu.
///
/// # Panics
/// When it cannot, with what to type.
pub fn apt_install(package: &str) {
    let install = || {
        let mut command = Command::new("apt-get");
        command.args(["install", "-y", "--no-install-recommends", package]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // Lists that were never fetched or are old: fetch them and try again.
    let installed =
        runs(&mut install()) || (runs(Command::new("apt-get").arg("update")) && runs(&mut install()));
    assert!(
        installed,
        "this test needs {package}: type `sudo apt-get install -y {package}` (or your system's own way)"
    );
}

/// A Python of its own in `folder` that has exactly these `packages`, each `name==version`; `options` are for `pip install`.
/// Call it with the lock of [`alone_in`].
///
/// # Panics
/// When it cannot be had.
pub fn python(folder: &Path, packages: &[&str], options: &[&str]) -> PathBuf {
    let venv = folder.join(packages.first().expect("a package").replace("==", "-"));
    let python = venv.join("bin/python");
    let known = Command::new(&python).args(["-m", "pip", "freeze", "--quiet"]).stdin(Stdio::null()).output();
    let is_ready = known.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        packages.iter().all(|package| text.lines().any(|line| line == *package))
    });
    if !is_ready {
        let make = || {
            let mut command = Command::new("python3");
            command.args(["-m", "venv", "--clear"]).arg(&venv);
            command
        };
        if !runs(&mut make()) {
            apt_install("python3-venv");
            must(&mut make());
        }
        must(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(options).args(packages));
    }
    python
}

/// The `node` of JavaScript, installed with its package manager if absent.
///
/// # Panics
/// When it cannot be had.
pub fn node() -> Command {
    if !runs(Command::new("node").arg("--version")) || !runs(Command::new("npm").arg("--version")) {
        apt_install("nodejs");
        apt_install("npm");
    }
    Command::new("node")
}

/// A folder below `folder` whose `node_modules` hold exactly these `packages`, each `name@version`. No script of a package
/// is run. Call it with the lock of [`alone_in`].
///
/// # Panics
/// When it cannot be had.
pub fn npm(folder: &Path, packages: &[&str]) -> PathBuf {
    let name = packages.first().expect("a package").trim_start_matches('@').replace(['/', '@'], "-");
    let installed = folder.join(name);
    // Written last, so that what was interrupted is begun anew.
    let done = installed.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|text| text == wanted) {
        return installed;
    }
    node();
    let _ = fs::remove_dir_all(&installed);
    fs::create_dir_all(&installed).expect("a folder for packages");
    fs::write(installed.join("package.json"), "{ \"private\": true }\n").expect("package.json");
    let mut command = Command::new("npm");
    command.args(["install", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund"]).args(packages);
    must(command.current_dir(&installed));
    fs::write(done, wanted).expect("a mark in the folder");
    installed
}

/// What the lock file in `source` names, in `installed`. Call it with the lock of [`alone_in`].
///
/// # Panics
/// When it cannot be had, or lock file and `package.json` disagree.
pub fn npm_ci(source: &Path, installed: &Path) {
    let lock = fs::read(source.join("package-lock.json")).expect("a lock file");
    let done = installed.join("installed.json");
    if fs::read(&done).is_ok_and(|known| known == lock) {
        return;
    }
    node();
    let _ = fs::remove_dir_all(installed);
    fs::create_dir_all(installed).expect("a folder for packages");
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), installed.join(name)).expect("a copy");
    }
    let mut command = Command::new("npm");
    must(command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(installed));
    fs::write(done, lock).expect("a mark in the folder");
}
