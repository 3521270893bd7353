//! `/day`: the day at a glance.

use super::{
    open_breaks::OpenBreaks,
    oversight,
    place::page_of,
    todo::{self, Step},
    words,
};
use crate::{
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_settlement::{AgeBucket, Dispute, InstructionState, Window};
use maud::{Markup, html};

const AGES: [AgeBucket; 5] =
    [AgeBucket::Today, AgeBucket::Days1To3, AgeBucket::Days4To7, AgeBucket::Days8To30, AgeBucket::Over30Days];

/// `GET /day`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    oversight(&visit)?;
    let of_state = async |state: &str| {
        visit.get::<Page<Window>>(&format!("/v1/windows?state={state}&sort=oldest&limit=50")).await
    };
    let (open, closing, closed, settling, settled, breaks, disputes) = tokio::try_join!(
        of_state("open"),
        of_state("closing"),
        of_state("closed"),
        of_state("settling"),
        visit.get::<Page<Window>>("/v1/windows?state=settled&limit=5"),
        OpenBreaks::read(&visit, &[]),
        visit.get::<Page<Dispute>>("/v1/disputes?state=open&sort=oldest&limit=50"),
    )?;
    let parties = disputes.items.iter().flat_map(|dispute| [dispute.buyer, dispute.supplier]);
    let names = Names::of(&visit, parties, []).await?;
    let at_work: Vec<&Window> = closing.items.iter().chain(&closed.items).chain(&settling.items).collect();
    let mut steps: Vec<Step> = at_work
        .iter()
        .copied()
        .chain(&open.items)
        .flat_map(|window| todo::of_window(&visit, window))
        .collect();
    steps.extend(todo::of_breaks(&visit, &breaks));
    if !disputes.items.is_empty() {
        let count = at_least(disputes.items.len(), disputes.next.is_some());
        let what = visit.t(format!("裁决争议：{count} 项"), format!("Decide disputes: {count}"));
        steps.push(Step::now(what, "/desk#disputes".to_owned()));
    }
    let recent: Vec<&Window> = settled.items.iter().collect();
    Ok(visit.page(visit.t("结算日", "The day"), html! {
        h1 { (visit.t("结算日", "The day")) }
        p.lead { (visit.t("关闭窗口、签署、付款、对账：今天要做什么，做到哪里。",
            "Close, sign, pay, reconcile: what is to be done today, and how far it is.")) }
        div #day data-live="/day" {
            h2 { (visit.t("接下来", "What to do next")) }
            (todo::list(&visit, steps))
            h2 { (visit.t("开放的窗口", "Open windows")) }
            ul.cards { @for window in &open.items { (card(&visit, window)) } }
            h2 { (visit.t("正在处理的窗口", "Windows at work")) }
            (windows(&visit, &names, &at_work, visit.t("正在处理的窗口", "Windows at work"),
                visit.t("没有：此前关闭的窗口都已结算或中止。", "None: every window that was closed is settled or aborted.")))
            h2 #payments { (visit.t("待确认的到账", "Payments to confirm")) }
            (payments(&visit, &names, &settling.items))
            h2 { (visit.t("未处理的差错", "Breaks that are open")) }
            (by_age(&visit, &breaks))
            h2 { (visit.t("待裁决的争议", "Disputes to decide")) }
            (of_disputes(&visit, &names, &disputes.items))
            h2 { (visit.t("最近结算", "Settled lately")) }
            (windows(&visit, &names, &recent, visit.t("最近结算", "Settled lately"),
                visit.t("还没有已结算的窗口。", "No window is settled yet.")))
            p { a href="/day/windows" { (visit.t("所有窗口", "All windows")) } }
        }
        h2 { (visit.t("对账", "Reconcile")) }
        p {
            a.button.second href="/day/reconcile" { (visit.t("将账本与自有账、银行流水对账", "Compare the ledger with the own book and the bank")) }
        }
    }))
}

/// A count, or that there are at least so many.
fn at_least(count: usize, more: bool) -> String {
    if more { format!("{count}+") } else { count.to_string() }
}

fn card(visit: &Visit, window: &Window) -> Markup {
    let format = visit.format();
    let (id, flows) = (window.id, &window.flows);
    html! {
        li.card {
            h3 { a href=(page_of(id)) { (id) } }
            p { (words::window_state(visit.lang, &window.state)) }
            p { (visit.t("开放自 ", "Since ")) (format.time(window.opened_at)) }
            @if flows.is_empty() {
                p.nothing { (visit.t("尚无资金变动。", "No money has moved yet.")) }
            } @else {
                dl.facts {
                    @for (kind, flow) in flows {
                        div {
                            dt { (crate::words::transaction_kind(visit.lang, *kind)) " (" (format.number(flow.count)) ")" }
                            dd { (format.money(id.asset, flow.amount_minor)) }
                        }
                    }
                }
            }
        }
    }
}

