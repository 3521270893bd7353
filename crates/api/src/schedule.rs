//! `/v1/schedules`: fees and taxes as versioned data (stage 5).

use crate::{
    ApiState, Problem,
    command::{Acknowledged, Done},
    extract::{IdempotencyKey, JsonBody, Named, Parameters, to_slug},
    page::{Page, list_parameters},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_exchange::Acting;
use databourse_primitives::{Asset, ScheduleVersion};
use databourse_settlement::{PublishSchedule, Schedule};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, publish)).routes(routes!(get))
}

/// Publishes the next version of an asset's fee schedule. It applies to orders placed after it.
#[utoipa::path(post, path = "/v1/schedules", operation_id = "publishSchedule", tag = "schedules",
    request_body = schema::PublishSchedule,
    responses((status = 201, description = "Published.", body = Acknowledged)))]
async fn publish(
    State(api): State<ApiState>,
    key: IdempotencyKey,
    JsonBody(command): JsonBody<PublishSchedule>,
) -> Result<Done, Problem> {
    let ScheduleVersion { asset, version } = command.version;
    let location = format!("/v1/schedules/{}/{version}", to_slug(&asset));
    api.record(key, Acting::Exchange, command, |_| location).await
}

list_parameters!(ScheduleParameters {
    /// The asset.
    asset: Asset as AssetText => Asset,
});

/// Lists fee schedules.
#[utoipa::path(get, path = "/v1/schedules", operation_id = "listSchedules", tag = "schedules",
    params(ScheduleParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Schedule>)))]
async fn list(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<ScheduleParameters>,
) -> Result<Json<Page<Schedule>>, Problem> {
    Ok(Json(api.list(asked.into()).await?))
}

/// Shows a version of an asset's fee schedule. In the path the asset's `/` is written `-`: `CNY-2`.
#[utoipa::path(get, path = "/v1/schedules/{asset}/{number}", operation_id = "getSchedule", tag = "schedules",
    params(("asset" = String, Path, example = "CNY-2"), ("number" = u64, Path, minimum = 1, example = 1)),
    responses((status = 200, description = "The schedule.", body = schema::Schedule)))]
async fn get(
    State(api): State<ApiState>,
    Named(version): Named<ScheduleVersion>,
) -> Result<Json<Schedule>, Problem> {
    Ok(Json(api.find(&version).await?))
}

#[expect(dead_code, reason = "written for the OpenAPI document; the real types are in `settlement`")]
pub(crate) mod schema {
    use crate::scalar::*;
    use std::collections::BTreeMap;
    use utoipa::ToSchema;

    /// How an amount is made whole minor units.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum Rounding {
        HalfUpLargestRemainder,
    }

    /// Rates of one asset.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "version": "CNY/2@1",
        "supplier_fee": "0.025",
        "fee_vat": "0.06",
        "vat": { "dataset": "0.06", "api_service": "0.06" },
        "rounding": "half_up_largest_remainder"
    }))]
    pub(crate) struct PublishSchedule {
        /// Asset and version; versions of an asset follow one another without gaps, from 1.
        version: ScheduleVersionText,
        /// The exchange's fee as a part of the supplier's net price.
        supplier_fee: RateText,
        /// Tax on that fee, as a part of the fee.
        fee_vat: RateText,
        /// Value-added tax by product kind, on top of the net price.
        vat: BTreeMap<String, RateText>,
        /// How amounts are made whole.
        rounding: Rounding,
    }

    /// A published schedule.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "version": "CNY/2@1",
        "supplier_fee": "0.025",
        "fee_vat": "0.06",
        "vat": { "api_service": "0.06", "dataset": "0.06" },
        "rounding": "half_up_largest_remainder",
        "published_at": "2026-11-22T02:47:32.123Z"
    }))]
    pub(crate) struct Schedule {
        /// Asset and version.
        version: ScheduleVersionText,
        /// The exchange's fee as a part of the supplier's net price.
        supplier_fee: RateText,
        /// Tax on that fee, as a part of the fee.
        fee_vat: RateText,
        /// Value-added tax by product kind.
        vat: BTreeMap<String, RateText>,
        /// How amounts are made whole.
        rounding: Rounding,
        /// When it was published.
        published_at: TimestampText,
    }
}
