//! `/day/breaks/{id}`: one break, its evidence, who did what, and what can be done now.

use super::{breaks::owner_of, difference_deed::Deed, open_breaks::Aged, oversight, place::page_of, words};
use crate::{failure::Failure, layout, visit::Visit};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_primitives::BreakId;
use databourse_settlement::{Break, BreakState};
use maud::{Markup, html};

/// `GET /day/breaks/{id}`.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    oversight(&visit)?;
    let aged = read(&visit, &id).await?;
    let found = &aged.found;
    let title = visit.t(
        format!("差错：{}", words::break_kind(visit.lang, found.kind)),
        format!("Break: {}", words::break_kind(visit.lang, found.kind)),
    );
    Ok(visit.page(&title, html! {
        h1 { (title) }
        div #break data-live={ "/day/breaks/" (found.id) } {
            p { (words::break_state(visit.lang, found.state.as_str())) }
            (facts(&visit, &aged))
            h2 { (visit.t("处理", "How it ends")) }
            (end(&visit, found))
            (four_eyes(&visit, found))
            (deeds(&visit, found))
            h2 { (visit.t("证据", "Evidence")) }
            (evidence(&visit, found))
        }
        p {
            a href={ "/ledger/entries/" (found.id) } { (visit.t("登记此差错的条目", "The entry that opened it")) } " · "
            a href="/day/breaks" { (visit.t("所有差错", "All breaks")) }
        }
    }))
}

/// The break that a path names.
pub(super) async fn read(visit: &Visit, id: &str) -> Result<Aged, Failure> {
    let id: BreakId = id.parse().map_err(|_| Failure::Unknown)?;
    visit.get(&format!("/v1/breaks/{id}")).await
}

fn facts(visit: &Visit, aged: &Aged) -> Markup {
    let (format, found) = (visit.format(), &aged.found);
    let amount = |minor: Option<databourse_primitives::AmountMinor>| {
        minor.map_or_else(
            || visit.t("没有该笔", "no such line").to_owned(),
            |minor| format.money(found.window.asset, minor.get()),
        )
    };
    let mut facts = vec![
        (visit.t("账龄", "Age"), html! { (words::age(visit.lang, aged.age)) }),
        (visit.t("窗口", "Window"), html! { a href=(page_of(found.window)) { (found.window) } }),
        (visit.t("交易所对", "Pair"), html! { (found.pair) }),
    ];
    if let Some(key) = &found.key {
        facts.push((visit.t("业务键", "Business key"), html! { code { (key) } }));
    }
    if found.left_minor.is_some() || found.right_minor.is_some() {
        facts.push((visit.t("左方账簿", "Left book"), html! { (amount(found.left_minor)) }));
        facts.push((visit.t("右方账簿", "Right book"), html! { (amount(found.right_minor)) }));
    }
    if let Some(difference) = found.difference_minor() {
        facts.push((visit.t("差额", "Difference"), html! { (format.money(found.window.asset, difference)) }));
    }
    let nobody = visit.t("无", "nobody").to_owned();
    facts.push((visit.t("负责人", "Owner"), html! { (owner_of(found).unwrap_or(nobody)) }));
    let opened = html! { (words::person(&found.opened_by)) ", " (format.time(found.opened_at)) };
    facts.push((visit.t("登记人", "Opened by"), opened));
    if found.kind.blocks_finality() {
        let words = visit
            .t("是：窗口须待其处理或由双方结转", "Yes, until it ends or both exchanges carry it forward");
        facts.push((visit.t("阻止窗口关闭", "Holds the window up"), html! { (words) }));
    }
    layout::facts(&facts)
}

