//! `/money/postings.csv`: the postings of the page as a file for spreadsheets (RFC 4180, UTF-8 with a byte order mark).

use super::{accounts, chosen, posting::Posting, postings};
use crate::{failure::Failure, layout::named, visit::Visit};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The file of the page that `account` and `cursor` name.
pub(super) async fn download(visit: Visit) -> Result<Response, Failure> {
    let accounts = accounts(&visit).await?;
    let account = chosen(&visit, &accounts).ok_or(Failure::Unknown)?;
    let page = postings(&visit, &account.id).await?;
    let mut text = String::from("\u{feff}");
    push_row(&mut text, &headings(&visit).map(str::to_owned));
    for posting in &page.items {
        for row in rows(&visit, posting) {
            push_row(&mut text, &row);
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"postings.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

fn headings(visit: &Visit) -> [&'static str; 19] {
    [
        visit.t("时间", "Time"),
        visit.t("原因", "Reason"),
        visit.t("币种", "Currency"),
        visit.t("入账", "Posted"),
        visit.t("冻结或待入账的变化", "Held or expected"),
        visit.t("许可", "Licence"),
        visit.t("产品", "Product"),
        visit.t("对方", "Counterparty"),
        visit.t("净价", "Net price"),
        visit.t("增值税", "VAT"),
        visit.t("增值税率", "VAT rate"),
        visit.t("手续费", "Fee"),
        visit.t("手续费增值税", "VAT on fee"),
        visit.t("收益分配", "Revenue shares"),
        visit.t("费率表", "Schedule"),
        visit.t("税率表", "Tax table"),
        visit.t("结算窗口", "Window"),
        visit.t("叶序号", "Leaf"),
        visit.t("条目", "Entry"),
    ]
}

/// One row for each reason; the amounts of the posting stand in the first, so that sums are right.
fn rows(visit: &Visit, posting: &Posting) -> Vec<[String; 19]> {
    let amount = |minor: i64| posting.asset.render(minor);
    let text = |value: Option<String>| value.unwrap_or_default();
    let mut rows = Vec::new();
    for index in 0..posting.lines.len().max(1) {
        let line = posting.lines.get(index);
        let first = |minor: i64| if index == 0 { amount(minor) } else { String::new() };
        let part = |minor: Option<i64>| text(minor.filter(|minor| *minor != 0).map(amount));
        rows.push([
            posting.time.to_string(),
            posting.words(visit).to_owned(),
            posting.asset.code().to_owned(),
            first(posting.effect_minor()),
            first(posting.pending_minor),
            text(line.and_then(|line| line.licence.as_ref()).map(ToString::to_string)),
            text(line.and_then(|line| line.product.as_ref()).map(|name| named(visit.lang, name))),
            text(line.and_then(|line| line.counterparty.as_ref()).map(|name| named(visit.lang, name))),
            part(line.map(|line| line.net_minor)),
            part(line.map(|line| line.vat_minor)),
            text(line.and_then(|line| line.vat_rate.as_ref()).map(ToString::to_string)),
            part(line.map(|line| line.fee_minor)),
            part(line.map(|line| line.fee_vat_minor)),
            part(line.map(|line| line.revenue_minor)),
            text(line.and_then(|line| line.schedule.as_ref()).map(ToString::to_string)),
            text(line.and_then(|line| line.tax).map(|version| version.to_string())),
            posting.window.to_string(),
            posting.leaf_index.to_string(),
            posting.entry.to_string(),
        ]);
    }
    rows
}

/// Writes a row. A text that a spreadsheet would take for a formula is preceded by an apostrophe; an amount is not.
fn push_row(text: &mut String, cells: &[String; 19]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let is_number = cell.parse::<rust_decimal::Decimal>().is_ok();
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠']) && !is_number;
        let cell = if is_formula { format!("'{cell}") } else { cell.clone() };
        if cell.contains(['"', ',', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_an_amount_stays_one() {
        let mut cells: [String; 19] = Default::default();
        cells[0] = "=1+1".into();
        cells[1] = "-12.50".into();
        cells[2] = "a \"b\", c".into();
        let mut text = String::new();
        push_row(&mut text, &cells);
        assert!(text.starts_with("'=1+1,-12.50,\"a \"\"b\"\", c\",") && text.ends_with("\r\n"), "{text}");
    }
}
