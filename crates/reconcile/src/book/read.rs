//! From the bytes of a book to its lines.

use super::csv::Records;
use super::malformed;
use super::mapping::{AmountForm, ColumnMapping, DateForm, SignRule, Source};
use crate::line::SettlementLine;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{Asset, ParseError, Refusal, RefusalCode, TaxVersion, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Reads a whole book. Two lines may be equal: what that means is for the reconciliation to say.
///
/// # Errors
/// `file.malformed` with the line, counted from 1 with the header, and the column: not CSV, a column of the mapping
/// missing or twice in the header, a value that is none, amounts against the sign of their kind. Nothing is taken then.
pub fn read_book(bytes: &[u8], mapping: &ColumnMapping) -> Result<Vec<SettlementLine>, Refusal> {
    let mut records = Records::new(bytes, mapping.separator)?;
    let (_, header) = records.next_record()?.ok_or_else(|| malformed(1, None, "a header"))?;
    let mut cells = Vec::with_capacity(14);
    for (_, source) in mapping.columns.all() {
        cells.push(match source {
            None => Cell::Absent,
            Some(Source::Value(value)) => Cell::Value(value),
            Some(Source::Column(name)) => {
                let mut places = header.iter().enumerate().filter(|(_, title)| title == &name);
                match (places.next(), places.next()) {
                    (Some((at, _)), None) => Cell::Column(at, name),
                    _ => return Err(malformed(1, Some(name), "the column exactly once in the header")),
                }
            }
        });
    }
    let mut lines = Vec::new();
    while let Some((line, fields)) = records.next_record()? {
        if fields.len() != header.len() {
            return Err(malformed(line, None, format!("{} fields, as in the header", header.len())));
        }
        lines.push(Row { line, fields: &fields, cells: &cells, mapping }.read()?);
    }
    Ok(lines)
}

/// Where one field of a line is found.
enum Cell<'a> {
    Absent,
    Value(&'a str),
    Column(usize, &'a str),
}

/// One record on its way to a line.
struct Row<'a> {
    line: u64,
    fields: &'a [Cow<'a, str>],
    cells: &'a [Cell<'a>],
    mapping: &'a ColumnMapping,
}

