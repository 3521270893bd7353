//! What the map shows, as tables.

use super::{Activity, Flows, Health, Region, is_reachable, members, minor};
use crate::{
    layout::{self, named},
    visit::Visit,
};
use databourse_party::{Exchange, Membership};
use databourse_primitives::{Asset, ExchangeCode};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The most flows in the table; the largest come first.
const FLOWS_MAX: usize = 50;

/// Each exchange with what it did.
pub(super) fn exchanges(
    visit: &Visit,
    region: &Region,
    health: &Health,
    asset: Asset,
    activities: &BTreeMap<&ExchangeCode, Activity>,
) -> Markup {
    let format = visit.format();
    let rows: Vec<_> = members(region)
        .map(|exchange| {
            let activity = activities.get(&exchange.code).copied().unwrap_or_default();
            let (class, standing) = standing(visit, exchange, is_reachable(region, health, &exchange.code));
            html! {
                th scope="row" { (named(visit.lang, &exchange.name)) " " code { (exchange.code) } }
                td { span.state.(class) { (standing) } }
                td.number { (format.number(activity.sold.licence_count)) }
                td.number { (format.money(asset, minor(activity.sold.net_minor))) }
                td.number { (format.money(asset, minor(activity.bought.net_minor))) }
                td.number { (format.number(exchange.last_certificate)) }
            }
        })
        .collect();
    let headings = [
        visit.t("交易所", "Exchange"),
        visit.t("状态", "State"),
        visit.t("售出许可", "Licences sold"),
        visit.t("售出金额", "Amount sold"),
        visit.t("买入金额", "Amount bought"),
        visit.t("累计凭证", "Certificates so far"),
    ];
    html! {
        h2 { (visit.t("各交易所", "Each exchange")) }
        (layout::table(visit.t("所选时段内的活动，金额不含税", "What each did in the period, without tax"), &headings, &rows, ""))
    }
}

/// What was sold from where to where.
pub(super) fn flows(
    visit: &Visit,
    asset: Asset,
    flows: &Flows,
    names: &BTreeMap<&ExchangeCode, String>,
) -> Markup {
    let format = visit.format();
    let name = |code: &ExchangeCode| names.get(code).cloned().unwrap_or_else(|| code.to_string());
    let rows: Vec<_> = flows
        .iter()
        .take(FLOWS_MAX)
        .map(|((from, to), flow)| {
            html! {
                td { (name(from)) }
                td { (name(to)) @if from == to { " " span.quiet { (visit.t("（本所）", "(itself)")) } } }
                td.number { (format.number(flow.licence_count)) }
                td.number { (format.money(asset, minor(flow.net_minor))) }
            }
        })
        .collect();
    let headings = [
        visit.t("挂牌交易所", "Listed at"),
        visit.t("需方所在交易所", "Bought at"),
        visit.t("许可", "Licences"),
        visit.t("金额", "Amount"),
    ];
    html! {
        h2 { (visit.t("交易流向", "What was sold from where to where")) }
        (layout::table(visit.t("所选时段内的订单，金额不含税，最大者在前", "Orders of the period, without tax, the largest first"), &headings, &rows,
            visit.t("所选时段内没有订单。请选择更长的时段，或稍后再来。", "There were no orders in the period. Choose a longer one, or come back later.")))
    }
}

/// Where an exchange stands, and how that is coloured.
fn standing(visit: &Visit, exchange: &Exchange, is_reachable: bool) -> (&'static str, &'static str) {
    match (&exchange.membership, is_reachable) {
        (Membership::Suspended { .. }, _) => ("bad", visit.t("已暂停资格", "Suspended")),
        (Membership::Leaving { .. }, _) => ("warn", visit.t("正在退出", "Leaving")),
        (Membership::Left { .. }, _) => ("warn", visit.t("已退出", "Left")),
        (Membership::Active { .. }, true) => ("good", visit.t("在线", "Online")),
        (Membership::Active { .. }, false) => ("bad", visit.t("联系不上", "Not reachable")),
    }
}
