//! Before and after the table: the balances, the totals, the proof, and how to recompute a line.

use super::{
    canvas::Ink,
    columns::{Amount, Columns, TEXT_LEFT, grouped},
    face::{Length, Style, measure},
    sheet::{LEFT, RIGHT, Sheet},
    table::{Headings, draw_headings},
    wrap::fit,
};
use crate::{
    Statement,
    words::{self as w, Language, Words, both},
};
use databourse_primitives::Digest;

const TEXT: Style = Style::plain(750);
const ROW_HEIGHT: Length = 1_350;

const RECOMPUTE_ZH: &str = "每行下方列出其叶序号、条目和所引用的版本。按叶序号从账本取得该条目及存证回执，再以所引版本重新计算：\
    增值税 = 净额 × 税率；手续费按费率表由净额计算；手续费增值税 = 手续费 × 费率表中的税率；\
    销售的影响 = 净额 − 手续费 − 手续费增值税 − 收益分配（增值税记入税款账户）；购买的影响 = −（净额 + 增值税 + 需方手续费及其增值税 − 创新券）；\
    退款与之相反。结果与本单逐分相同。";
const RECOMPUTE_EN: &str = "Under each line stand its leaf, its entry and the versions that it cites. Fetch the entry and its \
    receipt from the ledger by the leaf, then compute again with those versions: VAT = net × rate; the fee follows from \
    the net price by the schedule; VAT on the fee = fee × the schedule's rate; effect of a sale = net − fee − VAT on the fee − \
    revenue shares (VAT goes to the tax account); effect of a purchase = −(net + VAT + the buyer's own fee and VAT on it − \
    voucher); a refund is the reverse. The result is the same to the minor unit.";

/// The four figures that a reader looks for first.
pub(super) fn draw_summary(sheet: &mut Sheet<'_>, statement: &Statement) {
    const LABEL: Style = Style::plain(750);
    let (parts, totals) = (statement.parts(), statement.totals());
    let figures = [
        (w::OPENING, parts.opening_minor),
        (w::MONEY_IN, totals.in_minor),
        (w::MONEY_OUT, -totals.out_minor),
        (w::CLOSING, parts.closing_minor),
    ];
    let width = (RIGHT - LEFT) / 4;
    let (label_base, amount_base) = (sheet.top - 300 - LABEL.size, sheet.top - 2_500);
    for (place, (words, minor)) in (0..).zip(figures) {
        let left = LEFT + place * width;
        sheet.canvas.text(left, label_base, LABEL, Ink::Grey, &words.say(Language::Both));
        let amount = format!("{} {}", grouped(statement.asset(), minor), statement.asset().code());
        sheet.canvas.text(left, amount_base, Style::bold(1_200), Ink::Black, &amount);
    }
    sheet.top -= 3_400;
}

/// Sums by kind, and the sum of all.
pub(super) fn draw_totals(sheet: &mut Sheet<'_>, columns: &Columns, statement: &Statement) {
    let totals = statement.totals();
    let rows = Length::try_from(totals.by_kind.len()).unwrap_or_default() + 1;
    // Together on one page: there are at most as many rows as kinds.
    sheet.ensure(rows * ROW_HEIGHT + 5_500);
    sheet.heading(w::TOTALS);
    draw_headings(sheet, columns, Headings::Totals);
    for (kind, sums) in &totals.by_kind {
        let amounts = columns.amounts.iter().map(|column| column.amount.of_totals(sums));
        draw_row(
            sheet,
            columns,
            Style::plain(columns.style.size),
            kind.words(),
            sums.count,
            amounts,
            statement,
        );
    }
    let effect_minor = statement.parts().closing_minor - statement.parts().opening_minor;
    let amounts =
        columns.amounts.iter().map(|column| (column.amount == Amount::Effect).then_some(effect_minor));
    let style = Style::bold(columns.style.size);
    draw_row(sheet, columns, style, w::words("合计", "All"), totals.count, amounts, statement);
}

fn draw_row(
    sheet: &mut Sheet<'_>,
    columns: &Columns,
    style: Style,
    words: Words,
    count: u64,
    amounts: impl Iterator<Item = Option<i64>>,
    statement: &Statement,
) {
    let base = sheet.top - 300 - TEXT.size;
    let label = Style { bold: style.bold, ..TEXT };
    let name = fit(&words.say(Language::Both), label, TEXT_LEFT - LEFT);
    sheet.canvas.text(LEFT, base, label, Ink::Black, &name);
    sheet.canvas.text(TEXT_LEFT, base, label, Ink::Black, &count.to_string());
    for (column, minor) in columns.amounts.iter().zip(amounts) {
        if let Some(minor) = minor {
            sheet.canvas.text_right(
                column.right,
                base,
                style,
                Ink::Black,
                &grouped(statement.asset(), minor),
            );
        }
    }
    sheet.top -= ROW_HEIGHT;
    sheet.canvas.rule(LEFT, RIGHT, sheet.top, 30);
}

/// By what the figures are proven, how they are recomputed, and what else is to be said.
pub(super) fn draw_proof(sheet: &mut Sheet<'_>, statement: &Statement, json: Digest) {
    let parts = statement.parts();
    sheet.heading(w::PROOF);
    fact(sheet, w::LEDGER_SIZE, &parts.ledger_size.to_string());
    fact(sheet, w::LEDGER_ROOT, &parts.ledger_root.to_string());
    for head in &parts.heads {
        fact(sheet, w::HEAD, &format!("{}  {}", head.pair, head.root));
    }
    fact(sheet, w::JSON_DIGEST, &json.to_string());
    sheet.heading(w::RECOMPUTE);
    sheet.paragraph(TEXT, Ink::Black, RECOMPUTE_ZH);
    sheet.paragraph(TEXT, Ink::Black, RECOMPUTE_EN);
    if !parts.notes.is_empty() {
        sheet.heading(w::NOTES);
    }
    for note in &parts.notes {
        sheet.paragraph(TEXT, Ink::Black, &both(note));
    }
}

fn fact(sheet: &mut Sheet<'_>, label: Words, value: &str) {
    sheet.ensure(ROW_HEIGHT);
    let base = sheet.top - TEXT.size;
    let label = label.say(Language::Both);
    sheet.canvas.text(LEFT, base, TEXT, Ink::Grey, &label);
    let left = (LEFT + measure(&label, TEXT) + 600).max(TEXT_LEFT);
    sheet.canvas.text(left, base, TEXT, Ink::Black, value);
    sheet.top -= ROW_HEIGHT - 200;
}
