//! `/region`: a map of the region: what each exchange does, and what flows between them.

mod label;
mod map;
mod place;
mod tables;

use super::{
    Audience, Link, Page,
    statistics::{
        period::Period,
        sales::{AsOf, Flow, Sales},
    },
};
use crate::{failure::Failure, form::Form, layout::named, visit::Visit};
use axum::{Router, response::Response, routing::get};
use databourse_party::{Exchange, Membership};
use databourse_primitives::{Asset, BilingualText, ExchangeCode};
use map::{Arrow, Spot};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/region", zh: "区域", en: "Region", audience: Audience::Everybody }],
    routes: || Router::new().route("/region", get(show)),
};

/// What `/v1/region` answers.
#[derive(Debug, Deserialize)]
pub(super) struct Region {
    name: BilingualText,
    /// What it settles in; at least one.
    pub(super) assets: BTreeSet<Asset>,
    served_by: ExchangeCode,
    /// Its exchanges.
    pub(super) exchanges: Vec<Exchange>,
}

/// What `/v1/region/health` answers.
#[derive(Debug, Deserialize)]
struct Health {
    peers: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
struct Peer {
    exchange: ExchangeCode,
    connected: bool,
}

/// What an exchange did in the period.
#[derive(Debug, Clone, Copy, Default)]
struct Activity {
    sold: Flow,
    bought: Flow,
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let (period, form) = match Period::of(&visit, visit.form()?) {
        Ok((period, form)) | Err((period, form)) => (period, form),
    };
    let (region, health) =
        tokio::try_join!(visit.get::<Region>("/v1/region"), visit.get::<Health>("/v1/region/health"))?;
    let (asset, form) = super::statistics::asset_of(&visit, &region.assets, form)?;
    let (sales, as_of) = Sales::of(&visit, period, asset).await?;
    Ok(visit.form_page(
        &form,
        visit.t("区域", "Region"),
        page(&visit, &form, &region, &health, asset, &(sales, as_of)),
    ))
}

fn page(
    visit: &Visit,
    form: &Form,
    region: &Region,
    health: &Health,
    asset: Asset,
    (sales, as_of): &(Sales, AsOf),
) -> Markup {
    let mut flows: Vec<_> = sales.flows().into_iter().collect();
    flows.sort_by_key(|(_, flow)| std::cmp::Reverse(flow.net_minor));
    let mut activities: BTreeMap<&ExchangeCode, Activity> = BTreeMap::new();
    for ((from, to), flow) in &flows {
        activities.entry(from).or_default().sold.add(*flow);
        activities.entry(to).or_default().bought.add(*flow);
    }
    let names: BTreeMap<_, _> =
        region.exchanges.iter().map(|one| (&one.code, named(visit.lang, &one.name))).collect();
    html! {
        h1 { (named(visit.lang, &region.name)) }
        p {
            (visit.t(
                "圆圈是区域内的交易所，越大表示所选时段内售出的许可越多。箭头从产品挂牌的交易所指向需方资金所在的交易所，越粗表示金额越大。",
                "Circles are the exchanges of the region, larger the more licences of their products were sold in the chosen period. Arrows lead from the exchange that listed the products to the one where the buyers' money is, wider the larger the amount.",
            ))
        }
        (Period::form(visit, form, &super::statistics::asset_field(visit, form, &region.assets)))
        section #map data-live=(visit.uri) {
            (super::statistics::counted(visit, *as_of))
            (drawing(visit, region, health, asset, &flows, &activities, &names))
            (tables::exchanges(visit, region, health, asset, &activities))
            (tables::flows(visit, asset, &flows, &names))
        }
    }
}

/// What flowed from where to where, the largest first.
type Flows = [((ExchangeCode, ExchangeCode), Flow)];

fn drawing(
    visit: &Visit,
    region: &Region,
    health: &Health,
    asset: Asset,
    flows: &Flows,
    activities: &BTreeMap<&ExchangeCode, Activity>,
    names: &BTreeMap<&ExchangeCode, String>,
) -> Markup {
    let spots: Vec<_> = members(region)
        .map(|exchange| Spot {
            code: &exchange.code,
            name: names.get(&exchange.code).map_or("", String::as_str),
            activity: activities.get(&exchange.code).map_or(0, |activity| activity.sold.licence_count),
            is_reachable: is_reachable(region, health, &exchange.code),
        })
        .collect();
    let arrows: Vec<_> = flows
        .iter()
        .filter(|((from, to), flow)| from != to && flow.net_minor > 0)
        .map(|((from, to), flow)| Arrow {
            from,
            to,
            amount: flow.net_minor,
            label: visit.format().short_money(asset, minor(flow.net_minor)),
        })
        .collect();
    html! {
        figure.region {
            h2 #map-title { (visit.t("交易所及其间的交易", "Exchanges, and what is sold between them")) }
            (map::svg(&spots, &arrows, "map-title", "map-caption"))
            figcaption #map-caption {
                (visit.t(
                    "示意图，不按比例。虚线圆圈表示本节点目前联系不上的交易所。",
                    "A sketch, not to scale. A dashed circle is an exchange that this node cannot reach now.",
                ))
                @if arrows.len() > map::ARROWS_MAX {
                    " " (visit.t("只画出金额最大的若干箭头，其余见下表。", "Only the largest arrows are drawn; the table has the others."))
                }
            }
        }
    }
}

/// The exchanges that have not left.
fn members(region: &Region) -> impl Iterator<Item = &Exchange> {
    region.exchanges.iter().filter(|exchange| !matches!(exchange.membership, Membership::Left { .. }))
}

fn is_reachable(region: &Region, health: &Health, code: &ExchangeCode) -> bool {
    *code == region.served_by || health.peers.iter().any(|peer| peer.exchange == *code && peer.connected)
}

/// A sum as an amount; sums that no amount holds are the largest one.
fn minor(sum: u64) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}
