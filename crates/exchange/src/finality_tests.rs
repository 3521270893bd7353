//! Four exchanges and the checkpoints of one of them, `sh`.

use super::*;
use crate::pool::SubmitError;
use databourse_ledger::{Checkpoint, NoteKeyType, NoteSigner, SigningKey};
use databourse_merkle::{TileEdge, leaf_hash};
use databourse_primitives::{Height, Timestamp};

const ORIGIN: &str = "databourse.example/delta";
const CODES: [&str; 4] = ["ah", "js", "sh", "zj"];

fn signers(code: &str) -> (NoteSigner, NoteSigner) {
    let seed = code.as_bytes()[0];
    let log = SigningKey::from_seed([seed; 32]);
    let witness = SigningKey::from_seed([seed.wrapping_add(100); 32]);
    (
        NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, log).unwrap(),
        NoteSigner::new(format!("{ORIGIN}/{code}"), NoteKeyType::CosignatureV1, witness).unwrap(),
    )
}

fn cosigners() -> Arc<Cosigners> {
    let keys: [(ExchangeCode, _); 4] = CODES.map(|code| (code.parse().unwrap(), signers(code)));
    Arc::new(Cosigners {
        logs: keys.iter().map(|(_, (log, _))| log.verifier_key().clone()).collect(),
        witnesses: keys.iter().map(|(code, (_, key))| (code.clone(), key.verifier_key().clone())).collect(),
    })
}

/// The tree of `size` leaves, as an exchange that executed `history` has it.
fn edge(size: u64, history: &str) -> TileEdge {
    let mut edge = TileEdge::new();
    for index in 0..size {
        edge.push(leaf_hash(format!("{history} {index}").as_bytes()), &mut Vec::new());
    }
    edge
}

fn signed(code: &str, size: u64, history: &str) -> SignedCheckpoint {
    let (log, witness) = signers(code);
    let tree = edge(size, history);
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: TreeSize(size), root: tree.root() };
    let mut signed = checkpoint.sign(&log).unwrap();
    signed.cosign(&witness, 1_767_574_800).unwrap();
    signed
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What the node of `code` makes of its own commit; it need not be a member.
fn committed_by(finality: &mut Finality, code: &str, size: u64) -> Progress {
    let tree = edge(size, "one");
    let published = Published {
        checkpoint: String::new(),
        size: TreeSize(size),
        root: tree.root(),
        height: Height(size),
        time: Timestamp::EPOCH,
        cosigned_by: BTreeSet::new(),
        signed: None,
        edge: tree,
    };
    finality.committed(published, signed(code, size, "one"), cosigners())
}

fn commit(finality: &mut Finality, size: u64) -> Progress {
    committed_by(finality, "sh", size)
}

fn shown_size(progress: &Progress) -> Option<u64> {
    progress.shown.as_ref().map(|shown| shown.size.0)
}

#[test]
fn three_of_four_make_a_checkpoint_final_whenever_their_signatures_come() {
    let mut finality = Finality::default();
    // One comes before the own commit, the same one again, and one after.
    finality.cosigned(None, signed("js", 5, "one"));
    finality.cosigned(None, signed("js", 5, "one"));
    assert_eq!(shown_size(&commit(&mut finality, 5)), None);
    assert_eq!(shown_size(&finality.cosigned(None, signed("js", 5, "one"))), None);
    let progress = finality.cosigned(None, signed("ah", 5, "one"));
    let shown = progress.shown.expect("three of four");
    let checkpoint = SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap();
    assert!(
        cosigners().policy().unwrap().check(&checkpoint).is_ok(),
        "the policy that is served says the same"
    );
    // The fourth joins the checkpoint that is shown.
    let late = finality.cosigned(None, signed("zj", 5, "one")).shown.expect("shown again");
    assert_eq!(late.cosigned_by.len(), 4);
}

#[test]
fn a_later_final_checkpoint_stands_for_those_before_it() {
    let mut finality = Finality::default();
    commit(&mut finality, 5);
    let (author, mut answer) = oneshot::channel();
    let reply = || Err(SubmitError::Unavailable { reason: "asked".to_owned() });
    assert!(finality.answer_when_final(5, vec![(author, reply())], now()).is_empty());
    commit(&mut finality, 7);
    finality.cosigned(None, signed("js", 7, "one"));
    let progress = finality.cosigned(None, signed("zj", 7, "one"));
    assert_eq!(shown_size(&progress), Some(7));
    crate::publisher::give(progress.answers);
    assert_eq!(answer.try_recv().unwrap(), reply());
    // What is smaller never comes back, and rests on a final checkpoint already.
    assert_eq!(shown_size(&finality.cosigned(None, signed("ah", 5, "one"))), None);
    let (author, _answer) = oneshot::channel();
    assert_eq!(finality.answer_when_final(6, vec![(author, reply())], now()).len(), 1);
}

#[test]
fn a_signature_that_is_forged_foreign_or_for_another_root_counts_for_nothing() {
    let mut finality = Finality::default();
    commit(&mut finality, 5);
    let mut forged = signed("js", 5, "one");
    forged.signatures.iter_mut().for_each(|line| line.bytes[20] ^= 1);
    assert_eq!(shown_size(&finality.cosigned(None, forged)), None);
    assert_eq!(shown_size(&finality.cosigned(None, signed("xx", 5, "one"))), None);
    let progress = finality.cosigned(None, signed("js", 5, "another"));
    assert_eq!(shown_size(&progress), None);
    assert_eq!(progress.forks.len(), 1, "who signs another root is named");
    assert_eq!(progress.forks[0].exchange.as_str(), "js");
    assert_eq!(
        shown_size(&finality.cosigned(None, signed("zj", 5, "one"))),
        None,
        "sh and zj are two of four"
    );
}

