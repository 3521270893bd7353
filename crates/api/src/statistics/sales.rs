//! `/v1/statistics/sales`: what was sold, day by day, between which exchanges.

use super::{By, Format, StatisticsParameters, csv, days, json};
use crate::{ApiState, Problem, extract::Parameters, scalar::*};
use axum::{extract::State, response::Response};
use databourse_exchange::AsOf;
use databourse_primitives::{Asset, ExchangeCode, Height, Timestamp, TreeSize};
use databourse_store::{Day, Sales, SalesKey};
use serde::Serialize;
use utoipa::ToSchema;

/// Up to where the ledger is counted.
#[derive(Debug, Serialize, ToSchema)]
struct AsOfView {
    /// The last block that is counted; 0 while none is.
    #[schema(value_type = u64)]
    height: Height,
    /// Leaves of the ledger up to its end.
    #[schema(value_type = u64)]
    size: TreeSize,
    /// Its time.
    #[schema(value_type = TimestampText)]
    time: Timestamp,
}

impl From<AsOf> for AsOfView {
    fn from(AsOf { height, size, time }: AsOf) -> Self {
        Self { height, size, time }
    }
}

/// What was sold on a day between two exchanges. Amounts are tax-exclusive prices in minor units. Each event counts on its
/// own day: what is accepted today may have been ordered last week.
#[derive(Debug, Serialize, ToSchema)]
struct SalesRow {
    /// The day, of UTC, by block time.
    #[schema(value_type = String, format = Date, example = "2026-11-22")]
    day: String,
    /// The exchange that listed the product.
    #[schema(value_type = ExchangeCodeText)]
    listing_exchange: ExchangeCode,
    /// The exchange whose book holds the buyer's money.
    #[schema(value_type = ExchangeCodeText)]
    buying_exchange: ExchangeCode,
    /// What is paid in.
    #[schema(value_type = AssetText)]
    asset: Asset,
    /// Licences ordered: lines of orders.
    ordered_licence_count: u64,
    /// Units that they are for.
    ordered_unit_count: u64,
    /// Their prices.
    ordered_net_minor: u64,
    /// Licences whose delivery was accepted.
    accepted_licence_count: u64,
    /// Their prices.
    accepted_net_minor: u64,
    /// Lines of which something was given back after acceptance.
    refund_count: u64,
    /// What was given back.
    refunded_net_minor: u64,
}

impl From<(SalesKey, Sales)> for SalesRow {
    fn from((key, sales): (SalesKey, Sales)) -> Self {
        Self {
            day: key.day.to_string(),
            listing_exchange: key.listing_exchange,
            buying_exchange: key.buying_exchange,
            asset: key.asset,
            ordered_licence_count: sales.ordered_licence_count,
            ordered_unit_count: sales.ordered_unit_count,
            ordered_net_minor: sales.ordered_net_minor,
            accepted_licence_count: sales.accepted_licence_count,
            accepted_net_minor: sales.accepted_net_minor,
            refund_count: sales.refund_count,
            refunded_net_minor: sales.refunded_net_minor,
        }
    }
}

/// The names of the columns, in the order of [`SalesRow::to_csv`].
const HEADER: &str = "day,listing_exchange,buying_exchange,asset,ordered_licence_count,ordered_unit_count,\
                      ordered_net_minor,accepted_licence_count,accepted_net_minor,refund_count,refunded_net_minor";

impl SalesRow {
    fn to_csv(&self) -> String {
        let Self { day, listing_exchange, buying_exchange, asset, .. } = self;
        let figures = [
            self.ordered_licence_count,
            self.ordered_unit_count,
            self.ordered_net_minor,
            self.accepted_licence_count,
            self.accepted_net_minor,
            self.refund_count,
            self.refunded_net_minor,
        ];
        let figures = figures.map(|figure| figure.to_string()).join(",");
        format!("{day},{listing_exchange},{buying_exchange},{asset},{figures}")
    }
}

/// Sales, day by day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "from": "2026-11-21", "to": "2026-11-22",
    "as_of": { "height": 97, "size": 1043, "time": "2026-11-22T02:47:32.123Z" },
    "items": [{
        "day": "2026-11-22", "listing_exchange": "sh", "buying_exchange": "js", "asset": "CNY/2",
        "ordered_licence_count": 3, "ordered_unit_count": 12, "ordered_net_minor": 30000,
        "accepted_licence_count": 2, "accepted_net_minor": 20000, "refund_count": 1, "refunded_net_minor": 500
    }]
}))]
struct SalesStatistics {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    to: String,
    /// Up to where the ledger is counted. It may be behind the checkpoint for a while after the node started.
    as_of: AsOfView,
    /// The rows, in the order of day, exchanges and asset; none where nothing happened.
    items: Vec<SalesRow>,
}

/// What was ordered, accepted and refunded, by day, listing exchange, buying exchange and asset.
#[utoipa::path(get, path = "/v1/statistics/sales", operation_id = "getSalesStatistics", tag = "statistics",
    params(StatisticsParameters),
    responses((status = 200, description = "The sums.", content(
        (SalesStatistics = "application/json"), (String = "text/csv")))))]
pub(super) async fn get(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<StatisticsParameters>,
) -> Result<Response, Problem> {
    let By::Day = asked.by.unwrap_or_default();
    let (from, to) = days(asked.from, asked.to, Day::of(api.node.published().time))?;
    let report = api.node.sales(from, to).await?;
    let height = report.as_of.height;
    let items: Vec<SalesRow> = report.sales.into_iter().map(SalesRow::from).collect();
    Ok(match asked.format.unwrap_or_default() {
        Format::Csv => {
            csv(&format!("sales-{from}-{to}-at-{height}"), HEADER, items.iter().map(SalesRow::to_csv))
        }
        Format::Json => json(&SalesStatistics {
            from: from.to_string(),
            to: to.to_string(),
            as_of: report.as_of.into(),
            items,
        }),
    })
}
