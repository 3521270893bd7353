//! A ledger with every kind of membership entry, audited from its bytes alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_audit::{Auditor, FindingKind};
use databourse_ledger::{
    Block, BlockHeader, Claims, ConsensusMessage, DoubleSigning, Entry, SigningKey, Step,
};
use databourse_market::{BlockContext, Decoded, MemoryState, Outcome, SignedCommand, execute};
use databourse_merkle::CompactRange;
use databourse_party::{Exchange, KeyPurpose, NewKey, PossessionProof, validators};
use databourse_primitives::{Digest, EntryId, Height, LeafIndex, RefusalCode, Timestamp, TreeSize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

const ORIGIN: &str = "databourse.example/delta";
const CODES: [&str; 5] = ["sh", "js", "zj", "ah", "fj"];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

/// The first of an exchange's four seeds.
fn seed(exchange: usize) -> u8 {
    u8::try_from(exchange).unwrap() * 10 + 1
}

fn exchange(place: usize) -> Value {
    let public = |offset| key(seed(place) + offset).public_key();
    json!({
        "code": CODES[place], "name": { "en": CODES[place] }, "entry_key": public(0), "checkpoint_key": public(1),
        "cosignature_key": public(2), "consensus_key": public(3),
    })
}

/// That an exchange has its keys.
fn proofs(place: usize) -> BTreeMap<KeyPurpose, PossessionProof> {
    let (origin, code) = (ORIGIN.parse().unwrap(), CODES[place].parse().unwrap());
    let purposes = KeyPurpose::ALL.into_iter().zip(seed(place)..);
    purposes.map(|(use_of, seed)| (use_of, PossessionProof::of(&origin, &code, use_of, &key(seed)))).collect()
}

/// What a region's nodes would agree on, block by block.
#[derive(Default)]
struct Ledger {
    state: MemoryState,
    tree: CompactRange,
    height: Height,
    entries: Vec<Vec<u8>>,
    next_id: u64,
}

impl Ledger {
    fn id(&mut self) -> EntryId {
        self.next_id += 1;
        format!("019b8b6e-0000-7000-8000-{:012x}", self.next_id).parse().unwrap()
    }

    fn time(&self) -> Timestamp {
        let start: Timestamp = "2026-01-05T01:00:00.000Z".parse().unwrap();
        start.plus_ms(i64::try_from(self.height.0).unwrap() * 1_000)
    }

    fn sign(&mut self, place: usize, signer: u8, entry_type: &str, body: &Value) -> (EntryId, SignedCommand) {
        let id = self.id();
        let claims = Claims {
            entry_type: entry_type.to_owned(),
            id,
            exchange: CODES[place].parse().unwrap(),
            issued_at_s: self.time().unix_seconds(),
            on_behalf_of: None,
            body: RawValue::from_string(body.to_string()).unwrap(),
        };
        let entry = Entry::sign(&claims, &key(signer)).unwrap();
        (id, Decoded::new(entry).unwrap().verify(&key(signer).public_key()).unwrap())
    }

    /// Appends a block of these commands, whatever the rules say of them; says whether all were accepted.
    fn append(&mut self, commands: &[SignedCommand]) -> bool {
        let header_index = LeafIndex(self.tree.size());
        let (height, time) = (self.height.next(), self.time());
        let context = BlockContext { height, time, header_index };
        let executed = execute(&self.state, commands, &context).unwrap();
        let accepted = executed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_)));
        let entries: Vec<Entry> = commands.iter().map(|command| command.entry().clone()).collect();
        let digest = executed.effects.clone().encode().unwrap().digest;
        let previous = (TreeSize(self.tree.size()), self.tree.root());
        let fields = BlockHeader::for_commands(height, time, &entries, digest, previous.0, previous.1);
        let id = self.id();
        let block = Block::new(fields, id, "sh".parse().unwrap(), entries, &key(seed(0))).unwrap();
        for entry in block.entries() {
            self.tree.append(entry.leaf_hash());
            self.entries.push(entry.bytes().to_vec());
        }
        self.state.apply(executed.effects);
        self.height = height;
        accepted
    }

    #[track_caller]
    fn must(&mut self, place: usize, entry_type: &str, body: &Value) -> EntryId {
        let (id, command) = self.sign(place, seed(place), entry_type, body);
        assert!(self.append(&[command]), "{entry_type} of {}", CODES[place]);
        id
    }

    /// Proposes, votes, and adds the empty block after which the change is in force.
    fn decide(&mut self, proposer: usize, voters: &[usize], change: &Value) {
        let proposal = self.must(proposer, "member.propose", &json!({ "change": change }));
        for voter in voters {
            self.must(*voter, "member.vote", &json!({ "proposal": proposal, "approve": true }));
        }
        self.append(&[]);
    }

    fn audit(&self) -> Auditor {
        let mut auditor = Auditor::new();
        for entry in &self.entries {
            auditor.feed(entry);
        }
        auditor
    }
}

