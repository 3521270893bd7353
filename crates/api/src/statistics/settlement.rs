//! `/v1/statistics/settlement`: how long windows took to be paid, and how much was.

use super::{DayParameter, Format, csv, days, json};
use crate::{ApiState, Problem, extract::Parameters, scalar::*};
use axum::{extract::State, response::Response};
use databourse_primitives::{Asset, Timestamp, WindowId};
use databourse_store::{Day, WindowSettlement};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct SettlementParameters {
    /// The first day of closing, of UTC; 29 days before `to` if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<DayParameter>,
    /// The last day of closing, of UTC, at most 365 days later; the day of the last block if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-30")]
    to: Option<DayParameter>,
    /// JSON if absent.
    #[param(inline)]
    format: Option<Format>,
}

/// How a window was settled.
#[derive(Debug, Serialize, ToSchema)]
struct SettlementRow {
    /// The window.
    #[schema(value_type = WindowIdText)]
    window: WindowId,
    /// What is paid in.
    #[schema(value_type = AssetText)]
    asset: Asset,
    /// Where it stands: `closed`, `settling` or `settled`.
    #[schema(value_type = crate::window::schema::WindowStateName)]
    state: String,
    /// When it was opened.
    #[schema(value_type = TimestampText)]
    opened_at: Timestamp,
    /// When its exchanges agreed on what is in it.
    #[schema(value_type = TimestampText)]
    closed_at: Timestamp,
    /// When the last payment was confirmed; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TimestampText>)]
    settled_at: Option<Timestamp>,
    /// From `closed_at` to `settled_at`, in milliseconds; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_ms: Option<i64>,
    /// Payments between exchanges that were made out.
    instruction_count: u64,
    /// Their sum, minor units.
    amount_minor: u64,
}

impl From<WindowSettlement> for SettlementRow {
    fn from(found: WindowSettlement) -> Self {
        let lag = |settled: Timestamp| settled.unix_ms().saturating_sub(found.closed_at.unix_ms());
        Self {
            window: found.window,
            asset: found.window.asset,
            state: found.state,
            opened_at: found.opened_at,
            closed_at: found.closed_at,
            settled_at: found.settled_at,
            lag_ms: found.settled_at.map(lag),
            instruction_count: found.instruction_count,
            amount_minor: found.amount_minor,
        }
    }
}

/// The names of the columns, in the order of [`SettlementRow::to_csv`].
const HEADER: &str =
    "window,asset,state,opened_at,closed_at,settled_at,lag_ms,instruction_count,amount_minor";

impl SettlementRow {
    fn to_csv(&self) -> String {
        let Self { window, asset, state, opened_at, closed_at, instruction_count, amount_minor, .. } = self;
        let settled_at = self.settled_at.map(|time| time.to_string()).unwrap_or_default();
        let lag_ms = self.lag_ms.map(|lag| lag.to_string()).unwrap_or_default();
        format!(
            "{window},{asset},{state},{opened_at},{closed_at},{settled_at},{lag_ms},{instruction_count},{amount_minor}"
        )
    }
}

/// Settlement, window by window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "from": "2026-11-21", "to": "2026-11-22",
    "items": [{
        "window": "CNY/2#7", "asset": "CNY/2", "state": "settled",
        "opened_at": "2026-11-21T09:00:00.000Z", "closed_at": "2026-11-22T09:00:03.000Z",
        "settled_at": "2026-11-22T11:30:03.000Z", "lag_ms": 9000000, "instruction_count": 3, "amount_minor": 1250000
    }]
}))]
struct SettlementStatistics {
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    to: String,
    /// The windows, in the order in which they were closed.
    items: Vec<SettlementRow>,
}

/// How long windows took to be paid, how many payments they needed, and how much was paid between exchanges.
///
/// The windows that were closed on these days; open, closing and aborted ones are not among them.
#[utoipa::path(get, path = "/v1/statistics/settlement", operation_id = "getSettlementStatistics",
    tag = "statistics", params(SettlementParameters),
    responses((status = 200, description = "The windows.", content(
        (SettlementStatistics = "application/json"), (String = "text/csv")))))]
pub(super) async fn get(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<SettlementParameters>,
) -> Result<Response, Problem> {
    let (from, to) = days(asked.from, asked.to, Day::of(api.node.published().time))?;
    let found = api.store().window_settlements(from, to).await?;
    let items: Vec<SettlementRow> = found.into_iter().map(SettlementRow::from).collect();
    Ok(match asked.format.unwrap_or_default() {
        Format::Csv => {
            csv(&format!("settlement-{from}-{to}"), HEADER, items.iter().map(SettlementRow::to_csv))
        }
        Format::Json => json(&SettlementStatistics { from: from.to_string(), to: to.to_string(), items }),
    })
}
