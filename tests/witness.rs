//! A real node and a real witness process: the node runs while the witness does not, is cosigned as soon as it does, and
//! goes on when the witness is killed.
//! Killed itself, it still shows what the witness has signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_ledger::{Policy, Receipt, SignedCheckpoint, VerifierKey};
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use support::{Server, databourse};

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// `databourse witness serve`.
struct WitnessProcess(Child);

impl WitnessProcess {
    fn start(folder: &Path, port: u16) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("witness.log")).unwrap();
        let path = |name: &str| folder.join(name).display().to_string();
        let mut command = witness(folder);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--key", &path("witness.key")]);
        command.args(["--policy", &path("policy.txt"), "--folder", &path("books")]);
        Self(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for WitnessProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn witness(folder: &Path) -> Command {
    let mut command = databourse(folder);
    command.arg("witness");
    command
}

fn certify(number: u64) -> Value {
    let body = json!({
        "legal_name": { "en": format!("Party {number}") }, "legal_identifier": format!("ext:{number}"),
        "roles": ["buyer"], "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
    });
    json!({ "id": id(number), "type": "party.certify", "body": body })
}

fn id(number: u64) -> String {
    format!("019b8b6e-0000-7000-8001-{number:012x}")
}

async fn text(server: &Server, path: &str) -> String {
    let request = server.http.get(format!("{}{path}", server.url));
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

async fn receipt_at(server: &Server, token: &str, number: u64) -> Receipt {
    let request = server.http.get(format!("{}/v1/entries/{}/receipt", server.url, id(number)));
    let text = request.bearer_auth(token).send().await.unwrap().text().await.unwrap();
    Receipt::parse(text.as_bytes()).unwrap()
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let asking = async {
        while !holds().await {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, asking).await.is_ok(), "in vain: {what}");
}

async fn submit(server: &Server, number: u64) {
    let results = server.submit(&[certify(number)]).await.unwrap();
    assert!(results[0]["leaf_index"].is_u64(), "{}", results[0]);
}

/// Makes the witness's key and names it in the node's configuration.
fn make_key(folder: &Path, port: u16, options: &[&str]) -> VerifierKey {
    let key_file = folder.join("witness.key").display().to_string();
    let mut command = witness(folder);
    command.args(["key", "new", "--name", "witness.example/w1", "--out", &key_file]).args(options);
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let shown = String::from_utf8(made.stdout).unwrap();
    let key = shown.lines().find_map(|line| line.strip_prefix("verifier key  ")).unwrap();
    let config = format!("[node]\nwitnesses = [{{ url = \"http://127.0.0.1:{port}\", key = \"{key}\" }}]\n");
    fs::write(folder.join("databourse.toml"), config).unwrap();
    key.parse().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The region's own policy, which is the witness's list of logs.
async fn write_policy(server: &Server, folder: &Path) -> String {
    let region = text(server, "/v1/policy").await;
    fs::write(folder.join("policy.txt"), &region).unwrap();
    region
}

async fn shown_checkpoint(server: &Server) -> SignedCheckpoint {
    SignedCheckpoint::parse(text(server, "/checkpoint").await.as_bytes()).unwrap()
}

#[cfg(feature = "ml-dsa")]
#[tokio::test]
async fn a_witness_that_signs_with_ml_dsa_is_heard_and_what_it_signed_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (data, port) = (folder.path(), free_port());
    let key = make_key(data, port, &["--algorithm", "ml-dsa-44"]);
    let mut server = Server::start(data).await;
    submit(&server, 1).await;
    write_policy(&server, data).await;
    let running = WitnessProcess::start(data, port);
    let keys = [key];
    let cosigned = async || shown_checkpoint(&server).await.verify(&keys).is_ok();
    eventually("the checkpoint is cosigned", &cosigned).await;
    let before = shown_checkpoint(&server).await;
    running.kill();
    server.kill();
    let server = Server::start(data).await;
    let after = shown_checkpoint(&server).await;
    assert_eq!(after.checkpoint, before.checkpoint);
    after.verify(&keys).unwrap();
    server.stop();
}

#[tokio::test]
async fn a_node_is_cosigned_when_its_witness_answers_and_waits_for_it_never() {
    let folder = tempfile::tempdir().unwrap();
    let (data, port) = (folder.path(), free_port());
    let key = make_key(data, port, &[]);

    // Nobody listens there: the node commits all the same, and says so.
    let mut server = Server::start(data).await;
    submit(&server, 1).await;
    let health = async || server.get("/v1/region/health").await.1["witnesses"][0].clone();
    eventually("the health names the witness", async || health().await["failures"].as_u64() >= Some(1)).await;
    let failing = health().await;
    assert_eq!((&failing["name"], &failing["size"]), (&json!("witness.example/w1"), &json!(0)));
    assert!(failing["failure"].as_str().unwrap().contains("does not answer"), "{failing}");

    let region = write_policy(&server, data).await;
    let running = WitnessProcess::start(data, port);
    let checkpoint = async || shown_checkpoint(&server).await;
    let cosigned = async || checkpoint().await.verify(std::slice::from_ref(&key)).is_ok();
    eventually("the checkpoint is cosigned", &cosigned).await;
    let answering = health().await;
    assert_eq!((&answering["failures"], answering.get("failure")), (&json!(0), None));
    let origin = checkpoint().await.checkpoint.origin;

    // A policy of somebody who trusts the witness too; the region's own has not changed.
    let logs: String =
        region.lines().filter(|line| line.starts_with("log ")).map(|line| format!("{line}\n")).collect();
    let both: Policy = format!("{logs}witness outside {key}\nquorum outside\n").parse().unwrap();
    let own: Policy = text(&server, "/v1/policy").await.parse().unwrap();
    assert_eq!(own, region.parse().unwrap());
    for number in 2..12 {
        submit(&server, number).await;
    }
    eventually("the last checkpoint is cosigned", &cosigned).await;
    let shown = checkpoint().await;
    both.check(&shown).unwrap();
    own.check(&shown).unwrap();
    let token = server.mint(&["--operator", "test"]);
    let receipt = async |number: u64| receipt_at(&server, &token, number).await;
    let proven = receipt(5).await;
    both.check(&proven.checkpoint).unwrap();
    own.check(&proven.checkpoint).unwrap();

    // Killed, the node goes on; what was cosigned is still shown in receipts of what it covers.
    running.kill();
    let before = checkpoint().await.checkpoint.size;
    submit(&server, 20).await;
    let after = checkpoint().await;
    assert!(after.checkpoint.size > before && both.check(&after).is_err());
    own.check(&after).unwrap();
    both.check(&receipt(5).await.checkpoint).unwrap();

    // Back again, it remembers; the node takes up where it was.
    let running = WitnessProcess::start(data, port);
    eventually("the checkpoint is cosigned again", &cosigned).await;
    let evidence = |options: &[&str]| {
        let books = data.join("books").display().to_string();
        witness(data).args(["evidence", &origin, "--folder", &books]).args(options).output().unwrap()
    };
    let (kept, convicting) = (evidence(&[]), evidence(&["--conflicts"]));
    assert!(kept.status.success() && convicting.status.success() && convicting.stdout.is_empty());
    assert!(String::from_utf8(kept.stdout).unwrap().contains(&shown.checkpoint.to_string()));

    // Both are killed, and the node is back alone: it had kept the line before it showed it.
    running.kill();
    let before = checkpoint().await;
    both.check(&before).unwrap();
    server.kill();
    let server = Server::start(data).await;
    let after = shown_checkpoint(&server).await;
    assert_eq!(after.checkpoint, before.checkpoint);
    let proven = receipt_at(&server, &token, 5).await;
    for signed in [&after, &proven.checkpoint] {
        both.check(signed).unwrap();
        own.check(signed).unwrap();
    }
    server.stop();
}
