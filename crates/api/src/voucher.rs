//! `/v1/vouchers`: innovation vouchers (stage 5).

use crate::{
    ApiState, Problem,
    access::Caller,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{PartyId, VoucherId};
use databourse_settlement::{IssueVoucher, Voucher};
use databourse_store::Column;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, issue)).routes(routes!(get))
}

/// Issues a voucher to a party of this exchange, for money that a funder paid in. Each bank line is recorded once.
#[utoipa::path(post, path = "/v1/vouchers", operation_id = "issueVoucher", tag = "vouchers",
    request_body = schema::IssueVoucher,
    responses((status = 201, description = "Issued.", body = Acknowledged)))]
async fn issue(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<IssueVoucher>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, command, |id| format!("/v1/vouchers/{id}")).await
}

list_parameters!(VoucherParameters {
    /// Who may spend it.
    holder: PartyId as PartyIdText => Holder,
});

/// Lists vouchers.
///
/// Operators and auditors see all; a party sees its own.
#[utoipa::path(get, path = "/v1/vouchers", operation_id = "listVouchers", tag = "vouchers",
    params(VoucherParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Voucher>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<VoucherParameters>,
) -> Result<Json<Page<Voucher>>, Problem> {
    let mut listing = asked.into();
    if !caller.oversees() {
        listing = caller.narrow_to(listing, Column::Holder, &caller.acting_party()?)?;
    }
    Ok(Json(api.list(listing).await?))
}

/// Shows a voucher to its holder, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/vouchers/{id}", operation_id = "getVoucher", tag = "vouchers",
    params(("id" = VoucherIdText, Path)),
    responses((status = 200, description = "The voucher.", body = schema::Voucher)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<VoucherId>,
) -> Result<Json<Voucher>, Problem> {
    let voucher: Voucher = api.find(&id).await?;
    if caller.may_see(&[voucher.holder]) {
        return Ok(Json(voucher));
    }
    Err(Problem::forbidden("a voucher of your own"))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// A voucher for a party.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "party": "019aa2b4-5c00-7000-8000-000000000006",
        "asset": "CNY/2",
        "amount_minor": 500000,
        "kinds": ["dataset", "model"],
        "purposes": ["research"],
        "expires_at": "2027-06-30T16:00:00.000Z",
        "bank_reference": "ICBC/2026-11-22/0002"
    }))]
    pub(crate) struct IssueVoucher {
        /// Who may spend it.
        party: PartyIdText,
        /// In what.
        asset: AssetText,
        /// Its value, minor units, above zero.
        amount_minor: AmountMinorNumber,
        /// The product kinds that it pays for; any, if left out.
        #[schema(max_items = 64)]
        kinds: Option<Vec<LabelText>>,
        /// The licence purposes that it pays for; any, if left out.
        #[schema(max_items = 64)]
        purposes: Option<Vec<LabelText>>,
        /// The first moment at which it can no longer be spent.
        expires_at: TimestampText,
        /// The bank's reference of the funder's payment; each is recorded once.
        bank_reference: LabelText,
    }

    /// A voucher.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-00000000000b",
        "holder": "019aa2b4-5c00-7000-8000-000000000006",
        "book": "sh",
        "asset": "CNY/2",
        "issued_minor": 500000,
        "left_minor": 372800,
        "kinds": ["dataset", "model"],
        "purposes": ["research"],
        "issued_at": "2026-11-22T02:47:32.123Z",
        "expires_at": "2027-06-30T16:00:00.000Z"
    }))]
    pub(crate) struct Voucher {
        /// The id of its `voucher.issue` entry.
        id: VoucherIdText,
        /// Who may spend it.
        holder: PartyIdText,
        /// The exchange that issued it.
        book: ExchangeCodeText,
        /// In what.
        asset: AssetText,
        /// Its value, minor units.
        issued_minor: AmountMinorNumber,
        /// What is neither spent nor held for an order, minor units.
        left_minor: AmountMinorNumber,
        /// The product kinds that it pays for; any, if left out.
        kinds: Option<Vec<LabelText>>,
        /// The licence purposes that it pays for; any, if left out.
        purposes: Option<Vec<LabelText>>,
        /// When it was issued.
        issued_at: TimestampText,
        /// The first moment at which it can no longer be spent.
        expires_at: TimestampText,
    }
}
