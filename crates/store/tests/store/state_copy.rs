//! Snapshots of the state: out of one database, into another.

use crate::fixture::{DIGEST, Ledger, head, one_of_each, order};
use databourse_market::Record;
use databourse_primitives::{Digest, Height};
use databourse_store::{
    Agreement, ExpectedState, StateCopy, StateCopyError, StateSummary, Store, StoreError,
};
use databourse_testkit::TestDatabase;

/// More than a full tile of leaves, a record of every kind, and records that are written twice.
async fn grown() -> Ledger {
    let mut ledger = Ledger::create().await;
    let batch = ledger.next(300, one_of_each(), Vec::new());
    ledger.writer.commit(&batch).await.unwrap();
    ledger.commit(vec![head("window:CNY/2", 7), order(8, 3, Some("r-1"), None)]).await;
    ledger.commit(Vec::new()).await;
    ledger
}

async fn copied(ledger: &Ledger) -> (Vec<u8>, StateSummary) {
    let copy = StateCopy::begin(ledger.database.config()).await.unwrap().unwrap();
    let mut file = Vec::new();
    let summary = copy.write(&mut file).await.unwrap();
    (file, summary)
}

fn expected(summary: &StateSummary) -> ExpectedState {
    let StateSummary { head, row_count, digest } = *summary;
    ExpectedState { height: head.height, tree_size: head.tree_size, root: head.root, row_count, digest }
}

async fn empty() -> TestDatabase {
    let database = TestDatabase::create().await;
    Store::migrate(database.config()).await.unwrap();
    database
}

async fn read(
    database: &TestDatabase,
    file: &[u8],
    expected: &ExpectedState,
) -> Result<StateSummary, StateCopyError> {
    Store::read_state(database.config(), &mut &file[..], expected, None).await
}

#[tokio::test]
async fn what_is_read_is_what_was_written_and_the_ledger_goes_on_from_there() {
    let mut ledger = grown().await;
    let (file, summary) = copied(&ledger).await;
    assert_eq!(Some(summary.head), ledger.store.chain_head().await.unwrap());
    let database = empty().await;
    assert_eq!(read(&database, &file, &expected(&summary)).await.unwrap(), summary);

    let other = Store::connect(database.config(), 2).await.unwrap();
    assert_eq!(other.tree_edge().await.unwrap(), ledger.edge);
    assert_eq!(other.counts().await.unwrap(), ledger.store.counts().await.unwrap());
    let height = summary.head.height;
    assert_eq!(other.agreement(height).await.unwrap(), ledger.store.agreement(height).await.unwrap());
    let keys = one_of_each().iter().map(Record::key).collect();
    assert_eq!(other.load(&keys).await.unwrap(), ledger.store.load(&keys).await.unwrap());

    let next = ledger.next(2, vec![head("window:CNY/2", 8)], Vec::new());
    let mut writer = databourse_store::Writer::connect(database.config()).await.unwrap();
    writer.commit(&next).await.unwrap();
    ledger.writer.commit(&next).await.unwrap();
    let again = StateCopy::begin(database.config()).await.unwrap().unwrap();
    let mut file = Vec::new();
    let summary = again.write(&mut file).await.unwrap();
    assert_eq!((file, summary), copied(&ledger).await);
}

