//! A small order file with what the real one has, and rows as they should not be.

use super::{
    super::{error::RecordCode, gzip},
    facts::{Facts, facts},
    *,
};
use std::io::Cursor;

const HEADING: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
const ROWS: &str = r#"
500001,85123A,WHITE LAMP ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
500001,85123A,WHITE LAMP ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
500001,BANK CHARGES,,1,2010-12-01 08:27:00,0.001,17850.0,United Kingdom
500002,22138,"BOX ""S"", RED",3,2010-12-01 09:00:00,4.95,,France
500001,22139,TRAY,1,2010-12-01 08:28:00,1.5,17850.0,United Kingdom
C500003,22138,"BOX ""S"", RED",-1,2010-12-02 10:00:00,4.95,12680.0,France
A500004,B,Adjust bad debt,1,2010-12-03 00:00:00,-11062.06,,EIRE
500005,x,LOST,-5,2010-12-03 00:00:00,0.0,,EIRE"#;
const ROW: &str = "500001,85123A,WHITE LAMP ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom";

fn input(text: &str) -> Input {
    gzip::decompressed(Cursor::new(text.as_bytes().to_vec())).unwrap()
}

fn read(text: &str) -> Vec<Item<Invoice>> {
    OrderReader::new(input(text)).collect()
}

#[test]
fn lines_of_one_invoice_become_one_order_even_with_another_between() {
    let invoices: Vec<Invoice> =
        read(&format!("{HEADING}{ROWS}")).into_iter().map(|item| item.unwrap().unwrap()).collect();
    let numbers: Vec<&str> = invoices.iter().map(|invoice| invoice.number.as_str()).collect();
    assert_eq!(numbers, ["500001", "500002", "C500003", "A500004", "500005"]);
    let first = &invoices[0];
    assert_eq!((first.lines.len(), first.first_line(), first.lines[3].csv_line), (4, 2, 6));
    assert_eq!(first.lines[0].amount_milli, 15_300);
    assert_eq!(first.lines[0].stock_code, first.lines[1].stock_code, "a true duplicate is kept");
    assert_eq!(first.lines[2].stock_code.as_str(), "BANK CHARGES");
    assert_eq!(first.lines[2].description, None);
    assert_eq!(first.amount_milli(), 32_101);
    assert_eq!(first.customer.as_ref().unwrap().as_str(), "17850");
    assert_eq!(first.at.to_string(), "2010-12-01T08:26:00.000Z");
    assert_eq!(first.lines[3].unit_price.to_string(), "1.5");
    assert_eq!(invoices[1].lines[0].description.as_ref().unwrap().as_str(), "BOX \"S\", RED");
    assert_eq!((invoices[1].customer.is_none(), invoices[2].kind), (true, InvoiceKind::Cancellation));
    assert_eq!((invoices[2].amount_milli(), invoices[3].amount_milli()), (-4_950, -11_062_060));
    assert_eq!(invoices[3].kind, InvoiceKind::Adjustment);
}

#[test]
fn other_customers_of_one_number_are_other_orders_and_so_are_late_lines() {
    let other = ROW.replace("17850.0", "17851.0");
    assert_eq!(read(&format!("{HEADING}\n{ROW}\n{other}\n{ROW}")).len(), 2);
    let between: String =
        (1..=4).map(|n| format!("{}\n", ROW.replace("500001", &format!("60000{n}")))).collect();
    let items = read(&format!("{HEADING}\n{ROW}\n{between}{ROW}\n"));
    assert_eq!(items.len(), 6, "an invoice that returns after four others is a second one");
    let last = items[5].as_ref().unwrap().as_ref().unwrap();
    assert_eq!((last.number.as_str(), last.first_line()), ("500001", 7));
}

