//! What an operator does with a window: each on a page of its own that says what follows from it.

use super::{deed_fields::fields, operator, place, place::page_of, sign::sign, todo, words};
use crate::{
    act::{Act, Sent, take_minor},
    failure::Failure,
    form::{Form, Submitted},
    lang::Lang,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_primitives::ExchangeCode;
use databourse_settlement::{InstructionState, Window, WindowState};
use maud::{Markup, html};
use serde_json::json;

/// Something to do with a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Close,
    Sign,
    Instruct,
    Confirm,
    Abort,
}

impl Deed {
    /// Every deed.
    pub(super) const ALL: [Self; 5] = [Self::Close, Self::Sign, Self::Instruct, Self::Confirm, Self::Abort];

    /// Its name in paths.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Sign => "sign",
            Self::Instruct => "instruct",
            Self::Confirm => "confirm",
            Self::Abort => "abort",
        }
    }

    /// Whether it cannot be undone and is not what one does every day.
    pub(super) const fn is_danger(self) -> bool {
        matches!(self, Self::Abort)
    }

    /// What it is called.
    pub(super) fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::Close => lang.pick("关闭窗口", "Close the window"),
            Self::Sign => lang.pick("签署", "Sign"),
            Self::Instruct => lang.pick("生成付款指令", "Make payments out"),
            Self::Confirm => lang.pick("手工确认到账", "Confirm a payment by hand"),
            Self::Abort => lang.pick("中止窗口", "Abort the window"),
        }
    }

    /// Whether the window's state allows it; `has_unsigned`: this exchange has something to sign.
    pub(super) fn is_possible(self, window: &Window, has_unsigned: bool, own: &ExchangeCode) -> bool {
        let payments = window.state.instructions();
        let is_pending = |one: &databourse_settlement::Instruction| one.state == InstructionState::Pending;
        match (self, &window.state) {
            (Self::Close, WindowState::Open) | (Self::Instruct, WindowState::Closed { .. }) => true,
            (Self::Sign, WindowState::Closing { .. }) => has_unsigned,
            (Self::Confirm, WindowState::Settling { .. }) => {
                payments.iter().any(|one| is_pending(one) && one.payee == *own)
            }
            (Self::Abort, WindowState::Closing { .. } | WindowState::Closed { .. }) => true,
            (Self::Abort, WindowState::Settling { .. }) => payments.iter().all(is_pending),
            _ => false,
        }
    }

    /// What follows from it.
    fn lead(self, visit: &Visit) -> Markup {
        let words = match self {
            Self::Close => visit.t(
                "此窗口不再接受分录，下一个窗口同时开放。随后各交易所签署各自的发现。关闭后不能重新开放。",
                "The window takes no more postings, and the next one opens in the same step. Then the exchanges sign what they found. It cannot be opened again.",
            ),
            Self::Sign => visit.t(
                "本交易所为其每一对签署账本中明细的摘要：一人经办，另一人登录后复核，两人签署才算数。所有各方签署一致后，窗口即告关闭，其中内容不再改变。",
                "This exchange signs the root over the lines of each pair that it is in: one person prepares, and it counts when a second one, signed in apart, signs the same. When all have signed the same, the window is final and nothing in it changes.",
            ),
            Self::Instruct => visit.t(
                "将各方应付款轧差为付款指令。若互不相欠，窗口随即结算。",
                "What the exchanges owe is netted and made out as payments. If nobody owes anything, the window is settled at once.",
            ),
            Self::Confirm => visit.t(
                "仅在银行已入账时确认。金额可在费率表的容差以内，差额记入差额账户。最后一笔确认后窗口即告结算。",
                "Confirm only what the bank has booked. The amount may be off within the schedule's tolerance; the rest goes to the difference account. The last confirmation settles the window.",
            ),
            Self::Abort => visit.t(
                "放弃此窗口：其应付款原样转入开放的窗口。已有付款确认后不能中止。此操作不能撤销。",
                "The window is given up, and the open one takes its obligations over unchanged. Not after a payment was confirmed. It cannot be undone.",
            ),
        };
        html! { p.lead { (words) } }
    }
}

