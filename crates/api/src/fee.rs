//! `/v1/fees`: yearly fees of parties (stage 5).

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody},
};
use axum::extract::State;
use databourse_exchange::Acting;
use databourse_settlement::ChargeFee;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(charge))
}

/// Charges a party of this exchange the yearly fee of one of its roles, with tax, as the schedule in force has it.
///
/// Each party, role and year is charged once.
#[utoipa::path(post, path = "/v1/fees", operation_id = "chargeFee", tag = "fees",
    request_body = schema::ChargeFee,
    responses((status = 201, description = "Charged.", body = Acknowledged)))]
async fn charge(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<ChargeFee>,
) -> Result<Done, Problem> {
    api.record(key, Acting::Exchange, command, |id| format!("/v1/entries/{id}")).await
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use utoipa::ToSchema;

    /// A yearly fee of a party.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "party": "019aa2b4-5c00-7000-8000-000000000006", "role": "buyer", "year": 2026, "asset": "CNY/2"
    }))]
    pub(crate) struct ChargeFee {
        /// Who pays.
        party: PartyIdText,
        /// For which role.
        role: LabelText,
        /// For which calendar year, UTC: this one or the next.
        year: u16,
        /// In what.
        asset: AssetText,
    }
}
