//! `/shop/products/{id}`: one of my products: what buyers see, its offers, how its revenue is shared, and what I can do.

use super::{own_product, shares, state_class};
use crate::{
    failure::Failure,
    layout::{facts, named, table},
    names::{Names, short},
    visit::{self, Visit},
    words,
};
use axum::{extract::Path, response::Response};
use databourse_listing::{Offer, OfferState, Product, ProductState};
use databourse_primitives::{BilingualText, Line};
use databourse_settlement::ShareTree;
use maud::{Markup, html};

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let product = own_product(&visit, &id).await?;
    let (offers, shares) =
        (format!("/v1/offers?product={}", product.id), format!("/v1/products/{}/shares", product.id));
    let (offers, versions) = tokio::try_join!(
        visit.get::<visit::Page<Offer>>(&offers),
        visit.get::<visit::Page<ShareTree>>(&shares)
    )?;
    let parties =
        offers.items.iter().filter_map(|offer| offer.audience).chain(shares::parties(&versions.items));
    let names = Names::of(&visit, parties, []).await?;
    let title = named(visit.lang, &product.details.title);
    Ok(visit.page(&title, html! {
        p { a href="/shop" { (visit.t("我的产品", "My products")) } }
        h1 { (title) }
        p {
            span class=(state_class(product.state)) { (words::product_state(visit.lang, product.state)) }
            " " (visit.t("第 ", "revision ")) (visit.format().number(product.revision)) (visit.t(" 版", ""))
        }
        (actions(&visit, &product))
        h2 { (visit.t("需方看到的内容", "What buyers see")) }
        (what_it_is(&visit, &product))
        h2 { (visit.t("要约", "Offers")) }
        (offer_table(&visit, &product, &offers.items, &names))
        @if offers.next.is_some() {
            p.quiet { (visit.t("只显示最新的 50 个要约。", "Only the latest 50 offers are shown.")) }
        }
        h2 { (visit.t("收益分配", "Shares of revenue")) }
        (shares::section(&visit, &product, &versions.items, &names))
    }))
}

fn actions(visit: &Visit, product: &Product) -> Markup {
    let home = format!("/shop/products/{}", product.id);
    html! {
        div.actions {
            @if product.state != ProductState::Delisted {
                a.button href={ (home) "/offer" } { (visit.t("新要约", "New offer")) }
                a.button.second href={ (home) "/revision" } { (visit.t("修订产品", "Revise the product")) }
                @if product.state == ProductState::Listed {
                    a.button.second href={ (home) "/pause" } { (visit.t("暂停订购", "Pause ordering")) }
                } @else {
                    a.button.second href={ (home) "/resume" } { (visit.t("恢复订购", "Resume ordering")) }
                }
                a.button.second href={ (home) "/delisting" } { (visit.t("摘牌……", "Delist…")) }
            }
            a.button.second href={ "/market/" (product.id) } { (visit.t("在市场中查看", "See it in the market")) }
            a.button.second href={ "/ledger/trace/" (product.id) } { (visit.t("账本中的经历", "Its life in the ledger")) }
        }
    }
}

/// A text in both languages, so that one sees which is missing.
fn both(visit: &Visit, text: &BilingualText) -> Markup {
    let missing = visit.t("（未填写）", "(not given)");
    html! {
        p lang="zh-Hans" { (text.zh().unwrap_or(missing)) }
        p lang="en" { (text.en().unwrap_or(missing)) }
    }
}

fn what_it_is(visit: &Visit, product: &Product) -> Markup {
    let details = &product.details;
    let line = |text: &Option<Line>| html! { (text.as_ref().map_or("–", Line::as_str)) };
    let keywords: Vec<_> = details.keywords.iter().map(Line::as_str).collect();
    facts(&[
        (visit.t("名称", "Title"), both(visit, &details.title)),
        (visit.t("说明", "Description"), both(visit, &details.description)),
        (visit.t("类型", "Kind"), html! { (words::product_kind(visit.lang, details.kind)) }),
        (visit.t("数据类别", "Class of data"), html! { (words::data_class(visit.lang, product.data_class)) }),
        (visit.t("关键词", "Keywords"), html! { bdi { (keywords.join(visit.t("、", ", "))) } }),
        (
            visit.t("更新频率", "How often it is updated"),
            html! {
                (details.update_frequency.as_ref().map_or("–", |often| words::frequency(visit.lang, often.as_str())))
            },
        ),
        (visit.t("介绍页", "Page about it"), line(&details.landing_page)),
        (visit.t("来源自带的条款", "Terms of the source"), line(&details.source_licence)),
        (visit.t("去标识化证明", "De-identification certificate"), line(&details.deidentification)),
        (
            visit.t("所依据的权利", "The right it rests on"),
            html! { a href="/shop/rights" { (short(product.right)) } },
        ),
        (visit.t("挂牌时间", "Listed"), visit.format().time(product.listed_at)),
        (visit.t("更新时间", "Changed"), visit.format().time(product.changed_at)),
    ])
}

fn offer_table(visit: &Visit, product: &Product, offers: &[Offer], names: &Names) -> Markup {
    let rows: Vec<_> = offers.iter().map(|offer| offer_row(visit, offer, names)).collect();
    let nothing = if product.state == ProductState::Delisted {
        visit.t(
            "没有要约。已摘牌的产品不再出售。",
            "There is no offer. A delisted product is not sold any more.",
        )
    } else {
        visit.t(
            "还没有要约，所以不能订购。点“新要约”定价格和条款。",
            "There is no offer yet, so it cannot be ordered. “New offer” sets price and terms.",
        )
    };
    table(
        visit.t("要约", "Offers"),
        &[
            visit.t("计价方式", "How it is priced"),
            visit.t("单价", "Price of one unit"),
            visit.t("期限", "Term"),
            visit.t("地域", "Territory"),
            visit.t("用途", "Purposes"),
            visit.t("面向", "For"),
            visit.t("状态", "State"),
            visit.t("操作", "Act"),
        ],
        &rows,
        nothing,
    )
}

fn offer_row(visit: &Visit, offer: &Offer, names: &Names) -> Markup {
    let (lang, terms) = (visit.lang, &offer.terms);
    let purposes: Vec<_> = terms.purposes.iter().map(|purpose| words::purpose(lang, purpose)).collect();
    let is_over = offer.valid_until.is_some_and(|until| until <= visit.console.now());
    html! {
        td { (words::pricing(lang, offer.pricing)) @if terms.exclusive { " · " (visit.t("独家", "exclusive")) } }
        td.number { (visit.format().price(offer.asset, &offer.unit_price.to_string())) }
        td.number { (visit.format().number(terms.term_days)) " " (visit.t("天", "days")) }
        td { (crate::territory::territory(lang, &terms.territory)) }
        td { (purposes.join(visit.t("、", ", "))) }
        td { @match offer.audience { Some(buyer) => { (names.party(buyer)) } None => { (visit.t("所有人", "everybody")) } } }
        td {
            @if offer.state == OfferState::Withdrawn {
                span.state { (visit.t("已撤回", "Withdrawn")) }
            } @else if is_over {
                span.state { (visit.t("已过期", "Ended")) }
            } @else {
                span.state.good { (visit.t("有效", "Open")) }
            }
        }
        td {
            @if offer.state == OfferState::Open {
                a href={ "/shop/offers/" (offer.id) "/withdrawal" } { (visit.t("撤回", "Withdraw")) }
            }
        }
    }
}
