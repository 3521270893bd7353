//! How windows were settled, as the API has it.

use super::{
    bins::Bins,
    period::{Period, day_of},
};
use crate::{failure::Failure, visit::Visit};
use databourse_primitives::{Asset, Timestamp};
use serde::Deserialize;

/// Where the API has it.
const PATH: &str = "/v1/statistics/settlement";

/// A window that was closed in the period.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Window {
    asset: Asset,
    closed_at: Timestamp,
    /// From closing to the last payment, milliseconds; none until then.
    #[serde(default)]
    lag_ms: Option<i64>,
    /// What was to be paid between exchanges, minor units.
    amount_minor: u64,
}

/// The windows of a period in one asset.
#[derive(Debug, Clone)]
pub(super) struct Settlement(Vec<Window>);

#[derive(Deserialize)]
struct Answer {
    items: Vec<Window>,
}

impl Settlement {
    /// Reads them.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn of(visit: &Visit, period: Period, asset: Asset) -> Result<Self, Failure> {
        let answer: Answer = visit.get(&period.path(PATH, &[])).await?;
        Ok(Self(answer.items.into_iter().filter(|window| window.asset == asset).collect()))
    }

    /// Where the API has them as CSV, in all assets.
    pub(super) fn csv(period: Period) -> String {
        period.path(PATH, &[("format", "csv")])
    }

    /// How many are closed and not paid yet.
    pub(super) fn unpaid(&self) -> usize {
        self.0.iter().filter(|window| window.lag_ms.is_none()).count()
    }

    /// The lags of each part of the period, by the day of closing, milliseconds.
    pub(super) fn lags_ms(&self, bins: &Bins) -> Vec<Vec<i64>> {
        let mut lags = vec![Vec::new(); bins.count()];
        for window in &self.0 {
            let of_bin = bins.place(day_of(window.closed_at)).and_then(|place| lags.get_mut(place));
            if let (Some(of_bin), Some(lag)) = (of_bin, window.lag_ms) {
                of_bin.push(lag);
            }
        }
        lags
    }

    /// What was to be paid between exchanges, over each part of the period, minor units.
    pub(super) fn amounts_minor(&self, bins: &Bins) -> Vec<u64> {
        let mut sums = vec![0_u64; bins.count()];
        for window in &self.0 {
            if let Some(sum) = bins.place(day_of(window.closed_at)).and_then(|place| sums.get_mut(place)) {
                *sum = sum.saturating_add(window.amount_minor);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::statistics::period::parsed;

    #[test]
    fn windows_count_on_the_day_of_their_closing() {
        let window = |closed_at: &str, lag_ms, amount_minor| Window {
            asset: "CNY/2".parse().unwrap(),
            closed_at: closed_at.parse().unwrap(),
            lag_ms,
            amount_minor,
        };
        let settlement = Settlement(vec![
            window("2026-11-01T09:00:00Z", Some(1_000), 10),
            window("2026-11-01T23:59:59.999Z", Some(3_000), 20),
            window("2026-11-03T00:00:00Z", None, 5),
        ]);
        let period = Period { from: parsed("2026-11-01").unwrap(), to: parsed("2026-11-03").unwrap() };
        let bins = period.bins();
        assert_eq!(settlement.lags_ms(&bins), [vec![1_000, 3_000], vec![], vec![]]);
        assert_eq!(settlement.amounts_minor(&bins), [30, 0, 5]);
        assert_eq!(settlement.unpaid(), 1);
    }
}
