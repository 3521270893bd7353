//! Proposals about members, and how one votes.

use super::seen::Proposal;
use crate::{layout, names::Names, visit::Visit};
use maud::{Markup, html};

/// What is to be voted on.
pub(super) fn proposals(visit: &Visit, names: &Names, proposals: &[Proposal]) -> Markup {
    let headings = [
        visit.t("提案", "Proposal"),
        visit.t("提出方", "Proposed by"),
        visit.t("已投票", "Votes"),
        visit.t("还需", "Needs"),
        visit.t("在命令行投票", "To vote, on the command line"),
    ];
    let row = |one: &Proposal| {
        let own = visit.console.exchange.clone();
        html! {
            td {
                (change(visit, &one.change.name)) ": " (names.exchange(&one.exchange))
                @if let Some(reason) = &one.change.reason { " (" (reason) ")" }
            }
            td { (names.exchange(&one.proposed_by)) ", " (visit.format().time(one.proposed_at)) }
            td {
                @for (code, approves) in &one.votes {
                    div { (names.exchange(code)) ": " @if *approves { (visit.t("赞成", "for")) } @else { (visit.t("反对", "against")) } }
                }
            }
            td {
                @if let Some(missing) = &one.missing {
                    (visit.t("赞成 ", "approvals ")) (missing.approval_count) " / " (missing.approval_count_needed)
                } @else { "–" }
            }
            td {
                @if one.votes.contains_key(&own) { (visit.t("本交易所已投票", "This exchange has voted")) }
                @else { code { "databourse region vote " (one.id) " --approve" } }
            }
        }
    };
    let rows: Vec<Markup> = proposals.iter().map(row).collect();
    layout::table(
        visit.t("待表决的提案", "Proposals to vote on"),
        &headings,
        &rows,
        visit.t("没有待表决的提案。", "There is nothing to vote on."),
    )
}

fn change(visit: &Visit, name: &str) -> &'static str {
    match name {
        "join" => visit.t("入链", "To join"),
        "leave" => visit.t("退链", "To leave"),
        "replace_keys" => visit.t("更换密钥", "To replace keys"),
        "suspend" => visit.t("暂停", "To suspend"),
        "reinstate" => visit.t("恢复", "To reinstate"),
        "close" => visit.t("终结账本，由此所提出", "To close the ledger, proposed by"),
        _ => visit.t("变更", "A change"),
    }
}
