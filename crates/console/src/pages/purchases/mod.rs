//! What a party bought, from order to certificate: lists of orders, licences, deliveries, bills, certificates, disputes and
//! refunds, and a page for each order. Whoever sells sees what it sold in the lists that have two sides; those who oversee
//! see everybody's.

mod act;
mod bills;
mod certificates;
mod deliveries;
mod disputes;
mod licences;
mod lines;
mod order;
mod orders;
mod refunds;
mod subject;

use super::{Audience, Link, Page};
use crate::{failure::Failure, visit::Visit};
use axum::{Router, routing::get};
use databourse_api::token::TokenRole::{self, Auditor, Buyer, Merchant, Operator};
use databourse_licensing::Licence;
use databourse_primitives::LicenceId;
use futures::future::try_join_all;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const PAGE: Page = Page {
    links: &[
        Link {
            path: "/orders",
            zh: "订单",
            en: "Orders",
            audience: Audience::Roles(&[Buyer, Operator, Auditor]),
        },
        Link { path: "/disputes", zh: "争议", en: "Disputes", audience: Audience::Roles(&[Merchant]) },
    ],
    routes: || {
        Router::new()
            .route("/orders", get(orders::show))
            .route("/orders/{order}", get(order::show))
            .route("/orders/{order}/{act}", get(act::show).post(act::send))
            .route("/licences", get(licences::show))
            .route("/deliveries", get(deliveries::show))
            .route("/bills", get(bills::show))
            .route("/certificates", get(certificates::show))
            .route("/disputes", get(disputes::show))
            .route("/refunds", get(refunds::show))
    },
};

/// The lists, and who has use for them.
const LISTS: [(&str, &str, &str, &[TokenRole]); 7] = [
    ("/orders", "订单", "Orders", &[Buyer, Operator, Auditor]),
    ("/licences", "许可", "Licences", &TokenRole::ALL),
    ("/deliveries", "交付", "Deliveries", &TokenRole::ALL),
    ("/bills", "账单", "Bills", &[Buyer]),
    ("/certificates", "凭证", "Certificates", &[Buyer, Operator, Auditor]),
    ("/disputes", "争议", "Disputes", &TokenRole::ALL),
    ("/refunds", "退款", "Refunds", &TokenRole::ALL),
];

/// The ways between the lists.
fn tabs(visit: &Visit) -> Markup {
    let here = visit.uri.path();
    let lists = LISTS.iter().filter(|(_, _, _, roles)| roles.iter().any(|role| visit.has(*role)));
    html! {
        nav.tabs aria-label=(visit.t("交易记录", "Records of trades")) {
            ul {
                @for (path, zh, en, _) in lists {
                    li { a href=(path) aria-current=[(*path == here).then_some("page")] { (visit.t(*zh, *en)) } }
                }
            }
        }
    }
}

/// Which trades a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Everybody's.
    All,
    /// What the party bought.
    Bought,
    /// What the party sold.
    Sold,
}

impl Side {
    /// What the reader asked for, as far as it makes sense for them.
    fn of(visit: &Visit) -> Self {
        match (visit.oversees(), visit.has(Buyer), visit.has(Merchant)) {
            (true, _, _) => Self::All,
            (false, false, true) => Self::Sold,
            (false, true, true) if visit.parameter("side").as_deref() == Some("supplier") => Self::Sold,
            _ => Self::Bought,
        }
    }

    /// The value of the API's parameter `side`; empty where it takes none.
    const fn parameter(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Bought => "buyer",
            Self::Sold => "supplier",
        }
    }

    /// The choice between the two, for a party that both buys and sells.
    fn choice(self, visit: &Visit) -> Markup {
        let has_both = self != Self::All && visit.has(Buyer) && visit.has(Merchant);
        html! {
            @if has_both {
                p.actions {
                    @for (side, words) in [
                        (Self::Bought, visit.t("我买入的", "What I bought")),
                        (Self::Sold, visit.t("我卖出的", "What I sold")),
                    ] {
                        @if side == self { strong { (words) } }
                        @else { a href=(visit.here_with("side", side.parameter())) { (words) } }
                    }
                }
            }
        }
    }
}

/// Links that narrow a list to one value of `parameter`; the first is all.
fn choices(visit: &Visit, title: &str, parameter: &str, values: &[(&str, &str)]) -> Markup {
    let chosen = visit.parameter(parameter).unwrap_or_default();
    html! {
        nav.tabs.narrow aria-label=(title) {
            ul {
                @for (value, words) in values {
                    li {
                        a href=(visit.here_with(parameter, value)) aria-current=[(chosen == *value).then_some("true")] {
                            (words)
                        }
                    }
                }
            }
        }
    }
}

/// The licences named `ids`, each read once and all at the same time; those that the reader may not see are left out.
///
/// # Errors
/// The page to show instead.
async fn licences_of(
    visit: &Visit,
    ids: impl IntoIterator<Item = LicenceId>,
) -> Result<BTreeMap<LicenceId, Licence>, Failure> {
    let ids: BTreeSet<LicenceId> = ids.into_iter().collect();
    let found = try_join_all(ids.into_iter().map(async |id| {
        match visit.find::<Licence>(&format!("/v1/licences/{id}")).await {
            Err(Failure::Forbidden) => Ok(None),
            found => found,
        }
    }));
    Ok(found.await?.into_iter().flatten().map(|licence| (licence.id, licence)).collect())
}
