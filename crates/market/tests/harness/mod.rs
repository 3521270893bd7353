//! A small market in memory, for the tests of the rules.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::{
    BlockContext, Decoded, EncodedEffects, MemoryState, Outcome, SignedCommand, certificate_facts, execute,
};
use databourse_party::{KeyPurpose, PossessionProof};
use databourse_primitives::{
    AmountMinor, Asset, EntryId, Height, Holder, LeafIndex, LicenceId, OrderId, PartyId, RefusalCode,
    Timestamp,
};
use databourse_settlement::{Hold, Purpose};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;

pub(crate) const START: &str = "2026-01-05T01:00:00.000Z";
pub(crate) const CNY: &str = "CNY/2";

/// Codes of the exchanges that a test may found.
pub(crate) const EXCHANGES: [&str; 5] = ["sh", "js", "zj", "ah", "fj"];

pub(crate) const ORIGIN: &str = "databourse.example/delta";

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// The first exchange.
    Exchange,
    /// The first exchange on behalf of a party.
    For(PartyId),
    /// An exchange, by its place in [`EXCHANGES`].
    At(usize),
    /// That exchange on behalf of a party.
    ForAt(usize, PartyId),
    /// A key of its own, by its seed.
    Key(u8),
    /// The same, through that exchange.
    KeyAt(u8, usize),
}

impl By {
    fn exchange(self) -> usize {
        match self {
            Self::At(place) | Self::ForAt(place, _) | Self::KeyAt(_, place) => place,
            _ => 0,
        }
    }

    fn signer(self) -> SigningKey {
        match self {
            Self::Key(seed) | Self::KeyAt(seed, _) => key(seed),
            by => key(entry_seed(by.exchange())),
        }
    }
}

fn entry_seed(exchange: usize) -> u8 {
    u8::try_from(exchange).unwrap() * 10 + 1
}

/// The key of the messages of the agreement on blocks.
pub(crate) fn consensus_key(exchange: usize) -> SigningKey {
    key(entry_seed(exchange) + 3)
}

/// An exchange of [`EXCHANGES`] with its keys, as the founding and a proposal to join name it.
pub(crate) fn exchange_body(exchange: usize) -> Value {
    let (code, seed) = (EXCHANGES[exchange], entry_seed(exchange));
    json!({
        "code": code, "name": { "en": format!("Data exchange {code}") },
        "entry_key": key(seed).public_key(), "cosignature_key": key(seed + 1).public_key(),
        "checkpoint_key": key(seed + 2).public_key(), "consensus_key": key(seed + 3).public_key(),
    })
}

