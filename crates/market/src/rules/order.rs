//! Orders: placing, delivering, accepting, rejecting. Entitlement and money change in one step.

use super::{
    money::{at_field, current_keys, current_schedule, post, series_keys},
    party::acting_as,
};
use crate::{Claim, DeliveryRecord, Halt, Key, view::Tx};
use databourse_licensing::{
    AcceptOrder, Delivery, Licence, LicenceState, Order, OrderGroup, OrderLine, PlaceOrder, RecordDelivery,
    RejectOrder, check_shape,
};
use databourse_listing::{Offer, Product, Right};
use databourse_party::{Party, Role};
use databourse_primitives::{
    AmountMinor, Asset, LicenceId, OfferId, OrderId, PartyId, ProductId, Refusal, RefusalCode,
};
use databourse_settlement::{
    Account, AccountId, LineShares, Purpose, Schedule, Transaction, TransactionKind,
};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// An offer with what it rests on, checked once per order however many lines take it.
struct Deal {
    offer: Offer,
    product: Product,
}

/// Places an order: a licence per line, and the whole price moves from the buyer's available to its held money.
pub(super) fn place(tx: &mut Tx<'_>, buyer: PartyId, command: &PlaceOrder) -> Result<(), Halt> {
    check_shape(command)?;
    acting_as(tx, buyer, &[Role::Buyer])?;
    let deals = load_deals(tx, buyer, command)?;
    let first = command.lines.first().and_then(|line| deals.get(&line.offer));
    let Some(Deal { offer: Offer { asset, .. }, .. }) = first else {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "lines", "at least one line").into());
    };
    let (asset, order) = (*asset, OrderId::from(tx.entry));
    let mut schedule = None;
    let mut total = AmountMinor::ZERO;
    for (number, (index, line)) in (1_u32..).zip(command.lines.iter().enumerate()) {
        let Some(deal) = deals.get(&line.offer) else {
            continue;
        };
        let within = |refusal: Refusal| refusal.within(&format!("lines[{index}]"));
        if deal.offer.asset != asset {
            let expected = format!("an offer in {asset}, like the first line's");
            return Err(within(Refusal::new(RefusalCode::OrderAssetsMixed, "offer", expected)).into());
        }
        check_line(deal, buyer, line, tx).map_err(within)?;
        if schedule.is_none() {
            schedule = Some(current_schedule(tx, asset)?);
        }
        let Some(schedule) = &schedule else { continue };
        let id = LicenceId { order, line: number };
        let licence = license(tx, id, buyer, deal, line, schedule).map_err(within)?;
        claim_exclusive(tx, deal, &licence).map_err(|halt| match halt {
            Halt::Refused(refusal) => Halt::Refused(within(refusal)),
            missing => missing,
        })?;
        total = total.plus(licence.net_minor).and_then(|sum| sum.plus(licence.vat_minor))?;
        tx.put(licence);
    }
    let Some(schedule) = schedule else {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "lines", "at least one line").into());
    };
    join_group(tx, buyer, command)?;
    let line_count = u32::try_from(command.lines.len()).unwrap_or(u32::MAX);
    tx.put(Order {
        id: order,
        buyer,
        asset,
        schedule: schedule.version,
        line_count,
        open_line_count: line_count,
        accepted_line_count: 0,
        total_minor: total,
        refunded_minor: AmountMinor::ZERO,
        group: command.group.clone(),
        reference: command.reference.clone(),
        placed_at: tx.now(),
        certificate: None,
    });
    let mut hold = Transaction::new(TransactionKind::Hold, asset);
    let [available, held] =
        [Purpose::Available, Purpose::Held].map(|purpose| AccountId::party(buyer, purpose, asset));
    hold.transfer(available, held, total)?;
    post(tx, &hold).map_err(|halt| at_field(halt, "lines"))
}

/// A buyer's available and held money.
fn buyer_accounts(buyer: PartyId, asset: Asset) -> [AccountId; 2] {
    [Purpose::Available, Purpose::Held].map(|purpose| AccountId::party(buyer, purpose, asset))
}

