//! `/market/{product}`: what a product is, whose it is, the right it rests on, and its offers.

use super::{history, offers, tariff::Tariff};
use crate::{
    failure::Failure,
    layout::{facts, named},
    names::{Names, short},
    visit::{self, Visit},
    words,
};
use axum::{extract::Path, response::Response};
use databourse_listing::{DataClass, Interest, Offer, Product, ProductState};
use databourse_primitives::{Asset, BilingualText, Label, Line, PartyId, ProductId, Timestamp};
use futures::future::try_join_all;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most offers that the page shows.
const OFFERS_MAX: u32 = 50;

/// What the API tells of a right.
#[derive(Deserialize)]
struct RightFacts {
    holder: PartyId,
    interests: BTreeSet<Interest>,
    data_class: DataClass,
    source: Label,
    registered_at: Timestamp,
    valid_until: Option<Timestamp>,
    #[serde(default)]
    source_statement: Option<BilingualText>,
    #[serde(default)]
    authorisation: Option<Line>,
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: ProductId = id.parse().map_err(|_| Failure::Unknown)?;
    let (product_path, offers_path) =
        (format!("/v1/products/{id}"), format!("/v1/offers?product={id}&state=open&limit={OFFERS_MAX}"));
    let (product, offers, events): (Product, visit::Page<Offer>, _) =
        tokio::try_join!(visit.get(&product_path), visit.get(&offers_path), history::read(&visit, id),)?;
    let right_path = format!("/v1/rights/{}", product.right);
    let assets: BTreeSet<Asset> = offers.items.iter().map(|offer| offer.asset).collect();
    let audiences = offers.items.iter().filter_map(|offer| offer.audience);
    let (right, tariffs, names) = tokio::try_join!(
        visit.find::<RightFacts>(&right_path),
        try_join_all(assets.into_iter().map(async |asset| Ok((asset, Tariff::of(&visit, asset).await?)))),
        Names::of(&visit, audiences.chain([product.supplier]), []),
    )?;
    let tariffs: BTreeMap<Asset, Tariff> =
        tariffs.into_iter().filter_map(|(asset, tariff)| Some((asset, tariff?))).collect();
    let title = named(visit.lang, &product.details.title);
    Ok(visit.page(&title, html! {
        h1 { (title) }
        @if product.state != ProductState::Listed {
            p.remark {
                strong { (words::product_state(visit.lang, product.state)) } " "
                @if product.state == ProductState::Delisted {
                    (visit.t("此产品不再出售；已售出的许可继续有效。",
                        "It is not sold any more; licences already sold go on."))
                } @else {
                    (visit.t("供方暂时不接受订单。", "The supplier takes no orders for the time being."))
                }
            }
        }
        @for paragraph in named(visit.lang, &product.details.description).lines().filter(|line| !line.is_empty()) {
            p.lead { (paragraph) }
        }
        (what_it_is(&visit, &product, &names))
        h2 { (visit.t("要约", "Offers")) }
        @if offers.items.is_empty() {
            p.nothing {
                (visit.t("目前没有可订购的要约。供方发布要约后会显示在这里。",
                    "There is no offer to order at present. It appears here when the supplier publishes one."))
            }
        } @else {
            ul.cards.offers {
                @for offer in &offers.items {
                    li.card { (offers::card(&visit, &product, offer, tariffs.get(&offer.asset), &names)) }
                }
            }
            @if offers.next.is_some() {
                p.quiet { (visit.t("只显示最新的 50 个要约。", "Only the latest 50 offers are shown.")) }
            }
        }
        @if let Some(right) = &right { (the_right(&visit, &product, right, &names)) }
        (history::section(&visit, product.supplier, &events))
        p { a href={ "/ledger/trace/" (product.id) } {
            (visit.t("查看此产品在账本中的全部经历", "See the whole life of this product in the ledger")) } }
    }))
}

