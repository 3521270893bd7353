//! CSV (RFC 4180) with a fixed heading whose first columns are the number of the row and of all rows.

use crate::{
    currency::{amount_of, asset_of},
    malformed, text_of,
};
use databourse_primitives::{AmountMinor, Asset, ParseError, Refusal, RefusalCode};
use std::str::FromStr;

/// Rows of one file.
const ROWS_MAX: usize = 1_000_000;

/// The only asset of e-CNY wallets.
///
/// # Errors
/// `asset.unknown` is never given, since ISO 4217 has the yuan.
pub(crate) fn yuan() -> Result<Asset, Refusal> {
    asset_of("CNY").ok_or_else(|| Refusal::new(RefusalCode::AssetUnknown, "asset", "CNY/2"))
}

/// One row, of as many cells as there are columns.
pub(crate) struct Row {
    /// From 1, the heading not counted.
    number: usize,
    columns: &'static [&'static str],
    cells: csv::StringRecord,
}

impl Row {
    /// `file.malformed` at a cell.
    pub(crate) fn refuse(
        &self,
        column: &str,
        expected: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Refusal {
        malformed(format!("rows[{}].{column}", self.number), expected)
    }

    /// The text of a cell.
    pub(crate) fn cell(&self, column: &str) -> &str {
        let place = self.columns.iter().position(|name| *name == column);
        place.and_then(|place| self.cells.get(place)).unwrap_or_default()
    }

    /// The value of a cell.
    pub(crate) fn value<T: FromStr<Err = ParseError>>(&self, column: &str) -> Result<T, Refusal> {
        self.cell(column).parse().map_err(|error: ParseError| self.refuse(column, error.expected))
    }

    /// The value of a cell that may be empty.
    pub(crate) fn optional<T: FromStr<Err = ParseError>>(&self, column: &str) -> Result<Option<T>, Refusal> {
        if self.cell(column).is_empty() { Ok(None) } else { self.value(column).map(Some) }
    }

    /// The amount in `column`, with exactly the decimals of `asset`.
    pub(crate) fn amount(&self, column: &str, asset: Asset) -> Result<AmountMinor, Refusal> {
        let text = self.cell(column);
        let exact = asset.scale() == 0
            || text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == asset.scale() as usize);
        amount_of(text, asset).filter(|_| exact).ok_or_else(|| {
            self.refuse(column, format!("digits with {} decimals, without a sign", asset.scale()))
        })
    }
}

/// The rows of a file whose heading is `columns`.
pub(crate) fn read(bytes: &[u8], columns: &'static [&'static str]) -> Result<Vec<Row>, Refusal> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text_of(bytes)?.as_bytes());
    let mut records = reader.records();
    let heading = records.next().and_then(Result::ok);
    if !heading.is_some_and(|heading| heading.iter().eq(columns.iter().copied())) {
        return Err(malformed("heading", format!("the columns {}", columns.join(","))));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (number, cells) in (1..).zip(records) {
        let refuse = |expected: String| malformed(format!("rows[{number}]"), expected);
        if number > ROWS_MAX {
            return Err(refuse(format!("at most {ROWS_MAX} rows")));
        }
        let cells = cells.map_err(|_| refuse(format!("{} cells", columns.len())))?;
        let row = Row { number, columns, cells };
        if row.cell("row") != number.to_string() {
            return Err(row.refuse("row", number.to_string()));
        }
        rows.push(row);
    }
    let count = rows.len().to_string();
    match rows.iter().find(|row| row.cell("rows") != count) {
        Some(row) => Err(row.refuse("rows", format!("{count}, as there are"))),
        None => Ok(rows),
    }
}

/// A file of `columns` with `rows`.
pub(crate) fn write<const N: usize>(columns: &[&str; N], rows: &[[String; N]]) -> Vec<u8> {
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                text.push(',');
            }
            if cell.contains([',', '"', '\r', '\n']) {
                text.extend(["\"", &cell.replace('"', "\"\""), "\""]);
            } else {
                text.push_str(cell);
            }
        }
        text.push_str("\r\n");
    };
    line(&mut columns.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text.into_bytes()
}
