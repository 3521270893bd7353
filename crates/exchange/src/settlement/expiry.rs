//! Expiry: money that was held for an order whose time is over goes back, without anybody asking.
//!
//! Each exchange expires what is held in its own book, and in those that it took over; the rules refuse it the others'.
//! The name of an `order.expire` entry follows from its order, so however often and from wherever it is sent, it stands in
//! the ledger once.

use crate::{Acting, Node, NodeError, Submission, SubmitError, entropy::entry_id};
use databourse_licensing::{ExpireOrder, Order};
use databourse_market::Command;
use databourse_primitives::{EntryId, ExchangeCode, OrderId, RefusalCode};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use tokio::sync::watch;
use tracing::{info, warn};

/// How many orders expire in one go: well below what a block and the pool take, so that others are served beside.
const BATCH_COUNT: u32 = 200;
/// How many due holds are looked through in the end, if those of other exchanges stand before our own.
const LOOKED_THROUGH_MAX: u32 = 1_000_000;
/// How many records one statement of the database names.
const NAMES_MAX: usize = 1_000;

impl Node {
    /// Expires the orders of this exchange's book whose holds are due by the node's clock, and answers with how many
    /// it ended. What the pool does not take now is left for the next time.
    ///
    /// # Errors
    /// The database.
    pub async fn expire_due_holds(&self) -> Result<u64, NodeError> {
        let mut expired = 0;
        let mut tried = BTreeSet::new();
        loop {
            let due = self.due_orders(&tried).await?;
            if due.is_empty() {
                break;
            }
            tried.extend(due.iter().map(|order| order.id));
            let submissions = due.iter().map(|order| expire(self.exchange(), order)).collect();
            let mut is_busy = false;
            for (order, answer) in due.iter().zip(self.submit(submissions).await) {
                match answer {
                    Ok(done) => expired += u64::from(!done.repeated),
                    // The buyer accepted or rejected in the meantime.
                    Err(SubmitError::Refused(refusal)) if refusal.code == RefusalCode::HoldEnded => {}
                    Err(SubmitError::Refused(refusal)) if refusal.code != RefusalCode::ServiceBusy => {
                        warn!(order = %order.id, %refusal, "a due hold does not expire");
                    }
                    Err(_) => is_busy = true,
                }
            }
            if is_busy {
                break;
            }
        }
        Ok(expired)
    }

    /// The longest overdue orders of this exchange's book, without those that were `tried`.
    async fn due_orders(&self, tried: &BTreeSet<OrderId>) -> Result<Vec<Order>, NodeError> {
        let now = self.now();
        let successors = self.successors().await?;
        let is_ours = |order: &Order| successors.home_of(&order.book) == self.exchange();
        let mut limit = BATCH_COUNT;
        loop {
            let holds = self.store().due_holds(now, limit).await?;
            let names: Vec<String> = holds.iter().map(ToString::to_string).collect();
            let mut due = Vec::new();
            for names in names.chunks(NAMES_MAX) {
                let orders: Vec<Order> = self.store().records(names).await?;
                due.extend(orders.into_iter().filter(|order| is_ours(order) && !tried.contains(&order.id)));
            }
            let is_all = names.len() < limit as usize || limit >= LOOKED_THROUGH_MAX;
            if !due.is_empty() || is_all {
                due.truncate(BATCH_COUNT as usize);
                return Ok(due);
            }
            limit = limit.saturating_mul(4);
        }
    }
}

fn expire(exchange: &ExchangeCode, order: &Order) -> Submission {
    let command = Command::ExpireOrder(ExpireOrder { order: order.id });
    Submission::Command { id: expiry_id(exchange, order), acting: Acting::Exchange, command }
}

/// The name of the entry that expires an order.
fn expiry_id(exchange: &ExchangeCode, order: &Order) -> EntryId {
    let words = format!("databourse order.expire\n{exchange}\n{}\n", order.id);
    entry_id(order.placed_at, &Sha256::digest(words).into())
}

/// Looks for due holds each period until the node stops. The first look is after one period, so that a node that is
/// asked for nothing changes nothing at once.
pub(crate) async fn expire_while_running(node: Node, mut halted: watch::Receiver<bool>) {
    let period = node.0.settlement.expiry_period;
    if period.is_zero() {
        return;
    }
    loop {
        let round = async {
            tokio::time::sleep(period).await;
            match node.expire_due_holds().await {
                Ok(0) => {}
                Ok(count) => info!(count, "held money went back"),
                Err(error) => warn!(%error, "cannot look for due holds"),
            }
        };
        tokio::select! {
            // A node that is dropped without being stopped has no sender any more.
            _ = halted.wait_for(|halted| *halted) => return,
            () = round => {}
        }
    }
}
