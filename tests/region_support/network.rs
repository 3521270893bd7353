//! A network of its own for each node: a namespace with a veth to one of two switches in a namespace between them, and
//! another veth on which clients reach it, which is never cut.
//!
//! ```text
//! node 0 ── p0 ┐                    ┌ p2 ── node 2
//!              ├ switch ─ trunk ─ switch ┤
//! node 1 ── p1 ┘                    └ p3 ── node 3
//! ```

use super::Region;
use databourse_testkit::outside::{apt_install, runs};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// How long every frame is held back on its way, milliseconds, and one of how many is lost.
pub(crate) const DELAY_MS: u32 = 30;
const LOST_ONE_OF: u32 = 100;
/// Prints the shortest of some round trips to an address, microseconds. Those of which a frame is lost take a second.
const PROBE: &str = r#"
import socket, sys, time
def trip():
    with socket.socket() as probe:
        probe.settimeout(5)
        begin = time.monotonic()
        try:
            probe.connect((sys.argv[1], 9))
        except OSError:
            pass
        return time.monotonic() - begin
print(int(1e6 * min(trip() for _ in range(5))))
"#;
/// Ends what still runs in the namespaces and removes them, when nobody holds its input any more.
const KEEPER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for name in "$@"; do
    ip netns pids "$name" | xargs -r kill -9
    ip netns del "$name"
done
"#;

/// The network of a region.
pub(crate) struct Network {
    name: String,
    /// The third part of the nodes' addresses.
    number: u32,
    switch: Child,
    /// What the switch says.
    said: BufReader<ChildStdout>,
    keeper: Child,
}

impl Network {
    /// Makes it and moves the region's nodes into it, before they are started.
    pub(crate) fn make(region: &mut Region, seed: u64) -> Self {
        must_be_possible();
        let name = format!("dbt{}", std::process::id());
        let number = std::process::id() % 250 + 1;
        let spaces: Vec<String> = ["0", "1", "2", "3", "b"].map(|part| format!("{name}-{part}")).into();
        let between = spaces[4].clone();
        // First of all, so that the namespaces are removed however this ends.
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .args(&spaces)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .current_dir("/")
            .process_group(0)
            .spawn()
            .unwrap();
        for space in &spaces {
            ip(&["netns", "add", space]);
            ip(&["-n", space, "link", "set", "lo", "up"]);
        }
        ip(&[
            "link", "add", "tl", "netns", &between, "type", "veth", "peer", "name", "tr", "netns", &between,
        ]);
        let script = |file: &str, text: &str| {
            let path = region.folder().join(file);
            fs::write(&path, text).unwrap();
            path
        };
        let (plain, switch) =
            (script("plain.py", include_str!("plain.py")), script("switch.py", include_str!("switch.py")));
        for (place, space) in spaces[..4].iter().enumerate() {
            let port = format!("p{place}");
            ip(&[
                "link", "add", "data", "netns", space, "type", "veth", "peer", "name", &port, "netns",
                &between,
            ]);
            ip(&["-n", space, "addr", "add", &format!("198.19.{number}.{}/24", place + 1), "dev", "data"]);
            ip(&["-n", space, "link", "set", "data", "up"]);
            ip(&["-n", &between, "link", "set", &port, "up"]);
            succeeds(Command::new("ip").args(["netns", "exec", space, "python3"]).arg(&plain).arg("data"));
            let (outside, first) = (format!("{name}c{place}"), 4 * place);
            ip(&["link", "add", &outside, "type", "veth", "peer", "name", "clients", "netns", space]);
            ip(&["addr", "add", &format!("198.18.{number}.{}/30", first + 1), "dev", &outside]);
            ip(&["-n", space, "addr", "add", &format!("198.18.{number}.{}/30", first + 2), "dev", "clients"]);
            ip(&["link", "set", &outside, "up"]);
            ip(&["-n", space, "link", "set", "clients", "up"]);
        }
        move_nodes(region, number, &spaces);
        let (switch, said) = start_switch(&between, &switch, seed);
        let network = Self { name, number, switch, said, keeper };
        network.heal();
        network
    }

