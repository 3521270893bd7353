//! Programs of others, which judge what we make. They are installed when they are absent; a test that needs one fails
//! without it.

use std::{
    env,
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
    // Two test programs run at once, and only one apt-get can.
    let _lock = alone_in(&env::temp_dir().join("databourse-apt"));
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

/// What the lock file in `source` names, without scripts, in `installed`. Call it with the lock of [`alone_in`].
///
/// # Panics
/// When it cannot be had, or lock file and `package.json` disagree.
pub fn npm_ci(source: &Path, installed: &Path) {
    let lock = fs::read(source.join("package-lock.json")).expect("a lock file");
    // Written last, so that what was interrupted is begun anew.
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

/// Packages of npm in a folder of their own below `folder`, each `name@version`, without their scripts; gives the
/// `node_modules` that has them. Call it with the lock of [`alone_in`].
///
/// # Panics
/// When they cannot be had.
pub fn npm(folder: &Path, packages: &[&str]) -> PathBuf {
    node();
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

/// The folder under which the files of a package of Debian stand, as in the package: that of the system where it has the
/// package or can install it, else one in `folder`, unpacked from `suite` (a newer one, as a rule) of the mirror that the
/// system itself uses. What it depends on is not unpacked: for programs that bring what they need. Call it with the lock
/// of [`alone_in`].
///
/// # Panics
/// When it cannot be had.
pub fn apt_package(folder: &Path, suite: &str, package: &str) -> PathBuf {
    let root = folder.join(format!("{suite}-{package}"));
    if root.exists() {
        return root;
    }
    let mut listed = Command::new("dpkg-query");
    let has = |listed: &mut Command| runs(listed.args(["--status", package]));
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive");
    if has(&mut listed) || runs(&mut install) {
        return PathBuf::from("/");
    }
    let state = folder.join(format!("apt-{suite}"));
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(state.join(part)).expect("a folder for apt");
    }
    let source = format!(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {suite} main\n",
        debian_mirror().expect("this test needs a mirror of Debian among the sources of apt")
    );
    fs::write(state.join("source.list"), source).expect("a list of sources");
    let apt = |arguments: &[&str], within: &Path| {
        let mut command = Command::new("apt-get");
        // As whoever runs the tests: another account may not enter the folder.
        command.args(["-q", "-o", "APT::Sandbox::User=", "-o", "Dir::Etc::sourceparts=-"]);
        for (option, path) in
            [("Dir::Etc::sourcelist", "source.list"), ("Dir::State::lists", "lists"), ("Dir::Cache", "cache")]
        {
            command.arg("-o").arg(format!("{option}={}", state.join(path).display()));
        }
        command.args(arguments).current_dir(within);
        command
    };
    let unpacked = folder.join(format!("{suite}-{package}.part"));
    let _ = fs::remove_dir_all(&unpacked);
    fs::create_dir_all(&unpacked).expect("a folder for the package");
    // Lists that were never fetched or are old: fetch them and try again.
    if !runs(&mut apt(&["download", package], &unpacked)) {
        must(&mut apt(&["update"], &state));
        must(&mut apt(&["download", package], &unpacked));
    }
    let file = fs::read_dir(&unpacked).expect("the folder").next().expect("a file").expect("a file").path();
    must(Command::new("dpkg").arg("-x").arg(&file).arg(&unpacked));
    fs::remove_file(&file).expect("the file can be removed");
    fs::rename(&unpacked, &root).expect("the folder can be renamed");
    root
}

/// The mirror of Debian that this machine gets its packages from.
fn debian_mirror() -> Option<String> {
    let parts = fs::read_dir("/etc/apt/sources.list.d")
        .ok()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut files: Vec<PathBuf> = parts.collect();
    files.sort();
    files.insert(0, PathBuf::from("/etc/apt/sources.list"));
    let texts: Vec<String> = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    // `deb [options] <URI> <suite> …` of a list, or `URIs: <URI> …` of a deb822 file.
    let lines = texts.iter().flat_map(|text| text.lines());
    let lines = lines.filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"));
    let mut words = lines.flat_map(str::split_ascii_whitespace).map(|word| word.trim_end_matches('/'));
    words.find(|word| word.ends_with("/debian")).map(str::to_owned)
}
