//! `/orders`: what a buyer ordered, the newest first; everybody's orders for those who oversee.

use super::{licences_of, tabs};
use crate::{
    backend::with_query,
    failure::Failure,
    form::{Field, button},
    layout::{self, table},
    names::{Names, short},
    visit::{Page, Visit},
    words,
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_licensing::Licence;
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, Label, LicenceId, OrderId, PartyId, Timestamp,
};
use maud::{Markup, html};
use serde::Deserialize;

/// What the list needs of an order.
#[derive(Deserialize)]
struct OrderRow {
    id: OrderId,
    buyer: PartyId,
    asset: Asset,
    line_count: u32,
    open_line_count: u32,
    accepted_line_count: u32,
    #[serde(default)]
    total_minor: Option<AmountMinor>,
    #[serde(default)]
    reference: Option<Label>,
    placed_at: Timestamp,
    #[serde(default)]
    certificate: Option<CertificateNumber>,
}

impl OrderRow {
    const fn first(&self) -> LicenceId {
        LicenceId { order: self.id, line: 1 }
    }
}

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let title =
        if visit.oversees() { visit.t("订单", "Orders") } else { visit.t("我的订单", "My orders") };
    let reference = visit.parameter("reference").unwrap_or_default();
    let mut form = visit.form()?.with("reference", reference.trim());
    if !reference.is_empty() && reference.trim().parse::<Label>().is_err() {
        form.refuse(
            "reference",
            visit.t(
                "编号只含字母、数字和 . _ : / -，最多 64 个字符。",
                "A reference has letters, digits and . _ : / - only, at most 64 of them.",
            ),
        );
    }
    let search = html! {
        details.search-orders open[!reference.is_empty()] {
            summary { (visit.t("按编号查找", "Find by reference")) }
            (form.question(&visit, "/orders", &html! {
                (form.field(&visit, &Field::line("reference", visit.t("下单时填写的编号", "The reference given when ordering")).optional()
                    .hint(visit.t("完整的编号，例如 PO-2026-118。", "The whole reference, such as PO-2026-118."))))
                (button(visit.t("查找", "Find")))
            }))
        }
    };
    if !form.is_good() {
        return Ok(visit.form_page(&form, title, html! { h1 { (title) } (tabs(&visit)) (search) }));
    }
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/orders", &[("reference", reference.trim()), ("cursor", &cursor)]);
    let orders: Page<OrderRow> = visit.get(&path).await?;
    let first = licences_of(&visit, orders.items.iter().map(OrderRow::first)).await?;
    let buyers = orders.items.iter().map(|order| order.buyer).filter(|_| visit.oversees());
    let names = Names::of(&visit, buyers, first.values().map(|licence| licence.product)).await?;
    let rows: Vec<_> =
        orders.items.iter().map(|order| row(&visit, order, first.get(&order.first()), &names)).collect();
    let mut headings = vec![
        visit.t("下单时间", "Placed"),
        visit.t("订单", "Order"),
        visit.t("产品", "Product"),
        visit.t("状态", "State"),
        visit.t("含税合计", "Total with tax"),
        visit.t("凭证", "Certificate"),
    ];
    if visit.oversees() {
        headings.insert(1, visit.t("需方", "Buyer"));
    }
    let nothing = if reference.is_empty() {
        visit.t(
            "还没有订单。在市场中选择一个产品的要约即可订购。",
            "There are no orders yet. Choose an offer of a product in the market to place one.",
        )
    } else {
        visit.t(
            "没有这个编号的订单。请核对编号，或清空后查看全部。",
            "No order has this reference. Check it, or leave it empty to see all.",
        )
    };
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            (tabs(&visit))
            (search)
            section #orders data-live=(visit.uri) {
                (table(title, &headings, &rows, nothing))
                (layout::next(&visit, orders.next.as_deref()))
            }
            @if rows.is_empty() { p { a href="/market" { (visit.t("前往市场", "Go to the market")) } } }
        },
    ))
}

fn row(visit: &Visit, order: &OrderRow, first: Option<&Licence>, names: &Names) -> Markup {
    let more = order.line_count.saturating_sub(1);
    html! {
        td { (visit.format().time(order.placed_at)) }
        @if visit.oversees() { td { (names.party(order.buyer)) } }
        td {
            a href={ "/orders/" (order.id) } { (short(order.id)) }
            @if let Some(reference) = &order.reference { br; span.quiet { (reference) } }
        }
        td {
            @if let Some(first) = first { (names.product(first.product)) }
            @if more > 0 {
                " " span.quiet { (visit.t(format!("等 {} 行", order.line_count), format!("and {more} more"))) }
            }
        }
        td { (state(visit, order, first)) }
        td.number {
            @if let Some(total) = order.total_minor { (visit.format().money(order.asset, total.get())) }
        }
        td {
            @if let Some(number) = &order.certificate { a href={ "/certificates/" (number) } { (number) } }
            @else { span.quiet { "—" } }
        }
    }
}

/// Where an order stands: of one line, what its licence says; of more, how many are open.
fn state(visit: &Visit, order: &OrderRow, first: Option<&Licence>) -> Markup {
    if let (1, Some(licence)) = (order.line_count, first) {
        let (words, class) = words::licence_state(visit.lang, &licence.state, visit.console.now());
        return html! { span class={ "state " (class) } { (words) } };
    }
    let open = visit.format().number(order.open_line_count);
    let (words, class) = match (order.open_line_count, order.accepted_line_count) {
        (0, 0) => (visit.t("未成交", "Nothing was accepted").to_owned(), "bad"),
        (0, _) => (visit.t("已完成", "Complete").to_owned(), "good"),
        _ => (visit.t(format!("{open} 行未完成"), format!("{open} lines open")), "warn"),
    };
    html! { span class={ "state " (class) } { (words) } }
}
