//! `/licences`: what a party may use, or what it sold; each with where it stands.

use super::{Side, choices, tabs};
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
use databourse_licensing::{Licence, LicenceState};
use maud::{Markup, html};

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    visit.need(&TokenRole::ALL)?;
    let side = Side::of(&visit);
    let parameter = |name| visit.parameter(name).unwrap_or_default();
    let (state, cursor) = (parameter("state"), parameter("cursor"));
    let states = states(&visit);
    let state = if states.iter().any(|(known, _)| *known == state) { state } else { String::new() };
    let path = [("side", side.parameter()), ("state", state.as_str()), ("cursor", cursor.as_str())];
    let licences: Page<Licence> = visit.get(&with_query("/v1/licences", &path)).await?;
    let others = licences.items.iter().flat_map(|licence| match side {
        Side::All => vec![licence.buyer, licence.supplier],
        Side::Bought => vec![licence.supplier],
        Side::Sold => vec![licence.buyer],
    });
    let names = Names::of(&visit, others, licences.items.iter().map(|licence| licence.product)).await?;
    let rows: Vec<_> = licences.items.iter().map(|licence| row(&visit, licence, side, &names)).collect();
    let mut headings = vec![
        visit.t("产品", "Product"),
        visit.t("用途", "Purpose"),
        visit.t("数量", "Quantity"),
        visit.t("含税金额", "Amount with tax"),
        visit.t("状态", "State"),
        visit.t("到期", "Ends"),
        visit.t("订单", "Order"),
        visit.t("经历", "Its life"),
    ];
    if side != Side::Bought {
        headings.insert(1, visit.t("需方", "Buyer"));
    }
    if side != Side::Sold {
        headings.insert(1, visit.t("供方", "Supplier"));
    }
    let title = visit.t("许可", "Licences");
    let nothing = if state.is_empty() {
        visit.t("还没有许可。订单的每一行是一份许可，下单后即出现在这里。",
            "There are no licences yet. Each line of an order is one, and appears here when the order is placed.")
    } else {
        visit.t("没有处于此状态的许可。", "No licence is in this state.")
    };
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            (tabs(&visit))
            (side.choice(&visit))
            (choices(&visit, visit.t("按状态筛选", "By state"), "state", &states))
            section #licences data-live=(visit.uri) {
                (table(title, &headings, &rows, nothing))
                (layout::next(&visit, licences.next.as_deref()))
            }
        },
    ))
}

/// The states to choose from, as the API names them.
fn states(visit: &Visit) -> [(&'static str, &'static str); 7] {
    [
        ("", visit.t("全部", "All")),
        ("ordered", visit.t("待交付", "To be delivered")),
        ("delivered", visit.t("待验收", "To be accepted")),
        ("active", visit.t("已验收", "Accepted")),
        ("rejected", visit.t("已拒收", "Rejected")),
        ("expired", visit.t("逾期作废", "Lapsed")),
        ("refunded", visit.t("已退款", "Refunded")),
    ]
}

fn row(visit: &Visit, licence: &Licence, side: Side, names: &Names) -> Markup {
    let (state, class) = words::licence_state(visit.lang, &licence.state, visit.console.now());
    let gross = licence.gross().unwrap_or(licence.net_minor).get();
    html! {
        td { (names.product(licence.product)) }
        @if side != Side::Sold { td { (names.party(licence.supplier)) } }
        @if side != Side::Bought { td { (names.party(licence.buyer)) } }
        td { (words::purpose(visit.lang, &licence.purpose)) }
        td.number { (visit.format().number(licence.quantity.get())) }
        td.number { (visit.format().money(licence.asset, gross)) }
        td { span class={ "state " (class) } { (state) } }
        td {
            @if let LicenceState::Active { ends_at, .. } = licence.state { (visit.format().date(ends_at)) }
            @else { span.quiet { "—" } }
        }
        td { a href={ "/orders/" (licence.id.order) } { (short(licence.id.order)) } }
        td { a href={ "/ledger/trace/" (licence.id) } { (visit.t("追溯", "Trace")) } }
    }
}
