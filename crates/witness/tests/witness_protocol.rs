//! Our witness through HTTP and through its files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_ledger::{ForeignCheckpoint, NoteSignature};
use databourse_primitives::TreeSize;
use databourse_witness::{
    AddError, ClientError, RecordKind, WitnessClient, WitnessError, origin_hash, read_evidence,
};
use std::{collections::BTreeMap, fs, sync::Arc};
use support::{Log, Served, body, get, open, post, witness_signer};

const ORIGIN: &str = "example.com/log";

#[tokio::test]
async fn a_checkpoint_is_answered_with_the_line_of_the_witness_alone_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 40);
    let served = Served::start(open(folder.path(), &[&log]).unwrap()).await;
    let shown = format!("{}/{}/checkpoint", served.url, origin_hash(ORIGIN));
    assert_eq!(get(&shown).await.0, 404);
    for (old, new) in [(0, 3), (3, 3), (3, 17), (17, 40)] {
        let said = post(&served.url, log.request(old, new)).await.unwrap();
        assert_eq!((said.status, said.body.lines().count()), (200, 1), "{said:?}");
        let line: NoteSignature = said.body.strip_suffix('\n').unwrap().parse().unwrap();
        let key = witness_signer().verifier_key().clone();
        key.verify(&log.checkpoint(new).checkpoint.to_string(), &line).unwrap();
        let (status, text) = get(&shown).await;
        let checkpoint = ForeignCheckpoint::parse(text.as_bytes()).unwrap();
        assert_eq!((status, checkpoint.size(), checkpoint.signatures().len()), (200, TreeSize(new), 2));
        assert_eq!(checkpoint.verify(&[log.key(), key]).unwrap().len(), 2);
        assert!(checkpoint.signatures().contains(&line));
    }
    let (status, health) = get(&format!("{}/healthz", served.url)).await;
    assert_eq!(status, 200);
    assert!(health.contains(r#""size":40"#) && health.contains(r#""broken":false"#), "{health}");
    served.stop().await;
}

#[tokio::test]
async fn a_conflict_says_the_stored_size_in_its_own_content_type() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 40);
    let served = Served::start(open(folder.path(), &[&log]).unwrap()).await;
    for (old, new, size) in [(5, 9, "0\n"), (0, 9, ""), (0, 20, "9\n"), (8, 20, "9\n"), (9, 9, "")] {
        let said = post(&served.url, log.request(old, new)).await.unwrap();
        if size.is_empty() {
            assert_eq!(said.status, 200);
        } else {
            assert_eq!(
                (said.status, said.kind.as_str(), said.body.as_str()),
                (409, "text/x.tlog.size", size)
            );
        }
    }
    served.stop().await;
}

#[test]
fn extension_lines_are_cosigned_and_signatures_of_strangers_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 9);
    let witness = open(folder.path(), &[&log]).unwrap();
    let stranger = support::signer("stranger.example", databourse_ledger::NoteKeyType::Ed25519, 9);
    let text = format!("{}extension\nanother\n", log.checkpoint(9).checkpoint);
    let note = databourse_ledger::Note::sign(&text, &[&stranger, &log.signer]).unwrap();
    let line = witness.add_checkpoint(body(0, &[], &note.to_string()).as_bytes()).unwrap();
    witness_signer().verifier_key().verify(&text, &line).unwrap();
    let shown = witness.checkpoint(&origin_hash(ORIGIN)).unwrap();
    assert_eq!((shown.text(), shown.signatures().len()), (text.as_str(), 2));
    // The same tree without the lines is no other history.
    witness.add_checkpoint(log.request(9, 9).as_bytes()).unwrap();
    assert_eq!(read_evidence(folder.path(), ORIGIN).unwrap().len(), 2);
}

#[test]
fn a_second_root_for_a_size_is_refused_and_written_down_once() {
    let folder = tempfile::tempdir().unwrap();
    let (log, other) = (Log::new(ORIGIN, 40), Log::forked(ORIGIN, 40, 3));
    let witness = open(folder.path(), &[&log]).unwrap();
    let add = |body: String| witness.add_checkpoint(body.as_bytes());
    add(log.request(0, 20)).unwrap();
    add(log.request(20, 30)).unwrap();
    for _ in 0..2 {
        assert_eq!(add(other.request(30, 30)).unwrap_err(), AddError::RootDiffers);
        // Of an older size, which is a conflict by its size already.
        assert_eq!(add(other.request(0, 20)).unwrap_err(), AddError::Conflict { size: TreeSize(30) });
    }
    // What a stranger signed proves nothing.
    let forged = other.request(30, 30).replace(
        &other.checkpoint(30).signatures[0].to_string(),
        &log.checkpoint(29).signatures[0].to_string(),
    );
    assert!(matches!(add(forged).unwrap_err(), AddError::NotSigned(_)));
    let records = read_evidence(folder.path(), ORIGIN).unwrap();
    let kinds: Vec<RecordKind> = records.iter().map(|record| record.kind).collect();
    use RecordKind::{Conflict, Cosigned};
    assert_eq!(kinds, [Cosigned, Cosigned, Conflict, Conflict]);
    let proof = ForeignCheckpoint::parse(records[2].note.as_bytes()).unwrap();
    assert_eq!((proof.size(), proof.root()), (TreeSize(30), other.root(30)));
    proof.verify(&[log.key()]).unwrap();
    drop(witness);
    let again = open(folder.path(), &[&log]).unwrap();
    assert_eq!((again.status()[0].conflicts, again.status()[0].size), (2, 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_never_roll_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(Log::new(ORIGIN, 64));
    let other = Arc::new(Log::forked(ORIGIN, 64, 0));
    let served = Served::start(open(folder.path(), &[&log]).unwrap()).await;
    let mut asking = Vec::new();
    for task in 0..8_u64 {
        let (history, url) = (Arc::clone(if task % 2 == 0 { &log } else { &other }), served.url.clone());
        asking.push(tokio::spawn(async move {
            let (mut old, mut cosigned) = (0, BTreeMap::new());
            for step in 0..40 {
                let new = (old + 1 + (task * 7 + step) % 5).min(64);
                let said = post(&url, history.request(old.min(new), new)).await.unwrap();
                match said.status {
                    200 => {
                        cosigned.insert(new, history.root(new));
                        old = new;
                    }
                    409 => old = said.body.trim().parse().unwrap(),
                    422 => {}
                    other => panic!("{other}: {said:?}"),
                }
            }
            cosigned
        }));
    }
    let mut roots = BTreeMap::new();
    for task in asking {
        for (size, root) in task.await.unwrap() {
            assert_eq!(*roots.entry(size).or_insert(root), root, "two roots of size {size}");
        }
    }
    assert!(!roots.is_empty());
    let sizes: Vec<u64> = read_evidence(folder.path(), ORIGIN)
        .unwrap()
        .iter()
        .filter(|record| record.kind == RecordKind::Cosigned)
        .map(|record| ForeignCheckpoint::parse(record.note.as_bytes()).unwrap().size().0)
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a < b), "{sizes:?}");
    assert_eq!(sizes, roots.keys().copied().collect::<Vec<_>>());
    served.stop().await;
}

