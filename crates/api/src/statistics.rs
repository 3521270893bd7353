//! `/v1/statistics`: the market in figures, for everybody. Sums over exchanges and days, in which no party can be seen.

mod sales;
mod settlement;

use crate::{ApiState, Problem, extract::malformed, payment::download};
use axum::Json;
use axum::response::{IntoResponse as _, Response};
use databourse_primitives::ParseError;
use databourse_store::Day;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The most days of one answer.
const DAYS_MAX: u64 = 366;
/// How many days are answered if none is named.
const DAYS_DEFAULT: u32 = 30;

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(sales::get)).routes(routes!(settlement::get))
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// For programs.
    #[default]
    Json,
    /// For spreadsheets (RFC 4180), with a row of names.
    Csv,
}

/// A day of UTC in a query.
#[derive(Debug, Clone, Copy)]
struct DayParameter(Day);

impl<'de> Deserialize<'de> for DayParameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|error: ParseError| D::Error::custom(error))
    }
}

/// What every statistic is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct StatisticsParameters {
    /// The first day, of UTC; 29 days before `to` if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<DayParameter>,
    /// The last day, of UTC, at most 365 days later; the day of the last block if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-30")]
    to: Option<DayParameter>,
    /// What one row is about: a day.
    #[param(value_type = Option<String>, pattern = "^day$", example = "day")]
    by: Option<By>,
    /// JSON if absent.
    #[param(inline)]
    format: Option<Format>,
}

/// What one row of sales is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    /// A day.
    #[default]
    Day,
}

/// The days that are asked for: the first and the last.
fn days(from: Option<DayParameter>, to: Option<DayParameter>, today: Day) -> Result<(Day, Day), Problem> {
    let to_day = to.map_or(today, |day| day.0);
    let from = from.map_or_else(|| to_day.minus_days(DAYS_DEFAULT.saturating_sub(1)), |day| day.0);
    if from > to_day {
        // Whoever names no last day asks for days that have not come.
        let expected = format!("a day that is not after {to_day}");
        return Err(malformed("from", expected).into());
    }
    if to_day.days_since(from) >= DAYS_MAX {
        let expected = format!("a day less than {DAYS_MAX} days after `from`");
        return Err(malformed("to", expected).into());
    }
    Ok((from, to_day))
}

/// The rows as a file for spreadsheets. No value of them holds a comma, a quote or a line's end.
fn csv(name: &str, header: &str, rows: impl Iterator<Item = String>) -> Response {
    let mut text = String::from(header);
    text.push_str("\r\n");
    for row in rows {
        text.push_str(&row);
        text.push_str("\r\n");
    }
    download("text/csv; charset=utf-8; header=present", &format!("{name}.csv"), text.into_bytes())
}

fn json(body: &impl Serialize) -> Response {
    Json(body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_defaults_and_limits() {
        let day = |text: &str| -> Day { text.parse().unwrap() };
        let today = day("2026-11-22");
        let ask = |from: &str, to: &str| {
            let named = |text: &str| (!text.is_empty()).then(|| DayParameter(day(text)));
            days(named(from), named(to), today)
                .map(|(from, to)| format!("{from} {to}"))
                .map_err(|problem| problem.field().to_owned())
        };
        assert_eq!(ask("", "").unwrap(), "2026-10-24 2026-11-22");
        assert_eq!(ask("2026-11-22", "").unwrap(), "2026-11-22 2026-11-22");
        assert_eq!(ask("", "2026-03-01").unwrap(), "2026-01-31 2026-03-01");
        assert_eq!(ask("2025-11-22", "2026-11-22").unwrap(), "2025-11-22 2026-11-22");
        assert_eq!(ask("2025-11-21", "2026-11-22").unwrap_err(), "to");
        assert_eq!(ask("2026-11-23", "").unwrap_err(), "from");
        assert_eq!(ask("2026-11-22", "2026-11-21").unwrap_err(), "from");
    }
}
