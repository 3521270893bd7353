//! The charts of the page, each with what it says.

mod parts;

use super::{
    period::Period,
    sales::{Sale, Sales},
    settlement::Settlement,
};
use crate::{
    chart::{Kind, Series},
    pages::region::Region,
    visit::Visit,
};
use databourse_primitives::Asset;
use maud::{Markup, html};
use parts::{TIMES_MS, Words, minor, share, some_if_any};

/// What all charts of the page are about.
pub(super) struct View<'a> {
    pub(super) visit: &'a Visit,
    pub(super) period: Period,
    pub(super) asset: Asset,
    pub(super) region: &'a Region,
}

impl View<'_> {
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
            caption: self
                .t(
                    "每一行订单是一份许可，按挂牌交易所分色。",
                    "Each line of an order is a licence; by the exchange that listed the products.",
                )
                .to_owned(),
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
        let average = |count: &[u64]| {
            net.iter().zip(count).map(|(net, count)| net.checked_div(*count).map(minor)).collect()
        };
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
                *sum =
                    sum.saturating_add(value.and_then(|value| u64::try_from(value).ok()).unwrap_or_default());
                let next = share(*sum, *whole);
                *value = next.map(|next| minor(next.saturating_sub(*end)));
                *end = next.unwrap_or_default();
            }
        }
        let words = Words {
            id: "share",
            title: self.t(format!("{per}交易所份额"), format!("Shares of the exchanges {per}")),
            caption: self
                .t(
                    "各挂牌交易所占全区域订单金额的比例。",
                    "Which part of the amount ordered in the region was of products of each exchange.",
                )
                .to_owned(),
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
}
