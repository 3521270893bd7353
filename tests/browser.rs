//! The console as people walk it, in a real Chromium: from `demo` a buyer buys, a merchant delivers, the certificate is
//! found and verified in the browser, altered and refused; in both languages, on a desk and on a phone. Every page on the
//! way is judged by axe-core and by `browser/reader.js`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_testkit::{
    outside::{alone_in, apt_install, must, node, npm_ci, runs},
    scratch_folder,
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// `demo` with its built-in market, ended when it is dropped.
struct Demo {
    child: Child,
    url: String,
}

impl Demo {
    /// Plays the market and waits until it says where to look.
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_databourse"));
        command.args(["demo", "--seed", "7", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("DATABOURSE_LOG_FILTER", "warn").stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        let url = lines
            .inspect(|line| said.push_str(&format!("{line}\n")))
            .find_map(|line| line.strip_prefix("open 打开  ")?.split(' ').next().map(str::to_owned));
        let url = url.unwrap_or_else(|| panic!("the demonstration says no address:\n{said}"));
        Self { child, url }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The private database outlives a kill, and a test leaves nothing behind.
        runs(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        let _ = self.child.wait();
    }
}

#[test]
fn people_find_their_way_in_both_languages_on_desk_and_phone() {
    if !runs(Command::new("chromium").arg("--version")) {
        apt_install("chromium");
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser");
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
    let _lock = alone_in(&tools);
    let installed = tools.join("npm");
    npm_ci(&source, &installed);
    for script in ["main.js", "walk.js", "reader.js", "wire.js"] {
        fs::copy(source.join(script), installed.join(script)).unwrap();
    }
    let folder = scratch_folder();
    let demo = Demo::start(&folder.path().join("demo"));
    let chromium = must(Command::new("sh").args(["-c", "command -v chromium"]));
    let chromium = String::from_utf8(chromium.stdout).unwrap();
    let walked = node().arg(installed.join("main.js")).args([&demo.url, chromium.trim()]).output().unwrap();
    let said = String::from_utf8_lossy(&walked.stdout);
    let errors = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{said}\n{errors}");
    // Four walks and the day of two people.
    assert_eq!(said.matches(": 0 faults").count(), 5, "{said}");
}
