//! Programs that we did not write: litewitness answers the same requests as our witness, and a Sigsum log with its
//! submitter and its verifier takes our witness for its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_ledger::{NoteKeyType, VerifierKey};
use databourse_merkle::{EMPTY_ROOT, Hash};
use databourse_primitives::{PublicKey, TreeSize};
use databourse_testkit::outside::{alone_in, apt_package, must};
use databourse_witness::{Answer, Witness, WitnessClient, WitnessConfig};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use support::{Log, Said, Served, body, free_port, open, post};

/// How long a program may take to start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A program of others, gone when the test is.
struct Program(Child);

impl Program {
    async fn start(command: &mut Command, port: u16) -> Self {
        // Debian builds Go programs of this kind for an older Go, whose router does not know their routes.
        command.env("GODEBUG", "httpmuxgo121=0");
        let mut program = Self(command.stdin(Stdio::null()).spawn().unwrap());
        let up = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                assert!(program.0.try_wait().unwrap().is_none(), "the program ended");
                tick.tick().await;
            }
        };
        tokio::time::timeout(START_LIMIT, up).await.expect("the program listens");
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn judges() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/judges")
}

/// litewitness with its agent.
struct Litewitness {
    url: String,
    key: VerifierKey,
    _programs: [Program; 2],
}

impl Litewitness {
    async fn start(folder: &Path, logs: &[&Log]) -> Self {
        let lock = alone_in(&judges());
        // That of trixie (litetlog 0.4.3) is broken: it panics when it is to store what it cosigned.
        let root = apt_package(&judges(), "sid", "torchwood");
        let ssh = apt_package(&judges(), "bookworm", "openssh-client");
        drop(lock);
        let path = |name: &str| folder.join(name).display().to_string();
        must(Command::new(ssh.join("usr/bin/ssh-keygen")).args([
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-f",
            &path("key"),
        ]));
        let shown =
            must(Command::new(ssh.join("usr/bin/ssh-keygen")).args(["-l", "-f", &path("key.pub")])).stdout;
        let fingerprint = String::from_utf8(shown).unwrap().split(' ').nth(1).unwrap().to_owned();
        let agent = Command::new(ssh.join("usr/bin/ssh-agent"))
            .args(["-D", "-a", &path("agent")])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Program(agent);
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !folder.join("agent").exists() {
            tick.tick().await;
        }
        must(
            Command::new(ssh.join("usr/bin/ssh-add"))
                .env("SSH_AUTH_SOCK", path("agent"))
                .args(["-q", &path("key")]),
        );
        for log in logs {
            let control = || {
                let mut command = Command::new(root.join("usr/bin/witnessctl"));
                command.current_dir(folder);
                command
            };
            must(control().args(["add-log", "-db", "db", "-origin", log.origin()]));
            must(control().args([
                "add-key",
                "-db",
                "db",
                "-origin",
                log.origin(),
                "-key",
                &log.key().to_string(),
            ]));
        }
        let port = free_port();
        let mut command = Command::new(root.join("usr/bin/litewitness"));
        command.current_dir(folder).args(["-db", "db", "-name", "lite.example/w", "-ssh-agent", "agent"]);
        command
            .args(["-key", &fingerprint, "-listen", &format!("127.0.0.1:{port}")])
            .stderr(fs::File::create(path("log")).unwrap());
        let program = Program::start(&mut command, port).await;
        let public = fs::read_to_string(path("key.pub")).unwrap();
        let blob = STANDARD.decode(public.split(' ').nth(1).unwrap()).unwrap();
        let public: [u8; 32] = blob[blob.len() - 32..].try_into().unwrap();
        let key =
            VerifierKey::new("lite.example/w", NoteKeyType::CosignatureV1, PublicKey::from_bytes(public));
        Self { url: format!("http://127.0.0.1:{port}"), key: key.unwrap(), _programs: [program, agent] }
    }
}

#[tokio::test]
async fn litewitness_cosigns_a_growing_log_and_refuses_its_other_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new("databourse.example/delta", 1);
    let lite = Litewitness::start(folder.path(), &[&log]).await;
    let client = WitnessClient::new(&lite.url, lite.key.clone()).unwrap();
    let mut known = TreeSize(0);
    for by in [0, 1, 5, 250, 1, 513] {
        log.grow(by);
        let prove = |old: TreeSize| std::future::ready(Ok::<_, String>(log.proof(old.0, log.size())));
        // The wrong size the first time, so that it says the right one.
        let line = client.cosign(TreeSize(0), &log.checkpoint(log.size()), prove).await.unwrap();
        lite.key.verify(&log.checkpoint(log.size()).checkpoint.to_string(), &line).unwrap();
        known = TreeSize(log.size());
    }
    let other = Log::forked("databourse.example/delta", known.0 + 10, 700);
    let add = |old: u64, new: u64| post(&lite.url, other.request(old, new));
    assert_eq!(add(known.0, known.0 + 10).await.unwrap().status, 422);
    assert_eq!(add(known.0 - 1, known.0).await.unwrap().body, format!("{known}\n"));
    let Answer::Knows(size) = client.add(TreeSize(0), &[], &log.checkpoint(5)).await.unwrap() else {
        panic!()
    };
    assert_eq!(size, known);
}