fn what_it_is(visit: &Visit, product: &Product, names: &Names) -> Markup {
    let (lang, details) = (visit.lang, &product.details);
    let revision = visit.format().number(product.revision);
    let mut list = vec![
        (visit.t("类型", "Kind"), html! { (words::product_kind(lang, details.kind)) }),
        (visit.t("数据类别", "Class of data"), html! { (words::data_class(lang, product.data_class)) }),
        (
            visit.t("供方", "Supplier"),
            html! {
                (names.party(product.supplier))
                @if visit.session.is_none() {
                    " " span.quiet { (visit.t("（登录后可见名称）", "(sign in to see the name)")) }
                }
            },
        ),
        (visit.t("挂牌交易所", "Listed at"), html! { (names.exchange(&product.exchange)) }),
        (visit.t("状态", "State"), html! { (words::product_state(lang, product.state)) }),
        (
            visit.t("版本", "Revision"),
            html! {
                (visit.t(format!("第 {revision} 版"), format!("No. {revision}")))
                " · " (visit.t("更新于 ", "changed ")) (visit.format().time(product.changed_at))
            },
        ),
        (visit.t("挂牌时间", "Listed on"), visit.format().time(product.listed_at)),
    ];
    if let Some(often) = &details.update_frequency {
        list.push((visit.t("更新频率", "Updated"), html! { (words::frequency(lang, often.as_str())) }));
    }
    let mut line = |name, value: &Option<Line>| {
        if let Some(value) = value {
            list.push((name, html! { (value) }));
        }
    };
    line(visit.t("来源自带的条款", "Terms of the source"), &details.source_licence);
    line(visit.t("去标识化证明", "De-identification certificate"), &details.deidentification);
    if let Some(address) = &details.landing_page {
        list.push((visit.t("介绍页", "Page about it"), page_about(address)));
    }
    if !details.keywords.is_empty() {
        let words: Vec<_> = details.keywords.iter().map(Line::as_str).collect();
        list.push((visit.t("关键词", "Keywords"), html! { bdi { (words.join(visit.t("、", ", "))) } }));
    }
    html! {
        h2 { (visit.t("产品情况", "What it is")) }
        (facts(&list))
    }
}

/// A link if it is an address of the web, else the words: a supplier may have written anything.
fn page_about(address: &Line) -> Markup {
    let text = address.as_str();
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    html! {
        @if is_web { a href=(text) rel="noopener noreferrer nofollow external" { (text) } } @else { (text) }
    }
}

fn the_right(visit: &Visit, product: &Product, right: &RightFacts, names: &Names) -> Markup {
    let interests: Vec<_> = right.interests.iter().map(|one| words::interest(visit.lang, *one)).collect();
    let mut list = vec![
        (visit.t("权利编号", "Right"), short(product.right)),
        (visit.t("持有人", "Holder"), html! { (names.party(right.holder)) }),
        (visit.t("包含的权益", "What it includes"), html! { (interests.join(visit.t("、", ", "))) }),
        (visit.t("数据类别", "Class of data"), html! { (words::data_class(visit.lang, right.data_class)) }),
        (visit.t("数据来源", "Source of the data"), html! { (right.source) }),
        (visit.t("登记时间", "Registered on"), visit.format().time(right.registered_at)),
        (
            visit.t("有效期", "Valid"),
            match right.valid_until {
                Some(until) => html! { (visit.t("至 ", "until ")) (visit.format().time(until)) },
                None => html! { (visit.t("长期有效", "without an end")) },
            },
        ),
    ];
    if let Some(statement) = &right.source_statement {
        list.push((
            visit.t("来源说明", "Where the data come from"),
            html! { (named(visit.lang, statement)) },
        ));
    }
    if let Some(record) = &right.authorisation {
        list.push((visit.t("授权运营记录", "Record of the authorised operation"), html! { (record) }));
    }
    html! {
        h2 { (visit.t("所依据的权利", "The right it rests on")) }
        (facts(&list))
    }
}
