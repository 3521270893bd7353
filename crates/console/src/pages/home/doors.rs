//! Where one can go from the first page.

use crate::{backend::with_query, layout, pages, visit::Visit};
use maud::{Markup, html};

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
    (
        "/certificates/check",
        "核验凭证",
        "Check a certificate",
        "凭编号、文件或二维码，在浏览器中核验。",
        "By its number, its file or its QR code, in your browser.",
    ),
    (
        "/region",
        "区域地图",
        "Map of the region",
        "各交易所的活跃程度与彼此之间的交易。",
        "What the exchanges do, and what flows between them.",
    ),
    (
        "/statistics",
        "统计",
        "Statistics",
        "成交、价格、结算时效与份额的走势。",
        "Sales, prices, time to settlement and shares over time.",
    ),
    (
        "/ledger",
        "账本",
        "The ledger",
        "实时查看条目、检查点与各交易所的共同签名。",
        "Entries, checkpoints and the exchanges' signatures, as they come.",
    ),
    ("/docs/", "开放接口", "The API", "阅读并在线试用全部接口。", "Read about every endpoint, and try it."),
];

/// For who is signed in: the places of the navigation, large.
pub(super) fn places(visit: &Visit) -> Markup {
    html! {
        ul.cards.doors {
            @for link in pages::links().filter(|link| link.path != "/" && layout::is_for(visit, link.audience)) {
                li { a.card href=(link.path) { (visit.t(link.zh, link.en)) } }
            }
        }
    }
}

/// For who is not: what each kind of visitor does here, and how to begin.
pub(super) fn purposes(visit: &Visit) -> Markup {
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

/// For everybody.
pub(super) fn open(visit: &Visit) -> Markup {
    html! {
        ul.cards {
            @for (path, zh, en, words_zh, words_en) in OPEN {
                li.card { h3 { a href=(path) { (visit.t(zh, en)) } } p { (visit.t(words_zh, words_en)) } }
            }
        }
    }
}
