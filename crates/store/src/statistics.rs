//! Sums over sales and windows, in which nobody can be seen.

use crate::{
    Store, StoreError,
    cell::{Cells, bigint_or_max},
    sql,
};
use databourse_primitives::{Asset, ExchangeCode, ParseError, Timestamp, TreeSize, WindowId};
use std::{collections::BTreeMap, fmt, str::FromStr};
use tokio_postgres::Row;

const DAY_MS: i64 = 86_400_000;

/// A day of UTC. Text form: `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day on which that is.
    pub const fn of(time: Timestamp) -> Self {
        Self(time.unix_ms().div_euclid(DAY_MS))
    }

    /// Days from `earlier` to this one; 0 if it is not later.
    pub fn days_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default()
    }

    /// The day so many days before, or the first day of 1970.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days)).max(0))
    }
}

impl FromStr for Day {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new("a day of UTC from 1970 on, e.g. `2026-11-22`");
        let time: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| EXPECTED)?;
        let day = Self::of(time);
        if day.to_string() == text { Ok(day) } else { Err(EXPECTED) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_unix_ms(self.0.saturating_mul(DAY_MS)).to_string();
        f.write_str(time.split('T').next().unwrap_or_default())
    }
}

/// Where and when something was sold: what sums are kept of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SalesKey {
    /// The day by block time.
    pub day: Day,
    /// The exchange that listed the product.
    pub listing_exchange: ExchangeCode,
    /// The exchange whose book holds the buyer's money.
    pub buying_exchange: ExchangeCode,
    /// What is paid in.
    pub asset: Asset,
}

/// What was sold. Amounts are tax-exclusive prices in minor units; a sum stays at the most that 64 bits hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sales {
    /// Licences ordered: lines of orders.
    pub ordered_licence_count: u64,
    /// Units that they are for.
    pub ordered_unit_count: u64,
    /// Their prices.
    pub ordered_net_minor: u64,
    /// Licences whose delivery was accepted, whenever they were ordered.
    pub accepted_licence_count: u64,
    /// Their prices.
    pub accepted_net_minor: u64,
    /// Lines of which something was given back after acceptance, whenever that was; twice is two.
    pub refund_count: u64,
    /// What was given back.
    pub refunded_net_minor: u64,
}

impl Sales {
    /// Adds `other` to it.
    pub const fn add(&mut self, other: &Self) {
        self.ordered_licence_count = self.ordered_licence_count.saturating_add(other.ordered_licence_count);
        self.ordered_unit_count = self.ordered_unit_count.saturating_add(other.ordered_unit_count);
        self.ordered_net_minor = self.ordered_net_minor.saturating_add(other.ordered_net_minor);
        self.accepted_licence_count =
            self.accepted_licence_count.saturating_add(other.accepted_licence_count);
        self.accepted_net_minor = self.accepted_net_minor.saturating_add(other.accepted_net_minor);
        self.refund_count = self.refund_count.saturating_add(other.refund_count);
        self.refunded_net_minor = self.refunded_net_minor.saturating_add(other.refunded_net_minor);
    }
}

/// How a window was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowSettlement {
    /// Asset and number.
    pub window: WindowId,
    /// Where it stands: `closed`, `settling` or `settled`.
    pub state: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its exchanges agreed on what is in it.
    pub closed_at: Timestamp,
    /// When the last payment was confirmed, if all are.
    pub settled_at: Option<Timestamp>,
    /// Payments between exchanges that were made out.
    pub instruction_count: u64,
    /// Their sum, minor units.
    pub amount_minor: u64,
}

impl Store {
    /// What the entries from leaf `first` to the one before `end` sold, by day, exchanges and asset. The records that it
    /// reads for it do not change any more, so the sums of two ranges add up to those of both.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn sales_between(
        &self,
        first: TreeSize,
        end: TreeSize,
    ) -> Result<BTreeMap<SalesKey, Sales>, StoreError> {
        let rows = self.rows(sql::SALES, &[&bigint_or_max(first.0), &bigint_or_max(end.0)]).await?;
        rows.iter().map(sales_of).collect()
    }

    /// The windows of all assets that were closed from day `from` to day `to`, in the order in which they were.
    /// Windows are few: it reads them all.
    ///
    /// # Errors
    /// `Damaged`, `Unavailable`.
    pub async fn window_settlements(&self, from: Day, to: Day) -> Result<Vec<WindowSettlement>, StoreError> {
        let rows = self.rows(sql::WINDOW_SETTLEMENTS, &[&from.to_string(), &to.to_string()]).await?;
        rows.iter().map(settlement_of).collect()
    }
}

fn sales_of(row: &Row) -> Result<(SalesKey, Sales), StoreError> {
    let cells = Cells::new(row, "licence", &"of a day");
    let key = SalesKey {
        day: cells.parsed("day")?,
        listing_exchange: cells.parsed("listing_exchange")?,
        buying_exchange: cells.parsed("buying_exchange")?,
        asset: cells.parsed("asset")?,
    };
    let sales = Sales {
        ordered_licence_count: cells.number("ordered_licence_count")?,
        ordered_unit_count: cells.number("ordered_unit_count")?,
        ordered_net_minor: cells.number("ordered_net_minor")?,
        accepted_licence_count: cells.number("accepted_licence_count")?,
        accepted_net_minor: cells.number("accepted_net_minor")?,
        refund_count: cells.number("refund_count")?,
        refunded_net_minor: cells.number("refunded_net_minor")?,
    };
    Ok((key, sales))
}

fn settlement_of(row: &Row) -> Result<WindowSettlement, StoreError> {
    let window: WindowId = Cells::new(row, "settlement_window", &"?").parsed("name")?;
    let cells = Cells::new(row, "settlement_window", &window);
    let settled_at: Option<&str> = cells.get("settled_at")?;
    let settled_at = settled_at.map(str::parse).transpose().map_err(|_| cells.damaged("record"))?;
    Ok(WindowSettlement {
        window,
        state: cells.get("state")?,
        opened_at: cells.parsed("opened_at")?,
        closed_at: cells.parsed("closed_at")?,
        settled_at,
        instruction_count: cells.number("instruction_count")?,
        amount_minor: cells.number("amount_minor")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_prints_as_it_reads() {
        for text in ["1970-01-01", "2024-02-29", "2026-11-22", "9999-12-31"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "2026-11-31",
            "2025-02-29",
            "2026-1-2",
            "20261122",
            "1969-12-31",
            "2026-11-22T00:00:00Z",
            "+2026-11-22",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_those_of_utc() {
        let day: Day = "2026-03-01".parse().unwrap();
        assert_eq!(Day::of("2026-03-01T07:59:59.999+08:00".parse().unwrap()), day.minus_days(1));
        assert_eq!(Day::of("2026-03-01T08:00:00+08:00".parse().unwrap()), day);
        assert_eq!((day.days_since(day.minus_days(59)), day.minus_days(1).days_since(day)), (59, 0));
        assert_eq!(day.minus_days(u32::MAX).to_string(), "1970-01-01");
    }
}
