//! `/v1/orders`: buying, accepting, rejecting (stages 3 and 4).

use crate::{
    ApiState, Problem,
    access::{Caller, TradeSide},
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    offer::Nothing,
    page::{Page, list_parameters},
    scalar::*,
    token::TokenRole,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_licensing::{
    AcceptOrder, ExpireOrder, Licence, Order, OrderGroup, OrderLine, PlaceOrder, RejectOrder,
};
use databourse_market::{self as market, Key, Stored};
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, EntryId, ExchangeCode, Label, LicenceId, Line, OrderId, PartyId,
    RefusalCode, ScheduleVersion, Timestamp, VoucherId, WindowId,
};
use databourse_store::{Column, ListQuery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, place))
        .routes(routes!(get))
        .routes(routes!(accept))
        .routes(routes!(reject))
        .routes(routes!(expire))
}

/// A purchase of one or more offers of one asset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "lines": [
        { "offer": "019aa2b4-5c00-7000-8000-000000000004", "quantity": 1, "purpose": "model-training" }
    ],
    "reference": "PO-2026-118"
}))]
pub(crate) struct Purchase {
    /// Who buys. A buyer's token is the buyer; an operator must name one.
    #[serde(default)]
    #[schema(value_type = Option<PartyIdText>)]
    buyer: Option<PartyId>,
    /// 1 to 400 lines; each becomes a licence.
    #[schema(value_type = Vec<schema::OrderLine>, min_items = 1, max_items = 400)]
    lines: Vec<OrderLine>,
    /// The larger purchase that this is a part of.
    #[serde(default)]
    #[schema(value_type = Option<schema::OrderGroup>)]
    group: Option<OrderGroup>,
    /// The buyer's own reference.
    #[serde(default)]
    #[schema(value_type = Option<LabelText>)]
    reference: Option<Label>,
    /// A voucher of the buyer's, which pays as far as it reaches for the lines that it was issued for.
    #[serde(default)]
    #[schema(value_type = Option<VoucherIdText>)]
    voucher: Option<VoucherId>,
}

/// Who buys: the caller's party; an operator names a buyer.
fn buyer_of(named: Option<PartyId>, caller: &Caller) -> Result<PartyId, Problem> {
    match (named, caller.party()) {
        (Some(named), Some(own)) if named != own => {
            let expected = "yourself, or nothing";
            Err(Problem::refusal(RefusalCode::ResourceForbidden, "buyer", expected))
        }
        (_, Some(own)) => Ok(own),
        (Some(named), None) => Ok(named),
        (None, None) => {
            let expected = "the id of a certified buyer";
            Err(Problem::refusal(RefusalCode::OrderBuyerMissing, "buyer", expected))
        }
    }
}

/// Places an order.
///
/// The buyer's money is held until each line is accepted or rejected, or the schedule's time of holding is over. A
/// purchase of more than 400 lines is placed as several orders of one `group`.
#[utoipa::path(post, path = "/v1/orders", operation_id = "placeOrder", tag = "orders",
    request_body = Purchase, responses((status = 201, description = "Placed.", body = Acknowledged)))]
async fn place(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Purchase>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(buyer_of(asked.buyer, &caller)?);
    let Purchase { lines, group, reference, voucher, .. } = asked;
    let command = PlaceOrder { lines, group, reference, voucher };
    api.record(key, acting, command, |id| format!("/v1/orders/{id}")).await
}

/// Which lines are accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "lines": [1] }))]
pub(crate) struct Acceptance {
    /// The lines; all delivered ones if absent.
    #[serde(default)]
    lines: Option<Vec<u32>>,
}

/// Accepts delivered lines. Their money is posted and split, and the licences begin.
#[utoipa::path(post, path = "/v1/orders/{id}/acceptance", operation_id = "acceptOrder", tag = "orders",
    params(("id" = OrderIdText, Path)), request_body = Acceptance,
    responses((status = 201, description = "Accepted.", body = Acknowledged)))]
async fn accept(
    State(api): State<ApiState>,
    caller: Caller,
    Named(order): Named<OrderId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Acceptance>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    let command = AcceptOrder { order, lines: asked.lines };
    api.record(key, acting, command, |_| format!("/v1/orders/{order}")).await
}

/// Which lines are rejected, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "lines": [1], "reason": "The file cannot be opened" }))]
pub(crate) struct Rejection {
    /// The lines; all that are not yet accepted if absent.
    #[serde(default)]
    lines: Option<Vec<u32>>,
    /// Why.
    #[schema(value_type = LineText)]
    reason: Line,
}

