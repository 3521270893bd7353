//! The period of a page, as its form chooses it.

use crate::{
    backend::with_query,
    form::{Field, Form, button},
    visit::Visit,
};
use databourse_primitives::Timestamp;
use maud::{Markup, html};
use time::{Date, Duration, Month, OffsetDateTime};

/// Days of a period that nobody chose.
const DAYS_DEFAULT: i64 = 30;
/// The most days of a period: what the API sums up at once.
pub(crate) const DAYS_MAX: i64 = 366;

/// From one day to another, both included; days are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first day.
    pub(crate) from: Date,
    /// The last day.
    pub(crate) to: Date,
}

impl Period {
    /// The period that the query asks for, without one the last thirty days; and the form that asked.
    ///
    /// # Errors
    /// The form, with what is wrong beside its fields, and the period of nobody's choice.
    pub(crate) fn of(visit: &Visit, form: Form) -> Result<(Self, Form), (Self, Form)> {
        let today = day_of(visit.console.now());
        let usual = Self { from: today.saturating_sub(Duration::days(DAYS_DEFAULT - 1)), to: today };
        let typed = |name: &str, day: Date| visit.parameter(name).unwrap_or_else(|| text_of(day));
        let mut form = form.with("from", typed("from", usual.from)).with("to", typed("to", usual.to));
        let (from, to) = (parsed(form.value("from")), parsed(form.value("to")));
        let expected = visit.t("请填写日期，例如 2026-11-22。", "A day, for example 2026-11-22.");
        if from.is_none() {
            form.refuse("from", expected);
        }
        let Some(to) = to else {
            form.refuse("to", expected);
            return Err((usual, form));
        };
        let Some(from) = from else { return Err((usual, form)) };
        match (to - from).whole_days() {
            ..0 => form
                .refuse("to", visit.t("结束日期不能早于开始日期。", "The last day is before the first day.")),
            DAYS_MAX.. => form
                .refuse("from", visit.t("一次最多显示 366 天。", "At most 366 days can be shown at once.")),
            _ => return Ok((Self { from, to }, form)),
        }
        Err((usual, form))
    }

    /// The fields of the form, which stands on the page that it asks for.
    pub(crate) fn fields(visit: &Visit, form: &Form) -> Markup {
        let first = Field::input("from", visit.t("开始日期", "First day"), "date");
        let last = Field::input("to", visit.t("结束日期", "Last day"), "date");
        let day =
            visit.t("世界协调时（UTC）的日期，例如 2026-11-22。", "A day of UTC, for example 2026-11-22.");
        let most = visit.t("不早于开始日期；最多 366 天。", "Not before the first day; at most 366 days.");
        html! { (form.field(visit, &first.hint(day))) (form.field(visit, &last.hint(most))) }
    }

    /// A form that asks for this page again, with `fields` of its own.
    pub(crate) fn form(visit: &Visit, form: &Form, fields: &Markup) -> Markup {
        html! {
            form.filter method="get" action=(visit.uri.path()) {
                (Self::fields(visit, form)) (fields)
                (button(visit.t("显示", "Show")))
            }
        }
    }

    /// A path of the API for this period.
    pub(crate) fn path(self, path: &str, pairs: &[(&str, &str)]) -> String {
        let (from, to) = (text_of(self.from), text_of(self.to));
        let mut all = vec![("from", from.as_str()), ("to", to.as_str())];
        all.extend(pairs);
        with_query(path, &all)
    }
}

/// The day of UTC on which that is.
pub(crate) fn day_of(at: Timestamp) -> Date {
    OffsetDateTime::from_unix_timestamp(at.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH).date()
}

/// A day as the API writes it.
pub(crate) fn parsed(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_plain = [(year, 4), (month, 2), (day, 2)]
        .iter()
        .all(|(part, length)| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit()));
    let month = month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok())?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    (is_plain && date.year() >= 1970).then_some(date)
}

pub(super) fn text_of(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_the_api_writes_them() {
        assert_eq!(text_of(parsed("2028-02-29").unwrap()), "2028-02-29");
        for bad in ["", "2026-2-03", "2026-02-30", "1969-12-31", "2026-02", "+026-02-03", "2026-02-03x"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
