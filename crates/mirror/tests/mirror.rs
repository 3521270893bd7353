//! A mirror of an honest ledger, and of servers that lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use axum::{Router, extract::State, http::StatusCode, http::Uri};
use databourse_ledger::{
    Checkpoint, NoteKeyType, NoteSigner, Policy, PolicyLog, Quorum, SignedCheckpoint, SigningKey,
};
use databourse_merkle::{MemoryTree, inclusion_proof, leaf_hash, tile, verify_inclusion};
use databourse_mirror::{LogError, LogSource, Mirror, VerifiedTree};
use databourse_primitives::{LeafIndex, TreeSize};
use futures::TryStreamExt as _;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

type Files = BTreeMap<String, Vec<u8>>;

fn signer() -> NoteSigner {
    NoteSigner::new("example.com/log", NoteKeyType::Ed25519, SigningKey::from_seed([1; 32])).unwrap()
}

fn policy() -> Policy {
    let log = PolicyLog { key: signer().verifier_key().clone(), url: None };
    Policy::new(vec![log], Vec::new(), Vec::new(), Quorum::None).unwrap()
}

/// The files of a ledger of `size` entries, of which those from `forked_at` on are another history.
fn files(size: u64, forked_at: u64) -> Files {
    let entry = |index: u64| {
        let history = if index < forked_at { "one" } else { "other" };
        format!("entry {index} of history {history}").into_bytes()
    };
    let mut tree = MemoryTree::new();
    (0..size).for_each(|index| tree.push(leaf_hash(&entry(index))));
    let mut files = Files::new();
    for coord in tile::tiles_of(size) {
        let hashes = databourse_merkle::HashReader::tile(&tree, coord).unwrap();
        files.insert(coord.path(), tile::encode(&hashes));
    }
    for bundle in tile::full_bundles(size).chain(tile::partial_bundle(size)) {
        let first = bundle.first_leaf().unwrap();
        let mut bytes = Vec::new();
        for index in first..first + u64::from(bundle.width()) {
            let entry = entry(index);
            bytes.extend(u16::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend(entry);
        }
        files.insert(bundle.path(), bytes);
    }
    let origin = "example.com/log".to_owned();
    let signed = Checkpoint { origin, size: TreeSize(size), root: tree.root() }.sign(&signer()).unwrap();
    files.insert("checkpoint".to_owned(), signed.to_string().into_bytes());
    files
}

/// Serves whatever it is told to.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Files>>);

impl Server {
    async fn start(&self) -> LogSource {
        let answer = async |State(server): State<Self>, uri: Uri| {
            let found = server.0.lock().unwrap().get(uri.path().trim_start_matches('/')).cloned();
            found.ok_or(StatusCode::NOT_FOUND)
        };
        let router = Router::new().fallback(answer).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        LogSource::named(&url, None).unwrap()
    }

    fn shows(&self, files: Files) {
        *self.0.lock().unwrap() = files;
    }
}

fn on_disk(folder: &Path) -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = Files::new();
    walk(folder, folder, &mut files);
    files.remove(".lock");
    files
}

struct Setting {
    server: Server,
    mirror: Mirror,
    folder: tempfile::TempDir,
}

impl Setting {
    async fn new() -> Self {
        let (server, folder) = (Server::default(), tempfile::tempdir().unwrap());
        let mirror = Mirror::open(server.start().await, policy(), folder.path()).unwrap();
        Self { server, mirror, folder }
    }

    async fn round(&self, files: Files) -> Result<u64, LogError> {
        self.server.shows(files);
        self.mirror.round().await.map(|round| round.size.0)
    }
}

