//! Sums of sales as the API has them, and what pages make of them.

use super::{
    bins::Bins,
    period::{Period, parsed},
};
use crate::{failure::Failure, visit::Visit};
use databourse_primitives::{Asset, ExchangeCode, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use time::Date;

/// Where the API has them.
const PATH: &str = "/v1/statistics/sales";

/// What was sold on one day, at one exchange to buyers of one exchange, in one asset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Sale {
    day: String,
    /// The exchange that listed the products.
    pub(crate) listing_exchange: ExchangeCode,
    /// The exchange with which the buyers' money is.
    pub(crate) buying_exchange: ExchangeCode,
    asset: Asset,
    /// Licences ordered.
    pub(crate) ordered_licence_count: u64,
    /// Units that they are for.
    pub(crate) ordered_unit_count: u64,
    /// Their prices without tax, minor units.
    pub(crate) ordered_net_minor: u64,
    /// Prices of what was accepted, minor units.
    pub(crate) accepted_net_minor: u64,
    /// What was given back, minor units.
    pub(crate) refunded_net_minor: u64,
}

impl Sale {
    /// Its day.
    fn date(&self) -> Option<Date> {
        parsed(&self.day)
    }
}

/// The sales of a period in one asset.
#[derive(Debug, Clone)]
pub(crate) struct Sales(Vec<Sale>);

#[derive(Deserialize)]
struct Answer {
    items: Vec<Sale>,
    as_of: AsOf,
}

/// Up to where the ledger is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct AsOf {
    /// The last block that is.
    pub(crate) height: u64,
    /// Its time.
    pub(crate) time: Timestamp,
}

impl Sales {
    /// Reads them.
    ///
    /// # Errors
    /// The page to show instead.
    pub(crate) async fn of(visit: &Visit, period: Period, asset: Asset) -> Result<(Self, AsOf), Failure> {
        let answer: Answer = visit.get(&period.path(PATH, &[])).await?;
        Ok((Self(answer.items.into_iter().filter(|sale| sale.asset == asset).collect()), answer.as_of))
    }

    /// Where the API has them as CSV, in all assets.
    pub(crate) fn csv(period: Period) -> String {
        period.path(PATH, &[("format", "csv")])
    }

    /// Those of one exchange's products, or all of them.
    pub(crate) fn listed_at(&self, exchange: Option<&ExchangeCode>) -> Self {
        let is_wanted = |sale: &&Sale| exchange.is_none_or(|exchange| sale.listing_exchange == *exchange);
        Self(self.0.iter().filter(is_wanted).cloned().collect())
    }

    /// A sum of `value` over each part of the period.
    pub(crate) fn over(&self, bins: &Bins, value: impl Fn(&Sale) -> u64) -> Vec<u64> {
        let mut sums = vec![0_u64; bins.count()];
        for sale in &self.0 {
            if let Some(sum) = sale.date().and_then(|day| sums.get_mut(bins.place(day)?)) {
                *sum = sum.saturating_add(value(sale));
            }
        }
        sums
    }

    /// Its exchanges, the one that sold most first.
    pub(crate) fn exchanges(&self) -> Vec<ExchangeCode> {
        let mut sums: BTreeMap<&ExchangeCode, u64> = BTreeMap::new();
        for sale in &self.0 {
            let sum = sums.entry(&sale.listing_exchange).or_default();
            *sum = sum.saturating_add(sale.ordered_net_minor);
        }
        let mut ranked: Vec<_> = sums.into_iter().collect();
        ranked.sort_by_key(|(code, sum)| (std::cmp::Reverse(*sum), (*code).clone()));
        ranked.into_iter().map(|(code, _)| code.clone()).collect()
    }
}

/// What one exchange sold to buyers of another, or to its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Licences.
    pub(crate) licence_count: u64,
    /// Their prices without tax, minor units.
    pub(crate) net_minor: u64,
}

impl Flow {
    /// Adds `other` to it.
    pub(crate) const fn add(&mut self, other: Self) {
        self.licence_count = self.licence_count.saturating_add(other.licence_count);
        self.net_minor = self.net_minor.saturating_add(other.net_minor);
    }
}

impl Sales {
    /// What was sold from one exchange to another, by both.
    pub(crate) fn flows(&self) -> BTreeMap<(ExchangeCode, ExchangeCode), Flow> {
        let mut flows: BTreeMap<_, Flow> = BTreeMap::new();
        for sale in &self.0 {
            let pair = (sale.listing_exchange.clone(), sale.buying_exchange.clone());
            let flow = Flow { licence_count: sale.ordered_licence_count, net_minor: sale.ordered_net_minor };
            flows.entry(pair).or_default().add(flow);
        }
        flows
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Sales of days, from where to where, licences and their prices.
    pub(crate) fn sales(rows: &[(&str, &str, &str, u64, u64)]) -> Sales {
        let sale = |(day, listing, buying, count, net): &(&str, &str, &str, u64, u64)| Sale {
            day: (*day).to_owned(),
            listing_exchange: listing.parse().unwrap(),
            buying_exchange: buying.parse().unwrap(),
            asset: "CNY/2".parse().unwrap(),
            ordered_licence_count: *count,
            ordered_unit_count: *count,
            ordered_net_minor: *net,
            accepted_net_minor: *net,
            refunded_net_minor: 0,
        };
        Sales(rows.iter().map(sale).collect())
    }

    #[test]
    fn sums_are_those_of_their_days_and_pairs() {
        let sales = sales(&[
            ("2026-11-01", "sh", "js", 2, 200),
            ("2026-11-01", "zj", "js", 1, 900),
            ("2026-11-02", "sh", "js", 3, 300),
            ("2026-11-09", "sh", "sh", 1, 50),
        ]);
        let period = Period { from: parsed("2026-11-01").unwrap(), to: parsed("2026-11-03").unwrap() };
        let bins = period.bins();
        assert_eq!(sales.over(&bins, |sale| sale.ordered_licence_count), [3, 3, 0]);
        let of_sh = sales.listed_at(Some(&"sh".parse().unwrap()));
        assert_eq!(of_sh.over(&bins, |sale| sale.ordered_net_minor), [200, 300, 0]);
        assert_eq!(sales.exchanges(), ["zj".parse().unwrap(), "sh".parse().unwrap()]);
        let flow = sales.flows()[&("sh".parse().unwrap(), "js".parse().unwrap())];
        assert_eq!(flow, Flow { licence_count: 5, net_minor: 500 });
    }
}