/// Loads each offer of the order with its product, right and supplier: one round trip per kind at most.
fn load_deals(tx: &Tx<'_>, buyer: PartyId, command: &PlaceOrder) -> Result<BTreeMap<OfferId, Deal>, Halt> {
    tx.preload(command.lines.iter().map(|line| Key::of::<Offer>(&line.offer)))?;
    let mut offers = BTreeMap::new();
    for (index, line) in command.lines.iter().enumerate() {
        if let Entry::Vacant(slot) = offers.entry(line.offer) {
            let unknown = || {
                let field = format!("lines[{index}].offer");
                Refusal::new(RefusalCode::OfferUnknown, field, "the id of a published offer")
            };
            slot.insert(tx.find::<Offer>(&line.offer)?.ok_or_else(unknown)?);
        }
    }
    let of_each = |offer: &Offer| {
        [
            Key::of::<Product>(&offer.product),
            Key::of::<Party>(&offer.supplier),
            Key::of::<Claim>(&exclusive_name(offer.product)),
        ]
    };
    let assets: BTreeSet<Asset> = offers.values().map(|offer| offer.asset).collect();
    let money = assets.iter().flat_map(|asset| {
        let purse = buyer_accounts(buyer, *asset).map(|account| Key::of::<Account>(&account));
        series_keys(*asset).into_iter().chain(purse)
    });
    tx.preload(offers.values().flat_map(of_each).chain(money))?;
    let mut deals = BTreeMap::new();
    for (id, offer) in offers {
        let product: Product = tx.need(&offer.product, RefusalCode::ProductUnknown, "lines")?;
        deals.insert(id, Deal { offer, product });
    }
    let mut last: Vec<Key> = deals.values().map(|deal| Key::of::<Right>(&deal.product.right)).collect();
    for asset in assets {
        last.extend(current_keys(tx, asset)?);
    }
    tx.preload(last)?;
    for deal in deals.values() {
        let supplier: Party = tx.need(&deal.offer.supplier, RefusalCode::PartyUnknown, "lines")?;
        supplier.in_force(tx.now()).map_err(|refusal| refusal.within("lines"))?;
        let right: Right = tx.need(&deal.product.right, RefusalCode::RightUnknown, "lines")?;
        right.in_force(tx.now()).map_err(|refusal| refusal.within("lines"))?;
    }
    Ok(deals)
}

fn check_line(deal: &Deal, buyer: PartyId, line: &OrderLine, tx: &Tx<'_>) -> Result<(), Refusal> {
    if !deal.product.state.is_orderable() {
        return Err(Refusal::new(
            RefusalCode::ProductState,
            "offer",
            "an offer of a product that takes orders",
        ));
    }
    deal.offer.orderable(buyer, line.quantity.get(), &line.purpose, tx.now())?;
    if deal.offer.supplier == buyer {
        return Err(Refusal::new(RefusalCode::OrderSelfDealing, "offer", "an offer of another party"));
    }
    Ok(())
}

fn license(
    tx: &Tx<'_>,
    id: LicenceId,
    buyer: PartyId,
    deal: &Deal,
    line: &OrderLine,
    schedule: &Schedule,
) -> Result<Licence, Refusal> {
    debug_assert_eq!(id.order, OrderId::from(tx.entry));
    let net = deal.offer.unit_price.amount_of(line.quantity, deal.offer.asset)?;
    let shares = schedule.share(net, deal.product.details.kind.as_str())?;
    Ok(Licence {
        id,
        buyer,
        supplier: deal.offer.supplier,
        exchange: deal.product.exchange.clone(),
        product: deal.product.id,
        revision: deal.product.revision,
        offer: deal.offer.id,
        quantity: line.quantity,
        purpose: line.purpose.clone(),
        term_days: deal.offer.terms.term_days,
        asset: deal.offer.asset,
        net_minor: shares.net,
        vat_minor: shares.vat,
        fee_minor: shares.fee,
        fee_vat_minor: shares.fee_vat,
        refunded_minor: AmountMinor::ZERO,
        state: LicenceState::Ordered,
    })
}

fn exclusive_name(product: ProductId) -> String {
    format!("exclusive:{product}")
}

