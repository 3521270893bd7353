//! A ledger of ours before implementations that we did not write; they are installed by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_ledger::{Checkpoint, NoteKeyType, NoteSigner, SigningKey};
use databourse_merkle::{FullTile, TileEdge, leaf_hash, tile};
use databourse_primitives::TreeSize;
use databourse_testkit::{
    ledger_judges::{LedgerJudges, write_ledger},
    scratch_folder,
};
use std::{fs, path::Path};

const ORIGIN: &str = "databourse.example/yangtze";

fn judges() -> LedgerJudges {
    LedgerJudges::find_or_install(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges"))
}

fn signer(name: &str, key_type: NoteKeyType, seed: u8) -> NoteSigner {
    NoteSigner::new(name, key_type, SigningKey::from_seed([seed; 32])).unwrap()
}

/// A log of `count` entries of some bytes each, written as it would be served: signed, cosigned by two, in tiles.
fn publish(folder: &Path, count: u64) {
    let entries: Vec<Vec<u8>> = (0..count).map(|i| format!("entry {i}").into_bytes()).collect();
    let mut edge = TileEdge::new();
    let mut finished = Vec::new();
    entries.iter().for_each(|entry| edge.push(leaf_hash(entry), &mut finished));
    let log = signer(ORIGIN, NoteKeyType::Ed25519, 2);
    let head = Checkpoint { origin: ORIGIN.to_owned(), size: TreeSize(count), root: edge.root() };
    let mut signed = head.sign(&log).unwrap();
    for seed in [3, 4] {
        let witness = signer(&format!("witness{seed}.example"), NoteKeyType::CosignatureV1, seed);
        signed.cosign(&witness, 1_795_315_652).unwrap();
    }
    let full = finished.iter().map(|tile: &FullTile| (tile.coord().path(), tile.to_bytes()));
    let partial = edge.partials().map(|(coord, hashes)| (coord.path(), tile::encode(hashes)));
    let bundles = tile::full_bundles(count).chain(tile::partial_bundle(count)).map(|coord| {
        let first = usize::try_from(coord.first_leaf().unwrap()).unwrap();
        let entries = &entries[first..first + usize::from(coord.width())];
        let framed =
            |entry: &Vec<u8>| [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], entry].concat();
        (coord.path(), entries.iter().flat_map(framed).collect())
    });
    let checkpoint = ("checkpoint".to_owned(), signed.to_string().into_bytes());
    let files: Vec<_> = full.chain(partial).chain(bundles).chain([checkpoint]).collect();
    write_ledger(folder, log.verifier_key(), files, &entries);
}

#[test]
fn others_read_our_tiles_and_our_note_and_agree_on_every_root_and_proof() {
    let judges = judges();
    // Three levels of tiles; a size that is a border; a log of one entry.
    for (count, inclusion, consistency, bundles) in [(66_000, 46, 91, 258), (256, 22, 28, 1), (1, 1, 1, 1)] {
        let folder = scratch_folder();
        publish(folder.path(), count);
        let said =
            judges.sumdb(folder.path()).unwrap_or_else(|objection| panic!("{count}: sumdb: {objection}"));
        assert_eq!(
            said,
            format!("size={count} inclusion={inclusion} consistency={consistency} bundles={bundles}")
        );
        let said = judges
            .pymerkle(folder.path())
            .unwrap_or_else(|objection| panic!("{count}: pymerkle: {objection}"));
        assert_eq!(said, format!("size={count} inclusion={inclusion} consistency={consistency}"));
        let said = judges
            .sigstore(folder.path())
            .unwrap_or_else(|objection| panic!("{count}: sigstore: {objection}"));
        assert_eq!(said, format!("inclusion={inclusion}"));
    }
}

/// A judge that accepts anything would prove nothing.
#[test]
fn others_object_to_a_changed_byte() {
    let judges = judges();
    let folder = scratch_folder();
    publish(folder.path(), 300);
    let changed = |file: &str, place: usize| {
        let path = folder.path().join(file);
        let honest = fs::read(&path).unwrap();
        let mut bytes = honest.clone();
        bytes[place] ^= 1;
        fs::write(&path, bytes).unwrap();
        let verdicts =
            (judges.sumdb(folder.path()), judges.pymerkle(folder.path()), judges.sigstore(folder.path()));
        fs::write(&path, honest).unwrap();
        verdicts
    };
    let (sumdb, ..) = changed("tile/0/000", 100);
    assert!(sumdb.is_err(), "a tile: {sumdb:?}");
    let (sumdb, ..) = changed("tile/0/001.p/44", 0);
    assert!(sumdb.is_err(), "a partial tile: {sumdb:?}");
    let (sumdb, pymerkle, _) = changed("tile/entries/001.p/44", 5);
    assert!(sumdb.is_err() && pymerkle.is_err(), "an entry: {sumdb:?} {pymerkle:?}");
    let (sumdb, ..) = changed("checkpoint", 3);
    assert!(sumdb.is_err(), "the origin: {sumdb:?}");
    let proofs = fs::read_to_string(folder.path().join("proofs.json")).unwrap();
    let place = proofs.rfind("\"inclusion\"").unwrap();
    let place = place + proofs[place..].find("\"proof\":[\"").unwrap() + 12;
    let (sumdb, pymerkle, sigstore) = changed("proofs.json", place);
    assert!(sumdb.is_err() && pymerkle.is_err() && sigstore.is_err(), "{sumdb:?} {pymerkle:?} {sigstore:?}");
    assert!(judges.sumdb(folder.path()).is_ok(), "it is honest again");
}

#[test]
fn plain_python_refuses_every_negative_vector() {
    assert!(judges().negative_vectors().starts_with("refused "));
}
