//! A small ledger of three exchanges with something in every table, written by the store as a node writes it.
#![allow(dead_code, reason = "each test file uses its own part")]

#[path = "../../../market/tests/harness/mod.rs"]
pub(crate) mod harness;

use databourse_fsck::{Check, KeyFile, OwnKeys, Report};
use databourse_ledger::{
    Block, BlockHeader, Checkpoint, ConsensusMessage, DoubleSigning, NoteKeyType, NoteSigner,
    SignedCheckpoint, SigningKey, Step,
};
use databourse_market::{BlockContext, EncodedEffects, SignedCommand};
use databourse_merkle::TileEdge;
use databourse_party::{
    Exchange, KeyPurpose,
    turns::{Turn, Turns},
    validators,
};
use databourse_primitives::{Digest, EntryId, ExchangeCode, Height, PartyId, TreeSize};
use databourse_store::{
    Agreement, CommitBatch, ConnectionConfig, FinalCheckpoint, NewEntry, StateCopy, Store, UndecidedRow,
    Writer,
};
use databourse_testkit::TestDatabase;
use harness::{By, CNY, EXCHANGES, Market, ORIGIN, consensus_key, key};
use serde_json::json;
use std::path::{Path, PathBuf};

/// How many exchanges keep the ledger.
pub(crate) const COUNT: usize = 3;

/// The order of codes, in which turns go round, as places in [`EXCHANGES`].
const BY_CODE: [usize; COUNT] = [1, 0, 2];

fn code(place: usize) -> ExchangeCode {
    EXCHANGES[place].parse().unwrap()
}

fn seed(place: usize) -> u8 {
    u8::try_from(place).unwrap() * 10 + 1
}

pub(crate) fn log_signer(place: usize) -> NoteSigner {
    NoteSigner::new(ORIGIN, NoteKeyType::Ed25519, key(seed(place) + 2)).unwrap()
}

pub(crate) fn witness(place: usize) -> NoteSigner {
    let name = format!("{ORIGIN}/{}", EXCHANGES[place]);
    NoteSigner::new(name, NoteKeyType::CosignatureV1, key(seed(place) + 1)).unwrap()
}

fn double_signing(height: u64) -> DoubleSigning {
    let prevote = |block: &[u8]| {
        let block_id = Some(Digest::of(block));
        ConsensusMessage { height: Height(height), round: 0, step: Step::Prevote, block_id }
            .sign(&ORIGIN.parse().unwrap(), &consensus_key(2))
    };
    DoubleSigning { exchange: code(2), first: prevote(b"one"), second: prevote(b"other") }
}

/// Something of every kind; the last block is the one that a snapshot is due after.
pub(crate) fn market() -> Market {
    let mut market = Market::founded_by(COUNT);
    let buyer = market.party("buyer", &["buyer"]);
    let far = market.party_at(1, "far-supplier", &["supplier"]);
    let near = market.party("near-supplier", &["supplier"]);
    let right = market.must(By::ForAt(1, far), "right.register", harness::right_body("ports"));
    let listed = json!({ "right": right, "details": harness::details() });
    let far_product = market.must(By::ForAt(1, far), "product.list", listed);
    let tree = json!({ "product": far_product, "version": 1, "root": [
        { "name": "holder", "weight_bp": 6_667, "beneficiary": format!("party:{far}") },
        { "name": "public", "weight_bp": 3_333, "beneficiary": "exchange:js" },
    ]});
    market.must(By::ForAt(1, far), "shares.publish", tree);
    let far_offer =
        market.must(By::ForAt(1, far), "offer.publish", harness::offer_body(far_product, "100.00"));
    let right = market.right(near, "tides");
    let product = market.product(near, right);
    let near_offer = market.offer(near, product, "50.00");
    market.deposit(buyer, 100_000);
    let voucher = json!({
        "party": buyer, "asset": CNY, "amount_minor": 8_000, "kinds": ["dataset"],
        "expires_at": "2027-01-01T00:00:00.000Z", "bank_reference": "science-fund-1",
    });
    market.must(By::Exchange, "voucher.issue", voucher);
    let mut order = harness::order_body(&[far_offer]);
    order["reference"] = json!("PO-1");
    order["group"] = json!({ "name": "spring", "part": 1, "parts": 2 });
    let order = market.must(By::For(buyer), "order.place", order);
    market.must(By::ForAt(1, far), "delivery.record", harness::delivery_body(order));
    market.accepted(buyer, order);
    let refund = json!({ "order": order, "lines": [{ "line": 1, "amount_minor": 1_000 }], "reason": "late" });
    market.must(By::ForAt(1, far), "refund.grant", refund);
    let order = market.order(buyer, &[near_offer]);
    market.delivered(near, order);
    market.accepted(buyer, order);
    let certificate = market.certificate_body(order, 1);
    market.must(By::Exchange, "certificate.issue", certificate);
    let dispute = json!({ "order": order, "lines": [1], "reason": "columns missing" });
    market.must(By::For(buyer), "dispute.open", dispute);
    market.order(buyer, &[near_offer]);
    let found = json!({
        "window": "CNY/2#1", "pair": "js~sh", "kind": "amount", "key": format!("{order}.1/sale"),
        "left_minor": 10_494, "right_minor": 10_394, "person": "chen",
    });
    market.must(By::At(0), "break.open", found);
    market.must(By::At(0), "snapshot.order", json!({}));
    let suspend = json!({ "change": { "name": "suspend", "exchange": "js", "reason": "a test" } });
    market.must(By::At(0), "member.propose", suspend);
    market.must(By::At(0), "member.report", json!({ "evidence": double_signing(3) }));
    market
}

