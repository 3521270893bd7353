//! From lines to the bytes of a book: what [`read_book`](super::read_book) reads back under the same mapping.

use super::csv;
use super::mapping::{AmountForm, ColumnMapping, DateForm, SignRule, Source};
use crate::key::BusinessKey;
use crate::line::SettlementLine;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{Asset, Refusal, RefusalCode, Timestamp};
use std::collections::BTreeMap;

/// Writes the lines as a book, with the header and CRLF line ends.
///
/// # Errors
/// `file.malformed` at `lines[i].field`, if the mapping cannot say it: no column for a value that is there, another
/// constant, no word for the kind or status, a time with a part of a second; two fields that
/// share a column with different values. So what is written is read back as it was.
pub fn write_book(lines: &[SettlementLine], mapping: &ColumnMapping) -> Result<Vec<u8>, Refusal> {
    let columns = mapping.columns.all();
    // Two fields may come from one column, e.g. net and fee of a fee: it is written once.
    let mut titles: Vec<&str> = Vec::new();
    let places = columns.map(|(_, source)| match source {
        Some(Source::Column(name)) => {
            Some(titles.iter().position(|title| title == name).unwrap_or_else(|| {
                titles.push(name);
                titles.len() - 1
            }))
        }
        _ => None,
    });
    let mut text = String::with_capacity(lines.len().saturating_mul(160));
    row(&mut text, titles.iter().copied(), mapping.separator);
    for (index, line) in lines.iter().enumerate() {
        let mut cells: Vec<Option<String>> = vec![None; titles.len()];
        for (at, value) in values(line, mapping).into_iter().enumerate() {
            let (field, source) = columns[at];
            let cannot = |expected: &'static str| {
                Refusal::new(RefusalCode::FileMalformed, format!("lines[{index}].{field}"), expected)
            };
            let value = value.ok_or_else(|| cannot("a value that the mapping has a form for"))?;
            match (source, places[at]) {
                (_, Some(place)) => {
                    let before = cells[place].take();
                    if before.is_some_and(|before| before != value) {
                        return Err(cannot("the value of the other field in this column"));
                    }
                    cells[place] = Some(value);
                }
                (Some(Source::Value(constant)), _) if *constant != value => {
                    return Err(cannot("the constant of the mapping"));
                }
                (None, _) if !is_default(field, &value, line, mapping) => {
                    return Err(cannot("no value, since the mapping has no column for it"));
                }
                _ => {}
            }
        }
        row(&mut text, cells.iter().map(|cell| cell.as_deref().unwrap_or_default()), mapping.separator);
    }
    Ok(text.into_bytes())
}

fn row<'a>(text: &mut String, fields: impl Iterator<Item = &'a str>, separator: char) {
    for (column, field) in fields.enumerate() {
        if column > 0 {
            text.push(separator);
        }
        csv::put(text, field, separator);
    }
    text.push_str("\r\n");
}

/// The values in the order of `Columns::all`; `None` for what the mapping has no form for.
fn values(line: &SettlementLine, mapping: &ColumnMapping) -> [Option<String>; 14] {
    let key = |key: &Option<BusinessKey>| Some(key.as_ref().map(ToString::to_string).unwrap_or_default());
    let amount = |minor| amount(minor, line, mapping);
    [
        key(&line.key),
        word(line.kind, &mapping.kinds, LineKind::as_str),
        Some(line.counterparty.to_string()),
        Some(line.asset.to_string()),
        amount(line.net_minor),
        amount(line.vat_minor),
        amount(line.fee_minor),
        amount(line.fee_vat_minor),
        Some(line.schedule.map(|version| version.to_string()).unwrap_or_default()),
        Some(line.tax.map(|version| version.to_string()).unwrap_or_default()),
        Some(line.window.to_string()),
        word(line.status, &mapping.statuses, LineStatus::as_str),
        key(&line.original),
        time(line.occurred_at, mapping.dates),
    ]
}

/// Whether a field that has no column reads back as it is without one.
fn is_default(field: &str, value: &str, line: &SettlementLine, mapping: &ColumnMapping) -> bool {
    match field {
        "status" => line.status == LineStatus::Final,
        "vat" | "fee" | "fee_vat" => value == rendered(0, line.asset, mapping.amounts),
        _ => value.is_empty(),
    }
}

/// The book's word; of several for one meaning, the first.
fn word<T: Copy + PartialEq>(
    value: T,
    words: &BTreeMap<String, T>,
    ours: fn(T) -> &'static str,
) -> Option<String> {
    if words.is_empty() {
        return Some(ours(value).to_owned());
    }
    words.iter().find(|(_, meaning)| **meaning == value).map(|(word, _)| word.clone())
}

fn amount(minor: i64, line: &SettlementLine, mapping: &ColumnMapping) -> Option<String> {
    let minor = match mapping.signs {
        SignRule::Signed => minor,
        SignRule::Inverted => minor.checked_neg()?,
        SignRule::Unsigned if matches!(line.kind, LineKind::Refund | LineKind::Withdrawal) => {
            minor.checked_neg()?
        }
        SignRule::Unsigned => minor,
    };
    let writable = mapping.signs != SignRule::Unsigned || minor >= 0;
    writable.then(|| rendered(minor, line.asset, mapping.amounts))
}

fn rendered(minor: i64, asset: Asset, form: AmountForm) -> String {
    match form {
        AmountForm::Major => asset.render(minor),
        AmountForm::Minor => minor.to_string(),
    }
}

fn time(at: Timestamp, form: DateForm) -> Option<String> {
    let DateForm::DateTime { utc_offset_minutes } = form else { return Some(at.to_string()) };
    let local = at.unix_ms() + i64::from(utc_offset_minutes) * 60_000;
    let valid = local % 1000 == 0 && (0..=Timestamp::MAX.unix_ms()).contains(&local);
    let text = Timestamp::from_unix_ms(local).to_string();
    valid.then(|| format!("{} {}", &text[..10], &text[11..19]))
}
