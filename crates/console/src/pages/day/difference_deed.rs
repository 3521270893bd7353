//! What is done with a break, each on a page of its own: `/day/breaks/{id}/{deed}`. Who acts is who is signed in.

use super::{
    difference::read,
    difference_fields::{body, fields},
    open_breaks::Aged,
    operator, words,
};
use crate::{
    act::Act,
    failure::Failure,
    form::{Form, Submitted},
    lang::Lang,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_primitives::ExchangeCode;
use databourse_settlement::{Break, BreakState, Resolution};
use maud::{Markup, html};

/// Something to do with a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Approve,
    Reject,
    Resolve,
    WriteOff,
    Propose,
    Evidence,
    Assign,
    Carry,
    Escalate,
}

impl Deed {
    /// Every deed, what brings a break to its end first.
    pub(super) const ALL: [Self; 9] = [
        Self::Approve,
        Self::Reject,
        Self::Resolve,
        Self::WriteOff,
        Self::Propose,
        Self::Evidence,
        Self::Assign,
        Self::Carry,
        Self::Escalate,
    ];

    /// Its name in paths of the console.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Resolve => "resolve",
            Self::WriteOff => "write-off",
            Self::Propose => "propose",
            Self::Evidence => "evidence",
            Self::Assign => "assign",
            Self::Carry => "carry",
            Self::Escalate => "escalate",
        }
    }

    /// The noun of the API.
    const fn noun(self) -> &'static str {
        match self {
            Self::Approve => "approval",
            Self::Reject => "rejection",
            Self::Resolve => "resolution",
            Self::WriteOff => "write-off",
            Self::Propose => "proposal",
            Self::Evidence => "evidence",
            Self::Assign => "assignment",
            Self::Carry => "carry",
            Self::Escalate => "escalation",
        }
    }

    /// Whether another deed is the usual one.
    pub(super) const fn is_second(self) -> bool {
        matches!(self, Self::Reject | Self::Assign | Self::Carry | Self::Escalate)
    }

    /// What it is called.
    pub(super) fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::Approve => lang.pick("批准方案", "Approve"),
            Self::Reject => lang.pick("驳回方案", "Reject"),
            Self::Resolve => lang.pick("处理完毕", "Resolve"),
            Self::WriteOff => lang.pick("核销", "Write off"),
            Self::Propose => lang.pick("提出处理方案", "Propose how it ends"),
            Self::Evidence => lang.pick("补充证据", "Add evidence"),
            Self::Assign => lang.pick("指派负责人", "Assign"),
            Self::Carry => lang.pick("结转", "Carry forward"),
            Self::Escalate => lang.pick("上报", "Escalate"),
        }
    }

    /// Whether the break allows it to `person` of the exchange `own`. The ledger decides.
    pub(super) fn is_possible(self, found: &Break, own: &ExchangeCode, person: &str) -> bool {
        use BreakState::{Approved, Assigned, Escalated, Evidenced, Opened, Proposed};
        if !found.pair.contains(own) {
            return false;
        }
        match (self, &found.state) {
            (Self::Approve, Proposed { proposed_by, .. }) => {
                proposed_by.exchange != *own || proposed_by.person.as_str() != person
            }
            (Self::Reject, Proposed { .. }) => true,
            (Self::WriteOff, Approved { resolution, .. }) => {
                matches!(resolution, Resolution::WriteOff { .. })
            }
            (Self::Resolve, Approved { resolution, .. }) => {
                !matches!(resolution, Resolution::WriteOff { .. })
            }
            (Self::Propose, Assigned | Evidenced) => {
                !found.kind.needs_evidence() || !found.evidence.is_empty()
            }
            (Self::Evidence, Assigned | Evidenced) => found.evidence.len() < Break::EVIDENCE_COUNT_MAX,
            (Self::Assign, Opened | Assigned | Evidenced | Escalated { .. }) => true,
            (Self::Escalate, state) => !state.is_ended() && !matches!(state, Escalated { .. }),
            (Self::Carry, state) => !state.is_ended() && found.kind.blocks_finality(),
            _ => false,
        }
    }

    fn lead(self, visit: &Visit) -> &'static str {
        match self {
            Self::Approve => visit.t(
                "您以第二人的身份批准他人提出的方案。您的姓名将记入账本；自己提出的方案不能自己批准。",
                "You approve, as the second person, what somebody else proposed. Your name stands in the ledger. Nobody approves a proposal of their own.",
            ),
            Self::Reject => visit.t("方案不予采纳，差错继续处理。", "The proposal is turned down, and work on the break goes on."),
            Self::Resolve => visit.t(
                "按已批准的方案结束此差错。此操作不能撤销。",
                "Ends the break in the way that was approved. It cannot be undone.",
            ),
            Self::WriteOff => visit.t(
                "由本交易所承担已批准的差额，并从手续费中扣除。此操作不能撤销。",
                "This exchange bears the approved difference, out of its fees. It cannot be undone.",
            ),
            Self::Propose => visit.t(
                "您提出如何处理，另一人批准后才能执行。",
                "You say how it is to end; somebody else must approve before it is done.",
            ),
            Self::Evidence => visit.t(
                "以文件的摘要为证：文件本身由您保管，账本记下其 SHA-256。",
                "The digest of a document: you keep the document, the ledger keeps its SHA-256.",
            ),
            Self::Assign => visit.t("指定由谁负责处理。", "Says who is responsible."),
            Self::Carry => visit.t(
                "同意窗口在差错未处理的情况下关闭。须由该对的两家交易所都同意。",
                "Agrees that the window becomes final although the break is open. It takes both exchanges of the pair.",
            ),
            Self::Escalate => visit.t("负责人无法处理，交由上级重新指派。", "Its owner cannot end it: it waits to be assigned anew."),
        }
    }
}

