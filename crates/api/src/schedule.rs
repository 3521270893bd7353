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

/// Publishes the next version of an asset's fee schedule. It prices orders from its position in the ledger on.
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

    /// How an amount is made whole minor units: the rule and its version.
    #[derive(ToSchema)]
    pub(crate) enum Rounding {
        /// Fees and taxes: halves up, once per amount. Divisions: largest remainder, what is left carried on.
        #[serde(rename = "half-up-largest-remainder-carry/1")]
        HalfUpLargestRemainderCarry,
    }

    /// One tier of a graduated fee.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Tier {
        /// Where the tier begins, minor units of net price.
        from_minor: AmountMinorNumber,
        /// The fee as a part of what lies inside the tier.
        rate: RateText,
    }

    /// What a fee is reckoned from.
    #[derive(ToSchema)]
    #[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
    pub(crate) enum FeeBase {
        /// The same amount for every line.
        Flat {
            /// That amount, minor units, without tax.
            amount_minor: AmountMinorNumber,
        },
        /// A part of the net price.
        Percentage {
            /// That part.
            rate: RateText,
        },
        /// Each tier's rate applies to the part of the net price that lies inside the tier.
        Tiers {
            /// The tiers, ascending; the first begins at 0.
            #[schema(min_items = 1, max_items = 16)]
            tiers: Vec<Tier>,
        },
    }

    /// A fee on a line's net price, without the tax on the fee.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Fee {
        /// What it is reckoned from.
        base: FeeBase,
        /// The fee is at least this, minor units.
        min_minor: Option<AmountMinorNumber>,
        /// The fee is at most this, minor units.
        max_minor: Option<AmountMinorNumber>,
    }

    /// A fee and whose it is. A set that is empty or left out means any.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct FeeRule {
        /// Product kinds.
        kinds: Option<Vec<LabelText>>,
        /// Exchanges that list the product.
        exchanges: Option<Vec<ExchangeCodeText>>,
        /// Roles of the seller.
        roles: Option<Vec<LabelText>>,
        /// The fee.
        fee: Fee,
    }

    /// The next version of an asset's fee schedule.
    #[derive(ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({
        "version": "CNY/2@2",
        "effective_from": 2000,
        "fees": [
            { "kinds": ["report"], "fee": { "base": { "name": "flat", "amount_minor": 500 } } },
            { "exchanges": ["js"], "roles": ["supplier"], "fee": {
                "base": { "name": "tiers", "tiers": [
                    { "from_minor": 0, "rate": "0.03" }, { "from_minor": 10000000, "rate": "0.01" }
                ] },
                "min_minor": 100, "max_minor": 5000000
            } },
            { "fee": { "base": { "name": "percentage", "rate": "0.025" } } }
        ],
        "fee_vat": "services",
        "selling_share": "0.5",
        "yearly": { "buyer": 998000 },
        "tax": 1,
        "hold_days": 30,
        "dispute_days": 7,
        "bank_tolerance_minor": 100,
        "rounding": "half-up-largest-remainder-carry/1"
    }))]
    pub(crate) struct PublishSchedule {
        /// Asset and version; versions of an asset follow one another without gaps, from 1.
        version: ScheduleVersionText,
        /// The first position in the ledger whose orders it prices; at once if 0 or left out.
        effective_from: Option<u64>,
        /// The fees; the first rule that matches a line applies, and a line that none matches has no fee.
        #[schema(max_items = 64)]
        fees: Vec<FeeRule>,
        /// The category of the tax table that taxes the fees.
        fee_vat: LabelText,
        /// The part of the fee that the selling exchange gets when another one lists the product.
        selling_share: RateText,
        /// Fees per year by role, minor units, without tax.
        yearly: Option<BTreeMap<String, AmountMinorNumber>>,
        /// The version of the table of tax rates.
        #[schema(minimum = 1)]
        tax: u64,
        /// For how many days money is held for an order.
        #[schema(minimum = 1, maximum = 366)]
        hold_days: u32,
        /// For how many days after acceptance a line can be disputed.
        #[schema(maximum = 366)]
        dispute_days: u32,
        /// By how much a bank line may differ from the payment that it confirms, minor units.
        bank_tolerance_minor: Option<AmountMinorNumber>,
        /// How amounts are made whole.
        rounding: Rounding,
    }

    /// A published schedule.
    #[derive(ToSchema)]
    #[schema(example = json!({
        "version": "CNY/2@2",
        "effective_from": 2000,
        "before": "CNY/2@1",
        "fees": [{ "fee": { "base": { "name": "percentage", "rate": "0.025" } } }],
        "fee_vat": "services",
        "selling_share": "0.5",
        "yearly": { "buyer": 998000 },
        "tax": 1,
        "hold_days": 30,
        "dispute_days": 7,
        "bank_tolerance_minor": 100,
        "rounding": "half-up-largest-remainder-carry/1",
        "published_at": "2026-11-22T02:47:32.123Z"
    }))]
    pub(crate) struct Schedule {
        /// Asset and version.
        version: ScheduleVersionText,
        /// The first position in the ledger whose orders it prices.
        effective_from: u64,
        /// The version that is in force until then.
        before: Option<ScheduleVersionText>,
        /// The fees; the first rule that matches a line applies.
        fees: Vec<FeeRule>,
        /// The category of the tax table that taxes the fees.
        fee_vat: LabelText,
        /// The part of the fee that the selling exchange gets when another one lists the product.
        selling_share: RateText,
        /// Fees per year by role, minor units, without tax.
        yearly: Option<BTreeMap<String, AmountMinorNumber>>,
        /// The version of the table of tax rates.
        tax: u64,
        /// For how many days money is held for an order.
        hold_days: u32,
        /// For how many days after acceptance a line can be disputed.
        dispute_days: u32,
        /// By how much a bank line may differ from the payment that it confirms, minor units.
        bank_tolerance_minor: Option<AmountMinorNumber>,
        /// How amounts are made whole.
        rounding: Rounding,
        /// When it was published.
        published_at: TimestampText,
    }
}