/// Founded by four; a fifth joins, one replaces its keys, one double-signs and returns, one leaves and departs.
fn history() -> Ledger {
    let mut ledger = Ledger::default();
    let founding = json!({
        "name": { "en": "Delta" }, "origin": ORIGIN, "assets": ["CNY/2"],
        "exchanges": (0..4).map(exchange).collect::<Vec<_>>(),
    });
    ledger.must(0, "region.found", &founding);
    let (origin, js) = (ORIGIN.parse().unwrap(), "js".parse().unwrap());
    ledger.decide(0, &[1, 2], &json!({ "name": "join", "exchange": exchange(4), "proofs": proofs(4) }));
    let new = NewKey::prove(&origin, &js, KeyPurpose::Checkpoint, &key(90));
    let change = json!({ "name": "replace_keys", "exchange": "js", "keys": { "checkpoint": new } });
    ledger.decide(1, &[0, 2, 4], &change);
    let prevote = |block: &[u8]| {
        let block_id = Some(Digest::of(block));
        ConsensusMessage { height: Height(2), round: 0, step: Step::Prevote, block_id }
            .sign(&origin, &key(seed(3) + 3))
    };
    let (first, second) = (prevote(b"one"), prevote(b"other"));
    let evidence = DoubleSigning { exchange: "ah".parse().unwrap(), first, second };
    ledger.must(4, "member.report", &json!({ "evidence": evidence }));
    ledger.append(&[]);
    ledger.decide(0, &[1, 2], &json!({ "name": "reinstate", "exchange": "ah" }));
    ledger.decide(1, &[0, 2, 3], &json!({ "name": "leave", "exchange": "js", "successor": "zj" }));
    ledger.must(1, "member.depart", &json!({ "exchange": "js" }));
    ledger.append(&[]);
    ledger
}

#[test]
fn an_audit_comes_to_the_same_memberships() {
    let ledger = history();
    let auditor = ledger.audit();
    assert!(auditor.state().records().eq(ledger.state.records()));
    let next = ledger.height.next();
    let codes = |state: &MemoryState| {
        let voters = validators(state.all::<Exchange>(), next);
        voters.into_iter().map(|(code, _)| code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(codes(auditor.state()), ["ah", "fj", "sh", "zj"]);
    let report = auditor.finish(Some((TreeSize(ledger.tree.size()), ledger.tree.root())));
    assert_eq!((report.findings, report.height), (Vec::new(), ledger.height));
}

#[test]
fn an_entry_of_who_is_no_member_is_a_finding() {
    let check = |place: usize, code: RefusalCode| {
        let mut ledger = history();
        let body = json!({ "change": { "name": "reinstate", "exchange": "ah" } });
        let (_, command) = ledger.sign(place, seed(place), "member.propose", &body);
        assert!(!ledger.append(&[command]));
        let last = ledger.entries.len() as u64 - 1;
        let report = ledger.audit().finish(None);
        let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
        assert_eq!(finding.leaf_index, LeafIndex(last));
        let FindingKind::CommandRefused { refusal } = &finding.kind else { panic!("{finding}") };
        assert_eq!(refusal.code, code);
    };
    check(1, RefusalCode::MemberNotActive);
    check(3, RefusalCode::MemberState);
}

#[test]
fn an_anchored_root_that_the_ledger_never_had_is_a_finding() {
    let mut ledger = history();
    let (size, root) = (ledger.tree.size(), *ledger.tree.root().as_bytes());
    let anchor = |contract: u64, size: u64, root: [u8; 32]| {
        json!({
            "chain_id": 1, "contract": format!("0x{contract:040x}"), "transaction": format!("0x{:064x}", 1),
            "block_number": 1,
            "subject": { "name": "checkpoint", "size": size, "root": Digest::from_bytes(root) },
        })
    };
    ledger.must(0, "anchor.record", &anchor(1, size, root));
    assert_eq!(ledger.audit().finish(None).findings, Vec::new());
    // Another root of that size, and the right root at a size where no block ended: each is named, neither ends the audit.
    ledger.must(0, "anchor.record", &anchor(2, size, [7; 32]));
    ledger.must(0, "anchor.record", &anchor(3, size + 1, root));
    let last = ledger.tree.size() - 1;
    let report = ledger.audit().finish(None);
    assert_eq!(report.height, ledger.height);
    let differs = |size, recorded, computed: Option<[u8; 32]>| FindingKind::AnchorDiffers {
        size: TreeSize(size),
        recorded: Digest::from_bytes(recorded),
        computed: computed.map(Digest::from_bytes),
    };
    let found: Vec<_> =
        report.findings.into_iter().map(|finding| (finding.leaf_index.0, finding.kind)).collect();
    let expected = [(last - 2, differs(size, [7; 32], Some(root))), (last, differs(size + 1, root, None))];
    assert_eq!(found, expected);
}
