//! `/`: what a visitor sees first: what this is, what they can do here, what the market holds now, and what is new.

mod doors;

use super::{Audience, Link, Page};
use crate::{
    failure::Failure,
    layout::named,
    visit::{self, Visit},
    words,
};
use axum::{Router, response::Response, routing::get};
use databourse_listing::Product;
use databourse_primitives::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/", zh: "首页", en: "Home", audience: Audience::Everybody }],
    routes: || Router::new().route("/", get(show)),
};

/// How many of the newest products are shown.
const NEWEST: &str = "/v1/products?limit=6";
/// The most characters of a product's description.
const EXCERPT_CHARS: usize = 90;

/// What `/v1/statistics/counts` answers.
#[derive(Debug, Deserialize)]
struct Counts {
    parties: u64,
    products: u64,
    orders: u64,
    licences: u64,
    certificates: u64,
    entries: u64,
    height: u64,
    block_time: Timestamp,
    root: String,
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let (counts, newest) = tokio::try_join!(
        visit.get::<Counts>("/v1/statistics/counts"),
        visit.get::<visit::Page<Product>>(NEWEST),
    )?;
    let name = named(visit.lang, &visit.console.name);
    Ok(visit.page(visit.t("首页", "Home"), html! {
        h1 { (name) }
        p.lead {
            (visit.t(
                "数据交易所的市场与账本：数据产品的登记、挂牌、交易、交付、清结算和凭证，每一步都由当事方签名，由区域内各交易所共同确认。",
                "A market of data exchanges and its ledger: each step of a sale, from registration to the certificate, is signed by its author and agreed on by all exchanges of the region.",
            ))
        }
        h2 { (visit.t("您想做什么", "What would you like to do?")) }
        @if visit.session.is_some() { (doors::places(&visit)) } @else { (doors::purposes(&visit)) }
        section #now data-live="/" { (now(&visit, &counts)) }
        section #newest data-live="/" {
            h2 { (visit.t("最新挂牌", "Newest products")) }
            (products(&visit, &newest.items))
        }
        h2 { (visit.t("无须登录即可查看", "Open to everybody")) }
        (doors::open(&visit))
    }))
}

fn now(visit: &Visit, counts: &Counts) -> Markup {
    let format = visit.format();
    let figures = [
        (visit.t("主体", "Parties"), counts.parties),
        (visit.t("数据产品", "Products"), counts.products),
        (visit.t("订单", "Orders"), counts.orders),
        (visit.t("许可", "Licences"), counts.licences),
        (visit.t("交易凭证", "Certificates"), counts.certificates),
        (visit.t("账本条目", "Entries in the ledger"), counts.entries),
        (visit.t("区块高度", "Block height"), counts.height),
    ];
    html! {
        h2 { (visit.t("市场现况", "The market now")) }
        dl.figures { @for (name, value) in figures { div { dt { (name) } dd { (format.number(value)) } } } }
        p.quiet {
            (visit.t("最近区块", "Last block")) " " (format.time(counts.block_time)) " · "
            (visit.t("账本根", "root of the ledger")) " " code { (counts.root) }
        }
    }
}

fn products(visit: &Visit, products: &[Product]) -> Markup {
    html! {
        @if products.is_empty() {
            p.nothing {
                (visit.t(
                    "市场上还没有产品：数商挂牌之后会显示在这里。",
                    "There is no product yet: as soon as a merchant lists one, it stands here.",
                ))
            }
        } @else {
            ul.cards {
                @for product in products {
                    li.card {
                        h3 { a href={ "/market/" (product.id) } { (named(visit.lang, &product.details.title)) } }
                        p.quiet {
                            (words::product_kind(visit.lang, product.details.kind)) " · "
                            (words::data_class(visit.lang, product.data_class)) " · "
                            (visit.format().date(product.listed_at))
                        }
                        p { (excerpt(&named(visit.lang, &product.details.description))) }
                    }
                }
            }
            p { a.more href="/market" { (visit.t("查看全部产品", "All products")) } }
        }
    }
}

/// The beginning of a text.
fn excerpt(text: &str) -> String {
    let begins: String = text.chars().take(EXCERPT_CHARS).collect();
    if begins.len() < text.len() { format!("{}…", begins.trim_end()) } else { begins }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(excerpt("港口"), "港口");
        let long = "港".repeat(EXCERPT_CHARS + 1);
        assert_eq!(excerpt(&long), format!("{}…", "港".repeat(EXCERPT_CHARS)));
    }
}