/// Fills the first tile of leaves and begins the second.
fn fill(market: &mut Market) {
    while market.size < 256 + 40 {
        let names: Vec<_> = (0..32).map(|number| format!("company-{}-{number}", market.size)).collect();
        let parties: Vec<_> = names
            .iter()
            .map(|name| (By::Exchange, "party.certify", harness::party_body(name, &["buyer"])))
            .collect();
        assert!(market.block(&parties).iter().all(Result::is_ok));
    }
}

/// The ledger in a database, as the node of the first exchange keeps it.
pub(crate) struct Ledger {
    pub(crate) database: TestDatabase,
    pub(crate) config: ConnectionConfig,
    pub(crate) store: Store,
    pub(crate) writer: Option<Writer>,
    pub(crate) edge: TileEdge,
    pub(crate) height: Height,
    turns: Turns,
    exchanges: Vec<Exchange>,
    committed: usize,
}

impl Ledger {
    pub(crate) async fn empty() -> Self {
        let database = TestDatabase::create().await;
        Store::migrate(database.config()).await.unwrap();
        let store = Store::connect(database.config(), 4).await.unwrap();
        let writer = Writer::connect(database.config()).await.unwrap();
        let config = database.config();
        let (edge, turns, exchanges) = Default::default();
        let (writer, height) = (Some(writer), Height(0));
        Self { database, config, store, writer, edge, height, turns, exchanges, committed: 0 }
    }

    /// Commits what the market has beyond what is committed, with a final checkpoint now and then.
    pub(crate) async fn grow(&mut self, market: &Market) {
        self.know(market);
        for (context, commands, effects) in &market.history[self.committed..] {
            let batch = self.batch(context, commands, effects);
            self.writer.as_mut().unwrap().commit(&batch).await.unwrap();
            self.follow(&batch);
            if context.height.0.is_multiple_of(7) {
                let checkpoint = FinalCheckpoint { height: context.height, signed: self.signed() };
                self.store.save_final_checkpoint(&checkpoint).await.unwrap();
            }
        }
        self.committed = market.history.len();
    }

    /// Takes over who the members are, for all heights up to two beyond the market's.
    pub(crate) fn know(&mut self, market: &Market) {
        self.exchanges = market.state.all::<Exchange>().cloned().collect();
    }

    /// With all of [`market`], a snapshot in `folder`, and what is the node's own.
    pub(crate) async fn full(folder: &Path) -> Self {
        let (mut market, mut ledger) = (market(), Self::empty().await);
        ledger.grow(&market).await;
        let copy = StateCopy::begin(ledger.config.clone()).await.unwrap().unwrap();
        let height = copy.head().height;
        let mut file = tokio::fs::File::create(folder.join(format!("{height}.snapshot"))).await.unwrap();
        let summary = copy.write(&mut file).await.unwrap();
        let content = json!({
            "tree_size": summary.head.tree_size, "row_count": summary.row_count, "digest": summary.digest,
        });
        market.must(By::At(0), "snapshot.attest", json!({ "height": height, "content": content }));
        let root = Digest::from_bytes(*ledger.edge.root().as_bytes());
        let anchored = json!({
            "chain_id": 1, "contract": format!("0x{}", "5f".repeat(20)),
            "transaction": format!("0x{}", "0a".repeat(32)), "block_number": 9,
            "subject": { "name": "checkpoint", "size": ledger.edge.size(), "root": root },
        });
        market.must(By::At(0), "anchor.record", anchored);
        fill(&mut market);
        ledger.grow(&market).await;
        let evidence = [double_signing(3), double_signing(4)];
        ledger.store.save_evidence(&evidence).await.unwrap();
        ledger.store.mark_evidence_reported(&evidence[..1]).await.unwrap();
        let party: PartyId = "019b8b6e-0000-7000-8000-0000000000ff".parse().unwrap();
        let kept = SigningKey::from_seed([77; 32]);
        ledger.store.put_custody_key(party, kept.key_id(), &seal(party, 77)).await.unwrap();
        let fields = BlockHeader::for_commands(
            ledger.height.next(),
            market.now.plus_ms(1_000),
            &[],
            Digest::of(b"no effects"),
            TreeSize(ledger.edge.size()),
            ledger.edge.root(),
        );
        let id: EntryId = "019b8b6e-0000-7000-8001-0000000000ff".parse().unwrap();
        let block = Block::new(fields, id, code(0), Vec::new(), &key(seed(0))).unwrap();
        let undecided = UndecidedRow {
            height: ledger.height.next(),
            round: 1,
            block_id: block.id(),
            valid_round: Some(0),
            proposer: code(0),
            is_valid: true,
            bytes: block.encode(),
        };
        ledger.writer.as_mut().unwrap().save_undecided(&undecided).await.unwrap();
        ledger
    }

