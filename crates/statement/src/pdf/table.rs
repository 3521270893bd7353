//! The table of lines: one row per line, under it what the line cites, so that a reader can find and recompute it.

use super::{
    canvas::Ink,
    columns::{Amount, Columns, GAP, HEADING, KIND_LEFT, TEXT_LEFT, grouped},
    face::{Length, Style, printable},
    sheet::{LEFT, RIGHT, Sheet, seconds},
    wrap::{fit, wrap},
};
use crate::{
    Statement, StatementLine,
    words::{self as w, Words, both},
};
use databourse_primitives::{BilingualText, Rate};

const TEXT: Style = Style::plain(750);
const TEXT_LEADING: Length = 1_000;
const CITED: Style = Style::plain(600);
const CITED_LEADING: Length = 800;
const PADDING: Length = 300;
const HEADING_HEIGHT: Length = 2_300;

/// Draws the table of all lines.
pub(super) fn draw_lines(sheet: &mut Sheet<'_>, columns: &Columns, statement: &Statement) {
    draw_headings(sheet, columns, Headings::Lines);
    let mut balance_minor = statement.parts().opening_minor;
    for line in &statement.parts().lines {
        balance_minor += line.effect_minor;
        Row::of(columns, line).draw(sheet, columns, statement, balance_minor);
    }
    if statement.parts().lines.is_empty() {
        let base = sheet.top - PADDING - TEXT.size;
        sheet.canvas.text(TEXT_LEFT, base, TEXT, Ink::Grey, "本窗口没有业务 No lines in this window");
        sheet.top -= TEXT_LEADING + 2 * PADDING;
        sheet.canvas.rule(LEFT, RIGHT, sheet.top, 30);
    }
}

/// Whose headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Headings {
    Lines,
    Totals,
}

/// Headings, two lines each: Chinese above English. Those of totals count lines where a line has its text.
pub(super) fn draw_headings(sheet: &mut Sheet<'_>, columns: &Columns, of: Headings) {
    let bottom = sheet.top - HEADING_HEIGHT;
    sheet.canvas.shade(LEFT, RIGHT, bottom, sheet.top);
    let upper = sheet.top - PADDING - HEADING.size;
    let lower = upper - HEADING.size - 200;
    let mut left = |left, words: Words| {
        sheet.canvas.text(left, upper, HEADING, Ink::Black, words.zh);
        sheet.canvas.text(left, lower, HEADING, Ink::Black, words.en);
    };
    if of == Headings::Lines {
        left(LEFT, w::TIME);
        left(KIND_LEFT, w::KIND);
        left(TEXT_LEFT, w::words("产品 / 对方", "Product / counterparty"));
    } else {
        left(LEFT, w::KIND);
        left(TEXT_LEFT, w::COUNT);
    }
    for column in &columns.amounts {
        if of == Headings::Totals && column.amount == Amount::Balance {
            continue;
        }
        let words = column.amount.heading();
        sheet.canvas.text_right(column.right, upper, HEADING, Ink::Black, words.zh);
        sheet.canvas.text_right(column.right, lower, HEADING, Ink::Black, words.en);
    }
    sheet.top = bottom;
}

/// A row before it is drawn: its text is broken into lines, so its height is known.
struct Row<'a> {
    line: &'a StatementLine,
    text: Vec<String>,
    cited: Vec<String>,
}

impl<'a> Row<'a> {
    fn of(columns: &Columns, line: &'a StatementLine) -> Self {
        let names = [&line.product, &line.counterparty].into_iter().flatten();
        let text = names.flat_map(|name| name_lines(name, columns.text_width)).collect();
        let cited = wrap(&citation(line), CITED, RIGHT - KIND_LEFT, 3);
        Self { line, text, cited }
    }

    fn height(&self) -> Length {
        let height = |lines: usize, leading| Length::try_from(lines).unwrap_or_default() * leading;
        2 * PADDING + height(self.text.len().max(2), TEXT_LEADING) + height(self.cited.len(), CITED_LEADING)
    }