/// The change by which an exchange of [`EXCHANGES`] joins, with the proofs that it has its keys.
pub(crate) fn join_body(exchange: usize) -> Value {
    let (origin, code) = (ORIGIN.parse().unwrap(), EXCHANGES[exchange].parse().unwrap());
    let seed = entry_seed(exchange);
    let seeds = [
        (KeyPurpose::Entry, seed),
        (KeyPurpose::Checkpoint, seed + 2),
        (KeyPurpose::Cosignature, seed + 1),
        (KeyPurpose::Consensus, seed + 3),
    ];
    let proof = |(purpose, seed)| (purpose, PossessionProof::of(&origin, &code, purpose, &key(seed)));
    let proofs: BTreeMap<KeyPurpose, PossessionProof> = seeds.map(proof).into();
    json!({ "name": "join", "exchange": exchange_body(exchange), "proofs": proofs })
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

/// A region of one exchange, executed command by command, each its own block.
pub(crate) struct Market {
    pub(crate) state: MemoryState,
    pub(crate) height: u64,
    pub(crate) size: u64,
    pub(crate) now: Timestamp,
    pub(crate) next_id: u64,
    pub(crate) history: Vec<(BlockContext, Vec<SignedCommand>, EncodedEffects)>,
}

pub(crate) type Answer = Result<EntryId, (RefusalCode, String)>;

impl Market {
    /// Founded by one exchange, with a schedule for CNY.
    pub(crate) fn founded() -> Self {
        Self::founded_by(1)
    }

    /// Founded by the first `count` of [`EXCHANGES`].
    pub(crate) fn founded_by(count: usize) -> Self {
        let mut market = Self::empty();
        let exchanges: Vec<_> = (0..count).map(exchange_body).collect();
        market.must(
            By::Exchange,
            "region.found",
            json!({
                "name": { "en": "Delta" }, "origin": ORIGIN, "assets": [CNY, "XTS/3"],
                "exchanges": exchanges,
            }),
        );
        market.must(By::Exchange, "tax.publish", tax_body(1));
        market.must(By::Exchange, "schedule.publish", schedule_body("CNY/2@1", "0.025"));
        market
    }

    pub(crate) fn empty() -> Self {
        let now = START.parse().unwrap();
        Self { state: MemoryState::new(), height: 0, size: 0, now, next_id: 0, history: Vec::new() }
    }

    pub(crate) fn new_id(&mut self) -> EntryId {
        self.next_id += 1;
        id(self.next_id)
    }

    pub(crate) fn sign(&self, by: By, id: EntryId, entry_type: &str, body: &Value) -> Entry {
        let on_behalf_of = match by {
            By::For(party) | By::ForAt(_, party) => Some(party),
            _ => None,
        };
        let claims = Claims {
            entry_type: entry_type.to_owned(),
            id,
            exchange: EXCHANGES[by.exchange()].parse().unwrap(),
            issued_at_s: self.now.unix_seconds(),
            on_behalf_of,
            body: RawValue::from_string(body.to_string()).unwrap(),
        };
        Entry::sign(&claims, &by.signer()).unwrap()
    }

    /// Executes one entry, as a block of its own.
    pub(crate) fn submit(
        &mut self,
        by: By,
        id: EntryId,
        entry_type: &str,
        body: &Value,
    ) -> Result<Outcome, (RefusalCode, String)> {
        let refused = |refusal: databourse_primitives::Refusal| (refusal.code, refusal.field.into_owned());
        let decoded = Decoded::new(self.sign(by, id, entry_type, body)).map_err(refused)?;
        let command = decoded.verify(&by.signer().public_key()).map_err(refused)?;
        self.execute(vec![command]).pop().map_or_else(
            || panic!("one outcome"),
            |outcome| match outcome {
                Outcome::Refused(refusal) => Err(refused(refusal)),
                other => Ok(other),
            },
        )
    }

    /// Executes a block of commands.
    pub(crate) fn execute(&mut self, commands: Vec<SignedCommand>) -> Vec<Outcome> {
        self.now = self.now.plus_ms(1_000);
        let context = BlockContext {
            height: Height(self.height + 1),
            time: self.now,
            header_index: LeafIndex(self.size),
        };
        let executed = execute(&self.state, &commands, &context).expect("everything is in memory");
        let accepted: Vec<_> = commands
            .into_iter()
            .zip(&executed.outcomes)
            .filter(|(_, outcome)| matches!(outcome, Outcome::Accepted(_)))
            .map(|(command, _)| command)
            .collect();
        if !accepted.is_empty() {
            self.height += 1;
            self.size += 1 + accepted.len() as u64;
            let encoded = executed.effects.clone().encode().unwrap();
            assert_eq!(executed.effects.digest().unwrap(), encoded.digest, "one digest, stored or not");
            self.history.push((context, accepted, encoded));
            self.state.apply(executed.effects);
        } else {
            assert!(executed.effects.writes.is_empty(), "a refusal changes nothing");
            assert!(executed.effects.transactions.is_empty(), "a refusal moves no money");
        }
        executed.outcomes
    }

    /// Executes several entries as one block.
    pub(crate) fn block(&mut self, entries: &[(By, &str, Value)]) -> Vec<Answer> {
        let mut ids = Vec::new();
        let commands = entries.iter().map(|(by, entry_type, body)| {
            let id = self.new_id();
            ids.push(id);
            let decoded = Decoded::new(self.sign(*by, id, entry_type, body)).unwrap();
            decoded.verify(&by.signer().public_key()).unwrap()
        });
        let commands = commands.collect();
        let answered = |(outcome, id): (Outcome, EntryId)| match outcome {
            Outcome::Refused(refusal) => Err((refusal.code, refusal.field.into_owned())),
            _ => Ok(id),
        };
        self.execute(commands).into_iter().zip(ids).map(answered).collect()
    }

    /// Blocks without commands of the test pass.
    pub(crate) const fn pass_heights(&mut self, count: u64) {
        self.height += count;
    }

    pub(crate) fn exchange(&self, exchange: usize) -> &databourse_party::Exchange {
        self.state.find::<databourse_party::Exchange>(&EXCHANGES[exchange]).unwrap()
    }

    pub(crate) fn try_command(&mut self, by: By, entry_type: &str, body: Value) -> Answer {
        let id = self.new_id();
        self.submit(by, id, entry_type, &body).map(|_| id)
    }

    #[track_caller]
    pub(crate) fn must(&mut self, by: By, entry_type: &str, body: Value) -> EntryId {
        match self.try_command(by, entry_type, body) {
            Ok(id) => id,
            Err((code, field)) => panic!("{entry_type} refused: {code} at `{field}`"),
        }
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, by: By, entry_type: &str, body: Value, code: RefusalCode, field: &str) {
        let answer = self.try_command(by, entry_type, body);
        assert_eq!(answer, Err((code, field.to_owned())), "{entry_type}");
    }

    pub(crate) fn party(&mut self, name: &str, roles: &[&str]) -> PartyId {
        let id = self.must(By::Exchange, "party.certify", party_body(name, roles));
        PartyId::from(id)
    }

    /// A party of another exchange than the first.
    pub(crate) fn party_at(&mut self, exchange: usize, name: &str, roles: &[&str]) -> PartyId {
        PartyId::from(self.must(By::At(exchange), "party.certify", party_body(name, roles)))
    }

    pub(crate) fn right(&mut self, holder: PartyId, source: &str) -> EntryId {
        self.must(By::For(holder), "right.register", right_body(source))
    }

    pub(crate) fn product(&mut self, supplier: PartyId, right: EntryId) -> EntryId {
        self.must(By::For(supplier), "product.list", json!({ "right": right, "details": details() }))
    }

    pub(crate) fn offer(&mut self, supplier: PartyId, product: EntryId, price: &str) -> EntryId {
        self.must(By::For(supplier), "offer.publish", offer_body(product, price))
    }

    pub(crate) fn deposit(&mut self, party: PartyId, amount_minor: i64) {
        let reference = format!("bank-{}", self.next_id);
        let body = json!({
            "party": party, "asset": CNY, "amount_minor": amount_minor, "bank_reference": reference,
        });
        self.must(By::Exchange, "account.deposit", body);
    }

    pub(crate) fn order(&mut self, buyer: PartyId, offers: &[EntryId]) -> EntryId {
        self.must(By::For(buyer), "order.place", order_body(offers))
    }

    pub(crate) fn delivered(&mut self, supplier: PartyId, order: EntryId) {
        self.must(By::For(supplier), "delivery.record", delivery_body(order));
    }

    pub(crate) fn accepted(&mut self, buyer: PartyId, order: EntryId) {
        self.must(By::For(buyer), "order.accept", json!({ "order": order }));
    }

    pub(crate) fn certificate_body(&self, order: EntryId, sequence: u64) -> Value {
        let order = OrderId::from(order);
        let record = self.state.find::<databourse_licensing::Order>(&order).unwrap();
        let buyer = self.state.find::<databourse_party::Party>(&record.buyer).unwrap();
        let licences: Vec<_> = (1..=record.line_count)
            .map(|line| {
                self.state.find::<databourse_licensing::Licence>(&LicenceId { order, line }).unwrap().clone()
            })
            .collect();
        let facts = certificate_facts(record, buyer, &licences).unwrap();
        json!({ "order": order, "number": format!("sh-2026-{sequence:08}"), "facts": facts })
    }

    pub(crate) fn balance(&self, account: &str) -> i64 {
        self.state
            .find::<databourse_settlement::Account>(&account)
            .map_or(0, databourse_settlement::Account::balance_minor)
    }

    pub(crate) fn balances(&self, account: &str) -> databourse_settlement::Balances {
        let account = self.state.find::<databourse_settlement::Account>(&account);
        account.map(databourse_settlement::Account::balances).unwrap_or_default()
    }

    /// Whose book an account is in.
    fn book(&self, account: &databourse_settlement::AccountId) -> String {
        let region = self.state.find::<databourse_party::Region>(&"region").unwrap();
        match &account.holder {
            Holder::Exchange(code) => code.to_string(),
            Holder::Party(party) => {
                let party = self.state.find::<databourse_party::Party>(party).unwrap();
                region.home_of(&party.home_exchange).to_string()
            }
        }
    }

    /// Debits equal credits per asset, posted and pending, in the region and in each exchange's own book; nothing is
    /// overdrawn; what is pending is exactly what holds have left; the journal says the same as the state.
    #[track_caller]
    pub(crate) fn check_money(&self) {
        type Sums = std::collections::BTreeMap<(String, Asset), (i128, i128)>;
        let (mut books, mut clearing) = (Sums::new(), 0_i128);
        let mut pending_debits = 0_i64;
        for account in self.state.all::<databourse_settlement::Account>() {
            let posted = i128::from(account.debits_minor) - i128::from(account.credits_minor);
            let pending =
                i128::from(account.debits_pending_minor) - i128::from(account.credits_pending_minor);
            pending_debits += account.debits_pending_minor;
            let sums = books.entry((self.book(&account.id), account.id.asset)).or_default();
            *sums = (sums.0 + posted, sums.1 + pending);
            match account.id.purpose {
                Purpose::Clearing => clearing += posted,
                Purpose::Difference => {}
                _ => assert!(account.balances().available_minor >= 0, "{} is overdrawn", account.id),
            }
        }
        assert!(books.values().all(|sums| sums.0 == 0), "a book does not balance: {books:?}");
        assert_eq!(books.values().map(|sums| sums.1).sum::<i128>(), 0, "pending does not sum to zero");
        assert_eq!(clearing, 0, "clearing accounts are not symmetric");
        let held: i64 = self.state.all::<Hold>().map(|hold| hold.left().unwrap().get()).sum();
        assert_eq!(pending_debits, held, "what is pending is what holds have left");
        for (_, _, effects) in &self.history {
            for transaction in &effects.transactions {
                let sum: i64 = transaction
                    .postings
                    .iter()
                    .map(|posting| match posting.side {
                        databourse_settlement::Side::Debit => posting.amount_minor.get(),
                        databourse_settlement::Side::Credit => -posting.amount_minor.get(),
                    })
                    .sum();
                assert_eq!(sum, 0, "a transaction of {} does not sum to zero", transaction.entry);
            }
        }
    }
}

pub(crate) fn id(number: u64) -> EntryId {
    format!("019b8b6e-0000-7000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn party_body(name: &str, roles: &[&str]) -> Value {
    json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": roles,
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
    })
}

