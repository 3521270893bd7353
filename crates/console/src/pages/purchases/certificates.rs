//! `/certificates`: the certificates of what a buyer bought; everybody's for those who oversee.

use super::tabs;
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named, table},
    names::{Names, short},
    visit::{Page, Visit},
};
use axum::response::Response;
use databourse_api::token::TokenRole;
use databourse_market::Certificate;
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let certificates: Page<Certificate> =
        visit.get(&with_query("/v1/certificates", &[("cursor", &cursor)])).await?;
    let first = certificates.items.iter().filter_map(|one| one.facts.lines.first());
    let names = Names::of(&visit, [], first.map(|line| line.product)).await?;
    let rows: Vec<_> = certificates.items.iter().map(|one| row(&visit, one, &names)).collect();
    let headings = [
        visit.t("凭证号", "Certificate"),
        visit.t("签发时间", "Issued"),
        visit.t("需方", "Buyer"),
        visit.t("产品", "Product"),
        visit.t("含税合计", "Total with tax"),
        visit.t("订单", "Order"),
    ];
    let title = if visit.oversees() {
        visit.t("凭证", "Certificates")
    } else {
        visit.t("我的凭证", "My certificates")
    };
    let nothing = visit.t(
        "还没有凭证。订单全部验收后，由交易所签发。",
        "There are no certificates yet. The exchange issues one when an order is accepted in full.",
    );
    Ok(visit.page(title, html! {
        h1 { (title) }
        (tabs(&visit))
        p { (visit.t("任何人都可以凭凭证号、文件或二维码核验凭证：", "Anybody can check a certificate by its number, file or QR code: "))
            a href="/certificates/check" { (visit.t("核验凭证", "check a certificate")) } }
        section #certificates data-live=(visit.uri) {
            (table(title, &headings, &rows, nothing))
            (layout::next(&visit, certificates.next.as_deref()))
        }
    }))
}

fn row(visit: &Visit, certificate: &Certificate, names: &Names) -> Markup {
    let facts = &certificate.facts;
    let more = facts.line_count.saturating_sub(1);
    html! {
        td { a href={ "/certificates/" (certificate.number) } { (certificate.number) } }
        td { (visit.format().time(certificate.issued_at)) }
        td { (named(visit.lang, &facts.buyer_name)) }
        td {
            @if let Some(line) = facts.lines.first() { (names.product(line.product)) }
            @if more > 0 {
                " " span.quiet { (visit.t(format!("等 {} 行", facts.line_count), format!("and {more} more"))) }
            }
        }
        td.number { (visit.format().money(facts.asset, facts.total_minor.get())) }
        td { a href={ "/orders/" (certificate.order) } { (short(certificate.order)) } }
    }
}
