//! `/shop`: my products and their states, and what waits for me.

use super::{merchant, state_class};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named, table},
    names::{Names, short},
    visit::{self, Visit},
    words,
};
use axum::response::Response;
use databourse_licensing::Licence;
use databourse_listing::Product;
use databourse_settlement::Dispute;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// States to choose from, as the API names them; all but delisted if none is chosen.
const STATES: [&str; 3] = ["listed", "ordering_paused", "delisted"];

pub(super) async fn show(visit: Visit) -> Result<Response, Failure> {
    let own = merchant(&visit)?.to_string();
    let state = visit.parameter("state").filter(|state| STATES.contains(&state.as_str())).unwrap_or_default();
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let products = with_query("/v1/products", &[("supplier", &own), ("state", &state), ("cursor", &cursor)]);
    let (products, ordered, disputes) = tokio::try_join!(
        visit.get::<visit::Page<Product>>(&products),
        visit.get::<visit::Page<Licence>>("/v1/licences?side=supplier&state=ordered&sort=oldest"),
        visit.get::<visit::Page<Dispute>>("/v1/disputes?side=supplier&state=open"),
    )?;
    let buyers = ordered.items.iter().map(|licence| licence.buyer);
    let buyers = buyers.chain(disputes.items.iter().map(|dispute| dispute.buyer));
    let titles = ordered.items.iter().map(|licence| licence.product);
    let names = Names::of(&visit, buyers, titles).await?;
    let title = visit.t("我的产品", "My products");
    Ok(visit.page(title, html! {
        h1 { (title) }
        div.actions {
            a.button href="/shop/new" { (visit.t("挂牌新产品", "List a new product")) }
            a.button.second href="/shop/rights" { (visit.t("我的权利", "My rights")) }
            a.button.second href="/money" { (visit.t("我的资金", "My money")) }
        }
        section #waiting data-live="" {
            h2 { (visit.t("等我处理", "What waits for me")) }
            (to_deliver(&visit, &ordered, &names))
            (open_disputes(&visit, &disputes, &names))
        }
        h2 { (visit.t("产品", "Products")) }
        (filter(&visit, &state))
        (table(visit.t("我的产品", "My products"), &[
            visit.t("产品", "Product"), visit.t("类型", "Kind"), visit.t("状态", "State"),
            visit.t("版本", "Revision"), visit.t("更新时间", "Changed"),
        ], &products.items.iter().map(|product| row(&visit, product)).collect::<Vec<_>>(), &nothing(&visit, &state)))
        (layout::next(&visit, products.next.as_deref()))
    }))
}

fn nothing(visit: &Visit, state: &str) -> String {
    let words = if state.is_empty() {
        visit.t(
            "您还没有在售的产品。点“挂牌新产品”，三步即可。",
            "You have no product on sale yet. “List a new product” takes three steps.",
        )
    } else {
        visit.t("没有处于此状态的产品。", "No product is in this state.")
    };
    words.to_owned()
}

fn row(visit: &Visit, product: &Product) -> Markup {
    html! {
        td { a href={ "/shop/products/" (product.id) } { (named(visit.lang, &product.details.title)) } }
        td { (words::product_kind(visit.lang, product.details.kind)) }
        td { span class=(state_class(product.state)) { (words::product_state(visit.lang, product.state)) } }
        td.number { (visit.format().number(product.revision)) }
        td { (visit.format().time(product.changed_at)) }
    }
}

/// The states to choose from, as links.
fn filter(visit: &Visit, chosen: &str) -> Markup {
    let choices = [
        ("", visit.t("在目录中", "In the catalogue")),
        ("listed", visit.t("已挂牌", "Listed")),
        ("ordering_paused", visit.t("暂停订购", "Ordering paused")),
        ("delisted", visit.t("已摘牌", "Delisted")),
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

/// Orders with lines that are not delivered, the oldest first.
fn to_deliver(visit: &Visit, ordered: &visit::Page<Licence>, names: &Names) -> Markup {
    let mut orders: BTreeMap<_, Vec<&Licence>> = BTreeMap::new();
    for licence in &ordered.items {
        orders.entry(licence.id.order).or_default().push(licence);
    }
    let rows: Vec<_> = orders
        .iter()
        .map(|(order, lines)| {
            let titles: Vec<_> = lines.iter().map(|line| names.title(line.product)).collect();
            let count = visit.format().number(i128::try_from(lines.len()).unwrap_or_default());
            html! {
                td { a href={ "/shop/orders/" (order) "/delivery" } { (visit.t("交付订单 ", "Deliver order ")) (short(order)) } }
                td { @if let Some(line) = lines.first() { (names.party(line.buyer)) } }
                td { (titles.join(visit.t("、", ", "))) }
                td.number { (count) }
            }
        })
        .collect();
    html! {
        h3 { (visit.t("待交付", "To deliver")) }
        (table(visit.t("待交付的订单", "Orders to deliver"),
            &[visit.t("订单", "Order"), visit.t("需方", "Buyer"), visit.t("产品", "Products"), visit.t("行数", "Lines")],
            &rows, visit.t("没有待交付的订单。有人订购后会立即出现在这里。",
                "Nothing is to be delivered. An order appears here as soon as somebody places it.")))
        @if ordered.next.is_some() {
            p { a href="/shop/orders?state=ordered" { (visit.t("查看全部待交付的行", "See all lines to deliver")) } }
        }
    }
}

fn open_disputes(visit: &Visit, disputes: &visit::Page<Dispute>, names: &Names) -> Markup {
    let rows: Vec<_> = disputes
        .items
        .iter()
        .map(|dispute| {
            let lines: Vec<_> = dispute.lines.iter().map(ToString::to_string).collect();
            let claimed = dispute.frozen.first().map(|part| part.account.asset);
            html! {
                td { a href={ "/shop/orders?order=" (dispute.order) } { (short(dispute.order)) } }
                td { (names.party(dispute.buyer)) }
                td { (lines.join(visit.t("、", ", "))) }
                td { bdi { (dispute.reason) } }
                td.number { @if let Some(asset) = claimed { (visit.format().money(asset, dispute.claimed_minor.get())) } }
                td { a href={ "/ledger/entries/" (dispute.id) } { (visit.t("条目与证明", "Entry and proof")) } }
            }
        })
        .collect();
    html! {
        h3 { (visit.t("未决争议", "Open disputes")) }
        (table(visit.t("未决争议", "Open disputes"), &[
            visit.t("订单", "Order"), visit.t("需方", "Buyer"), visit.t("行", "Lines"), visit.t("原因", "What is wrong"),
            visit.t("涉及金额", "Amount"), visit.t("证明", "Proof"),
        ], &rows, visit.t("没有未决争议。", "No dispute is open.")))
        @if !rows.is_empty() {
            p.quiet { (visit.t("由挂牌的交易所裁决；在此之前，涉及的金额被冻结，争议的行不能退款。",
                "The exchange that lists the product decides. Until then the amount is frozen, and disputed lines cannot be refunded.")) }
        }
    }
}
