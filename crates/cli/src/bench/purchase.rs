//! Purchases, signed by buyer and merchant before the clock starts: what the parties' own machines do is no load of
//! the exchange.

use super::ground::{Ground, signed};
use anyhow::Result;
use databourse_exchange::{Entropy, Node};
use databourse_primitives::{Digest, Timestamp};
use serde::Serialize;
use serde_json::json;

/// Who is bought from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spread {
    /// Every merchant as often as any other.
    Uniform,
    /// Always the same one.
    Hot,
}

impl Spread {
    /// For the table.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Hot => "one hot",
        }
    }
}

/// The signed entries `order.place`, `delivery.record`, `order.accept`, in this order.
#[derive(Debug, Clone)]
pub(crate) struct Purchase(pub(crate) [Vec<u8>; 3]);

/// Signs `count` purchases on all cores.
pub(crate) async fn sign(ground: &Ground, node: &Node, spread: Spread, count: u64) -> Result<Vec<Purchase>> {
    let (now, threads) = (node.now(), std::thread::available_parallelism()?.get() as u64);
    let share = count.div_ceil(threads).max(1);
    let mut workers = Vec::new();
    for first in (0..count).step_by(usize::try_from(share)?) {
        let ground = ground.clone();
        let range = first..first.saturating_add(share).min(count);
        workers.push(tokio::task::spawn_blocking(move || {
            range.map(|number| one(&ground, now, spread, number)).collect::<Result<Vec<_>>>()
        }));
    }
    let mut purchases = Vec::new();
    for worker in workers {
        purchases.extend(worker.await??);
    }
    Ok(purchases)
}

fn one(ground: &Ground, now: Timestamp, spread: Spread, number: u64) -> Result<Purchase> {
    let exchange = &ground.exchange;
    let buyer = &ground.buyers[usize::try_from(number)? % ground.buyers.len()];
    let turn = match spread {
        Spread::Uniform => usize::try_from(number)? % ground.merchants.len(),
        Spread::Hot => 0,
    };
    let (merchant, offer) = &ground.merchants[turn];
    let id = || Entropy::Os.entry_id(now, "");
    let order = id()?;
    let place = json!({ "lines": [{ "offer": offer, "quantity": 1, "purpose": "bench" }] });
    let evidence = Digest::of(order.to_string().as_bytes());
    let deliver = json!({ "order": order, "lines": [1], "method": "file", "evidence": evidence });
    let accept = json!({ "order": order, "lines": [1] });
    Ok(Purchase([
        signed(exchange, &buyer.key, order, now, "order.place", &place)?,
        signed(exchange, &merchant.key, id()?, now, "delivery.record", &deliver)?,
        signed(exchange, &buyer.key, id()?, now, "order.accept", &accept)?,
    ]))
}
