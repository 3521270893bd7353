//! Numbers, money and times as the reader writes them.

use crate::lang::Lang;
use databourse_primitives::{Asset, Timestamp};
use maud::{Markup, html};
use time::{Month, OffsetDateTime};

/// How the reader writes things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    lang: Lang,
    offset_minutes: i16,
}

impl Format {
    pub(crate) const fn new(lang: Lang, offset_minutes: i16) -> Self {
        Self { lang, offset_minutes }
    }

    /// A whole number with its thousands apart.
    pub(crate) fn number(self, number: impl Into<i128>) -> String {
        grouped(&number.into().to_string())
    }

    /// An amount: `¥1,234.50`, or `XTS 1,234.500` for what has no sign of its own.
    pub(crate) fn money(self, asset: Asset, amount_minor: i64) -> String {
        let text = asset.render(amount_minor);
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("−", digits));
        let unit = sign_of(asset);
        format!("{sign}{unit}{}", grouped(digits))
    }

    /// A unit price: as many decimals as it has, but no fewer than an amount of its asset.
    pub(crate) fn price(self, asset: Asset, price: &str) -> String {
        let unit = sign_of(asset);
        let (whole, fraction) = price.split_once('.').unwrap_or((price, ""));
        let scale = asset.scale() as usize;
        let point = if fraction.is_empty() && scale == 0 { "" } else { "." };
        format!("{unit}{}{point}{fraction:0<scale$}", grouped(whole))
    }

    /// A point in time, to the minute, in the console's local time; its element says the whole of it.
    pub(crate) fn time(self, at: Timestamp) -> Markup {
        let local = self.local(at);
        let text = format!("{} {:02}:{:02}", self.day_of(local), local.hour(), local.minute());
        html! { time datetime=(at) title=(at) { (text) } }
    }

    /// A point in time, to the minute, as digits alone; for pictures, which have no room for words.
    pub(crate) fn stamp(self, at: Timestamp) -> String {
        let local = self.local(at);
        let (month, day) = (u8::from(local.month()), local.day());
        format!("{}-{month:02}-{day:02} {:02}:{:02}", local.year(), local.hour(), local.minute())
    }

    /// A day.
    pub(crate) fn date(self, at: Timestamp) -> Markup {
        html! { time datetime=(at) title=(at) { (self.day_of(self.local(at))) } }
    }

    /// A length of time in its largest whole unit.
    pub(crate) fn duration(self, ms: i64) -> String {
        let (number, zh, one, many) = match ms {
            ..1_000 => (ms, "毫秒", "ms", "ms"),
            1_000..60_000 => (ms / 1_000, "秒", "second", "seconds"),
            60_000..3_600_000 => (ms / 60_000, "分钟", "minute", "minutes"),
            3_600_000..172_800_000 => (ms / 3_600_000, "小时", "hour", "hours"),
            _ => (ms / 86_400_000, "天", "day", "days"),
        };
        let en = if number == 1 { one } else { many };
        self.lang.pick(format!("{number}\u{a0}{zh}"), format!("{number}\u{a0}{en}"))
    }

    /// A whole number shortly, as on the axis of a chart: `1.5k`, `2M`; `1.5万`, `2亿`. A tenth of the unit is the least that
    /// it tells apart.
    pub(crate) fn short(self, number: i64) -> String {
        let units: &[(i64, &str)] = self.lang.pick(
            &[(100_000_000, "亿"), (10_000, "万")],
            &[(1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")],
        );
        let unit = units.iter().find(|(size, _)| number.unsigned_abs() >= size.unsigned_abs());
        let Some((size, name)) = unit else { return self.number(number) };
        let (whole, tenth) = (number / size, (number % size / (size / 10)).unsigned_abs());
        let fraction = if tenth == 0 { String::new() } else { format!(".{tenth}") };
        format!("{}{fraction}{name}", self.number(whole))
    }

    /// An amount shortly: `¥1.5k`; small ones to the last digit that is not zero.
    pub(crate) fn short_money(self, asset: Asset, amount_minor: i64) -> String {
        let scale = 10_i64.saturating_pow(asset.scale());
        let whole = amount_minor / scale;
        if amount_minor % scale != 0 && whole.unsigned_abs() < 1_000 {
            return self.money(asset, amount_minor);
        }
        let sign = if whole < 0 { "−" } else { "" };
        let unit = if asset.code() == "CNY" { "¥".to_owned() } else { format!("{}\u{a0}", asset.code()) };
        format!("{sign}{unit}{}", self.short(whole.saturating_abs()))
    }

    /// A share in thousandths, as a percentage.
    pub(crate) fn percent(self, permille: i64) -> String {
        let (whole, tenth) = (permille / 10, (permille % 10).unsigned_abs());
        if tenth == 0 { format!("{whole}%") } else { format!("{whole}.{tenth}%") }
    }

    fn local(self, at: Timestamp) -> OffsetDateTime {
        let local_s = at.unix_seconds() + i64::from(self.offset_minutes) * 60;
        OffsetDateTime::from_unix_timestamp(local_s).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    fn day_of(self, local: OffsetDateTime) -> String {
        let (year, month, day) = (local.year(), local.month(), local.day());
        let zh = format!("{year}年{}月{day}日", u8::from(month));
        self.lang.pick(zh, format!("{day} {} {year}", short(month)))
    }
}

const fn short(month: Month) -> &'static str {
    match month {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

/// Digits with a comma before every three of the whole part.
/// What stands before an amount of `asset`.
fn sign_of(asset: Asset) -> String {
    if asset.code() == "CNY" { "¥".to_owned() } else { format!("{}\u{a0}", asset.code()) }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("−", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_its_sign_and_its_thousands() {
        let format = Format::new(Lang::En, 480);
        let (yuan, test) = ("CNY/2".parse().unwrap(), "XTS/3".parse().unwrap());
        for (asset, minor, expected) in [
            (yuan, 0, "¥0.00"),
            (yuan, 123_456_789, "¥1,234,567.89"),
            (yuan, -99_950, "−¥999.50"),
            (test, 1_000_000, "XTS\u{a0}1,000.000"),
        ] {
            assert_eq!(format.money(asset, minor), expected);
        }
        for (asset, price, expected) in [
            (yuan, "80", "¥80.00"),
            (yuan, "1234.5", "¥1,234.50"),
            (yuan, "0.00125", "¥0.00125"),
            (test, "7", "XTS\u{a0}7.000"),
            ("JPY/0".parse().unwrap(), "7", "JPY\u{a0}7"),
        ] {
            assert_eq!(format.price(asset, price), expected);
        }
        assert_eq!(format.number(1_234_567), "1,234,567");
        assert_eq!(format.number(-100), "−100");
    }

    #[test]
    fn short_numbers_are_those_of_the_language() {
        let yuan = "CNY/2".parse().unwrap();
        for (minor, zh, en) in [
            (0, "¥0", "¥0"),
            (1_050, "¥10.50", "¥10.50"),
            (99_900, "¥999", "¥999"),
            (150_000, "¥1,500", "¥1.5k"),
            (2_000_000, "¥2万", "¥20k"),
            (123_456_789_000, "¥12.3亿", "¥1.2bn"),
            (-1_500_000, "−¥1.5万", "−¥15k"),
        ] {
            assert_eq!(Format::new(Lang::Zh, 480).short_money(yuan, minor), zh);
            assert_eq!(Format::new(Lang::En, 480).short_money(yuan, minor), en);
        }
        assert_eq!(Format::new(Lang::En, 0).percent(1_000), "100%");
        assert_eq!(Format::new(Lang::En, 0).percent(333), "33.3%");
    }

    #[test]
    fn times_are_local_and_in_the_readers_words() {
        let at: Timestamp = "2026-11-22T20:05:59.000Z".parse().unwrap();
        let shown = |lang| Format::new(lang, 480).time(at).into_string();
        assert!(shown(Lang::Zh).contains(">2026年11月23日 04:05<"));
        assert!(shown(Lang::En).contains(">23 Nov 2026 04:05<"));
        assert!(shown(Lang::En).contains("datetime=\"2026-11-22T20:05:59.000Z\""));
        assert_eq!(Format::new(Lang::En, 0).duration(1_000), "1\u{a0}second");
        assert_eq!(Format::new(Lang::Zh, 0).duration(7_200_000), "2\u{a0}小时");
    }
}
