//! What is to be done next: each step of the day that waits, for whom, and where it is done.

use super::{open_breaks::OpenBreaks, place::page_of, words};
use crate::visit::Visit;
use databourse_primitives::ExchangeCode;
use databourse_settlement::{InstructionState, Window, WindowState};
use maud::{Markup, html};

/// For whom a step waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// Us, now.
    Now,
    /// Us, at the end of the day.
    Later,
    /// Somebody else.
    Others,
}

/// A step.
pub(super) struct Step {
    waits: Waits,
    what: String,
    link: String,
}

impl Step {
    pub(super) fn now(what: String, link: String) -> Self {
        Self { waits: Waits::Now, what, link }
    }

    fn later(what: String, link: String) -> Self {
        Self { waits: Waits::Later, what, link }
    }

    fn others(what: String, link: String) -> Self {
        Self { waits: Waits::Others, what, link }
    }
}

/// What `window` waits for.
pub(super) fn of_window(visit: &Visit, window: &Window) -> Vec<Step> {
    let (id, page, own) = (window.id, page_of(window.id), &visit.console.exchange);
    match &window.state {
        WindowState::Open => vec![Step::later(
            visit.t(format!("日终时关闭窗口 {id}"), format!("Close window {id} at the end of the day")),
            page,
        )],
        WindowState::Closing { .. } => of_closing(visit, window, own),
        WindowState::Closed { .. } => vec![Step::now(
            visit.t(format!("为 {id} 生成付款指令"), format!("Make the payments of {id} out")),
            page,
        )],
        WindowState::Settling { .. } => of_settling(visit, window, own),
        WindowState::Settled { .. } | WindowState::Aborted { .. } => Vec::new(),
    }
}

/// The exchanges that have not signed every pair of theirs.
pub(super) fn unsigned(window: &Window) -> Vec<ExchangeCode> {
    let mut missing: Vec<ExchangeCode> = window
        .pairs
        .keys()
        .flat_map(|pair| {
            let signed = window.heads.get(pair);
            let is_missing =
                move |one: &&ExchangeCode| signed.is_none_or(|signed| !signed.contains_key(*one));
            pair.members().filter(is_missing).cloned().collect::<Vec<_>>()
        })
        .collect();
    missing.sort();
    missing.dedup();
    missing
}

/// Whether who is signed in has something to sign: as the first person, or as the second after another one.
pub(super) fn is_ours_to_sign(visit: &Visit, window: &Window) -> bool {
    let own = &visit.console.exchange;
    unsigned(window).contains(own) && prepared(window, own).is_none_or(|first| first != person(visit))
}

/// The person of `own` whose signature waits for a second one.
fn prepared<'a>(window: &'a Window, own: &ExchangeCode) -> Option<&'a str> {
    let mut signed = window.sign_offs.values().filter_map(|of_pair| of_pair.get(own));
    signed.find(|one| one.checked_by.is_none()).map(|one| one.prepared_by.as_str())
}

/// Who is signed in, as entries name one.
fn person(visit: &Visit) -> &str {
    visit.session.as_ref().map_or("", |session| session.subject.as_str())
}

fn of_closing(visit: &Visit, window: &Window, own: &ExchangeCode) -> Vec<Step> {
    let (id, page) = (window.id, page_of(window.id));
    let missing = unsigned(window);
    let mut steps = Vec::new();
    if missing.contains(own) {
        steps.push(to_sign(visit, window, own, page.clone()));
    }
    let others: Vec<_> = missing.iter().filter(|one| *one != own).map(ToString::to_string).collect();
    if !others.is_empty() {
        let others = others.join(", ");
        let what =
            visit.t(format!("{id} 等待签名：{others}"), format!("{id} waits for the signatures of {others}"));
        steps.push(Step::others(what, page));
    }
    for (found, _) in window.breaks.iter().filter(|(_, blocking)| !blocking.is_carried()) {
        let what = visit.t(
            format!("处理阻止 {id} 关闭的差错"),
            format!("End the break that keeps {id} from being closed, or carry it forward"),
        );
        steps.push(Step::now(what, format!("/day/breaks/{found}")));
    }
    steps
}

