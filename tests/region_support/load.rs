//! Buyers and merchants of all exchanges, who send again what was not answered, and remember what was.

use super::{
    LOOK_PAUSE,
    dice::Dice,
    node::{Access, Answer},
};
use databourse_primitives::Digest;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// How long a client goes on with one command, and how long it waits for a node to see another's.
const PATIENCE: Duration = Duration::from_secs(300);
/// One of how many commands is sent once more after it was answered.
const REPEAT_ONE_OF: usize = 15;

/// What the clients know.
#[derive(Default)]
pub(crate) struct Known {
    /// Every id that was sent, and what was sent under it.
    pub(crate) offered: BTreeMap<String, Value>,
    /// Where each stands that was acknowledged.
    pub(crate) acknowledged: BTreeMap<String, u64>,
    /// Answers that no rule explains.
    pub(crate) surprises: Vec<String>,
    /// Sales that were made from beginning to end.
    pub(crate) sales: u64,
    /// Attempts that had to be made again.
    pub(crate) retries: u64,
}

/// Clients of a region.
#[derive(Clone)]
pub(crate) struct Load {
    nodes: Arc<Vec<Access>>,
    known: Arc<Mutex<Known>>,
    numbers: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

fn id(kind: u64, number: u64) -> String {
    format!("019b8b6e-0000-7000-8{kind:03x}-{number:012x}")
}

/// The merchant of the exchange at `place`.
pub(crate) fn merchant(place: usize) -> String {
    id(1, place as u64)
}

fn command(id: &str, party: Option<&str>, entry_type: &str, body: Value) -> Value {
    match party {
        Some(party) => json!({ "id": id, "type": entry_type, "on_behalf_of": party, "body": body }),
        None => json!({ "id": id, "type": entry_type, "body": body }),
    }
}

fn party(id: &str, role: &str) -> Value {
    let body = json!({
        "legal_name": { "en": id }, "legal_identifier": format!("ext:{id}"), "roles": [role],
        "home_region": "CN", "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
    });
    command(id, None, "party.certify", body)
}

impl Load {
    /// Clients who know nothing yet.
    pub(crate) fn new(nodes: Vec<Access>) -> Self {
        Self {
            nodes: Arc::new(nodes),
            known: Arc::default(),
            numbers: Arc::default(),
            is_over: Arc::default(),
        }
    }

    /// What the clients know so far.
    pub(crate) fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// The last leaf that was acknowledged.
    pub(crate) fn last_leaf(&self) -> u64 {
        self.known().acknowledged.values().copied().max().unwrap_or_default()
    }

