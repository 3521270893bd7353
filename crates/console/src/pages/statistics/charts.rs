//! The charts of the page, each with what it says.

use super::{
    period::{Bins, Period},
    sales::{Sale, Sales},
    settlement::Settlement,
};
use crate::{
    chart::{self, Chart, Kind, Series},
    layout::named,
    pages::region::Region,
    visit::Visit,
};
use databourse_primitives::{Asset, ExchangeCode};
use maud::{Markup, html};

/// The most exchanges that have a colour of their own if there are more; the others are summed up.
const NAMED_MAX: usize = 3;
/// What makes 100 per cent.
const WHOLE_PERMILLE: u64 = 1_000;
/// A second, a minute, an hour, a day in milliseconds: what lags are told in.
const TIMES_MS: [i64; 4] = [1_000, 60_000, 3_600_000, 86_400_000];

/// What all charts of the page are about.
pub(super) struct View<'a> {
    pub(super) visit: &'a Visit,
    pub(super) period: Period,
    pub(super) asset: Asset,
    pub(super) region: &'a Region,
}

/// What a chart says, and how it is drawn.
struct Words<'a> {
    id: &'a str,
    title: String,
    caption: String,
    kind: Kind,
}

impl View<'_> {
    fn t<T>(&self, zh: T, en: T) -> T {
        self.visit.t(zh, en)
    }

    /// Volume and price.
    pub(super) fn sales(&self, sales: &Sales) -> Markup {
        let bins = self.period.bins();
        let per = bins.step().words(self.visit.lang);
        let csv = Sales::csv(self.period);
        let amount = Words {
            id: "volume",
            title: self.t(format!("{per}订单金额"), format!("Amount ordered {per}")),
            caption: self.t("订购的许可的价格之和，不含税，按挂牌交易所分色。", "Prices of the licences that were ordered, without tax, by the exchange that listed the products.").to_owned(),
            kind: Kind::Bars,
        };
        let licences = Words {
            id: "licences",
            title: self.t(format!("{per}订购许可数"), format!("Licences ordered {per}")),
            caption: self.t("每一行订单是一份许可，按挂牌交易所分色。", "Each line of an order is a licence; by the exchange that listed the products.").to_owned(),
            kind: Kind::Bars,
        };
        let price = Words {
            id: "price",
            title: self.t(format!("{per}平均价格"), format!("Average price {per}")),
            caption: self.t("订单金额除以许可数，以及除以订购的单位数；没有订单的时段不画。", "The amount ordered by licence, and by unit ordered. Where nothing was ordered there is no point.").to_owned(),
            kind: Kind::Lines,
        };
        let outcome = Words {
            id: "outcome",
            title: self.t(format!("{per}验收与退款"), format!("Accepted and refunded {per}")),
            caption: self.t("当期验收的交付的金额与退还的金额，均不含税；它们可能属于更早的订单。", "What buyers accepted and what was given back, without tax. Both may be of earlier orders.").to_owned(),
            kind: Kind::Lines,
        };
        let sum = |value: fn(&Sale) -> u64| sales.over(&bins, value);
        let (net, count) = (sum(|sale| sale.ordered_net_minor), sum(|sale| sale.ordered_licence_count));
        let units = sum(|sale| sale.ordered_unit_count);
        let average = |count: &[u64]| net.iter().zip(count).map(|(net, count)| net.checked_div(*count).map(minor)).collect();
        let prices = vec![
            Series { name: self.t("每份许可", "A licence").to_owned(), values: average(&count) },
            Series { name: self.t("每单位", "A unit").to_owned(), values: average(&units) },
        ];
        let line = |name: &str, values| Series { name: name.to_owned(), values };
        let outcomes = vec![
            line(self.t("验收", "Accepted"), some_if_any(&sum(|sale| sale.accepted_net_minor))),
            line(self.t("退款", "Refunded"), some_if_any(&sum(|sale| sale.refunded_net_minor))),
        ];
        html! {
            (self.money(&bins, amount, self.by_exchange(sales, &bins, |sale| sale.ordered_net_minor), &csv))
            (self.numbers(&bins, licences, self.by_exchange(sales, &bins, |sale| sale.ordered_licence_count), &csv))
            (self.money(&bins, price, prices, &csv))
            (self.money(&bins, outcome, outcomes, &csv))
        }
    }

    /// Which part of the amount each exchange has.
    pub(super) fn shares(&self, sales: &Sales) -> Markup {
        let bins = self.period.bins();
        let per = bins.step().words(self.visit.lang);
        let whole = sales.over(&bins, |sale| sale.ordered_net_minor);
        let mut so_far = vec![(0_u64, 0_u64); bins.count()];
        let mut series = self.by_exchange(sales, &bins, |sale| sale.ordered_net_minor);
        // Each ends where its exact end rounds to, so that all together are 100 per cent.
        for one in &mut series {
            for ((value, whole), (sum, end)) in one.values.iter_mut().zip(&whole).zip(&mut so_far) {
                *sum = sum.saturating_add(value.and_then(|value| u64::try_from(value).ok()).unwrap_or_default());
                let next = share(*sum, *whole);
                *value = next.map(|next| minor(next.saturating_sub(*end)));
                *end = next.unwrap_or_default();
            }
        }
        let words = Words {
            id: "share",
            title: self.t(format!("{per}交易所份额"), format!("Shares of the exchanges {per}")),
            caption: self.t("各挂牌交易所占全区域订单金额的比例。", "Which part of the amount ordered in the region was of products of each exchange.").to_owned(),
            kind: Kind::Bars,
        };
        let percent = |value: i64| self.visit.format().percent(value);
        let csv = Sales::csv(self.period);
        self.figure(&bins, words, series, 100, (&percent, &percent), &csv)
    }

    /// How long settlement takes, and how much is paid.
    pub(super) fn settlement(&self, settlement: &Settlement) -> Markup {
        let bins = self.period.bins();
        let per = bins.step().words(self.visit.lang);
        let lags = settlement.lags_ms(&bins);
        let mean = |lags: &Vec<i64>| lags.iter().sum::<i64>().checked_div(i64::try_from(lags.len()).ok()?);
        let series = vec![
            Series { name: self.t("平均", "Average").to_owned(), values: lags.iter().map(mean).collect() },
            Series {
                name: self.t("最长", "Longest").to_owned(),
                values: lags.iter().map(|lags| lags.iter().max().copied()).collect(),
            },
        ];
        let longest = lags.iter().flatten().max().copied().unwrap_or_default();
        let unit = TIMES_MS.into_iter().rev().find(|unit| *unit <= longest).unwrap_or(1);
        let lag = Words {
            id: "lag",
            title: self.t(format!("{per}结算时效"), format!("Time to settlement {per}")),
            caption: self.t(
                format!("从清算窗口关闭到最后一笔款项确认，按关闭日期。尚未结清的窗口：{}。", settlement.unpaid()),
                format!("From the closing of a window to its last confirmed payment, by the day of closing. Windows not paid yet: {}.", settlement.unpaid()),
            ),
            kind: Kind::Lines,
        };
        let paid = Words {
            id: "paid",
            title: self.t(format!("{per}轧差后应付"), format!("Paid between exchanges {per}")),
            caption: self.t("各交易所之间轧差之后应付的金额，按窗口关闭日期。", "What exchanges owe one another after netting, by the day on which the window was closed.").to_owned(),
            kind: Kind::Bars,
        };
        let csv = Settlement::csv(self.period);
        let amounts = Series {
            name: self.t("应付金额", "Amount").to_owned(),
            values: some_if_any(&settlement.amounts_minor(&bins)),
        };
        let (tick, value) = (|ms| self.visit.format().duration(ms), |ms| self.lag(ms));
        html! {
            (self.figure(&bins, lag, series, unit, (&tick, &value), &csv))
            (self.money(&bins, paid, vec![amounts], &csv))
        }
    }

    /// A series for each of the exchanges that sold most, and one for the others.
    fn by_exchange(&self, sales: &Sales, bins: &Bins, value: fn(&Sale) -> u64) -> Vec<Series> {
        let ranked = sales.exchanges();
        let named_count = if ranked.len() > NAMED_MAX + 1 { NAMED_MAX } else { ranked.len() };
        let (own, others) = ranked.split_at_checked(named_count).unwrap_or_default();
        let of_one = |code: &ExchangeCode| Series {
            name: self.name(code),
            values: sales.listed_at(Some(code)).over(bins, value).into_iter().map(|sum| Some(minor(sum))).collect(),
        };
        let mut series: Vec<_> = own.iter().map(of_one).collect();
        if !others.is_empty() {
            let of_others = |sale: &Sale| if others.contains(&sale.listing_exchange) { value(sale) } else { 0 };
            let values = sales.over(bins, of_others).into_iter().map(|sum| Some(minor(sum))).collect();
            series.push(Series { name: self.t("其他交易所", "Other exchanges").to_owned(), values });
        }
        series
    }

    fn name(&self, code: &ExchangeCode) -> String {
        let known = self.region.exchanges.iter().find(|one| one.code == *code);
        known.map_or_else(|| code.to_string(), |one| named(self.visit.lang, &one.name))
    }

    fn money(&self, bins: &Bins, words: Words<'_>, series: Vec<Series>, csv: &str) -> Markup {
        let format = self.visit.format();
        let unit = 10_i64.saturating_pow(self.asset.scale());
        let (tick, value) = (|sum| format.short_money(self.asset, sum), |sum| format.money(self.asset, sum));
        self.figure(bins, words, series, unit, (&tick, &value), csv)
    }

    fn numbers(&self, bins: &Bins, words: Words<'_>, series: Vec<Series>, csv: &str) -> Markup {
        let format = self.visit.format();
        self.figure(bins, words, series, 1, (&|number| format.short(number), &|number| format.number(number)), csv)
    }

    fn figure(
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
        let chart = Chart { id, title: &title, caption: &caption, kind, periods: &periods, series, unit, tick, value, csv };
        chart.figure(self.visit)
    }

    /// A lag in its two largest units.
    fn lag(&self, ms: i64) -> String {
        let format = self.visit.format();
        let Some(unit) = TIMES_MS.into_iter().rev().find(|unit| *unit <= ms) else { return format.duration(ms) };
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
fn minor(sum: u64) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// The values, unless nothing happened at all: then the chart says so.
fn some_if_any(sums: &[u64]) -> Vec<Option<i64>> {
    let is_any = sums.iter().any(|sum| *sum > 0);
    sums.iter().map(|sum| is_any.then(|| minor(*sum))).collect()
}

/// A part of a whole in thousandths, rounded; none of nothing.
fn share(part: u64, whole: u64) -> Option<u64> {
    let scaled = u128::from(part) * u128::from(WHOLE_PERMILLE) + u128::from(whole / 2);
    u64::try_from(scaled.checked_div(u128::from(whole))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_of_nothing_there_are_none() {
        assert_eq!([share(1, 3), share(2, 3), share(3, 3), share(0, 0)], [Some(333), Some(667), Some(1_000), None]);
        assert_eq!(share(u64::MAX, u64::MAX), Some(1_000));
        assert_eq!(some_if_any(&[0, 0]), [None, None]);
        assert_eq!(some_if_any(&[0, 2]), [Some(0), Some(2)]);
    }
}
