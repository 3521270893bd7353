//! `/v1/deliveries`: proof of what was handed over (stage 4).

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
use databourse_licensing::RecordDelivery;
use databourse_market::DeliveryRecord;
use databourse_primitives::{EntryId, OrderId, PartyId};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, record)).routes(routes!(get))
}

/// Records that the caller's party delivered, with the digest of what it delivered.
#[utoipa::path(post, path = "/v1/deliveries", operation_id = "recordDelivery", tag = "deliveries",
    request_body = schema::RecordDelivery,
    responses((status = 201, description = "Recorded.", body = Acknowledged)))]
async fn record(
    State(api): State<ApiState>,
    caller: Caller,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<RecordDelivery>,
) -> Result<Done, Problem> {
    let acting = Acting::Party(caller.acting_party()?);
    api.record(key, acting, command, |id| format!("/v1/deliveries/{id}")).await
}

list_parameters!(DeliveryParameters {
    /// The order.
    order: OrderId as OrderIdText => Order,
    /// Who received.
    buyer: PartyId as PartyIdText => Buyer,
    /// Who delivered.
    supplier: PartyId as PartyIdText => Supplier,
} and side);

/// Lists deliveries.
///
/// Operators and auditors see all; a party sees what it received, or with `side=supplier` what it delivered.
#[utoipa::path(get, path = "/v1/deliveries", operation_id = "listDeliveries", tag = "deliveries",
    params(DeliveryParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Delivery>)))]
async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Parameters(asked): Parameters<DeliveryParameters>,
) -> Result<Json<Page<DeliveryRecord>>, Problem> {
    let side = asked.side;
    Ok(Json(api.list(caller.narrow(asked.into(), side)?).await?))
}

/// Shows a delivery to its two parties, operators and auditors; to others it is `resource.forbidden`.
#[utoipa::path(get, path = "/v1/deliveries/{id}", operation_id = "getDelivery", tag = "deliveries",
    params(("id" = EntryIdText, Path)),
    responses((status = 200, description = "The delivery.", body = schema::Delivery)))]
async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Named(id): Named<EntryId>,
) -> Result<Json<DeliveryRecord>, Problem> {
    let delivery: DeliveryRecord = api.find(&id).await?;
    if caller.may_see(&[delivery.buyer, delivery.supplier]) {
        return Ok(Json(delivery));
    }
    Err(Problem::forbidden("a delivery from you or to you"))
}

#[expect(
    dead_code,
    reason = "written for the OpenAPI document; the real types are in `licensing` and `market`"
)]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// How a product reaches the buyer.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum DeliveryMethod {
        File,
        Api,
        Share,
        ComputeToData,
    }

    /// What was delivered, and how.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "lines": [1],
        "method": "file",
        "evidence": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }))]
    pub(crate) struct RecordDelivery {
        /// The order.
        order: OrderIdText,
        /// The lines delivered; all of the supplier's undelivered ones if absent.
        lines: Option<Vec<u32>>,
        /// How it was delivered.
        method: DeliveryMethod,
        /// Digest of the delivered object, or of the grant that gives access to it.
        evidence: DigestText,
    }

    /// A recorded delivery.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "id": "019aa2b4-5c00-7000-8000-000000000007",
        "order": "019aa2b4-5c00-7000-8000-000000000005",
        "supplier": "019aa2b4-5c00-7000-8000-000000000001",
        "buyer": "019aa2b4-5c00-7000-8000-000000000006",
        "lines": [1],
        "method": "file",
        "evidence": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "delivered_at": "2026-11-22T02:50:00.000Z"
    }))]
    pub(crate) struct Delivery {
        /// Its entry.
        id: EntryIdText,
        /// The order.
        order: OrderIdText,
        /// Who delivered.
        supplier: PartyIdText,
        /// Who received.
        buyer: PartyIdText,
        /// The lines delivered.
        lines: Vec<u32>,
        /// How.
        method: DeliveryMethod,
        /// Digest of what was delivered.
        evidence: DigestText,
        /// When.
        delivered_at: TimestampText,
    }
}
