//! A period cut into days, weeks or months, so that a chart of it can be read.

use super::period::{Period, text_of};
use crate::{chart, lang::Lang};
use time::{Date, Duration, Month};

/// Up to so many days each is a part of its own.
const DAYS_MAX: i64 = 62;
/// Up to so many days each week is.
const DAYS_OF_WEEKS_MAX: i64 = 210;

/// Where the days of a period fall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bins {
    step: Step,
    starts: Vec<Date>,
    last: Date,
}

/// How long each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
}

impl Period {
    /// Its parts for a chart.
    pub(crate) fn bins(self) -> Bins {
        let days = (self.to - self.from).whole_days() + 1;
        let step = if days <= DAYS_MAX {
            Step::Day
        } else if days <= DAYS_OF_WEEKS_MAX {
            Step::Week
        } else {
            Step::Month
        };
        let mut starts = vec![self.from];
        let mut start = self.from;
        while let Some(next) = step.after(start).filter(|next| *next <= self.to) {
            starts.push(next);
            start = next;
        }
        Bins { step, starts, last: self.to }
    }
}

impl Step {
    /// The first day after the part that begins on `start`.
    fn after(self, start: Date) -> Option<Date> {
        match self {
            Self::Day => start.next_day(),
            Self::Week => start.checked_add(Duration::days(7)),
            Self::Month => {
                let year = if start.month() == Month::December { start.year() + 1 } else { start.year() };
                Date::from_calendar_date(year, start.month().next(), 1).ok()
            }
        }
    }

    /// What it is called, e.g. in "sales per day".
    pub(crate) fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::Day => lang.pick("每日", "per day"),
            Self::Week => lang.pick("每周", "per week"),
            Self::Month => lang.pick("每月", "per month"),
        }
    }
}

impl Bins {
    /// How long each is.
    pub(crate) const fn step(&self) -> Step {
        self.step
    }

    /// How many there are; at least one.
    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// In which one a day falls.
    pub(crate) fn place(&self, day: Date) -> Option<usize> {
        if day > self.last {
            return None;
        }
        self.starts.partition_point(|start| *start <= day).checked_sub(1)
    }

    /// Their names.
    pub(crate) fn periods(&self, lang: Lang) -> Vec<chart::Period> {
        let name = |start: &Date| {
            let (day, month, year) = (start.day(), u8::from(start.month()), start.year());
            let english = start.month().to_string();
            let english = english.get(..3).unwrap_or(&english);
            let short = match self.step {
                Step::Month => lang.pick(format!("{year}-{month:02}"), format!("{english} {year}")),
                _ => lang.pick(format!("{month}月{day}日"), format!("{day} {english}")),
            };
            let long = match self.step {
                Step::Day => text_of(*start),
                Step::Week => {
                    lang.pick(format!("{} 起一周", text_of(*start)), format!("week from {}", text_of(*start)))
                }
                Step::Month => lang.pick(format!("{year} 年 {month} 月"), format!("{english} {year}")),
            };
            chart::Period { short, long }
        };
        self.starts.iter().map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::statistics::period::parsed;

    fn period(from: &str, to: &str) -> Period {
        Period { from: parsed(from).unwrap(), to: parsed(to).unwrap() }
    }

    #[test]
    fn each_day_falls_into_one_part() {
        for (from, to, step, count) in [
            ("2026-11-22", "2026-11-22", Step::Day, 1),
            ("2026-01-01", "2026-03-03", Step::Day, 62),
            ("2026-01-01", "2026-03-04", Step::Week, 9),
            ("2026-01-15", "2026-12-31", Step::Month, 12),
        ] {
            let period = period(from, to);
            let bins = period.bins();
            assert_eq!((bins.step(), bins.count()), (step, count), "{from} {to}");
            assert_eq!(bins.periods(Lang::En).len(), count);
            assert_eq!((bins.place(period.from), bins.place(period.to)), (Some(0), Some(count - 1)));
            let outside = [period.from.previous_day(), period.to.next_day()];
            assert!(outside.into_iter().flatten().all(|day| bins.place(day).is_none()));
        }
        let months = period("2026-01-15", "2026-12-31").bins();
        assert_eq!(months.place(parsed("2026-02-01").unwrap()), Some(1));
        assert_eq!(months.periods(Lang::En)[0].short, "Jan 2026");
    }
}
