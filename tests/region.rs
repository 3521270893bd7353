//! A region of four exchanges in one command: four real nodes, each with its own keys and its own PostgreSQL, play the
//! market across one another and keep one ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_client::Client;
use databourse_primitives::EntryId;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

const CODES: [&str; 4] = ["ah", "js", "sh", "zj"];
/// How long four nodes may take to make their databases and to found the ledger on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(300);

fn databourse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_databourse"));
    command.env("DATABOURSE_LOG_FILTER", "warn").stdin(Stdio::null());
    command
}

/// A folder with a region.
struct Folder(PathBuf);

impl Folder {
    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{errors}\n{}", output.status, self.logs());
        String::from_utf8(output.stdout).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        databourse().args(arguments).args(["--folder", self.path()]).output().unwrap()
    }

    /// The ends of the nodes' logs, for a test that fails.
    fn logs(&self) -> String {
        let log = |code: &&str| {
            let text = fs::read_to_string(self.0.join(code).join("node.log")).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(15).collect();
            format!("{code}:\n{}\n", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        CODES.iter().map(log).collect()
    }

    /// A client of an operator of `code` that verifies every receipt with the policy of the region's first node.
    async fn operator(&self, code: &str, policy: &databourse_ledger::Policy) -> Client {
        let config = self.0.join(code).join("databourse.toml");
        let token =
            databourse().args(["token", "--operator", "test", "--config"]).arg(config).output().unwrap();
        assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
        let token = String::from_utf8(token.stdout).unwrap();
        Client::new(&self.url(code)).unwrap().bearing(&token).trusting(policy.clone())
    }

    fn url(&self, code: &str) -> String {
        let text = fs::read_to_string(self.0.join(code).join("databourse.toml")).unwrap();
        let config: toml::Table = toml::from_str(&text).unwrap();
        format!("http://{}", config["http"]["listen"].as_str().unwrap())
    }
}

/// `region up` that goes on until it is told to stop.
struct Up {
    child: Child,
    output: PathBuf,
}

impl Up {
    fn start(folder: &Folder, name: &str) -> Self {
        let output = folder.0.join(name);
        let file = fs::File::create(&output).unwrap();
        let mut command = databourse();
        command.args(["region", "up", "--folder", folder.path()]);
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { child, output }
    }

    /// Ctrl-C.
    fn interrupt(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let output = fs::read_to_string(&self.output).unwrap();
        assert!(status.success(), "{status}:\n{output}");
        output
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Its nodes stop when it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first port of a block of this process, below those that systems give to outgoing connections.
fn base_port() -> String {
    (20_000 + std::process::id() % 120 * 100).to_string()
}

/// Waits until every node of the region runs and is connected with all others; the table that says so.
async fn when_all_run(folder: &Folder) -> String {
    let all_run = async {
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        loop {
            tick.tick().await;
            let status = folder.run(&["region", "status"]);
            let table = String::from_utf8(status.stdout).unwrap();
            let well = table.lines().filter(|line| line.contains("3/3") && line.contains("running 运行"));
            if status.status.success() && well.count() == CODES.len() {
                return table;
            }
        }
    };
    let limit = tokio::time::timeout(START_LIMIT, all_run).await;
    limit.unwrap_or_else(|_| panic!("the nodes do not run:\n{}", folder.logs()))
}

async fn ids(client: &Client, path: &str) -> Vec<EntryId> {
    let items: Vec<Value> = client.list(path).await.unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn pids(folder: &Path) -> Vec<String> {
    let pid = |code: &&str| {
        let data = fs::read_dir(folder.join(code).join("data")).unwrap();
        let file = data
            .filter_map(|entry| Some(entry.ok()?.path().join("postmaster.pid")))
            .find(|path| path.exists());
        file.map(|file| fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned())
    };
    CODES.iter().filter_map(pid).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_play_the_market_across_one_another_and_keep_one_ledger() {
    let scratch = databourse_testkit::scratch_folder();
    let folder = Folder(scratch.path().join("region"));
    folder.does(&["region", "init", "--exchanges", "sh,js,zj,ah", "--base-port", &base_port()]);
    let played = folder.does(&["region", "up", "--seed", "7", "--seconds", "5"]);
    assert!(played.contains("✓ 4 of 4 nodes show the same ledger"), "{played}");
    assert!(played.contains("window 窗口  CNY/2#1  settled 已结算"), "{played}");
    assert!(pids(&folder.0).is_empty(), "the databases are stopped with their nodes");
    let status = folder.run(&["region", "status"]);
    assert_eq!(status.status.code(), Some(2), "nobody answers");

    // Once more: what was played is not played again, and the traders go on.
    let up = Up::start(&folder, "up.log");
    println!("{}", when_all_run(&folder).await);
    let first = Client::new(&folder.url(CODES[0])).unwrap();
    let (policy_text, policy) = first.policy().await.unwrap();

    // Orders are at every node, and their receipts there verify with the region's one policy.
    let (mut orders, mut cosigners) = (BTreeSet::new(), BTreeSet::new());
    for code in CODES {
        let client = folder.operator(code, &policy).await;
        assert_eq!(client.policy().await.unwrap().0, policy_text, "{code}");
        if orders.is_empty() {
            orders.extend(ids(&client, "/v1/orders").await);
            assert!(orders.len() > 500, "the sample's orders and those of the traders");
        }
        for id in orders.iter().step_by(5) {
            let entry: Value = client.get(&format!("/v1/entries/{id}")).await.unwrap();
            client.receipt_of(*id, entry["entry"].as_str().unwrap().as_bytes()).await.unwrap();
        }
        let health = client.region_health().await.unwrap();
        assert_eq!((health.evidence.len(), health.forks.len()), (0, 0), "{health:?}");
        cosigners.extend(health.cosigners);
    }
    assert!(cosigners.len() >= 3, "{cosigners:?}");

    // Purchases crossed: the window that was settled left positions between exchanges, and they were paid.
    let client = folder.operator("sh", &policy).await;
    let positions: Value = client.get("/v1/windows/CNY-2/1").await.unwrap();
    assert_eq!(positions["state"]["name"], "settled", "{positions}");
    let instructions = positions["state"]["instructions"].as_array().unwrap();
    assert!(!instructions.is_empty(), "{positions}");

    let said = up.interrupt();
    assert!(said.contains("✓ 4 of 4 nodes show the same ledger"), "{said}");
    assert!(pids(&folder.0).is_empty(), "{said}");
}

#[test]
fn the_benchmark_of_a_region_counts_what_becomes_final_and_says_what_it_cost() {
    let arguments = ["bench", "region", "--exchanges", "2", "--rate", "5", "--seconds", "2", "--json"];
    let market = ["--merchants", "4", "--buyers", "4", "--cross", "100"];
    let output = databourse().args(arguments).args(market).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["is_same"], &report["is_balanced"]), (&Value::Bool(true), &Value::Bool(true)));
    let run = &report["runs"][0];
    let count = |name: &str| run[name].as_u64().unwrap();
    assert_eq!((count("offered"), count("refused")), (10, 0), "{run}");
    assert_eq!(count("achieved") + count("dropped"), 10, "{run}");
    // Every node commits every command, and what it says of them is what was offered.
    assert_eq!(count("commands"), 3 * count("achieved"), "{run}");
    assert!(count("blocks") > 0 && count("bytes") > 0, "{run}");
}

#[test]
fn cards_made_apart_give_the_genesis_and_the_configuration_that_nodes_take() {
    let scratch = databourse_testkit::scratch_folder();
    let folder = scratch.path();
    let says = |arguments: &[&str]| {
        let output = databourse().current_dir(folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for code in ["sh", "js"] {
        let (keys, address) = (format!("{code}/keys.toml"), format!("/dns4/node.{code}.example/tcp/27000"));
        let arguments =
            ["region", "card", "--exchange", code, "--name-zh", "甲", "--name-en", "A", "--address"];
        let card = says(&[&arguments[..], &[&address, "--keys", &keys]].concat());
        fs::write(folder.join(format!("{code}.card.json")), card).unwrap();
    }
    let cards = ["sh.card.json", "js.card.json"];
    let genesis = says(&["region", "genesis", cards[0], cards[1]]);
    assert_eq!(genesis, says(&["region", "genesis", cards[1], cards[0]]), "the order does not matter");
    fs::write(folder.join("sh/genesis.json"), &genesis).unwrap();
    let at = folder.join("sh").to_str().unwrap().to_owned();
    let config = says(&["region", "config", "--exchange", "sh", "--folder", &at, cards[0], cards[1]]);
    let config: toml::Table = toml::from_str(&config).unwrap();
    assert_eq!(config["region"]["listen"].as_str(), Some("/ip4/0.0.0.0/tcp/27000"));
    let peers = config["region"]["peers"].as_array().unwrap();
    assert_eq!(peers.len(), 1);
    let address = peers[0]["address"].as_str().unwrap();
    assert!(address.starts_with("/dns4/node.js.example/tcp/27000/p2p/12D3KooW"), "{address}");
    // A card that somebody changed on its way is not of the region any more.
    let forged = fs::read_to_string(folder.join("js.card.json")).unwrap().replace("\"甲\"", "\"乙\"");
    fs::write(folder.join("js.card.json"), forged).unwrap();
    let arguments = ["region", "config", "--exchange", "sh", "--folder", &at, cards[0], cards[1]];
    assert!(!databourse().current_dir(folder).args(arguments).status().unwrap().success());
}