impl Row<'_> {
    fn read(&self) -> Result<SettlementLine, Refusal> {
        // The numbers are the places in `Columns::all`.
        let kind = self.word(1, &self.mapping.kinds, LineKind::ALL, |kind| kind.as_str())?;
        let kind = kind.ok_or_else(|| self.bad(1, "a kind of business"))?;
        let status = self.word(11, &self.mapping.statuses, LineStatus::ALL, |status| status.as_str())?;
        let asset: Asset = self.required(3)?;
        let amount = |cell| self.amount(cell, kind, asset);
        let line = SettlementLine {
            key: self.optional(0)?,
            kind,
            counterparty: self.required(2)?,
            asset,
            net_minor: amount(4)?,
            vat_minor: amount(5)?,
            fee_minor: amount(6)?,
            fee_vat_minor: amount(7)?,
            schedule: self.optional(8)?,
            tax: self.tax(9)?,
            window: self.required(10)?,
            status: status.unwrap_or(LineStatus::Final),
            original: self.optional(12)?,
            occurred_at: self.time(13)?,
        };
        line.check().map_err(|refusal| {
            let cell = match &*refusal.field {
                "net_minor" => 4,
                "vat_minor" => 5,
                "fee_minor" => 6,
                _ => 7,
            };
            self.bad(cell, refusal.expected)
        })?;
        Ok(line)
    }

    fn text(&self, cell: usize) -> &str {
        match self.cells[cell] {
            Cell::Absent => "",
            Cell::Value(value) => value,
            // As many fields as the header has, so the place exists.
            Cell::Column(at, _) => self.fields.get(at).map_or("", |field| field),
        }
    }

    fn bad(&self, cell: usize, expected: impl Into<Cow<'static, str>>) -> Refusal {
        match self.cells[cell] {
            Cell::Column(_, name) => malformed(self.line, Some(name), expected),
            _ => {
                let field = format!("columns.{}", self.mapping.columns.all()[cell].0);
                Refusal::new(RefusalCode::FileMalformed, field, expected)
            }
        }
    }

    fn required<T: FromStr<Err = ParseError>>(&self, cell: usize) -> Result<T, Refusal> {
        self.text(cell).parse().map_err(|error: ParseError| self.bad(cell, error.expected))
    }

    fn optional<T: FromStr<Err = ParseError>>(&self, cell: usize) -> Result<Option<T>, Refusal> {
        if self.text(cell).is_empty() { Ok(None) } else { self.required(cell).map(Some) }
    }

    fn tax(&self, cell: usize) -> Result<Option<TaxVersion>, Refusal> {
        let text = self.text(cell);
        let version = text.parse().ok().filter(|version: &u64| *version > 0 && version.to_string() == text);
        match version {
            Some(version) => Ok(Some(TaxVersion(version))),
            None if text.is_empty() => Ok(None),
            None => Err(self.bad(cell, "a version of the tax table, from 1")),
        }
    }

    /// A word of the book's own list, or of ours if it has none; `None` if it is empty and the list has no empty word.
    fn word<T: Copy>(
        &self,
        cell: usize,
        words: &BTreeMap<String, T>,
        ours: &[T],
        as_str: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Refusal> {
        let text = self.text(cell);
        let found = match words.is_empty() {
            true => ours.iter().copied().find(|word| as_str(*word) == text),
            false => words.get(text).copied(),
        };
        match found {
            None if text.is_empty() => Ok(None),
            None => {
                let ours = || ours.iter().map(|word| as_str(*word).to_owned()).collect::<Vec<_>>();
                let words = if words.is_empty() { ours() } else { words.keys().cloned().collect() };
                Err(self.bad(cell, format!("one of {}", words.join(", "))))
            }
            word => Ok(word),
        }
    }

    fn amount(&self, cell: usize, kind: LineKind, asset: Asset) -> Result<i64, Refusal> {
        let (text, optional) = (self.text(cell), cell != 4);
        if text.is_empty() && optional {
            return Ok(0);
        }
        let scale = if self.mapping.amounts == AmountForm::Major { asset.scale() } else { 0 };
        let expected =
            || format!("an amount with at most {scale} decimals, a point and perhaps a leading `-`");
        let minor = parse_amount(text, scale).ok_or_else(|| self.bad(cell, expected()))?;
        match self.mapping.signs {
            SignRule::Signed => Ok(minor),
            SignRule::Inverted => Ok(-minor),
            SignRule::Unsigned if minor < 0 => Err(self.bad(cell, "an amount without a sign")),
            SignRule::Unsigned if matches!(kind, LineKind::Refund | LineKind::Withdrawal) => Ok(-minor),
            SignRule::Unsigned => Ok(minor),
        }
    }

    fn time(&self, cell: usize) -> Result<Timestamp, Refusal> {
        let DateForm::DateTime { utc_offset_minutes } = self.mapping.dates else {
            return self.required(cell);
        };
        let text = self.text(cell);
        let shape = text.len() == 19 && text.is_ascii() && text.as_bytes()[10] == b' ';
        let minutes = i64::from(utc_offset_minutes);
        let local: Option<Timestamp> =
            if shape { format!("{}T{}Z", &text[..10], &text[11..]).parse().ok() } else { None };
        let utc = local.map(|local| local.unix_ms() - minutes * 60_000).filter(|_| minutes.abs() < 1440);
        let utc = utc.filter(|ms| (0..=Timestamp::MAX.unix_ms()).contains(ms)).map(Timestamp::from_unix_ms);
        utc.ok_or_else(|| self.bad(cell, "a time as `2026-11-22 10:47:32`, from 1970 to 9999"))
    }
}

/// A decimal of at most `scale` decimals in minor units; `None` if it is none or has more than 18 digits.
fn parse_amount(text: &str, scale: u32) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(w, d)| (w, Some(d)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let missing = usize::try_from(scale).ok()?.checked_sub(decimals.map_or(0, str::len))?;
    let valid = is_number(whole) && decimals.is_none_or(is_number);
    let joined = format!("{whole}{}{}", decimals.unwrap_or_default(), "0".repeat(missing));
    let minor: i64 = if valid && joined.len() <= 18 { joined.parse().ok()? } else { return None };
    Some(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_refused() {
        for (text, scale, expected) in [
            ("12.34", 2, Some(1234)),
            ("-0.05", 2, Some(-5)),
            ("7", 2, Some(700)),
            ("7.5", 2, Some(750)),
            ("1234", 0, Some(1234)),
            ("0.00", 2, Some(0)),
            ("1.234", 2, None),
            ("1.", 2, None),
            (".5", 2, None),
            ("", 2, None),
            ("-", 2, None),
            ("--1", 2, None),
            ("+1", 2, None),
            ("1,000", 2, None),
            ("1e3", 2, None),
            (" 1", 2, None),
            ("12345678901234567.89", 2, None),
            ("1.5", 0, None),
        ] {
            assert_eq!(parse_amount(text, scale), expected, "{text:?} of scale {scale}");
        }
    }
}
