//! `/v1/tax-tables`: rates of value-added tax as versioned data (stage 5).

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters},
    page::{Page, list_parameters},
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::TaxVersion;
use databourse_settlement::{PublishTax, TaxTable};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, publish)).routes(routes!(get))
}

/// Publishes the next version of the region's table of tax rates. It taxes nothing until a fee schedule names it.
#[utoipa::path(post, path = "/v1/tax-tables", operation_id = "publishTax", tag = "tax-tables",
    request_body = schema::PublishTax,
    responses((status = 201, description = "Published.", body = Acknowledged)))]
async fn publish(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<PublishTax>,
) -> Result<Done, Problem> {
    let location = format!("/v1/tax-tables/{}", command.version);
    api.record(key, Acting::Exchange, command, |_| location).await
}

list_parameters!(TaxParameters {});

/// Lists tables of tax rates.
#[utoipa::path(get, path = "/v1/tax-tables", operation_id = "listTaxTables", tag = "tax-tables",
    params(TaxParameters),
    responses((status = 200, description = "A page.", body = Page<schema::TaxTable>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<TaxParameters>,
) -> Result<Json<Page<TaxTable>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Shows a version of the table of tax rates.
#[utoipa::path(get, path = "/v1/tax-tables/{number}", operation_id = "getTaxTable", tag = "tax-tables",
    params(("number" = u64, Path, minimum = 1, example = 1)),
    responses((status = 200, description = "The table.", body = schema::TaxTable)))]
async fn get(
    State(api): State<ApiState>,
    Named(version): Named<TaxVersion>,
) -> Result<Json<TaxTable>, Problem> {
    Ok(Json(api.find(&version).await?))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// The next version of the region's table of tax rates.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "version": 2,
        "rates": { "exempt": "0", "goods": "0.13", "services": "0.06" },
        "kinds": { "compute": "goods" },
        "default": "services"
    }))]
    pub(crate) struct PublishTax {
        /// Versions follow one another without gaps, from 1.
        #[schema(minimum = 1)]
        version: u64,
        /// The rate of each category.
        rates: BTreeMap<String, RateText>,
        /// The category of each product kind that is not in the default one.
        kinds: Option<BTreeMap<String, LabelText>>,
        /// The category of every other kind.
        default: LabelText,
    }

    /// A published table of tax rates.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "version": 2,
        "rates": { "exempt": "0", "goods": "0.13", "services": "0.06" },
        "kinds": { "compute": "goods" },
        "default": "services",
        "published_at": "2026-11-22T02:47:32.123Z"
    }))]
    pub(crate) struct TaxTable {
        /// Its version, from 1.
        version: u64,
        /// The rate of each category.
        rates: BTreeMap<String, RateText>,
        /// The category of each product kind that is not in the default one.
        kinds: Option<BTreeMap<String, LabelText>>,
        /// The category of every other kind.
        default: LabelText,
        /// When it was published.
        published_at: TimestampText,
    }
}