pub(crate) fn right_body(source: &str) -> Value {
    json!({
        "interests": ["holding", "product_operation"], "data_class": "enterprise", "source": source,
        "source_statement": { "zh": "自有业务系统产生" },
    })
}

pub(crate) fn details() -> Value {
    json!({ "title": { "en": "Port calls" }, "description": { "en": "Hourly port calls" }, "kind": "dataset" })
}

pub(crate) fn offer_body(product: EntryId, price: &str) -> Value {
    json!({
        "product": product, "asset": CNY, "pricing": "one_off", "unit_price": price,
        "terms": {
            "purposes": ["model_training"], "term_days": 365, "territory": "CN",
            "usable_not_visible": false, "exclusive": false,
        },
    })
}

pub(crate) fn order_body(offers: &[EntryId]) -> Value {
    let line = |offer: &EntryId| json!({ "offer": offer, "quantity": 1, "purpose": "model_training" });
    json!({ "lines": offers.iter().map(line).collect::<Vec<_>>() })
}

pub(crate) fn delivery_body(order: EntryId) -> Value {
    let evidence = databourse_primitives::Digest::of(b"delivered");
    json!({ "order": order, "method": "file", "evidence": evidence })
}

/// The region's tax table of that version.
pub(crate) fn tax_body(version: u64) -> Value {
    json!({
        "version": version, "default": "services", "kinds": { "compute": "goods" },
        "rates": { "goods": "0.13", "transport": "0.09", "services": "0.06", "small_scale": "0.03", "exempt": "0" },
    })
}

/// A schedule for CNY with one percentage.
pub(crate) fn schedule_body(version: &str, rate: &str) -> Value {
    json!({
        "version": version, "fees": [{ "fee": { "base": { "name": "percentage", "rate": rate } } }],
        "fee_vat": "services", "selling_share": "0.4", "yearly": { "buyer": 998_000 }, "tax": 1,
        "hold_days": 30, "dispute_days": 7, "bank_tolerance_minor": 5,
        "rounding": "half-up-largest-remainder-carry/1",
    })
}

pub(crate) fn minor(amount: i64) -> AmountMinor {
    AmountMinor::new(amount).unwrap()
}
