//! Mirror and audit over the command line, of a real node with a real PostgreSQL: an honest one, one whose answers are
//! altered on the way, and copies with a byte flipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use databourse_primitives::Digest;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use support::{Server, databourse};

fn id(kind: u64, number: u64) -> String {
    format!("019b8b6e-0000-7000-8{kind:03x}-{number:012x}")
}

fn command(id: &str, party: Option<&str>, entry_type: &str, body: &Value) -> Value {
    match party {
        Some(party) => json!({ "id": id, "type": entry_type, "on_behalf_of": party, "body": body }),
        None => json!({ "id": id, "type": entry_type, "body": body }),
    }
}

fn party(name: &str, role: &str) -> Value {
    json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
        "home_region": "CN-SH", "keys": [], "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
    })
}

/// A supplier with an offer, and a buyer with money.
fn supply() -> Vec<Value> {
    let (supplier, buyer) = (id(1, 1), id(5, 1));
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": "shop",
        "source_statement": { "en": "The shop's own system" },
    });
    let details =
        json!({ "title": { "en": "Product" }, "description": { "en": "Sample" }, "kind": "dataset" });
    let offer = json!({
        "product": id(3, 1), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00",
        "terms": {
            "purposes": ["research"], "term_days": 30, "territory": "CN",
            "usable_not_visible": false, "exclusive": false,
        },
    });
    let deposit =
        json!({ "party": buyer, "asset": "CNY/2", "amount_minor": 10_000_000, "bank_reference": "in-1" });
    vec![
        command(&supplier, None, "party.certify", &party("supplier", "supplier")),
        command(&id(2, 1), Some(&supplier), "right.register", &right),
        command(
            &id(3, 1),
            Some(&supplier),
            "product.list",
            &json!({ "right": id(2, 1), "details": details }),
        ),
        command(&id(4, 1), Some(&supplier), "offer.publish", &offer),
        command(&buyer, None, "party.certify", &party("buyer", "buyer")),
        command(&id(6, 1), None, "account.deposit", &deposit),
    ]
}

/// Purchases, each ordered, delivered and accepted; every fifth is left open.
fn purchases(numbers: std::ops::Range<u64>) -> Vec<Value> {
    let (supplier, buyer) = (id(1, 1), id(5, 1));
    let mut commands = Vec::new();
    for number in numbers {
        let order = id(7, number);
        let place = json!({ "lines": [{ "offer": id(4, 1), "quantity": 1, "purpose": "research" }] });
        commands.push(command(&order, Some(&buyer), "order.place", &place));
        let deliver = json!({ "order": order, "method": "file", "evidence": Digest::of(b"goods") });
        commands.push(command(&id(8, number), Some(&supplier), "delivery.record", &deliver));
        if number % 5 != 0 {
            commands.push(command(&id(9, number), Some(&buyer), "order.accept", &json!({ "order": order })));
        }
    }
    commands
}

async fn submit(server: &Server, commands: &[Value]) {
    for batch in commands.chunks(100) {
        for result in server.submit(batch).await.unwrap() {
            assert!(result["leaf_index"].is_u64(), "refused: {result}");
        }
    }
}

/// An auditor with a policy and a token of its own.
struct Auditor {
    folder: PathBuf,
}

impl Auditor {
    async fn new(server: &Server) -> Self {
        let folder = server.data.join("auditor");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("token"), server.mint(&["--auditor", "zhou"])).unwrap();
        let policy = server.http.get(format!("{}/v1/policy", server.url)).send().await.unwrap();
        fs::write(folder.join("policy"), policy.text().await.unwrap()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let trust = ["--policy", &self.path("policy"), "--token-file", &self.path("token")];
        databourse(&self.folder).args(arguments).args(trust).output().unwrap()
    }