    /// Cuts one node off from the three others.
    pub(crate) fn isolate(&self, place: usize) {
        self.set(&format!("p{place}"), "down");
    }

    /// Cuts the first two off from the last two.
    pub(crate) fn split(&self) {
        self.set("tl", "down");
    }

    /// All together again.
    pub(crate) fn heal(&self) {
        ["p0", "p1", "p2", "p3", "tl", "tr"].iter().for_each(|port| self.set(port, "up"));
    }

    /// How long a frame from one node to another and its answer take at least, as measured from inside the first one's
    /// namespace: nobody listens at that port, so the answer comes from the other's kernel.
    pub(crate) fn round_trip(&self, from: usize, to: usize) -> Duration {
        let space = format!("{}-{from}", self.name);
        let address = format!("198.19.{}.{}", self.number, to + 1);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &space, "python3", "-c", PROBE, &address]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Duration::from_micros(String::from_utf8_lossy(&output.stdout).trim().parse().unwrap())
    }

    /// How many frames were carried and how many were lost on purpose.
    pub(crate) fn frames(&mut self) -> (u64, u64) {
        self.switch.stdin.as_mut().unwrap().write_all(b"count\n").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        let mut words = line.split_whitespace().map(|word| word.parse().unwrap());
        (words.next().unwrap(), words.next().unwrap())
    }

    fn set(&self, port: &str, state: &str) {
        ip(&["-n", &format!("{}-b", self.name), "link", "set", port, state]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.switch.kill();
        let _ = self.switch.wait();
        // Waiting closes its input.
        let _ = self.keeper.wait();
    }
}

/// Fails with what is missing.
fn must_be_possible() {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    assert_eq!(user.trim_ascii(), b"0", "network namespaces can be made by root only: run this test as root");
    if !runs(Command::new("ip").arg("-V")) {
        apt_install("iproute2");
    }
}

#[track_caller]
fn ip(arguments: &[&str]) {
    succeeds(Command::new("ip").args(arguments));
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Changes the addresses in the nodes' configurations.
fn move_nodes(region: &mut Region, number: u32, spaces: &[String]) {
    let read = |folder: &Path| fs::read_to_string(folder.join("databourse.toml")).unwrap();
    let listens: Vec<String> = region
        .nodes
        .iter()
        .map(|node| {
            let config: toml::Table = toml::from_str(&read(&node.folder)).unwrap();
            config["region"]["listen"].as_str().unwrap().to_owned()
        })
        .collect();
    for (place, node) in region.nodes.iter_mut().enumerate() {
        let mut text = read(&node.folder);
        for (other, listen) in listens.iter().enumerate() {
            let host = format!("/ip4/198.19.{number}.{}/", other + 1);
            text = text.replace(listen, &listen.replace("/ip4/127.0.0.1/", &host));
        }
        let port = node.access.url.rsplit(':').next().unwrap().to_owned();
        let address = format!("198.18.{number}.{}:{port}", 4 * place + 2);
        let text = text.replace(&format!("127.0.0.1:{port}"), &address);
        // A provider without TLS is asked on the same machine only, and nobody signs in here.
        let (text, _) = text.split_once("\n# A demonstration's provider").unwrap();
        fs::write(node.folder.join("databourse.toml"), text).unwrap();
        node.serve_at(&address);
        node.prefix = ["ip", "netns", "exec", &spaces[place]].map(str::to_owned).into();
    }
}

fn start_switch(between: &str, script: &Path, seed: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new("ip")
        .args(["netns", "exec", between, "python3"])
        .arg(script)
        .args([seed.to_string(), DELAY_MS.to_string(), LOST_ONE_OF.to_string()])
        .args(["p0,p1,tl", "p2,p3,tr"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut ready).unwrap();
    assert_eq!(ready.trim(), "ready", "the switch between the nodes does not start");
    (child, said)
}