/// The deed and the break that a path names.
async fn named(visit: &Visit, (id, deed): (String, String)) -> Result<(Deed, Aged), Failure> {
    operator(visit)?;
    let deed = Deed::ALL.into_iter().find(|known| known.slug() == deed).ok_or(Failure::Unknown)?;
    Ok((deed, read(visit, &id).await?))
}

/// `GET /day/breaks/{id}/{deed}`.
pub(super) async fn show(visit: Visit, Path(path): Path<(String, String)>) -> Result<Response, Failure> {
    let (deed, aged) = named(&visit, path).await?;
    let found = &aged.found;
    let person = visit.session.as_ref().map_or("", |session| session.subject.as_str());
    let difference =
        found.difference_minor().map(|minor| found.window.asset.render(minor)).unwrap_or_default();
    let form = visit
        .form()?
        .with("owner.exchange", &visit.console.exchange)
        .with("owner.person", person)
        .with("resolution.amount_minor", difference);
    Ok(page(&visit, deed, found, &form))
}

fn page(visit: &Visit, deed: Deed, found: &Break, form: &Form) -> Response {
    let back = format!("/day/breaks/{}", found.id);
    let path = format!("{back}/{}", deed.slug());
    let title = format!("{} · {}", deed.words(visit.lang), words::break_kind(visit.lang, found.kind));
    let act = Act {
        title: &title,
        lead: html! {
            p.lead { (deed.lead(visit)) }
            (proposed(visit, deed, found))
        },
        fields: fields(visit, deed, found, form),
        button: deed.words(visit.lang),
        is_danger: matches!(deed, Deed::WriteOff),
        path: &path,
        back: &back,
    };
    act.page(visit, form)
}

/// What one is about to approve, reject or carry out.
fn proposed(visit: &Visit, deed: Deed, found: &Break) -> Markup {
    let concerns = matches!(deed, Deed::Approve | Deed::Reject | Deed::Resolve | Deed::WriteOff);
    match &found.state {
        BreakState::Proposed { resolution, proposed_by }
        | BreakState::Approved { resolution, proposed_by, .. }
            if concerns =>
        {
            html! {
                p {
                    strong { (visit.t("方案：", "What is proposed: ")) }
                    (words::resolution(visit, found.window.asset, resolution)) " ("
                    (words::person(proposed_by)) ")"
                }
            }
        }
        _ => html! {},
    }
}

/// `POST /day/breaks/{id}/{deed}`.
pub(super) async fn send(
    visit: Visit,
    Path(path): Path<(String, String)>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    let (deed, aged) = named(&visit, path).await?;
    let found = &aged.found;
    let Some(body) = body(&visit, deed, found, &mut form) else {
        return Ok(page(&visit, deed, found, &form));
    };
    let api = format!("/v1/breaks/{}/{}", found.id, deed.noun());
    match visit.submit(form, &api, &body, &format!("/day/breaks/{}", found.id)).await {
        Ok(response) => Ok(response),
        Err(form) => Ok(page(&visit, deed, found, &form)),
    }
}