#[test]
fn a_node_that_is_no_member_shows_what_the_members_signed_and_counts_its_own_signature_for_nothing() {
    let mut finality = Finality::default();
    committed_by(&mut finality, "xx", 5);
    finality.cosigned(None, signed("js", 5, "one"));
    assert_eq!(shown_size(&finality.cosigned(None, signed("ah", 5, "one"))), None, "two of four");
    let shown = finality.cosigned(None, signed("zj", 5, "one")).shown.expect("three of four");
    assert!(shown.cosigned_by.iter().all(|code| code.as_str() != "xx"), "{:?}", shown.cosigned_by);
    let checkpoint = SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap();
    assert!(cosigners().policy().unwrap().check(&checkpoint).is_ok(), "a member signed it as the log");
}

#[test]
fn what_is_told_early_is_bounded_and_nobody_crowds_out_what_another_sends() {
    let mut finality = Finality::default();
    let [js, zj]: [ExchangeCode; 2] = ["js", "zj"].map(|code| code.parse().unwrap());
    for size in 1..100 {
        finality.cosigned(Some(&js), signed("js", size, "one"));
        finality.cosigned(Some(&zj), signed("zj", 200 + size, "one"));
    }
    assert!(finality.early.values().all(|sizes| sizes.len() <= EARLY_SIZES_MAX));
    // The latest are kept: they are the ones that this node is about to reach.
    assert!(finality.early[&Some(js)].contains_key(&99));
    commit(&mut finality, 99);
    assert_eq!(shown_size(&finality.cosigned(None, signed("ah", 99, "one"))), Some(99), "sh, js and ah");
}

#[test]
fn twenty_exchanges_may_all_be_early() {
    let codes: Vec<ExchangeCode> = ('a'..='t').map(|letter| format!("x{letter}").parse().unwrap()).collect();
    let mut finality = Finality::default();
    for code in &codes {
        for size in 1..=10 {
            finality.cosigned(Some(code), signed("js", size, "one"));
        }
    }
    assert_eq!(finality.early.len(), 20);
    assert!(finality.early.values().all(|sizes| sizes.len() == 10));
}

#[test]
fn a_signature_that_reached_one_of_the_others_only_comes_with_what_that_one_says_again() {
    let mut finality = Finality::default();
    commit(&mut finality, 5);
    // js tells ah alone. What ah says every second carries both.
    let mut of_ah = signed("ah", 5, "one");
    let js = signed("js", 5, "one").signatures.pop().unwrap();
    of_ah.add(js);
    let shown = finality.cosigned(None, of_ah).shown.expect("three of four");
    assert_eq!(shown.cosigned_by.len(), 3);
}

#[test]
fn who_hides_its_signatures_is_named_and_who_is_only_late_is_not() {
    let mut finality = Finality::default();
    let [js, zj]: [ExchangeCode; 2] = ["js", "zj"].map(|code| code.parse().unwrap());
    let mut named = Vec::new();
    for size in 1..=10 {
        commit(&mut finality, size);
        finality.cosigned(Some(&zj), signed("zj", size, "one"));
        assert_eq!(shown_size(&finality.cosigned(None, signed("ah", size, "one"))), Some(size));
        named.push(finality.missing().get(&js).copied());
    }
    assert_eq!(named[..3], [None; 3], "one or two may be lost on the way");
    assert_eq!(named[9], Some(9));
    assert_eq!(finality.missing().len(), 1, "nobody else is missing");
    // An old signature that somebody says again is no sign of life; one that is late is, once.
    finality.cosigned(None, signed("js", 8, "one"));
    assert!(finality.missing().is_empty());
    for size in 11..=14 {
        commit(&mut finality, size);
        finality.cosigned(Some(&zj), signed("zj", size, "one"));
        finality.cosigned(None, signed("ah", size, "one"));
        finality.cosigned(None, signed("js", 8, "one"));
    }
    assert_eq!(finality.missing().keys().collect::<Vec<_>>(), [&js]);
    // The one that is shown may still be signed.
    finality.cosigned(Some(&js), signed("js", 14, "one"));
    assert!(finality.missing().is_empty());
}

#[test]
fn who_waits_for_a_final_checkpoint_is_counted_until_it_comes() {
    let mut finality = Finality::default();
    commit(&mut finality, 5);
    assert_eq!(finality.waiting_since(), None);
    let (author, _answer) = oneshot::channel();
    let reply = Err(SubmitError::Unavailable { reason: "asked".to_owned() });
    let since = now();
    finality.answer_when_final(5, vec![(author, reply)], since);
    assert_eq!(finality.waiting_since(), Some(since));
    finality.cosigned(None, signed("js", 5, "one"));
    assert_eq!(finality.waiting_since(), Some(since), "two of four");
    finality.cosigned(None, signed("zj", 5, "one"));
    assert_eq!(finality.waiting_since(), None);
}
