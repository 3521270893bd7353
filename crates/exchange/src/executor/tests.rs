//! A second node follows the first: what it checks before it votes, and that it comes to the same bytes.

use super::{build::header_id, *};
use crate::{
    gossip::{Message, Outbox},
    publisher::Signers,
};
use databourse_ledger::{BlockHeader, Claims, Entry, NoteKeyType, NoteSigner};
use databourse_market::{Command, Decoded};
use databourse_primitives::{RefusalCode, TreeSize};
use databourse_store::{Store, Writer};
use databourse_testkit::TestDatabase;
use serde_json::{Value, json, value::RawValue};
use std::num::NonZeroUsize;
use tokio::sync::oneshot;

const ORIGIN: &str = "databourse.example/delta";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

async fn executor(database: &TestDatabase) -> Executor {
    start(database, "sh", 1, None).await
}

/// An executor of `code`, which signs with the entry key of `seed`.
async fn start(database: &TestDatabase, code: &str, seed: u8, peers: Option<Outbox>) -> Executor {
    Store::migrate(database.config()).await.unwrap();
    let exchange: ExchangeCode = code.parse().unwrap();
    let signers = Signers { log_key: key(seed + 10), cosignature_key: key(seed + 20), peers: peers.clone() };
    let parts = Parts {
        pool: Arc::new(Pool::new(100, peers)),
        store: Database::new(Store::connect(database.config(), 2).await.unwrap(), database.config()),
        writer: Some(Writer::connect(database.config()).await.unwrap()),
        working_set: WorkingSet::new(NonZeroUsize::new(4).unwrap()),
        clock: Arc::new(Clock::stepped("2026-01-05T01:00:00Z".parse().unwrap())),
        publisher: Arc::new(Publisher::new(ORIGIN.parse().unwrap(), exchange.clone(), signers).unwrap()),
        exchange,
        entry_key: key(seed),
        founding: vec![founding_by(code, seed)],
        evidence: mpsc::unbounded_channel().0,
        snapshots: Arc::default(),
        reports: Reports::default(),
    };
    Executor::start(parts).await.unwrap()
}

fn signed(number: u64, entry_type: &str, body: &Value) -> SignedCommand {
    signed_by("sh", 1, number, entry_type, body)
}

fn signed_by(code: &str, seed: u8, number: u64, entry_type: &str, body: &Value) -> SignedCommand {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id: format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap(),
        exchange: code.parse().unwrap(),
        issued_at_s: 1_767_574_800,
        on_behalf_of: None,
        body: RawValue::from_string(body.to_string()).unwrap(),
    };
    let entry = Entry::sign(&claims, &key(seed)).unwrap();
    Decoded::new(entry).unwrap().verify(&key(seed).public_key()).unwrap()
}

/// A region of two exchanges, `sh` and `js`.
fn founding_by(code: &str, seed: u8) -> SignedCommand {
    let exchange = |code: &str, seed: u8| {
        json!({
            "code": code, "name": { "en": code }, "entry_key": key(seed).public_key(),
            "checkpoint_key": key(seed + 10).public_key(), "cosignature_key": key(seed + 20).public_key(),
            "consensus_key": key(seed + 30).public_key(),
        })
    };
    let body = json!({
        "name": { "en": "Delta" }, "origin": ORIGIN, "assets": ["CNY/2"],
        "exchanges": [exchange("js", 4), exchange("sh", 1)],
    });
    signed_by(code, seed, 1, "region.found", &body)
}

fn certify(number: u64, name: &str) -> SignedCommand {
    let body = json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": ["buyer"],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
    });
    signed(number, "party.certify", &body)
}

fn certify_with_key(number: u64, name: &str, seed: u8) -> SignedCommand {
    let body = json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": ["buyer"],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
        "keys": [key(seed).public_key()],
    });
    signed(number, "party.certify", &body)
}

/// Builds and commits one block of `commands`.
async fn lead(leader: &mut Executor, commands: Vec<SignedCommand>) -> Block {
    drop(leader.parts.pool.push(commands).unwrap());
    let height = leader.height.next();
    let block = leader.build(height, Demand::IfAccepted).await.unwrap().expect("an accepted command");
    assert_eq!(leader.check(&block).await.unwrap(), Verdict::Valid);
    leader.commit(block.clone(), CommitCertificate::solo()).await.unwrap();
    block
}

async fn follow(follower: &mut Executor, block: &Block) {
    assert_eq!(follower.check(block).await.unwrap(), Verdict::Valid);
    follower.commit(block.clone(), CommitCertificate::solo()).await.unwrap();
}