#[tokio::test]
async fn a_mirror_holds_what_the_ledger_serves_and_grows_with_it() {
    let setting = Setting::new().await;
    for size in [0, 1, 255, 256, 300, 301, 512, 66_000] {
        let served = files(size, u64::MAX);
        assert_eq!(setting.round(served.clone()).await.unwrap(), size);
        let held = on_disk(setting.folder.path());
        for (path, bytes) in &served {
            assert_eq!(held.get(path), Some(bytes), "{size}: {path}");
        }
        let outgrown =
            held.keys().find(|path| path.rsplit_once(".p/").is_some_and(|(full, _)| held.contains_key(full)));
        assert_eq!(outgrown, None, "{size}");
        // Nothing new is nothing to do.
        let again = setting.mirror.round().await.unwrap();
        assert_eq!((again.file_count, again.size), (0, TreeSize(size)));
    }
    // What a mirror holds is a source, of which a mirror can be made, and whose proofs hold.
    let source = LogSource::Folder(setting.folder.path().to_owned());
    let copy = tempfile::tempdir().unwrap();
    Mirror::open(source.clone(), policy(), copy.path()).unwrap().round().await.unwrap();
    let tree = VerifiedTree::open(source, &policy()).await.unwrap();
    assert_eq!(on_disk(copy.path()), files(66_000, u64::MAX));
    for index in [0, 255, 256, 65_535, 65_536, 65_999] {
        let receipt = tree.receipt(LeafIndex(index)).await.unwrap();
        let leaf = leaf_hash(format!("entry {index} of history one").as_bytes());
        verify_inclusion(leaf, index, 66_000, &receipt.proof, tree.root()).unwrap();
    }
    let bundles: Vec<_> = tree.bundles(LeafIndex(65_700)).try_collect().await.unwrap();
    assert_eq!(bundles.iter().map(|bundle| bundle.entries().len()).collect::<Vec<_>>(), [256, 208]);
    assert_eq!(bundles[0].first_leaf(), LeafIndex(65_536));
    assert!(inclusion_proof(0, 0, &MemoryTree::new()).is_err());
}

#[tokio::test]
async fn a_partial_tile_that_is_gone_is_taken_from_the_full_one() {
    let (early, late) = (files(300, u64::MAX), files(600, u64::MAX));
    // The checkpoint of 300 entries, after the server has moved on and removed what is full by now.
    let mut served = late.clone();
    served.insert("checkpoint".to_owned(), early["checkpoint"].clone());
    served.insert("tile/1/000.p/1".to_owned(), early["tile/1/000.p/1"].clone());
    let setting = Setting::new().await;
    assert_eq!(setting.round(served).await.unwrap(), 300);
    assert_eq!(on_disk(setting.folder.path()), early);
}

#[tokio::test]
async fn whatever_byte_a_server_alters_nothing_of_it_is_kept() {
    let setting = Setting::new().await;
    let honest = files(300, u64::MAX);
    for path in honest.keys() {
        for place in [0, 1, 5, 31, 32, 100, usize::MAX] {
            let mut altered = honest.clone();
            let bytes = altered.get_mut(path).unwrap();
            let place = place.min(bytes.len() - 1);
            bytes[place] ^= 1;
            let error = setting.round(altered).await.unwrap_err();
            let named = if path == "checkpoint" {
                error.code().starts_with("checkpoint.")
            } else {
                matches!(&error, LogError::Altered { path: named, leaf_index: Some(_), .. } if named == path)
            };
            assert!(named, "{path} at {place}: {error}");
            let held = on_disk(setting.folder.path());
            assert!(!held.contains_key("checkpoint"), "{path} at {place}");
            assert!(held.iter().all(|(path, bytes)| honest.get(path) == Some(bytes)), "{path} at {place}");
        }
    }
    assert_eq!(setting.round(honest.clone()).await.unwrap(), 300);
    assert_eq!(on_disk(setting.folder.path()), honest);
}

