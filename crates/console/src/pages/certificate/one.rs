//! `/certificates/{number}`: the certificate in plain words, its code and file, and its proof.

use crate::{
    assets,
    backend::Asked,
    failure::Failure,
    layout::{self, named},
    names::{Names, short},
    visit::Visit,
    words,
};
use axum::{extract::Path, response::Response};
use databourse_market::{Certificate, CertificateFacts};
use databourse_primitives::{CertificateNumber, PartyId};
use maud::{Markup, html};

pub(super) async fn show(visit: Visit, Path(number): Path<String>) -> Result<Response, Failure> {
    let number: CertificateNumber = number.parse().map_err(|_| Failure::Unknown)?;
    let certificate: Certificate = visit.get(&format!("/v1/certificates/{number}")).await?;
    let facts = &certificate.facts;
    let (names, is_mine) = tokio::try_join!(
        Names::of(
            &visit,
            facts.lines.iter().map(|line| line.supplier),
            facts.lines.iter().map(|line| line.product),
        ),
        is_mine(&visit, &certificate),
    )?;
    let title = visit.t(format!("凭证 {number}"), format!("Certificate {number}"));
    Ok(visit.page(&title, html! {
        h1 { (title) }
        p.lead {
            (visit.t("证明此笔交易已完成：已交付、已验收、已付款。",
                "It certifies that this trade was completed: delivered, accepted and paid."))
        }
        div.certificate {
            div { (stated(&visit, &certificate, &names)) }
            figure {
                img.code src={ "/v1/certificates/" (number) "/qr.svg" } width="280" height="315"
                    alt=(visit.t(format!("凭证 {number} 的二维码"), format!("QR code of certificate {number}")));
                figcaption { (visit.t("扫码即可在他人的手机上核验。", "Scanned, it is verified on anybody's phone.")) }
            }
        }
        (lines(&visit, facts, &names))
        @if is_mine {
            p {
                a href={ "/ledger/trace/" (certificate.order) } {
                    (visit.t("查看此订单的全过程", "See the whole life of this order"))
                }
            }
        }
        (proof(&visit, &certificate))
    }))
}

/// Whether the reader may see the order that is certified.
async fn is_mine(visit: &Visit, certificate: &Certificate) -> Result<bool, Failure> {
    let sells = |party: PartyId| certificate.facts.lines.iter().any(|line| line.supplier == party);
    let is_party = visit.party().is_some_and(|party| party == certificate.facts.buyer || sells(party));
    if visit.session.is_none() || visit.oversees() || is_party {
        return Ok(visit.session.is_some());
    }
    // A certificate spells out its first lines only, so a seller of a later one is known by the order.
    Ok(visit.ask(Asked::get(&format!("/v1/orders/{}", certificate.order))).await.is_ok())
}

fn stated(visit: &Visit, certificate: &Certificate, names: &Names) -> Markup {
    let (facts, format) = (&certificate.facts, visit.format());
    layout::facts(&[
        (visit.t("编号", "Number"), html! { strong { (certificate.number) } }),
        (visit.t("需方", "Buyer"), html! { (named(visit.lang, &facts.buyer_name)) }),
        (
            visit.t("已付（含税）", "Paid, tax included"),
            html! {
                strong { (format.money(facts.asset, facts.total_minor.get())) }
            },
        ),
        (visit.t("已验收明细", "Accepted lines"), html! { (format.number(facts.line_count)) }),
        (visit.t("下单", "Ordered"), format.time(facts.placed_at)),
        (visit.t("完成", "Completed"), format.time(facts.completed_at)),
        (visit.t("签发", "Issued"), format.time(certificate.issued_at)),
        (visit.t("签发方", "Issued by"), html! { (names.exchange(&certificate.number.exchange)) }),
    ])
}

fn lines(visit: &Visit, facts: &CertificateFacts, names: &Names) -> Markup {
    let format = visit.format();
    let rows: Vec<Markup> = facts
        .lines
        .iter()
        .map(|line| {
            html! {
                td.number { (line.line) }
                td { (names.product(line.product)) }
                td { (names.party(line.supplier)) }
                td { (words::purpose(visit.lang, &line.purpose)) }
                td.number { (format.number(line.quantity.get())) }
                td.number { (format.money(facts.asset, line.gross_minor.get())) }
                td { (format.date(line.ends_at)) }
            }
        })
        .collect();
    let headings = [
        visit.t("行", "Line"),
        visit.t("产品", "Product"),
        visit.t("供方", "Supplier"),
        visit.t("用途", "Purpose"),
        visit.t("数量", "Quantity"),
        visit.t("已付（含税）", "Paid, tax included"),
        visit.t("许可截止", "Licence until"),
    ];
    let more = usize::try_from(facts.line_count).unwrap_or(usize::MAX).saturating_sub(facts.lines.len());
    html! {
        h2 { (visit.t("买了什么", "What was bought")) }
        (layout::table(
            visit.t("已验收的明细", "The accepted lines"),
            &headings,
            &rows,
            visit.t("凭证未列明细。", "The certificate spells out no line."),
        ))
        @if more > 0 {
            p.quiet {
                (visit.t(
                    format!("另有 {more} 行未列出，凭证含其摘要："),
                    format!("{more} more lines are not spelt out; the certificate holds their digest: "),
                ))
                (short(facts.lines_digest))
            }
        }
        p.quiet {
            (visit.t(
                "凭证写明签发时的事实。此后的退款与争议不会改动它，而是另行记入账本。",
                "A certificate states what was so when it was issued. Later refunds and disputes do not change it; they are entries of their own.",
            ))
        }
    }
}

fn proof(visit: &Visit, certificate: &Certificate) -> Markup {
    let number = &certificate.number;
    let file = format!("/v1/certificates/{number}/file");
    html! {
        section #proof data-file=(file) data-offset=(visit.console.utc_offset_minutes) {
            h2 { (visit.t("证明", "Proof")) }
            p {
                (visit.t(
                    "您的浏览器取得凭证文件，自行逐项检查：签名、账本签署、各交易所联署、包含证明。",
                    "Your browser fetches the certificate's file and checks it step by step itself: the signature, the ledger's, the exchanges' cosignatures, and the proof of inclusion.",
                ))
            }
            noscript { p.remark { (visit.t("浏览器内核验需要启用脚本；文件仍可下载后离线核验。",
                "Checks in the browser need scripts; the file can still be downloaded and verified offline.")) } }
            div.actions {
                button #verify type="button" hidden data-needs-script { (visit.t("在浏览器内核验", "Verify in this browser")) }
                a.button.second href=(file) download { (visit.t("下载凭证文件", "Download the certificate")) }
                a.button.second href={ "/v1/certificates/" (number) "/qr.svg" } download={ "certificate-" (number) ".svg" } {
                    (visit.t("下载二维码", "Download the QR code"))
                }
            }
            div #verdict role="status" hidden {}
            ol #checks.checks {}
        }
        script type="module" src=(assets::path("proof.js")) {}
    }
}
