//! Anchors over the command line, from a real node with a real PostgreSQL to a real node of a chain and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/shop.rs"]
mod shop;
mod support;

use databourse_testkit::anvil::Anvil;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};
use support::{Server, databourse};

const WINDOW: &str = "CNY/2#1";
const SALES: u64 = 6;

/// An operator at a terminal, with a colleague who checks, in a folder with a node of the exchange and one of a chain.
struct Operator<'a> {
    server: &'a Server,
    chain: &'a Anvil,
    folder: PathBuf,
}

impl<'a> Operator<'a> {
    fn new(server: &'a Server, chain: &'a Anvil) -> Self {
        let folder = server.data.join("operator");
        fs::create_dir_all(&folder).unwrap();
        for name in ["li.na", "wang.wei"] {
            fs::write(folder.join(format!("{name}.token")), server.mint(&["--operator", name])).unwrap();
        }
        Self { server, chain, folder }
    }

    /// What is typed behind `databourse`.
    fn run(&self, line: &str) -> Output {
        let mut command = databourse(&self.server.data);
        command.env("DATABOURSE_URL", &self.server.url).env("DATABOURSE_RPC", self.chain.url());
        command.env("DATABOURSE_TOKEN_FILE", "li.na.token").current_dir(&self.folder);
        command.args(line.split_ascii_whitespace()).output().unwrap()
    }

    /// What a command prints that ends with this code, and what it says on its error output.
    #[track_caller]
    fn ends(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(code), "{line}:\n{text}");
        text
    }

    #[track_caller]
    fn does(&self, line: &str) -> String {
        self.ends(line, 0)
    }

    /// Makes a key and gives its address.
    fn key(&self, file: &str) -> String {
        let text = self.does(&format!("anchor key --out {file}"));
        text.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
    }

    /// Takes a document of the node down as a file.
    async fn fetch(&self, path: &str, file: &str) -> String {
        let answer = self.server.http.get(format!("{}{path}", self.server.url)).send().await.unwrap();
        let text = answer.error_for_status().unwrap().text().await.unwrap();
        fs::write(self.folder.join(file), &text).unwrap();
        text
    }

    /// Waits for a checkpoint with so many entries, takes it down as `checkpoint.txt`, and gives its size.
    async fn checkpoint_from(&self, entries: u64) -> u64 {
        let published = async {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            loop {
                tick.tick().await;
                let text = self.fetch("/checkpoint", "checkpoint.txt").await;
                let size = text.lines().nth(1).unwrap().parse().unwrap();
                if size >= entries {
                    return size;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), published).await.expect("a checkpoint in time")
    }

    async fn chain(&self, method: &str, parameters: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let answer = self.server.http.post(self.chain.url()).json(&request).send().await.unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].take()
    }
}

