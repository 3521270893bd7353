//! `/`: what a visitor sees first: what this is, what they can do here, what the market holds now, and what is new.

use super::{Audience, Link, Page};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named},
    pages,
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

/// What somebody comes here for.
struct Purpose {
    /// Where it begins.
    path: &'static str,
    /// Whether one must be signed in for it.
    is_personal: bool,
    zh: &'static str,
    en: &'static str,
    words_zh: &'static str,
    words_en: &'static str,
}

/// What there is for each kind of visitor.
const PURPOSES: [Purpose; 4] = [
    Purpose {
        path: "/market",
        is_personal: false,
        zh: "购买数据",
        en: "Buy data",
        words_zh: "在全区域查找数据产品，按一个使用场景获得许可，接收数据，并持有人人可核验的凭证。",
        words_en: "Find a product at any exchange of the region, license it for your purpose, receive it, and hold a certificate that anybody can check.",
    },
    Purpose {
        path: "/shop",
        is_personal: true,
        zh: "销售数据",
        en: "Sell data",
        words_zh: "在所属交易所挂牌一次，在全区域销售，并看清每一笔应收款及其缘由。",
        words_en: "List once at your exchange, sell at every exchange of the region, and see what you are owed and why.",
    },
    Purpose {
        path: "/day",
        is_personal: true,
        zh: "运营交易所",
        en: "Operate an exchange",
        words_zh: "完成每日清结算，与其他交易所逐分对清账目，以证据解决每一处差错。",
        words_en: "Close the day, settle with the other exchanges to the cent, and end every difference with evidence.",
    },
    Purpose {
        path: "/ledger",
        is_personal: false,
        zh: "监督与审计",
        en: "Follow and audit",
        words_zh: "追踪账本中的一切，自行重新计算每一个数字，无须任何人许可。",
        words_en: "Follow everything in the ledger and compute every figure again, without asking anybody.",
    },
];

/// What everybody can look at without signing in: path, its name, and what it is.
const OPEN: [(&str, &str, &str, &str, &str); 5] = [
    ("/certificates/check", "核验凭证", "Check a certificate", "凭编号、文件或二维码，在浏览器中核验。", "By its number, its file or its QR code, in your browser."),
    ("/region", "区域地图", "Map of the region", "各交易所的活跃程度与彼此之间的交易。", "What the exchanges do, and what flows between them."),
    ("/statistics", "统计", "Statistics", "成交、价格、结算时效与份额的走势。", "Sales, prices, time to settlement and shares over time."),
    ("/ledger", "账本", "The ledger", "实时查看条目、检查点与各交易所的共同签名。", "Entries, checkpoints and the exchanges' signatures, as they come."),
    ("/docs/", "开放接口", "The API", "阅读并在线试用全部接口。", "Read about every endpoint, and try it."),
];

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
        @if visit.session.is_some() { (places(&visit)) } @else { (purposes(&visit)) }
        section #now data-live="/" { (now(&visit, &counts)) }
        section #newest data-live="/" {
            h2 { (visit.t("最新挂牌", "Newest products")) }
            (products(&visit, &newest.items))
        }
        h2 { (visit.t("无须登录即可查看", "Open to everybody")) }
        ul.cards {
            @for (path, zh, en, words_zh, words_en) in OPEN {
                li.card { h3 { a href=(path) { (visit.t(zh, en)) } } p { (visit.t(words_zh, words_en)) } }
            }
        }
    }))
}

/// For who is signed in: the places of the navigation, large.
fn places(visit: &Visit) -> Markup {
    html! {
        ul.cards.doors {
            @for link in pages::links().filter(|link| link.path != "/" && layout::is_for(visit, link.audience)) {
                li { a.card href=(link.path) { (visit.t(link.zh, link.en)) } }
            }
        }
    }
}

/// For who is not: what each kind of visitor does here, and how to begin.
fn purposes(visit: &Visit) -> Markup {
    html! {
        ul.cards {
            @for purpose in PURPOSES {
                li.card {
                    h3 { a href=(begin(visit, &purpose)) { (visit.t(purpose.zh, purpose.en)) } }
                    p { (visit.t(purpose.words_zh, purpose.words_en)) }
                }
            }
        }
        @if visit.console.sign_in.is_some() {
            p.actions {
                a.button href=(with_query("/sign-in", &[("to", "/")])) { (visit.t("登录", "Sign in")) }
                a.button.second href="/market" { (visit.t("先浏览市场", "Look at the market first")) }
            }
            p.hint {
                (visit.t(
                    "演示环境的登录页会列出可选用的演示用户，无须密码。",
                    "On a demonstration the sign-in page lists its users to choose from; no password is needed.",
                ))
            }
        } @else {
            p.actions { a.button href="/market" { (visit.t("浏览市场", "Look at the market")) } }
            p.hint {
                (visit.t(
                    "本节点没有配置登录：公开的内容都可查看，其余操作请使用接口。",
                    "Sign-in is not set up at this node: what is public can be seen, and the rest is done by the API.",
                ))
            }
        }
    }
}

/// Where somebody begins who is not signed in: by signing in, where that is needed and possible.
fn begin(visit: &Visit, purpose: &Purpose) -> String {
    match (purpose.is_personal, visit.console.sign_in.is_some()) {
        (false, _) => purpose.path.to_owned(),
        (true, true) => with_query("/sign-in", &[("to", purpose.path)]),
        (true, false) => "/docs/".to_owned(),
    }
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
