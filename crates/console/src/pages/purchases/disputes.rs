//! `/disputes`: what buyers say is wrong with what they accepted, and how it was decided.

use super::{Side, choices, licences_of, tabs};
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
use databourse_primitives::{Asset, LicenceId, OrderId};
use databourse_settlement::{Dispute, DisputeState};
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let side = Side::of(&visit);
    let parameter = |name| visit.parameter(name).unwrap_or_default();
    let order = parameter("order").parse::<OrderId>().map(|id| id.to_string()).unwrap_or_default();
    let states = [
        ("", visit.t("全部", "All")),
        ("open", visit.t("待裁决", "Open")),
        ("decided", visit.t("已裁决", "Decided")),
    ];
    let asked = parameter("state");
    let state = states.iter().find(|(known, _)| *known == asked).map_or("", |(known, _)| known);
    let cursor = parameter("cursor");
    let pairs = [("side", side.parameter()), ("order", &order), ("state", state), ("cursor", &cursor)];
    let disputes: Page<Dispute> = visit.get(&with_query("/v1/disputes", &pairs)).await?;
    let first = licences_of(&visit, disputes.items.iter().filter_map(first_of)).await?;
    let parties = disputes.items.iter().flat_map(|dispute| [dispute.buyer, dispute.supplier]);
    let names = Names::of(&visit, parties, first.values().map(|licence| licence.product)).await?;
    let rows: Vec<_> = disputes
        .items
        .iter()
        .map(|dispute| row(&visit, dispute, first_of(dispute).and_then(|id| first.get(&id)), &names))
        .collect();
    let headings = [
        visit.t("提出时间", "Opened"),
        visit.t("产品与订单", "Product and order"),
        visit.t("需方", "Buyer"),
        visit.t("供方", "Supplier"),
        visit.t("原因", "What is wrong"),
        visit.t("争议金额", "Claimed"),
        visit.t("状态与裁决", "State and decision"),
    ];
    let title = visit.t("争议", "Disputes");
    let nothing = visit.t(
        "没有争议。需方验收后如发现问题，可在订单页提出争议。",
        "There are no disputes. A buyer who finds something wrong after accepting opens one on the page of the order.",
    );
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            (tabs(&visit))
            (side.choice(&visit))
            (choices(&visit, visit.t("按状态筛选", "By state"), "state", &states))
            @if !order.is_empty() {
                p { (visit.t("只显示订单 ", "Of one order only: ")) (short(&order)) " "
                    a href=(visit.here_with("order", "")) { (visit.t("查看全部", "See all")) } }
            }
            section #disputes data-live=(visit.uri) {
                (table(title, &headings, &rows, nothing))
                (layout::next(&visit, disputes.next.as_deref()))
            }
        },
    ))
}

fn first_of(dispute: &Dispute) -> Option<LicenceId> {
    Some(LicenceId { order: dispute.order, line: *dispute.lines.first()? })
}

/// What it is in: the asset of its lines, or of what is frozen.
fn asset_of(dispute: &Dispute, first: Option<&Licence>) -> Option<Asset> {
    first.map(|licence| licence.asset).or_else(|| Some(dispute.frozen.first()?.account.asset))
}

fn row(visit: &Visit, dispute: &Dispute, first: Option<&Licence>, names: &Names) -> Markup {
    let asset = asset_of(dispute, first);
    let money = |minor: i64| asset.map(|asset| visit.format().money(asset, minor)).unwrap_or_default();
    let lines: Vec<_> = dispute.lines.iter().map(u32::to_string).collect();
    let lines = lines.join(visit.t("、", ", "));
    html! {
        td { (visit.format().time(dispute.opened_at)) }
        td {
            @if let Some(first) = first { (names.product(first.product)) br; }
            a href={ "/orders/" (dispute.order) } { (visit.t("订单 ", "Order ")) (short(dispute.order)) } " "
            span.quiet { (visit.t(format!("第 {lines} 行"), format!("line {lines}"))) }
        }
        td { (names.party(dispute.buyer)) }
        td { (names.party(dispute.supplier)) }
        td {
            bdi { (dispute.reason) }
            @if let Some(reference) = &dispute.chargeback {
                br; span.quiet { (visit.t("银行拒付，流水号 ", "Chargeback by a bank, reference ")) (reference) }
            }
        }
        td.number { (money(dispute.claimed_minor.get())) }
        td {
            @match &dispute.state {
                DisputeState::Open => {
                    span.state.warn { (visit.t("待裁决", "Open")) } br;
                    span.quiet { (visit.t("款项已冻结，等待交易所裁决", "The money is frozen until the exchange decides")) }
                    @if visit.has(TokenRole::Operator) {
                        br; a href={ "/desk/disputes/" (dispute.id) } { (visit.t("裁决此争议", "Decide this dispute")) }
                    }
                }
                DisputeState::Decided { refunded_minor, decided_by, reason, decided_at } => {
                    span.state.good { (visit.t("已裁决", "Decided")) } " " (visit.format().time(*decided_at)) br;
                    (visit.t("退还需方 ", "To the buyer: ")) (money(refunded_minor.get())) br;
                    span.quiet { (names.exchange(decided_by)) (visit.t("：", ": ")) bdi { (reason) } }
                }
            }
        }
    }
}
