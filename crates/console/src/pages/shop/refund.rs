//! `/shop/refunds/new?order=…`: money of accepted lines given back.

use super::{sale::Sale, send::send};
use crate::{
    act::{Act, Sent, take_minor},
    failure::Failure,
    form::{Field, Form, Submitted},
    names::{Names, short},
    visit::Visit,
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_licensing::{Licence, LicenceState};
use maud::{Markup, html};
use serde_json::json;

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Merchant, TokenRole::Operator])?;
    let sale = Sale::read(&visit, &visit.parameter("order").ok_or(Failure::Unknown)?).await?;
    page(&visit, &sale, &visit.form()?).await
}

/// Accepted lines of which something is left to give back.
fn refundable<'a>(visit: &Visit, sale: &'a Sale) -> Vec<&'a Licence> {
    let own = visit.party();
    let is_open = |licence: &&Licence| {
        matches!(licence.state, LicenceState::Active { .. }) && own.is_none_or(|own| own == licence.supplier)
    };
    sale.licences.iter().filter(is_open).collect()
}

/// What is left of a line's net price, minor units.
const fn left_minor(licence: &Licence) -> i64 {
    licence.net_minor.get().saturating_sub(licence.refunded_minor.get())
}

async fn page(visit: &Visit, sale: &Sale, form: &Form) -> Result<Response, Failure> {
    let lines = refundable(visit, sale);
    let names = Names::of(visit, [sale.buyer], lines.iter().map(|licence| licence.product)).await?;
    let title = visit.t("退款", "Refund");
    let back = if visit.party().is_some() {
        format!("/shop/orders?order={}", sale.id)
    } else {
        format!("/orders/{}", sale.id)
    };
    if lines.is_empty() && form.is_good() {
        return Ok(visit.page(title, html! {
            h1 { (title) }
            p.nothing { (visit.t("此订单没有可退款的行：只有已验收、尚未全额退款的行可以退。",
                "No line of this order can be refunded: only lines that were accepted and not wholly refunded.")) }
            p { a href=(back) { (visit.t("返回订单", "Back to the order")) } }
        }));
    }
    let reason = Field::line("reason", visit.t("原因", "Reason"));
    let reason = reason.hint(visit.t(
        "一行文字，需方会看到，并记入账本。",
        "One line; the buyer sees it, and it is recorded in the ledger.",
    ));
    let field_of = |licence: &Licence| field(visit, form, licence, &names);
    Ok(Act {
        title,
        lead: html! {
            p { (visit.t("订单 ", "Order ")) (short(sale.id)) " · " (visit.t("需方：", "buyer: ")) (names.party(sale.buyer)) }
            p { (visit.t("填写每行要退的净额；增值税、手续费和分成按比例一并退回。全额退款的行，许可即告终止。退款不能撤销。",
                "Write the net amount to give back of each line; tax, fees and shares go back in proportion. A line that is \
                 wholly refunded ends its licence. A refund cannot be undone.")) }
        },
        fields: html! {
            @for licence in &lines { (field_of(licence)) }
            (form.field(visit, &reason))
        },
        button: visit.t("退款", "Refund"),
        is_danger: true,
        path: &format!("/shop/refunds/new?order={}", sale.id),
        back: &back,
    }
    .page(visit, form))
}

fn field(visit: &Visit, form: &Form, licence: &Licence, names: &Names) -> Markup {
    let line = licence.id.line;
    let left = visit.format().money(licence.asset, left_minor(licence));
    let label = visit.t(
        format!("第 {line} 行 · {} · 退还净额", names.title(licence.product)),
        format!("Line {line} · {} · net amount", names.title(licence.product)),
    );
    let hint = visit.t(
        format!("大于零，最多 {left}（此行尚未退还的净价），例如 12.50；不退则留空。"),
        format!("Above zero and at most {left}, which is what is left of this line, for example 12.50; empty for nothing."),
    );
    form.field(visit, &Field::line(&name_of(line), &label).optional().hint(&hint))
}

fn name_of(line: u32) -> String {
    format!("amount.{line}")
}

pub(super) async fn grant(visit: Visit, Submitted(mut form): Submitted) -> Result<Response, Failure> {
    visit.need(&[TokenRole::Merchant, TokenRole::Operator])?;
    let sale = Sale::read(&visit, &visit.parameter("order").ok_or(Failure::Unknown)?).await?;
    let (mut lines, mut aims) = (Vec::new(), Vec::new());
    for licence in refundable(&visit, &sale) {
        let name = name_of(licence.id.line);
        if form.value(&name).is_empty() {
            continue;
        }
        if let Some(amount) = take_minor(&visit, &mut form, &name, licence.asset) {
            // The form of the body names a line by its place, the rules by its number in the order.
            aims.push((format!("lines[{}].amount_minor", lines.len()), name.clone()));
            aims.push((format!("lines({}).amount_minor", licence.id.line), name));
            lines.push(json!({ "line": licence.id.line, "amount_minor": amount }));
        }
    }
    if lines.is_empty() && form.is_good() {
        let what = visit.t("请至少填写一行的退款金额。", "Write an amount for at least one line.");
        form.refuse(
            &refundable(&visit, &sale).first().map(|first| name_of(first.id.line)).unwrap_or_default(),
            what,
        );
    }
    if !form.is_good() {
        return page(&visit, &sale, &form).await;
    }
    let aims: Vec<(&str, &str)> =
        aims.iter().map(|(member, field)| (member.as_str(), field.as_str())).collect();
    let body = json!({ "order": sale.id, "lines": lines, "reason": form.value("reason") });
    let then = |done: &crate::backend::Acknowledged| {
        if visit.party().is_some() {
            format!("/shop/orders?order={}", sale.id)
        } else {
            format!("/ledger/entries/{}", done.id)
        }
    };
    match send(&visit, form, "/v1/refunds", &body, &aims, then).await? {
        Sent::Done(response) => Ok(response),
        Sent::Refused(form) => page(&visit, &sale, &form).await,
    }
}
