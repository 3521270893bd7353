//! What the charts of the page share.

use super::View;
use crate::{
    chart::{self, Chart, Kind, Series},
    layout::named,
    pages::statistics::{
        bins::Bins,
        sales::{Sale, Sales},
    },
};
use databourse_primitives::ExchangeCode;
use maud::Markup;

/// The most exchanges that have a colour of their own if there are more; the others are summed up.
const NAMED_MAX: usize = 3;
/// What makes 100 per cent.
const WHOLE_PERMILLE: u64 = 1_000;
/// A second, a minute, an hour, a day in milliseconds: what lags are told in.
pub(super) const TIMES_MS: [i64; 4] = [1_000, 60_000, 3_600_000, 86_400_000];

/// What a chart says, and how it is drawn.
pub(super) struct Words<'a> {
    pub(super) id: &'a str,
    pub(super) title: String,
    pub(super) caption: String,
    pub(super) kind: Kind,
}

impl View<'_> {
    pub(super) fn t<T>(&self, zh: T, en: T) -> T {
        self.visit.t(zh, en)
    }

    /// A series for each of the exchanges that sold most, and one for the others.
    pub(super) fn by_exchange(&self, sales: &Sales, bins: &Bins, value: fn(&Sale) -> u64) -> Vec<Series> {
        let ranked = sales.exchanges();
        let named_count = if ranked.len() > NAMED_MAX + 1 { NAMED_MAX } else { ranked.len() };
        let (own, others) = ranked.split_at_checked(named_count).unwrap_or_default();
        let of_one = |code: &ExchangeCode| Series {
            name: self.name(code),
            values: sales
                .listed_at(Some(code))
                .over(bins, value)
                .into_iter()
                .map(|sum| Some(minor(sum)))
                .collect(),
        };
        let mut series: Vec<_> = own.iter().map(of_one).collect();
        if !others.is_empty() {
            let of_others =
                |sale: &Sale| if others.contains(&sale.listing_exchange) { value(sale) } else { 0 };
            let values = sales.over(bins, of_others).into_iter().map(|sum| Some(minor(sum))).collect();
            series.push(Series { name: self.t("其他交易所", "Other exchanges").to_owned(), values });
        }
        series
    }

    fn name(&self, code: &ExchangeCode) -> String {
        let known = self.region.exchanges.iter().find(|one| one.code == *code);
        known.map_or_else(|| code.to_string(), |one| named(self.visit.lang, &one.name))
    }

    pub(super) fn money(&self, bins: &Bins, words: Words<'_>, series: Vec<Series>, csv: &str) -> Markup {
        let format = self.visit.format();
        let unit = 10_i64.saturating_pow(self.asset.scale());
        let (tick, value) = (|sum| format.short_money(self.asset, sum), |sum| format.money(self.asset, sum));
        self.figure(bins, words, series, unit, (&tick, &value), csv)
    }

    pub(super) fn numbers(&self, bins: &Bins, words: Words<'_>, series: Vec<Series>, csv: &str) -> Markup {
        let format = self.visit.format();
        self.figure(
            bins,
            words,
            series,
            1,
            (&|number| format.short(number), &|number| format.number(number)),
            csv,
        )
    }

    pub(super) fn figure(
        &self,
        bins: &Bins,
        words: Words<'_>,
        series: Vec<Series>,
        unit: i64,
        (tick, value): (&dyn Fn(i64) -> String, &dyn Fn(i64) -> String),
        csv: &str,
    ) -> Markup {
        let periods: Vec<chart::Period> = bins.periods(self.visit.lang);
        let Words { id, title, caption, kind } = words;
        let chart = Chart {
            id,
            title: &title,
            caption: &caption,
            kind,
            periods: &periods,
            series,
            unit,
            tick,
            value,
            csv,
        };
        chart.figure(self.visit)
    }

    /// A lag in its two largest units.
    pub(super) fn lag(&self, ms: i64) -> String {
        let format = self.visit.format();
        let Some(unit) = TIMES_MS.into_iter().rev().find(|unit| *unit <= ms) else {
            return format.duration(ms);
        };
        let names = self.t(["秒", "分", "小时", "天"], ["s", "min", "h", "d"]);
        let place = TIMES_MS.iter().position(|known| *known == unit).unwrap_or_default();
        let part = |place: usize, amount: i64| {
            names.get(place).filter(|_| amount > 0).map(|name| format!("{amount}\u{a0}{name}"))
        };
        let smaller = place.checked_sub(1).and_then(|place| Some((place, TIMES_MS.get(place)?)));
        let rest = smaller.and_then(|(place, size)| part(place, ms % unit / size));
        let parts: Vec<_> = part(place, ms / unit).into_iter().chain(rest).collect();
        parts.join(" ")
    }
}

/// A sum as an amount; sums that no amount holds are the largest one.
pub(super) fn minor(sum: u64) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// The values, unless nothing happened at all: then the chart says so.
pub(super) fn some_if_any(sums: &[u64]) -> Vec<Option<i64>> {
    let is_any = sums.iter().any(|sum| *sum > 0);
    sums.iter().map(|sum| is_any.then(|| minor(*sum))).collect()
}

/// A part of a whole in thousandths, rounded; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<u64> {
    let scaled = u128::from(part) * u128::from(WHOLE_PERMILLE) + u128::from(whole / 2);
    u64::try_from(scaled.checked_div(u128::from(whole))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_of_nothing_there_are_none() {
        assert_eq!(
            [share(1, 3), share(2, 3), share(3, 3), share(0, 0)],
            [Some(333), Some(667), Some(1_000), None]
        );
        assert_eq!(share(u64::MAX, u64::MAX), Some(1_000));
        assert_eq!(some_if_any(&[0, 0]), [None, None]);
        assert_eq!(some_if_any(&[0, 2]), [Some(0), Some(2)]);
    }
}