/// While an exclusive licence binds a product, nobody else licenses it; a licence that no longer binds frees it.
fn claim_exclusive(tx: &mut Tx<'_>, deal: &Deal, licence: &Licence) -> Result<(), Halt> {
    let name = exclusive_name(deal.product.id);
    if let Some(claim) = tx.find::<Claim>(&name)? {
        let holder: Option<Licence> = tx.find(&claim.holder)?;
        let binding = holder.filter(|holder| holder.is_binding(tx.now()));
        if binding.is_some_and(|holder| deal.offer.terms.exclusive || holder.buyer != licence.buyer) {
            let expected = "a product that is not licensed exclusively";
            return Err(Refusal::new(RefusalCode::LicenceExclusiveTaken, "offer", expected).into());
        }
    }
    if deal.offer.terms.exclusive {
        tx.put(Claim { name, holder: licence.id.to_string() });
    }
    Ok(())
}

/// The names of a group and of one of its parts.
pub(super) fn group_names(buyer: PartyId, group: &OrderGroup) -> [String; 2] {
    let whole = format!("group:{buyer}:{}", group.name);
    let part = format!("{whole}:{}", group.part);
    [whole, part]
}

/// Each part of a group is placed once, and all of its parts agree how many there are.
fn join_group(tx: &mut Tx<'_>, buyer: PartyId, command: &PlaceOrder) -> Result<(), Halt> {
    let Some(group) = &command.group else {
        return Ok(());
    };
    let invalid = |expected: String| Refusal::new(RefusalCode::OrderGroupInvalid, "group", expected);
    let [whole, part] = group_names(buyer, group);
    match tx.find::<Claim>(&whole)? {
        Some(claim) if claim.holder != group.parts.to_string() => {
            return Err(
                invalid(format!("{} parts, as the first part of the group said", claim.holder)).into()
            );
        }
        Some(_) => {}
        None => tx.put(Claim { name: whole.clone(), holder: group.parts.to_string() }),
    }
    if let Some(claim) = tx.find::<Claim>(&part)? {
        return Err(
            invalid(format!("a part not placed yet; part {} is order {}", group.part, claim.holder)).into()
        );
    }
    tx.put(Claim { name: part, holder: tx.entry.to_string() });
    Ok(())
}

/// The licences of `lines`, loaded together, in order of line.
pub(super) fn licences_of(tx: &Tx<'_>, order: &Order, lines: &[u32]) -> Result<Vec<Licence>, Halt> {
    let id = |line: &u32| LicenceId { order: order.id, line: *line };
    let purse = buyer_accounts(order.buyer, order.asset).map(|account| Key::of::<Account>(&account));
    let money = series_keys(order.asset).into_iter().chain(purse);
    tx.preload(lines.iter().map(|line| Key::of::<Licence>(&id(line))).chain(money))?;
    let one = |line: &u32| tx.need(&id(line), RefusalCode::LicenceUnknown, "lines");
    lines.iter().map(one).collect()
}

fn none_left(expected: &'static str) -> Halt {
    Refusal::new(RefusalCode::LicenceState, "lines", expected).into()
}

fn at_line(licence: LicenceId) -> impl Fn(Refusal) -> Refusal {
    move |refusal| refusal.within(&format!("lines({})", licence.line))
}

/// Records that the supplier delivered its lines.
pub(super) fn deliver(tx: &mut Tx<'_>, supplier: PartyId, command: &RecordDelivery) -> Result<(), Halt> {
    tx.need::<Party>(&supplier, RefusalCode::PartyUnknown, "on_behalf_of")?;
    let order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    let lines = order.resolve_lines(command.lines.as_deref())?;
    let mut licences = licences_of(tx, &order, &lines)?;
    if command.lines.is_none() {
        licences.retain(|licence| licence.supplier == supplier && licence.state == LicenceState::Ordered);
    }
    if let Some(other) = licences.iter().find(|licence| licence.supplier != supplier) {
        let refusal = Refusal::new(RefusalCode::DeliveryNotSupplier, "", "a line of your own products");
        return Err(at_line(other.id)(refusal).into());
    }
    if licences.is_empty() {
        return Err(none_left("an order with undelivered lines of your own"));
    }
    let delivery = Delivery { method: command.method, evidence: command.evidence, delivered_at: tx.now() };
    let delivered: Vec<u32> = licences.iter().map(|licence| licence.id.line).collect();
    for licence in licences {
        let id = licence.id;
        let licence = licence.deliver(delivery.clone()).map_err(at_line(id))?;
        tx.put(licence);
    }
    tx.put(DeliveryRecord {
        id: tx.entry,
        order: order.id,
        supplier,
        buyer: order.buyer,
        lines: delivered,
        method: command.method,
        evidence: command.evidence,
        delivered_at: tx.now(),
    });
    Ok(())
}

