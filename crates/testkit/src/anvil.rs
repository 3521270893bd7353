//! A real node of an EVM chain that exists for one test: `anvil`, which is not ours.

use crate::outside::{alone_in, npm};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

/// The release that the tests run.
const ANVIL: &str = "@foundry-rs/anvil@1.7.1";

/// A chain of its own, with the number 31337 and nobody with money; it ends with the test.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// Starts it on a free port, with these options beside; it is installed in `folder` if it is absent.
    ///
    /// # Panics
    /// When it cannot be had or does not start.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        let modules = {
            let _lock = alone_in(folder);
            npm(folder, &[ANVIL])
        };
        // The program itself, not the script that finds it: that one would leave it behind when it is killed.
        let packages = fs::read_dir(modules.join("@foundry-rs")).expect("the package");
        let mut programs = packages.flatten().map(|package| package.path().join("bin/anvil"));
        let program = programs.find(|path| path.is_file()).expect("anvil for this kind of machine");
        let mut command = Command::new(program);
        command.args(["--port", "0", "--chain-id", "31337", "--accounts", "0"]).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("anvil starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned));
        let url = format!("http://{}", address.expect("anvil says where it listens"));
        // Whatever else it says must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// Where it answers JSON-RPC.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
