//! Purchases, signed by buyer and merchant before the clock starts: what the parties' own machines do is no load of
//! the exchanges.

use super::{
    ground::{Ground, signed},
    target::Target,
};
use anyhow::{Context as _, Result};
use databourse_exchange::Entropy;
use databourse_primitives::{Digest, EntryId, Timestamp};
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

/// The signed entries `order.place`, `delivery.record`, `order.accept`, in this order, and the place of the buyer's
/// exchange, to which they go.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) at: usize,
    pub(crate) entries: [String; 3],
}

/// Signs `count` purchases on all cores, of a hundred `crossing` with a merchant of another exchange.
pub(crate) async fn sign<T: Target>(
    ground: &Ground,
    target: &T,
    spread: Spread,
    crossing: u64,
    count: u64,
) -> Result<Vec<Purchase>> {
    let (now, threads) = (target.now(), std::thread::available_parallelism()?.get() as u64);
    let share = count.div_ceil(threads).max(1);
    let mut workers = Vec::new();
    for first in (0..count).step_by(usize::try_from(share)?) {
        let ground = ground.clone();
        let range = first..first.saturating_add(share).min(count);
        workers.push(tokio::task::spawn_blocking(move || {
            range.map(|number| one(&ground, now, spread, crossing, number)).collect::<Result<Vec<_>>>()
        }));
    }
    let mut purchases = Vec::new();
    for worker in workers {
        purchases.extend(worker.await??);
    }
    Ok(purchases)
}

fn one(ground: &Ground, now: Timestamp, spread: Spread, crossing: u64, number: u64) -> Result<Purchase> {
    let number = usize::try_from(number)?;
    let buyer = &ground.buyers[number % ground.buyers.len()];
    let merchants = &ground.merchants;
    let turn = match spread {
        Spread::Uniform => {
            let crossing = usize::try_from(crossing)?;
            merchant_of(number, buyer.at, ground.exchanges.len(), merchants.len(), crossing)
        }
        Spread::Hot => 0,
    };
    let (merchant, offer) = merchants.get(turn).context("more exchanges than merchants")?;
    let [order, delivery, acceptance] = [new_id(now)?, new_id(now)?, new_id(now)?];
    let place = json!({ "lines": [{ "offer": offer, "quantity": 1, "purpose": "bench" }] });
    let evidence = Digest::of(order.to_string().as_bytes());
    let deliver = json!({ "order": order, "lines": [1], "method": "file", "evidence": evidence });
    let accept = json!({ "order": order, "lines": [1] });
    let [at, from] = [buyer.at, merchant.at].map(|at| &ground.exchanges[at]);
    Ok(Purchase {
        at: buyer.at,
        entries: [
            signed(at, &buyer.key, order, now, "order.place", &place)?,
            signed(from, &merchant.key, delivery, now, "delivery.record", &deliver)?,
            signed(at, &buyer.key, acceptance, now, "order.accept", &accept)?,
        ],
    })
}

fn new_id(now: Timestamp) -> Result<EntryId> {
    Entropy::Os.entry_id(now, "").context("the system has no randomness")
}

/// Which merchant a purchase is of, if every one is as often as any other: a merchant of the buyer's exchange, or, in
/// `crossing` of a hundred purchases, one of the others in turn.
fn merchant_of(number: usize, home: usize, exchanges: usize, merchants: usize, crossing: usize) -> usize {
    let turn = number / exchanges;
    let crosses = exchanges > 1 && (turn % 100 + 1) * crossing / 100 > turn % 100 * crossing / 100;
    let from = if crosses { (home + 1 + turn % (exchanges - 1)) % exchanges } else { home };
    let there = merchants.saturating_sub(from).div_ceil(exchanges).max(1);
    from + exchanges * (turn % there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn an_exchange_alone_buys_from_its_merchants_in_turn() {
        let turns: Vec<_> = (0..5).map(|number| merchant_of(number, 0, 1, 3, 100)).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1]);
    }

    #[track_caller]
    fn check(crossing: usize, expected: usize) {
        let (exchanges, merchants, count) = (4, 18, 4 * 3_600);
        let mut bought: BTreeMap<usize, usize> = BTreeMap::new();
        let mut crossed = 0;
        for number in 0..count {
            let home = number % exchanges;
            let merchant = merchant_of(number, home, exchanges, merchants, crossing);
            *bought.entry(merchant).or_default() += 1;
            crossed += usize::from(merchant % exchanges != home);
        }
        assert_eq!(crossed * 100, expected * count);
        assert_eq!(bought.len(), merchants, "every merchant sells");
        assert!(bought.values().all(|sold| sold * merchants * 2 > count), "and about as often: {bought:?}");
    }

    #[test]
    fn the_asked_share_of_purchases_crosses_and_every_merchant_sells() {
        check(0, 0);
        check(50, 50);
        check(75, 75);
        check(100, 100);
    }
}
