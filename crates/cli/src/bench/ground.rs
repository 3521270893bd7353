//! The market on which purchases are made: merchants with one product and one offer each, and buyers with money. All
//! of them keep their own keys, as parties do that sign by themselves.

use anyhow::{Context as _, Result, bail};
use databourse_exchange::{Acting, Entropy, Node, Submission};
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
const BATCH: usize = 1_000;

/// A party with the key that it keeps.
#[derive(Debug, Clone)]
pub(crate) struct Trader {
    pub(crate) id: PartyId,
    pub(crate) key: SigningKey,
}

/// The market.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) exchange: ExchangeCode,
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
) -> Result<Vec<u8>> {
    let claims = Claims {
        entry_type: entry_type.to_owned(),
        id,
        exchange: exchange.clone(),
        issued_at_s: now.unix_seconds(),
        on_behalf_of: None,
        body: RawValue::from_string(body.to_string())?,
    };
    let entry = Entry::sign(&claims, key).with_context(|| format!("an entry `{entry_type}`"))?;
    Ok(entry.bytes().to_vec())
}

/// Certifies, lists, offers and deposits, all through the node.
pub(crate) async fn prepare(node: &Node, merchant_count: usize, buyer_count: usize) -> Result<Ground> {
    let exchange = node.exchange().clone();
    let merchants = certify(node, "supplier", merchant_count).await?;
    let buyers = certify(node, "buyer", buyer_count).await?;
    let now = node.now();
    let as_merchants = async |entry_type: &str, bodies: Vec<Value>| -> Result<Vec<EntryId>> {
        let mut sent = Vec::with_capacity(bodies.len());
        for (merchant, body) in merchants.iter().zip(&bodies) {
            let id = node.new_entry_id()?;
            let bytes = signed(&exchange, &merchant.key, id, now, entry_type, body)?;
            sent.push((id, Submission::Signed(bytes)));
        }
        submit(node, sent).await
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
    let mut deposits = Vec::with_capacity(buyer_count);
    for (number, buyer) in buyers.iter().enumerate() {
        let line = format!("bench-{number}");
        let body = json!({
            "party": buyer.id, "asset": ASSET, "amount_minor": DEPOSIT_MINOR, "bank_reference": line,
        });
        deposits.push(by_exchange(node.new_entry_id()?, "account.deposit", &body)?);
    }
    submit(node, deposits).await?;
    let merchants = merchants.into_iter().zip(offers.into_iter().map(OfferId::from)).collect();
    Ok(Ground { exchange, merchants, buyers: buyers.into() })
}

/// Certifies `count` parties in `role`, each with a key of its own.
async fn certify(node: &Node, role: &str, count: usize) -> Result<Vec<Trader>> {
    let mut traders = Vec::with_capacity(count);
    let mut commands = Vec::with_capacity(count);
    for number in 0..count {
        let key = SigningKey::from_seed(*Entropy::Os.bytes("")?);
        let name = format!("{role} {number}");
        let keys: [PublicKey; 1] = [key.public_key()];
        let body = json!({
            "legal_name": { "en": name }, "legal_identifier": format!("ext:bench-{role}-{number}"), "roles": [role],
            "home_region": "CN-SH", "entrusts_exchange": false, "keys": keys, "valid_until": "2099-01-01T00:00:00Z",
        });
        let id = node.new_entry_id()?;
        traders.push(Trader { id: PartyId::from(id), key });
        commands.push(by_exchange(id, "party.certify", &body)?);
    }
    submit(node, commands).await?;
    Ok(traders)
}

fn by_exchange(id: EntryId, entry_type: &str, body: &Value) -> Result<(EntryId, Submission)> {
    let command = Command::from_json(entry_type, &body.to_string()).context("a command of the benchmark")?;
    Ok((id, Submission::Command { id, acting: Acting::Exchange, command }))
}

/// Sends in batches; every one must be accepted.
async fn submit(node: &Node, mut commands: Vec<(EntryId, Submission)>) -> Result<Vec<EntryId>> {
    let ids = commands.iter().map(|(id, _)| *id).collect();
    while !commands.is_empty() {
        let rest = commands.split_off(commands.len().min(BATCH));
        let batch = std::mem::replace(&mut commands, rest);
        for answer in node.submit(batch.into_iter().map(|(_, submission)| submission).collect()).await {
            if let Err(error) = answer {
                bail!("the market of the benchmark cannot be made: {error}");
            }
        }
    }
    Ok(ids)
}
