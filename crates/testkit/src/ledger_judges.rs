//! Implementations of others that judge a published ledger: tiles, checkpoint, entries and proofs in a folder of static files.
//!
//! | judge | judges | what it is |
//! |---|---|---|
//! | Go's `sumdb/note` and `sumdb/tlog` | the note by our vkey, every tile, the root, both kinds of proof, entries against leaves | the formats come from it |
//! | `pymerkle` | roots from the entries, inclusion proofs, consistency of our roots | RFC 9162, knows no tiles |
//! | `@sigstore/verify` | inclusion proofs from the entry's bytes | what npm verifies Rekor with |

use crate::outside::{alone_in, go, must, npm, python};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_ledger::VerifierKey;
use databourse_merkle::{Hash, MemoryTree, consistency_proof, inclusion_proofs, leaf_hash};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The releases that judge. Go and its `x/mod` are those of the system.
const PYMERKLE: &str = "pymerkle==7.0.0";
const SIGSTORE: &str = "@sigstore/verify@3.1.1";
const GO_LIBRARY: &str = "golang-golang-x-mod-dev";

/// All of them, ready to be asked.
///
/// They read a folder with `checkpoint`, `vkey` (the log's verifier key), `tile/…` as tlog-tiles names them, bundles too, and
/// `proofs.json`: `inclusion` of `index`, `size`, `entry`, `leaf`, `root`, `proof`, and `consistency` of `old`,
/// `old_root`, `new`, `new_root`, `proof`; bytes in base64.
pub struct LedgerJudges {
    sumdb: PathBuf,
    python: PathBuf,
    modules: PathBuf,
}

impl LedgerJudges {
    /// Finds or installs them; what the system does not have is kept in `folder`.
    ///
    /// # Panics
    /// When one of them cannot be had.
    pub fn find_or_install(folder: &Path) -> Self {
        let _lock = alone_in(folder);
        Self {
            sumdb: go(folder, &source("sumdb.go"), &[GO_LIBRARY]),
            python: python(folder, &[PYMERKLE], &[]),
            modules: npm(folder, &[SIGSTORE]),
        }
    }

    /// What Go's `sumdb` says it checked in `ledger`, e.g. `size=70000 inclusion=24 consistency=12 bundles=274`.
    ///
    /// # Errors
    /// What it objects to.
    pub fn sumdb(&self, ledger: &Path) -> Result<String, String> {
        verdict(Command::new(&self.sumdb).arg(ledger))
    }

    /// What `pymerkle` says it checked. It needs all bundles.
    ///
    /// # Errors
    /// What it objects to.
    pub fn pymerkle(&self, ledger: &Path) -> Result<String, String> {
        verdict(Command::new(&self.python).arg(source("pymerkle_judge.py")).arg(ledger))
    }

    /// What `@sigstore/verify` says it checked.
    ///
    /// # Errors
    /// What it objects to.
    pub fn sigstore(&self, ledger: &Path) -> Result<String, String> {
        verdict(Command::new("node").arg(source("sigstore_judge.js")).arg(ledger).arg(&self.modules))
    }

    /// The plain Python that reads the negative vectors of `tests/vectors/merkle`; it has nothing installed for it.
    ///
    /// # Panics
    /// When a vector is not judged as it says.
    pub fn negative_vectors(&self) -> String {
        let program = source("../vectors/merkle/verify_negative.py");
        String::from_utf8_lossy(&must(Command::new(&self.python).arg(program)).stdout).trim().to_owned()
    }
}

/// Writes what a log publishes to `folder`, as the judges read it: `files` by their paths, the checkpoint among them, and
/// proofs of ours from `entries`, which are all of the log.
///
/// # Panics
/// When the folder cannot be written, or a proof not be built.
pub fn write_ledger(
    folder: &Path,
    log: &VerifierKey,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    entries: &[Vec<u8>],
) {
    for (path, bytes) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder of tiles");
        fs::write(file, bytes).expect("a file of the ledger");
    }
    fs::write(folder.join("vkey"), format!("{log}\n")).expect("the key");
    let tree: MemoryTree = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let sizes = proven_sizes(tree.size());
    let inclusion: Vec<_> = sizes.iter().flat_map(|size| inclusions(&tree, *size, entries)).collect();
    let pairs = sizes
        .iter()
        .flat_map(|new| sizes.iter().map(move |old| (*old, *new)))
        .filter(|(old, new)| old <= new);
    let consistency: Vec<_> = pairs.map(|(old, new)| consistency(&tree, old, new)).collect();
    let proofs = json!({ "inclusion": inclusion, "consistency": consistency });
    fs::write(folder.join("proofs.json"), proofs.to_string()).expect("the proofs");
}

/// The size itself and those around the powers of two and the borders of tiles below it.
fn proven_sizes(size: u64) -> Vec<u64> {
    let edges = [1, 2, 3, 7, 8, 255, 256, 257, 511, 65_535, 65_536, 65_537];
    edges.into_iter().filter(|edge| *edge < size).chain([size]).collect()
}

fn text(hash: &Hash) -> String {
    STANDARD.encode(hash.as_bytes())
}

fn inclusions(tree: &MemoryTree, size: u64, entries: &[Vec<u8>]) -> Vec<Value> {
    let mut indexes = vec![0, size / 3, size / 2, size - 1];
    indexes.dedup();
    let proofs = inclusion_proofs(&indexes, size, tree).expect("proofs of leaves of the tree");
    let root = text(&tree.root_at(size).expect("a size that the tree had"));
    let case = |(index, proof): (&u64, &Vec<Hash>)| {
        let place = usize::try_from(*index).expect("a place in memory");
        json!({
            "index": index, "size": size, "root": root, "leaf": text(&tree.leaves()[place]),
            "entry": STANDARD.encode(&entries[place]), "proof": proof.iter().map(text).collect::<Vec<_>>(),
        })
    };
    indexes.iter().zip(&proofs).map(case).collect()
}

fn consistency(tree: &MemoryTree, old: u64, new: u64) -> Value {
    let proof = consistency_proof(old, new, tree).expect("a proof between sizes of the tree");
    let root = |size| text(&tree.root_at(size).expect("a size that the tree had"));
    json!({
        "old": old, "old_root": root(old), "new": new, "new_root": root(new),
        "proof": proof.iter().map(text).collect::<Vec<_>>(),
    })
}

/// A file of `tests/judges`.
fn source(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/judges", name].iter().collect()
}

fn verdict(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