#[test]
fn a_restart_goes_on_where_it_was_and_a_folder_has_one_witness() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 40);
    let witness = open(folder.path(), &[&log]).unwrap();
    assert!(matches!(open(folder.path(), &[&log]), Err(WitnessError::Taken(_))));
    witness.add_checkpoint(log.request(0, 20).as_bytes()).unwrap();
    drop(witness);
    let witness = open(folder.path(), &[&log]).unwrap();
    let refused = witness.add_checkpoint(log.request(0, 20).as_bytes()).unwrap_err();
    assert_eq!(refused, AddError::Conflict { size: TreeSize(20) });
    witness.add_checkpoint(log.request(20, 40).as_bytes()).unwrap();
}

#[test]
fn a_book_cut_at_any_byte_is_taken_up_and_one_changed_at_any_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 40);
    let witness = open(folder.path(), &[&log]).unwrap();
    let book = folder.path().join(format!("{}.book", origin_hash(ORIGIN)));
    let mut ends = vec![0];
    for (old, new) in [(0, 5), (5, 11), (11, 12)] {
        witness.add_checkpoint(log.request(old, new).as_bytes()).unwrap();
        ends.push(usize::try_from(fs::metadata(&book).unwrap().len()).unwrap());
    }
    drop(witness);
    let whole = fs::read(&book).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&book, &whole[..cut]).unwrap();
        let witness = open(folder.path(), &[&log]).unwrap();
        let records = ends.iter().filter(|end| **end <= cut).count() - 1;
        assert_eq!(witness.status()[0].size, [0, 5, 11, 12][records], "{cut}");
        assert_eq!(fs::metadata(&book).unwrap().len(), ends[records] as u64, "{cut}");
    }
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x01;
        fs::write(&book, &changed).unwrap();
        assert!(matches!(open(folder.path(), &[&log]), Err(WitnessError::Book(_))), "{place}");
        assert_eq!(fs::read(&book).unwrap(), changed, "it is left for somebody to look at");
    }
}

#[tokio::test]
async fn the_client_takes_the_size_that_it_is_told_and_believes_no_wrong_line() {
    let folder = tempfile::tempdir().unwrap();
    let (log, other) = (Log::new(ORIGIN, 64), Log::forked(ORIGIN, 64, 0));
    let served = Served::start(open(folder.path(), &[&log]).unwrap()).await;
    let key = witness_signer().verifier_key().clone();
    let client = WitnessClient::new(&served.url, key.clone()).unwrap();
    let cosign = async |known: u64, log: &Log, new: u64| {
        let prove = |old: TreeSize| std::future::ready(Ok::<_, String>(log.proof(old.0, new)));
        client.cosign(TreeSize(known), &log.checkpoint(new), prove).await
    };
    cosign(0, &log, 20).await.unwrap();
    let line = cosign(0, &log, 33).await.unwrap();
    key.verify(&log.checkpoint(33).checkpoint.to_string(), &line).unwrap();
    cosign(60, &log, 40).await.unwrap();
    assert_eq!(cosign(20, &log, 30).await, Err(ClientError::Ahead { size: TreeSize(40) }));
    assert!(matches!(cosign(40, &other, 50).await, Err(ClientError::Refused { status: 422, .. })));
    // Another key of the same name: its line is not there.
    let other_key = support::signer(support::WITNESS, key.key_type(), 1).verifier_key().clone();
    let stranger = WitnessClient::new(&served.url, other_key).unwrap();
    let add = stranger.add(TreeSize(40), &[], &log.checkpoint(40)).await;
    assert_eq!(add, Err(ClientError::Malformed));
    for (url, key) in [("https://a.example", key.clone()), ("nowhere", key), ("http://a.example", log.key())]
    {
        assert_eq!(WitnessClient::new(url, key).unwrap_err(), ClientError::Unfit);
    }
    served.stop().await;
    assert!(matches!(
        client.add(TreeSize(40), &[], &log.checkpoint(40)).await,
        Err(ClientError::Unreachable(_))
    ));
}
