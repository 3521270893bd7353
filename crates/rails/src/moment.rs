//! Dates and times as banks write them: local, with or without the offset from UTC.

use databourse_primitives::{ParseError, Timestamp, serde_as_string};
use std::{fmt, str::FromStr};

/// The offset of a bank's clock from UTC, in minutes: what a time without an offset is read with, and what decides a
/// settlement day. Text form `+08:00`; from -14:00 to +14:00 (XML Schema 1.1 part 2 §3.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BankOffset(i16);

impl BankOffset {
    const MINUTES_MAX: i16 = 14 * 60;

    /// The clock on the wall at the bank, as if it were UTC; `None` where that leaves the years of a [`Timestamp`].
    fn wall(self, at: Timestamp) -> Option<Timestamp> {
        let shift_ms = i64::from(self.0) * 60_000;
        let wall = at.plus_ms(shift_ms);
        (wall.unix_ms() - shift_ms == at.unix_ms()).then_some(wall)
    }

    /// `at` as an `ISODateTime` with the offset, to the millisecond; a whole second has no decimals.
    pub(crate) fn date_time(self, at: Timestamp) -> String {
        let (clock, offset) = match self.wall(at) {
            Some(wall) => (wall, self.to_string()),
            None => (at, "Z".to_owned()),
        };
        let clock = clock.to_string();
        let clock = clock.trim_end_matches('Z');
        format!("{}{offset}", clock.strip_suffix(".000").unwrap_or(clock))
    }

    /// The bank's day at `at`, as an `ISODate`.
    pub(crate) fn date(self, at: Timestamp) -> String {
        self.wall(at).unwrap_or(at).to_string().chars().take(10).collect()
    }

    /// Reads an `ISODate`, as its midnight. It may carry an offset of its own.
    pub(crate) fn read_date(self, text: &str) -> Option<Timestamp> {
        let (date, offset) = text.split_at_checked(10).filter(|(_, offset)| !offset.starts_with('.'))?;
        self.read(&format!("{date}T00:00:00{offset}"))
    }

    /// Reads an `ISODateTime`; what is finer than a millisecond is cut off.
    pub(crate) fn read(self, text: &str) -> Option<Timestamp> {
        let (clock, rest) = text.split_at_checked(19)?;
        let whole = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let (fraction, offset) = rest.split_at_checked(rest.len() - whole.len())?;
        let fraction = match fraction.strip_prefix('.') {
            None if fraction.is_empty() => "0",
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
            _ => return None,
        };
        let ms: String = fraction.chars().take(3).collect();
        // Only the shapes of XML Schema: RFC 3339 has more ways to write the separators.
        let shape = clock.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        let offset = match offset {
            "" => self.to_string(),
            "Z" => offset.to_owned(),
            _ => offset.parse::<Self>().ok()?.to_string(),
        };
        if shape { format!("{clock}.{ms}{offset}").parse().ok() } else { None }
    }
}

impl FromStr for BankOffset {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError =
            ParseError::new("an offset from UTC from -14:00 to +14:00, e.g. `+08:00`");
        let [sign @ (b'+' | b'-'), hour @ .., b':', minute_high, minute_low] = text.as_bytes() else {
            return Err(EXPECTED);
        };
        let digits = [hour, &[*minute_high, *minute_low]].concat();
        let [a, b, c, d] = digits[..] else { return Err(EXPECTED) };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(EXPECTED);
        }
        let two = |high: u8, low: u8| i16::from(high - b'0') * 10 + i16::from(low - b'0');
        let (hours, minutes) = (two(a, b), two(c, d));
        let total = hours * 60 + minutes;
        if minutes < 60 && total <= Self::MINUTES_MAX {
            Ok(Self(if *sign == b'-' { -total } else { total }))
        } else {
            Err(EXPECTED)
        }
    }
}

impl fmt::Display for BankOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}
serde_as_string!(BankOffset);

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> BankOffset {
        "+08:00".parse().unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(shanghai().read(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn a_time_without_an_offset_is_the_banks() {
        check("2026-11-22T10:47:32", Some("2026-11-22T02:47:32.000Z"));
        check("2026-11-22T10:47:32.1", Some("2026-11-22T02:47:32.100Z"));
        check("2026-11-22T10:47:32.123456789", Some("2026-11-22T02:47:32.123Z"));
        check("2026-11-22T10:47:32Z", Some("2026-11-22T10:47:32.000Z"));
        check("2026-11-22T10:47:32-02:30", Some("2026-11-22T13:17:32.000Z"));
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22 10:47:32",
            "2026-11-22t10:47:32",
            "2026-13-22T10:47:32",
            "2026-11-22T24:00:00",
            "2026-11-22T10:47:32.",
            "2026-11-22T10:47:32.1.2",
            "2026-11-22T10:47:32+15:00",
            "2026-11-22T10:47:32+8",
            "2026-11-22T10:47:32+0é:00",
            "数数数数数数数",
            "1969-12-31T00:00:00",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_day_is_its_midnight_at_the_bank() {
        let read = |text| shanghai().read_date(text).map(|at| at.to_string());
        assert_eq!(read("2026-11-22").as_deref(), Some("2026-11-21T16:00:00.000Z"));
        assert_eq!(read("2026-11-22Z").as_deref(), Some("2026-11-22T00:00:00.000Z"));
        for bad in ["2026-11-2", "2026-11-22T", "2026-11-31", "2026-11-22.5"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_prints_as_it_reads_up_to_the_ends_of_the_calendar() {
        for offset in ["+08:00", "-03:30", "+00:00", "+14:00", "-14:00"] {
            let offset: BankOffset = offset.parse().unwrap();
            for at in [Timestamp::EPOCH, Timestamp::from_unix_ms(1_763_780_852_123), Timestamp::MAX] {
                assert_eq!(offset.read(&offset.date_time(at)), Some(at));
            }
        }
        let late: Timestamp = "2026-11-22T16:30:00Z".parse().unwrap();
        assert_eq!(shanghai().date(late), "2026-11-23");
        assert_eq!(shanghai().date_time(late), "2026-11-23T00:30:00+08:00");
        for bad in ["", "8", "+8:00", "+08:60", "+14:01", "08:00", "+0800", "+008:00", "+ 1:00"] {
            assert!(bad.parse::<BankOffset>().is_err(), "{bad}");
        }
    }
}
