//! Final checkpoints: those of this ledger's blocks, one per block, the largest last.

use crate::fixture::Ledger;
use databourse_ledger::{Checkpoint, NoteKeyType, NoteSigner, SigningKey};
use databourse_merkle::Hash;
use databourse_primitives::{Height, TreeSize};
use databourse_store::{FinalCheckpoint, StoreError};

/// The checkpoint of the ledger as it is, cosigned by so many witnesses.
fn checkpoint(ledger: &Ledger, cosigner_count: u8) -> FinalCheckpoint {
    signed(ledger.height, ledger.edge.size(), ledger.edge.root(), cosigner_count)
}

fn signed(height: u64, size: u64, root: Hash, cosigner_count: u8) -> FinalCheckpoint {
    let origin = "databourse.example/delta";
    let signer =
        |name: String, kind, seed| NoteSigner::new(name, kind, SigningKey::from_seed([seed; 32])).unwrap();
    let log = signer(origin.to_owned(), NoteKeyType::Ed25519, 1);
    let mut signed = Checkpoint { origin: origin.to_owned(), size: TreeSize(size), root }.sign(&log).unwrap();
    for seed in 0..cosigner_count {
        let witness = signer(format!("{origin}/w{seed}"), NoteKeyType::CosignatureV1, 100 + seed);
        signed.cosign(&witness, 1_764_000_000).unwrap();
    }
    FinalCheckpoint { height: Height(height), signed }
}

async fn grown(ledger: &mut Ledger, entry_count: u64) -> FinalCheckpoint {
    let batch = ledger.next(entry_count, Vec::new(), Vec::new());
    ledger.writer.commit(&batch).await.unwrap();
    checkpoint(ledger, 3)
}