#[tokio::test]
async fn the_same_ledger_gives_the_same_bytes_and_votes_are_not_under_the_digest() {
    let (one, other) = (grown().await, grown().await);
    let (file, summary) = copied(&one).await;
    assert_eq!(copied(&other).await, (file.clone(), summary));
    // Rows that were written in another order, and votes that came in otherwise.
    other.tamper("UPDATE head SET record = record WHERE name LIKE '%'").await;
    other
        .tamper(r#"UPDATE block_agreement SET round = 3, precommits = '{"sh": "x"}' WHERE height = 2"#)
        .await;
    let (differing, same) = copied(&other).await;
    assert_ne!(differing, file);
    assert_eq!(same, summary);
    other.tamper("UPDATE block_agreement SET turn = 'js' WHERE height = 2").await;
    assert_ne!(copied(&other).await.1.digest, summary.digest);
}

#[tokio::test]
async fn a_copy_is_of_the_moment_at_which_it_was_begun() {
    let mut ledger = grown().await;
    let (_, before) = copied(&ledger).await;
    let copy = StateCopy::begin(ledger.database.config()).await.unwrap().unwrap();
    ledger.commit(vec![head("window:CNY/2", 9)]).await;
    assert_eq!(copy.head(), &before.head);
    assert_eq!(copy.write(&mut tokio::io::sink()).await.unwrap(), before);
    assert_ne!(copied(&ledger).await.1, before);
    assert!(StateCopy::begin(empty().await.config()).await.unwrap().is_none(), "no block yet");
}

/// What is refused leaves nothing behind: the right file can be read afterwards.
#[tokio::test]
async fn a_file_that_is_not_the_expected_one_is_refused_and_changes_nothing() {
    let ledger = grown().await;
    let (file, summary) = copied(&ledger).await;
    let right = expected(&summary);
    let database = empty().await;
    let check =
        async |name: &str, file: &[u8], expected: &ExpectedState, accept: fn(&StateCopyError) -> bool| {
            let error = read(&database, file, expected).await.unwrap_err();
            assert!(accept(&error), "{name}: {error:?}");
            let store = Store::connect(database.config(), 1).await.unwrap();
            assert_eq!(store.chain_head().await.unwrap(), None, "{name}");
            assert!(store.counts().await.unwrap().values().all(|count| *count == 0), "{name}");
        };

    let is_malformed = |error: &StateCopyError| matches!(error, StateCopyError::Malformed(_));
    let is_cut = |error: &StateCopyError| {
        matches!(error, StateCopyError::Stream(_) | StateCopyError::Store(StoreError::Refused { .. }))
    };
    for length in [0, 10, 40, file.len() / 3, file.len() / 2, file.len() - 4, file.len() - 1] {
        check("cut off", &file[..length], &right, is_cut).await;
    }
    check("longer", &[&file[..], &[0]].concat(), &right, is_malformed).await;
    let mut version = file.clone();
    version[21] = b'2';
    check("another version", &version, &right, is_malformed).await;
    check("no snapshot", &[b'x'; 100], &right, is_malformed).await;

    let differs = |error: &StateCopyError| matches!(error, StateCopyError::Differs { .. });
    let others = [
        ExpectedState { digest: DIGEST.parse().unwrap(), ..right },
        ExpectedState { row_count: right.row_count + 1, ..right },
        ExpectedState { height: right.height.next(), ..right },
        ExpectedState { tree_size: right.tree_size + 1, ..right },
        ExpectedState { root: databourse_merkle::EMPTY_ROOT, ..right },
    ];
    for other in &others {
        check("another state", &file, other, differs).await;
    }
    // One byte of a title, of an exchange's code, of an entry: still rows that the tables take.
    let refused = |error: &StateCopyError| {
        matches!(
            error,
            StateCopyError::Differs { .. }
                | StateCopyError::Store(StoreError::Damaged(_) | StoreError::Refused { .. })
        )
    };
    let mut entry = file.clone();
    let at = place_of(&file, &299_u64.to_be_bytes(), 4);
    entry[at + 7] ^= 1;
    check("another entry", &entry, &right, refused).await;
    let mut record = file.clone();
    let at = place_of(&file, "Port traffic".as_bytes(), 0);
    record[at] = b'p';
    check("another record", &record, &right, differs).await;

    read(&database, &file, &right).await.unwrap();
    let error = read(&database, &file, &right).await.unwrap_err();
    assert!(matches!(error, StateCopyError::NotEmpty("chain_head")), "{error}");
}

/// Where `bytes` stand in `file`; with a length, behind that length in four bytes.
fn place_of(file: &[u8], bytes: &[u8], length_bytes: usize) -> usize {
    let mut wanted = u32::try_from(bytes.len()).unwrap().to_be_bytes()[..length_bytes].to_vec();
    wanted.extend_from_slice(bytes);
    // The last place: keys of the same bytes come before values.
    let found = file.windows(wanted.len()).rposition(|window| window == wanted);
    found.unwrap() + length_bytes
}

/// A digest agrees with itself only if the entries do too: who can choose the digest cannot choose other entries.
#[tokio::test]
async fn entries_must_give_the_root_whatever_the_digest_says() {
    let ledger = grown().await;
    ledger.tamper(r"UPDATE entry SET bytes = '\x00' WHERE leaf_index = 5").await;
    let (file, summary) = copied(&ledger).await;
    let database = empty().await;
    let error = read(&database, &file, &expected(&summary)).await.unwrap_err();
    assert!(matches!(error, StateCopyError::Store(StoreError::Damaged(_))), "{error}");
    ledger.tamper(&format!(r"UPDATE entry SET leaf_hash = '\x{}' WHERE leaf_index = 5", hex_of(&[0]))).await;
    let (file, summary) = copied(&ledger).await;
    let error = read(&database, &file, &expected(&summary)).await.unwrap_err();
    assert!(matches!(error, StateCopyError::Differs { what: "the root", .. }), "{error}");
}

fn hex_of(entry: &[u8]) -> String {
    databourse_merkle::leaf_hash(entry).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn nothing_is_read_beside_a_node_that_runs() {
    let ledger = grown().await;
    let (file, summary) = copied(&ledger).await;
    let database = empty().await;
    let _writer = databourse_store::Writer::connect(database.config()).await.unwrap();
    let error = read(&database, &file, &expected(&summary)).await.unwrap_err();
    assert!(matches!(error, StateCopyError::Store(StoreError::LockedByAnother)), "{error}");
}

#[tokio::test]
async fn every_block_must_have_been_agreed() {
    let ledger = grown().await;
    let (file, summary) = copied(&ledger).await;
    let database = empty().await;
    let right = expected(&summary);
    let blocks = ledger.store.blocks(Height(1), 10).await.unwrap();
    let is_agreed = |but: u64| {
        let ids: Vec<_> = blocks.iter().map(|block| (block.height, block.id)).collect();
        move |exchanges: &[Record], height: Height, id: Digest, agreement: &Agreement| {
            assert_eq!((exchanges.len(), agreement.turn.as_str()), (1, "sh"));
            ids.contains(&(height, id)) && height.0 != but
        }
    };
    let error = Store::read_state(database.config(), &mut &file[..], &right, Some(&is_agreed(3))).await;
    assert!(matches!(error, Err(StateCopyError::Malformed(_))), "{error:?}");
    let store = Store::connect(database.config(), 1).await.unwrap();
    assert_eq!(store.chain_head().await.unwrap(), None);
    Store::read_state(database.config(), &mut &file[..], &right, Some(&is_agreed(4))).await.unwrap();
}