fn forged(fields: BlockHeader, commands: Vec<Entry>) -> Block {
    let id = header_id(&"sh".parse().unwrap(), &fields);
    Block::new(fields, id, "sh".parse().unwrap(), commands, &key(1)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_executes_every_block_and_comes_to_the_same_root() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut leader, mut follower) = tokio::join!(executor(&one), executor(&two));
    let first = lead(&mut leader, Vec::new()).await;
    follow(&mut follower, &first).await;
    for number in 0..5 {
        let commands = (0..3).map(|index| certify(10 + number * 3 + index, &format!("p{number}-{index}")));
        let block = lead(&mut leader, commands.collect()).await;
        follow(&mut follower, &block).await;
        assert_eq!(follower.edge.root(), leader.edge.root());
        // Delivered twice, committed once.
        follower.commit(block, CommitCertificate::solo()).await.unwrap();
        assert_eq!(follower.height, leader.height);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_votes_a_wrong_block_down_and_says_why() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut leader, mut follower) = tokio::join!(executor(&one), executor(&two));
    let first = lead(&mut leader, Vec::new()).await;
    follow(&mut follower, &first).await;
    let second = lead(&mut leader, vec![certify(10, "a")]).await;
    let fields = second.header_fields().unwrap();

    let other_effects = BlockHeader { effects_digest: Digest::of(b"other"), ..fields.clone() };
    let verdict = follower.check(&forged(other_effects, second.commands.clone())).await.unwrap();
    assert!(matches!(verdict, Verdict::EffectsDiffer { computed, .. } if computed == fields.effects_digest));

    for (changed, what) in [
        (BlockHeader { height: Height(9), ..fields.clone() }, "height"),
        (BlockHeader { time: Timestamp::EPOCH, ..fields.clone() }, "time"),
        (BlockHeader { previous_size: TreeSize(1), ..fields.clone() }, "size"),
        (BlockHeader { previous_root: databourse_merkle::empty_root(), ..fields.clone() }, "root"),
    ] {
        let verdict = follower.check(&forged(changed, second.commands.clone())).await.unwrap();
        assert!(matches!(verdict, Verdict::Malformed { .. }), "{what}: {verdict:?}");
    }

    let twice = vec![certify(10, "a").entry().clone(), certify(10, "a").entry().clone()];
    let header = BlockHeader::for_commands(
        fields.height,
        fields.time,
        &twice,
        fields.effects_digest,
        fields.previous_size,
        fields.previous_root,
    );
    let verdict = follower.check(&forged(header, twice)).await.unwrap();
    assert!(matches!(verdict, Verdict::CommandRefused { position: 1, .. }), "{verdict:?}");

    let stranger = signed_by_stranger();
    let header = BlockHeader::for_commands(
        fields.height,
        fields.time,
        std::slice::from_ref(&stranger),
        fields.effects_digest,
        fields.previous_size,
        fields.previous_root,
    );
    let verdict = follower.check(&forged(header, vec![stranger])).await.unwrap();
    assert!(
        matches!(&verdict, Verdict::CommandRefused { refusal, .. } if refusal.code == RefusalCode::KeyUnknown),
        "{verdict:?}"
    );

    follow(&mut follower, &second).await;
    assert_eq!(follower.edge.root(), leader.edge.root());
    let unchecked = forged(BlockHeader { height: Height(3), ..fields }, second.commands.clone());
    let error = follower.commit(unchecked, CommitCertificate::solo()).await.unwrap_err();
    assert!(matches!(error, ExecutorError::Unchecked(Height(3))), "{error}");
}

fn signed_by_stranger() -> Entry {
    let command = certify(10, "a");
    let claims = command.entry().claims().clone();
    assert!(matches!(command.command(), Command::CertifyParty(_)));
    Entry::sign(&claims, &key(99)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_whose_proposer_is_a_stranger_is_voted_down() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut leader, mut follower) = tokio::join!(executor(&one), executor(&two));
    let first = lead(&mut leader, Vec::new()).await;
    follow(&mut follower, &first).await;
    let with_key = certify_with_key(9, "own", 55);
    let before = lead(&mut leader, vec![with_key]).await;
    follow(&mut follower, &before).await;
    let second = lead(&mut leader, vec![certify(10, "a")]).await;
    let fields = second.header_fields().unwrap();
    let id = header_id(&"sh".parse().unwrap(), &fields);
    // 99 is nobody's key, 55 a party's: neither proposes blocks.
    for seed in [99, 55] {
        let commands = second.commands.clone();
        let stolen = Block::new(fields.clone(), id, "sh".parse().unwrap(), commands, &key(seed)).unwrap();
        let verdict = follower.check(&stolen).await.unwrap();
        assert!(matches!(verdict, Verdict::Malformed { .. }), "{verdict:?}");
    }
}

