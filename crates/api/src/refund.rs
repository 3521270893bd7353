//! `/v1/refunds`: money of accepted lines given back (stage 5).

use crate::{
    ApiState, Problem,
    access::{Caller, TradeSide},
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_licensing::GrantRefund;
use databourse_market::RefundRecord;
use databourse_primitives::{EntryId, OrderId, PartyId};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, grant)).routes(routes!(get))
}

/// Gives money of accepted lines back, with fee and tax in proportion.
///
/// A merchant refunds what it sold; an operator refunds as the exchange.
#[utoipa::path(post, path = "/v1/refunds", operation_id = "grantRefund", tag = "refunds",
    request_body = schema::GrantRefund,
    responses((status = 201, description = "Granted.", body = Acknowledged)))]
async fn grant(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<GrantRefund>,
) -> Result<Done, Problem> {
    let acting = caller.party().map_or(Acting::Exchange, Acting::Party);
    api.record(key, acting, command, |id| format!("/v1/refunds/{id}")).await
}

list_parameters!(RefundParameters {
    /// The order.
    order: OrderId as OrderIdText => Order,
    /// Who receives.
    buyer: PartyId as PartyIdText => Buyer,
    /// Who gives.
    supplier: PartyId as PartyIdText => Supplier,
} and side);

/// Lists refunds.
///
/// Operators and auditors see all; a party sees what it received, or with `side=supplier` what it gave.
#[utoipa::path(get, path = "/v1/refunds", operation_id = "listRefunds", tag = "refunds",
    params(RefundParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Refund>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<RefundParameters>,
) -> Result<Json<Page<RefundRecord>>, Problem> {
    let side = asked.side;
    Ok(Json(api.list(caller.narrow(asked.into(), side)?).await?))
}

/// Shows a refund to its two parties, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/refunds/{id}", operation_id = "getRefund", tag = "refunds",
    params(("id" = EntryIdText, Path)),
    responses((status = 200, description = "The refund.", body = schema::Refund)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<EntryId>,
) -> Result<Json<RefundRecord>, Problem> {
    let refund: RefundRecord = api.find(&id).await?;
    if caller.may_see(&[refund.buyer, refund.supplier]) {
        return Ok(Json(refund));
    }
    Err(Problem::forbidden("a refund from you or to you"))
}

#[expect(
    dead_code,
    reason = "written for the OpenAPI document; the real types are in `licensing` and `market`"
)]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// How much of one line is refunded.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct RefundLine {
        /// The line of the order.
        #[schema(minimum = 1)]
        line: u32,
        /// Tax-exclusive amount; tax and fee follow in proportion.
        amount_minor: AmountMinorNumber,
    }

    /// What is refunded of an order.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "lines": [{ "line": 1, "amount_minor": 60000 }],
        "reason": "Half of the stations were missing"
    }))]
    pub(crate) struct GrantRefund {
        /// The order.
        order: OrderIdText,
        /// 1 to 400 different lines.
        #[schema(min_items = 1, max_items = 400)]
        lines: Vec<RefundLine>,
        /// Why.
        reason: LineText,
    }

    /// What one line of a refund gave back, minor units.
    #[derive(ToSchema)]
    pub(crate) struct RefundedLine {
        /// The line.
        line: u32,
        /// How much of the line's net price had gone back before.
        before_minor: Option<AmountMinorNumber>,
        /// Tax-exclusive amount to the buyer.
        net_minor: AmountMinorNumber,
        /// Value-added tax to the buyer.
        vat_minor: AmountMinorNumber,
        /// Part of the net amount that the listing exchange gave from its fee.
        fee_minor: AmountMinorNumber,
        /// Part of the net amount that the listing exchange gave from its tax on the fee.
        fee_vat_minor: AmountMinorNumber,
        /// Part of the net amount that the selling exchange, if another, gave from its fee.
        selling_fee_minor: Option<AmountMinorNumber>,
        /// Part of the net amount that the selling exchange, if another, gave from its tax on the fee.
        selling_fee_vat_minor: Option<AmountMinorNumber>,
        /// Part of net amount and tax that went back to a voucher.
        voucher_minor: Option<AmountMinorNumber>,
    }

    /// A refund.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000008",
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "buyer": "019aa2b4-5c00-7000-8000-000000000006",
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "window": "CNY/2#7",
        "lines": [{
            "line": 1, "before_minor": 1000, "net_minor": 60000, "vat_minor": 3600, "fee_minor": 750, "fee_vat_minor": 45,
            "selling_fee_minor": 750, "selling_fee_vat_minor": 45, "voucher_minor": 25000
        }],
        "total_minor": 63600,
        "reason": "Half of the stations were missing",
        "granted_at": "2026-11-23T09:00:00.000Z"
    }))]
    pub(crate) struct Refund {
        /// Its entry.
        id: EntryIdText,
        /// The order.
        order: OrderIdText,
        /// Who receives.
        buyer: PartyIdText,
        /// Who gives.
        supplier: PartyIdText,
        /// The settlement window in which the money moved.
        window: WindowIdText,
        /// What each line gave back.
        lines: Vec<RefundedLine>,
        /// All of it, tax inclusive.
        total_minor: AmountMinorNumber,
        /// Why.
        reason: LineText,
        /// When.
        granted_at: TimestampText,
    }
}
