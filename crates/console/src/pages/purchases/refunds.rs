//! `/refunds`: money of accepted lines that went back to buyers.

use super::{Side, licences_of, tabs};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, table},
    names::{Names, short},
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_licensing::Licence;
use databourse_market::RefundRecord;
use databourse_primitives::LicenceId;
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let side = Side::of(&visit);
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/refunds", &[("side", side.parameter()), ("cursor", &cursor)]);
    let refunds: Page<RefundRecord> = visit.get(&path).await?;
    let first = licences_of(&visit, refunds.items.iter().filter_map(first_of)).await?;
    let parties = refunds.items.iter().flat_map(|refund| [refund.buyer, refund.supplier]);
    let names = Names::of(&visit, parties, first.values().map(|licence| licence.product)).await?;
    let rows: Vec<_> = refunds
        .items
        .iter()
        .map(|refund| row(&visit, refund, first_of(refund).and_then(|id| first.get(&id)), &names))
        .collect();
    let headings = [
        visit.t("退款时间", "Granted"),
        visit.t("产品与订单", "Product and order"),
        visit.t("供方", "Supplier"),
        visit.t("需方", "Buyer"),
        visit.t("原因", "Reason"),
        visit.t("含税退款", "Refunded, with tax"),
    ];
    let title = visit.t("退款", "Refunds");
    let nothing = visit.t(
        "没有退款。供方或交易所退还已验收订单的款项后，会出现在这里。",
        "There are no refunds. One appears here when a supplier or an exchange gives money of an accepted order back.",
    );
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            (tabs(&visit))
            (side.choice(&visit))
            section #refunds data-live=(visit.uri) {
                (table(title, &headings, &rows, nothing))
                (layout::next(&visit, refunds.next.as_deref()))
            }
        },
    ))
}

fn first_of(refund: &RefundRecord) -> Option<LicenceId> {
    Some(LicenceId { order: refund.order, line: refund.lines.first()?.line })
}

fn row(visit: &Visit, refund: &RefundRecord, first: Option<&Licence>, names: &Names) -> Markup {
    let asset = refund.window.asset;
    let money = |minor: i64| visit.format().money(asset, minor);
    let voucher: i64 = refund.lines.iter().map(|line| line.voucher_minor.get()).fold(0, i64::saturating_add);
    let tax: i64 = refund.lines.iter().map(|line| line.vat_minor.get()).fold(0, i64::saturating_add);
    html! {
        td { (visit.format().time(refund.granted_at)) }
        td {
            @if let Some(first) = first { (names.product(first.product)) br; }
            a href={ "/orders/" (refund.order) } { (visit.t("订单 ", "Order ")) (short(refund.order)) }
        }
        td { (names.party(refund.supplier)) }
        td { (names.party(refund.buyer)) }
        td { bdi { (refund.reason) } }
        td.number {
            (money(refund.total_minor.get())) br;
            span.quiet { (visit.t("其中税款 ", "of it tax ")) (money(tax)) }
            @if voucher > 0 { br; span.quiet { (visit.t("退回券 ", "to a voucher ")) (money(voucher)) } }
        }
    }
}
