//! The market on which purchases are made: merchants with one product and one offer each, and buyers with money, dealt
//! out to all exchanges. All of them keep their own keys, as parties do that sign by themselves.

use super::target::Target;
use anyhow::{Context as _, Result, anyhow};
use databourse_exchange::Entropy;
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::Command;
use databourse_primitives::{EntryId, ExchangeCode, OfferId, PartyId, PublicKey, Timestamp};
use serde_json::{Value, json, value::RawValue};
use std::sync::Arc;

/// What everything is paid in, and the price of one purchase.
const ASSET: &str = "CNY/2";
const PRICE: &str = "100.00";
/// What each buyer brings: enough for ten million purchases.
const DEPOSIT_MINOR: u64 = 100_000_000_000;
/// Commands sent at once while the market is made.
const BATCH: usize = 500;

/// A party with the key that it keeps.
#[derive(Debug, Clone)]
pub(crate) struct Trader {
    pub(crate) id: PartyId,
    pub(crate) key: SigningKey,
    /// Place of its exchange.
    pub(crate) at: usize,
}

/// The market. Party number n of its kind is at the exchange of place n modulo their count.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) exchanges: Arc<[ExchangeCode]>,
    /// Each with its one offer.
    pub(crate) merchants: Arc<[(Trader, OfferId)]>,
    pub(crate) buyers: Arc<[Trader]>,
}

/// Signs an entry as a party does.
pub(crate) fn signed(
    exchange: &ExchangeCode,
    key: &SigningKey,
    id: EntryId,
    now: Timestamp,
    entry_type: &str,
    body: &Value,
) -> Result<String> {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id,
        exchange: exchange.clone(),
        issued_at_s: now.unix_seconds(),
        on_behalf_of: None,
        body: RawValue::from_string(body.to_string())?,
    };
    let entry = Entry::sign(&claims, key).with_context(|| format!("an entry `{entry_type}`"))?;
    Ok(entry.as_str().to_owned())
}

/// Certifies, lists, offers and deposits, all through the nodes.
pub(crate) async fn prepare<T: Target>(
    target: &T,
    merchant_count: usize,
    buyer_count: usize,
) -> Result<Ground> {
    let exchanges: Arc<[ExchangeCode]> = target.exchanges().into();
    let merchants = certify(target, "supplier", merchant_count).await?;
    let buyers = certify(target, "buyer", buyer_count).await?;
    let now = target.now();
    let as_merchants = async |entry_type: &str, bodies: Vec<Value>| -> Result<Vec<EntryId>> {
        let (mut ids, mut entries) = (Vec::with_capacity(bodies.len()), vec![Vec::new(); exchanges.len()]);
        for (merchant, body) in merchants.iter().zip(&bodies) {
            let id = new_id(now)?;
            ids.push(id);
            entries[merchant.at].push(signed(
                &exchanges[merchant.at],
                &merchant.key,
                id,
                now,
                entry_type,
                body,
            )?);
        }
        in_batches(entries, async |at, batch| {
            target.submit(at, batch).await.map_err(|refusal| anyhow!("{entry_type}: {refusal}"))
        })
        .await?;
        Ok(ids)
    };
    let right = |number: usize| {
        json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": format!("bench-{number}"),
            "source_statement": { "en": "made up for a benchmark" },
        })
    };
    let rights = as_merchants("right.register", (0..merchant_count).map(right).collect()).await?;
    let details = json!({ "title": { "en": "Data" }, "description": { "en": "Data" }, "kind": "dataset" });
    let product = |right: &EntryId| json!({ "right": right, "details": details });
    let products = as_merchants("product.list", rights.iter().map(product).collect()).await?;
    let terms = json!({
        "purposes": ["bench"], "term_days": 365, "territory": "CN", "usable_not_visible": false, "exclusive": false,
    });
    let offer = |product: &EntryId| json!({ "product": product, "asset": ASSET, "pricing": "one_off", "unit_price": PRICE, "terms": terms });
    let offers = as_merchants("offer.publish", products.iter().map(offer).collect()).await?;
    let mut deposits = vec![Vec::new(); exchanges.len()];
    for (number, buyer) in buyers.iter().enumerate() {
        let line = format!("bench-{number}");
        let body = json!({
            "party": buyer.id, "asset": ASSET, "amount_minor": DEPOSIT_MINOR, "bank_reference": line,
        });
        deposits[buyer.at].push(by_exchange(new_id(now)?, "account.deposit", &body)?);
    }
    in_batches(deposits, async |at, batch| target.record(at, batch).await).await?;
    target.level().await?;
    let merchants = merchants.into_iter().zip(offers.into_iter().map(OfferId::from)).collect();
    Ok(Ground { exchanges, merchants, buyers: buyers.into() })
}

/// Certifies `count` parties in `role`, each with a key of its own.
async fn certify<T: Target>(target: &T, role: &str, count: usize) -> Result<Vec<Trader>> {
    let (now, exchange_count) = (target.now(), target.exchanges().len());
    let mut traders = Vec::with_capacity(count);
    let mut commands = vec![Vec::new(); exchange_count];
    for number in 0..count {
        let key = SigningKey::from_seed(*Entropy::Os.bytes("")?);
        let name = format!("{role} {number}");
        let keys: [PublicKey; 1] = [key.public_key()];
        let body = json!({
            "legal_name": { "en": name }, "legal_identifier": format!("ext:bench-{role}-{number}"), "roles": [role],
            "home_region": "CN-SH", "entrusts_exchange": false, "keys": keys, "valid_until": "2099-01-01T00:00:00Z",
        });
        let (id, at) = (new_id(now)?, number % exchange_count);
        traders.push(Trader { id: PartyId::from(id), key, at });
        commands[at].push(by_exchange(id, "party.certify", &body)?);
    }
    in_batches(commands, async |at, batch| target.record(at, batch).await).await?;
    Ok(traders)
}

fn new_id(now: Timestamp) -> Result<EntryId> {
    Entropy::Os.entry_id(now, "").context("the system has no randomness")
}

fn by_exchange(id: EntryId, entry_type: &str, body: &Value) -> Result<(EntryId, Command)> {
    let command = Command::from_json(entry_type, &body.to_string()).context("a command of the benchmark")?;
    Ok((id, command))
}

/// Sends what is for each place, in batches, one after the other; every one must be accepted.
async fn in_batches<T>(for_each: Vec<Vec<T>>, send: impl AsyncFn(usize, Vec<T>) -> Result<()>) -> Result<()> {
    for (at, mut items) in for_each.into_iter().enumerate() {
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(BATCH));
            let batch = std::mem::replace(&mut items, rest);
            send(at, batch).await.context("the market of the benchmark cannot be made")?;
        }
    }
    Ok(())
}