    /// The block of these commands, agreed by all.
    pub(crate) fn batch(
        &self,
        context: &BlockContext,
        commands: &[SignedCommand],
        effects: &EncodedEffects,
    ) -> CommitBatch {
        assert_eq!(context.header_index.0, self.edge.size());
        let commands: Vec<_> = commands.iter().map(|command| command.entry().clone()).collect();
        let previous = (TreeSize(self.edge.size()), self.edge.root());
        let fields = BlockHeader::for_commands(
            context.height,
            context.time,
            &commands,
            effects.digest,
            previous.0,
            previous.1,
        );
        let id: EntryId = format!("019b8b6e-0000-7000-8001-{:012x}", context.height.0).parse().unwrap();
        let block = Block::new(fields, id, code(0), commands, &key(seed(0))).unwrap();
        let (mut edge, mut full_tiles, mut entries) = (self.edge.clone(), Vec::new(), Vec::new());
        for entry in block.entries() {
            let index = databourse_primitives::LeafIndex(edge.size());
            entries.push(NewEntry::new(index, entry, entry.leaf_hash()));
            edge.push(entry.leaf_hash(), &mut full_tiles);
        }
        let voting: Vec<usize> = (0..COUNT).filter(|place| self.votes(*place, context.height)).collect();
        let precommit = |place: &usize| {
            let message = ConsensusMessage {
                height: context.height,
                round: 0,
                step: Step::Precommit,
                block_id: Some(block.id()),
            };
            let signed = message.sign(&ORIGIN.parse().unwrap(), &consensus_key(*place));
            (code(*place), signed.signature)
        };
        let turn = self.turn(context.height);
        CommitBatch {
            height: context.height,
            block_id: block.id(),
            block_time: context.time,
            agreement: Agreement {
                round: 0,
                turn: turn.due,
                proposer: turn.proposer,
                precommits: voting.iter().map(precommit).collect(),
            },
            header_index: context.header_index,
            entries,
            effects: effects.clone(),
            full_tiles,
            tree_size: edge.size(),
            root: edge.root(),
        }
    }

    /// Moves on: the block is durable.
    pub(crate) fn follow(&mut self, batch: &CommitBatch) {
        self.turns.push(self.turn(batch.height));
        let mut full_tiles = Vec::new();
        batch.entries.iter().for_each(|entry| self.edge.push(entry.leaf_hash, &mut full_tiles));
        self.height = batch.height;
    }

    fn turn(&self, height: Height) -> Turn {
        let codes: Vec<ExchangeCode> =
            BY_CODE.iter().filter(|place| self.votes(**place, height)).map(|place| code(*place)).collect();
        Turn { due: self.turns.order(&codes, height)[0].clone(), proposer: code(0) }
    }

    fn votes(&self, place: usize, height: Height) -> bool {
        validators(self.exchanges.iter(), height).iter().any(|(voter, _)| *voter == code(place))
    }

    fn signed(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: TreeSize(self.edge.size()),
            root: self.edge.root(),
        };
        let mut signed = checkpoint.sign(&log_signer(0)).unwrap();
        for place in (0..COUNT).filter(|place| self.votes(*place, self.height)) {
            signed.cosign(&witness(place), 1_800_000_000).unwrap();
        }
        signed
    }

    pub(crate) fn check(&self, snapshot_folder: Option<PathBuf>) -> Check {
        let public = |offset| key(seed(0) + offset).public_key();
        let keys = OwnKeys {
            file: "keys.toml".to_owned(),
            keys: vec![
                (KeyPurpose::Entry, public(0)),
                (KeyPurpose::Cosignature, public(1)),
                (KeyPurpose::Checkpoint, public(2)),
                (KeyPurpose::Consensus, public(3)),
            ],
            checkpoint_keys: vec![log_signer(0).verifier_key().clone(), witness(0).verifier_key().clone()],
            custodian: Box::new(|party: PartyId, sealed: &[u8]| {
                let seed = *sealed.first()?;
                (sealed == seal(party, seed)).then(|| SigningKey::from_seed([seed; 32]).key_id())
            }),
        };
        Check {
            database: self.config.clone(),
            exchange: code(0),
            is_region: true,
            keys: KeyFile::Read(keys),
            snapshot_folder,
        }
    }

    pub(crate) async fn fsck(&self, snapshot_folder: Option<&Path>) -> Report {
        self.check(snapshot_folder.map(Path::to_owned)).run().await.unwrap()
    }
}

/// Stands for the node's own seal: whoever sees it knows whether it is whole and for whom.
fn seal(party: PartyId, seed: u8) -> Vec<u8> {
    let digest = Digest::of(format!("{party} {seed}").as_bytes());
    [&[seed], digest.as_bytes().as_slice()].concat()
}
