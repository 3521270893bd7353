//! Authors: suppliers, buyers and members who send entries through the real rules, send some of them twice, and do not
//! give up before they have an answer.

use super::{
    entries,
    plan::{CODES, FOUNDERS, NODES},
    world::World,
};
use crate::{Acknowledgement, SubmitError, pool::Reply};
use databourse_market::SignedCommand;
use databourse_primitives::{EntryId, PartyId, Refusal, RefusalCode};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
};
use tokio::sync::oneshot;

/// How often a refused entry is sent again.
const ATTEMPTS: usize = 4;

/// The supplier and its products are at this exchange.
const JS: usize = 1;

/// What authors know of one another.
#[derive(Default)]
pub(super) struct Board {
    pub(super) supplier: Mutex<Option<PartyId>>,
    pub(super) offers: Mutex<Vec<EntryId>>,
    pub(super) exclusives: Mutex<Vec<EntryId>>,
    /// Orders of exclusive offers that were acknowledged.
    pub(super) sold: Mutex<BTreeMap<EntryId, Vec<EntryId>>>,
}

pub(super) type Answered = Result<EntryId, Refusal>;

/// Sends entries of one exchange.
#[derive(Clone)]
pub(super) struct Author {
    pub(super) world: Arc<World>,
    pub(super) home: usize,
}

impl Author {
    fn sign(&self, party: Option<PartyId>, entry_type: &str, body: &Value) -> SignedCommand {
        let unix_ms = 1_767_574_800_000 + i64::try_from(self.world.time.now()).unwrap();
        let now = databourse_primitives::Timestamp::from_unix_ms(unix_ms);
        entries::sign(self.home, party, self.world.new_id(), now, entry_type, body)
    }

    /// Sends an entry until there is an answer.
    pub(super) async fn send(&self, party: Option<PartyId>, entry_type: &str, body: Value) -> Answered {
        let command = self.sign(party, entry_type, &body);
        let id = command.entry().claims().id;
        self.world.note(format_args!("{} sends {entry_type} {id}", CODES[self.home]));
        loop {
            let place = self.door();
            if self.world.random().chance(150) {
                let other = self.door();
                self.push(other, &command, |author, place, receiver| {
                    tokio::spawn(author.listen(place, id, receiver));
                });
            }
            let mut answer = None;
            self.push(place, &command, |_, _, receiver| answer = Some(receiver));
            if let Some(receiver) = answer {
                let reply = self.clone().wait(place, id, receiver).await;
                match reply {
                    Some(Ok(_)) => return Ok(id),
                    Some(Err(SubmitError::Refused(refusal))) if refusal.code != RefusalCode::ServiceBusy => {
                        self.world.note(format_args!("{id} is refused: {refusal}"));
                        self.world.counts.refused.fetch_add(1, Ordering::Relaxed);
                        return Err(refusal);
                    }
                    _ => {}
                }
            }
            let ms = self.world.random().between(50, 800);
            self.world.time.sleep(ms).await;
        }
    }

    /// Sends again what is refused: a node that is behind does not know yet what the others do.
    pub(super) async fn insist(&self, party: Option<PartyId>, entry_type: &str, body: Value) -> Answered {
        let mut answer = self.send(party, entry_type, body.clone()).await;
        for _ in 0..ATTEMPTS {
            if answer.is_ok() {
                break;
            }
            self.pause(1_000).await;
            answer = self.send(party, entry_type, body.clone()).await;
        }
        answer
    }

    /// A node to go to: mostly the own exchange's.
    fn door(&self) -> usize {
        let is_elsewhere = self.world.random().chance(200) || !self.world.is_up(self.home);
        if is_elsewhere { self.world.random().place(NODES) } else { self.home }
    }

    fn push(
        &self,
        place: usize,
        command: &SignedCommand,
        take: impl FnOnce(Self, usize, oneshot::Receiver<Reply>),
    ) {
        let Some(ears) = self.world.ears(place) else { return };
        if let Ok(mut receivers) = ears.pool.push(vec![command.clone()]) {
            take(self.clone(), place, receivers.pop().unwrap());
        }
    }

    /// Waits for an answer, for ever; `None` if the node is gone.
    async fn wait(
        self,
        place: usize,
        id: EntryId,
        receiver: oneshot::Receiver<Reply>,
    ) -> Option<Result<Acknowledgement, SubmitError>> {
        self.world.counts.waiting.fetch_add(1, Ordering::Relaxed);
        let reply = receiver.await.ok();
        self.world.counts.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(Ok(told)) = &reply {
            self.world.check_acknowledged(place, id, told);
        }
        reply
    }

