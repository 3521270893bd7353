//! A second node follows the first: what it checks before it votes, and that it comes to the same bytes.

use super::*;
use databourse_ledger::Claims;
use databourse_testkit::TestDatabase;
use serde_json::{Value, json, value::RawValue};
use std::num::NonZeroUsize;

const ORIGIN: &str = "databourse.example/delta";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

async fn executor(database: &TestDatabase) -> Executor {
    Store::migrate(database.config()).await.unwrap();
    let exchange: ExchangeCode = "sh".parse().unwrap();
    let parts = Parts {
        pool: Arc::new(Pool::new(100)),
        store: Store::connect(database.config(), 2).await.unwrap(),
        config: database.config(),
        writer: Some(Writer::connect(database.config()).await.unwrap()),
        working_set: WorkingSet::new(NonZeroUsize::new(4).unwrap()),
        clock: Arc::new(Clock::stepped("2026-01-05T01:00:00Z".parse().unwrap())),
        publisher: Arc::new(Publisher::new(ORIGIN, &exchange, key(3), key(2)).unwrap()),
        exchange,
        entry_key: key(1),
    };
    Executor::start(parts).await.unwrap()
}

fn signed(number: u64, entry_type: &str, body: &Value) -> SignedCommand {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id: format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap(),
        exchange: "sh".parse().unwrap(),
        issued_at_s: 1_767_574_800,
        on_behalf_of: None,
        body: RawValue::from_string(body.to_string()).unwrap(),
    };
    Decoded::new(Entry::sign(&claims, &key(1)).unwrap()).unwrap().verify(&key(1).public_key()).unwrap()
}

fn founding() -> SignedCommand {
    let body = json!({
        "name": { "en": "Delta" }, "origin": ORIGIN, "assets": ["CNY/2"],
        "exchanges": [{
            "code": "sh", "name": { "en": "Shanghai" },
            "entry_key": key(1).public_key(), "cosignature_key": key(2).public_key(),
        }],
    });
    signed(1, "region.found", &body)
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
    let block = leader.build(leader.height.next()).await.unwrap().expect("an accepted command");
    assert_eq!(leader.check(&block).await.unwrap(), Verdict::Valid);
    leader.commit(block.clone(), CommitCertificate::Solo).await.unwrap();
    block
}

async fn follow(follower: &mut Executor, block: &Block) {
    assert_eq!(follower.check(block).await.unwrap(), Verdict::Valid);
    follower.commit(block.clone(), CommitCertificate::Solo).await.unwrap();
}

fn forged(fields: BlockHeader, commands: Vec<Entry>) -> Block {
    let id = header_id(&"sh".parse().unwrap(), &fields);
    Block::new(fields, id, "sh".parse().unwrap(), commands, &key(1)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_executes_every_block_and_comes_to_the_same_root() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut leader, mut follower) = tokio::join!(executor(&one), executor(&two));
    let first = lead(&mut leader, vec![founding()]).await;
    follow(&mut follower, &first).await;
    for number in 0..5 {
        let commands = (0..3).map(|index| certify(10 + number * 3 + index, &format!("p{number}-{index}")));
        let block = lead(&mut leader, commands.collect()).await;
        follow(&mut follower, &block).await;
        assert_eq!(follower.edge.root(), leader.edge.root());
        // Delivered twice, committed once.
        follower.commit(block, CommitCertificate::Solo).await.unwrap();
        assert_eq!(follower.height, leader.height);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_votes_a_wrong_block_down_and_says_why() {
    let (one, two) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    let (mut leader, mut follower) = tokio::join!(executor(&one), executor(&two));
    let first = lead(&mut leader, vec![founding()]).await;
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
    let error = follower.commit(unchecked, CommitCertificate::Solo).await.unwrap_err();
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
    let first = lead(&mut leader, vec![founding()]).await;
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
