//! `/orders/{id}/acceptance`, `/rejection`, `/dispute`: what a buyer does with lines of an order. Each is a page that says
//! what it means for licences and money before it is done.

use super::order::WholeOrder;
use crate::{
    failure::Failure,
    form::{Field, Form, Submitted},
    names::{Names, short},
    visit::Visit,
    words,
};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_licensing::{Licence, LicenceState};
use maud::{Markup, html};
use serde_json::{Value, json};

/// The most lines to choose from one by one; of more, all or none.
const CHOICES_MAX: usize = 50;
/// What the field of a line's check box begins with.
const LINE: &str = "line-";

/// What a buyer does with lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    Reject,
    Dispute,
}

impl Act {
    pub(super) const ALL: [Self; 3] = [Self::Accept, Self::Reject, Self::Dispute];

    /// The last part of its path.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Accept => "acceptance",
            Self::Reject => "rejection",
            Self::Dispute => "dispute",
        }
    }

    /// Whether it can be done with a line as it stands. The rules decide.
    pub(super) const fn is_for(self, licence: &Licence) -> bool {
        match self {
            Self::Accept => matches!(licence.state, LicenceState::Delivered { .. }),
            Self::Reject => licence.is_open(),
            Self::Dispute => {
                matches!(licence.state, LicenceState::Active { .. }) && licence.dispute.is_none()
            }
        }
    }

    /// The words on its button.
    pub(super) fn words(self, visit: &Visit) -> &'static str {
        match self {
            Self::Accept => visit.t("验收", "Accept the delivery"),
            Self::Reject => visit.t("拒收", "Reject"),
            Self::Dispute => visit.t("提出争议", "Open a dispute"),
        }
    }

    /// What it means.
    fn meaning(self, visit: &Visit) -> &'static str {
        match self {
            Self::Accept => visit.t(
                "验收后，所选各行的许可立即生效，冻结的款项付给供方和交易所。验收不能撤回；之后发现问题，可在期限内提出争议。",
                "When you accept, the licences of the chosen lines begin, and the money that is held is paid to the \
                 supplier and the exchange. This cannot be undone; if something is wrong later, you can open a dispute in time.",
            ),
            Self::Reject => visit.t(
                "拒收后，所选各行作废，冻结的款项全部退回给您。拒收不能撤回。",
                "When you reject, the chosen lines end, and all the money that is held for them comes back to you. \
                 This cannot be undone.",
            ),
            Self::Dispute => visit.t(
                "提出争议后，所选各行应退的款项在供方处冻结，由挂牌的交易所裁决。一次争议只涉及一个供方。",
                "When you open a dispute, what would go back to you is frozen at the supplier until the exchange that \
                 listed the product decides. A dispute is with one supplier.",
            ),
        }
    }

    fn reason_hint(self, visit: &Visit) -> &'static str {
        match self {
            Self::Dispute => visit.t(
                "哪里不对，一行，最多 300 个字符，例如：缺少一半站点的数据。",
                "What is wrong: one line, at most 300 characters, e.g. half of the stations are missing.",
            ),
            _ => visit.t(
                "一行，最多 300 个字符，例如：文件无法打开。供方会看到。",
                "One line, at most 300 characters, e.g. the file cannot be opened. The supplier sees it.",
            ),
        }
    }
}

/// The act of a path with its order, for the buyer alone.
async fn read(visit: &Visit, id: &str, act: &str) -> Result<(WholeOrder, Act), Failure> {
    let act = Act::ALL.into_iter().find(|known| known.path() == act).ok_or(Failure::Unknown)?;
    visit.need(&[TokenRole::Buyer])?;
    let order = WholeOrder::of(visit, id).await?;
    if visit.party() == Some(order.buyer) { Ok((order, act)) } else { Err(Failure::Forbidden) }
}

pub(super) async fn show(visit: Visit, Path((id, act)): Path<(String, String)>) -> Result<Response, Failure> {
    let (order, act) = read(&visit, &id, &act).await?;
    let possible = order.licences.iter().filter(|licence| act.is_for(licence));
    // To accept everything is usual, and so is one line; nothing else is chosen for the buyer.
    let is_usual = act == Act::Accept || possible.clone().count() == 1;
    let form = possible
        .filter(|_| is_usual)
        .fold(visit.form()?, |form, licence| form.with(&format!("{LINE}{}", licence.id.line), "on"));
    page(&visit, &order, act, &form).await
}

