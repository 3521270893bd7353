//! `/shop/orders`: what I sold, line by line, and what is to be done about it.

use super::merchant;
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, table},
    names::{Names, short},
    visit::{self, Visit},
    words,
};
use axum::response::Response;
use databourse_licensing::{Licence, LicenceState};
use databourse_primitives::OrderId;
use maud::{Markup, html};

/// States to choose from, as the API names them.
const STATES: [&str; 6] = ["ordered", "delivered", "active", "rejected", "expired", "refunded"];

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    merchant(&visit)?;
    let state = visit.parameter("state").filter(|state| STATES.contains(&state.as_str())).unwrap_or_default();
    let order = visit.parameter("order").and_then(|order| order.parse::<OrderId>().ok());
    let named = order.map(|order| order.to_string()).unwrap_or_default();
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let path = with_query(
        "/v1/licences",
        &[("side", "supplier"), ("state", &state), ("order", &named), ("cursor", &cursor)],
    );
    let sold: visit::Page<Licence> = visit.get(&path).await?;
    let parties = sold.items.iter().map(|licence| licence.buyer);
    let names = Names::of(&visit, parties, sold.items.iter().map(|licence| licence.product)).await?;
    let rows: Vec<_> = sold.items.iter().map(|licence| row(&visit, licence, &names)).collect();
    let title = visit.t("我的销售", "My sales");
    let nothing = if state.is_empty() && order.is_none() {
        visit.t(
            "还没有人订购您的产品。有要约的产品会出现在市场中。",
            "Nobody has ordered a product of yours yet. Products with an offer are shown in the market.",
        )
    } else {
        visit.t("没有符合条件的行。", "No line matches.")
    };
    Ok(visit.page(title, html! {
        h1 { (title) }
        @if let Some(order) = order {
            p { (visit.t("只看订单 ", "Only of order ")) (short(order)) " · "
                a href=(visit.here_with("order", "")) { (visit.t("查看全部", "Show all")) } }
        }
        (filter(&visit, &state))
        section #sold data-live="" {
            (table(title, &[
                visit.t("订单与行", "Order and line"), visit.t("产品", "Product"), visit.t("需方", "Buyer"), visit.t("数量", "Quantity"),
                visit.t("用途", "Purpose"), visit.t("净价", "Net price"), visit.t("状态", "State"), visit.t("操作", "Act"),
            ], &rows, nothing))
        }
        (layout::next(&visit, sold.next.as_deref()))
    }))
}

fn filter(visit: &Visit, chosen: &str) -> Markup {
    let choices = [
        ("", visit.t("全部", "All")),
        ("ordered", visit.t("待交付", "To be delivered")),
        ("delivered", visit.t("待验收", "To be accepted")),
        ("active", visit.t("已验收", "Accepted")),
        ("rejected", visit.t("已拒收", "Rejected")),
        ("expired", visit.t("已作废", "Lapsed")),
        ("refunded", visit.t("已退款", "Refunded")),
    ];
    html! {
        nav.tabs aria-label=(visit.t("按状态筛选", "By state")) {
            ul {
                @for (state, words) in choices {
                    li {
                        a href=(visit.here_with("state", state)) aria-current=[(state == chosen).then_some("true")] { (words) }
                    }
                }
            }
        }
    }
}

fn row(visit: &Visit, licence: &Licence, names: &Names) -> Markup {
    let (state, class) = words::licence_state(visit.lang, &licence.state, visit.console.now());
    let order = licence.id.order;
    html! {
        td { a href={ "/money/lines/" (licence.id) } title=(licence.id) { (short(order)) "." (licence.id.line) } }
        td { a href={ "/shop/products/" (licence.product) } { (names.title(licence.product)) } }
        td { (names.party(licence.buyer)) }
        td.number { (visit.format().number(licence.quantity.get())) }
        td { (words::purpose(visit.lang, &licence.purpose)) }
        td.number { (visit.format().money(licence.asset, licence.net_minor.get())) }
        td { span class={ "state " (class) } { (state) } }
        td {
            @match &licence.state {
                LicenceState::Ordered => a href={ "/shop/orders/" (order) "/delivery" } { (visit.t("交付", "Deliver")) },
                LicenceState::Active { .. } => a href={ "/shop/refunds/new?order=" (order) } { (visit.t("退款", "Refund")) },
                _ => a href={ "/money/lines/" (licence.id) } { (visit.t("查看", "See")) },
            }
        }
    }
}
