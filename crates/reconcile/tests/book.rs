//! An exchange's own book: read back as it was written, in the words of the exchange, and refused whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::RefusalCode;
use databourse_reconcile::book::{
    AmountForm, ColumnMapping, DateForm, SignRule, Source, read_book, write_book,
};
use databourse_reconcile::{LineKind, LineStatus, SettlementLine};

#[path = "support/made.rs"]
mod made;
use made::{keyless, refund, sale};

fn lines() -> Vec<SettlementLine> {
    let sold = sale("b", "1/sale", 20_000);
    let back = refund(&sold, "1/refund", 2000, 90);
    let pending = SettlementLine { status: LineStatus::Pending, tax: None, ..sale("c", "2/sale", 4000) };
    vec![sold.clone(), back, keyless(&sold), pending]
}

/// A Chinese book: its own titles and words, minor units, no signs, local time, one constant, semicolons.
const CHINESE: &str = r#"{
    "columns": {
        "key": {"column": "业务号"}, "kind": {"column": "类型"}, "counterparty": {"column": "对方"},
        "asset": {"value": "CNY/2"}, "net": {"column": "净额(分)"}, "vat": {"column": "税额"}, "fee": {"column": "手续费"},
        "fee_vat": {"column": "手续费税额"}, "schedule": {"value": "CNY/2@1"}, "tax": {"column": "税表"},
        "window": {"column": "清算窗口"}, "status": {"column": "状态"}, "original": {"column": "原交易"},
        "occurred_at": {"column": "时间"}
    },
    "amounts": "minor", "dates": {"date_time": {"utc_offset_minutes": 480}}, "signs": "unsigned", "separator": ";",
    "kinds": {"销售": "sale", "退款": "refund"}, "statuses": {"完成": "final", "冲正": "reversed", "待定": "pending"}
}"#;

#[test]
fn a_book_is_read_back_as_it_was_written() {
    let chinese: ColumnMapping = serde_json::from_str(CHINESE).unwrap();
    let inverted =
        ColumnMapping { signs: SignRule::Inverted, amounts: AmountForm::Minor, ..ColumnMapping::plain() };
    for mapping in [ColumnMapping::plain(), chinese.clone(), inverted] {
        let file = write_book(&lines(), &mapping).unwrap();
        assert_eq!(read_book(&file, &mapping).unwrap(), lines());
        let json = serde_json::to_string(&mapping).unwrap();
        assert_eq!(serde_json::from_str::<ColumnMapping>(&json).unwrap(), mapping);
    }
    let text = String::from_utf8(write_book(&lines(), &chinese).unwrap()).unwrap();
    let second = text.lines().nth(2).unwrap();
    assert_eq!(second, "1/refund;退款;b;2000;120;50;3;1;CNY/2#7;完成;1/sale;2026-11-22 11:30:00");
}

#[test]
fn columns_that_the_mapping_does_not_name_and_their_order_do_not_matter() {
    let mut mapping = ColumnMapping::plain();
    (mapping.columns.vat, mapping.columns.fee, mapping.columns.fee_vat) = (None, None, None);
    (mapping.columns.schedule, mapping.columns.tax, mapping.columns.status) = (None, None, None);
    mapping.columns.original = None;
    let file = "remark,occurred_at,window,net,asset,counterparty,kind,key\n\
        \"a, \"\"b\"\"\",2026-11-22T10:00:00+08:00,CNY/2#7,20.5,CNY/2,b,sale,1/sale\n";
    let read = read_book(file.as_bytes(), &mapping).unwrap();
    let expected = SettlementLine {
        vat_minor: 0,
        fee_minor: 0,
        fee_vat_minor: 0,
        schedule: None,
        tax: None,
        net_minor: 2050,
        ..sale("b", "1/sale", 2000)
    };
    assert_eq!(read, [expected]);
}

#[test]
fn one_bad_value_refuses_the_file_and_is_named_by_line_and_column() {
    let good = String::from_utf8(write_book(&lines(), &ColumnMapping::plain()).unwrap()).unwrap();
    let check = |from: &str, to: &str, field: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let refusal = read_book(bad.as_bytes(), &ColumnMapping::plain()).unwrap_err();
        assert_eq!((refusal.code, &*refusal.field), (RefusalCode::FileMalformed, field), "{from} → {to}");
    };
    check("200.00", "200.001", "line 2, column net");
    check("200.00", "1,5", "line 2");
    check("-1.20", "1.20", "line 3, column vat");
    check("-20.00", "", "line 3, column net");
    check("1/refund", "1 refund", "line 3, column key");
    check("pending", "open", "line 5, column status");
    check("sale,b", "gift,b", "line 2, column kind");
    check("CNY/2@1,1,", "CNY/2@1,01,", "line 2, column tax");
    check("CNY/2#7", "CNY/2", "line 2, column window");
    check("2026-11-22T03:30:00.000Z", "2026-11-22", "line 3, column occurred_at");
    check(",fee,", ",net,", "line 1, column net");
    check(",fee,", ",Fee,", "line 1, column fee");
    check("final,,", "final,,,", "line 2");
    let empty = read_book(b"", &ColumnMapping::plain()).unwrap_err();
    assert_eq!(empty.field, "line 1");
    assert_eq!(read_book(good.lines().next().unwrap().as_bytes(), &ColumnMapping::plain()).unwrap(), []);
}

#[test]
fn a_constant_that_is_no_value_is_named_by_its_field() {
    let mut mapping = ColumnMapping::plain();
    mapping.columns.asset = Source::Value("yuan".to_owned());
    let file = write_book(&lines(), &ColumnMapping::plain()).unwrap();
    assert_eq!(read_book(&file, &mapping).unwrap_err().field, "columns.asset");
    mapping.dates = DateForm::DateTime { utc_offset_minutes: 1440 };
    mapping.columns.asset = Source::Column("asset".to_owned());
    assert_eq!(read_book(&file, &mapping).unwrap_err().field, "line 2, column occurred_at");
}

#[test]
fn what_a_mapping_cannot_say_is_not_written() {
    let check = |change: fn(&mut ColumnMapping), line: SettlementLine, field: &str| {
        let mut mapping = ColumnMapping::plain();
        change(&mut mapping);
        assert_eq!(write_book(&[line], &mapping).unwrap_err().field, field);
    };
    let sold = sale("b", "1/sale", 2000);
    check(|mapping| mapping.columns.fee = None, sold.clone(), "lines[0].fee");
    check(|mapping| mapping.columns.tax = Some(Source::Value("2".to_owned())), sold.clone(), "lines[0].tax");
    check(
        |mapping| mapping.kinds = [("r".to_owned(), LineKind::Refund)].into(),
        sold.clone(),
        "lines[0].kind",
    );
    check(|mapping| mapping.columns.vat = Some(mapping.columns.net.clone()), sold.clone(), "lines[0].vat");
    let pending = SettlementLine { status: LineStatus::Pending, ..sold.clone() };
    check(|mapping| mapping.columns.status = None, pending, "lines[0].status");
    let split = SettlementLine { occurred_at: sold.occurred_at.plus_ms(1), ..sold };
    check(
        |mapping| mapping.dates = DateForm::DateTime { utc_offset_minutes: 0 },
        split,
        "lines[0].occurred_at",
    );
}
