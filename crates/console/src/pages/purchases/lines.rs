//! The lines of an order as licences.

use crate::{layout, names::Names, visit::Visit, words};
use databourse_licensing::{Delivery, Licence, LicenceState};
use maud::{Markup, html};

/// As many lines as one page shows; an order may have 400.
const LINES_MAX: usize = 50;

/// The lines from number `from` on that one page shows, and where the next page begins.
pub(super) fn page(licences: &[Licence], from: u32) -> (&[Licence], Option<u32>) {
    let start = licences.iter().position(|licence| licence.id.line >= from).unwrap_or_default();
    let rest = licences.get(start..).unwrap_or_default();
    let next = rest.get(LINES_MAX).map(|licence| licence.id.line);
    (rest.get(..LINES_MAX).unwrap_or(rest), next)
}

/// The lines with where each stands.
pub(super) fn table(visit: &Visit, licences: &[Licence], names: &Names) -> Markup {
    let rows: Vec<_> = licences.iter().map(|licence| row(visit, licence, names)).collect();
    let headings = [
        visit.t("行", "Line"),
        visit.t("产品", "Product"),
        visit.t("供方", "Supplier"),
        visit.t("用途", "Purpose"),
        visit.t("数量", "Quantity"),
        visit.t("含税金额", "With tax"),
        visit.t("状态", "State"),
        visit.t("交付与期限", "Delivery and term"),
        visit.t("经历", "Its life"),
    ];
    let caption = visit.t("订单各行", "Lines of the order");
    layout::table(caption, &headings, &rows, visit.t("没有可显示的行。", "There is no line to show."))
}

fn row(visit: &Visit, licence: &Licence, names: &Names) -> Markup {
    let (state, class) = words::licence_state(visit.lang, &licence.state, visit.console.now());
    let money = |minor: i64| visit.format().money(licence.asset, minor);
    let gross = licence.gross().unwrap_or(licence.net_minor).get();
    html! {
        td.number { (licence.id.line) }
        td { (names.product(licence.product)) }
        td { (names.party(licence.supplier)) }
        td { (words::purpose(visit.lang, &licence.purpose)) }
        td.number { (visit.format().number(licence.quantity.get())) }
        td.number {
            (money(gross))
            @if !licence.vat_minor.is_zero() {
                br; span.quiet { (visit.t("含税款 ", "tax ")) (money(licence.vat_minor.get())) }
            }
            @if !licence.voucher_minor.is_zero() {
                br; span.quiet { (visit.t("券付 ", "voucher ")) (money(licence.voucher_minor.get())) }
            }
            @if !licence.refunded_minor.is_zero() {
                br; span.quiet { (visit.t("已退（不含税）", "refunded, without tax ")) (money(licence.refunded_minor.get())) }
            }
        }
        td {
            span class={ "state " (class) } { (state) }
            @if licence.dispute.is_some() {
                br; a href={ "/disputes?order=" (licence.id.order) } { (visit.t("有争议", "Disputed")) }
            }
        }
        td { (story(visit, licence)) }
        td { a href={ "/ledger/trace/" (licence.id) } { (visit.t("追溯", "Trace")) } }
    }
}

/// What has happened to a line so far.
fn story(visit: &Visit, licence: &Licence) -> Markup {
    let time = |at| visit.format().time(at);
    let delivered = |delivery: &Delivery| {
        html! {
            (visit.t("交付：", "Delivered: ")) (words::delivery_method(visit.lang, delivery.method)) ", "
            (time(delivery.delivered_at)) br;
            span.quiet { (visit.t("指纹 ", "fingerprint ")) code.digest { (delivery.evidence) } }
        }
    };
    html! {
        @match &licence.state {
            LicenceState::Ordered => {
                span.quiet { (visit.t(
                    format!("验收后有效 {} 天", licence.term_days),
                    format!("{} days from acceptance", licence.term_days),
                )) }
            }
            LicenceState::Delivered { delivery } => (delivered(delivery)),
            LicenceState::Active { delivery, accepted_at, ends_at } => {
                (delivered(delivery)) br;
                (visit.t("验收：", "Accepted: ")) (time(*accepted_at)) br;
                (visit.t("有效至：", "In force until: ")) (visit.format().date(*ends_at))
            }
            LicenceState::Rejected { rejected_at, reason } => {
                (time(*rejected_at)) br; (visit.t("原因：", "Reason: ")) (reason)
            }
            LicenceState::Expired { expired_at } => (time(*expired_at)),
            LicenceState::Refunded { delivery, accepted_at, refunded_at } => {
                (delivered(delivery)) br;
                (visit.t("验收：", "Accepted: ")) (time(*accepted_at)) br;
                (visit.t("退款：", "Refunded: ")) (time(*refunded_at))
            }
        }
    }
}