    fn draw(&self, sheet: &mut Sheet<'_>, columns: &Columns, statement: &Statement, balance_minor: i64) {
        if sheet.ensure(self.height()) {
            draw_headings(sheet, columns, Headings::Lines);
        }
        let line = self.line;
        let first = sheet.top - PADDING - TEXT.size;
        let second = first - TEXT_LEADING;
        let time = seconds(line.occurred_at, statement.parts().utc_offset_minutes);
        let (day, clock) = time.split_once(' ').unwrap_or((&time, ""));
        sheet.canvas.text(LEFT, first, TEXT, Ink::Black, day);
        sheet.canvas.text(LEFT, second, TEXT, Ink::Grey, clock);

        let kind = line.kind.words();
        let kind_width = TEXT_LEFT - KIND_LEFT - GAP / 2;
        sheet.canvas.text(KIND_LEFT, first, TEXT, Ink::Black, kind.zh);
        sheet.canvas.text(KIND_LEFT, second, TEXT, Ink::Black, &fit(kind.en, TEXT, kind_width));

        for (place, text) in (0..).zip(&self.text) {
            sheet.canvas.text(TEXT_LEFT, first - place * TEXT_LEADING, TEXT, Ink::Black, text);
        }
        for column in &columns.amounts {
            let minor = column.amount.of_line(line, balance_minor);
            // Nothing is shown as nothing: a zero in every column would hide the amounts that are there.
            if minor != 0 || matches!(column.amount, Amount::Effect | Amount::Balance) {
                let amount = grouped(statement.asset(), minor);
                sheet.canvas.text_right(column.right, first, columns.style, Ink::Black, &amount);
            }
            if let (Amount::Vat, Some(rate)) = (column.amount, line.vat_rate) {
                sheet.canvas.text_right(column.right, second, TEXT, Ink::Grey, &percent(rate));
            }
        }
        sheet.top -= self.height();
        for (place, text) in (0..).zip(self.cited.iter().rev()) {
            let base = sheet.top + PADDING + place * CITED_LEADING;
            sheet.canvas.text(KIND_LEFT, base, CITED, Ink::Grey, text);
        }
        sheet.canvas.rule(LEFT, RIGHT, sheet.top, 30);
    }
}

/// A name on two lines at most: both languages one after the other, or, if that is too long, each on its own line.
fn name_lines(name: &BilingualText, width: Length) -> Vec<String> {
    const LINES: usize = 2;
    let mut lines = wrap(&printable(&both(name)), TEXT, width, LINES + 1);
    if lines.len() > LINES {
        lines = match (name.zh(), name.en()) {
            (Some(zh), Some(en)) if zh != en => {
                [zh, en].map(|name| fit(&printable(name), TEXT, width)).into()
            }
            _ => wrap(&printable(&both(name)), TEXT, width, LINES),
        };
    }
    lines
}

/// Where the line is in the ledger, and the versions that its parts follow from.
fn citation(line: &StatementLine) -> String {
    let mut cited = vec![format!("{} {} {}", w::LEAF.zh, w::LEAF.en, line.leaf_index)];
    let mut cite = |words: Words, value: Option<String>| {
        cited.extend(value.map(|value| format!("{} {} {value}", words.zh, words.en)));
    };
    cite(w::ENTRY, Some(line.entry.to_string()));
    cite(w::LICENCE, line.licence.map(|licence| licence.to_string()));
    cite(w::SCHEDULE, line.schedule.map(|schedule| schedule.to_string()));
    cite(w::TAX_TABLE, line.tax.map(|tax| tax.to_string()));
    cite(w::SHARES, line.shares.map(|shares| shares.to_string()));
    cite(w::ROUNDING, line.rounding.as_ref().map(ToString::to_string));
    cited.join(" · ")
}

/// A rate as people write it: `6%`, `2.5%`.
fn percent(rate: Rate) -> String {
    let (numerator, denominator) = rate.as_fraction();
    let (whole, rest) = (numerator * 100 / denominator, numerator * 100 % denominator);
    // Decimals of the rest, as many as the denominator has zeros.
    let places = denominator.ilog10();
    let decimals = format!("{rest:0width$}", width = usize::try_from(places).unwrap_or_default());
    match decimals.trim_end_matches('0') {
        "" => format!("{whole}%"),
        decimals => format!("{whole}.{decimals}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_shown_in_percent() {
        let check = |rate: &str, text: &str| assert_eq!(percent(rate.parse().unwrap()), text);
        check("0", "0%");
        check("0.06", "6%");
        check("0.025", "2.5%");
        check("0.13000", "13%");
        check("1", "100%");
        check("0.000000001", "0.0000001%");
    }
}