/// Rejects lines, delivered or not yet. The buyer's money that was held for them is available again.
#[utoipa::path(post, path = "/v1/orders/{id}/rejection", operation_id = "rejectOrder", tag = "orders",
    params(("id" = OrderIdText, Path)), request_body = Rejection,
    responses((status = 201, description = "Rejected.", body = Acknowledged)))]
async fn reject(
    State(api): State<ApiState>,
    caller: Caller,
    Named(order): Named<OrderId>,
    key: IdempotencyKey,
    JsonBody(asked): JsonBody<Rejection>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    let command = RejectOrder { order, lines: asked.lines, reason: asked.reason };
    api.record(key, acting, command, |_| format!("/v1/orders/{order}")).await
}

/// Ends the open lines of an order whose money was held for as long as its schedule has it. The money is the buyer's
/// again. The node does so by itself; this is for a node that was away.
#[utoipa::path(post, path = "/v1/orders/{id}/expiry", operation_id = "expireOrder", tag = "orders",
    params(("id" = OrderIdText, Path)), request_body = Nothing,
    responses((status = 201, description = "Expired.", body = Acknowledged)))]
async fn expire(
    State(api): State<ApiState>,
    Named(order): Named<OrderId>,
    key: IdempotencyKey,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, ExpireOrder { order }, |_| format!("/v1/orders/{order}")).await
}

/// An acceptance of lines of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderAcceptance, example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000008", "lines": [1], "window": "CNY/2#7",
    "accepted_at": "2026-11-22T03:10:00.000Z"
}))]
struct AcceptanceView {
    /// Its entry.
    #[schema(value_type = EntryIdText)]
    id: EntryId,
    /// The lines accepted; for a supplier, its own.
    lines: Vec<u32>,
    /// The settlement window in which their money moved.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// When.
    #[schema(value_type = TimestampText)]
    accepted_at: Timestamp,
}

impl AcceptanceView {
    /// The acceptance of those of `licences` that it names, if any.
    fn new(acceptance: market::Acceptance, licences: &[Licence]) -> Option<Self> {
        let market::Acceptance { id, mut lines, window, accepted_at, .. } = acceptance;
        lines.retain(|line| licences.iter().any(|licence| licence.id.line == *line));
        (!lines.is_empty()).then_some(Self { id, lines, window, accepted_at })
    }
}

/// An order. A supplier sees neither its totals and voucher nor what the buyer calls it, and only its own lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order, example = json!({
    "id": "019aa2b4-5c00-7000-8000-000000000005",
    "buyer": "019aa2b4-5c00-7000-8000-000000000006",
    "book": "sh",
    "exchange": "sh",
    "asset": "CNY/2",
    "schedule": "CNY/2@1",
    "line_count": 1,
    "open_line_count": 1,
    "accepted_line_count": 0,
    "total_minor": 127200,
    "refunded_minor": 0,
    "reference": "PO-2026-118",
    "placed_at": "2026-11-22T02:47:32.123Z"
}))]
struct OrderView {
    /// The id of its `order.place` entry.
    #[schema(value_type = OrderIdText)]
    id: OrderId,
    /// Who bought.
    #[schema(value_type = PartyIdText)]
    buyer: PartyId,
    /// The exchange whose book holds the buyer's money.
    #[schema(value_type = ExchangeCodeText)]
    book: ExchangeCode,
    /// The exchange through which it was bought.
    #[schema(value_type = ExchangeCodeText)]
    exchange: ExchangeCode,
    /// What is paid in.
    #[schema(value_type = AssetText)]
    asset: Asset,
    /// The fee schedule that its split follows; it names the table of tax rates and the rounding.
    #[schema(value_type = ScheduleVersionText)]
    schedule: ScheduleVersion,
    /// The voucher that pays a part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VoucherIdText>)]
    voucher: Option<VoucherId>,
    /// Number of lines.
    line_count: u32,
    /// Lines that are neither accepted nor rejected yet.
    open_line_count: u32,
    /// Lines that were accepted.
    accepted_line_count: u32,
    /// All lines, tax inclusive, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountMinorNumber>)]
    total_minor: Option<AmountMinor>,
    /// What has been given back after acceptance, tax inclusive, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AmountMinorNumber>)]
    refunded_minor: Option<AmountMinor>,
    /// The larger purchase that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OrderGroup>)]
    group: Option<OrderGroup>,
    /// The buyer's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LabelText>)]
    reference: Option<Label>,
    /// When it was placed.
    #[schema(value_type = TimestampText)]
    placed_at: Timestamp,
    /// Its certificate, once issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CertificateNumberText>)]
    certificate: Option<CertificateNumber>,
    /// Its lines as licences, when one order is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<crate::licence::schema::Licence>>)]
    licences: Option<Vec<Licence>>,
    /// The acceptances of these lines, the oldest first, when one order is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptances: Option<Vec<AcceptanceView>>,
}