    /// Sends until it is answered. `None` if the answer is not what it should be, which is noted.
    async fn send(&self, place: usize, command: Value, dice: &mut Dice) -> Option<u64> {
        let id = command["id"].as_str().unwrap().to_owned();
        self.known().offered.insert(id.clone(), command.clone());
        let answered = async {
            loop {
                match self.nodes[place].submit(&command).await {
                    Answer::Acknowledged { leaf_index } => return Ok(leaf_index),
                    Answer::Surprise(what) => return Err(what),
                    Answer::Again => self.known().retries += 1,
                }
                tokio::time::sleep(LOOK_PAUSE + dice.pause(LOOK_PAUSE)).await;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        let answered = answered.unwrap_or_else(|_| Err(format!("no answer to {command} for {PATIENCE:?}")));
        let mut known = self.known();
        match answered {
            Ok(leaf_index) => {
                let first = *known.acknowledged.entry(id.clone()).or_insert(leaf_index);
                if first != leaf_index {
                    known.surprises.push(format!("{id} stood at {first}, and then at {leaf_index}"));
                }
                Some(leaf_index)
            }
            Err(what) => {
                known.surprises.push(what);
                None
            }
        }
    }

    /// The same, and once more now and then: the answer is the first one.
    async fn act(&self, place: usize, command: Value, dice: &mut Dice) -> Option<u64> {
        let leaf_index = self.send(place, command.clone(), dice).await?;
        if dice.below(REPEAT_ONE_OF) == 0 {
            self.send(place, command, dice).await?;
        }
        Some(leaf_index)
    }

    /// Waits until a node shows a leaf that another has answered.
    pub(crate) async fn seen(&self, place: usize, leaf_index: u64) -> Option<()> {
        let seen = async {
            while self.nodes[place].shown().await.is_none_or(|(size, _)| size <= leaf_index) {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await.ok();
        if seen.is_none() {
            self.known().surprises.push(format!("node {place} does not show leaf {leaf_index}"));
        }
        seen
    }

    /// A merchant with an offer at every exchange.
    pub(crate) async fn open_stalls(&self, dice: &mut Dice) {
        let places: Vec<_> = (0..self.nodes.len()).collect();
        self.open_stalls_at(&places, dice).await;
    }

    /// The same at the exchanges `places`.
    pub(crate) async fn open_stalls_at(&self, places: &[usize], dice: &mut Dice) {
        for &place in places {
            let at = place as u64;
            let merchant = merchant(place);
            let right = json!({
                "interests": ["product_operation"], "data_class": "enterprise", "source": format!("shop-{at}"),
                "source_statement": { "en": "The shop's own system" },
            });
            let title = json!({ "en": format!("Product {at}") });
            let details = json!({ "title": title, "description": title, "kind": "dataset" });
            let terms = json!({
                "purposes": ["replay"], "term_days": 30, "territory": "CN",
                "usable_not_visible": false, "exclusive": false,
            });
            let offer = json!({
                "product": id(3, at), "asset": "XTS/3", "pricing": "one_off", "unit_price": format!("{at}.125"),
                "terms": terms,
            });
            let product = json!({ "right": id(2, at), "details": details });
            for command in [
                party(&merchant, "supplier"),
                command(&id(2, at), Some(&merchant), "right.register", right),
                command(&id(3, at), Some(&merchant), "product.list", product),
                command(&id(4, at), Some(&merchant), "offer.publish", offer),
            ] {
                self.act(place, command, dice).await.expect("a stall");
            }
        }
        self.see(places, self.last_leaf()).await;
    }

    /// Waits until every node shows that leaf.
    pub(crate) async fn all_see(&self, leaf_index: u64) {
        let places: Vec<_> = (0..self.nodes.len()).collect();
        self.see(&places, leaf_index).await;
    }

    /// Waits until the nodes at `places` show that leaf.
    pub(crate) async fn see(&self, places: &[usize], leaf_index: u64) {
        for place in places {
            self.seen(*place, leaf_index).await.expect("every node comes so far");
        }
    }

    /// Has an operator send one command, which must be recorded.
    pub(crate) async fn operate(&self, place: usize, entry_type: &str, body: Value, dice: &mut Dice) -> u64 {
        let id = id(10, self.numbers.fetch_add(1, Ordering::Relaxed));
        let done = self.act(place, command(&id, None, entry_type, body), dice).await;
        done.unwrap_or_else(|| panic!("{:#?}", self.known().surprises))
    }

    /// A whole sale: a new buyer of one exchange buys what a merchant of another (or the same) lists.
    async fn sale(&self, places: &[usize], dice: &mut Dice) -> Option<()> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (home, shop) = (places[dice.below(places.len())], places[dice.below(places.len())]);
        let (buyer, order) = (id(5, number), id(7, number));
        self.act(home, party(&buyer, "buyer"), dice).await?;
        let deposit = json!({
            "party": buyer, "asset": "XTS/3", "amount_minor": 100_000_000, "bank_reference": format!("in-{number}"),
        });
        self.act(home, command(&id(6, number), None, "account.deposit", deposit), dice).await?;
        let line = json!({ "offer": id(4, shop as u64), "quantity": 1 + dice.below(3), "purpose": "replay" });
        let place = command(&order, Some(&buyer), "order.place", json!({ "lines": [line] }));
        let placed = self.act(home, place, dice).await?;
        self.seen(shop, placed).await?;
        let deliver = json!({ "order": order, "method": "file", "evidence": Digest::of(b"goods") });
        let deliver = command(&id(8, number), Some(&merchant(shop)), "delivery.record", deliver);
        let delivered = self.act(shop, deliver, dice).await?;
        self.seen(home, delivered).await?;
        let accept = command(&id(9, number), Some(&buyer), "order.accept", json!({ "order": order }));
        self.act(home, accept, dice).await?;
        self.known().sales += 1;
        Some(())
    }

    /// Makes `count` sales at the exchanges `places`, some at a time; every one must come to its end.
    pub(crate) async fn sell(&self, places: &[usize], count: usize, dice: &mut Dice) {
        let mut clients = JoinSet::new();
        for _ in 0..count {
            let (load, places, mut dice) = (self.clone(), places.to_vec(), Dice::new(dice.word()));
            clients.spawn(async move { load.sale(&places, &mut dice).await });
        }
        let made = clients.join_all().await;
        assert!(made.iter().all(Option::is_some), "{:#?}", self.known().surprises);
    }

    /// Lets `count` clients sell until [`Load::finish`].
    pub(crate) fn start(&self, count: usize, dice: &mut Dice) -> JoinSet<()> {
        let places: Vec<_> = (0..self.nodes.len()).collect();
        self.start_at(&places, count, dice)
    }

    /// The same at the exchanges `places`.
    pub(crate) fn start_at(&self, places: &[usize], count: usize, dice: &mut Dice) -> JoinSet<()> {
        self.is_over.store(false, Ordering::Relaxed);
        let mut clients = JoinSet::new();
        for _ in 0..count {
            let (load, places, mut dice) = (self.clone(), places.to_vec(), Dice::new(dice.word()));
            clients.spawn(async move {
                while !load.is_over.load(Ordering::Relaxed) && load.sale(&places, &mut dice).await.is_some() {
                }
            });
        }
        clients
    }

    /// Has the clients end the sales that they are at.
    pub(crate) fn finish(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
