//! Orders: placing, delivering, accepting, rejecting. Entitlement and money change in one step.

use super::{
    money::{at_field, current_keys, home_of_party, open_window, post, prepare, series_keys},
    parts::{LineMoney, exchanges_of},
    party::acting_as,
    pricing::{Pricing, share_revenue, shares_key},
    standing, voucher,
};
use crate::{Acceptance, Claim, DeliveryRecord, Halt, Key, view::Tx};
use databourse_licensing::{
    AcceptOrder, Delivery, ExpireOrder, Licence, LicenceState, Order, OrderGroup, OrderLine, PlaceOrder,
    RecordDelivery, RejectOrder, check_shape,
};
use databourse_listing::{Offer, Product, Right};
use databourse_party::{Exchange, Party, Role};
use databourse_primitives::{
    AmountMinor, Asset, ExchangeCode, HoldId, Holder, LicenceId, OfferId, OrderId, PartyId, ProductId,
    Refusal, RefusalCode,
};
use databourse_settlement::{
    Account, AccountId, Hold, LineTerms, Phase, Purpose, Transaction, TransactionKind,
};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

/// An offer with what it rests on, checked once per order however many lines take it.
struct Deal {
    offer: Arc<Offer>,
    product: Arc<Product>,
    supplier: Arc<Party>,
    /// The exchange that lists the product now.
    listing: ExchangeCode,
    /// The exchange whose book holds the supplier's money now.
    supplier_book: ExchangeCode,
}

impl Deal {
    /// What the price of a line of it depends on.
    fn terms<'a>(&'a self, net: AmountMinor, selling: &'a ExchangeCode) -> LineTerms<'a> {
        let is_supplier = self.supplier.roles.contains(&Role::Supplier);
        let role = if is_supplier { Role::Supplier } else { Role::Processor };
        let kind = self.product.details.kind.as_str();
        LineTerms { net, kind, listing: &self.listing, selling, role: role.as_str() }
    }

    /// What pricing and holding a line of it will read.
    fn keys(&self, selling: &ExchangeCode) -> Vec<Key> {
        let (asset, listing) = (self.offer.asset, &self.listing);
        let mut accounts = vec![
            AccountId::party(self.supplier.id, Purpose::Funds, asset),
            AccountId::party(self.supplier.id, Purpose::Tax, asset),
        ];
        for code in BTreeSet::from([listing, selling]) {
            accounts.extend(
                [Purpose::Fees, Purpose::Tax]
                    .map(|purpose| AccountId::exchange(code.clone(), purpose, asset)),
            );
        }
        let mut keys = vec![Key::of::<Right>(&self.product.right)];
        keys.extend(accounts.iter().map(Key::of::<Account>));
        keys.extend([listing, &self.supplier_book].map(Key::of::<Exchange>));
        keys.extend(self.product.shares.map(|version| shares_key(self.product.id, version)));
        keys
    }
}

const DAY_MS: i64 = 86_400_000;

