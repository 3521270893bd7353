//! One row of the order file: its fields (RFC 4180, without line breaks inside fields) and what they mean.

use super::{
    super::{
        error::{FileError, RecordCode, RecordError},
        lines::{LineReader, TextLine},
    },
    InvoiceKind, InvoiceLine,
};
use databourse_primitives::{AMOUNT_MINOR_MAX, Label, Line, Quantity, Timestamp, UnitPrice};
use rust_decimal::Decimal;
use std::borrow::Cow;

const COLUMNS: [&str; 8] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
];
const HEADING: &str = "a CSV file with the columns InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
/// Decimals of the asset that the amounts are counted in, `XTS/3`.
const SCALE: u32 = 3;

/// A row that could be read.
pub(super) struct OrderRow {
    pub(super) invoice: Label,
    pub(super) kind: InvoiceKind,
    pub(super) customer: Option<Label>,
    pub(super) country: Line,
    pub(super) at: Timestamp,
    pub(super) line: InvoiceLine,
}

/// Takes the heading off the file.
///
/// # Errors
/// [`FileError::FormatUnknown`] if the first line is not the heading.
pub(super) fn heading(lines: &mut LineReader) -> Result<(), FileError> {
    let known = match lines.next_line()? {
        Some(Ok(line)) => fields(line.text).is_some_and(|names| names == COLUMNS),
        Some(Err(_)) | None => false,
    };
    if known {
        Ok(())
    } else {
        Err(FileError::FormatUnknown { line: lines.number().max(1), expected: HEADING })
    }
}

/// Reads one row.
///
/// # Errors
/// The first field that cannot be read, in the order of the columns.
pub(super) fn parse(line: TextLine<'_>) -> Result<OrderRow, RecordError> {
    let refuse = |code, field: &'static str, expected: &'static str| {
        RecordError::new(line.number, code, field, expected)
    };
    let invalid = |field, expected| refuse(RecordCode::FieldInvalid, field, expected);
    let Some([invoice, stock_code, description, quantity, date, price, customer, country]) =
        fields(line.text)
    else {
        return Err(refuse(RecordCode::NotCsv, "", "eight fields, with quotes in pairs (RFC 4180)"));
    };

    const NUMBER: &str = "digits, with `C` before them for a cancellation or `A` for an adjustment";
    let (invoice, kind) = invoice_number(&invoice).ok_or(invalid("InvoiceNo", NUMBER))?;
    const TEXT: &str = "1 to 300 characters without control characters";
    let stock_code = match stock_code.trim() {
        "" => return Err(refuse(RecordCode::FieldMissing, "StockCode", TEXT)),
        code => code.parse().map_err(|_| invalid("StockCode", TEXT))?,
    };
    let description = match description.trim() {
        "" => None,
        words => Some(words.parse().map_err(|_| invalid("Description", TEXT))?),
    };
    let quantity =
        whole(&quantity).ok_or(invalid("Quantity", "a whole number from -1000000000 to 1000000000"))?;
    let at = civil(&date).ok_or(invalid("InvoiceDate", "a date and time, e.g. `2010-12-01 08:26:00`"))?;
    let unit_price = signed_price(&price).ok_or(invalid("UnitPrice", "a decimal number, e.g. `-2.55`"))?;
    let price_milli =
        in_milli(unit_price).ok_or(refuse(RecordCode::TooManyDecimals, "UnitPrice", "at most 3 decimals"))?;
    let amount_milli = price_milli
        .checked_mul(i128::from(quantity))
        .and_then(|amount| i64::try_from(amount).ok())
        .filter(|amount| amount.unsigned_abs() <= AMOUNT_MINOR_MAX.unsigned_abs())
        .ok_or(refuse(RecordCode::OutOfRange, "Quantity", "an amount of at most 9007199254740.991"))?;
    let customer = match customer.trim() {
        "" => None,
        number => {
            let number = number.strip_suffix(".0").unwrap_or(number);
            Some(
                number
                    .parse()
                    .map_err(|_| invalid("CustomerID", "a label of up to 64 letters and digits"))?,
            )
        }
    };
    let country = match country.trim() {
        "" => return Err(refuse(RecordCode::FieldMissing, "Country", TEXT)),
        name => name.parse().map_err(|_| invalid("Country", TEXT))?,
    };

    Ok(OrderRow {
        invoice,
        kind,
        customer,
        country,
        at,
        line: InvoiceLine {
            csv_line: line.number,
            stock_code,
            description,
            quantity,
            unit_price,
            amount_milli,
        },
    })
}

/// The eight fields of a line, `None` if there are fewer or more or a quote is out of place.
fn fields(line: &str) -> Option<[Cow<'_, str>; 8]> {
    let mut fields: [Cow<'_, str>; 8] = Default::default();
    let mut rest = Some(line);
    for field in &mut fields {
        (*field, rest) = first_field(rest?)?;
    }
    rest.is_none().then_some(fields)
}

/// The first field of `text`, unquoted, and what follows its comma if there is one.
fn first_field(text: &str) -> Option<(Cow<'_, str>, Option<&str>)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (field, rest) = text.split_once(',').map_or((text, None), |(field, rest)| (field, Some(rest)));
        return (!field.contains('"')).then_some((field.into(), rest));
    };
    // A pair of quotes inside is one quote; the first single one closes the field.
    let mut from = 0;
    let end = loop {
        let quote = from + quoted.get(from..)?.find('"')?;
        if !quoted[quote + 1..].starts_with('"') {
            break quote;
        }
        from = quote + 2;
    };
    let field = match &quoted[..end] {
        plain if !plain.contains('"') => plain.into(),
        doubled => doubled.replace("\"\"", "\"").into(),
    };
    match &quoted[end + 1..] {
        "" => Some((field, None)),
        after => after.strip_prefix(',').map(|rest| (field, Some(rest))),
    }
}

fn invoice_number(text: &str) -> Option<(Label, InvoiceKind)> {
    let (digits, kind) = match text.as_bytes().first()? {
        b'C' => (&text[1..], InvoiceKind::Cancellation),
        b'A' => (&text[1..], InvoiceKind::Adjustment),
        _ => (text, InvoiceKind::Purchase),
    };
    let number = text.parse().ok()?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some((number, kind))
}

fn whole(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (!text.starts_with('+') && number.unsigned_abs() <= Quantity::MAX).then_some(number)
}

/// `2010-12-01 08:26:00` as if in UTC.
fn civil(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once(' ')?;
    let shape = date.len() == 10 && clock.len() == 8;
    shape.then(|| format!("{date}T{clock}Z").parse().ok())?
}

fn signed_price(text: &str) -> Option<Decimal> {
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
    let price = digits.parse::<UnitPrice>().ok()?.as_decimal();
    Some(if negative { -price } else { price })
}

/// The price in thousandths, `None` if it is finer.
fn in_milli(price: Decimal) -> Option<i128> {
    let price = price.normalize();
    let missing = SCALE.checked_sub(price.scale())?;
    price.mantissa().checked_mul(10_i128.checked_pow(missing)?)
}