#[track_caller]
fn check(from: &str, to: &str, code: RecordCode, field: &str) {
    let bad = ROW.replace(from, to);
    assert_ne!(bad, ROW);
    let items = read(&format!("{HEADING}\n{ROW}\n{bad}\n{ROW}\n"));
    let refused = items[0].as_ref().unwrap().as_ref().unwrap_err();
    assert_eq!((refused.line, refused.code, &*refused.field), (3, code, field), "{bad}");
    assert_eq!(items[1].as_ref().unwrap().as_ref().unwrap().lines.len(), 2, "the rest is read");
}

#[test]
fn a_line_that_cannot_be_read_is_refused_with_its_reason() {
    check(",United Kingdom", "", RecordCode::NotCsv, "");
    check(",United Kingdom", ",United Kingdom,", RecordCode::NotCsv, "");
    check("WHITE LAMP ", "\"WHITE LAMP", RecordCode::NotCsv, "");
    check("WHITE LAMP ", "WHITE \"LAMP\"", RecordCode::NotCsv, "");
    check("500001", "B500001", RecordCode::FieldInvalid, "InvoiceNo");
    check("500001", "C", RecordCode::FieldInvalid, "InvoiceNo");
    check("500001", "", RecordCode::FieldInvalid, "InvoiceNo");
    check("85123A", " ", RecordCode::FieldMissing, "StockCode");
    check("WHITE LAMP ", "WHITE\tLAMP", RecordCode::FieldInvalid, "Description");
    check(",6,", ",6.5,", RecordCode::FieldInvalid, "Quantity");
    check(",6,", ",99999999999999999999,", RecordCode::FieldInvalid, "Quantity");
    check("2010-12-01 08", "2010-13-01 08", RecordCode::FieldInvalid, "InvoiceDate");
    check("2010-12-01 08", "1/12/10 08", RecordCode::FieldInvalid, "InvoiceDate");
    check("2.55", "2,55", RecordCode::NotCsv, "");
    check("2.55", "2.5.5", RecordCode::FieldInvalid, "UnitPrice");
    check("2.55", "1e3", RecordCode::FieldInvalid, "UnitPrice");
    check("2.55", "2.5501", RecordCode::TooManyDecimals, "UnitPrice");
    check(
        "6,2010-12-01 08:26:00,2.55",
        "1000000000,2010-12-01 08:26:00,9007199.3",
        RecordCode::OutOfRange,
        "Quantity",
    );
    check("17850.0", "17 850", RecordCode::FieldInvalid, "CustomerID");
    check("United Kingdom", "", RecordCode::FieldMissing, "Country");
}

#[test]
fn a_file_without_the_heading_or_with_a_broken_end_says_so() {
    for text in ["", ROW, "{\"slug\":\"x\"}\n"] {
        let items = read(text);
        assert!(matches!(items[..], [Err(FileError::FormatUnknown { line: 1, .. })]), "{text}");
    }
    let packed = gzip::tests::gzip(format!("{HEADING}{ROWS}").as_bytes());
    let cut = gzip::decompressed(Cursor::new(packed[..packed.len() - 9].to_vec())).unwrap();
    let items: Vec<_> = OrderReader::new(cut).collect();
    assert!(matches!(items.last(), Some(Err(FileError::Truncated { .. }))));
    assert!(facts(input("a,b\n")).is_err());
}

#[test]
fn facts_are_counted_exactly() {
    let found = facts(input(&format!("{HEADING}{ROWS}\nnot a row\n"))).unwrap();
    let expected = Facts {
        lines: 9,
        unreadable_lines: 1,
        invoices: 5,
        invoice_lines_max: 4,
        customers: 2,
        stock_codes: 6,
        countries: 3,
        cancellation_lines: 1,
        adjustment_lines: 1,
        lines_without_customer: 3,
        duplicate_lines: 1,
        zero_price_lines: 1,
        positive_milli: 46_951,
        negative_milli: -11_067_010,
        net_milli: -11_020_059,
    };
    assert_eq!(found.differences(&expected), Vec::<String>::new());
    assert!(found.to_string().contains("net                             -11020.059\n"));
    let differences = found.differences(&Facts::ONLINE_RETAIL);
    assert!(differences.contains(&"lines: 9, expected 541909".to_owned()));
}