/// A request, what the specification says to it, and what litewitness (torchwood 0.9.0) says where that is something else.
struct Case {
    name: &'static str,
    log: Log,
    before: Option<String>,
    body: String,
    specified: u16,
    lite: Option<u16>,
}

fn case(number: usize) -> Option<Case> {
    let origin = format!("example.com/case-{number}");
    let log = Log::new(&origin, 40);
    let other = Log::forked(&origin, 40, 2);
    let right = |old, new| Some(log.request(old, new));
    let note = |size| log.checkpoint(size).to_string();
    let stranger = support::signer(&origin, NoteKeyType::Ed25519, 99);
    let (hash, proof) = (log.root(3), log.proof(9, 20));
    let empty = |root: &Hash| log.sign(&format!("{origin}\n0\n{}\n", STANDARD.encode(root.as_bytes())));
    let signed_by_stranger = log.checkpoint(9).checkpoint.sign(&stranger).unwrap().to_string();
    let unverifiable = note(9).replace(&note(9)[note(9).len() - 30..], &note(8)[note(8).len() - 30..]);
    let spelt = log.checkpoint(9).checkpoint.to_string().replace("\n9\n", "\n09\n");
    let (name, before, body, specified, lite) = match number {
        0 => ("the first checkpoint", None, log.request(0, 9), 200, None),
        1 => ("growth", right(0, 9), log.request(9, 20), 200, None),
        2 => ("the same again", right(0, 9), log.request(9, 9), 200, None),
        3 => ("an empty tree", None, body(0, &[], &empty(&EMPTY_ROOT)), 200, None),
        4 => {
            ("an origin that is not known", None, Log::new("example.com/unknown", 9).request(0, 9), 404, None)
        }
        5 => ("signed by a stranger only", None, body(0, &[], &signed_by_stranger), 403, None),
        6 => ("the log's line does not hold", None, body(0, &[], &unverifiable), 403, None),
        7 => ("old above the size", right(0, 9), body(10, &[], &note(9)), 400, None),
        8 => ("old above the size and not the stored one", None, body(10, &[], &note(9)), 400, None),
        9 => ("old 0 after the first", right(0, 9), log.request(0, 20), 409, None),
        10 => ("another old", right(0, 9), log.request(8, 20), 409, None),
        11 => ("an old before the first", None, log.request(8, 20), 409, None),
        12 => ("no proof", right(0, 9), body(9, &[], &note(20)), 422, None),
        13 => ("a proof of another size", right(0, 9), body(9, &log.proof(9, 21), &note(20)), 422, None),
        14 => (
            "a hash too many",
            right(0, 9),
            body(9, &[proof.clone(), vec![hash]].concat(), &note(20)),
            422,
            None,
        ),
        15 => ("another history", right(0, 9), other.request(9, 20), 422, None),
        16 => ("another root of the same size", right(0, 9), other.request(9, 9), 422, None),
        17 => ("a proof from nothing", None, body(0, &[hash], &note(9)), 422, Some(200)),
        18 => ("a proof to itself", right(0, 9), body(9, &[hash], &note(9)), 422, None),
        19 => ("a wrong root of the empty tree", None, body(0, &[], &empty(&hash)), 422, Some(200)),
        20 => ("no body", None, String::new(), 400, None),
        21 => ("no blank line", None, "old 0\n".to_owned(), 400, None),
        22 => ("no old line", None, note(9), 400, None),
        23 => ("old with a zero before it", None, format!("old 00\n\n{}", note(9)), 400, Some(200)),
        24 => ("a negative old", None, format!("old -1\n\n{}", note(9)), 400, None),
        25 => ("a hash that is none", right(0, 9), format!("old 9\nAAAA\n\n{}", note(20)), 400, None),
        26 => ("64 hashes", right(0, 9), body(9, &[hash; 64], &note(20)), 400, None),
        27 => {
            ("no checkpoint", None, format!("old 0\n\n{}", log.sign(&format!("{origin}\n"))), 400, Some(500))
        }
        28 => ("a size with a zero before it", None, body(0, &[], &log.sign(&spelt)), 400, Some(500)),
        29 => (
            "extension lines",
            None,
            body(0, &[], &log.sign(&format!("{}more\n", log.checkpoint(9).checkpoint))),
            200,
            None,
        ),
        _ => return None,
    };
    Some(Case { name, log, before, body, specified, lite })
}