/// Signing for `own`: as the first person, or as the second after another one.
fn to_sign(visit: &Visit, window: &Window, own: &ExchangeCode, page: String) -> Step {
    let id = window.id;
    match prepared(window, own) {
        None => Step::now(
            visit.t(format!("签署 {id} 的窗口摘要"), format!("Sign what this exchange finds in {id}")),
            page,
        ),
        Some(prepared) if prepared == person(visit) => Step::others(
            visit.t(
                format!("您经办的 {id} 窗口摘要等待第二人复核"),
                format!("What you signed of {id} waits for a second person"),
            ),
            page,
        ),
        Some(prepared) => Step::now(
            visit.t(
                format!("复核 {prepared} 经办的 {id} 窗口摘要"),
                format!("Check and sign what {prepared} prepared of {id}"),
            ),
            page,
        ),
    }
}

fn of_settling(visit: &Visit, window: &Window, own: &ExchangeCode) -> Vec<Step> {
    let (id, page) = (window.id, page_of(window.id));
    let pending = || {
        let payments = window.state.instructions().iter();
        payments.filter(|payment| payment.state == InstructionState::Pending)
    };
    let (to_us, by_us) = (
        pending().filter(|one| one.payee == *own).count(),
        pending().filter(|one| one.payer == *own).count(),
    );
    let mut steps = Vec::new();
    if by_us > 0 {
        let what = visit.t(
            format!("将 {id} 的付款文件交给银行（{by_us} 笔待到账）"),
            format!("Hand the payment file of {id} to the bank ({by_us} not confirmed yet)"),
        );
        steps.push(Step::now(what, format!("{page}#payments")));
    }
    if to_us > 0 {
        let what = visit.t(
            format!("确认 {id} 的 {to_us} 笔到账"),
            format!("Confirm {to_us} payments of {id} when they have arrived"),
        );
        steps.push(Step::now(what, "/day/confirm".to_owned()));
    }
    let others = pending().filter(|one| one.payee != *own).count();
    if others > 0 {
        let what = visit.t(
            format!("{id} 等待其他交易所确认 {others} 笔到账"),
            format!("{id} waits for others to confirm {others} payments"),
        );
        steps.push(Step::others(what, format!("{page}#payments")));
    }
    steps
}

/// What the breaks wait for.
pub(super) fn of_breaks(visit: &Visit, breaks: &OpenBreaks) -> Vec<Step> {
    let lang = visit.lang;
    let (to_approve, own) = breaks.to_approve(visit.console.exchange.as_str(), person(visit));
    let of = |state: &str| breaks.count(|aged| aged.found.state.as_str() == state);
    let list = |state: &str| format!("/day/breaks?state={state}");
    let mut steps = Vec::new();
    if to_approve > 0 {
        let what = visit.t(
            format!("审批他人提出的差错处理方案：{to_approve} 项"),
            format!("Approve or reject what others proposed for breaks: {to_approve}"),
        );
        steps.push(Step::now(what, list("proposed")));
    }
    if own > 0 {
        let what = visit.t(
            format!("您提出的方案等待第二人批准：{own} 项"),
            format!("Your proposals that wait for a second person: {own}"),
        );
        steps.push(Step::others(what, list("proposed")));
    }
    for state in ["opened", "escalated", "approved"] {
        let count = of(state);
        if count > 0 {
            let words = words::break_state_words(lang, state);
            let what = visit.t(format!("差错（{words}）：{count} 项"), format!("Breaks, {words}: {count}"));
            steps.push(Step::now(what, list(state)));
        }
    }
    steps
}

/// The list, what is for us now first.
pub(super) fn list(visit: &Visit, mut steps: Vec<Step>) -> Markup {
    steps.sort_by_key(|step| match step.waits {
        Waits::Now => 0,
        Waits::Later => 1,
        Waits::Others => 2,
    });
    html! {
        @if steps.is_empty() {
            p.nothing { (visit.t("没有待办事项。", "Nothing is to be done.")) }
        }
        ol.todo {
            @for step in &steps {
                li {
                    @match step.waits {
                        Waits::Now => span.state.warn { (visit.t("现在", "Now")) }
                        Waits::Later => span.state { (visit.t("日终", "End of day")) }
                        Waits::Others => span.state { (visit.t("等待他方", "Others")) }
                    }
                    " " a href=(step.link) { (step.what) }
                }
            }
        }
    }
}
