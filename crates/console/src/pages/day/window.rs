//! `/day/windows/{asset}/{number}`: one settlement window, from its opening to the last payment.

use super::{deed::Deed, files, oversight, parts, place, place::page_of, todo, words};
use crate::{
    failure::Failure,
    layout,
    names::Names,
    visit::{Page, Visit},
};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_settlement::{Obligation, Positions, Window, WindowState};
use maud::{Markup, html};
use serde::Deserialize;

/// What the API computes of a window's positions.
#[derive(Debug, Deserialize)]
pub(super) struct PositionsView {
    pub(super) positions: Positions,
    pub(super) bilateral: Vec<Obligation>,
    pub(super) multilateral: Vec<Obligation>,
}

/// A payment file.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentFile {
    pub(super) payer: databourse_primitives::ExchangeCode,
    pub(super) name: String,
    pub(super) size_bytes: u64,
}

/// `GET /day/windows/{asset}/{number}`.
pub(super) async fn show(
    visit: Visit,
    Path((slug, number)): Path<(String, String)>,
) -> Result<Response, Failure> {
    oversight(&visit)?;
    let id = place::window_of(&slug, &number)?;
    let api = place::api_of(id);
    let positions_path = format!("{api}/positions");
    let (window, positions, names) = tokio::try_join!(
        visit.get::<Window>(&api),
        visit.get::<PositionsView>(&positions_path),
        Names::of(&visit, [], []),
    )?;
    let payment_files = payment_files(&visit, &window, &api).await?;
    let title = visit.t(format!("结算窗口 {id}"), format!("Settlement window {id}"));
    let page = page_of(id);
    Ok(visit.page(&title, html! {
        h1 { (title) }
        div #window data-live=(page) {
            p { (words::window_state(visit.lang, &window.state)) }
            (steps(&visit, &window))
            (facts(&visit, &window))
            (deeds(&visit, &window))
            h2 { (visit.t("签署", "Sign-off")) }
            (parts::sign_off(&visit, &names, &window))
            h2 { (visit.t("阻止关闭的差错", "Breaks that hold it up")) }
            (parts::blocking(&visit, &window))
            h2 { (visit.t("头寸与轧差", "Positions and netting")) }
            (parts::positions(&visit, &names, &window, &positions))
            h2 #payments { (visit.t("付款指令与到账确认", "Payments and their confirmations")) }
            (parts::payments(&visit, &names, &window))
            (files::payment_files(&visit, &names, &window, &payment_files))
            h2 { (visit.t("窗口内的资金变动", "What moved in it")) }
            (parts::flows(&visit, &window))
        }
        h2 { (visit.t("结算单", "Statements")) }
        (files::statements(&visit, &window))
        p {
            a href={ "/day/reconcile?window=" (form_urlencoded::byte_serialize(id.to_string().as_bytes()).collect::<String>()) } {
                (visit.t("对此窗口对账", "Reconcile this window"))
            }
            " · "
            a href="/day" { (visit.t("返回结算日", "Back to the day")) }
        }
    }))
}

/// The files for the payers' banks, once payments are made out. A node whose banks are not configured has none, which is no
/// reason to hide the window.
async fn payment_files(
    visit: &Visit,
    window: &Window,
    api: &str,
) -> Result<Vec<(&'static str, PaymentFile)>, Failure> {
    if window.state.instructions().is_empty() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for rail in ["iso20022", "ecny"] {
        match visit.get::<Page<PaymentFile>>(&format!("{api}/payment-files?rail={rail}")).await {
            Ok(page) => all.extend(page.items.into_iter().map(|file| (rail, file))),
            Err(Failure::Refused(problem)) if problem.status < 500 => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

/// How far it is: the six steps, the one that is next marked.
fn steps(visit: &Visit, window: &Window) -> Markup {
    let names = [
        visit.t("记账", "Taking postings"),
        visit.t("关闭", "Close"),
        visit.t("各方签署", "All sign"),
        visit.t("生成付款指令", "Make payments out"),
        visit.t("确认到账", "Confirm payments"),
        visit.t("已结算", "Settled"),
    ];
    let at = match window.state {
        WindowState::Open => Some(0),
        WindowState::Closing { .. } => Some(2),
        WindowState::Closed { .. } => Some(3),
        WindowState::Settling { .. } => Some(4),
        WindowState::Settled { .. } => Some(5),
        WindowState::Aborted { .. } => None,
    };
    html! {
        @if at.is_some() {
            ol.steps {
                @for (number, name) in names.iter().enumerate() {
                    li aria-current=[(at == Some(number)).then_some("step")] { (name) }
                }
            }
        }
    }
}

fn facts(visit: &Visit, window: &Window) -> Markup {
    let format = visit.format();
    let mut facts = vec![(visit.t("开放自", "Opened"), format.time(window.opened_at))];
    match &window.state {
        WindowState::Open => {}
        WindowState::Closing { closing_at } => {
            facts.push((visit.t("停止记账", "Closed to postings"), format.time(*closing_at)))
        }
        WindowState::Closed { closing_at, closed_at } => {
            facts.push((visit.t("停止记账", "Closed to postings"), format.time(*closing_at)));
            facts.push((visit.t("各方一致", "Final"), format.time(*closed_at)));
        }
        WindowState::Settling { closed_at, method, .. } => {
            facts.push((visit.t("各方一致", "Final"), format.time(*closed_at)));
            facts.push((visit.t("轧差方式", "Netting"), html! { (words::netting(visit.lang, *method)) }));
        }
        WindowState::Settled { closed_at, method, settled_at, .. } => {
            facts.push((visit.t("各方一致", "Final"), format.time(*closed_at)));
            facts.push((visit.t("轧差方式", "Netting"), html! { (words::netting(visit.lang, *method)) }));
            facts.push((visit.t("已结算", "Settled"), format.time(*settled_at)));
        }
        WindowState::Aborted { reason, aborted_at, carried_into } => {
            facts.push((visit.t("已中止", "Aborted"), format.time(*aborted_at)));
            facts.push((visit.t("原因", "Why"), html! { bdi { (reason) } }));
            let into = html! { a href=(page_of(*carried_into)) { (carried_into) } };
            facts.push((visit.t("应付款转入", "Obligations taken over by"), into));
        }
    }
    facts.push((visit.t("分录数", "Postings"), html! { (format.number(window.posting_count)) }));
    if !window.carried_from.is_empty() {
        let from = html! {
            @for (at, one) in window.carried_from.iter().enumerate() {
                @if at > 0 { ", " }
                a href=(page_of(*one)) { (one) }
            }
        };
        facts.push((visit.t("承接已中止窗口的应付款", "Took over obligations of"), from));
    }
    layout::facts(&facts)
}

/// What an operator can do with it now.
fn deeds(visit: &Visit, window: &Window) -> Markup {
    let page = page_of(window.id);
    let is_operator = visit.has(TokenRole::Operator);
    let has_unsigned = todo::is_ours_to_sign(visit, window);
    html! {
        @if is_operator {
            div.actions {
                @for deed in Deed::ALL.iter().filter(|deed| deed.is_possible(window, has_unsigned, &visit.console.exchange)) {
                    a.button.second[deed.is_danger()] href={ (page) "/" (deed.slug()) } { (deed.words(visit.lang)) }
                }
            }
        }
    }
}
