//! `/statistics`: how the market goes over time: volume, price, time to settlement and shares, as charts with their data.

mod bins;
mod charts;
pub(super) mod period;
pub(super) mod sales;
mod settlement;

use super::{Audience, Link, Page, region::Region};
use crate::{
    failure::Failure,
    form::{Field, Form},
    layout::named,
    visit::Visit,
};
use axum::{Router, response::Response, routing::get};
use databourse_primitives::{Asset, ExchangeCode};
use maud::{Markup, html};
use period::Period;
use sales::{AsOf, Sales};
use settlement::Settlement;
use std::collections::BTreeSet;

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/statistics", zh: "统计", en: "Statistics", audience: Audience::Everybody }],
    routes: || Router::new().route("/statistics", get(show)),
};

async fn show(visit: Visit) -> Result<Response, Failure> {
    let (period, form) = match Period::of(&visit, visit.form()?) {
        Ok(chosen) | Err(chosen) => chosen,
    };
    let region: Region = visit.get("/v1/region").await?;
    let (asset, form) = asset_of(&visit, &region.assets, form)?;
    let (exchange, form) = exchange_of(&visit, &region, form);
    let ((sales, as_of), settlement) =
        tokio::try_join!(Sales::of(&visit, period, asset), Settlement::of(&visit, period, asset))?;
    let view = charts::View { visit: &visit, period, asset, region: &region };
    let fields = html! {
        (exchange_field(&visit, &form, &region))
        (asset_field(&visit, &form, &region.assets))
    };
    let body = html! {
        h1 { (visit.t("统计", "Statistics")) }
        p {
            (visit.t(
                "所有数字都由账本中的条目汇总得出，不显示任何主体。日期为世界协调时（UTC）。",
                "Every figure is a sum of entries of the ledger, in which no party can be seen. Days are those of UTC.",
            ))
        }
        (Period::form(&visit, &form, &fields))
        section #charts data-live=(visit.uri) {
            (counted(&visit, as_of))
            h2 { (visit.t("成交", "Sales")) }
            div.plots { (view.sales(&sales.listed_at(exchange.as_ref()))) }
            h2 { (visit.t("份额", "Shares")) }
            div.plots { (view.shares(&sales)) }
            h2 { (visit.t("清结算", "Settlement")) }
            div.plots { (view.settlement(&settlement)) }
        }
    };
    Ok(visit.form_page(&form, visit.t("统计", "Statistics"), body))
}

/// Up to where the sums go.
pub(super) fn counted(visit: &Visit, as_of: AsOf) -> Markup {
    let height = visit.format().number(as_of.height);
    html! {
        p.quiet {
            (visit.t("统计截至区块", "Counted up to block")) " " (height)
            @if as_of.height > 0 { " · " (visit.format().time(as_of.time)) }
        }
    }
}

/// The asset that the query asks for, else the first of the region's.
///
/// # Errors
/// A region that settles in nothing, which there is not.
pub(super) fn asset_of(
    visit: &Visit,
    assets: &BTreeSet<Asset>,
    mut form: Form,
) -> Result<(Asset, Form), Failure> {
    let first = assets.first().copied().ok_or(Failure::Unknown)?;
    let Some(typed) = visit.parameter("asset") else { return Ok((first, form.with("asset", first))) };
    let known = typed.parse().ok().filter(|asset| assets.contains(asset));
    if known.is_none() {
        form.refuse(
            "asset",
            visit.t("请选择本区域结算的币种之一。", "One of those that the region settles in."),
        );
    }
    Ok((known.unwrap_or(first), form.with("asset", typed)))
}

/// The choice of an asset, if there is one.
pub(super) fn asset_field(visit: &Visit, form: &Form, assets: &BTreeSet<Asset>) -> Markup {
    let options = assets.iter().map(|asset| (asset.to_string(), asset.code().to_owned()));
    let field = Field::choice("asset", visit.t("币种", "Currency"), options);
    let hint = visit.t("以此币种计价的订单。", "Orders that are paid in it.");
    html! { @if assets.len() > 1 || visit.parameter("asset").is_some() { (form.field(visit, &field.hint(hint))) } }
}

/// The exchange that the query asks for, if it does.
fn exchange_of(visit: &Visit, region: &Region, mut form: Form) -> (Option<ExchangeCode>, Form) {
    let Some(typed) = visit.parameter("exchange") else { return (None, form) };
    let known = region.exchanges.iter().map(|one| &one.code).find(|code| code.as_str() == typed).cloned();
    if known.is_none() {
        form.refuse("exchange", visit.t("请选择本区域的一家交易所。", "One of the exchanges of the region."));
    }
    (known, form.with("exchange", typed))
}

fn exchange_field(visit: &Visit, form: &Form, region: &Region) -> Markup {
    let all = (String::new(), visit.t("全部交易所", "All exchanges").to_owned());
    let each = region.exchanges.iter().map(|one| (one.code.to_string(), named(visit.lang, &one.name)));
    let options = std::iter::once(all).chain(each);
    let field = Field::choice("exchange", visit.t("挂牌交易所", "Products of"), options).optional();
    form.field(
        visit,
        &field.hint(
            visit.t("只看在该交易所挂牌的产品的成交。", "Sales of the products that this exchange listed."),
        ),
    )
}
