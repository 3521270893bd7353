//! A region's ledger in memory, for the tests of the auditor.
#![allow(dead_code, reason = "each test file uses its own part")]

use databourse_audit::Auditor;
use databourse_ledger::{
    Block, BlockHeader, Claims, ConsensusMessage, DoubleSigning, Entry, SigningKey, Step,
};
use databourse_market::{BlockContext, Decoded, MemoryState, Outcome, SignedCommand, execute};
use databourse_merkle::CompactRange;
use databourse_party::{KeyPurpose, NewKey, PossessionProof};
use databourse_primitives::{Digest, EntryId, Height, LeafIndex, Timestamp, TreeSize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

const ORIGIN: &str = "databourse.example/delta";
pub(crate) const CODES: [&str; 5] = ["sh", "js", "zj", "ah", "fj"];

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

/// The first of an exchange's four seeds.
pub(crate) fn seed(exchange: usize) -> u8 {
    u8::try_from(exchange).unwrap() * 10 + 1
}

pub(crate) fn exchange(place: usize) -> Value {
    let public = |offset| key(seed(place) + offset).public_key();
    json!({
        "code": CODES[place], "name": { "en": CODES[place] }, "entry_key": public(0), "checkpoint_key": public(1),
        "cosignature_key": public(2), "consensus_key": public(3),
    })
}

/// That an exchange has its keys.
pub(crate) fn proofs(place: usize) -> BTreeMap<KeyPurpose, PossessionProof> {
    let (origin, code) = (ORIGIN.parse().unwrap(), CODES[place].parse().unwrap());
    let purposes = KeyPurpose::ALL.into_iter().zip(seed(place)..);
    purposes.map(|(use_of, seed)| (use_of, PossessionProof::of(&origin, &code, use_of, &key(seed)))).collect()
}

/// What a region's nodes would agree on, block by block.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) state: MemoryState,
    pub(crate) tree: CompactRange,
    pub(crate) height: Height,
    pub(crate) entries: Vec<Vec<u8>>,
    /// Whether headers state another digest of the effects than theirs.
    pub(crate) is_lying: bool,
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

    pub(crate) fn sign(
        &mut self,
        place: usize,
        signer: u8,
        entry_type: &str,
        body: &Value,
    ) -> (EntryId, SignedCommand) {
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
    pub(crate) fn append(&mut self, commands: &[SignedCommand]) -> bool {
        let header_index = LeafIndex(self.tree.size());
        let (height, time) = (self.height.next(), self.time());
        let context = BlockContext { height, time, header_index };
        let executed = execute(&self.state, commands, &context).unwrap();
        let accepted = executed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted(_)));
        let entries: Vec<Entry> = commands.iter().map(|command| command.entry().clone()).collect();
        let true_digest = executed.effects.digest().unwrap();
        let digest = if self.is_lying { Digest::of(b"other") } else { true_digest };
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
    pub(crate) fn must(&mut self, place: usize, entry_type: &str, body: &Value) -> EntryId {
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

    pub(crate) fn audit(&self) -> Auditor {
        let mut auditor = Auditor::new();
        for entry in &self.entries {
            auditor.feed(entry);
        }
        auditor
    }
}

/// Founded by four; a fifth joins, one replaces its keys, one double-signs and returns, one leaves and departs.
pub(crate) fn history() -> Ledger {
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
