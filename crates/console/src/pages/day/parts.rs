//! The parts of a window's page.

use super::{place::page_of, window::PositionsView, words};
use crate::{
    layout,
    names::{Names, short},
    visit::Visit,
};
use databourse_api::token::TokenRole;
use databourse_settlement::{Instruction, InstructionState, Obligation, SignOff, Window, WindowState};
use maud::{Markup, html};

/// What each exchange signed, pair by pair, and what is known of who did.
pub(super) fn sign_off(visit: &Visit, names: &Names, window: &Window) -> Markup {
    let format = visit.format();
    let asset = window.id.asset;
    let headings = [
        visit.t("交易所对", "Pair"),
        visit.t("明细笔数", "Lines"),
        visit.t("左方应付右方", "Left owes right"),
        visit.t("右方应付左方", "Right owes left"),
        visit.t("已签名的摘要", "Signed roots"),
        visit.t("判定", "Verdict"),
    ];
    let mut rows = Vec::new();
    for (pair, totals) in &window.pairs {
        let signed = window.heads.get(pair);
        let root_of = |one| signed.and_then(|signed| signed.get(one));
        let roots: Vec<_> = pair.members().map(root_of).collect();
        let differ = roots.iter().flatten().collect::<std::collections::BTreeSet<_>>().len() > 1;
        rows.push(html! {
            td { (names.exchange(pair.left())) @if !pair.is_domestic() { " ~ " (names.exchange(pair.right())) } }
            td.number { (format.number(totals.line_count)) }
            td.number { (format.money(asset, totals.left_to_right_minor)) }
            td.number { (format.money(asset, totals.right_to_left_minor)) }
            td {
                @for one in pair.members() {
                    div { (names.exchange(one)) ": "
                        @if let Some(root) = root_of(one) { (short(root)) } @else { (visit.t("未签", "not yet")) }
                        (people(visit, window.sign_offs.get(pair).and_then(|of_pair| of_pair.get(one))))
                    }
                }
            }
            td {
                @if differ { span.state.bad { (visit.t("不一致", "They differ")) } }
                @else if roots.iter().all(Option::is_some) { span.state.good { (visit.t("一致", "Agreed")) } }
                @else if window.state == WindowState::Open { span.state { (visit.t("尚未关闭", "Still open")) } }
                @else { span.state.warn { (visit.t("待签", "Waiting")) } }
            }
        });
    }
    html! {
        (layout::table(visit.t("各对交易所的摘要", "Heads of each pair"), &headings, &rows,
            visit.t("此窗口没有需要签署的明细。", "The window has no lines to be signed.")))
        p.hint {
            (visit.t(
                "窗口由每对的两家交易所各自签名才能关闭：任何一家都不能单独使其生效。每家交易所由两人签署：一人经办，另一人复核；复核之前不算签署。未写明人员的签名由交易所系统以自己的密钥作出。",
                "A window is final when both exchanges of each pair have signed: neither can make it so alone. Each exchange signs by two people: one prepares, another checks, and until then it has not signed. A signature without people was made by the exchange's own system with its key.",
            ))
        }
    }
}

/// Who of an exchange's people signed.
fn people(visit: &Visit, sign_off: Option<&SignOff>) -> Markup {
    let Some(SignOff { prepared_by, checked_by, .. }) = sign_off else { return html! {} };
    html! {
        span.hint {
            " " (visit.t("经办", "prepared by")) " " bdi { (prepared_by) }
            (visit.t("，", ", "))
            @match checked_by {
                Some(person) => { (visit.t("复核", "checked by")) " " bdi { (person) } }
                None => { (visit.t("待第二人复核", "to be checked by a second person")) }
            }
        }
    }
}

/// The breaks that the window waits for.
pub(super) fn blocking(visit: &Visit, window: &Window) -> Markup {
    let headings =
        [visit.t("差错", "Break"), visit.t("交易所对", "Pair"), visit.t("结转", "Carried forward by")];
    let row = |(id, blocking): (&databourse_primitives::BreakId, &databourse_settlement::BlockingBreak)| {
        html! {
            td { a href={ "/day/breaks/" (id) } { (words::break_kind(visit.lang, blocking.kind)) } }
            td { (blocking.pair) }
            td {
                @if blocking.carried_by.is_empty() { (visit.t("无", "nobody")) }
                @for (at, one) in blocking.carried_by.iter().enumerate() { @if at > 0 { ", " } (one) }
            }
        }
    };
    let rows: Vec<Markup> = window.breaks.iter().map(row).collect();
    let nothing = visit.t("没有。", "None.");
    layout::table(visit.t("阻止关闭的差错", "Breaks that hold it up"), &headings, &rows, nothing)
}

