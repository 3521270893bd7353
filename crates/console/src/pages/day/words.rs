//! The words of settlement: windows, payments, breaks.

use crate::{lang::Lang, visit::Visit};
use databourse_primitives::Asset;
use databourse_settlement::{
    AgeBucket, BreakKind, BreakOperator, Evidence, NettingMethod, Resolution, WindowState,
};
use maud::{Markup, html};

/// Where a window stands, as a mark.
pub(crate) fn window_state(lang: Lang, state: &WindowState) -> Markup {
    let class = match state {
        WindowState::Open | WindowState::Settled { .. } => "good",
        WindowState::Aborted { .. } => "bad",
        _ => "warn",
    };
    html! { span.state class=(class) { (window_state_words(lang, state.as_str())) } }
}

/// Where a window stands, by the API's name.
pub(crate) fn window_state_words(lang: Lang, name: &str) -> &'static str {
    match name {
        "open" => lang.pick("开放", "Open"),
        "closing" => lang.pick("关闭中，待签名", "Closing, to be signed"),
        "closed" => lang.pick("已关闭，待生成付款指令", "Closed, payments to be made out"),
        "settling" => lang.pick("结算中，待到账", "Settling, payments under way"),
        "settled" => lang.pick("已结算", "Settled"),
        "aborted" => lang.pick("已中止", "Aborted"),
        _ => lang.pick("未知", "Unknown"),
    }
}

/// How payments are netted.
pub(crate) fn netting(lang: Lang, method: NettingMethod) -> &'static str {
    match method {
        NettingMethod::Multilateral => {
            lang.pick("多边轧差：所有交易所一并计算", "Multilateral: all exchanges together")
        }
        NettingMethod::Bilateral => {
            lang.pick("双边轧差：每对交易所分别计算", "Bilateral: each pair by itself")
        }
    }
}

/// What two books disagree about.
pub(crate) fn break_kind(lang: Lang, kind: BreakKind) -> &'static str {
    match kind {
        BreakKind::MissingLeft => lang.pick("左方缺少该笔", "Missing on the left"),
        BreakKind::MissingRight => lang.pick("右方缺少该笔", "Missing on the right"),
        BreakKind::Amount => lang.pick("金额不符", "Amounts differ"),
        BreakKind::Currency => lang.pick("币种不符", "Currencies differ"),
        BreakKind::Duplicate => lang.pick("重复记录", "Recorded twice"),
        BreakKind::Timing => lang.pick("窗口不符", "In different windows"),
        BreakKind::Status => lang.pick("状态不符", "States differ"),
        BreakKind::Party => lang.pick("主体不符", "Parties differ"),
        BreakKind::FeeRule => lang.pick("手续费规则不符", "Fee rules differ"),
        BreakKind::Tax => lang.pick("税率或税基不符", "Tax differs"),
        BreakKind::Rounding => lang.pick("尾差", "Rounding differs"),
        BreakKind::OrphanRefund => lang.pick("退款无对应购买", "Refund without a purchase"),
        BreakKind::OverRefund => lang.pick("退款超过购买", "Refund above the purchase"),
        BreakKind::Ambiguous => lang.pick("一笔对应多笔", "One line matches several"),
        BreakKind::External => lang.pick("与银行流水不符", "Differs from the bank"),
        BreakKind::Root => lang.pick("各方签名的摘要不一致", "Signed roots differ"),
    }
}

/// How long a break has been open, and what that means.
pub(crate) fn age(lang: Lang, age: AgeBucket) -> &'static str {
    match age {
        AgeBucket::Today => lang.pick("当天", "Today"),
        AgeBucket::Days1To3 => lang.pick("1–3 天", "1–3 days"),
        AgeBucket::Days4To7 => lang.pick("4–7 天（逾期）", "4–7 days (overdue)"),
        AgeBucket::Days8To30 => lang.pick("8–30 天（应上报）", "8–30 days (to be escalated)"),
        AgeBucket::Over30Days => lang.pick("超过 30 天", "Over 30 days"),
    }
}

/// Where a break stands, as a mark.
pub(crate) fn break_state(lang: Lang, name: &str) -> Markup {
    let class = match name {
        "resolved" | "written_off" => "good",
        "opened" | "escalated" => "bad",
        _ => "warn",
    };
    html! { span.state class=(class) { (break_state_words(lang, name)) } }
}

/// The states of a break, by the API's names, in the order of a break's life.
pub(crate) const BREAK_STATES: [&str; 8] =
    ["opened", "assigned", "evidenced", "proposed", "approved", "escalated", "resolved", "written_off"];

/// Where a break stands.
pub(crate) fn break_state_words(lang: Lang, name: &str) -> &'static str {
    match name {
        "opened" => lang.pick("无人负责", "Nobody is responsible"),
        "assigned" => lang.pick("已指派", "Assigned"),
        "evidenced" => lang.pick("已有证据", "Has evidence"),
        "proposed" => lang.pick("待第二人批准", "To be approved by a second person"),
        "approved" => lang.pick("已批准，待执行", "Approved, to be carried out"),
        "escalated" => lang.pick("已上报，待重新指派", "Escalated, to be assigned anew"),
        "resolved" => lang.pick("已处理", "Resolved"),
        "written_off" => lang.pick("已核销", "Written off"),
        _ => lang.pick("未知", "Unknown"),
    }
}

/// One of an exchange's people.
pub(crate) fn person(operator: &BreakOperator) -> String {
    format!("{} · {}", operator.person, operator.exchange)
}

/// How a break is to end.
pub(crate) fn resolution(visit: &Visit, asset: Asset, resolution: &Resolution) -> Markup {
    match resolution {
        Resolution::Post { posting: None } => {
            html! { (visit.t("以一笔更正入账", "By a posting that corrects it")) }
        }
        Resolution::Post { posting: Some(entry) } => html! {
            (visit.t("以此条目更正：", "By the posting of this entry: "))
            a href={ "/ledger/entries/" (entry) } { code { (entry) } }
        },
        Resolution::WriteOff { amount_minor } => html! {
            (visit.t("由交易所承担差额 ", "The exchange bears the difference of "))
            (visit.format().money(asset, amount_minor.get()))
        },
        Resolution::NoAction { reason } => {
            html! { (visit.t("无需处理：", "Nothing is to be done: ")) bdi { (reason) } }
        }
    }
}

/// A piece of evidence.
pub(crate) fn evidence(visit: &Visit, piece: &Evidence) -> Markup {
    match piece {
        Evidence::Inclusion { line, .. } => html! {
            (visit.t("证明：账簿中有此笔", "Proof that the line stands in the book")) ", "
            (visit.format().money(line.asset, line.net_minor))
            @if let Some(key) = &line.key { " " code { (key) } }
        },
        Evidence::NonInclusion { key, counterparty, .. } => html! {
            (visit.t("证明：账簿中无此笔", "Proof that nothing stands there")) " "
            @if let Some(key) = key { code { (key) } } @else { code { (counterparty) } }
        },
        Evidence::Heads { left_root, right_root } => html! {
            (visit.t("双方各自签名的摘要", "Both signed roots")) ": " code { (left_root) } ", " code { (right_root) }
        },
        Evidence::Document { digest, note } => html! {
            (visit.t("文件：", "Document: ")) (note) " " code { (digest) }
        },
    }
}
