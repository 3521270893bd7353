//! JSON and CSV: what is written is what is read.

use crate::support::{bare, every_kind, parts, text, with_parts, worked_example};
use databourse_primitives::{BilingualText, RefusalCode};
use databourse_statement::{Language, LineKind, Statement, StatementLine, read_csv, read_json};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn json_has_one_form_with_integers_and_totals() {
    let line = StatementLine { licence: None, product: None, counterparty: None, ..worked_example() };
    let bytes = Statement::new(parts(0, vec![line])).unwrap().to_json().unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let line = json!({
        "occurred_at": "2026-11-22T02:48:33.124Z", "kind": "sale", "leaf_index": 1,
        "entry": "019aa2b4-5c00-7000-8000-000000000001", "net_minor": 10_000, "vat_minor": 600, "vat_rate": "0.06",
        "fee_minor": 250, "fee_vat_minor": 15, "effect_minor": 9_735, "schedule": "CNY/2@1", "tax": 2, "shares": 3,
        "rounding": "half_up_largest_remainder",
    });
    assert_eq!(value["statement"]["lines"], json!([line]));
    assert_eq!(value["format"], "databourse-statement-v1");
    assert_eq!(value["totals"]["by_kind"]["sale"]["effect_minor"], 9_735);
    assert_eq!(value["totals"]["in_minor"], 9_735);
    assert_eq!(bytes.last(), Some(&b'\n'));
}

#[track_caller]
fn check_json(field: &str, change: impl Fn(&mut Value)) {
    let bytes = Statement::new(parts(0, every_kind())).unwrap().to_json().unwrap();
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut value);
    let refusal = read_json(&serde_json::to_vec(&value).unwrap()).unwrap_err();
    assert_eq!((refusal.code, &*refusal.field), (RefusalCode::FileMalformed, field), "{refusal}");
}

#[test]
fn altered_json_is_refused() {
    check_json("format", |value| value["format"] = json!("databourse-statement-v2"));
    check_json("totals", |value| value["totals"]["in_minor"] = json!(1));
    check_json("statement.lines[2].effect_minor", |value| {
        value["statement"]["lines"][2]["effect_minor"] = json!(9_736);
    });
    check_json("statement.closing_minor", |value| value["statement"]["closing_minor"] = json!(0));
    check_json("", |value| value["statement"]["more"] = json!(0));
    check_json("", |value| value["statement"]["lines"][2]["net_minor"] = json!(-1));
}

#[test]
fn csv_is_what_an_accountant_imports() {
    let mut line = worked_example();
    line.product = Some(BilingualText::new(None, Some("=1+1, \"quoted\"")).unwrap());
    let refund = with_parts(LineKind::RefundGiven, 2, [1_000, 60, 25, 1, 0, 0], -974);
    let refund = StatementLine { product: None, ..refund };
    let statement = Statement::new(parts(123_456_789, vec![line, refund])).unwrap();
    let csv = String::from_utf8(statement.to_csv(Language::En)).unwrap();
    let rows: Vec<_> = csv.strip_prefix('\u{feff}').unwrap().split("\r\n").collect();
    let expected = [
        "Window,Time (UTC+08:00),Kind,Leaf,Entry,Licence,Product,Counterparty,Currency,Net,VAT rate,VAT,Fee,VAT on fee,\
         Revenue shares,Voucher,Effect,Balance,Schedule,Tax table,Shares,Rounding",
        "CNY/2#7,2026-11-22 10:48:33.124,Sale,1,019aa2b4-5c00-7000-8000-000000000001,\
         019aa2b4-5c00-7000-8000-000000000001.1,\"'=1+1, \"\"quoted\"\"\",\"Suzhou Some Insurance Co., Ltd.\",CNY,100.00,\
         0.06,6.00,2.50,0.15,0.00,0.00,97.35,1234665.24,CNY/2@1,2,3,half_up_largest_remainder",
        "CNY/2#7,2026-11-22 10:49:34.125,Refund given,2,019aa2b4-5c00-7000-8000-000000000002,\
         019aa2b4-5c00-7000-8000-000000000002.1,,\"Suzhou Some Insurance Co., Ltd.\",CNY,10.00,0.06,0.60,0.25,0.01,0.00,\
         0.00,-9.74,1234655.50,CNY/2@1,2,3,half_up_largest_remainder",
        "",
    ];
    assert_eq!(rows, expected);
    let chinese = String::from_utf8(statement.to_csv(Language::Zh)).unwrap();
    assert!(chinese.contains("时间 (UTC+08:00)") && chinese.contains(",退款付出,"), "{chinese}");
    assert!(chinese.contains("苏州某某保险有限公司") && !chinese.contains("Suzhou"), "{chinese}");
}

#[test]
fn a_spreadsheet_takes_no_text_for_a_formula() {
    for lead in ["=", "+", "-", "@", "\t", "\n", "'", "＝", "＋", "－", "＠"] {
        let name = format!("{lead}HYPERLINK(0)");
        let line = StatementLine { product: Some(text(&name, "x")), ..worked_example() };
        let csv = Statement::new(parts(0, vec![line.clone()])).unwrap().to_csv(Language::Both);
        let mut reader = csv::Reader::from_reader(&csv[..]);
        let cell = reader.records().next().unwrap().unwrap()[6].to_owned();
        assert_eq!(cell, format!("'{name}"), "{lead:?}");
        assert_eq!(read_csv(&csv).unwrap(), [line]);
    }
}

