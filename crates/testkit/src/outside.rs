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

/// Packages of npm in a folder of their own below `folder`, each `name@version`, without their scripts; gives the
/// `node_modules` that has them. Call it with the lock of [`alone_in`].
///
/// # Panics
/// When they cannot be had.
pub fn npm(folder: &Path, packages: &[&str]) -> PathBuf {
    if !runs(Command::new("node").arg("--version")) || !runs(Command::new("npm").arg("--version")) {
        apt_install("nodejs");
        apt_install("npm");
    }
    let name = packages.first().expect("a package").replace(['/', '@'], "-");
    let place = folder.join(format!("npm{name}"));
    let modules = place.join("node_modules");
    let version = |package: &str| {
        let (name, version) = package.rsplit_once('@').expect("a name and a version");
        let manifest = fs::read_to_string(modules.join(name).join("package.json"));
        manifest.is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")))
    };
    if !packages.iter().all(|package| version(package)) {
        fs::create_dir_all(&place).expect("a folder for npm");
        let mut install = Command::new("npm");
        install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"]);
        must(install.arg(&place).args(packages).current_dir(&place));
    }
    modules
}

/// A Go program of one `file`, built into `folder` with Go and the libraries of Debian or Ubuntu, without a network.
/// Call it with the lock of [`alone_in`].
///
/// # Panics
/// When it cannot be had.
pub fn go(folder: &Path, file: &Path, libraries: &[&str]) -> PathBuf {
    let program = folder.join(file.file_stem().expect("a file of Go"));
    let build = || {
        let mut command = Command::new("go");
        command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
        command.env("GOCACHE", folder.join("go-cache"));
        command.args(["build", "-o"]).arg(&program).arg(file);
        command
    };
    if !runs(&mut build()) {
        apt_install("golang-go");
        libraries.iter().for_each(|library| apt_install(library));
        must(&mut build());
    }
    program
}