    async fn listen(self, place: usize, id: EntryId, receiver: oneshot::Receiver<Reply>) {
        let _ = self.wait(place, id, receiver).await;
    }

    pub(super) async fn pause(&self, ms_max: u64) {
        let ms = self.world.random().between(20, ms_max);
        self.world.time.sleep(ms).await;
    }
}

/// Certifies a supplier, lists a product, offers it to everybody and to one alone.
pub(super) async fn supply(author: Author, board: Arc<Board>) {
    let certify = author.insist(None, "party.certify", entries::party("supplier", "supplier"));
    let Ok(id) = certify.await else { return };
    let supplier = PartyId::from(id);
    let Ok(right) = author.insist(Some(supplier), "right.register", entries::right()).await else { return };
    let listed = author.insist(Some(supplier), "product.list", entries::product(right));
    let Ok(product) = listed.await else { return };
    *board.supplier.lock().unwrap() = Some(supplier);
    for number in 0..4 {
        let is_exclusive = number % 2 == 1;
        let body = entries::offer(product, is_exclusive);
        let Ok(offer) = author.insist(Some(supplier), "offer.publish", body).await else { return };
        let offers = if is_exclusive { &board.exclusives } else { &board.offers };
        offers.lock().unwrap().push(offer);
    }
}

/// Certifies a buyer, pays in, and buys.
pub(super) async fn buy(author: Author, board: Arc<Board>) {
    let name = format!("buyer-{}", author.home);
    let Ok(id) = author.insist(None, "party.certify", entries::party(&name, "buyer")).await else { return };
    let buyer = PartyId::from(id);
    let deposit = entries::deposit(buyer, &format!("in-{}", author.home));
    let Ok(_) = author.insist(None, "account.deposit", deposit).await else { return };
    for _ in 0..author.world.plan.purchases {
        author.pause(1_500).await;
        let choice = author.world.random().below(10);
        let list = if choice < 4 { &board.exclusives } else { &board.offers };
        let offers = list.lock().unwrap().clone();
        if choice == 9 || offers.is_empty() {
            // The rules refuse both.
            let again = entries::party(&name, "buyer");
            let overdraft = json!({ "asset": entries::CNY, "amount_minor": 900_000_000 });
            let refused = if choice.is_multiple_of(2) {
                author.send(None, "party.certify", again).await
            } else {
                author.send(Some(buyer), "account.withdraw", overdraft).await
            };
            if refused.is_ok() {
                author.world.fail(format_args!("what the rules refuse is acknowledged"));
            }
            continue;
        }
        let offer = author.world.random().pick(&offers);
        let Ok(order) = author.send(Some(buyer), "order.place", entries::order(offer)).await else {
            continue;
        };
        if choice < 4 {
            board.sold.lock().unwrap().entry(offer).or_default().push(order);
        }
        let supplier = *board.supplier.lock().unwrap();
        let from = Author { home: JS, ..author.clone() };
        if from.insist(supplier, "delivery.record", entries::delivery(order)).await.is_ok() {
            let _ = author.insist(Some(buyer), "order.accept", json!({ "order": order })).await;
        }
    }
}

/// Starts everybody; each counts until its script has ended.
pub(super) fn start(world: &Arc<World>, board: &Arc<Board>) {
    let begin = |home: usize| {
        world.counts.scripts.fetch_add(1, Ordering::Relaxed);
        Author { world: Arc::clone(world), home }
    };
    let supplier = begin(JS);
    let shared = Arc::clone(board);
    tokio::spawn(async move {
        let world = Arc::clone(&supplier.world);
        supply(supplier, shared).await;
        world.counts.scripts.fetch_sub(1, Ordering::Relaxed);
    });
    for home in 0..FOUNDERS {
        let (buyer, shared) = (begin(home), Arc::clone(board));
        tokio::spawn(async move {
            let world = Arc::clone(&buyer.world);
            buy(buyer, shared).await;
            world.counts.scripts.fetch_sub(1, Ordering::Relaxed);
        });
    }
    let member = begin(0);
    tokio::spawn(async move {
        let world = Arc::clone(&member.world);
        super::story::tell(member).await;
        world.counts.scripts.fetch_sub(1, Ordering::Relaxed);
    });
}
