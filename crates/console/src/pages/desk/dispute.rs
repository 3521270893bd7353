//! `/desk/disputes/{id}`: a dispute, and its decision.

use super::{OVERSIGHT, operator};
use crate::{
    act::{Sent, refused, take_minor},
    failure::Failure,
    form::{Field, Form, Submitted},
    layout,
    names::Names,
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_primitives::{Asset, DisputeId};
use databourse_settlement::{Dispute, DisputeState};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a dispute is about, as far as its decision needs it.
#[derive(Debug, Deserialize)]
struct Order {
    asset: Asset,
}

async fn read(visit: &Visit, id: &str) -> Result<(Dispute, Asset), Failure> {
    let id: DisputeId = id.parse().map_err(|_| Failure::Unknown)?;
    let dispute: Dispute = visit.get(&format!("/v1/disputes/{id}")).await?;
    let order: Order = visit.get(&format!("/v1/orders/{}", dispute.order)).await?;
    Ok((dispute, order.asset))
}

/// `GET /desk/disputes/{id}`.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    visit.need(OVERSIGHT)?;
    let (dispute, asset) = read(&visit, &id).await?;
    page(&visit, &dispute, asset, &visit.form()?).await
}

async fn page(visit: &Visit, dispute: &Dispute, asset: Asset, form: &Form) -> Result<Response, Failure> {
    let names = Names::of(visit, [dispute.buyer, dispute.supplier], []).await?;
    let title = visit.t("争议", "Dispute");
    let is_open = dispute.state == DisputeState::Open;
    Ok(visit.form_page(form, title, html! {
        h1 { (title) }
        p {
            @if is_open { span.state.warn { (visit.t("待裁决", "To be decided")) } }
            @else { span.state.good { (visit.t("已裁决", "Decided")) } }
        }
        p.lead { bdi { (dispute.reason) } }
        (facts(visit, &names, dispute, asset))
        @if is_open && visit.has(TokenRole::Operator) {
            h2 { (visit.t("裁决", "Decide")) }
            p { (visit.t("冻结的款项随即解冻，裁定退还的部分在同一步骤退给需方。裁决不能撤销。供方无责时各行留空。",
                "What was frozen is free again, and what is decided goes back to the buyer in the same step. It cannot be undone. Leave the lines empty if the seller is right.")) }
            (form.element(visit, &format!("/desk/disputes/{}", dispute.id), &fields(visit, dispute, form)))
        }
        p {
            a href={ "/orders/" (dispute.order) } { (visit.t("查看订单", "See the order")) } " · "
            a href={ "/ledger/trace/" (dispute.order) } { (visit.t("在账本中追溯", "Trace it in the ledger")) } " · "
            a href="/desk" { (visit.t("返回柜台", "Back to the desk")) }
        }
    }))
}

fn facts(visit: &Visit, names: &Names, dispute: &Dispute, asset: Asset) -> Markup {
    let format = visit.format();
    let lines: Vec<_> = dispute.lines.iter().map(ToString::to_string).collect();
    let frozen: i64 = dispute.frozen.iter().map(|part| part.amount_minor.get()).fold(0, i64::saturating_add);
    let mut facts = vec![
        (visit.t("需方", "Buyer"), names.party(dispute.buyer)),
        (visit.t("供方", "Supplier"), names.party(dispute.supplier)),
        (visit.t("争议的订单行", "Disputed lines"), html! { (lines.join(", ")) }),
        (visit.t("提出人", "Opened by"), names.holder(&dispute.opened_by)),
        (visit.t("提出时间", "Opened"), format.time(dispute.opened_at)),
        (
            visit.t("全额退还为", "A full refund would be"),
            html! { (format.money(asset, dispute.claimed_minor.get())) },
        ),
        (visit.t("冻结金额", "Frozen"), html! { (format.money(asset, frozen)) }),
    ];
    if let Some(reference) = &dispute.chargeback {
        facts.push((visit.t("银行拒付流水号", "Bank's chargeback"), html! { code { (reference) } }));
    }
    if let DisputeState::Decided { refunded_minor, decided_by, reason, decided_at } = &dispute.state {
        facts.push((visit.t("退还", "Went back"), html! { (format.money(asset, refunded_minor.get())) }));
        facts.push((visit.t("裁决理由", "Why"), html! { bdi { (reason) } }));
        facts.push((visit.t("裁决方", "Decided by"), html! { (names.exchange(decided_by)) }));
        facts.push((visit.t("裁决时间", "Decided"), format.time(*decided_at)));
    }
    layout::facts(&facts)
}

fn fields(visit: &Visit, dispute: &Dispute, form: &Form) -> Markup {
    let hint = visit.t(
        "不含税金额，例如 600.00；税和手续费按比例一并退还。留空则此行不退。",
        "Without tax, such as 600.00; tax and fee follow in proportion. Empty: nothing of this line goes back.",
    );
    html! {
        @for line in &dispute.lines {
            @let name = format!("line.{line}");
            @let label = visit.t(format!("第 {line} 行退还"), format!("Goes back of line {line}"));
            (form.field(visit, &Field::line(&name, &label).hint(hint).optional()))
        }
        (form.field(visit, &Field::line("reason", visit.t("理由", "Why")).hint(visit.t(
            "一行文字，最多 300 字；双方都会看到。",
            "One line of at most 300 characters; both parties see it.",
        ))))
        div.actions { button.danger type="submit" { (visit.t("裁决", "Decide")) } }
    }
}

/// `POST /desk/disputes/{id}`.
pub(super) async fn send(
    visit: Visit,
    Path(id): Path<String>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    operator(&visit)?;
    let (dispute, asset) = read(&visit, &id).await?;
    let mut refunds: Vec<Value> = Vec::new();
    let mut named = Vec::new();
    for line in &dispute.lines {
        let name = format!("line.{line}");
        if !form.value(&name).is_empty()
            && let Some(minor) = take_minor(&visit, &mut form, &name, asset)
        {
            refunds.push(json!({ "line": line, "amount_minor": minor }));
            named.push(name);
        }
    }
    if !form.is_good() {
        return page(&visit, &dispute, asset, &form).await;
    }
    let body = json!({ "refunds": refunds, "reason": form.value("reason") });
    let path = format!("/v1/disputes/{}/decision", dispute.id);
    let then = format!("/desk/disputes/{}", dispute.id);
    let sent = match visit.record(&path, form.key(), &body).await {
        Ok(done) => Sent::Done(visit.done(&then, &done)),
        Err(mut problem) => {
            if let Some(field) = field_of(&problem.field, &named) {
                problem.field = field;
            }
            refused(&visit, form, problem)?
        }
    };
    match sent {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &dispute, asset, &form).await,
    }
}

/// The field of the form for what the API calls `refunds[0].…`, which counts what was sent, or `lines(7).…`, which names a
/// line.
fn field_of(field: &str, sent: &[String]) -> Option<String> {
    let inside = |open: &str, close: char| field.strip_prefix(open)?.split(close).next();
    if let Some(line) = inside("lines(", ')') {
        return Some(format!("line.{line}"));
    }
    let index: usize = inside("refunds[", ']')?.parse().ok()?;
    sent.get(index).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_beside_the_line_that_it_is_about() {
        let sent = ["line.2".to_owned(), "line.5".to_owned()];
        let of = |field| field_of(field, &sent);
        assert_eq!(of("lines(7).amount_minor").as_deref(), Some("line.7"));
        assert_eq!(of("refunds[1].amount_minor").as_deref(), Some("line.5"));
        assert_eq!(of("refunds[9].line"), None);
        assert_eq!(of("reason"), None);
    }
}