#[track_caller]
fn check_csv(field: &str, from: &str, to: &str) {
    let lines = vec![worked_example(), bare(LineKind::Deposit, 2, 5_000)];
    let csv = String::from_utf8(Statement::new(parts(0, lines)).unwrap().to_csv(Language::Both)).unwrap();
    assert!(csv.contains(from), "{csv}");
    let refusal = read_csv(csv.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!((refusal.code, &*refusal.field), (RefusalCode::FileMalformed, field), "{refusal}");
}

#[test]
fn altered_csv_is_refused_by_row_and_column() {
    check_csv("row 1", "净额 Net", "净额");
    check_csv("row 1", "UTC+08:00", "Beijing");
    check_csv("row 2.effect_minor", ",97.35,97.35,", ",97.36,97.36,");
    check_csv("row 3.balance", ",50.00,147.35,", ",50.00,147.36,");
    check_csv("row 2.Net", ",100.00,", ",100.001,");
    check_csv("row 2.Net", ",100.00,", ",1e2,");
    check_csv("row 2.Kind", "销售 Sale", "Sale");
    check_csv("row 2", ",half_up_largest_remainder", "");
    check_csv("row 2.currency", ",CNY,100", ",USD,100");
    check_csv("row 3.window", "CNY/2#7,2026-11-22 10:49", "CNY/2#8,2026-11-22 10:49");
    check_csv("row 2.Time (UTC+08:00)", "2026-11-22 10:48:33.124", "22.11.2026");
}

#[test]
fn decimals_that_a_spreadsheet_dropped_are_zeros() {
    let csv = Statement::new(parts(0, vec![worked_example()])).unwrap().to_csv(Language::Both);
    let saved = String::from_utf8(csv).unwrap().replace(",100.00,", ",100,").replace(",2.50,", ",2.5,");
    assert_eq!(read_csv(saved.as_bytes()).unwrap(), [worked_example()]);
}

/// Text that tries to break a cell.
fn name() -> impl Strategy<Value = Option<BilingualText>> {
    let words = "[-=+@'\",;\n\t a-z数据＝é]{1,12}";
    let both = (prop::option::of(words), prop::option::of(words));
    both.prop_map(|(zh, en)| BilingualText::new(zh.as_deref(), en.as_deref()).ok())
}

fn any_line() -> impl Strategy<Value = StatementLine> {
    let magnitudes = (1..10_000_000_000_i64, 0..100_000_i64, 0..30_i64, 0..30_i64);
    (0..LineKind::ALL.len(), magnitudes, any::<bool>(), name(), name()).prop_map(
        |(kind, (net, fee, revenue, voucher), positive, product, counterparty)| {
            let (vat, fee_vat) = ((net * 6 + 50) / 100, fee * 6 / 100);
            let either = |minor: i64| if positive { minor } else { -minor };
            let kind = LineKind::ALL[kind];
            let (parts_minor, effect_minor) = match kind {
                LineKind::Sale => ([net, vat, fee, fee_vat, revenue, 0], net - fee - fee_vat - revenue),
                LineKind::RefundGiven => {
                    ([net, vat, fee, fee_vat, revenue, 0], fee + fee_vat + revenue - net)
                }
                LineKind::Purchase => ([net + voucher, 0, 0, 0, 0, voucher], -net),
                LineKind::RefundReceived => ([net, 0, fee, fee_vat, 0, 0], net + fee + fee_vat),
                LineKind::YearlyFee => ([0, 0, fee, fee_vat, 0, 0], -fee - fee_vat),
                LineKind::RevenueShare => ([net, vat, 0, 0, revenue, 0], either(revenue)),
                LineKind::FeeEarned => ([net, 0, fee, fee_vat, 0, 0], either(fee)),
                LineKind::Tax => ([net, vat, fee, fee_vat, 0, 0], either(vat + fee_vat)),
                LineKind::Voucher => ([0, 0, 0, 0, 0, voucher], either(voucher)),
                LineKind::Deposit | LineKind::HoldEnd => ([0; 6], net),
                LineKind::Withdrawal | LineKind::Hold => ([0; 6], -net),
                _ => ([0; 6], either(net)),
            };
            let mut line = with_parts(kind, 1, parts_minor, effect_minor);
            line.vat_rate = line.vat_rate.filter(|_| parts_minor[1] > 0);
            StatementLine { product, counterparty, ..line }
        },
    )
}

fn without_names(line: &StatementLine) -> StatementLine {
    StatementLine { product: None, counterparty: None, ..line.clone() }
}

proptest! {
    #[test]
    fn every_form_gives_back_what_was_written(
        lines in prop::collection::vec(any_line(), 0..20),
        opening_minor in -1_000_000_000_000..1_000_000_000_000_000_i64,
        utc_offset_minutes in -720..=840_i16,
    ) {
        let whole = databourse_statement::StatementParts { utc_offset_minutes, ..parts(opening_minor, lines) };
        let statement = Statement::new(whole).unwrap();
        let json = statement.to_json().unwrap();
        prop_assert_eq!(&read_json(&json).unwrap(), &statement);
        prop_assert_eq!(read_json(&json).unwrap().to_json().unwrap(), json);

        let lines = &statement.parts().lines;
        prop_assert_eq!(&read_csv(&statement.to_csv(Language::Both)).unwrap(), lines);
        for language in [Language::Zh, Language::En] {
            let read = read_csv(&statement.to_csv(language)).unwrap();
            let read: Vec<_> = read.iter().map(without_names).collect();
            prop_assert_eq!(read, lines.iter().map(without_names).collect::<Vec<_>>());
        }
    }
}