/// The shares that a licence was bought with.
pub(super) fn shares_of(licence: &Licence) -> Result<LineShares, Refusal> {
    let commission = licence.fee_minor.plus(licence.fee_vat_minor)?;
    Ok(LineShares {
        net: licence.net_minor,
        vat: licence.vat_minor,
        supplier: licence.net_minor.minus(commission)?,
        fee: licence.fee_minor,
        fee_vat: licence.fee_vat_minor,
    })
}

/// Where the shares of a line belong: supplier, its tax, the exchange's fee and tax on the fee.
pub(super) fn share_accounts(licence: &Licence, shares: &LineShares) -> [(AccountId, AmountMinor); 4] {
    let supplier = |purpose| AccountId::party(licence.supplier, purpose, licence.asset);
    let exchange = |purpose| AccountId::exchange(licence.exchange.clone(), purpose, licence.asset);
    [
        (supplier(Purpose::Available), shares.supplier),
        (supplier(Purpose::Tax), shares.vat),
        (exchange(Purpose::Fees), shares.fee),
        (exchange(Purpose::Tax), shares.fee_vat),
    ]
}

/// Accepts delivered lines: each licence is in force, and its money is released and split.
pub(super) fn accept(tx: &mut Tx<'_>, buyer: PartyId, command: &AcceptOrder) -> Result<(), Halt> {
    let mut order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    order.placed_by(buyer)?;
    let lines = order.resolve_lines(command.lines.as_deref())?;
    let mut licences = licences_of(tx, &order, &lines)?;
    if command.lines.is_none() {
        licences.retain(|licence| matches!(licence.state, LicenceState::Delivered { .. }));
    }
    if licences.is_empty() {
        return Err(none_left("an order with delivered lines"));
    }
    let mut release = Transaction::new(TransactionKind::Release, order.asset);
    for licence in licences {
        let id = licence.id;
        let licence = licence.accept(tx.now()).map_err(at_line(id))?;
        for (account, amount) in share_accounts(&licence, &shares_of(&licence)?) {
            release.transfer(AccountId::party(buyer, Purpose::Held, order.asset), account, amount)?;
        }
        order.open_line_count = order.open_line_count.saturating_sub(1);
        order.accepted_line_count = order.accepted_line_count.saturating_add(1);
        tx.put(licence);
    }
    tx.put(order);
    post(tx, &release)
}

/// Rejects lines that are not accepted yet: their held money is available again.
pub(super) fn reject(tx: &mut Tx<'_>, buyer: PartyId, command: &RejectOrder) -> Result<(), Halt> {
    let mut order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    order.placed_by(buyer)?;
    let lines = order.resolve_lines(command.lines.as_deref())?;
    let mut licences = licences_of(tx, &order, &lines)?;
    if command.lines.is_none() {
        licences.retain(|l| matches!(l.state, LicenceState::Ordered | LicenceState::Delivered { .. }));
    }
    if licences.is_empty() {
        return Err(none_left("an order with lines that are not accepted yet"));
    }
    let mut back = Transaction::new(TransactionKind::Return, order.asset);
    let [available, held] = buyer_accounts(buyer, order.asset);
    for licence in licences {
        let id = licence.id;
        let licence = licence.reject(command.reason.clone(), tx.now()).map_err(at_line(id))?;
        let gross = licence.net_minor.plus(licence.vat_minor)?;
        back.transfer(held.clone(), available.clone(), gross)?;
        order.open_line_count = order.open_line_count.saturating_sub(1);
        tx.put(licence);
    }
    tx.put(order);
    post(tx, &back)
}
