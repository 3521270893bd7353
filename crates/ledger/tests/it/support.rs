//! One small region that all tests share: keys from fixed seeds, a ledger of one block, its checkpoint and receipt.

use databourse_ledger::{
    Block, BlockHeader, CertificateFile, Checkpoint, Claims, Entry, NoteKeyType, NoteSigner, Policy,
    PolicyLog, PolicyWitness, Receipt, SignedCheckpoint, SigningKey,
};
use databourse_merkle::{EMPTY_ROOT, MemoryTree, inclusion_proof};
use databourse_primitives::{Digest, Height, LeafIndex, Timestamp, TreeSize};
use serde_json::value::RawValue;

pub(crate) const ORIGIN: &str = "databourse.example/yangtze";
/// 2026-11-22T02:47:32Z.
pub(crate) const TIME_S: i64 = 1_795_315_652;
/// Place of the certified entry: the second command of the block, behind its header.
pub(crate) const CERTIFIED: u64 = 2;

/// A key whose seed is 32 times the same byte.
pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}
pub(crate) fn author() -> SigningKey {
    key(1)
}
pub(crate) fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, key(2)).unwrap()
}
/// Witnesses 1 to 4.
pub(crate) fn witness(number: u8) -> NoteSigner {
    let name = format!("witness{number}.example");
    NoteSigner::new(name, NoteKeyType::CosignatureV1, key(2 + number)).unwrap()
}

pub(crate) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

pub(crate) fn claims(number: u8) -> Claims {
    Claims {
        entry_type: "product.list".to_owned(),
        id: format!("019aa2b4-5c00-7000-8000-0000000000{number:02x}").parse().unwrap(),
        exchange: "sh".parse().unwrap(),
        issued_at_s: TIME_S,
        on_behalf_of: None,
        body: raw(&format!(r#"{{"title":"气象 {number}","price":"12.50"}}"#)),
    }
}

pub(crate) fn entry(number: u8) -> Entry {
    Entry::sign(&claims(number), &author()).unwrap()
}

/// Height 1: a header and four commands.
pub(crate) fn block() -> Block {
    let commands: Vec<Entry> = (1..=4).map(entry).collect();
    let fields = BlockHeader::for_commands(
        Height(1),
        Timestamp::from_unix_ms(TIME_S * 1000),
        &commands,
        Digest::of(b"effects"),
        TreeSize(0),
        EMPTY_ROOT,
    );
    let id = "019aa2b4-5c00-7000-8000-0000000000ff".parse().unwrap();
    Block::new(fields, id, "sh".parse().unwrap(), commands, &author()).unwrap()
}

pub(crate) fn tree() -> MemoryTree {
    let mut tree = MemoryTree::new();
    tree.extend(block().leaf_hashes());
    tree
}

pub(crate) fn checkpoint() -> Checkpoint {
    let tree = tree();
    Checkpoint { origin: ORIGIN.to_owned(), size: TreeSize(tree.size()), root: tree.root() }
}

/// Signed by the log and cosigned by these witnesses, a second apart.
pub(crate) fn signed(witnesses: &[u8]) -> SignedCheckpoint {
    let mut signed = checkpoint().sign(&log()).unwrap();
    for number in witnesses {
        let time_s = u64::try_from(TIME_S).unwrap() + u64::from(*number);
        signed.cosign(&witness(*number), time_s).unwrap();
    }
    signed
}

/// One log, four witnesses, more than two thirds of them: three.
pub(crate) fn policy() -> Policy {
    let logs = vec![PolicyLog {
        key: log().verifier_key().clone(),
        url: Some("https://databourse.example/yangtze".to_owned()),
    }];
    let witnesses = (1..=4).map(|number| PolicyWitness {
        name: format!("w{number}"),
        key: witness(number).verifier_key().clone(),
        url: None,
    });
    Policy::more_than_two_thirds(logs, witnesses.collect()).unwrap()
}

pub(crate) fn receipt() -> Receipt {
    let tree = tree();
    Receipt {
        extra: None,
        index: LeafIndex(CERTIFIED),
        proof: inclusion_proof(CERTIFIED, tree.size(), &tree).unwrap(),
        checkpoint: signed(&[1, 2, 3]),
    }
}

pub(crate) fn certificate() -> CertificateFile {
    CertificateFile { entry: entry(2), author_key: author().public_key(), receipt: receipt() }
}
