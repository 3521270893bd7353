//! A node on a real PostgreSQL: what an exchange would notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_audit::{Auditor, Finding, FindingKind};
use databourse_exchange::{
    Acknowledgement, Acting, Clock, Entropy, Founding, Node, NodeConfig, NodeError, NodeKeys, Running,
    SettlementConfig, Submission, SubmitError,
};
use databourse_ledger::{CertificateFile, Policy, Receipt, SignedCheckpoint};
use databourse_market::{Certificate, Command};
use databourse_merkle::{TilePath, root_of, tile};
use databourse_party::Party;
use databourse_primitives::{
    AmountMinor, BilingualText, EntryId, Label, LeafIndex, PartyId, Rate, RefusalCode, TaxVersion, TreeSize,
};
use databourse_settlement::{
    Fee, FeeBase, FeeRule, PublishSchedule, PublishTax, Rounding, TransactionKind, Window,
};
use databourse_store::StoreError;
use databourse_testkit::{
    TestDatabase,
    ledger_judges::{LedgerJudges, write_ledger},
    scratch_folder,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn founding() -> Founding {
    let name = |text: &str| BilingualText::new(None, Some(text)).unwrap();
    let exempt: Label = "exempt".parse().unwrap();
    Founding {
        region_name: name("Delta"),
        exchange_name: Some(name("Shanghai")),
        assets: ["CNY/2".parse().unwrap()].into(),
        taxes: vec![PublishTax {
            version: TaxVersion(1),
            rates: [("services".parse().unwrap(), "0.06".parse().unwrap()), (exempt.clone(), Rate::ZERO)]
                .into(),
            kinds: BTreeMap::new(),
            default: exempt,
        }],
        schedules: vec![PublishSchedule {
            version: "CNY/2@1".parse().unwrap(),
            effective_from: LeafIndex(0),
            fees: vec![FeeRule {
                kinds: BTreeSet::new(),
                exchanges: BTreeSet::new(),
                roles: BTreeSet::new(),
                fee: Fee {
                    base: FeeBase::Percentage { rate: "0.025".parse().unwrap() },
                    min_minor: None,
                    max_minor: None,
                },
            }],
            fee_vat: "services".parse().unwrap(),
            selling_share: "0.5".parse().unwrap(),
            yearly: BTreeMap::new(),
            tax: TaxVersion(1),
            hold_days: 30,
            dispute_days: 7,
            bank_tolerance_minor: AmountMinor::ZERO,
            rounding: Rounding::HalfUpLargestRemainderCarry,
        }],
        peers: Vec::new(),
        predecessor: None,
    }
}

async fn start(database: &TestDatabase) -> Result<(Node, Running), NodeError> {
    databourse_store::Store::migrate(database.config()).await.unwrap();
    let entropy = Entropy::seeded(7);
    let keys = NodeKeys::generate(&entropy).unwrap();
    let config = NodeConfig {
        exchange: "sh".parse().unwrap(),
        origin: "databourse.example/delta".parse().unwrap(),
        founding: founding(),
        database: database.config(),
        replicas: Vec::new(),
        reader_count: 4,
        pool_capacity: 1_000,
        working_set_record_count: 16.try_into().unwrap(),
        clock: Clock::stepped("2026-01-05T01:00:00Z".parse().unwrap()),
        entropy,
        settlement: SettlementConfig::default(),
        region: None,
        snapshot_folder: None,
    };
    Node::start(config, &keys).await
}

fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

fn command(number: u64, acting: Acting, entry_type: &str, body: &Value) -> Submission {
    let command = Command::from_json(entry_type, &body.to_string()).unwrap();
    Submission::Command { id: id(number), acting, command }
}

async fn one(node: &Node, submission: Submission) -> Result<Acknowledgement, SubmitError> {
    node.submit(vec![submission]).await.pop().unwrap()
}

fn party_body(name: &str, roles: &[&str], keys: &[databourse_primitives::PublicKey]) -> Value {
    json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": roles,
        "home_region": "CN-SH", "entrusts_exchange": true, "keys": keys, "valid_until": "2030-01-01T00:00:00Z",
    })
}