/// Places an order: a licence per line, and the whole price of each is held on the accounts of all who share it.
pub(super) fn place(tx: &mut Tx<'_>, buyer: PartyId, command: &PlaceOrder) -> Result<(), Halt> {
    check_shape(command)?;
    let party = acting_as(tx, buyer, &[Role::Buyer])?;
    let book = home_of_party(tx, &party)?;
    let successors = standing::successors(tx)?;
    let mut concerned = BTreeMap::new();
    let deals = load_deals(tx, buyer, command)?;
    let Some(first) = command.lines.first().and_then(|line| deals.get(&line.offer)) else {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "lines", "at least one line").into());
    };
    let asset = first.offer.asset;
    let mut pricing = Pricing::in_force(tx, asset)?;
    let mut voucher = voucher::spendable(tx, buyer, asset, command.voucher)?;
    let line_count = u32::try_from(command.lines.len()).unwrap_or(u32::MAX);
    let mut order = Order {
        id: OrderId::from(tx.entry),
        buyer,
        book,
        exchange: tx.exchange.clone(),
        asset,
        schedule: pricing.schedule.version,
        voucher: command.voucher,
        line_count,
        open_line_count: line_count,
        accepted_line_count: 0,
        total_minor: AmountMinor::ZERO,
        refunded_minor: AmountMinor::ZERO,
        group: command.group.clone(),
        reference: command.reference.clone(),
        placed_at: tx.now(),
        certificate: None,
    };
    let mut hold = Transaction::new(TransactionKind::Hold, asset);
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
        let id = LicenceId { order: order.id, line: number };
        let mut licence =
            license(tx, &mut pricing, id, &order, deal, line).map_err(|halt| at_line_of(halt, index))?;
        if let Some(voucher) = &mut voucher {
            voucher::pay(voucher, deal.product.details.kind.as_str(), &mut licence)?;
        }
        claim_exclusive(tx, deal, &licence).map_err(|halt| at_line_of(halt, index))?;
        for code in exchanges_of(&order, std::slice::from_ref(&licence)) {
            if !concerned.contains_key(code) {
                concerned.insert(code.clone(), index);
            }
        }
        let money = LineMoney::whole(&licence)?;
        let to = money.seller_side(&order, &licence, &successors);
        hold.add(Phase::Hold, &money.buyer_side(&order, &successors)?, &to)?;
        order.total_minor = order.total_minor.plus(licence.gross()?)?;
        tx.put(licence);
    }
    all_take_on(tx, &concerned, &hold)?;
    if let Some(voucher) = voucher {
        voucher::must_have_paid(tx, &voucher)?;
        tx.put(voucher);
    }
    pricing.write_back(tx)?;
    join_group(tx, buyer, command)?;
    if !order.total_minor.is_zero() {
        let expires_at = tx.now().plus_ms(i64::from(pricing.schedule.hold_days) * DAY_MS);
        let (id, holder) = (HoldId::from(order.id), Holder::Party(buyer));
        tx.put(Hold::begin(id, holder, asset, order.total_minor, tx.now(), Some(expires_at)));
    }
    tx.put(order);
    post(tx, &hold).map_err(|halt| at_field(halt, "lines"))
}

/// Refuses an order whose money would move in the book of an exchange that takes on nothing new. `concerned` says which
/// line is the first to concern an exchange.
fn all_take_on(
    tx: &Tx<'_>,
    concerned: &BTreeMap<ExchangeCode, usize>,
    hold: &Transaction,
) -> Result<(), Halt> {
    let accounts = hold.accounts().map(Key::of::<Account>);
    tx.preload(|| concerned.keys().map(Key::of::<Exchange>).chain(accounts))?;
    for (code, index) in concerned {
        standing::may_take_on(tx, code, "offer").map_err(|halt| at_line_of(halt, *index))?;
    }
    Ok(())
}

fn at_line_of(halt: Halt, index: usize) -> Halt {
    match halt {
        Halt::Refused(refusal) => Halt::Refused(refusal.within(&format!("lines[{index}]"))),
        missing => missing,
    }
}

/// The accounts of a buyer that an order in `asset` may touch.
fn buyer_accounts(buyer: PartyId, asset: Asset) -> [AccountId; 1] {
    [AccountId::party(buyer, Purpose::Funds, asset)]
}

