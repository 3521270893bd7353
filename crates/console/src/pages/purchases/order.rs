//! `/orders/{id}`: one order: its lines as licences, what it costs, what is held, and what the buyer can do now.

use super::{act::Act, lines, tabs};
use crate::{
    failure::Failure,
    layout::facts,
    names::{Names, short},
    visit::Visit,
};
use axum::{extract::Path, response::Response};
use databourse_api::token::TokenRole;
use databourse_licensing::{Licence, LicenceState, OrderGroup};
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, ExchangeCode, Label, OrderId, PartyId, Timestamp, VoucherId,
};
use databourse_settlement::{Hold, HoldState};
use maud::{Markup, html};
use serde::Deserialize;

/// An order with its licences, as far as the reader may see them.
#[derive(Deserialize)]
pub(super) struct WholeOrder {
    pub(super) id: OrderId,
    pub(super) buyer: PartyId,
    pub(super) asset: Asset,
    exchange: ExchangeCode,
    line_count: u32,
    open_line_count: u32,
    accepted_line_count: u32,
    /// Absent if the reader sees only some of its lines.
    #[serde(default)]
    total_minor: Option<AmountMinor>,
    #[serde(default)]
    refunded_minor: Option<AmountMinor>,
    #[serde(default)]
    voucher: Option<VoucherId>,
    #[serde(default)]
    group: Option<OrderGroup>,
    #[serde(default)]
    reference: Option<Label>,
    placed_at: Timestamp,
    #[serde(default)]
    certificate: Option<CertificateNumber>,
    #[serde(default)]
    pub(super) licences: Vec<Licence>,
}

impl WholeOrder {
    /// The order of a path.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn of(visit: &Visit, id: &str) -> Result<Self, Failure> {
        visit.need(&TokenRole::ALL)?;
        let id: OrderId = id.parse().map_err(|_| Failure::Unknown)?;
        visit.get(&format!("/v1/orders/{id}")).await
    }
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let order = WholeOrder::of(&visit, &id).await?;
    let is_whole = order.total_minor.is_some();
    let from = visit.parameter("from").and_then(|from| from.parse().ok()).unwrap_or_default();
    let (shown, next) = lines::page(&order.licences, from);
    let hold_path = format!("/v1/holds/{}", order.id);
    let hold = async { if is_whole { visit.find::<Hold>(&hold_path).await } else { Ok(None) } };
    let parties = shown.iter().map(|licence| licence.supplier).chain([order.buyer]);
    let names = Names::of(&visit, parties, shown.iter().map(|licence| licence.product));
    let (hold, names) = tokio::try_join!(hold, names)?;
    let title = visit.t("订单", "Order");
    Ok(visit.page(title, html! {
        h1 { (title) " " (short(order.id)) }
        (tabs(&visit))
        section #order data-live=(visit.uri) {
            (actions(&visit, &order))
            (actions_of_others(&visit, &order))
            (overview(&visit, &order, hold.as_ref(), &names))
            h2 { (visit.t("许可（订单各行）", "Licences (the lines of the order)")) }
            @if !is_whole {
                p.quiet { (visit.t("只显示您出售的行。", "Only the lines that you sell are shown.")) }
            }
            (lines::table(&visit, shown, &names))
            @if let Some(next) = next {
                p { a.more href=(visit.here_with("from", &next.to_string())) { (visit.t("后面的行", "Further lines")) } }
            }
        }
    }))
}

/// What the supplier and the operator can do now, on pages of theirs.
fn actions_of_others(visit: &Visit, order: &WholeOrder) -> Markup {
    let is_to_deliver =
        |licence: &Licence| licence.state == LicenceState::Ordered && visit.party() == Some(licence.supplier);
    let may_deliver = visit.has(TokenRole::Merchant) && order.licences.iter().any(is_to_deliver);
    let is_complete = order.open_line_count == 0 && order.accepted_line_count > 0;
    let may_certify = visit.has(TokenRole::Operator) && is_complete && order.certificate.is_none();
    html! {
        @if may_deliver {
            p.actions { a.button href={ "/shop/orders/" (order.id) "/delivery" } { (visit.t("记录交付", "Record the delivery")) } }
        }
        @if may_certify {
            p.actions { a.button href={ "/desk/certificates/" (order.id) } { (visit.t("签发凭证", "Issue the certificate")) } }
        }
    }
}

