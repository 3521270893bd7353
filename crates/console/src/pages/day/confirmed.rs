//! What became of the lines of a file of a bank.

use super::place::page_of;
use crate::{layout, visit::Visit};
use axum::response::Response;
use databourse_primitives::{AmountMinor, Asset, EntryId, InstructionId, Refusal};
use maud::{Markup, html};
use serde::Deserialize;

/// The most lines that a page shows; the command line gives all.
const SHOWN: usize = 200;

/// What became of a line.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
enum Outcome {
    Confirmed { entry: EntryId },
    AlreadyConfirmed,
    Refused { refusal: Refusal },
    Reversed,
    NotOurs,
}

#[derive(Debug, Deserialize)]
struct Line {
    reference: String,
    #[serde(default)]
    instruction: Option<InstructionId>,
    asset: Asset,
    amount_minor: AmountMinor,
    outcome: Outcome,
}

/// What became of each line of a file.
#[derive(Debug, Deserialize)]
pub(super) struct Confirmed {
    lines: Vec<Line>,
}

/// The page of a file that was read.
pub(super) fn page(visit: &Visit, report: &Confirmed) -> Response {
    let headings = [
        visit.t("银行流水号", "Bank reference"),
        visit.t("付款指令", "Payment"),
        visit.t("金额", "Amount"),
        visit.t("结果", "What became of it"),
    ];
    let row = |line: &Line| {
        html! {
            td { code { (line.reference) } }
            td {
                @if let Some(id) = line.instruction { a href={ (page_of(id.window)) "#payments" } { (id) } } @else { "–" }
            }
            td.number { (visit.format().money(line.asset, line.amount_minor.get())) }
            td { (outcome(visit, &line.outcome)) }
        }
    };
    let rows: Vec<Markup> = report.lines.iter().take(SHOWN).map(row).collect();
    let count = report.lines.iter().filter(|line| matches!(line.outcome, Outcome::Confirmed { .. })).count();
    let title = visit.t("银行文件的结果", "What became of the file");
    visit.page(title, html! {
        h1 { (title) }
        p.lead { (visit.t(format!("已确认 {count} 笔到账。"), format!("{count} payments were confirmed."))) }
        (layout::table(title, &headings, &rows, visit.t("文件中没有流水。", "The file has no lines.")))
        @if report.lines.len() > SHOWN {
            p.hint { (visit.t(format!("只显示前 {SHOWN} 笔，共 {} 笔。", report.lines.len()),
                format!("The first {SHOWN} of {} lines are shown.", report.lines.len()))) }
        }
        p { a href="/day" { (visit.t("返回结算日", "Back to the day")) } }
    })
}

fn outcome(visit: &Visit, outcome: &Outcome) -> Markup {
    match outcome {
        Outcome::Confirmed { entry } => html! {
            span.state.good { (visit.t("已确认", "Confirmed")) } " "
            a href={ "/ledger/entries/" (entry) } { (visit.t("条目", "entry")) }
        },
        Outcome::AlreadyConfirmed => html! { span.state { (visit.t("此前已确认", "Was confirmed before")) } },
        Outcome::Refused { refusal } => html! {
            span.state.bad { (visit.t("拒绝", "Refused")) } " " (why(visit, refusal))
        },
        Outcome::Reversed => {
            html! { span.state.warn { (visit.t("文件中另有冲正", "Another line takes it back")) } }
        }
        Outcome::NotOurs => html! { span.state { (visit.t("与付款指令无关", "Names no payment of ours")) } },
    }
}

/// Why something was refused, in the reader's language; what was expected, in English, beside it.
pub(super) fn why(visit: &Visit, refusal: &Refusal) -> Markup {
    html! {
        (visit.t(refusal.code.meaning_zh(), refusal.code.meaning_en()))
        " " (visit.detail(&refusal.expected))
    }
}
