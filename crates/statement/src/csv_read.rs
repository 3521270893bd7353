//! Reads the CSV form back: who keeps the file can check it, and a test can see that nothing was lost on the way.

use crate::{
    Language, LineKind, StatementLine,
    check::check_line,
    csv_file::{BYTE_ORDER_MARK, Column, Side, columns, heading, needs_guard},
};
use csv::{ReaderBuilder, StringRecord};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, LeafIndex, Refusal, RefusalCode, SharesVersion, TaxVersion, Timestamp,
    UnitPrice, WindowId,
};
use std::str::FromStr;

/// Reads a file that [`Statement::to_csv`](crate::Statement::to_csv) made, in any language. Every line keeps the rule
/// of its kind, all are of one window, and each balance follows from the one before. A file of one language gives
/// names in that language only.
///
/// # Errors
/// `file.malformed`, naming the row (the heading is row 1) and what was expected; nothing is taken of a damaged file.
pub fn read_csv(bytes: &[u8]) -> Result<Vec<StatementLine>, Refusal> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.records();
    let headings = match records.next() {
        Some(Ok(headings)) => headings,
        _ => return Err(malformed("row 1", "the headings of a statement")),
    };
    let layout = Layout::of(&headings).ok_or_else(|| malformed("row 1", "the headings of a statement"))?;
    let mut lines = Vec::new();
    let mut before: Option<(WindowId, i64)> = None;
    for (number, record) in (2_u64..).zip(records) {
        let at = format!("row {number}");
        let record = record.map_err(|error| malformed(&at, error.to_string()))?;
        let row = Row { layout: &layout, record: &record };
        let (line, window, balance_minor) = row.read().map_err(|refusal| refusal.within(&at))?;
        if let Some((known, balance_before_minor)) = before {
            if known != window {
                return Err(malformed("window", known.to_string()).within(&at));
            }
            if balance_before_minor.checked_add(line.effect_minor) != Some(balance_minor) {
                return Err(malformed("balance", "the balance before and the effect").within(&at));
            }
        }
        before = Some((window, balance_minor));
        lines.push(line);
    }
    Ok(lines)
}

fn malformed(field: &str, expected: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::FileMalformed, field.to_owned(), expected.into())
}

/// Which language the headings are in, and how far the times are from UTC.
struct Layout {
    language: Language,
    columns: Vec<Column>,
    utc_offset_minutes: i16,
}

impl Layout {
    fn of(headings: &StringRecord) -> Option<Self> {
        let utc_offset_minutes = read_offset(headings.get(1)?)?;
        Language::ALL.into_iter().find_map(|language| {
            let columns = columns(language);
            let expected = columns.iter().map(|column| heading(*column, language, utc_offset_minutes));
            let same = expected.eq(headings.iter().map(ToOwned::to_owned));
            same.then_some(Self { language, columns, utc_offset_minutes })
        })
    }
}

/// The minutes of `… (UTC+08:00)`.
fn read_offset(heading: &str) -> Option<i16> {
    let (_, text) = heading.strip_suffix(')')?.rsplit_once("(UTC")?;
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let minutes = hours.parse::<i16>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
    // A spelling that is not ours is found when the headings are compared.
    Some(if text.starts_with('-') { -minutes } else { minutes })
}