#[tokio::test]
async fn our_witness_and_litewitness_give_the_answers_of_the_specification() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cases: Vec<Case> = (0..).map_while(case).collect();
    let logs: Vec<&Log> = cases.iter().map(|case| &case.log).collect();
    let served = Served::start(open(ours.path(), &logs).unwrap()).await;
    let lite = Litewitness::start(theirs.path(), &logs).await;
    let mut differences = Vec::new();
    for case in &cases {
        let mut said: Vec<Said> = Vec::new();
        for url in [&served.url, &lite.url] {
            if let Some(before) = &case.before {
                assert_eq!(post(url, before.clone()).await.unwrap().status, 200, "{}", case.name);
            }
            said.push(post(url, case.body.clone()).await.unwrap());
        }
        let expected = [case.specified, case.lite.unwrap_or(case.specified)];
        println!(
            "{:45} specified {} ours {} litewitness {}",
            case.name, case.specified, said[0].status, said[1].status
        );
        if [said[0].status, said[1].status] != expected {
            differences.push((case.name, said.clone()));
        }
        if case.specified == 409 {
            assert_eq!((&said[0].kind, &said[0].body), (&said[1].kind, &said[1].body), "{}", case.name);
        }
        if case.specified == 200 {
            assert!(said.iter().all(|said| said.body.starts_with('\u{2014}') && said.body.ends_with('\n')));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sigsum_log_has_its_tree_heads_cosigned_by_our_witness_and_a_sigsum_verifier_asks_for_it() {
    let lock = alone_in(&judges());
    let log = apt_package(&judges(), "sid", "sigsum-log-go").join("usr");
    let tools = apt_package(&judges(), "sid", "sigsum-go").join("usr/bin");
    drop(lock);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let print = |command: &mut Command| String::from_utf8(must(command).stdout).unwrap().trim().to_owned();
    for key in ["log", "author"] {
        must(Command::new(tools.join("sigsum-key")).args(["generate", "-o", &path(key)]));
    }
    let tool =
        |verb: &str, key: &str| print(Command::new(tools.join("sigsum-key")).args([verb, "-k", &path(key)]));
    let origin = format!("sigsum.org/v1/tree/{}", tool("to-hash", "log.pub"));
    let hex = |text: &str| {
        (0..32).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect::<Vec<_>>()
    };
    let public: [u8; 32] = hex(&tool("to-hex", "log.pub")).try_into().unwrap();
    let key = VerifierKey::new(origin.as_str(), NoteKeyType::Ed25519, PublicKey::from_bytes(public)).unwrap();
    let signer = support::witness_signer();
    let witness_key: String =
        signer.verifier_key().key_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let config = WitnessConfig {
        signer,
        logs: format!("log {key}\n").parse().unwrap(),
        folder: folder.path().join("witness"),
        clock: seconds,
    };
    let served = Served::start(Witness::open(config).unwrap()).await;

    let port = free_port();
    let policy = format!(
        "log {} http://127.0.0.1:{port}\nwitness ours {witness_key} {}\ngroup all-of-them all ours\nquorum all-of-them\n",
        tool("to-hex", "log.pub"),
        served.url
    );
    fs::write(path("policy"), policy).unwrap();
    fs::write(path("sth.startup"), "startup=empty\n").unwrap();
    let primary = ["sbin", "bin"].map(|bin| log.join(bin).join("sigsum-log-primary"));
    let mut command = Command::new(primary.iter().find(|path| path.exists()).unwrap());
    command.args(["--backend=ephemeral", "--interval=1s", "--log-level=debug"]);
    command.arg(format!("--key-file={}", path("log"))).arg(format!("--policy-file={}", path("policy")));
    command.arg(format!("--sth-file={}", path("sth"))).arg(format!("--log-file={}", path("log.txt")));
    command.arg(format!("--external-endpoint=127.0.0.1:{port}"));
    command.arg(format!("--internal-endpoint=127.0.0.1:{}", free_port()));
    let _log = Program::start(&mut command, port).await;
    for number in 0..3 {
        let file = path(&format!("message-{number}"));
        fs::write(&file, format!("message {number}")).unwrap();
        // Waits for a tree head over the leaf with enough cosignatures, checks it and writes the proof.
        must(Command::new("timeout").arg("90").arg(tools.join("sigsum-submit")).args([
            "-p",
            &path("policy"),
            "-k",
            &path("author"),
            &file,
        ]));
        let proof = fs::read_to_string(format!("{file}.proof")).unwrap();
        assert!(proof.contains("cosignature="), "{proof}");
        let mut verify = Command::new(tools.join("sigsum-verify"));
        verify.args(["-k", &path("author.pub"), "-p", &path("policy"), &format!("{file}.proof")]);
        let verified = verify.stdin(fs::File::open(&file).unwrap()).status().unwrap();
        assert!(verified.success());
    }
    let status = served.witness.status();
    assert!(status[0].size >= 3 && status[0].conflicts == 0, "{status:?}");
    served.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "the other programs look at the machine's clock")]
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
