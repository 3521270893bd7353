//! What a search can be narrowed to, with how many products each choice leaves.

use crate::{
    backend::{Asked, with_query},
    failure::Failure,
    names::Names,
    visit::Visit,
    words,
};
use databourse_listing::{DataClass, ProductKind};
use databourse_primitives::ExchangeCode;
use maud::{Markup, html};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// The catalogue counted.
#[derive(Debug, Deserialize)]
pub(super) struct Facets {
    /// Products that pass every filter, of those that were counted.
    product_count: u64,
    /// Whether all that a search finds were counted.
    is_complete: bool,
    kind: Vec<FacetValue>,
    data_class: Vec<FacetValue>,
    exchange: Vec<FacetValue>,
}

#[derive(Debug, Deserialize)]
struct FacetValue {
    value: String,
    product_count: u64,
}

/// Counts what `filters` leave; nothing if the API does not count. What is wrong with the filters is said by the list of
/// products, which takes the same.
///
/// # Errors
/// The page to show instead.
pub(super) async fn read(visit: &Visit, filters: &[(&str, &str)]) -> Result<Option<Facets>, Failure> {
    match visit.ask(Asked::get(&with_query("/v1/products/facets", filters))).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        Err(problem) if matches!(problem.status, 400 | 404) => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// The value of a filter in the address, unless nothing can have it: then it is as if it were not there.
pub(super) fn filter(visit: &Visit, name: &str) -> String {
    let is_known = |value: &String| match name {
        "kind" => read_as::<ProductKind>(value).is_some(),
        "data_class" => read_as::<DataClass>(value).is_some(),
        "exchange" => value.parse::<ExchangeCode>().is_ok(),
        _ => true,
    };
    visit.parameter(name).filter(is_known).unwrap_or_default()
}

impl Facets {
    /// How many products there are; of a search that finds very many, at least how many.
    pub(super) fn count(&self, visit: &Visit) -> String {
        let number = visit.format().number(self.product_count);
        if self.is_complete {
            number
        } else {
            visit.t(format!("{number} 以上"), format!("more than {number}"))
        }
    }

    /// The choices beside the products.
    pub(super) fn panel(&self, visit: &Visit, names: &Names) -> Markup {
        let lang = visit.lang;
        let kind = |value: &str| {
            read_as::<ProductKind>(value).map(|kind| words::product_kind(lang, kind).to_owned())
        };
        let class =
            |value: &str| read_as::<DataClass>(value).map(|class| words::data_class(lang, class).to_owned());
        let exchange = |value: &str| value.parse::<ExchangeCode>().ok().map(|code| names.exchange(&code));
        html! {
            nav.facets aria-label=(visit.t("筛选", "Narrow the search")) {
                (group(visit, visit.t("产品类型", "Kind"), "kind", &self.kind, kind))
                (group(visit, visit.t("数据类别", "Class of data"), "data_class", &self.data_class, class))
                (group(visit, visit.t("挂牌交易所", "Listed at"), "exchange", &self.exchange, exchange))
            }
        }
    }
}

/// One facet. What is chosen leads back to all.
fn group(
    visit: &Visit,
    title: &str,
    parameter: &str,
    values: &[FacetValue],
    words: impl Fn(&str) -> Option<String>,
) -> Markup {
    let chosen = visit.parameter(parameter);
    html! {
        h2 { (title) }
        ul {
            @if chosen.is_some() {
                li { a href=(visit.here_with(parameter, "")) { (visit.t("全部", "All")) } }
            }
            @for facet in values {
                @let is_chosen = chosen.as_deref() == Some(facet.value.as_str());
                li {
                    a href=(visit.here_with(parameter, &facet.value)) aria-current=[is_chosen.then_some("true")] {
                        span { (words(&facet.value).unwrap_or_else(|| facet.value.clone())) }
                        span.quiet { (visit.format().number(facet.product_count)) }
                    }
                }
            }
        }
    }
}

fn read_as<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}