struct Row<'a> {
    layout: &'a Layout,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn read(&self) -> Result<(StatementLine, WindowId, i64), Refusal> {
        if self.record.len() != self.layout.columns.len() {
            return Err(malformed("", format!("{} cells", self.layout.columns.len())));
        }
        let window: WindowId = self.parse(Column::Window)?;
        let asset = window.asset;
        if self.cell(Column::Currency) != asset.code() {
            return Err(malformed("currency", asset.code()));
        }
        let line = StatementLine {
            occurred_at: self.time()?,
            kind: self.kind()?,
            leaf_index: LeafIndex(self.parse(Column::Leaf)?),
            entry: self.parse(Column::Entry)?,
            licence: self.optional(Column::Licence)?,
            product: self.name(Column::Product)?,
            counterparty: self.name(Column::Counterparty)?,
            net_minor: self.amount(Column::Net, asset)?,
            vat_minor: self.amount(Column::Vat, asset)?,
            vat_rate: self.optional(Column::VatRate)?,
            fee_minor: self.amount(Column::Fee, asset)?,
            fee_vat_minor: self.amount(Column::FeeVat, asset)?,
            revenue_minor: self.amount(Column::Revenue, asset)?,
            voucher_minor: self.amount(Column::Voucher, asset)?,
            effect_minor: self.signed(Column::Effect, asset)?,
            schedule: self.optional(Column::Schedule)?,
            tax: self.optional(Column::TaxTable)?.map(TaxVersion),
            shares: self.optional(Column::Shares)?.map(SharesVersion),
            rounding: self.optional_text(Column::Rounding)?,
        };
        check_line(&line, asset).map_err(|found| malformed(found.field, found.expected))?;
        Ok((line, window, self.signed(Column::Balance, asset)?))
    }

    fn cell(&self, column: Column) -> &str {
        let place = self.layout.columns.iter().position(|known| *known == column);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn wrong(&self, column: Column, expected: impl Into<String>) -> Refusal {
        malformed(&heading(column, Language::En, self.layout.utc_offset_minutes), expected)
    }

    fn parse<T: FromStr>(&self, column: Column) -> Result<T, Refusal>
    where
        T::Err: ToString,
    {
        self.cell(column).parse().map_err(|error: T::Err| self.wrong(column, error.to_string()))
    }

    fn optional<T: FromStr>(&self, column: Column) -> Result<Option<T>, Refusal>
    where
        T::Err: ToString,
    {
        if self.cell(column).is_empty() { Ok(None) } else { self.parse(column).map(Some) }
    }

    fn optional_text<T: FromStr>(&self, column: Column) -> Result<Option<T>, Refusal>
    where
        T::Err: ToString,
    {
        let text = unguarded(self.cell(column));
        let parse = |text: &str| text.parse().map_err(|error: T::Err| self.wrong(column, error.to_string()));
        if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
    }

    fn time(&self) -> Result<Timestamp, Refusal> {
        let text = format!("{}Z", self.cell(Column::Time).replacen(' ', "T", 1));
        let local: Timestamp =
            text.parse().map_err(|_| self.wrong(Column::Time, "a time such as `2026-11-22 10:47:32.123`"))?;
        Ok(local.plus_ms(-i64::from(self.layout.utc_offset_minutes) * 60_000))
    }

    fn kind(&self) -> Result<LineKind, Refusal> {
        let cell = self.cell(Column::Kind);
        let known = LineKind::ALL.into_iter().find(|kind| kind.words().say(self.layout.language) == cell);
        known.ok_or_else(|| self.wrong(Column::Kind, "a kind of line in the language of the headings"))
    }

    fn name(&self, column: fn(Side) -> Column) -> Result<Option<BilingualText>, Refusal> {
        let of = |side| Some(unguarded(self.cell(column(side)))).filter(|text| !text.is_empty());
        match (of(Side::Zh), of(Side::En)) {
            (None, None) => Ok(None),
            (zh, en) => BilingualText::new(zh, en)
                .map(Some)
                .map_err(|error| self.wrong(column(Side::Zh), error.to_string())),
        }
    }

    /// An amount in major units; decimals that a spreadsheet dropped are zeros.
    fn amount(&self, column: Column, asset: Asset) -> Result<AmountMinor, Refusal> {
        self.amount_of(self.cell(column), column, asset)
    }

    fn signed(&self, column: Column, asset: Asset) -> Result<i64, Refusal> {
        let cell = self.cell(column);
        match cell.strip_prefix('-') {
            Some(magnitude) => self.amount_of(magnitude, column, asset).map(|amount| -amount.get()),
            None => self.amount_of(cell, column, asset).map(AmountMinor::get),
        }
    }

    fn amount_of(&self, text: &str, column: Column, asset: Asset) -> Result<AmountMinor, Refusal> {
        let major: UnitPrice = text.parse().map_err(|error| self.wrong(column, format!("{error}")))?;
        major.in_minor(asset).map_err(|refusal| self.wrong(column, refusal.expected))
    }
}

/// Takes the guard of [`needs_guard`] away.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| needs_guard(text)).unwrap_or(cell)
}