    #[track_caller]
    fn mirrors(&self, url: &str, name: &str) {
        let output = self.run(&["mirror", url, "--folder", &self.path(name)]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The report of an audit, and its exit code.
    #[track_caller]
    fn audits(&self, source: &str, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(&[&["audit", source, "--json"], arguments].concat());
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        (output.status.code(), report)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_nothing_in_an_honest_node_and_names_what_another_answers() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    submit(&server, &supply()).await;
    submit(&server, &purchases(0..20)).await;
    let auditor = Auditor::new(&server).await;
    auditor.mirrors(&server.url, "copy");
    let copy = auditor.path("copy");
    let first = fs::read(auditor.folder.join("copy/checkpoint")).unwrap();
    fs::write(auditor.folder.join("first"), &first).unwrap();

    // The copy, the node, and the node again from where the first audit ended.
    let (code, report) = auditor.audits(&copy, &[]);
    assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report:#}");
    assert_eq!(report["cosigned_by"].as_array().unwrap().len(), 1);
    let state = auditor.path("state");
    let (code, report) = auditor.audits(&server.url, &["--state", &state]);
    assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report:#}");
    assert_eq!(report["compared"]["licence"], 20, "{report:#}");
    assert!(report["compared"]["account"].as_u64() > Some(4) && report["compared"]["statement_root"] == 1);
    submit(&server, &purchases(20..30)).await;
    let since = auditor.path("first");
    let (code, report) = auditor.audits(&server.url, &["--state", &state, "--since", &since]);
    assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report:#}");
    assert_eq!(report["compared"]["licence"], 30, "{report:#}");
    let text = auditor.run(&["audit", &copy]);
    assert!(String::from_utf8(text.stdout).unwrap().contains("findings 发现  0"));

    // A node that answers otherwise: a balance, a licence too few, and a root.
    let funds = format!("party:{}:funds:CNY/2", id(1, 1));
    let proxy =
        Proxy { upstream: server.url.clone(), account: funds.clone(), licence: format!("{}.1", id(7, 3)) };
    let url = proxy.start().await;
    let (code, report) = auditor.audits(&url, &[]);
    assert_eq!(code, Some(2), "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    let found: BTreeMap<&str, &Value> =
        findings.iter().map(|finding| (finding["path"].as_str().unwrap_or("root"), finding)).collect();
    let paths: Vec<_> = found.keys().copied().collect();
    let slug = funds.replace('/', "-");
    assert_eq!(
        paths,
        [format!("/v1/accounts/{slug}"), format!("/v1/licences/{}.1", id(7, 3)), "root".to_owned()]
    );
    assert_eq!(found["root"]["kind"], "statement_root_differs");
    // The entry that wrote the licence last is its acceptance, and the proof is of it.
    let licence = found[&*format!("/v1/licences/{}.1", id(7, 3))];
    let (_, entry) = server.get(&format!("/v1/entries/{}", id(9, 3))).await;
    assert_eq!(licence["leaf_index"], entry["leaf_index"], "{licence:#} {entry:#}");
    assert!(licence["proof"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"), "{licence:#}");

    // What cannot be audited is an error, not a finding.
    let unreachable = auditor.run(&["audit", &auditor.path("nowhere")]);
    assert_eq!(unreachable.status.code(), Some(1));
    fs::write(&state, "altered").unwrap();
    assert_eq!(auditor.audits(&server.url, &["--state", &state]).0, Some(1));
    server.stop();
}

/// A node that lies about an account, hides a licence, and gives out other roots.
#[derive(Clone)]
struct Proxy {
    upstream: String,
    account: String,
    licence: String,
}

impl Proxy {
    async fn start(self) -> String {
        let answer = async |State(proxy): State<Self>, uri: Uri, headers: HeaderMap| {
            proxy.answer(&uri, &headers).await
        };
        let router = Router::new().fallback(answer).with_state(self);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    async fn answer(&self, uri: &Uri, headers: &HeaderMap) -> (StatusCode, Bytes) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = http.get(format!("{}{uri}", self.upstream));
        if let Some(token) = headers.get("authorization") {
            request = request.header("authorization", token.to_str().unwrap());
        }
        let answer = request.send().await.unwrap();
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        let bytes = answer.bytes().await.unwrap();
        let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else { return (status, bytes) };
        if uri.path().ends_with(&self.licence) {
            return (StatusCode::NOT_FOUND, Bytes::from(r#"{"status":404,"code":"resource.not_found"}"#));
        }
        let twist = |item: &mut Value| {
            if item["id"] == *self.account {
                item["credits_minor"] = (item["credits_minor"].as_i64().unwrap() + 1).into();
            }
            if item.get("ledger_root").is_some() {
                item["ledger_root"] = Digest::of(b"other").to_string().into();
            }
        };
        twist(&mut document);
        if let Some(items) = document["items"].as_array_mut() {
            items.retain(|item| item["id"] != *self.licence);
            items.iter_mut().for_each(twist);
        }
        (status, serde_json::to_vec(&document).unwrap().into())
    }
}

/// Every file under `folder`, by its path in the layout.
fn files(root: &Path, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(root, &path));
        } else if path.file_name().is_some_and(|name| name != ".lock") {
            found.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_survives_kills_and_one_flipped_byte_anywhere_in_it_is_found_and_named() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    submit(&server, &supply()).await;
    let auditor = Auditor::new(&server).await;
    let copy = auditor.folder.join("copy");

    // The ledger grows, and the mirror that follows it is killed whenever it has written another file.
    for round in 0..8 {
        submit(&server, &purchases(12 * round..12 * (round + 1))).await;
        let before = if copy.exists() { files(&copy, &copy).len() } else { 0 };
        let mut mirror = databourse(&auditor.folder);
        mirror.args(["mirror", &server.url, "--follow", "--every", "1", "--folder"]).arg(&copy);
        mirror.args(["--policy", &auditor.path("policy"), "--token-file", &auditor.path("token")]);
        let mut child = mirror.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let written = async {
            let mut tick = tokio::time::interval(Duration::from_millis(2));
            while !copy.exists() || files(&copy, &copy).len() <= before {
                tick.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), written).await.expect("the mirror writes something");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    auditor.mirrors(&server.url, "copy");
    let source = copy.display().to_string();
    let (code, report) = auditor.audits(&source, &[]);
    assert_eq!((code, &report["findings"]), (Some(0), &json!([])), "{report:#}");
    let entry_count = report["entry_count"].as_u64().unwrap();
    assert!(entry_count > 256, "there is a full tile");
    server.stop();

    let all = files(&copy, &copy);
    assert!(
        all.iter().any(|path| path == "tile/entries/000")
            && all.iter().any(|path| path.starts_with("tile/1/"))
    );
    for path in &all {
        let file = copy.join(path);
        let sound = fs::read(&file).unwrap();
        for place in [0, sound.len() / 3, sound.len() / 2, sound.len() - 1] {
            let mut altered = sound.clone();
            altered[place] ^= 1;
            fs::write(&file, &altered).unwrap();
            let (code, report) = auditor.audits(&source, &[]);
            assert_eq!(code, Some(2), "{path} at {place}: {report:#}");
            let finding = &report["findings"][0];
            if path == "checkpoint" {
                let kind = finding["kind"].as_str().unwrap();
                assert!(kind.starts_with("checkpoint_"), "{path} at {place}: {report:#}");
            } else {
                assert_eq!(finding["path"], **path, "{place}: {report:#}");
                assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{path} at {place}: {report:#}");
                let leaf_index = finding["leaf_index"].as_u64().unwrap();
                assert!(leaf_index < entry_count, "{report:#}");
            }
        }
        fs::write(&file, &sound).unwrap();
    }
    assert_eq!(auditor.audits(&source, &[]).0, Some(0));
}