/// Positions, and what each method of netting makes of them.
pub(super) fn positions(visit: &Visit, names: &Names, window: &Window, view: &PositionsView) -> Markup {
    let (format, asset) = (visit.format(), window.id.asset);
    let headings =
        [visit.t("交易所", "Exchange"), visit.t("净头寸（负数为应付）", "Net position (below zero: owes)")];
    let row = |(exchange, minor): (&databourse_primitives::ExchangeCode, &i64)| {
        html! {
            td { (names.exchange(exchange)) }
            td.number { (format.money(asset, *minor)) }
        }
    };
    let rows: Vec<Markup> = view.positions.iter().map(row).collect();
    let nothing = visit.t("各方互不相欠。", "Nobody owes anything.");
    let payments = |caption: &str, payments: &[Obligation]| {
        let headings = [visit.t("付款方", "Payer"), visit.t("收款方", "Payee"), visit.t("金额", "Amount")];
        let row = |one: &Obligation| {
            html! {
                td { (names.exchange(&one.payer)) }
                td { (names.exchange(&one.payee)) }
                td.number { (format.money(asset, one.amount_minor.get())) }
            }
        };
        let rows: Vec<Markup> = payments.iter().map(row).collect();
        layout::table(caption, &headings, &rows, visit.t("无需付款。", "No payment is needed."))
    };
    html! {
        (layout::table(visit.t("净头寸", "Net positions"), &headings, &rows, nothing))
        @if !rows.is_empty() {
            (payments(visit.t("双边轧差：每对交易所分别", "Bilateral: each pair by itself"), &view.bilateral))
            (payments(visit.t("多边轧差：全部一并", "Multilateral: all together"), &view.multilateral))
        }
    }
}

/// The payments that were made out.
pub(super) fn payments(visit: &Visit, names: &Names, window: &Window) -> Markup {
    let headings = [
        visit.t("编号", "Number"),
        visit.t("付款方", "Payer"),
        visit.t("收款方", "Payee"),
        visit.t("金额", "Amount"),
        visit.t("状态", "State"),
    ];
    let rows: Vec<Markup> =
        window.state.instructions().iter().map(|one| payment(visit, names, window, one)).collect();
    let nothing = match window.state {
        WindowState::Settled { .. } => {
            visit.t("各方互不相欠，没有付款。", "Nobody owed anything, so there are no payments.")
        }
        WindowState::Aborted { .. } => {
            visit.t("窗口已中止，没有付款。", "The window was aborted, so there are no payments.")
        }
        _ => visit.t("尚未生成：窗口关闭后生成。", "None yet: they are made out when the window is closed."),
    };
    layout::table(visit.t("付款指令", "Payments"), &headings, &rows, nothing)
}

fn payment(visit: &Visit, names: &Names, window: &Window, one: &Instruction) -> Markup {
    let (format, asset) = (visit.format(), window.id.asset);
    let is_ours = one.payee == visit.console.exchange && visit.has(TokenRole::Operator);
    html! {
        td { (one.id.number) }
        td { (names.exchange(&one.payer)) }
        td { (names.exchange(&one.payee)) }
        td.number { (format.money(asset, one.amount_minor.get())) }
        td {
            @match &one.state {
                InstructionState::Pending => {
                    span.state.warn { (visit.t("待到账", "Not confirmed")) }
                    @if is_ours {
                        " " a href={ (page_of(window.id)) "/confirm?instruction=" (one.id.number) } {
                            (visit.t("手工确认", "Confirm by hand"))
                        }
                    }
                }
                InstructionState::Confirmed { bank_reference, received_minor, confirmed_at } => {
                    span.state.good { (visit.t("已到账", "Confirmed")) } " "
                    (format.money(asset, received_minor.get())) ", " (format.time(*confirmed_at)) ", "
                    (visit.t("银行流水号 ", "bank reference ")) code { (bank_reference) }
                }
            }
        }
    }
}

/// What moved, by reason.
pub(super) fn flows(visit: &Visit, window: &Window) -> Markup {
    let headings = [visit.t("原因", "Why"), visit.t("笔数", "Number"), visit.t("金额", "Amount")];
    let rows: Vec<Markup> = window
        .flows
        .iter()
        .map(|(kind, flow)| {
            html! {
                td { (crate::words::transaction_kind(visit.lang, *kind)) }
                td.number { (visit.format().number(flow.count)) }
                td.number { (visit.format().money(window.id.asset, flow.amount_minor)) }
            }
        })
        .collect();
    let nothing = visit.t("尚无资金变动。", "No money has moved in it yet.");
    layout::table(visit.t("窗口内的资金变动", "What moved in it"), &headings, &rows, nothing)
}
