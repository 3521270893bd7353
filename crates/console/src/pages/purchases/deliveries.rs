//! `/deliveries`: what a buyer received and what proves it; for whoever sells, what it delivered.

use super::{Side, licences_of, tabs};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, table},
    names::{Names, short},
    visit::{Page, Visit},
    words,
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_licensing::Licence;
use databourse_market::DeliveryRecord;
use databourse_primitives::LicenceId;
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let side = Side::of(&visit);
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query("/v1/deliveries", &[("side", side.parameter()), ("cursor", &cursor)]);
    let deliveries: Page<DeliveryRecord> = visit.get(&path).await?;
    let first = licences_of(&visit, deliveries.items.iter().filter_map(first_of)).await?;
    let parties = deliveries.items.iter().flat_map(|delivery| [delivery.supplier, delivery.buyer]);
    let names = Names::of(&visit, parties, first.values().map(|licence| licence.product)).await?;
    let rows: Vec<_> = deliveries
        .items
        .iter()
        .map(|delivery| row(&visit, delivery, first_of(delivery).and_then(|id| first.get(&id)), &names))
        .collect();
    let headings = [
        visit.t("交付时间", "Delivered"),
        visit.t("产品", "Product"),
        visit.t("供方", "Supplier"),
        visit.t("需方", "Buyer"),
        visit.t("方式", "How"),
        visit.t("交付内容的指纹（证据）", "Fingerprint of what was delivered (evidence)"),
        visit.t("订单", "Order"),
    ];
    let title = match side {
        Side::All => visit.t("交付", "Deliveries"),
        Side::Bought => visit.t("我收到的交付", "What I received"),
        Side::Sold => visit.t("我的交付", "What I delivered"),
    };
    let nothing = visit.t(
        "还没有交付。供方交付订单后，交付记录会出现在这里。",
        "There are no deliveries yet. One appears here when a supplier delivers what was ordered.",
    );
    Ok(visit.page(title, html! {
        h1 { (title) }
        (tabs(&visit))
        (side.choice(&visit))
        p { (visit.t("指纹是交付内容的 SHA-256 摘要。对收到的文件计算同样的摘要，相同即说明内容未被改动。",
            "A fingerprint is the SHA-256 digest of what was delivered. Compute the digest of the file that you received: \
             if it is the same, nothing was altered.")) }
        section #deliveries data-live=(visit.uri) {
            (table(title, &headings, &rows, nothing))
            (layout::next(&visit, deliveries.next.as_deref()))
        }
    }))
}

fn first_of(delivery: &DeliveryRecord) -> Option<LicenceId> {
    Some(LicenceId { order: delivery.order, line: *delivery.lines.first()? })
}

fn row(visit: &Visit, delivery: &DeliveryRecord, first: Option<&Licence>, names: &Names) -> Markup {
    let count = delivery.lines.len();
    html! {
        td { (visit.format().time(delivery.delivered_at)) }
        td {
            @if let Some(first) = first { (names.product(first.product)) }
            @if count > 1 { " " span.quiet { (visit.t(format!("等 {count} 行"), format!("{count} lines"))) } }
        }
        td { (names.party(delivery.supplier)) }
        td { (names.party(delivery.buyer)) }
        td { (words::delivery_method(visit.lang, delivery.method)) }
        td { code.digest { (delivery.evidence) } }
        td { a href={ "/orders/" (delivery.order) } { (short(delivery.order)) } }
    }
}
