//! `/v1/licences`: lines of orders from order to end (stages 3 and 4).

use crate::{
    ApiState, Problem,
    access::{Caller, TradeSide},
    extract::{Named, Parameters},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_licensing::Licence;
use databourse_primitives::{LicenceId, OrderId, PartyId, ProductId};
use schema::LicenceStateName;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

list_parameters!(LicenceParameters {
    /// The order.
    order: OrderId as OrderIdText => Order,
    /// Who may use the product.
    buyer: PartyId as PartyIdText => Buyer,
    /// Who sells it.
    supplier: PartyId as PartyIdText => Supplier,
    /// The product.
    product: ProductId as ProductIdText => Product,
    /// Where the licence stands.
    state: LicenceStateName as LicenceStateName => State,
} and side);

/// Lists licences.
///
/// Operators and auditors see all; a party sees what it bought, or with `side=supplier` what it sold.
#[utoipa::path(get, path = "/v1/licences", operation_id = "listLicences", tag = "licences",
    params(LicenceParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Licence>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<LicenceParameters>,
) -> Result<Json<Page<Licence>>, Problem> {
    let side = asked.side;
    Ok(Json(api.list(caller.narrow(asked.into(), side)?).await?))
}

/// Shows a licence to its buyer, its supplier, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/licences/{id}", operation_id = "getLicence", tag = "licences",
    params(("id" = LicenceIdText, Path)),
    responses((status = 200, description = "The licence.", body = schema::Licence)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<LicenceId>,
) -> Result<Json<Licence>, Problem> {
    let licence: Licence = api.find(&id).await?;
    if caller.may_see(&[licence.buyer, licence.supplier]) {
        return Ok(Json(licence));
    }
    Err(Problem::forbidden("a licence that you bought or sold"))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `licensing`")]
pub(crate) mod schema {
    use crate::{delivery::schema::DeliveryMethod, scalar::*};
    use serde::{Deserialize, Serialize};
    use utoipa::ToSchema;

    /// A recorded delivery.
    #[derive(ToSchema)]
    #[schema(as = LicenceDelivery)]
    pub(crate) struct Delivery {
        /// How.
        method: DeliveryMethod,
        /// Digest of the delivered object or of the grant to it.
        evidence: DigestText,
        /// When.
        delivered_at: TimestampText,
    }

    /// Where a licence stands, by name.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub(crate) enum LicenceStateName {
        Ordered,
        Delivered,
        Active,
        Rejected,
        Expired,
        Refunded,
    }

    /// Where a licence stands; each state carries exactly its data.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name")]
    pub(crate) enum LicenceState {
        /// Bought, money held, not delivered.
        Ordered,
        /// Delivered, not accepted.
        Delivered {
            /// The delivery.
            delivery: Delivery,
        },
        /// Accepted and paid: in force until its term.
        Active {
            /// The delivery.
            delivery: Delivery,
            /// When it was accepted.
            accepted_at: TimestampText,
            /// When it ends.
            ends_at: TimestampText,
        },
        /// Refused by the buyer; money returned.
        Rejected {
            /// When.
            rejected_at: TimestampText,
            /// Why.
            reason: LineText,
        },
        /// Not accepted before its hold expired; money returned.
        Expired {
            /// When.
            expired_at: TimestampText,
        },
        /// Wholly refunded after acceptance.
        Refunded {
            /// The delivery.
            delivery: Delivery,
            /// When it was accepted.
            accepted_at: TimestampText,
            /// When the refund was complete.
            refunded_at: TimestampText,
        },
    }

    /// What one sharer of a product's revenue gets of a line.
    #[derive(ToSchema)]
    pub(crate) struct RevenuePart {
        /// Who.
        holder: HolderText,
        /// The exchange whose book holds its money.
        book: ExchangeCodeText,
        /// How much, minor units.
        amount_minor: AmountMinorNumber,
    }

    /// A licence and the money of its line.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000005.1",
        "buyer": "019aa2b4-5c00-7000-8000-000000000006",
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "supplier_book": "sh",
        "exchange": "sh",
        "product": "019aa2b4-5c00-7000-8000-000000000003",
        "revision": 1,
        "offer": "019aa2b4-5c00-7000-8000-000000000004",
        "quantity": 1,
        "purpose": "model-training",
        "term_days": 365,
        "asset": "CNY/2",
        "net_minor": 120000,
        "vat_minor": 7200,
        "fee_minor": 1500,
        "fee_vat_minor": 90,
        "selling_fee_minor": 1500,
        "selling_fee_vat_minor": 90,
        "selling_carry": -500000000,
        "shares": 1,
        "revenue": [
            { "holder": "party:019aa2b4-5c00-7000-8000-000000000001", "book": "sh", "amount_minor": 116820 }
        ],
        "voucher_minor": 50000,
        "refunded_minor": 0,
        "dispute": "019aa2b4-5c00-7000-8000-000000000009",
        "state": {
            "name": "active",
            "delivery": {
                "method": "file",
                "evidence": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "delivered_at": "2026-11-22T02:50:00.000Z"
            },
            "accepted_at": "2026-11-22T02:55:00.000Z",
            "ends_at": "2027-11-22T02:55:00.000Z"
        }
    }))]
    pub(crate) struct Licence {
        /// Order and line.
        id: LicenceIdText,
        /// Who may use the product.
        buyer: PartyIdText,
        /// Who sells it.
        supplier: PartyIdText,
        /// The exchange whose book holds the supplier's money.
        supplier_book: ExchangeCodeText,
        /// The exchange that listed the product and earns the fee.
        exchange: ExchangeCodeText,
        /// The product.
        product: ProductIdText,
        /// The product's revision that was bought.
        revision: u32,
        /// The offer that was taken; its terms are the licence's terms.
        offer: OfferIdText,
        /// Units bought.
        quantity: QuantityNumber,
        /// The one purpose.
        purpose: LabelText,
        /// How long it lasts after acceptance, in days.
        term_days: u32,
        /// What is paid in.
        asset: AssetText,
        /// Tax-exclusive price of the line.
        net_minor: AmountMinorNumber,
        /// Value-added tax on it.
        vat_minor: AmountMinorNumber,
        /// Part of `net_minor` that is the listing exchange's fee.
        fee_minor: AmountMinorNumber,
        /// Part of `net_minor` that is tax on that fee.
        fee_vat_minor: AmountMinorNumber,
        /// Part of `net_minor` that is the fee of the exchange that sold it, if that is another.
        selling_fee_minor: Option<AmountMinorNumber>,
        /// Part of `net_minor` that is tax on that fee.
        selling_fee_vat_minor: Option<AmountMinorNumber>,
        /// What the division of the fee had left over for the selling exchange before this line, in billionths of a
        /// minor unit.
        selling_carry: Option<i64>,
        /// The version of the product's revenue shares, if it has any.
        #[schema(minimum = 1)]
        shares: Option<u64>,
        /// What each of the sharers gets of what is left of `net_minor` after fees; the supplier gets all of it without.
        revenue: Option<Vec<RevenuePart>>,
        /// Part of the gross price that a voucher pays.
        voucher_minor: Option<AmountMinorNumber>,
        /// Part of `net_minor` given back so far.
        refunded_minor: AmountMinorNumber,
        /// The dispute over it, open or decided.
        dispute: Option<DisputeIdText>,
        /// Where it stands.
        state: LicenceState,
    }
}
