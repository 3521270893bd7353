//! The PDF form before its judges: poppler reads the text and its places, qpdf the structure.

use crate::{
    judges::Judged,
    support::{NOON_MS, every_kind, parts, sales, text, with_parts},
};
use databourse_primitives::{AMOUNT_MINOR_MAX, Timestamp};
use databourse_statement::{LineKind, Statement, StatementLine, StatementParts, WindowStage};

fn judged(name: &str, whole: StatementParts) -> (Judged, Statement) {
    let statement = Statement::new(whole).unwrap();
    let judged = Judged::new(name, &statement.to_pdf(None).unwrap());
    judged.check();
    (judged, statement)
}

/// `12,345.67`; zero as the table shows a part.
fn shown(minor: i64) -> String {
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.abs());
    let whole = (minor / 100).to_string();
    let groups: Vec<_> =
        whole.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    format!("{sign}{}.{:02}", groups.join(","), minor % 100)
}

#[track_caller]
fn check(count: u64, page_count: usize) {
    let (judged, statement) = judged(&format!("sales-{count}"), parts(0, sales(count)));
    let pages = judged.pages();
    assert_eq!(judged.info("Pages"), page_count.to_string());
    assert_eq!(pages.len(), page_count);
    for (page, number) in pages.iter().zip(1..) {
        // poppler may leave the narrow spaces of the footer out.
        let footer = format!("CNY/2#7{number}/{page_count}");
        assert!(page.replace(' ', "").ends_with(&footer), "{page}");
        for header in ["结算单 Settlement statement", "上海某某数据科技有限公司", "期间 Period", "CNY/2#7"]
        {
            assert!(page.contains(header), "page {number} lacks {header}: {page}");
        }
    }
    let whole = pages.join(" ");
    let mut from = 0;
    let mut balance_minor = 0;
    for line in &statement.parts().lines {
        balance_minor += line.effect_minor;
        let [net, vat, fee, fee_vat, ..] = line.parts_minor();
        let amounts = [net, vat, fee, fee_vat, line.effect_minor, balance_minor].map(shown).join(" ");
        let place = whole[from..].find(&amounts);
        from += place.unwrap_or_else(|| panic!("{amounts} is not shown, or not in order"));
    }
    let rows = pages.iter().filter(|page| page.contains("产品 / 对方"));
    assert!(rows.count() >= page_count - 1, "the heading is repeated on every page with rows");
}

#[test]
fn every_amount_is_on_its_row_and_pages_are_numbered() {
    check(1, 1);
    check(60, 6);
    check(1_000, 85);
}

#[test]
fn a_statement_of_every_kind_speaks_both_languages_and_shows_its_proof() {
    let (judged, statement) = judged("every-kind", parts(12_345_678, every_kind()));
    let whole = judged.pages().join(" ");
    for kind in LineKind::ALL {
        let words = kind.words();
        assert!(whole.contains(words.zh) && whole.contains(words.en), "{kind:?} is not named");
    }
    let parts = statement.parts();
    let digest = databourse_primitives::Digest::of(&statement.to_json().unwrap());
    let proofs = [parts.ledger_root, parts.heads[0].root, parts.heads[1].root, digest];
    for proof in proofs {
        assert!(whole.contains(&proof.to_string()), "{proof} is not shown");
    }
    for line in &parts.lines {
        assert!(whole.contains(&line.entry.to_string()), "{} is not cited", line.entry);
    }
    let totals = statement.totals();
    let figures = [parts.opening_minor, totals.in_minor, -totals.out_minor, parts.closing_minor];
    for figure in figures.map(shown) {
        assert!(whole.contains(&format!("{figure} CNY")), "{figure} is not shown");
    }
    for sums in totals.by_kind.values() {
        assert!(whole.contains(&shown(sums.effect_minor)));
    }
    for words in
        ["费率表 Schedule CNY/2@1", "Rounding half_up_largest_remainder", "如何复核", "样例数据。", "6%"]
    {
        assert!(whole.contains(words), "{words} is not shown");
    }
    assert!(!whole.contains("provisional"));
    assert_eq!(judged.info("Title"), "结算单 Settlement statement CNY/2#7");
    assert!(judged.info("Page size").contains("841.89 x 595.28"));
}