pub(super) async fn send(
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
    Submitted(mut form): Submitted,
) -> Result<Response, Failure> {
    let (order, act) = read(&visit, &id, &act).await?;
    let lines = chosen(&form, &order, act);
    if lines.is_empty() {
        form.refuse("lines", visit.t("请至少选择一行。", "Choose at least one line."));
    }
    let reason = form.value("reason").to_owned();
    if reason.is_empty() && act != Act::Accept {
        form.refuse("reason", visit.t("请写明原因。", "Say why."));
    }
    if !form.is_good() {
        return page(&visit, &order, act, &form).await;
    }
    let then = format!("/orders/{}", order.id);
    let (path, body) = match act {
        Act::Accept => (format!("/v1/orders/{}/acceptance", order.id), json!({ "lines": lines })),
        Act::Reject => {
            (format!("/v1/orders/{}/rejection", order.id), json!({ "lines": lines, "reason": reason }))
        }
        Act::Dispute => {
            ("/v1/disputes".to_owned(), json!({ "order": order.id, "lines": lines, "reason": reason }))
        }
    };
    match visit.submit(form, &path, &body, &then).await {
        Ok(done) => Ok(done),
        Err(form) => {
            // The order may have changed meanwhile.
            let order = WholeOrder::of(&visit, &id).await?;
            page(&visit, &order, act, &form).await
        }
    }
}

/// The lines whose boxes are checked, or all where they are not asked for one by one.
fn chosen(form: &Form, order: &WholeOrder, act: Act) -> Vec<u32> {
    if !form.value("all").is_empty() {
        return order
            .licences
            .iter()
            .filter(|licence| act.is_for(licence))
            .map(|licence| licence.id.line)
            .collect();
    }
    let Value::Object(boxes) = form.json(&[LINE]) else { return Vec::new() };
    let mut lines: Vec<u32> = boxes.keys().filter_map(|name| name.strip_prefix(LINE)?.parse().ok()).collect();
    lines.sort_unstable();
    lines
}

async fn page(visit: &Visit, order: &WholeOrder, act: Act, form: &Form) -> Result<Response, Failure> {
    let possible: Vec<&Licence> = order.licences.iter().filter(|licence| act.is_for(licence)).collect();
    let shown = possible.get(..CHOICES_MAX).unwrap_or(&possible);
    let names = Names::of(visit, [], shown.iter().map(|licence| licence.product)).await?;
    let title = act.words(visit);
    let fields = html! {
        (lines(visit, form, &possible, &names))
        @if act != Act::Accept {
            (form.field(visit, &Field::line("reason", visit.t("原因", "Reason")).hint(act.reason_hint(visit))))
        }
        div.actions {
            button.danger[act == Act::Reject] type="submit" { (title) }
            a.button.second href={ "/orders/" (order.id) } { (visit.t("返回订单", "Back to the order")) }
        }
    };
    Ok(visit.form_page(form, title, html! {
        h1 { (title) }
        p { (visit.t("订单 ", "Order ")) a href={ "/orders/" (order.id) } { (short(order.id)) } }
        p { (act.meaning(visit)) }
        @if possible.is_empty() {
            @if !form.is_good() { (form.element(visit, visit.uri.path(), &html! {})) }
            p.nothing { (visit.t("此订单现在没有可以这样处理的行。", "No line of this order can be treated so now.")) }
            p { a href={ "/orders/" (order.id) } { (visit.t("返回订单", "Back to the order")) } }
        } @else {
            (form.element(visit, visit.uri.path(), &fields))
        }
    }))
}

fn lines(visit: &Visit, form: &Form, possible: &[&Licence], names: &Names) -> Markup {
    let count = possible.len();
    if count > CHOICES_MAX {
        return html! {
            input type="hidden" name="all" value="on";
            p { strong { (visit.t(format!("共 {count} 行，全部一起处理。"), format!("All {count} lines together."))) } }
        };
    }
    html! {
        fieldset {
            legend { (visit.t("选择行", "Choose lines")) }
            @for licence in possible {
                @let name = format!("{LINE}{}", licence.id.line);
                @let gross = licence.gross().unwrap_or(licence.net_minor).get();
                label.check {
                    input type="checkbox" name=(name) value="on" checked[!form.value(&name).is_empty()];
                    " " (visit.t("第 ", "Line ")) (licence.id.line) (visit.t(" 行：", ": ")) (names.title(licence.product)) ", "
                    (words::purpose(visit.lang, &licence.purpose)) ", " (visit.format().money(licence.asset, gross))
                }
            }
            @if let Some(wrong) = form.wrong("lines") { p.wrong { (wrong) } }
        }
    }
}