/// What an author of that node is told, once everything on its way has landed.
async fn answer(node: &mut Executor, mut author: oneshot::Receiver<Reply>) -> Option<Reply> {
    node.settle().await.unwrap();
    author.try_recv().ok()
}

fn push(node: &Executor, command: SignedCommand) -> oneshot::Receiver<Reply> {
    node.parts.pool.push(vec![command]).unwrap().pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_is_answered_whoever_proposed_the_block() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut sh, mut js) = tokio::join!(executor(&one), start(&two, "js", 4, None));
    let first = lead(&mut sh, Vec::new()).await;
    follow(&mut js, &first).await;
    // The command came to js, which told sh of it; js also has one that sh never heard of.
    let author = push(&js, certify(10, "a"));
    let other = push(&js, certify(11, "b"));
    sh.parts.pool.admit(vec![certify(10, "a")]);
    let block = lead(&mut sh, Vec::new()).await;
    assert_eq!(block.commands.len(), 1);
    follow(&mut js, &block).await;
    let told = answer(&mut js, author).await.expect("an answer").unwrap();
    assert_eq!((told.height, told.repeated), (Height(2), false));
    assert_eq!(answer(&mut js, other).await, None, "it still waits");
    assert_eq!((sh.parts.pool.len(), js.parts.pool.len()), (0, 1));
    // js proposes what is left; its answer names the place.
    let block = lead(&mut js, Vec::new()).await;
    follow(&mut sh, &block).await;
    assert_eq!(block.commands.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_rests_on_an_own_block_is_only_given_if_that_block_is_agreed() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut sh, mut js) = tokio::join!(executor(&one), start(&two, "js", 4, None));
    let first = lead(&mut sh, Vec::new()).await;
    follow(&mut js, &first).await;
    // Two certify the same party; in sh's own block the second is refused.
    let winner = push(&sh, certify(10, "a"));
    let loser = push(&sh, certify(11, "a"));
    let own = sh.build(Height(2), Demand::IfAccepted).await.unwrap().unwrap();
    assert_eq!(own.commands.len(), 1);
    // But the region agrees on a block of js, which holds neither.
    let agreed = lead(&mut js, vec![certify(12, "c")]).await;
    follow(&mut sh, &agreed).await;
    assert_eq!((answer(&mut sh, winner).await, answer(&mut sh, loser).await), (None, None));
    assert_eq!(sh.parts.pool.len(), 2);
    // Now sh's turn comes again, and both have their answers.
    let (winner, loser) = (push(&sh, certify(10, "a")), push(&sh, certify(11, "a")));
    let own = lead(&mut sh, Vec::new()).await;
    follow(&mut js, &own).await;
    assert!(answer(&mut sh, winner).await.expect("an answer").is_ok());
    let refused = answer(&mut sh, loser).await.expect("an answer").unwrap_err();
    assert!(matches!(refused, SubmitError::Refused(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_committed_state_refuses_costs_the_region_no_block() {
    let one = TestDatabase::create().await;
    let mut sh = executor(&one).await;
    lead(&mut sh, Vec::new()).await;
    lead(&mut sh, vec![certify(10, "a")]).await;
    let refused = push(&sh, certify(11, "a"));
    assert!(!sh.screen().await.unwrap(), "nothing is left that waits");
    assert!(matches!(answer(&mut sh, refused).await, Some(Err(SubmitError::Refused(_)))));
    let repeated = push(&sh, certify(10, "a"));
    assert!(!sh.screen().await.unwrap());
    assert!(answer(&mut sh, repeated).await.expect("an answer").unwrap().repeated);
    // A refusal that stands beside an acceptable command waits for the block.
    let (accepted, second) = (push(&sh, certify(12, "b")), push(&sh, certify(13, "b")));
    assert!(sh.screen().await.unwrap());
    assert_eq!((answer(&mut sh, accepted).await, answer(&mut sh, second).await), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_is_answered_again_once_its_block_is_final_and_not_before() {
    let one = TestDatabase::create().await;
    let (outbox, mut outgoing) = Outbox::new(64);
    let mut sh = start(&one, "sh", 1, Some(outbox)).await;
    lead(&mut sh, Vec::new()).await;
    lead(&mut sh, vec![certify(10, "a")]).await;
    let repeated = push(&sh, certify(10, "a"));
    assert!(!sh.screen().await.unwrap(), "nothing is left that waits");
    let mut cosigned = None;
    while let Ok(bytes) = outgoing.try_recv() {
        if let Some(Message::Cosignature(checkpoint)) = Message::parse(&bytes) {
            cosigned = Some(*checkpoint);
        }
    }
    let mut repeated = repeated;
    assert!(repeated.try_recv().is_err(), "js has not signed that it holds the block");
    let js = NoteSigner::new(format!("{ORIGIN}/js"), NoteKeyType::CosignatureV1, key(24)).unwrap();
    let mut cosigned = cosigned.expect("a checkpoint for js");
    cosigned.cosign(&js, 1_767_574_800).unwrap();
    assert!(sh.parts.publisher.cosigned(None, cosigned).is_empty());
    assert!(repeated.await.unwrap().unwrap().repeated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_block_without_a_command_is_a_header_alone() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut sh, mut js) = tokio::join!(executor(&one), start(&two, "js", 4, None));
    let first = lead(&mut sh, Vec::new()).await;
    follow(&mut js, &first).await;
    assert_eq!(sh.build(Height(2), Demand::IfAccepted).await.unwrap(), None);
    let empty = sh.build(Height(2), Demand::Always).await.unwrap().unwrap();
    assert!(empty.commands.is_empty());
    follow(&mut js, &empty).await;
    assert_eq!(js.edge.size(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_block_is_the_founding_that_every_exchange_is_configured_with() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut sh, mut js) = tokio::join!(executor(&one), start(&two, "js", 4, None));
    // A waiting command does not get into it.
    let _waits = push(&sh, certify(10, "a"));
    let first = sh.build(Height(1), Demand::Always).await.unwrap().unwrap();
    assert_eq!(first.commands.len(), 1);
    let body = json!({
        "name": { "en": "Another" }, "origin": ORIGIN, "assets": ["CNY/2"], "exchanges": [{
            "code": "sh", "name": { "en": "sh" }, "entry_key": key(1).public_key(),
            "checkpoint_key": key(11).public_key(), "cosignature_key": key(21).public_key(),
            "consensus_key": key(31).public_key(),
        }],
    });
    js.parts.founding = vec![signed(1, "region.found", &body)];
    let verdict = js.check(&first).await.unwrap();
    assert!(matches!(verdict, Verdict::Malformed { .. }), "{verdict:?}");
    js.parts.founding = vec![founding_by("js", 4)];
    assert_eq!(js.check(&first).await.unwrap(), Verdict::Valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_turn_it_is_follows_from_the_blocks_and_outlives_a_restart() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut sh, mut js) = tokio::join!(executor(&one), start(&two, "js", 4, None));
    for number in 0..6 {
        let due = sh.height_params().await.unwrap().validators[0].exchange.clone();
        assert_eq!(due, js.height_params().await.unwrap().validators[0].exchange);
        // js never proposes.
        let block = lead(&mut sh, vec![certify(10 + number, &format!("p{number}"))]).await;
        follow(&mut js, &block).await;
        if number > 2 {
            assert_eq!(due.as_str(), "sh", "an exchange that let its turn go by has no first turn");
        }
    }
    let before = js.height_params().await.unwrap();
    js.recover().await.unwrap();
    assert_eq!(js.height_params().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_block_is_there_after_a_restart_and_a_committed_one_with_its_proof() {
    let one = TestDatabase::create().await;
    let mut sh = executor(&one).await;
    let block = sh.build(Height(1), Demand::Always).await.unwrap().unwrap();
    let undecided = Undecided {
        height: Height(1),
        round: 2,
        valid_round: Some(1),
        proposer: "sh".parse().unwrap(),
        is_valid: true,
        block: Arc::new(block.clone()),
    };
    sh.save_undecided(&undecided).await.unwrap();
    sh.save_undecided(&undecided).await.unwrap();
    sh.recover().await.unwrap();
    assert_eq!(sh.undecided(Height(1)).await.unwrap(), vec![undecided]);
    // After a restart the block must be looked at again before it is committed.
    let certificate = CommitCertificate {
        round: 2,
        precommits: [("sh".parse().unwrap(), databourse_ledger::ConsensusSignature([7; 64]))].into(),
    };
    let error = sh.commit(block.clone(), certificate.clone()).await.unwrap_err();
    assert!(matches!(error, ExecutorError::Unchecked(Height(1))), "{error}");
    assert_eq!(sh.check(&block).await.unwrap(), Verdict::Valid);
    sh.commit(block.clone(), certificate.clone()).await.unwrap();
    sh.settle().await.unwrap();
    assert_eq!(sh.undecided(Height(1)).await.unwrap(), Vec::new());
    let decided = sh.decided(Height(1)..=Height(9)).await.unwrap();
    assert_eq!(decided, vec![Decided { height: Height(1), block: block.encode(), certificate }]);
}
