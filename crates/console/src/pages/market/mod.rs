//! `/market`: the catalogue of every exchange of the region, searched by words, kind, class of data and exchange; and a
//! page for each product.

mod facets;
mod history;
mod offers;
mod product;
pub(super) mod tariff;

use super::{Audience, Link, Page};
use crate::{
    backend::with_query,
    failure::Failure,
    layout::{self, named},
    names::Names,
    visit::{self, Visit},
    words,
};
use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use databourse_listing::Product;
use facets::Facets;
use maud::{Markup, html};

pub(super) use offers::{percent, terms};

pub(crate) const PAGE: Page = Page {
    links: &[Link { path: "/market", zh: "市场", en: "Market", audience: Audience::Everybody }],
    routes: || Router::new().route("/market", get(search)).route("/market/{product}", get(product::show)),
};

/// The filters that a page of the market has, as the API names them.
const FILTERS: [&str; 4] = ["q", "kind", "data_class", "exchange"];
/// As many characters of a description as a list shows.
const EXCERPT_CHARACTERS: usize = 120;
/// The longest search that the API takes, in characters.
const SEARCH_CHARACTERS_MAX: usize = 200;

async fn search(visit: Visit) -> Result<Response, Failure> {
    let words = visit.parameter("q").unwrap_or_default();
    if words.chars().count() > SEARCH_CHARACTERS_MAX {
        let kept: String = words.chars().take(SEARCH_CHARACTERS_MAX).collect();
        return Ok(Redirect::to(&visit.here_with("q", &kept)).into_response());
    }
    let filters = FILTERS.map(|name| (name, facets::filter(&visit, name)));
    let filters: Vec<(&str, &str)> = filters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let cursor = visit.parameter("cursor").unwrap_or_default();
    let mut page = filters.clone();
    page.push(("cursor", &cursor));
    let path = with_query("/v1/products", &page);
    let (products, facets) =
        tokio::try_join!(visit.get::<visit::Page<Product>>(&path), facets::read(&visit, &filters))?;
    let names = Names::of(&visit, products.items.iter().map(|product| product.supplier), []).await?;
    let title = visit.t("数据市场", "Data market");
    Ok(visit.page(
        title,
        html! {
            h1 { (title) }
            (search_form(&visit, &words, &filters))
            @if let Some(facets) = &facets {
                div.split {
                    (facets.panel(&visit, &names))
                    div { (found(&visit, Some(facets), &products, &names, &words)) }
                }
            } @else {
                (found(&visit, None, &products, &names, &words))
            }
        },
    ))
}

/// The words to search for; the chosen facets stay chosen.
fn search_form(visit: &Visit, words: &str, filters: &[(&str, &str)]) -> Markup {
    html! {
        form.market-search method="get" action="/market" role="search" {
            @for (name, value) in filters.iter().filter(|(name, value)| *name != "q" && !value.is_empty()) {
                input type="hidden" name=(name) value=(value);
            }
            label for="q" { (visit.t("搜索数据产品", "Search for data products")) }
            div.search {
                input id="q" name="q" type="search" value=(words) maxlength=(SEARCH_CHARACTERS_MAX)
                    aria-describedby="q-hint" autocomplete="off";
                button type="submit" { (visit.t("搜索", "Search")) }
            }
            p.hint id="q-hint" {
                (visit.t("标题、说明或关键词中的词，中文或英文均可；多个词须同时出现。",
                    "Words of title, description or keywords, in Chinese or English; all of them must occur."))
            }
        }
    }
}

fn found(
    visit: &Visit,
    facets: Option<&Facets>,
    products: &visit::Page<Product>,
    names: &Names,
    words: &str,
) -> Markup {
    let count = facets.map(|facets| facets.count(visit));
    html! {
        h2 { (visit.t("产品", "Products")) }
        @if let Some(count) = count {
            p.quiet { (visit.t(format!("共 {count} 个产品"), format!("{count} found"))) }
        }
        @if products.items.is_empty() {
            p.nothing {
                @if words.is_empty() {
                    (visit.t("此处还没有挂牌的产品。产品由数商挂牌后即可在这里找到。",
                        "No product is listed here yet. Products appear as soon as a merchant lists them."))
                } @else {
                    (visit.t("没有产品含有这些词。请换一个词，或减少条件。",
                        "No product has all of these words. Try another word, or fewer conditions."))
                }
                " " a href="/market" { (visit.t("查看全部产品", "See all products")) }
            }
        } @else {
            ul.cards { @for product in &products.items { li.card { (card(visit, product, names)) } } }
            (layout::next(visit, products.next.as_deref()))
        }
    }
}

fn card(visit: &Visit, product: &Product, names: &Names) -> Markup {
    let details = &product.details;
    html! {
        h3 { a href={ "/market/" (product.id) } { (named(visit.lang, &details.title)) } }
        p { (excerpt(&named(visit.lang, &details.description))) }
        p.quiet {
            (words::product_kind(visit.lang, details.kind)) " · "
            (words::data_class(visit.lang, product.data_class)) " · " (names.exchange(&product.exchange))
        }
        @if visit.session.is_some() { p.quiet { (visit.t("供方：", "Supplier: ")) (names.party(product.supplier)) } }
        @if !product.state.is_orderable() {
            p { span.state.warn { (words::product_state(visit.lang, product.state)) } }
        }
    }
}

/// The beginning of a text, ended at a character and marked if something was left out.
fn excerpt(text: &str) -> String {
    let mut kept: String = text.chars().take(EXCERPT_CHARACTERS).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_says_that_it_is_one() {
        assert_eq!(excerpt("气象"), "气象");
        let long = excerpt(&"气".repeat(121));
        assert_eq!(long.chars().count(), 121);
        assert!(long.ends_with('…'));
    }
}
