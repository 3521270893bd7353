//! `/ledger/trace/{id}`: the life of one thing as a graph and as a list. It is put together of the records that the API
//! shows the reader, and bounded; `databourse trace` executes the ledger again, and so finds every entry.

mod gather;
mod graph;
mod orders;
mod read;
mod records;
mod step;
mod subject;
mod text;

use crate::{entry_words::entry_type, failure::Failure, visit::Visit};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use gather::Gatherer;
use maud::{Markup, html};
use step::{Life, Step};
use subject::Subject;

/// `/ledger/trace`: asks what is traced; the query parameter `id` leads on.
pub(super) async fn ask(visit: Visit) -> Result<Response, Failure> {
    let typed = visit.parameter("id").unwrap_or_default();
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(question(&visit, "", None));
    }
    if Subject::parse(typed).is_some() {
        return Ok(Redirect::to(&format!("/ledger/trace/{typed}")).into_response());
    }
    let wrong = visit.t(
        "这不是账本中的编号。请完整复制产品、订单等的编号（36 个字符），或许可编号、凭证编号。",
        "This is no name of the ledger. Copy the whole id of a product or order (36 characters), or the number of a licence or certificate.",
    );
    Ok(question(&visit, typed, Some(wrong)))
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let subject = Subject::parse(&id).ok_or(Failure::Unknown)?;
    let gathered = Gatherer::new(&visit).life_of(&subject).await?;
    let Some(life) = gathered else {
        let wrong = visit.t(
            "账本中没有这个编号的事物，或者它不对您开放。",
            "Nothing in the ledger has this name, or it is not for you to see.",
        );
        return Ok(question_as(&visit, StatusCode::NOT_FOUND, &id, Some(wrong)));
    };
    let title = visit.t("追溯", "Trace");
    let own = life.steps.iter().find(|step| step.is_subject);
    Ok(visit.page(title, html! {
        h1 {
            (title)
            @if let Some(own) = own { (visit.t("：", ": ")) (words(&visit, own)) " " (own.title) }
        }
        p.lead { code { (id) } }
        @if visit.session.is_none() {
            p.remark { (visit.t(
                "您尚未登录，只显示公开的步骤。登录后可看到与您有关的订单。",
                "You are not signed in, so only public steps are shown. Sign in to see orders of your own.",
            )) }
        }
        @for cut in &life.cut { p.remark { (cut) } }
        (graph::figure(&visit, &life))
        (listed(&visit, &life))
        p.quiet {
            (visit.t(
                "此图由您可见的记录组成。审计方可用 databourse trace 重新执行整个账本，得到每一条相关条目及其证明。",
                "This is put together of the records that you may see. An auditor's databourse trace executes the whole ledger again and finds every entry with its proof.",
            ))
        }
        p { a href="/ledger/trace" { (visit.t("追溯其他事物", "Trace something else")) } }
    }))
}

/// The same as a list, in the order of time: for screen readers, narrow screens and print.
fn listed(visit: &Visit, life: &Life) -> Markup {
    html! {
        h2 { (visit.t("按时间列出", "In the order of time")) }
        ol.life {
            @for step in &life.steps {
                li aria-current=[step.is_subject.then_some("true")] {
                    strong { (words(visit, step)) } " "
                    @if let Some(page) = &step.page { a href=(page) { (step.title) } } @else { (step.title) }
                    div.quiet {
                        (visit.format().time(step.at))
                        @let before: Vec<&Step> = life.steps.iter().filter(|one| step.after.contains(&one.key)).collect();
                        @if !before.is_empty() {
                            (visit.t("；依据：", "; follows from: "))
                            @for (place, one) in before.iter().enumerate() {
                                @if place > 0 { (visit.t("、", ", ")) }
                                (words(visit, one)) " " (one.title)
                            }
                        }
                    }
                    @if let Some(entry) = step.entry.filter(|_| step.is_readable) {
                        a href={ "/ledger/entries/" (entry) } {
                            (visit.t("条目与证明", "Entry and proof"))
                            span.unseen { (visit.t("：", ": ")) (words(visit, step)) " " (step.title) }
                        }
                    }
                }
            }
        }
    }
}

/// What a step did, in words.
fn words(visit: &Visit, step: &Step) -> &'static str {
    entry_type(visit.lang, step.entry_type)
}

fn question(visit: &Visit, typed: &str, wrong: Option<&str>) -> Response {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    question_as(visit, status, typed, wrong)
}

fn question_as(visit: &Visit, status: StatusCode, typed: &str, wrong: Option<&str>) -> Response {
    let title = visit.t("追溯", "Trace");
    let described = if wrong.is_some() { "id-wrong id-hint" } else { "id-hint" };
    visit.page_as(status, title, html! {
        h1 { (title) }
        p.lead { (visit.t("从登记到凭证，看一个事物经历的每一步，以及每一步的证明。",
            "From registration to certificate: every step of one thing's life, with the proof of each.")) }
        form method="get" action="/ledger/trace" {
            div.field {
                label for="id" { (visit.t("编号", "What is traced")) }
                input #id name="id" type="text" required autocomplete="off" spellcheck="false" value=(typed)
                    aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
                @if let Some(wrong) = wrong { p.wrong #id-wrong role="alert" { (wrong) } }
                p.hint #id-hint {
                    (visit.t(
                        "产品、权利、要约、订单或主体的编号；许可编号（订单编号加“.行号”）；或凭证编号，例如 sh-2026-00000001。它们的页面上都可以复制。",
                        "The id of a product, right, offer, order or party; a licence (the order's id with “.” and the line); or a certificate's number such as sh-2026-00000001. Their pages show them.",
                    ))
                }
            }
            button type="submit" { (visit.t("追溯", "Trace")) }
        }
    })
}