#[tokio::test]
async fn final_checkpoints_are_found_by_the_leaves_they_cover() {
    let mut ledger = Ledger::create().await;
    let store = ledger.store.clone();
    assert_eq!(store.final_checkpoint().await.unwrap(), None);
    let (first, second, third) =
        (grown(&mut ledger, 3).await, grown(&mut ledger, 4).await, grown(&mut ledger, 5).await);
    // They may arrive in another order; the largest is the last all the same.
    for (arrived, last) in [(&second, &second), (&first, &second), (&third, &third), (&second, &third)] {
        store.save_final_checkpoint(arrived).await.unwrap();
        assert_eq!(store.final_checkpoint().await.unwrap().as_ref(), Some(last));
    }
    let cases = [
        (0, Some(&first)),
        (3, Some(&first)),
        (4, Some(&second)),
        (8, Some(&third)),
        (12, Some(&third)),
        (13, None),
    ];
    for (size, expected) in cases {
        let found = store.final_checkpoint_covering(TreeSize(size)).await.unwrap();
        assert_eq!(found.as_ref(), expected, "covering {size}");
    }
    assert_eq!(store.final_checkpoint_covering(TreeSize(u64::MAX)).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_checkpoint_of_a_block_stands() {
    let mut ledger = Ledger::create().await;
    let first = grown(&mut ledger, 3).await;
    ledger.store.save_final_checkpoint(&first).await.unwrap();
    ledger.store.save_final_checkpoint(&checkpoint(&ledger, 4)).await.unwrap();
    assert_eq!(ledger.store.final_checkpoint().await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_kept_checkpoint_gains_the_lines_of_witnesses_and_loses_none() {
    let mut ledger = Ledger::create().await;
    let store = ledger.store.clone();
    let first = grown(&mut ledger, 3).await;
    let witnessed = |names: &[&str], time_s| {
        let mut checkpoint = first.clone();
        for (seed, name) in (200..).zip(names) {
            let key = SigningKey::from_seed([seed; 32]);
            let witness = NoteSigner::new(*name, NoteKeyType::CosignatureV1, key).unwrap();
            checkpoint.signed.cosign(&witness, time_s).unwrap();
        }
        checkpoint
    };
    let check = async |arrived: &FinalCheckpoint, expected: &FinalCheckpoint| {
        store.extend_final_checkpoint(arrived).await.unwrap();
        assert_eq!(store.final_checkpoint().await.unwrap().as_ref(), Some(expected));
        // What is final first is saved again and again, and takes no line away.
        store.save_final_checkpoint(&first).await.unwrap();
        assert_eq!(store.final_checkpoint().await.unwrap().as_ref(), Some(expected));
    };
    let (one, both) = (witnessed(&["a.example/w"], 1), witnessed(&["a.example/w", "b.example/w"], 1));
    // Not kept yet, kept, with one line more, with that line alone, with others of the same keys.
    check(&one, &one).await;
    check(&first, &one).await;
    check(&both, &both).await;
    check(&one, &both).await;
    check(&witnessed(&["a.example/w", "b.example/w"], 2), &both).await;
    let mut only_b = both.clone();
    only_b.signed.signatures.retain(|line| line.name == "b.example/w");
    check(&only_b, &both).await;

    let mut elsewhere = both.clone();
    elsewhere.signed.checkpoint.origin = "databourse.example/other".to_owned();
    let error = store.extend_final_checkpoint(&elsewhere).await.unwrap_err();
    assert!(matches!(error, StoreError::Forked { .. }), "{error}");
    assert_eq!(store.final_checkpoint().await.unwrap(), Some(both));
    // Nobody takes a line away by hand either.
    let client = ledger.database.connect().await;
    for change in ["note = substring(note FOR 300)", "note = 'x' || note", "height = 7", "tree_size = 7"] {
        let error = client.batch_execute(&format!("UPDATE final_checkpoint SET {change}")).await.unwrap_err();
        assert_eq!(error.as_db_error().unwrap().message(), "table final_checkpoint is append-only");
    }
}

#[tokio::test]
async fn a_checkpoint_of_another_ledger_is_a_fork_and_one_of_no_block_is_unknown() {
    let mut ledger = Ledger::create().await;
    let (first, second) = (grown(&mut ledger, 3).await, grown(&mut ledger, 4).await);
    let root = ledger.edge.root();
    let fork = Hash::from_bytes([7; 32]);
    let check = async |checkpoint: FinalCheckpoint, is_fork: bool| {
        let error = ledger.store.save_final_checkpoint(&checkpoint).await.unwrap_err();
        let (height, size) = (checkpoint.height, checkpoint.signed.checkpoint.size.0);
        match error {
            StoreError::Forked { height: h, tree_size } => {
                assert!(is_fork);
                assert_eq!((h, tree_size), (height, size));
            }
            StoreError::BlockUnknown(h) => assert_eq!((h, is_fork), (height, false)),
            other => panic!("{other}"),
        }
    };
    // Before and after the right one is known.
    for _ in 0..2 {
        check(signed(2, 7, fork, 3), true).await;
        check(signed(2, 8, root, 3), true).await;
        check(signed(1, 7, root, 3), true).await;
        check(signed(3, 9, fork, 3), false).await;
        check(signed(0, 7, root, 3), false).await;
        for right in [&first, &second] {
            ledger.store.save_final_checkpoint(right).await.unwrap();
        }
    }
    assert_eq!(ledger.store.final_checkpoint().await.unwrap(), Some(second));
}

/// A commit holds the writing session and its locks; what became final meanwhile is kept all the same.
#[tokio::test]
async fn saving_a_checkpoint_waits_for_no_commit() {
    let mut ledger = Ledger::create().await;
    let first = grown(&mut ledger, 3).await;
    let client = ledger.database.connect().await;
    client.batch_execute("BEGIN; LOCK TABLE entry_count IN EXCLUSIVE MODE").await.unwrap();
    let blocked = ledger.next(1, Vec::new(), Vec::new());
    let commit = ledger.writer.commit(&blocked);
    tokio::pin!(commit);
    tokio::select! {
        biased;
        answer = &mut commit => panic!("it should wait: {answer:?}"),
        answer = ledger.store.save_final_checkpoint(&first) => answer.unwrap(),
    }
    client.batch_execute("COMMIT").await.unwrap();
    commit.await.unwrap();
    assert_eq!(ledger.store.final_checkpoint().await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_checkpoint_that_is_not_what_its_row_says_is_damage() {
    let mut ledger = Ledger::create().await;
    let first = grown(&mut ledger, 3).await;
    ledger.store.save_final_checkpoint(&first).await.unwrap();
    let other = signed(1, 3, Hash::from_bytes([7; 32]), 3).signed.to_string();
    for note in ["no note", &other] {
        ledger.tamper(&format!("UPDATE final_checkpoint SET note = '{note}'")).await;
        let error = ledger.store.final_checkpoint().await.unwrap_err();
        assert_eq!(error.to_string(), "the database is damaged: final_checkpoint.note of row 3");
    }
}
