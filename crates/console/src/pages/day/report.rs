//! What a reconciliation found.

use super::{confirmed::why, place::page_of, words};
use crate::{layout, visit::Visit};
use axum::response::Response;
use databourse_primitives::{BreakId, Refusal, WindowId};
use databourse_settlement::{BreakKind, Pair};
use maud::{Markup, html};
use serde::Deserialize;

/// The most breaks that a page shows; all of them are in the ledger, or in the answer of the command line.
const SHOWN: usize = 200;

/// What the API reports of a reconciliation; of a break only what is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Reconciled {
    window: WindowId,
    heads: Vec<Head>,
    #[serde(default)]
    book: Option<Vec<Book>>,
    #[serde(default)]
    bank: Option<Bank>,
    #[serde(default)]
    opened: Vec<BreakId>,
}

#[derive(Debug, Deserialize)]
struct Head {
    head: Compared,
    #[serde(default)]
    ledger: Option<BreakOpening>,
}

#[derive(Debug, Deserialize)]
struct Compared {
    pair: Pair,
    line_count: u64,
    verdict: String,
}

#[derive(Debug, Deserialize)]
struct Book {
    pair: Pair,
    tally: Tally,
    breaks: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Bank {
    tally: Tally,
    breaks: Vec<Found>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Tally {
    lines: Count,
    matched: Count,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Count {
    left: u64,
    right: u64,
}

#[derive(Debug, Deserialize)]
struct Found {
    found: What,
    #[serde(default)]
    ledger: Option<BreakOpening>,
}

#[derive(Debug, Deserialize)]
struct What {
    kind: BreakKind,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    counterparty: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
enum BreakOpening {
    Opened { id: BreakId },
    AlreadyOpen { id: BreakId },
    Refused { refusal: Refusal },
    Later,
}

/// The page of a reconciliation.
pub(super) fn reconciled(visit: &Visit, report: &Reconciled) -> Response {
    let differing = report.heads.iter().filter(|head| head.head.verdict == "differs").count();
    let of_books: usize = report.book.iter().flatten().map(|book| book.breaks.len()).sum();
    let count = differing + of_books + report.bank.as_ref().map_or(0, |bank| bank.breaks.len());
    let title = visit.t(
        format!("窗口 {} 的对账结果", report.window),
        format!("Reconciliation of window {}", report.window),
    );
    visit.page(&title, html! {
        h1 { (title) }
        @if count == 0 {
            p.done { (visit.t("一致：没有差异。", "They agree: nothing differs.")) }
        } @else {
            p.remark {
                (visit.t(format!("发现 {count} 处差异，本次登记差错 {} 项。", report.opened.len()),
                    format!("{count} differences, for {} of which a break was opened now.", report.opened.len())))
            }
        }
        h2 { (visit.t("各方签名的摘要", "Signed heads")) }
        (heads(visit, &report.heads))
        @for book in report.book.iter().flatten() {
            h2 { (visit.t("账本与自有账：", "Ledger and own book: ")) (book.pair) }
            (tally(visit, book.tally))
            (differences(visit, &book.breaks))
        }
        @if let Some(bank) = &report.bank {
            h2 { (visit.t("账本与银行", "Ledger and bank")) }
            (tally(visit, bank.tally))
            (differences(visit, &bank.breaks))
        }
        p {
            a href="/day/breaks" { (visit.t("查看差错", "See the breaks")) } " · "
            a href="/day/reconcile" { (visit.t("再次对账", "Reconcile again")) } " · "
            a href=(page_of(report.window)) { (visit.t("返回窗口", "Back to the window")) }
        }
    })
}

fn heads(visit: &Visit, heads: &[Head]) -> Markup {
    let headings = [
        visit.t("交易所对", "Pair"),
        visit.t("明细笔数", "Lines"),
        visit.t("判定", "Verdict"),
        visit.t("差错", "Break"),
    ];
    let row = |head: &Head| {
        html! {
            td { (head.head.pair) }
            td.number { (visit.format().number(head.head.line_count)) }
            td {
                @match head.head.verdict.as_str() {
                    "agreed" => span.state.good { (visit.t("一致", "Agreed")) }
                    "waiting" => span.state.warn { (visit.t("待签", "Waiting")) }
                    _ => span.state.bad { (visit.t("不一致", "They differ")) }
                }
            }
            td { (opened(visit, head.ledger.as_ref())) }
        }
    };
    let rows: Vec<Markup> = heads.iter().map(row).collect();
    layout::table(
        visit.t("各方签名的摘要", "Signed heads"),
        &headings,
        &rows,
        visit.t("此窗口没有明细。", "The window has no lines."),
    )
}

fn tally(visit: &Visit, tally: Tally) -> Markup {
    let format = visit.format();
    let count = |count: Count| {
        html! {
            (visit.t("账本 ", "ledger ")) (format.number(count.left)) ", "
            (visit.t("对方 ", "other side ")) (format.number(count.right))
        }
    };
    layout::facts(&[
        (visit.t("明细", "Lines"), count(tally.lines)),
        (visit.t("已匹配", "Matched"), count(tally.matched)),
    ])
}

fn differences(visit: &Visit, breaks: &[Found]) -> Markup {
    let headings = [
        visit.t("差异", "Difference"),
        visit.t("业务键", "Business key"),
        visit.t("对方", "Counterparty"),
        visit.t("差错", "Break"),
    ];
    let row = |one: &Found| {
        html! {
            td { (words::break_kind(visit.lang, one.found.kind)) }
            td { @if let Some(key) = &one.found.key { code { (key) } } @else { "–" } }
            td { @if let Some(other) = &one.found.counterparty { code { (other) } } @else { "–" } }
            td { (opened(visit, one.ledger.as_ref())) }
        }
    };
    let rows: Vec<Markup> = breaks.iter().take(SHOWN).map(row).collect();
    html! {
        (layout::table(visit.t("差异", "Differences"), &headings, &rows, visit.t("没有差异。", "Nothing differs.")))
        @if breaks.len() > SHOWN {
            p.hint { (visit.t(format!("只显示前 {SHOWN} 处，共 {} 处。", breaks.len()),
                format!("The first {SHOWN} of {} are shown.", breaks.len()))) }
        }
    }
}

fn opened(visit: &Visit, opened: Option<&BreakOpening>) -> Markup {
    match opened {
        None => html! { (visit.t("未登记", "Not opened")) },
        Some(BreakOpening::Opened { id }) => {
            html! { a href={ "/day/breaks/" (id) } { (visit.t("新登记", "Opened now")) } }
        }
        Some(BreakOpening::AlreadyOpen { id }) => {
            html! { a href={ "/day/breaks/" (id) } { (visit.t("此前已登记", "Open before")) } }
        }
        Some(BreakOpening::Refused { refusal }) => html! {
            span.state.bad { (visit.t("未被接受", "Refused")) } " " (why(visit, refusal))
        },
        Some(BreakOpening::Later) => html! { (visit.t("下次对账时登记", "Opened by the next run")) },
    }
}
