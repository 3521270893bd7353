//! `/desk`: what waits, and what can be recorded.

use super::OVERSIGHT;
use crate::{
    backend::with_query,
    failure::Failure,
    layout,
    names::{Names, short},
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, ExchangeCode, OrderId, PartyId, Timestamp,
};
use databourse_settlement::Dispute;
use maud::{Markup, html};
use serde::Deserialize;

/// An order, as far as its certificate is concerned.
#[derive(Debug, Deserialize)]
struct Order {
    id: OrderId,
    buyer: PartyId,
    exchange: ExchangeCode,
    asset: Asset,
    open_line_count: u32,
    accepted_line_count: u32,
    #[serde(default)]
    total_minor: Option<AmountMinor>,
    placed_at: Timestamp,
    #[serde(default)]
    certificate: Option<CertificateNumber>,
}

impl Order {
    fn waits(&self, own: &ExchangeCode) -> bool {
        self.open_line_count == 0
            && self.accepted_line_count > 0
            && self.certificate.is_none()
            && self.exchange == *own
    }
}

/// `GET /desk`.
pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(OVERSIGHT)?;
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let orders = with_query("/v1/orders", &[("limit", "50"), ("cursor", &cursor)]);
    let (disputes, orders) = tokio::try_join!(
        visit.get::<Page<Dispute>>("/v1/disputes?state=open&sort=oldest&limit=50"),
        visit.get::<Page<Order>>(&orders),
    )?;
    let own = visit.console.exchange.clone();
    let waiting: Vec<&Order> = orders.items.iter().filter(|order| order.waits(&own)).collect();
    let parties = disputes.items.iter().flat_map(|dispute| [dispute.buyer, dispute.supplier]);
    let parties = parties.chain(waiting.iter().map(|order| order.buyer));
    let names = Names::of(&visit, parties, []).await?;
    let title = visit.t("柜台", "Desk");
    let deeds = [
        ("/desk/deposit", visit.t("登记入金", "Record a deposit")),
        ("/desk/voucher", visit.t("发放科技创新券", "Issue an innovation voucher")),
        ("/desk/fee", visit.t("收取年费", "Charge a yearly fee")),
        ("/certifications/new", visit.t("认证新主体", "Certify a party")),
    ];
    Ok(visit.page(title, html! {
        h1 { (title) }
        p.lead { (visit.t("交易所为主体办理的事项。", "What the exchange does for its parties.")) }
        @if visit.has(TokenRole::Operator) {
            div.actions { @for (path, words) in deeds { a.button href=(path) { (words) } } }
        }
        div #waiting data-live=(visit.uri) {
            h2 #disputes { (visit.t("待裁决的争议", "Disputes to decide")) }
            (of_disputes(&visit, &names, &disputes.items))
            h2 #certificates { (visit.t("待签发的凭证", "Certificates to issue")) }
            (of_orders(&visit, &names, &waiting))
            p.hint { (visit.t("在本页所含的 50 个订单中，已完成而尚未签发凭证的。",
                "Of the 50 orders that this page covers, those that are complete and have no certificate.")) }
            @if let Some(next) = &orders.next {
                p { a.more href=(visit.here_with("cursor", next)) { (visit.t("更早的订单", "Earlier orders")) } }
            }
        }
    }))
}

fn of_disputes(visit: &Visit, names: &Names, disputes: &[Dispute]) -> Markup {
    let headings = [
        visit.t("争议", "Dispute"),
        visit.t("需方", "Buyer"),
        visit.t("供方", "Supplier"),
        visit.t("提出时间", "Opened"),
    ];
    let row = |dispute: &Dispute| {
        html! {
            td { a href={ "/desk/disputes/" (dispute.id) } { (dispute.reason) } }
            td { (names.party(dispute.buyer)) }
            td { (names.party(dispute.supplier)) }
            td { (visit.format().time(dispute.opened_at)) }
        }
    };
    let rows: Vec<Markup> = disputes.iter().map(row).collect();
    let nothing = visit.t("没有待裁决的争议。", "No dispute waits for a decision.");
    layout::table(visit.t("待裁决的争议", "Disputes to decide"), &headings, &rows, nothing)
}

fn of_orders(visit: &Visit, names: &Names, orders: &[&Order]) -> Markup {
    let headings = [
        visit.t("订单", "Order"),
        visit.t("需方", "Buyer"),
        visit.t("金额", "Amount"),
        visit.t("下单时间", "Placed"),
        visit.t("凭证", "Certificate"),
    ];
    let row = |order: &&Order| {
        html! {
            td { a href={ "/orders/" (order.id) } { (short(order.id)) } }
            td { (names.party(order.buyer)) }
            td.number {
                @if let Some(total) = order.total_minor { (visit.format().money(order.asset, total.get())) } @else { "–" }
            }
            td { (visit.format().time(order.placed_at)) }
            td {
                @if visit.has(TokenRole::Operator) {
                    a href={ "/desk/certificates/" (order.id) } { (visit.t("签发凭证", "Issue the certificate")) }
                } @else { (visit.t("待签发", "To be issued")) }
            }
        }
    };
    let rows: Vec<Markup> = orders.iter().map(row).collect();
    let nothing = visit.t(
        "没有：本页的已完成订单都有凭证。",
        "None: every completed order of this page has its certificate.",
    );
    layout::table(visit.t("待签发的凭证", "Certificates to issue"), &headings, &rows, nothing)
}