/// Supplier 1 (its key in custody), buyer 2, right 3, product 4, offer 5, deposit 6, order 7, delivery 8, acceptance 9.
async fn sale(node: &Node) -> Vec<Acknowledgement> {
    let (supplier, buyer) = (PartyId::from(id(1)), PartyId::from(id(2)));
    let kept = node.take_custody(supplier).await.unwrap();
    let (sell, buy) = (Acting::Party(supplier), Acting::Party(buyer));
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
        "source_statement": { "en": "own systems" },
    });
    let details =
        json!({ "title": { "en": "Ports" }, "description": { "en": "Port calls" }, "kind": "dataset" });
    let terms = json!({
        "purposes": ["logistics"], "term_days": 365, "territory": "CN", "usable_not_visible": false, "exclusive": false,
    });
    let offer = json!({
        "product": id(4), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00", "terms": terms,
    });
    let deposit = json!({ "party": buyer, "asset": "CNY/2", "amount_minor": 50_000, "bank_reference": "b1" });
    let order = json!({ "lines": [{ "offer": id(5), "quantity": 1, "purpose": "logistics" }] });
    let delivery =
        json!({ "order": id(7), "method": "file", "evidence": databourse_primitives::Digest::of(b"file") });
    let mut done = Vec::new();
    for submission in [
        command(1, Acting::Exchange, "party.certify", &party_body("s", &["supplier"], &[kept])),
        command(2, Acting::Exchange, "party.certify", &party_body("b", &["buyer"], &[])),
        command(3, sell, "right.register", &right),
        command(4, sell, "product.list", &json!({ "right": id(3), "details": details })),
        command(5, sell, "offer.publish", &offer),
        command(6, Acting::Exchange, "account.deposit", &deposit),
        command(7, buy, "order.place", &order),
        command(8, sell, "delivery.record", &delivery),
        command(9, buy, "order.accept", &json!({ "order": id(7) })),
    ] {
        done.push(one(node, submission).await.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_custody_that_was_replaced_signs_nothing_and_the_next_one_does() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    sale(&node).await;
    let supplier = PartyId::from(id(1));
    let first = node.take_custody(supplier).await.unwrap();
    let mut next = 20;
    let mut registers = async || {
        next += 1;
        let right = json!({
            "interests": ["holding"], "data_class": "enterprise", "source": format!("ports-{next}"),
            "source_statement": { "en": "own systems" },
        });
        one(&node, command(next, Acting::Party(supplier), "right.register", &right)).await.is_ok()
    };
    let replace = async |number: u64, keys: &[databourse_primitives::PublicKey], entrusts: bool| {
        let body = json!({ "party": supplier, "keys": keys, "entrusts_exchange": entrusts });
        one(&node, command(number, Acting::Exchange, "party.replace_keys", &body)).await.unwrap();
    };
    // None is kept any more, so the exchange signs on its behalf; then another one, and it no longer does.
    replace(40, &[], true).await;
    assert!(registers().await);
    let second = node.take_custody(supplier).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(node.take_custody(supplier).await.unwrap(), second, "made once");
    replace(41, &[second], false).await;
    assert!(registers().await);
    // The party keeps a key of its own, and the exchange may not sign for it at all.
    replace(42, &[databourse_ledger::SigningKey::from_seed([77; 32]).public_key()], false).await;
    assert!(!registers().await);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_durable_provable_and_certified() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    let done = sale(&node).await;
    let policy: Policy = node.policy().parse().unwrap();
    for acknowledgement in &done {
        let receipt = node.receipt(acknowledgement.leaf_index).await.unwrap().unwrap();
        let receipt = Receipt::parse(receipt.as_bytes()).unwrap();
        let stored = node.store().entry(acknowledgement.leaf_index.0).await.unwrap().unwrap();
        assert_eq!(stored.id, acknowledgement.id);
        receipt.verify(databourse_merkle::leaf_hash(&stored.bytes), &policy).unwrap();
        assert!(receipt.verify(databourse_merkle::leaf_hash(b"other"), &policy).is_err());
    }
    let orders = vec![(id(10), id(7).into()), (id(11), id(999).into()), (id(12), id(7).into())];
    let answers = node.issue_certificates(orders).await;
    assert!(answers[0].is_ok());
    assert!(matches!(&answers[1], Err(SubmitError::Refused(r)) if r.code == RefusalCode::OrderUnknown));
    assert!(matches!(&answers[2], Err(SubmitError::Refused(r)) if r.code == RefusalCode::CertificateIssued));
    let again = node.issue_certificates(vec![(id(10), id(7).into())]).await.pop().unwrap().unwrap();
    assert!(again.repeated);

    let certificate = node.store().get::<Certificate>("sh-2026-00000001").await.unwrap().unwrap();
    let file = node.certificate_file(&certificate.number).await.unwrap().unwrap();
    let verified = CertificateFile::parse(file.as_bytes()).unwrap().verify(&policy).unwrap();
    assert_eq!(verified.claims.entry_type, "certificate.issue");
    assert_eq!(verified.signers.len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_node_goes_on_where_it_was_and_answers_retries_as_before() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    let first = sale(&node).await;
    let before = node.published();
    running.stop().await;
    let refused =
        one(&node, command(50, Acting::Exchange, "party.certify", &party_body("z", &["buyer"], &[]))).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable { .. })), "a stopped node takes nothing");
    drop(node);

    let (node, running) = start(&database).await.unwrap();
    assert_eq!(node.published().root, before.root);
    let second = sale(&node).await;
    for (first, second) in first.iter().zip(&second) {
        assert!(second.repeated);
        assert_eq!((first.id, first.leaf_index, first.height), (second.id, second.leaf_index, second.height));
    }
    assert_eq!(node.published().size, before.size, "retries add nothing");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seeded_runs_repeat_to_the_byte() {
    let mut roots = Vec::new();
    for _ in 0..2 {
        let database = TestDatabase::create().await;
        let (node, running) = start(&database).await.unwrap();
        sale(&node).await;
        roots.push(node.published().root);
        running.stop().await;
    }
    assert_eq!(roots[0], roots[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_cannot_share_a_database() {
    let database = TestDatabase::create().await;
    let (_node, running) = start(&database).await.unwrap();
    let second = start(&database).await;
    assert!(matches!(second, Err(NodeError::Store(StoreError::LockedByAnother))));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_session_is_replaced_and_no_command_is_doubled() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    let admin = database.connect().await;
    for number in 100..140 {
        let body = party_body(&format!("p{number}"), &["buyer"], &[]);
        let submit = command(number, Acting::Exchange, "party.certify", &body);
        let answer = if number % 10 == 5 {
            // Every session of the node ends while it works: the server is there, the connections are not.
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let (answer, _) = tokio::join!(one(&node, submit.clone()), admin.execute(kill, &[]));
            answer
        } else {
            one(&node, submit.clone()).await
        };
        let mut answer = answer;
        while let Err(SubmitError::Unavailable { .. }) = answer {
            answer = one(&node, submit.clone()).await;
        }
        answer.unwrap();
    }
    for number in 100..140 {
        let party = node.store().get::<Party>(&id(number).to_string()).await.unwrap();
        assert!(party.is_some(), "party {number} was acknowledged");
    }
    let shown = node.published();
    let hashes = node.store().leaf_hashes(0, u32::try_from(shown.size.0).unwrap()).await.unwrap();
    assert_eq!(root_of(hashes.into_iter()), shown.root);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_in_order_and_its_refusals_change_nothing() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    let certify = |number: u64, name: &str| {
        command(number, Acting::Exchange, "party.certify", &party_body(name, &["buyer"], &[]))
    };
    let answers = node
        .submit(vec![
            certify(1, "a"),
            certify(2, "a"),
            certify(1, "a"),
            certify(1, "b"),
            Submission::Signed(b"not a jws".to_vec()),
            certify(3, "c"),
        ])
        .await;
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Ok(done) if done.repeated => "repeated",
            Ok(_) => "done",
            Err(SubmitError::Refused(refusal)) => refusal.code.as_str(),
            Err(SubmitError::Unavailable { .. }) => "unavailable",
        })
        .collect();
    assert_eq!(
        codes,
        ["done", "party.identifier_taken", "repeated", "entry.id_reused", "entry.malformed", "done"]
    );
    let size = node.published().size;
    let flood = (1_000..2_001).map(|number| certify(number, &format!("f{number}"))).collect();
    let flooded = node.submit(flood).await;
    assert!(flooded.iter().all(|answer| {
        matches!(answer, Err(SubmitError::Refused(refusal)) if refusal.code == RefusalCode::ServiceBusy)
    }));
    assert_eq!(node.published().size, size);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_and_checkpoints_follow_the_standard_paths() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    for batch in 0..3_u64 {
        let certify = (0..150).map(|number| {
            let number = 1_000 + batch * 150 + number;
            command(
                number,
                Acting::Exchange,
                "party.certify",
                &party_body(&format!("p{number}"), &["buyer"], &[]),
            )
        });
        assert!(node.submit(certify.collect()).await.iter().all(Result::is_ok));
    }
    let shown = node.published();
    let TreeSize(size) = shown.size;
    assert!(size > 256);
    let fetch = async |path: String| node.tile(&TilePath::parse(&path).unwrap()).await.unwrap();
    assert_eq!(fetch("tile/0/000".into()).await.unwrap().len(), 8_192);
    assert_eq!(
        fetch("tile/0/000.p/5".into()).await.unwrap().len(),
        160,
        "a partial tile that has become full"
    );
    assert_eq!(fetch(format!("tile/0/001.p/{}", size - 256)).await.unwrap().len() as u64, 32 * (size - 256));
    assert!(fetch(format!("tile/0/001.p/{}", size - 255)).await.is_none());
    assert!(fetch("tile/0/001".into()).await.is_none());
    assert!(fetch("tile/0/002.p/1".into()).await.is_none());
    assert_eq!(fetch("tile/1/000.p/1".into()).await.unwrap().len(), 32);
    let bundle = fetch("tile/entries/000".into()).await.unwrap();
    let entries = databourse_ledger::decode_bundle(&bundle, 256).unwrap();
    assert_eq!(entries.len(), 256);
    let signed = SignedCheckpoint::parse(shown.checkpoint.as_bytes()).unwrap();
    let policy: Policy = node.policy().parse().unwrap();
    policy.check(&signed).unwrap();
    for index in [0, 255, 256, size - 1] {
        let receipt = node.receipt(LeafIndex(index)).await.unwrap().unwrap();
        let stored = node.store().entry(index).await.unwrap().unwrap();
        Receipt::parse(receipt.as_bytes()).unwrap().verify(stored.leaf_hash, &policy).unwrap();
    }
    assert!(node.receipt(LeafIndex(size)).await.unwrap().is_none());
    let places = [LeafIndex(size - 1), LeafIndex(size), LeafIndex(0), LeafIndex(256), LeafIndex(0)];
    let mut one_by_one = Vec::new();
    for place in places {
        one_by_one.push(node.receipt(place).await.unwrap());
    }
    assert_eq!(node.receipts(&places).await.unwrap(), one_by_one);
    assert_eq!(one_by_one.iter().filter(|receipt| receipt.is_some()).count(), 4);
    others_read_what_it_publishes(&node, &policy).await;
    running.stop().await;
}

/// Go's `sumdb`, pymerkle and npm's verifier of Rekor judge the node's own tiles, bundles and note.
async fn others_read_what_it_publishes(node: &Node, policy: &Policy) {
    let shown = node.published();
    let TreeSize(size) = shown.size;
    let tiles = tile::tiles_of(size).map(TilePath::Tile);
    let bundles = tile::full_bundles(size).chain(tile::partial_bundle(size)).map(TilePath::Bundle);
    let mut files = vec![("checkpoint".to_owned(), shown.checkpoint.clone().into_bytes())];
    for path in tiles.chain(bundles) {
        let body = node.tile(&path).await.unwrap().unwrap_or_else(|| panic!("{path} is not published"));
        files.push((path.to_string(), body));
    }
    let folder = scratch_folder();
    let entries = node.store().entries(0, u32::try_from(size).unwrap()).await.unwrap();
    write_ledger(folder.path(), &policy.logs()[0].key, files, &entries);
    let judges =
        LedgerJudges::find_or_install(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges"));
    let bundles = size.div_ceil(256);
    let said = judges.sumdb(folder.path()).unwrap();
    assert!(
        said.starts_with(&format!("size={size} ")) && said.ends_with(&format!(" bundles={bundles}")),
        "{said}"
    );
    let said = judges.pymerkle(folder.path()).unwrap();
    assert!(said.starts_with(&format!("size={size} ")), "{said}");
    judges.sigstore(folder.path()).unwrap();
}

/// Everything that the node's database holds follows from its entries, and one flipped byte anywhere in them is found.
#[tokio::test(flavor = "multi_thread")]
async fn the_auditor_finds_nothing_in_a_sound_ledger_and_every_flipped_byte_in_another() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    sale(&node).await;
    let shown = node.published();
    let entries = node.store().entries(0, u32::try_from(shown.size.0).unwrap()).await.unwrap();
    let audit = |entries: &[Vec<u8>]| {
        let mut auditor = Auditor::new();
        entries.iter().for_each(|entry| auditor.feed(entry));
        auditor
    };
    let auditor = audit(&entries);
    let stored =
        node.store().load(&auditor.state().records().map(|(key, _)| key.clone()).collect()).await.unwrap();
    let stored: BTreeMap<_, _> = stored.into_iter().collect();
    for (key, record) in auditor.state().records() {
        assert_eq!(stored[key].as_ref(), Some(record), "{key}");
    }
    let report = auditor.finish(Some((shown.size, shown.root)));
    assert_eq!(report.findings, []);
    assert_eq!(report.height, shown.height);

    for (index, entry) in entries.iter().enumerate() {
        for position in (0..entry.len()).step_by(37) {
            let mut altered = entries.clone();
            altered[index][position] ^= 0x01;
            let report = audit(&altered).finish(Some((shown.size, shown.root)));
            let first = report.findings.first().expect("a finding");
            assert!(first.leaf_index.0 <= index as u64 + 1, "byte {position} of entry {index}: {first}");
            assert!(
                report.findings.iter().any(|finding| matches!(finding.kind, FindingKind::RootDiffers { .. }))
            );
        }
    }
    let cut = audit(&entries[..entries.len() - 1]).finish(None);
    assert!(matches!(cut.findings[..], [Finding { kind: FindingKind::BlockCutShort, .. }]));
    running.stop().await;
}

/// A server that says "disk full" (SQLSTATE 53100) to every block, as PostgreSQL does when it cannot extend a file.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_is_answered_with_unavailable_and_loses_nothing() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    let certify = |number: u64| {
        command(
            number,
            Acting::Exchange,
            "party.certify",
            &party_body(&format!("p{number}"), &["buyer"], &[]),
        )
    };
    one(&node, certify(1)).await.unwrap();
    let before = node.published();
    let admin = database.connect().await;
    let fill = "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER disk_full BEFORE INSERT ON entry EXECUTE FUNCTION disk_full();";
    admin.batch_execute(fill).await.unwrap();
    for _ in 0..3 {
        let answer = one(&node, certify(2)).await;
        assert!(matches!(answer, Err(SubmitError::Unavailable { .. })), "{answer:?}");
    }
    assert_eq!(node.published().root, before.root, "nothing half done");
    assert!(node.store().get::<Party>(&id(1).to_string()).await.unwrap().is_some(), "reads go on");
    admin.batch_execute("DROP TRIGGER disk_full ON entry").await.unwrap();
    let done = one(&node, certify(2)).await.unwrap();
    assert!(!done.repeated);
    assert_eq!(done.leaf_index.0, before.size.0 + 1);
    running.stop().await;
}