/// Long names, the largest amounts, characters outside the Chinese collection: nothing may leave the page or touch.
#[test]
fn nothing_overlaps_and_columns_end_where_they_should() {
    let max = AMOUNT_MINOR_MAX;
    let fee = max / 3;
    let mut line = with_parts(LineKind::Sale, 1, [max, max / 100 * 6 + 5, fee, fee / 16, fee, max], 0);
    line.effect_minor = max - 2 * fee - fee / 16;
    let chinese = "长三角逐小时气象观测数据集（含台风路径、降水、能见度与海浪），供保险与物流使用".repeat(5);
    let english = "Hourly weather of the Yangtze River Delta −5 ≤ x é𠮷😀 ".repeat(9);
    let effect_minor = line.effect_minor;
    line.product = Some(text(&chinese, &english));
    line.counterparty = Some(text(&"W".repeat(300), "\u{202e}Tab\tbed"));
    let whole = parts(0, vec![line]);
    let notes = vec![text(&chinese.repeat(10), &"words of a note ".repeat(200))];
    let holder_name = text(&chinese, &english);
    let (judged, _) = judged("long", StatementParts { notes, holder_name, ..whole });
    let words = judged.words();
    assert!(words.len() > 500, "{}", words.len());
    for (index, word) in words.iter().enumerate() {
        assert!(word.left > 27.9 && word.right < 814.0, "{word:?} leaves the page's margins");
        for other in &words[index + 1..] {
            let same_line = word.page == other.page && (word.base - other.base).abs() < 2.0;
            let apart = word.right < other.left + 0.3 || other.right < word.left + 0.3;
            assert!(!same_line || apart, "{word:?} overlaps {other:?}");
        }
    }
    // Right-aligned by our widths, placed by poppler's.
    for amount in [shown(effect_minor), "90,071,992,547,409.91".to_owned()] {
        assert!(words.iter().any(|word| word.text == amount), "{amount} is cut");
    }
    assert!(judged.pages()[0].contains("〓〓"), "characters beyond the basic plane are marked as missing");
    let (judged, _) = judged_sales();
    let balances = ["97.35", "292.05", "584.10"];
    for balance in balances {
        let words = judged.words();
        let rights = words.iter().filter(|word| word.text == balance).map(|word| word.right);
        let right = rights.fold(0.0, f64::max);
        assert!((right - 813.89).abs() < 0.05, "{balance} ends at {right}");
    }
}

fn judged_sales() -> (Judged, Statement) {
    judged("sales-aligned", parts(0, sales(3)))
}

#[test]
fn an_open_window_without_lines_is_shown_as_provisional() {
    let whole = StatementParts { stage: WindowStage::Open, closed_at: None, ..parts(5, Vec::new()) };
    let (judged, _) = judged("none", whole);
    let pages = judged.pages();
    assert!(pages[0].contains("暂定") && pages[0].contains("provisional"), "{pages:?}");
    assert!(pages[0].contains("本窗口没有业务 No lines in this window"), "{pages:?}");
}

#[test]
fn one_statement_gives_the_same_bytes_and_time_is_only_what_is_given() {
    let statement = Statement::new(parts(0, every_kind())).unwrap();
    let pdf = statement.to_pdf(None).unwrap();
    assert_eq!(statement.to_pdf(None).unwrap(), pdf);
    assert_eq!(Judged::new("undated", &pdf).info("CreationDate"), "");
    let dated = statement.to_pdf(Some(Timestamp::from_unix_ms(NOON_MS))).unwrap();
    let date = Judged::new("dated", &dated).info("CreationDate");
    assert!(date.contains("Nov 22 02:47:32 2026"), "{date}");
}

#[test]
fn ten_thousand_lines_make_one_file() {
    let lines: Vec<StatementLine> = sales(10_000);
    let pdf = Statement::new(parts(0, lines)).unwrap().to_pdf(None).unwrap();
    let judged = Judged::new("sales-10000", &pdf);
    judged.check();
    assert_eq!(judged.info("Pages"), "835");
    assert!(pdf.len() < 4_000_000, "{} bytes", pdf.len());
}