/// The deed and the window that a path names.
async fn named(
    visit: &Visit,
    (slug, number, deed): (String, String, String),
) -> Result<(Deed, Window), Failure> {
    operator(visit)?;
    let deed = Deed::ALL.into_iter().find(|known| known.slug() == deed).ok_or(Failure::Unknown)?;
    let window = place::window_of(&slug, &number)?;
    Ok((deed, visit.get(&place::api_of(window)).await?))
}

/// `GET /day/windows/{asset}/{number}/{deed}`.
pub(super) async fn show(
    visit: Visit,
    Path(path): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let (deed, window) = named(&visit, path).await?;
    let form = visit.form()?.with("instruction", visit.parameter("instruction").unwrap_or_default());
    Ok(page(&visit, deed, &window, &form))
}

fn page(visit: &Visit, deed: Deed, window: &Window, form: &Form) -> Response {
    let back = page_of(window.id);
    let has_unsigned = todo::unsigned(window).contains(&visit.console.exchange);
    let is_possible = deed.is_possible(window, has_unsigned, &visit.console.exchange);
    let title = format!("{} {}", deed.words(visit.lang), window.id);
    let lead = html! {
        (deed.lead(visit))
        p { (visit.t("窗口现在的状态：", "The window is now: ")) (words::window_state(visit.lang, &window.state)) }
        @if !is_possible && form.is_good() {
            p.remark { (visit.t("窗口现在的状态不允许此操作。", "The window's state does not allow this now.")) }
        }
    };
    let path = format!("{back}/{}", deed.slug());
    let act = Act {
        title: &title,
        lead,
        fields: fields(visit, deed, window, form),
        button: deed.words(visit.lang),
        is_danger: deed.is_danger(),
        path: &path,
        back: &back,
    };
    act.page(visit, form)
}

/// `POST /day/windows/{asset}/{number}/{deed}`.
pub(super) async fn send(
    visit: Visit,
    Path(path): Path<(String, String, String)>,
    Submitted(form): Submitted,
) -> Result<Response, Failure> {
    let (deed, window) = named(&visit, path).await?;
    let api = place::api_of(window.id);
    let then = page_of(window.id);
    let sent = match deed {
        Deed::Sign => sign(&visit, form, &api, &then).await?,
        Deed::Close => submit(&visit, form, &format!("{api}/closing"), &json!({}), &then).await,
        Deed::Instruct => {
            let body = json!({ "method": form.value("method") });
            submit(&visit, form, &format!("{api}/instructions"), &body, &then).await
        }
        Deed::Abort => {
            let body = json!({ "reason": form.value("reason") });
            submit(&visit, form, &format!("{api}/abortion"), &body, &then).await
        }
        Deed::Confirm => confirm(&visit, form, &window, &api, &then).await,
    };
    Ok(match sent {
        Sent::Done(response) => response,
        Sent::Refused(form) => page(&visit, deed, &window, &form),
    })
}

async fn submit(visit: &Visit, form: Form, path: &str, body: &serde_json::Value, then: &str) -> Sent {
    visit.submit(form, path, body, then).await.map_or_else(Sent::Refused, Sent::Done)
}

async fn confirm(visit: &Visit, mut form: Form, window: &Window, api: &str, then: &str) -> Sent {
    let received = take_minor(visit, &mut form, "received_minor", window.id.asset);
    let number: Option<u32> = form.value("instruction").parse().ok();
    if number.is_none() {
        form.refuse("instruction", visit.t("请选择一笔付款指令。", "Choose a payment."));
    }
    let (Some(received), Some(number)) = (received, number) else { return Sent::Refused(form) };
    let body = json!({ "bank_reference": form.value("bank_reference"), "received_minor": received });
    submit(visit, form, &format!("{api}/instructions/{number}/confirmation"), &body, then).await
}
