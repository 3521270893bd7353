//! Mirror and audit over the command line, of a real node with a real PostgreSQL: an honest one, one whose answers are
//! altered on the way, and copies with a byte flipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/shop.rs"]
mod shop;
mod support;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use databourse_ledger::{NoteKeyType, NoteSigner, SignedCheckpoint, SigningKey};
use databourse_primitives::Digest;
use serde_json::{Value, json};
use shop::submit;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use support::{Server, databourse};

/// Everybody comes to the market.
fn opening() -> Vec<Value> {
    [shop::supply(), shop::demand(10_000_000)].concat()
}

/// Purchases of which every fifth is left open.
fn purchases(numbers: std::ops::Range<u64>) -> Vec<Value> {
    shop::purchases(numbers, |number| number % 5 != 0)
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

    /// Puts the line of a witness under the checkpoint of the copy: unknown first, then named by the policy.
    #[track_caller]
    fn counts_lines_that_nobody_judges(&self, checkpoint: &str) {
        let (file, policy) = (self.folder.join(checkpoint), self.folder.join("policy"));
        let key = SigningKey::from_seed([9; 32]);
        let witness = NoteSigner::new("witness.example/w", NoteKeyType::CosignatureV1, key).unwrap();
        let mut signed = SignedCheckpoint::parse(&fs::read(&file).unwrap()).unwrap();
        signed.cosign(&witness, 1_767_574_800).unwrap();
        fs::write(&file, signed.to_string()).unwrap();
        let own = fs::read_to_string(&policy).unwrap();
        let named = format!("witness outside {}\n{own}", witness.verifier_key());
        for (text, unjudged) in [(&named, 0), (&own, 1)] {
            fs::write(&policy, text).unwrap();
            let (code, report) = self.audits(&self.path("copy"), &[]);
            assert_eq!((code, report["other_lines"].as_array().unwrap().len()), (Some(0), 1), "{report:#}");
            assert_eq!(report["unjudged_line_count"], unjudged, "{report:#}");
        }
        let text = self.run(&["audit", &self.path("copy")]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains("密钥未知而未核验  1"), "{text}");
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
    submit(&server, &opening()).await;
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
    auditor.counts_lines_that_nobody_judges("copy/checkpoint");
    fs::write(auditor.folder.join("copy/checkpoint"), &first).unwrap();
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
    let funds = format!("party:{}:funds:CNY/2", shop::supplier());
    let proxy = Proxy {
        upstream: server.url.clone(),
        account: funds.clone(),
        licence: format!("{}.1", shop::order(3)),
    };
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
        [format!("/v1/accounts/{slug}"), format!("/v1/licences/{}.1", shop::order(3)), "root".to_owned()]
    );
    assert_eq!(found["root"]["kind"], "statement_root_differs");
    // The entry that wrote the licence last is its acceptance, and the proof is of it.
    let licence = found[&*format!("/v1/licences/{}.1", shop::order(3))];
    let (_, entry) = server.get(&format!("/v1/entries/{}", shop::acceptance(3))).await;
    assert_eq!(licence["leaf_index"], entry["leaf_index"], "{licence:#} {entry:#}");
    assert!(licence["proof"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"), "{licence:#}");

    // What cannot be audited is an error, not a finding.
    let unreachable = auditor.run(&["audit", &auditor.path("nowhere")]);
    assert_eq!(unreachable.status.code(), Some(1));
    fs::write(&state, "altered").unwrap();
    assert_eq!(auditor.audits(&server.url, &["--state", &state]).0, Some(1));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_order_is_read_from_a_running_node_and_nothing_is_told_of_one_that_lies() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    submit(&server, &opening()).await;
    // More than one bundle, so that a full tile is read, too.
    submit(&server, &purchases(0..100)).await;
    let auditor = Auditor::new(&server).await;
    let order = shop::order(3);
    let trace = |url: &str, trust: &[&str]| {
        let mut command = databourse(&auditor.folder);
        let output = command.args(["trace", &order, "--json", "--url", url]).args(trust).output().unwrap();
        let life = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
        (output.status.code(), life, String::from_utf8(output.stderr).unwrap())
    };
    let (policy, token, out) = (auditor.path("policy"), auditor.path("token"), auditor.path("trace"));
    let given = ["--policy", &policy, "--token-file", &token, "--out", &out];
    let (code, life, failure) = trace(&server.url, &given);
    assert_eq!(code, Some(0), "{failure}{life:#}");
    assert!(life["entry_count"].as_u64() > Some(256), "{life:#}");
    let steps = life["steps"].as_array().unwrap();
    let types: Vec<_> = steps.iter().map(|step| step["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["order.place", "delivery.record", "order.accept"]);
    for step in steps {
        let stem =
            format!("{out}/{:08}-{}", step["leaf_index"].as_u64().unwrap(), step["type"].as_str().unwrap());
        let mut verify = databourse(&auditor.folder);
        verify.args([
            "verify",
            &format!("{stem}.tlog-proof"),
            "--entry",
            &format!("{stem}.jws"),
            "--policy",
            &policy,
        ]);
        let output = verify.output().unwrap();
        assert!(output.status.success(), "{stem}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // The node's own policy is the same here.
    assert_eq!(trace(&server.url, &["--token-file", &token]).1["steps"], life["steps"]);

    // Without the token there are no entries; by another's policy there is no checkpoint.
    let (code, _, failure) = trace(&server.url, &["--policy", &policy]);
    assert!(code == Some(1) && failure.contains("source.unreachable"), "{failure}");
    let text = fs::read_to_string(&policy).unwrap();
    let key = text.split_whitespace().find(|word| word.contains('+')).unwrap();
    let other =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/ledger/policy.txt"))
            .unwrap();
    assert!(!other.contains(key));
    fs::write(auditor.folder.join("other"), other).unwrap();
    let (code, _, failure) =
        trace(&server.url, &["--policy", &auditor.path("other"), "--token-file", &token]);
    assert!(code == Some(1) && failure.contains("checkpoint.origin_unknown"), "{failure}");
    // A byte altered on the way: in an entry, in a full tile, in the unfinished one.
    for path in ["tile/entries/000", "tile/0/000", "tile/0/001.p/"] {
        let url = Altering { upstream: server.url.clone(), path }.start().await;
        let (code, life, failure) = trace(&url, &given);
        let is_named = failure.contains(&format!("file.altered: {path}"));
        assert!(code == Some(1) && is_named && life.is_null(), "{path}: {failure}");
    }
    server.stop();
}

/// A node of which one file is altered on the way.
#[derive(Clone)]
struct Altering {
    upstream: String,
    /// What its path begins with.
    path: &'static str,
}

impl Altering {
    async fn start(self) -> String {
        let answer = async |State(altering): State<Self>, uri: Uri, headers: HeaderMap| {
            let (status, bytes) = passed_on(&altering.upstream, &uri, &headers).await;
            let mut bytes = bytes.to_vec();
            if uri.path()[1..].starts_with(altering.path) {
                let last = bytes.last_mut().unwrap();
                *last ^= 1;
            }
            (status, Bytes::from(bytes))
        };
        serve(Router::new().fallback(answer).with_state(self)).await
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// What the node itself answers.
async fn passed_on(upstream: &str, uri: &Uri, headers: &HeaderMap) -> (StatusCode, Bytes) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.get(format!("{upstream}{uri}"));
    if let Some(token) = headers.get("authorization") {
        request = request.header("authorization", token.to_str().unwrap());
    }
    let answer = request.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    (status, answer.bytes().await.unwrap())
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
        serve(Router::new().fallback(answer).with_state(self)).await
    }

    async fn answer(&self, uri: &Uri, headers: &HeaderMap) -> (StatusCode, Bytes) {
        let (status, bytes) = passed_on(&self.upstream, uri, headers).await;
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
    submit(&server, &opening()).await;
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