impl OrderView {
    /// The order alone.
    fn new(order: Order, whole: bool) -> Self {
        Self {
            id: order.id,
            buyer: order.buyer,
            book: order.book,
            exchange: order.exchange,
            asset: order.asset,
            schedule: order.schedule,
            voucher: order.voucher.filter(|_| whole),
            line_count: order.line_count,
            open_line_count: order.open_line_count,
            accepted_line_count: order.accepted_line_count,
            total_minor: whole.then_some(order.total_minor),
            refunded_minor: whole.then_some(order.refunded_minor),
            group: order.group.filter(|_| whole),
            reference: order.reference.filter(|_| whole),
            placed_at: order.placed_at,
            certificate: order.certificate,
            licences: None,
            acceptances: None,
        }
    }
}

list_parameters!(OrderParameters {
    /// Who bought.
    buyer: PartyId as PartyIdText => Buyer,
    /// The buyer's own reference.
    reference: Label as LabelText => Reference,
    /// The buyer's name for a larger purchase.
    group: Label as LabelText => Group,
});

/// Lists orders.
///
/// Operators and auditors see all; a party sees what it bought. A supplier finds its sales under `/v1/licences`.
#[utoipa::path(get, path = "/v1/orders", operation_id = "listOrders", tag = "orders",
    params(OrderParameters), responses((status = 200, description = "A page.", body = Page<OrderView>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<OrderParameters>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let side = if caller.oversees() { None } else { Some(TradeSide::Buyer) };
    let listing = caller.narrow(asked.into(), side)?;
    Ok(Json(api.list::<Order>(listing).await?.map(|order| OrderView::new(order, true))))
}

/// Shows an order with its licences and their acceptances.
///
/// The whole of it to its buyer, operators and auditors. A supplier of one of its lines sees those lines and no totals.
/// To others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/orders/{id}", operation_id = "getOrder", tag = "orders",
    params(("id" = OrderIdText, Path)), responses((status = 200, description = "The order.", body = OrderView)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<OrderId>,
) -> Result<Json<OrderView>, Problem> {
    let order: Order = api.find(&id).await?;
    let whole = caller.may_see(&[order.buyer]);
    if !whole && !caller.has(TokenRole::Merchant) {
        return Err(Problem::forbidden("an order that you placed"));
    }
    let keys =
        (1..=order.line_count).map(|line| Key::of::<Licence>(&LicenceId { order: id, line })).collect();
    let records = api.store().load(&keys).await?;
    // Names of licences sort as text; people count lines.
    let mut licences: Vec<Licence> =
        records.iter().filter_map(|(_, record)| Licence::from_record(record.as_ref()?)).cloned().collect();
    licences.retain(|licence| whole || caller.party() == Some(licence.supplier));
    licences.sort_by_key(|licence| licence.id.line);
    if !whole && licences.is_empty() {
        return Err(Problem::forbidden("an order with a line that you sell"));
    }
    // Every acceptance has a line of its own, so there are no more of them than lines.
    let of_order = ListQuery {
        filters: vec![(Column::Order, id.to_string())],
        limit: order.line_count,
        ..ListQuery::default()
    };
    let acceptances = api.store().list::<market::Acceptance>(&of_order).await?.items.into_iter();
    let acceptances = acceptances.filter_map(|one| AcceptanceView::new(one, &licences)).collect();
    let view = OrderView::new(order, whole);
    Ok(Json(OrderView { licences: Some(licences), acceptances: Some(acceptances), ..view }))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `licensing`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// One line of an order.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct OrderLine {
        /// The offer it takes.
        offer: OfferIdText,
        /// How many units.
        quantity: QuantityNumber,
        /// The one purpose of the licence.
        purpose: LabelText,
    }

    /// Which part of a larger purchase an order is.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct OrderGroup {
        /// The buyer's name for the whole.
        name: LabelText,
        /// This part, from 1.
        #[schema(minimum = 1, maximum = 1000)]
        part: u32,
        /// How many parts there are.
        #[schema(minimum = 1, maximum = 1000)]
        parts: u32,
    }
}