/// Long enough for a block each second, and quick to see it.
const PAY: &str = "--payer payer.key --confirmations 2 --poll-ms 50 --timeout-seconds 60";

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_and_a_statement_are_anchored_recorded_proven_and_missed_when_they_are_gone() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    let sales = [shop::supply(), shop::demand(100_000), shop::purchases(0..SALES, |_| true)];
    shop::submit(&server, &sales.concat()).await;
    let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges");
    let anvil = Anvil::start(&judges, &["--block-time", "1"]);
    let li_na = Operator::new(&server, &anvil);

    // Keys, of which one pays; the contracts of this ledger.
    let (exchange, payer) = (li_na.key("anchor.key"), li_na.key("payer.key"));
    assert!(li_na.ends("anchor key --out payer.key", 2).contains("never overwritten"));
    li_na.chain("anvil_setBalance", json!([payer, "0x56bc75e2d63100000"])).await;
    let bare = li_na.chain("evm_snapshot", json!([])).await;
    let origin = li_na.fetch("/checkpoint", "first.txt").await.lines().next().unwrap().to_owned();
    let deploy = format!("anchor deploy {PAY} --origin {origin} --key {exchange}");
    let deployed = li_na.does(&deploy);
    assert!(deployed.contains("chain 链  31337"), "{deployed}");
    assert_eq!(li_na.does(&deploy), deployed, "nothing is created twice");
    assert!(li_na.ends(&format!("{deploy} --key {payer}"), 2).contains("another ledger, or has other keys"));

    // A settled window with its statement, and a checkpoint that holds it.
    for step in ["close", "sign", "sign --token-file wang.wei.token", "instruct"] {
        li_na.does(&format!("settle window {step} {WINDOW}"));
    }
    let holder = format!("party:{}", shop::supplier());
    let out = "--format json --out statement.json";
    li_na.does(&format!("settle statement --holder {holder} --window {WINDOW} {out}"));
    let statement: Value =
        serde_json::from_slice(&fs::read(li_na.folder.join("statement.json")).unwrap()).unwrap();
    let size = li_na.checkpoint_from(statement["statement"]["ledger_size"].as_u64().unwrap()).await;
    li_na.fetch("/v1/policy", "policy.txt").await;

    // Nothing is signed that the log did not sign, or before the statement's entries.
    let checkpoint = fs::read_to_string(li_na.folder.join("checkpoint.txt")).unwrap();
    let grown = checkpoint.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
    fs::write(li_na.folder.join("grown.txt"), grown).unwrap();
    let refused = li_na.ends("anchor sign --checkpoint grown.txt --out sh.json", 2);
    assert!(refused.contains("nothing was signed"), "{refused}");
    let early = li_na.ends("anchor statement statement.json --checkpoint first.txt --out early.json", 2);
    assert!(early.contains("take a later checkpoint"), "{early}");

    li_na.does("anchor sign --checkpoint checkpoint.txt --out sh.json");
    li_na.does("anchor statement statement.json --checkpoint checkpoint.txt --out sh-statement.json");
    let early = li_na.ends(&format!("anchor submit {PAY} --signature sh-statement.json"), 2);
    assert!(early.contains("StatementAnchorCheckpointMissing"), "{early}");
    let anchored = li_na.does(&format!("anchor submit {PAY} --signature sh.json"));
    assert!(
        anchored.contains("anchored 已锚定") && anchored.contains("recorded 已记录  entry"),
        "{anchored}"
    );
    let again = li_na.does(&format!("anchor submit {PAY} --signature sh.json"));
    assert!(again.contains("recorded 已记录  before"), "{again}");
    li_na.does(&format!("anchor submit {PAY} --signature sh-statement.json"));

    // Each is one entry of the ledger, as it stands on the chain.
    let (_, listed) = server.get("/v1/anchors").await;
    let [of_checkpoint, of_statement] = listed["items"].as_array().unwrap().as_slice() else {
        panic!("{listed}")
    };
    let file: Value = serde_json::from_slice(&fs::read(li_na.folder.join("anchor.json")).unwrap()).unwrap();
    let subjects = [of_checkpoint, of_statement].map(|anchor| anchor["subject"]["name"].as_str().unwrap());
    let (of_checkpoint, of_statement) = if subjects == ["checkpoint", "statement"] {
        (of_checkpoint, of_statement)
    } else {
        assert_eq!(subjects, ["statement", "checkpoint"]);
        (of_statement, of_checkpoint)
    };
    assert_eq!(of_checkpoint["subject"]["size"], size);
    assert_eq!(of_statement["subject"]["size"], size);
    assert_eq!(of_statement["subject"]["line_count"], SALES);
    for (anchor, contract) in [(of_checkpoint, "checkpoint_anchor"), (of_statement, "statement_anchor")] {
        assert_eq!(anchor["contract"], file[contract]);
        let receipt = li_na.chain("eth_getTransactionReceipt", json!([anchor["transaction"]])).await;
        assert_eq!((&receipt["status"], &receipt["to"]), (&json!("0x1"), &file[contract]));
        let block = receipt["blockNumber"].as_str().unwrap().trim_start_matches("0x");
        assert_eq!(anchor["block_number"], u64::from_str_radix(block, 16).unwrap());
    }

    // A line is proven by the contract; one of another statement is not there.
    let rpc = anvil.url();
    let proven = li_na.does(&format!("anchor prove statement.json --line 2 --out line.json --rpc {rpc}"));
    assert!(proven.contains("VALID 有效") && !proven.contains("INVALID"), "{proven}");
    let line: Value = serde_json::from_slice(&fs::read(li_na.folder.join("line.json")).unwrap()).unwrap();
    assert_eq!((&line["leaf"]["effect_minor"], &line["leaf"]["direction"]), (&json!(9_735), &json!("in")));
    assert!(li_na.ends(&format!("anchor prove statement.json --line {SALES}"), 2).contains("line 6 of"));
    let out = "--format json --out other.json";
    li_na.does(&format!("settle statement --holder party:{} --window {WINDOW} {out}", shop::buyer()));
    let absent = li_na.ends(&format!("anchor prove other.json --line 0 --rpc {rpc}"), 2);
    assert!(absent.contains("StatementAnchorNotAnchored"), "{absent}");

    // New keys: who signs from now on is another.
    let next = li_na.key("next.key");
    li_na.does(&format!("anchor sign --new-key {next} --keys-version 1 --out keys.json"));
    li_na.does(&format!("anchor submit {PAY} --signature keys.json --no-record"));
    li_na.fetch("/checkpoint", "later.txt").await;
    li_na.does("anchor sign --checkpoint later.txt --out old.json");
    assert!(
        li_na.ends(&format!("anchor submit {PAY} --signature old.json"), 2).contains("no key of the log")
    );

    // The chain has what the ledger records, until it forgets.
    let status = format!("anchor status --url {}", server.url);
    let shown = li_na.does(&status);
    assert!(shown.contains("version 1, 1 of 1"), "{shown}");
    assert!(shown.contains("1 checkpoints, 1 statements; 0 of them"), "{shown}");
    assert_eq!(li_na.chain("evm_revert", json!([bare])).await, json!(true));
    li_na.ends(&status, 2);
    li_na.does(&deploy);
    let differs = li_na.ends(&status, 2);
    let missing = differs
        .lines()
        .filter(|line| line.starts_with("DIFFERS 不符") && line.ends_with("the chain has nothing"));
    assert_eq!(missing.count(), 2, "{differs}");
    server.stop();
}
