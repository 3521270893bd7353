//! Statements to test with.

use databourse_primitives::{AmountMinor, BilingualText, Digest, EntryId, LeafIndex, Timestamp, TreeSize};
use databourse_statement::{LineKind, PairHead, StatementLine, StatementParts, WindowStage};

/// 2026-11-22T02:47:32.123Z.
pub(crate) const NOON_MS: i64 = 1_795_315_652_123;

pub(crate) fn entry(number: u64) -> EntryId {
    format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn amount(minor: i64) -> AmountMinor {
    AmountMinor::new(minor).unwrap()
}

pub(crate) fn text(zh: &str, en: &str) -> BilingualText {
    BilingualText::new(Some(zh), Some(en)).unwrap()
}

/// A line without parts.
pub(crate) fn bare(kind: LineKind, number: u64, effect_minor: i64) -> StatementLine {
    let offset_ms = i64::try_from(number).unwrap() * 61_001;
    let at = Timestamp::from_unix_ms(NOON_MS + offset_ms);
    StatementLine::new(kind, at, LeafIndex(number), entry(number), effect_minor)
}

/// A line with N, V, F, T, R and C, all it must cite, and VAT of 6 %.
pub(crate) fn with_parts(
    kind: LineKind,
    number: u64,
    parts_minor: [i64; 6],
    effect_minor: i64,
) -> StatementLine {
    let [net, vat, fee, fee_vat, revenue, voucher] = parts_minor.map(amount);
    StatementLine {
        licence: Some(format!("{}.1", entry(number)).parse().unwrap()),
        product: Some(text("长三角逐小时气象观测数据集", "Hourly weather of the Yangtze River Delta")),
        counterparty: Some(text("苏州某某保险有限公司", "Suzhou Some Insurance Co., Ltd.")),
        net_minor: net,
        vat_minor: vat,
        vat_rate: Some("0.06".parse().unwrap()),
        fee_minor: fee,
        fee_vat_minor: fee_vat,
        revenue_minor: revenue,
        voucher_minor: voucher,
        schedule: Some("CNY/2@1".parse().unwrap()),
        tax: Some(databourse_primitives::TaxVersion(2)),
        shares: Some(databourse_primitives::SharesVersion(3)),
        rounding: Some("half_up_largest_remainder".parse().unwrap()),
        ..bare(kind, number, effect_minor)
    }
}

/// The worked example: net 100.00, VAT 6.00, fee 2.50, VAT on the fee 0.15, to the supplier 97.35.
pub(crate) fn worked_example() -> StatementLine {
    with_parts(LineKind::Sale, 1, [10_000, 600, 250, 15, 0, 0], 9_735)
}

/// A statement of `lines`, closing with what they make of the opening balance.
pub(crate) fn parts(opening_minor: i64, lines: Vec<StatementLine>) -> StatementParts {
    let effect_minor: i64 = lines.iter().map(|line| line.effect_minor).sum();
    StatementParts {
        holder: "party:019aa2b4-5c00-7000-8000-00000000a001".parse().unwrap(),
        holder_name: text("上海某某数据科技有限公司", "Shanghai Some Data Technology Co., Ltd."),
        exchange: "sh".parse().unwrap(),
        exchange_name: text("上海数据交易所", "Shanghai Data Exchange"),
        window: "CNY/2#7".parse().unwrap(),
        stage: WindowStage::Settled,
        opened_at: Timestamp::from_unix_ms(NOON_MS - 3_600_000),
        closed_at: Some(Timestamp::from_unix_ms(NOON_MS + 82_800_000)),
        utc_offset_minutes: 480,
        opening_minor,
        closing_minor: opening_minor + effect_minor,
        lines,
        heads: vec![
            PairHead { pair: "js/sh".parse().unwrap(), root: Digest::of(b"js/sh") },
            PairHead { pair: "sh/zj".parse().unwrap(), root: Digest::of(b"sh/zj") },
        ],
        ledger_size: TreeSize(1_000_000),
        ledger_root: Digest::of(b"ledger"),
        notes: vec![text("样例数据。", "Sample data.")],
    }
}

/// One line of every kind, with all parts that the kind can state.
pub(crate) fn every_kind() -> Vec<StatementLine> {
    let rows: [(LineKind, [i64; 6], i64); 19] = [
        (LineKind::Deposit, [0; 6], 500_000_000),
        (LineKind::YearlyFee, [0, 0, 998_000, 59_880, 0, 0], -1_057_880),
        (LineKind::Sale, [10_000, 600, 250, 15, 0, 0], 9_735),
        (LineKind::Sale, [123_456_700, 7_407_402, 3_086_418, 185_185, 20_000_000, 1_000], 100_185_097),
        (LineKind::RefundGiven, [1_000, 60, 25, 2, 100, 10], -873),
        (LineKind::Hold, [0; 6], -31_800),
        (LineKind::HoldEnd, [0; 6], 31_800),
        (LineKind::Purchase, [30_000, 1_800, 100, 6, 0, 5_000], -26_906),
        (LineKind::RefundReceived, [10_000, 600, 0, 0, 0, 0], 10_600),
        (LineKind::RevenueShare, [10_000, 600, 250, 15, 4_000, 0], 4_000),
        (LineKind::RevenueShare, [0, 0, 0, 0, 400, 0], -400),
        (LineKind::FeeEarned, [10_000, 0, 250, 15, 0, 0], 250),
        (LineKind::Tax, [10_000, 600, 250, 15, 0, 0], 615),
        (LineKind::Voucher, [0, 0, 0, 0, 0, 5_000], 0),
        (LineKind::Voucher, [0, 0, 0, 0, 0, 5_000], 5_000),
        (LineKind::Settlement, [0; 6], -7_777),
        (LineKind::Dispute, [0; 6], -10_600),
        (LineKind::Correction, [0; 6], 1),
        (LineKind::Withdrawal, [0; 6], -123_456_789),
    ];
    let lines = (0..).zip(rows).map(|(number, (kind, parts_minor, effect_minor))| {
        if parts_minor == [0; 6] {
            return bare(kind, number, effect_minor);
        }
        let line = with_parts(kind, number, parts_minor, effect_minor);
        let vat_rate = line.vat_rate.filter(|_| parts_minor[1] != 0);
        StatementLine { vat_rate, ..line }
    });
    lines.collect()
}

/// `count` sales of different amounts.
pub(crate) fn sales(count: u64) -> Vec<StatementLine> {
    let sale = |number: u64| {
        let net = 10_000 * i64::try_from(number + 1).unwrap();
        let [vat, fee, fee_vat] = [net * 6 / 100, net * 25 / 1000, net * 15 / 10_000];
        with_parts(LineKind::Sale, number, [net, vat, fee, fee_vat, 0, 0], net - fee - fee_vat)
    };
    (0..count).map(sale).collect()
}