/// Windows with what each exchange is owed.
pub(super) fn windows(
    visit: &Visit,
    names: &Names,
    windows: &[&Window],
    caption: &str,
    nothing: &str,
) -> Markup {
    let headings = [
        visit.t("窗口", "Window"),
        visit.t("状态", "State"),
        visit.t("开放自", "Opened"),
        visit.t("净头寸（正数为应收）", "Net positions (below zero: owes)"),
    ];
    let row = |window: &&Window| {
        let positions = window.positions().unwrap_or_default();
        html! {
            td { a href=(page_of(window.id)) { (window.id) } }
            td { (words::window_state(visit.lang, &window.state)) }
            td { (visit.format().time(window.opened_at)) }
            td {
                @if positions.is_empty() { (visit.t("各方互不相欠", "Nobody owes anything")) }
                @for (at, (exchange, minor)) in positions.iter().enumerate() {
                    @if at > 0 { ", " }
                    (names.exchange(exchange)) " " (visit.format().money(window.id.asset, *minor))
                }
            }
        }
    };
    let rows: Vec<Markup> = windows.iter().map(row).collect();
    layout::table(caption, &headings, &rows, nothing)
}

fn payments(visit: &Visit, names: &Names, settling: &[Window]) -> Markup {
    let own = &visit.console.exchange;
    let to_us = |window: &'_ Window| -> Vec<Markup> {
        let payments = window.state.instructions().iter();
        let ours = payments.filter(|one| one.payee == *own && one.state == InstructionState::Pending);
        ours.map(|one| {
            html! {
                td { a href={ (page_of(window.id)) "#payments" } { (one.id) } }
                td { (names.exchange(&one.payer)) }
                td.number { (visit.format().money(window.id.asset, one.amount_minor.get())) }
            }
        })
        .collect()
    };
    let rows: Vec<Markup> = settling.iter().flat_map(to_us).collect();
    let headings = [visit.t("付款指令", "Payment"), visit.t("付款方", "Payer"), visit.t("金额", "Amount")];
    let nothing = visit.t("没有其他交易所欠本所的待到账款项。", "No payment to this exchange is under way.");
    html! {
        (layout::table(visit.t("待确认的到账", "Payments to confirm"), &headings, &rows, nothing))
        @if !rows.is_empty() && visit.has(databourse_api::token::TokenRole::Operator) {
            p { a.button href="/day/confirm" { (visit.t("用银行文件确认", "Confirm with a file of the bank")) } }
        }
    }
}

fn by_age(visit: &Visit, breaks: &OpenBreaks) -> Markup {
    let lang = visit.lang;
    let headings = [
        visit.t("账龄", "Age"),
        visit.t("数量", "Number"),
        visit.t("其中阻止窗口关闭", "Of these hold a window up"),
    ];
    let row = |age: &AgeBucket| {
        let all = breaks.count(|aged| aged.age == *age);
        let blocking = breaks.count(|aged| aged.age == *age && aged.found.kind.blocks_finality());
        html! { td { (words::age(lang, *age)) } td.number { (all) } td.number { (blocking) } }
    };
    let rows: Vec<Markup> = if breaks.items.is_empty() { Vec::new() } else { AGES.iter().map(row).collect() };
    let nothing = visit.t("没有：账簿与对方一致。", "None: the books agree.");
    html! {
        (layout::table(visit.t("未处理的差错，按账龄", "Open breaks by age"), &headings, &rows, nothing))
        @if breaks.more {
            p.hint { (visit.t("只统计了每种状态最早的 50 项。", "Only the oldest 50 of each state are counted.")) }
        }
        p { a href="/day/breaks" { (visit.t("查看差错", "See the breaks")) } }
    }
}

fn of_disputes(visit: &Visit, names: &Names, disputes: &[Dispute]) -> Markup {
    let headings = [
        visit.t("争议", "Dispute"),
        visit.t("需方", "Buyer"),
        visit.t("供方", "Supplier"),
        visit.t("提出时间", "Opened"),
    ];
    let row = |dispute: &Dispute| {
        html! {
            td { a href={ "/desk/disputes/" (dispute.id) } { bdi { (dispute.reason) } } }
            td { (names.party(dispute.buyer)) }
            td { (names.party(dispute.supplier)) }
            td { (visit.format().time(dispute.opened_at)) }
        }
    };
    let rows: Vec<Markup> = disputes.iter().map(row).collect();
    let nothing = visit.t("没有待裁决的争议。", "No dispute waits for a decision.");
    layout::table(visit.t("待裁决的争议", "Disputes to decide"), &headings, &rows, nothing)
}