/// Trap: mojaloop #4375, where 1 USD was lost when a window closed while transfers ran; #2525, a transfer that no window
/// ever got. Forty purchases run at once while the window closes again and again.
#[tokio::test(flavor = "multi_thread")]
async fn closing_windows_under_load_loses_nothing() {
    let database = TestDatabase::create().await;
    let (node, running) = start(&database).await.unwrap();
    sale(&node).await;
    let (supplier, buyer) = (PartyId::from(id(1)), PartyId::from(id(2)));
    let purchase = |number: u64| {
        let node = node.clone();
        async move {
            let (order, sell, buy) = (id(1_000 + number), Acting::Party(supplier), Acting::Party(buyer));
            let lines = json!({ "lines": [{ "offer": id(5), "quantity": 1, "purpose": "logistics" }] });
            let evidence = databourse_primitives::Digest::of(b"file");
            let delivery = json!({ "order": order, "method": "file", "evidence": evidence });
            for (offset, acting, entry_type, body) in [
                (1_000, buy, "order.place", lines),
                (2_000, sell, "delivery.record", delivery),
                (3_000, buy, "order.accept", json!({ "order": order })),
            ] {
                one(&node, command(offset + number, acting, entry_type, &body)).await.unwrap();
            }
        }
    };
    let deposit =
        json!({ "party": buyer, "asset": "CNY/2", "amount_minor": 500_000, "bank_reference": "b2" });
    one(&node, command(900, Acting::Exchange, "account.deposit", &deposit)).await.unwrap();
    let purchases: Vec<_> = (0..40).map(|number| tokio::spawn(purchase(number))).collect();
    let mut closed = 0;
    while !purchases.iter().all(tokio::task::JoinHandle::is_finished) {
        closed += 1;
        let close = json!({ "window": format!("CNY/2#{closed}") });
        one(&node, command(10_000 + closed, Acting::Exchange, "window.close", &close)).await.unwrap();
    }
    for purchase in purchases {
        purchase.await.unwrap();
    }
    let windows = node
        .store()
        .list::<Window>(&databourse_store::ListQuery { limit: 1_000, ..Default::default() })
        .await
        .unwrap();
    let sum = |of: fn(&Window) -> u64| windows.items.iter().map(of).sum::<u64>();
    let accepted = sum(|window| window.flows.get(&TransactionKind::Post).map_or(0, |flow| flow.count));
    assert_eq!(accepted, 41, "every acceptance is in exactly one window");
    let lines = sum(|window| window.pairs.values().map(|totals| totals.line_count).sum());
    assert_eq!(lines, 41, "and so is its line");
    let journal: i64 = journal_rows(&database).await;
    assert_eq!(sum(|window| window.posting_count), u64::try_from(journal).unwrap());
    assert_eq!(node.store().check_money().await.unwrap(), []);
    assert!(closed > 1, "windows closed while purchases ran");
    drop(node);
    running.stop().await;
}

async fn journal_rows(database: &TestDatabase) -> i64 {
    let row = database.connect().await.query_one("SELECT count(*) FROM posting", &[]).await.unwrap();
    row.get(0)
}