/// What the buyer can do now; each asks again on a page of its own.
fn actions(visit: &Visit, order: &WholeOrder) -> Markup {
    let is_buyer = visit.has(TokenRole::Buyer) && visit.party() == Some(order.buyer);
    let possible: Vec<Act> =
        Act::ALL.into_iter().filter(|act| order.licences.iter().any(|one| act.is_for(one))).collect();
    html! {
        @if is_buyer && !possible.is_empty() {
            @if possible.contains(&Act::Accept) {
                p.remark { (visit.t("供方已交付。请检查收到的内容，然后验收或拒收。",
                    "The supplier has delivered. Look at what you received, then accept or reject it.")) }
            }
            p.actions {
                @for (place, act) in possible.iter().enumerate() {
                    a.button.second[place > 0 || *act != Act::Accept] href={ "/orders/" (order.id) "/" (act.path()) } {
                        (act.words(visit))
                    }
                }
            }
        }
    }
}

fn overview(visit: &Visit, order: &WholeOrder, hold: Option<&Hold>, names: &Names) -> Markup {
    let money = |amount: AmountMinor| visit.format().money(order.asset, amount.get());
    let mut list = vec![
        (visit.t("下单时间", "Placed"), visit.format().time(order.placed_at)),
        (visit.t("需方", "Buyer"), names.party(order.buyer)),
        (visit.t("经由交易所", "Through"), html! { (names.exchange(&order.exchange)) }),
        (visit.t("行数", "Lines"), html! { (visit.format().number(order.line_count)) }),
    ];
    if let Some(reference) = &order.reference {
        list.push((visit.t("需方编号", "Buyer's reference"), html! { (reference) }));
    }
    if let Some(OrderGroup { name, part, parts }) = &order.group {
        let words = visit
            .t(format!("{name}，第 {part} 部分，共 {parts} 部分"), format!("{name}, part {part} of {parts}"));
        list.push((visit.t("所属采购", "Part of"), html! { (words) }));
    }
    if let Some(total) = order.total_minor {
        list.push((visit.t("含税合计", "Total with tax"), html! { strong { (money(total)) } }));
    }
    if let Some(voucher) = order.voucher {
        list.push((visit.t("使用的科技创新券", "Innovation voucher used"), short(voucher)));
    }
    if let Some(hold) = hold {
        list.push((visit.t("冻结的款项", "Money held"), held(visit, hold)));
    }
    if let Some(refunded) = order.refunded_minor.filter(|refunded| !refunded.is_zero()) {
        list.push((visit.t("已退款", "Refunded"), html! { (money(refunded)) }));
    }
    list.push((
        visit.t("凭证", "Certificate"),
        html! {
            @if let Some(number) = &order.certificate {
                a href={ "/certificates/" (number) } { (visit.t("凭证 ", "Certificate ")) (number) }
            } @else {
                span.quiet { (visit.t("尚未签发。各行全部验收或拒收后由交易所签发。",
                    "Not issued yet. The exchange issues it when every line is accepted or rejected.")) }
            }
        },
    ));
    list.push((visit.t("追溯", "Trace"), html! {
        a href={ "/ledger/trace/" (order.id) } { (visit.t("查看此订单在账本中的全部经历", "See the whole life of this order in the ledger")) }
    }));
    facts(&list)
}

/// What became of the money that was held.
fn held(visit: &Visit, hold: &Hold) -> Markup {
    let money = |amount: AmountMinor| visit.format().money(hold.asset, amount.get());
    let left = hold.left().map(money).unwrap_or_default();
    let (paid, back) = (money(hold.posted_minor), money(hold.returned_minor));
    html! {
        @match &hold.state {
            HoldState::Pending { expires_at } => {
                (visit.t(format!("冻结中 {left}"), format!("{left} is held")))
                @if let Some(until) = expires_at {
                    (visit.t("，最迟 ", ", until ")) (visit.format().time(*until)) (visit.t(" 自动退回", " at the latest"))
                }
            }
            HoldState::Posted { .. } => (visit.t("已全部处理", "All of it is decided")),
            HoldState::Voided { .. } => (visit.t("已全部退回", "All of it came back")),
            HoldState::Expired { .. } => (visit.t("逾期未验收，余款已退回", "Not accepted in time; what was left came back")),
        }
        br;
        span.quiet { (visit.t(format!("已付给供方 {paid}，已退回 {back}"), format!("{paid} paid, {back} returned"))) }
    }
}
