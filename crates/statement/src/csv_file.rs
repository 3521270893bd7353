//! The CSV form: one row per line, for spreadsheets and book-keeping. RFC 4180 with a byte order mark, without which
//! spreadsheets take Chinese for something else.
//!
//! No row of totals: whoever imports the file would book it as one more line. Totals are in the JSON and PDF forms.

use crate::{Language, Statement, StatementLine, words as w};
use databourse_primitives::{Asset, BilingualText, Timestamp};

pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a column holds, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Window,
    Time,
    Kind,
    Leaf,
    Entry,
    Licence,
    Product(Side),
    Counterparty(Side),
    Currency,
    Net,
    VatRate,
    Vat,
    Fee,
    FeeVat,
    Revenue,
    Voucher,
    Effect,
    Balance,
    Schedule,
    TaxTable,
    Shares,
    Rounding,
}

/// Which language of a name a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Zh,
    En,
}

/// The columns of a file that speaks `language`.
pub(crate) fn columns(language: Language) -> Vec<Column> {
    let sides: &[Side] = match language {
        Language::Zh => &[Side::Zh],
        Language::En => &[Side::En],
        Language::Both => &[Side::Zh, Side::En],
    };
    let mut columns =
        vec![Column::Window, Column::Time, Column::Kind, Column::Leaf, Column::Entry, Column::Licence];
    columns.extend(sides.iter().map(|side| Column::Product(*side)));
    columns.extend(sides.iter().map(|side| Column::Counterparty(*side)));
    columns.extend([
        Column::Currency,
        Column::Net,
        Column::VatRate,
        Column::Vat,
        Column::Fee,
        Column::FeeVat,
        Column::Revenue,
        Column::Voucher,
        Column::Effect,
        Column::Balance,
        Column::Schedule,
        Column::TaxTable,
        Column::Shares,
        Column::Rounding,
    ]);
    columns
}

/// The heading of a column; that of the time names the offset from UTC.
pub(crate) fn heading(column: Column, language: Language, utc_offset_minutes: i16) -> String {
    let side = |words: w::Words, side| match (language, side) {
        (Language::Both, Side::Zh) => format!("{}（中文）", words.zh),
        (Language::Both, Side::En) => format!("{} (English)", words.en),
        _ => words.say(language),
    };
    let words = match column {
        Column::Time => return format!("{} ({})", w::TIME.say(language), offset(utc_offset_minutes)),
        Column::Product(of) => return side(w::PRODUCT, of),
        Column::Counterparty(of) => return side(w::COUNTERPARTY, of),
        Column::Window => w::WINDOW,
        Column::Kind => w::KIND,
        Column::Leaf => w::LEAF,
        Column::Entry => w::ENTRY,
        Column::Licence => w::LICENCE,
        Column::Currency => w::CURRENCY,
        Column::Net => w::NET,
        Column::VatRate => w::VAT_RATE,
        Column::Vat => w::VAT,
        Column::Fee => w::FEE,
        Column::FeeVat => w::FEE_VAT,
        Column::Revenue => w::REVENUE,
        Column::Voucher => w::VOUCHER,
        Column::Effect => w::EFFECT,
        Column::Balance => w::BALANCE,
        Column::Schedule => w::SCHEDULE,
        Column::TaxTable => w::TAX_TABLE,
        Column::Shares => w::SHARES,
        Column::Rounding => w::ROUNDING,
    };
    words.say(language)
}

/// `UTC+08:00`.
pub(crate) fn offset(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The time at an offset as spreadsheets read it, `2026-11-22 10:47:32.123`.
pub(crate) fn local_time(time: Timestamp, utc_offset_minutes: i16) -> String {
    let local = time.plus_ms(i64::from(utc_offset_minutes) * 60_000).to_string();
    local.trim_end_matches('Z').replace('T', " ")
}

impl Statement {
    /// The CSV form in one language or both. Amounts are in major units with the asset's decimals and without
    /// separators; text that a spreadsheet would take for a formula is preceded by an apostrophe.
    pub fn to_csv(&self, language: Language) -> Vec<u8> {
        let columns = columns(language);
        let parts = self.parts();
        let mut out = String::from(BYTE_ORDER_MARK);
        let headings = columns.iter().map(|column| heading(*column, language, parts.utc_offset_minutes));
        push_row(&mut out, headings);
        let mut balance_minor = parts.opening_minor;
        for line in &parts.lines {
            // Between the bounds that `Statement::new` set.
            balance_minor += line.effect_minor;
            push_row(
                &mut out,
                columns.iter().map(|column| self.cell(line, *column, language, balance_minor)),
            );
        }
        out.into_bytes()
    }

    fn cell(&self, line: &StatementLine, column: Column, language: Language, balance_minor: i64) -> String {
        let asset = self.asset();
        let money = |amount_minor: i64| asset.render(amount_minor);
        match column {
            Column::Window => self.parts().window.to_string(),
            Column::Time => local_time(line.occurred_at, self.parts().utc_offset_minutes),
            Column::Kind => line.kind.words().say(language),
            Column::Leaf => line.leaf_index.to_string(),
            Column::Entry => line.entry.to_string(),
            Column::Licence => text(line.licence.as_ref()),
            Column::Product(side) => name(line.product.as_ref(), side, language),
            Column::Counterparty(side) => name(line.counterparty.as_ref(), side, language),
            Column::Currency => code(asset),
            Column::Net => money(line.net_minor.get()),
            Column::VatRate => text(line.vat_rate.as_ref()),
            Column::Vat => money(line.vat_minor.get()),
            Column::Fee => money(line.fee_minor.get()),
            Column::FeeVat => money(line.fee_vat_minor.get()),
            Column::Revenue => money(line.revenue_minor.get()),
            Column::Voucher => money(line.voucher_minor.get()),
            Column::Effect => money(line.effect_minor),
            Column::Balance => money(balance_minor),
            Column::Schedule => text(line.schedule.as_ref()),
            Column::TaxTable => text(line.tax.as_ref()),
            Column::Shares => text(line.shares.as_ref()),
            Column::Rounding => guarded(&text(line.rounding.as_ref())),
        }
    }
}

fn code(asset: Asset) -> String {
    asset.code().to_owned()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// A name in one language. A file of one language falls back to the other, so that no name is missing.
fn name(text: Option<&BilingualText>, side: Side, language: Language) -> String {
    let Some(text) = text else { return String::new() };
    let (own, other) = match side {
        Side::Zh => (text.zh(), text.en()),
        Side::En => (text.en(), text.zh()),
    };
    let fallback = other.filter(|_| language != Language::Both);
    guarded(own.or(fallback).unwrap_or_default())
}

/// Whether a spreadsheet may take a cell that begins so for a formula (OWASP, CSV injection), or whether it carries the
/// guard already, so that removing one guard always gives the text back.
pub(crate) fn needs_guard(text: &str) -> bool {
    const LEADS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－'];
    text.starts_with(LEADS) || text.starts_with('＠')
}

fn guarded(text: &str) -> String {
    if needs_guard(text) { format!("'{text}") } else { text.to_owned() }
}

fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}