fn end(visit: &Visit, found: &Break) -> Markup {
    let (format, asset) = (visit.format(), found.window.asset);
    let mut facts = Vec::new();
    let proposed = visit.t("提出人", "Proposed by");
    let approved = visit.t("批准人", "Approved by");
    let how = visit.t("方案", "How");
    match &found.state {
        BreakState::Opened | BreakState::Assigned | BreakState::Evidenced => {}
        BreakState::Proposed { resolution, proposed_by } => {
            facts.push((how, words::resolution(visit, asset, resolution)));
            facts.push((proposed, html! { (words::person(proposed_by)) }));
        }
        BreakState::Approved { resolution, proposed_by, approved_by } => {
            facts.push((how, words::resolution(visit, asset, resolution)));
            facts.push((proposed, html! { (words::person(proposed_by)) }));
            facts.push((approved, html! { (words::person(approved_by)) }));
        }
        BreakState::Resolved { resolution, proposed_by, approved_by, posting, resolved_at } => {
            facts.push((how, words::resolution(visit, asset, resolution)));
            facts.push((proposed, html! { (words::person(proposed_by)) }));
            facts.push((approved, html! { (words::person(approved_by)) }));
            facts.push((visit.t("处理时间", "Ended"), format.time(*resolved_at)));
            if let Some(entry) = posting {
                let link = html! { a href={ "/ledger/entries/" (entry) } { code { (entry) } } };
                facts.push((visit.t("更正条目", "Correcting entry"), link));
            }
        }
        BreakState::WrittenOff { proposed_by, approved_by, amount_minor, written_off_at } => {
            facts.push((
                visit.t("核销金额", "Written off"),
                html! { (format.money(asset, amount_minor.get())) },
            ));
            facts.push((proposed, html! { (words::person(proposed_by)) }));
            facts.push((approved, html! { (words::person(approved_by)) }));
            facts.push((visit.t("处理时间", "Ended"), format.time(*written_off_at)));
        }
        BreakState::Escalated { reason, escalated_by, escalated_at } => {
            facts.push((visit.t("上报原因", "Escalated because"), html! { bdi { (reason) } }));
            let by = html! { (words::person(escalated_by)) ", " (format.time(*escalated_at)) };
            facts.push((visit.t("上报人", "By"), by));
        }
    }
    if facts.is_empty() {
        return html! { p.nothing { (visit.t("尚未提出处理方案。", "No end is proposed yet.")) } };
    }
    layout::facts(&facts)
}

/// The rule of two people, and what it means for the reader now.
fn four_eyes(visit: &Visit, found: &Break) -> Markup {
    let own = visit.session.as_ref().map(|session| session.subject.as_str());
    let is_own = match &found.state {
        BreakState::Proposed { proposed_by, .. } => {
            proposed_by.exchange == visit.console.exchange && Some(proposed_by.person.as_str()) == own
        }
        _ => false,
    };
    html! {
        @if is_own {
            p.remark { (visit.t("这是您提出的方案：须由另一人登录后批准，您自己不能批准。",
                "You proposed this: somebody else must sign in and approve it; you cannot.")) }
        } @else if !found.state.is_ended() {
            p.hint { (visit.t("四眼原则：一人提出方案，另一人批准。账本记下两人的姓名，拒绝同一人的批准。",
                "Two people: one proposes, another approves. The ledger keeps both names and refuses the approval of whoever proposed.")) }
        }
    }
}

fn deeds(visit: &Visit, found: &Break) -> Markup {
    let person = visit.session.as_ref().map_or("", |session| session.subject.as_str());
    let possible =
        Deed::ALL.into_iter().filter(|deed| deed.is_possible(found, &visit.console.exchange, person));
    html! {
        @if visit.has(TokenRole::Operator) {
            div.actions {
                @for deed in possible {
                    a.button.second[deed.is_second()] href={ "/day/breaks/" (found.id) "/" (deed.slug()) } { (deed.words(visit.lang)) }
                }
            }
        }
    }
}

fn evidence(visit: &Visit, found: &Break) -> Markup {
    html! {
        @if found.evidence.is_empty() {
            p.nothing {
                (visit.t("还没有证据。", "There is none yet."))
                @if found.kind.needs_evidence() && !found.state.is_ended() {
                    " " (visit.t("此类差错须先有证据，才能提出处理方案。", "A break of this kind needs some before its end can be proposed."))
                }
            }
        } @else {
            ol { @for piece in &found.evidence { li { (words::evidence(visit, piece)) } } }
            p.hint { (visit.t("证明由账本逐一验证后才收录。", "The ledger verified each proof before it took it.")) }
        }
    }
}
