//! Statements to test with.

use databourse_primitives::{AmountMinor, BilingualText, Digest, EntryId, LeafIndex, Timestamp, TreeSize};
use databourse_statement::{LineKind, Statement, StatementLine, StatementParts, WindowStage};

pub(crate) const WINDOW: &str = "CNY/2#7";
pub(crate) const HOLDER: &str = "party:019aa2b4-5c00-7000-8000-00000000a001";

fn text(zh: &str, en: &str) -> BilingualText {
    BilingualText::new(Some(zh), Some(en)).unwrap()
}

fn line(number: u64) -> StatementLine {
    let entry: EntryId = format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap();
    let signed = i64::try_from(number).unwrap();
    let at = Timestamp::from_unix_ms(1_795_315_652_123 + signed * 61_001);
    let bare = |kind, effect_minor| StatementLine::new(kind, at, LeafIndex(number), entry, effect_minor);
    match number % 4 {
        0 => bare(LineKind::Deposit, 500_000 + signed),
        1 => bare(LineKind::Withdrawal, -1 - signed),
        _ => {
            let amount = |minor| AmountMinor::new(minor).unwrap();
            StatementLine {
                licence: Some(format!("{entry}.1").parse().unwrap()),
                product: Some(text("长三角逐小时气象观测数据集", "Hourly \"weather\" of the Yangtze Delta")),
                counterparty: Some(text("苏州某某保险有限公司", "Suzhou Some Insurance Co., Ltd.")),
                net_minor: amount(10_000),
                vat_minor: amount(600),
                vat_rate: Some("0.06".parse().unwrap()),
                fee_minor: amount(250),
                fee_vat_minor: amount(15),
                schedule: Some("CNY/2@1".parse().unwrap()),
                tax: Some(databourse_primitives::TaxVersion(2)),
                rounding: Some("half_up_largest_remainder".parse().unwrap()),
                ..bare(LineKind::Sale, 9_735)
            }
        }
    }
}

/// A statement of `count` lines of a window that stands there.
pub(crate) fn statement_at(stage: WindowStage, count: u64) -> Statement {
    let lines: Vec<StatementLine> = (0..count).map(line).collect();
    let closing_minor = lines.iter().map(|line| line.effect_minor).sum();
    let parts = StatementParts {
        holder: HOLDER.parse().unwrap(),
        holder_name: text("上海某某数据科技有限公司", "Shanghai Some Data Technology Co., Ltd."),
        exchange: "sh".parse().unwrap(),
        exchange_name: text("上海数据交易所", "Shanghai Data Exchange"),
        window: WINDOW.parse().unwrap(),
        stage,
        opened_at: Timestamp::from_unix_ms(1_795_315_000_000),
        closed_at: None,
        utc_offset_minutes: 480,
        opening_minor: 0,
        closing_minor,
        lines,
        heads: Vec::new(),
        ledger_size: TreeSize(1_000_000),
        ledger_root: Digest::of(b"ledger"),
        notes: Vec::new(),
    };
    Statement::new(parts).unwrap()
}

pub(crate) fn statement(count: u64) -> Statement {
    statement_at(WindowStage::Settled, count)
}