#[tokio::test]
async fn a_rewritten_history_is_refused_and_written_down() {
    // What the mirror holds, what is shown then, from which entry on that is another history, and what comes of it.
    let cases = [
        (300, 400, 123, "ledger.rewritten", Some(123)),
        (300, 700, 299, "ledger.rewritten", Some(299)),
        (256, 257, 0, "ledger.rewritten", Some(0)),
        (300, 300, 260, "ledger.equivocated", Some(260)),
        (300, 290, 280, "ledger.rewritten", Some(280)),
        (66_000, 66_001, 65_900, "ledger.rewritten", Some(65_900)),
        (300, 290, u64::MAX, "checkpoint.stale", None),
    ];
    for (held, shown, forked_at, code, first) in cases {
        let setting = Setting::new().await;
        let honest = files(held, u64::MAX);
        setting.round(honest.clone()).await.unwrap();
        let error = setting.round(files(shown, forked_at)).await.unwrap_err();
        assert_eq!(error.code(), code, "{held} {shown}: {error}");
        let mut kept = on_disk(setting.folder.path());
        let written: Files = kept.extract_if(.., |path, _| path.starts_with("evidence/")).collect();
        assert_eq!(kept, honest, "the folder is as it was");
        let LogError::Rewritten(evidence) = error else {
            assert!(written.is_empty());
            continue;
        };
        assert_eq!(evidence.first_difference, first.map(LeafIndex), "{held} {shown}");
        let name = |file: &str| {
            let path = evidence.folder.join(file);
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        for (file, size) in [("held.checkpoint", held), ("shown.checkpoint", shown)] {
            let signed = SignedCheckpoint::parse(&name(file)).unwrap();
            policy().check(&signed).unwrap();
            assert_eq!(signed.checkpoint.size, TreeSize(size));
        }
        assert_ne!(name("held.jws"), name("shown.jws"));
        let reason: serde_json::Value = serde_json::from_slice(&name("reason.json")).unwrap();
        assert_eq!((&reason["code"], reason["first_difference"].as_u64()), (&code.into(), first));
        // The honest ledger is still followed.
        assert_eq!(setting.round(files(held + 5, u64::MAX)).await.unwrap(), held + 5);
    }
}

#[tokio::test]
async fn a_checkpoint_that_nobody_trusted_signed_is_refused() {
    let setting = Setting::new().await;
    let mut served = files(10, u64::MAX);
    let text = String::from_utf8(served["checkpoint"].clone()).unwrap();
    let other =
        NoteSigner::new("example.com/log", NoteKeyType::Ed25519, SigningKey::from_seed([2; 32])).unwrap();
    let checkpoint = SignedCheckpoint::parse(text.as_bytes()).unwrap().checkpoint.sign(&other).unwrap();
    served.insert("checkpoint".to_owned(), checkpoint.to_string().into_bytes());
    let error = setting.round(served).await.unwrap_err();
    assert_eq!(error.code(), "checkpoint.log_signature_missing");
    assert!(on_disk(setting.folder.path()).is_empty());
}

#[tokio::test]
async fn what_a_killed_mirror_left_over_is_no_part_of_the_ledger() {
    let setting = Setting::new().await;
    setting.round(files(300, u64::MAX)).await.unwrap();
    let root = setting.folder.path().to_owned();
    // A draft, a file of a checkpoint that never came, of another history, and an unfinished tile that is full by now.
    fs::write(root.join("tile/0/000.tmp"), b"half").unwrap();
    fs::write(root.join("tile/0/001"), b"of another history").unwrap();
    fs::create_dir_all(root.join("tile/entries/000.p")).unwrap();
    fs::write(root.join("tile/entries/000.p/7"), b"old").unwrap();
    let Setting { server, mirror, folder } = setting;
    let busy = Mirror::open(LogSource::Folder(root.clone()), policy(), &root).unwrap_err();
    assert_eq!(busy.code(), "folder.in_use");
    let source = server.start().await;
    drop(mirror);
    let mirror = Mirror::open(source, policy(), &root).unwrap();
    server.shows(files(600, u64::MAX));
    mirror.round().await.unwrap();
    let mut held = on_disk(folder.path());
    // Readers of the checkpoint of 300 entries may still ask for it.
    held.remove("tile/1/000.p/1");
    assert_eq!(held, files(600, u64::MAX));
}
