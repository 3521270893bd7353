//! Points in time. Rules take them as arguments; nothing below the application reads a clock.

use crate::{ParseError, serde_as_string};
use std::{fmt, str::FromStr};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01T00:00:00Z, within the years 1970 to 9999.
/// Text form: RFC 3339 in UTC with three decimals, e.g. `2026-11-22T02:47:32.123Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch, which is also the earliest point.
    pub const EPOCH: Self = Self(0);
    /// The end of the year 9999, the last point that RFC 3339 can write.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Clamps `unix_ms` into the years 1970 to 9999.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        if unix_ms < 0 {
            Self::EPOCH
        } else if unix_ms > Self::MAX.0 {
            Self::MAX
        } else {
            Self(unix_ms)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: a JWT `NumericDate` (RFC 7519 §2).
    pub const fn unix_seconds(self) -> i64 {
        self.0 / 1000
    }

    /// Later by `ms`, clamped to the end of the year 9999.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::from_unix_ms(self.0.saturating_add(ms))
    }

    /// The year in UTC.
    pub fn year(self) -> u16 {
        u16::try_from(self.as_datetime().year()).unwrap_or_default()
    }

    /// The whole second that it is in.
    fn as_datetime(self) -> OffsetDateTime {
        // In range by construction, so the fallback is never taken.
        OffsetDateTime::from_unix_timestamp(self.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl FromStr for Timestamp {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const EXPECTED: ParseError = ParseError::new(
            "a time in RFC 3339, at most milliseconds, 1970 to 9999, e.g. `2026-11-22T02:47:32.123Z`",
        );
        let datetime = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| EXPECTED)?.to_offset(UtcOffset::UTC);
        let nanos = datetime.unix_timestamp_nanos();
        let in_range = (0..=i128::from(Self::MAX.0) * 1_000_000).contains(&nanos);
        if in_range && nanos % 1_000_000 == 0 {
            i64::try_from(nanos / 1_000_000).map(Self).map_err(|_| EXPECTED)
        } else {
            Err(EXPECTED)
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.as_datetime();
        let (year, month, day) = at.to_calendar_date();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (last, number) in [
            (3, year.unsigned_abs()),
            (6, u8::from(month).into()),
            (9, day.into()),
            (12, at.hour().into()),
            (15, at.minute().into()),
            (18, at.second().into()),
            (22, u32::try_from(self.0 % 1000).unwrap_or_default()),
        ] {
            write_digits(&mut text[..=last], number);
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes `number` in decimal so that it ends where `text` does.
fn write_digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        if number == 0 {
            break;
        }
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}
serde_as_string!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_as_it_reads() {
        for text in ["1970-01-01T00:00:00.000Z", "2026-11-22T02:47:32.123Z", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        let shanghai: Timestamp = "2026-11-22T10:47:32+08:00".parse().unwrap();
        assert_eq!(shanghai.to_string(), "2026-11-22T02:47:32.000Z");
        for bad in
            ["", "2026-11-22", "1969-12-31T23:59:59Z", "2026-11-22T02:47:32.1234Z", "2026-13-01T00:00:00Z"]
        {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad} should be refused");
        }
    }

    #[test]
    fn out_of_range_is_clamped() {
        assert_eq!(Timestamp::from_unix_ms(-1), Timestamp::EPOCH);
        assert_eq!(Timestamp::MAX.plus_ms(1), Timestamp::MAX);
    }
}
