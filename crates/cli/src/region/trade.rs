//! Purchases across exchanges without end: buyers of each exchange buy what merchants of the others list.

use crate::play::{
    desk::{Desk, Party},
    stage::say,
};
use anyhow::{Context as _, Result};
use databourse_api::token::TokenRole;
use databourse_exchange::{Clock, Entropy};
use databourse_licensing::{AcceptOrder, DeliveryMethod, OrderLine, PlaceOrder, RecordDelivery};
use databourse_market::Command;
use databourse_party::Role;
use databourse_primitives::{
    AmountMinor, Asset, Digest, EntryId, ExchangeCode, OfferId, OrderId, PartyId, Quantity,
};
use futures::future::try_join_all;
use serde_json::json;
use std::time::Duration;

/// What everything is paid in, its price, and what each buyer brings.
const ASSET: &str = "CNY/2";
const PRICE: &str = "100.00";
const DEPOSIT_MINOR: i64 = 100_000_000_000;
/// How many purchases of each exchange are under way at a time.
const UNDER_WAY: usize = 2;
/// How long a trader whose purchase failed waits before the next.
const FAILED_PAUSE: Duration = Duration::from_secs(1);

/// A merchant with an offer and a buyer with money, both certified by one exchange.
struct Stall {
    merchant: Party,
    buyer: Party,
    offer: OfferId,
}

/// Certifies a merchant and a buyer at each exchange. Done again, it gets the same answers and changes nothing.
async fn stall(desk: &Desk, at: u64, code: &ExchangeCode) -> Result<Stall> {
    let operator = desk.operator(code)?;
    let certify = async |role: Role, token_role: TokenRole| {
        let label = format!("trade {} {code}", role.as_str());
        let body = json!({
            "legal_name": { "zh": format!("{code} 交易演示"), "en": format!("Trader of {code}") },
            "legal_identifier": format!("ext:trade-{}-{code}", role.as_str()), "roles": [role],
            "home_region": "CN", "entrusts_exchange": true, "valid_until": "2099-01-01T00:00:00Z",
        });
        let done = desk.operate(&operator, at, &label, command("party.certify", &body)?).await?;
        desk.party(code, PartyId::from(done.id), &[token_role], None)
    };
    let merchant = certify(Role::Supplier, TokenRole::Merchant).await?;
    let buyer = certify(Role::Buyer, TokenRole::Buyer).await?;
    let list = async |label: &str, entry_type: &str, body: &serde_json::Value| {
        let label = format!("trade {label} {code}");
        let done = desk.act(&merchant, at, &label, command(entry_type, body)?).await?;
        anyhow::Ok(done.id)
    };
    let right = json!({
        "interests": ["product_operation"], "data_class": "enterprise", "source": format!("trade-{code}"),
        "source_statement": { "zh": "为演示虚构", "en": "Made up for the demonstration" },
    });
    let right = list("right", "right.register", &right).await?;
    let title = json!({ "zh": format!("{code} 演示数据"), "en": format!("Sample data of {code}") });
    let details = json!({ "title": title, "description": title, "kind": "dataset" });
    let product = list("product", "product.list", &json!({ "right": right, "details": details })).await?;
    let terms = json!({
        "purposes": ["research"], "term_days": 365, "territory": "CN", "usable_not_visible": false, "exclusive": false,
    });
    let offer = json!({
        "product": product, "asset": ASSET, "pricing": "one_off", "unit_price": PRICE, "terms": terms,
    });
    let offer = OfferId::from(list("offer", "offer.publish", &offer).await?);
    let deposit = databourse_settlement::DepositMoney {
        party: buyer.id,
        asset: ASSET.parse::<Asset>()?,
        amount_minor: AmountMinor::new(DEPOSIT_MINOR)?,
        bank_reference: format!("trade-{code}").parse()?,
    };
    desk.operate(&operator, at, &format!("trade deposit {code}"), deposit).await?;
    Ok(Stall { merchant, buyer, offer })
}

fn command(entry_type: &str, body: &serde_json::Value) -> Result<Command> {
    Command::from_json(entry_type, &body.to_string()).with_context(|| format!("a command {entry_type}"))
}

/// Makes the stalls and trades between them until it is dropped.
///
/// # Errors
/// The stalls cannot be made. A purchase that fails is said and left.
pub(crate) async fn trade(desk: &Desk) -> Result<()> {
    let codes: Vec<_> = desk.exchanges().cloned().collect();
    let stalls = (4_000_000_u64..).zip(&codes).map(|(at, code)| stall(desk, at, code));
    let stalls = try_join_all(stalls).await.context("the stalls of the traders")?;
    desk.level().await?;
    let traders = (0..stalls.len()).flat_map(|own| (0..UNDER_WAY).map(move |nth| (own, nth)));
    let traders = traders.map(|(own, nth)| trader(desk, &stalls, own, nth));
    futures::future::join_all(traders).await;
    Ok(())
}

/// Buys from each other exchange in turn.
async fn trader(desk: &Desk, stalls: &[Stall], own: usize, nth: usize) {
    for turn in nth.. {
        let others = stalls.len().saturating_sub(1).max(1);
        let from = (own + 1 + turn % others) % stalls.len();
        if let Err(error) = purchase(desk, &stalls[own].buyer, &stalls[from]).await {
            say(&format!("{}: a purchase failed: {error:#}", stalls[own].buyer.exchange));
            tokio::time::sleep(FAILED_PAUSE).await;
        }
    }
}

async fn purchase(desk: &Desk, buyer: &Party, from: &Stall) -> Result<()> {
    let line = OrderLine { offer: from.offer, quantity: Quantity::new(1)?, purpose: "research".parse()? };
    let place = PlaceOrder { lines: vec![line], group: None, reference: None, voucher: None };
    let order = OrderId::from(desk.act_as(buyer, new_id()?, "purchase", place).await?.id);
    let evidence = Digest::of(order.to_string().as_bytes());
    let deliver = RecordDelivery { order, lines: None, method: DeliveryMethod::File, evidence };
    desk.act_as(&from.merchant, new_id()?, "purchase", deliver).await?;
    desk.act_as(buyer, new_id()?, "purchase", AcceptOrder { order, lines: None }).await?;
    desk.count_purchase(buyer);
    Ok(())
}

fn new_id() -> Result<EntryId> {
    Entropy::Os.entry_id(Clock::System.now(), "").context("the system has no randomness")
}