/// Loads each offer of the order with its product, right and supplier: one round trip per kind at most.
fn load_deals(tx: &Tx<'_>, buyer: PartyId, command: &PlaceOrder) -> Result<BTreeMap<OfferId, Deal>, Halt> {
    tx.preload(|| command.lines.iter().map(|line| Key::of::<Offer>(&line.offer)))?;
    let mut offers = BTreeMap::new();
    for (index, line) in command.lines.iter().enumerate() {
        if let Entry::Vacant(slot) = offers.entry(line.offer) {
            let unknown = || {
                let field = format!("lines[{index}].offer");
                Refusal::new(RefusalCode::OfferUnknown, field, "the id of a published offer")
            };
            slot.insert(tx.find_shared::<Offer>(&line.offer)?.ok_or_else(unknown)?);
        }
    }
    let of_each = |offer: &Arc<Offer>| {
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
    tx.preload(|| offers.values().flat_map(of_each).chain(money))?;
    let successors = standing::successors(tx)?;
    let mut deals = BTreeMap::new();
    for (id, offer) in offers {
        let product: Arc<Product> = tx.need_shared(&offer.product, RefusalCode::ProductUnknown, "lines")?;
        let supplier: Arc<Party> = tx.need_shared(&offer.supplier, RefusalCode::PartyUnknown, "lines")?;
        let listing = successors.home_of(&product.exchange).clone();
        let supplier_book = successors.home_of(&supplier.home_exchange).clone();
        deals.insert(id, Deal { offer, product, supplier, listing, supplier_book });
    }
    let mut current = Vec::new();
    for asset in assets {
        current.extend(current_keys(tx, asset)?);
    }
    tx.preload(|| deals.values().flat_map(|deal| deal.keys(&tx.exchange)).chain(current))?;
    for deal in deals.values() {
        deal.supplier.in_force(tx.now()).map_err(|refusal| refusal.within("lines"))?;
        let right: Arc<Right> = tx.need_shared(&deal.product.right, RefusalCode::RightUnknown, "lines")?;
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
    tx: &mut Tx<'_>,
    pricing: &mut Pricing,
    id: LicenceId,
    order: &Order,
    deal: &Deal,
    line: &OrderLine,
) -> Result<Licence, Halt> {
    let net = deal.offer.unit_price.amount_of(line.quantity, deal.offer.asset)?;
    let (price, selling_carry) = pricing.price(tx, &deal.terms(net, &order.exchange))?;
    let revenue = match deal.product.shares {
        Some(version) => share_revenue(tx, deal.product.id, version, price.supplier)?,
        None => Vec::new(),
    };
    Ok(Licence {
        id,
        buyer: order.buyer,
        supplier: deal.offer.supplier,
        supplier_book: deal.supplier_book.clone(),
        exchange: deal.listing.clone(),
        product: deal.product.id,
        revision: deal.product.revision,
        offer: deal.offer.id,
        quantity: line.quantity,
        purpose: line.purpose.clone(),
        term_days: deal.offer.terms.term_days,
        asset: deal.offer.asset,
        net_minor: price.net,
        vat_minor: price.vat,
        fee_minor: price.fee,
        fee_vat_minor: price.fee_vat,
        selling_fee_minor: price.selling_fee,
        selling_fee_vat_minor: price.selling_fee_vat,
        selling_carry,
        shares: deal.product.shares,
        revenue,
        voucher_minor: AmountMinor::ZERO,
        refunded_minor: AmountMinor::ZERO,
        dispute: None,
        state: LicenceState::Ordered,
    })
}

fn exclusive_name(product: ProductId) -> String {
    format!("exclusive:{product}")
}

/// While an exclusive licence binds a product, nobody else licenses it; a licence that no longer binds frees it.
fn claim_exclusive(tx: &mut Tx<'_>, deal: &Deal, licence: &Licence) -> Result<(), Halt> {
    let name = exclusive_name(deal.product.id);
    if let Some(claim) = tx.find_shared::<Claim>(&name)? {
        let holder: Option<Arc<Licence>> = tx.find_shared(&claim.holder)?;
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
pub(super) fn licences_of(tx: &Tx<'_>, order: &Order, lines: &[u32]) -> Result<Vec<Arc<Licence>>, Halt> {
    let id = |line: &u32| LicenceId { order: order.id, line: *line };
    let purse = buyer_accounts(order.buyer, order.asset).map(|account| Key::of::<Account>(&account));
    let money = series_keys(order.asset).into_iter().chain(purse).chain([Key::of::<Hold>(&order.id)]);
    tx.preload(|| lines.iter().map(|line| Key::of::<Licence>(&id(line))).chain(money))?;
    let one = |line: &u32| tx.need_shared(&id(line), RefusalCode::LicenceUnknown, "lines");
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
    tx.need_shared::<Party>(&supplier, RefusalCode::PartyUnknown, "on_behalf_of")?;
    let order: Arc<Order> = tx.need_shared(&command.order, RefusalCode::OrderUnknown, "order")?;
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
        let licence = Arc::unwrap_or_clone(licence).deliver(delivery.clone()).map_err(at_line(id))?;
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

/// Accepts delivered lines: each licence is in force, and its money is posted and split.
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
    let successors =
        standing::successors(tx)?.among(exchanges_of(&order, licences.iter().map(AsRef::as_ref)));
    let mut payment = Transaction::new(TransactionKind::Post, order.asset);
    let mut posted = AmountMinor::ZERO;
    let accepted: Vec<u32> = licences.iter().map(|licence| licence.id.line).collect();
    for licence in licences {
        let id = licence.id;
        let licence = Arc::unwrap_or_clone(licence).accept(tx.now()).map_err(at_line(id))?;
        let money = LineMoney::whole(&licence)?;
        let to = money.seller_side(&order, &licence, &successors);
        payment.add(Phase::Post, &money.buyer_side(&order, &successors)?, &to)?;
        posted = posted.plus(licence.gross()?)?;
        order.open_line_count = order.open_line_count.saturating_sub(1);
        order.accepted_line_count = order.accepted_line_count.saturating_add(1);
        tx.put(licence);
    }
    prepare(tx, &payment)?;
    if let Some(hold) = hold_of(tx, &order)? {
        tx.put(hold.post(posted, tx.now()).map_err(|refusal| refusal.within("order"))?);
    }
    tx.put(Acceptance {
        id: tx.entry,
        order: order.id,
        buyer,
        lines: accepted,
        window: open_window(tx, order.asset)?.id,
        accepted_at: tx.now(),
        succeeded: successors,
    });
    tx.put(order);
    post(tx, &payment)
}

/// The hold of an order that costs anything.
fn hold_of(tx: &Tx<'_>, order: &Order) -> Result<Option<Hold>, Halt> {
    if order.total_minor.is_zero() {
        return Ok(None);
    }
    tx.need(&HoldId::from(order.id), RefusalCode::HoldUnknown, "order").map(Some)
}

/// Rejects lines that are not accepted yet: their held money is available again.
pub(super) fn reject(tx: &mut Tx<'_>, buyer: PartyId, command: &RejectOrder) -> Result<(), Halt> {
    let order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    order.placed_by(buyer)?;
    let lines = order.resolve_lines(command.lines.as_deref())?;
    let mut licences = licences_of(tx, &order, &lines)?;
    if command.lines.is_none() {
        licences.retain(|licence| licence.is_open());
    }
    if licences.is_empty() {
        return Err(none_left("an order with lines that are not accepted yet"));
    }
    let now = tx.now();
    let reject = |licence: Licence| licence.reject(command.reason.clone(), now);
    let voided = end_lines(tx, order, licences, TransactionKind::Void, reject)?;
    let Some((order, amount)) = voided else { return Ok(()) };
    if let Some(hold) = hold_of(tx, &order)? {
        tx.put(hold.void(amount, now).map_err(|refusal| refusal.within("order"))?);
    }
    Ok(())
}

/// Ends an order whose hold's time is over: every open line lapses and its money is available again. Only the exchange
/// whose book holds the buyer's money does this.
pub(super) fn expire(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &ExpireOrder) -> Result<(), Halt> {
    let order: Order = tx.need(&command.order, RefusalCode::OrderUnknown, "order")?;
    let successors = standing::successors(tx)?;
    let book = successors.home_of(&order.book);
    if book != exchange {
        let expected = format!("{book}, in whose book the buyer's money is");
        return Err(Refusal::new(RefusalCode::AccountOtherBook, "order", expected).into());
    }
    let Some(hold) = hold_of(tx, &order)? else {
        let expected = "an order that holds money";
        return Err(Refusal::new(RefusalCode::HoldUnknown, "order", expected).into());
    };
    let now = tx.now();
    let hold = hold.expire(now).map_err(|refusal| refusal.within("order"))?;
    let lines = order.resolve_lines(None)?;
    let mut licences = licences_of(tx, &order, &lines)?;
    licences.retain(|licence| licence.is_open());
    end_lines(tx, order, licences, TransactionKind::Expire, |licence| licence.expire(now))?;
    tx.put(hold);
    Ok(())
}

/// Ends open lines without a sale: what was held for them is free again. Says how much that was.
fn end_lines(
    tx: &mut Tx<'_>,
    mut order: Order,
    licences: Vec<Arc<Licence>>,
    kind: TransactionKind,
    end: impl Fn(Licence) -> Result<Licence, Refusal>,
) -> Result<Option<(Order, AmountMinor)>, Halt> {
    let successors = standing::successors(tx)?;
    let mut back = Transaction::new(kind, order.asset);
    let (mut freed, mut to_voucher) = (AmountMinor::ZERO, AmountMinor::ZERO);
    for licence in licences {
        let id = licence.id;
        let licence = end(Arc::unwrap_or_clone(licence)).map_err(at_line(id))?;
        let money = LineMoney::whole(&licence)?;
        let to = money.seller_side(&order, &licence, &successors);
        back.add(Phase::Release, &money.buyer_side(&order, &successors)?, &to)?;
        freed = freed.plus(licence.gross()?)?;
        to_voucher = to_voucher.plus(licence.voucher_minor)?;
        order.open_line_count = order.open_line_count.saturating_sub(1);
        tx.put(licence);
    }
    voucher::give_back(tx, &order, to_voucher)?;
    tx.put(order.clone());
    post(tx, &back)?;
    Ok((!freed.is_zero()).then_some((order, freed)))
}
