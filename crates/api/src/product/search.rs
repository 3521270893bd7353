//! Searching the catalogue: pages of it, and how many products there are of each kind, class of data and exchange.

use super::schema;
use crate::{
    ApiState, Problem,
    extract::{Parameters, malformed},
    page::{Cursor, Limit, Listing, Page, Sort, text_of},
    scalar::*,
};
use axum::{Json, extract::State};
use databourse_listing::{DataClass, Product, ProductKind, ProductState};
use databourse_primitives::{ExchangeCode, PartyId, RightId};
use databourse_store::{Column, ProductCount, ProductCounts};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap};
use utoipa::{IntoParams, ToSchema};

/// The longest search, in characters.
const SEARCH_CHARACTERS_MAX: usize = 200;

/// Declares query parameters: the filters of the catalogue and what is named besides.
macro_rules! catalogue_parameters {
    ($name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Default, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields, default)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($(#[$attribute])* $field: $type,)*
            /// Words that all occur in title, description or keywords, in either language; at most 200 characters.
            #[param(max_length = 200)]
            q: Option<String>,
            /// Who sells it.
            #[param(value_type = Option<PartyIdText>)]
            supplier: Option<PartyId>,
            /// The right it rests on.
            #[param(value_type = Option<RightIdText>)]
            right: Option<RightId>,
            /// What kind it is.
            #[param(value_type = Option<schema::ProductKind>)]
            kind: Option<ProductKind>,
            /// Class of the data.
            #[param(value_type = Option<crate::right::schema::DataClass>)]
            data_class: Option<DataClass>,
            /// The exchange that listed it.
            #[param(value_type = Option<ExchangeCodeText>)]
            exchange: Option<ExchangeCode>,
            /// Where the listing stands; if absent, all but delisted.
            #[param(value_type = Option<schema::ProductState>)]
            state: Option<ProductState>,
        }

        impl $name {
            /// The filters and the search as a list has them.
            fn listing(self) -> Result<Listing, Problem> {
                let search = self.q.filter(|words| !words.trim().is_empty());
                if search.as_ref().is_some_and(|words| words.chars().count() > SEARCH_CHARACTERS_MAX) {
                    let expected = format!("at most {SEARCH_CHARACTERS_MAX} characters");
                    return Err(malformed("q", expected).into());
                }
                let mut filters = Vec::new();
                filters.extend(self.supplier.map(|id| (Column::Supplier, id.to_string())));
                filters.extend(self.right.map(|id| (Column::Right, id.to_string())));
                filters.extend(self.kind.map(|kind| (Column::Kind, text_of(&kind))));
                filters.extend(self.data_class.map(|class| (Column::DataClass, text_of(&class))));
                filters.extend(self.exchange.map(|code| (Column::Exchange, code.to_string())));
                // Several values of one column are alternatives.
                let discoverable = [ProductState::Listed, ProductState::OrderingPaused];
                let states = self.state.as_ref().map_or(&discoverable[..], std::slice::from_ref);
                filters.extend(states.iter().map(|state| (Column::State, text_of(state))));
                Ok(Listing { filters, search, ..Listing::default() })
            }
        }
    };
}

catalogue_parameters!(ProductParameters {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// The newest first, or the oldest.
    #[param(inline)]
    sort: Option<Sort>,
});
catalogue_parameters!(FacetParameters {});

/// Searches the catalogue.
#[utoipa::path(get, path = "/v1/products", operation_id = "searchProducts", tag = "products",
    params(ProductParameters),
    responses((status = 200, description = "A page.", body = Page<schema::Product>)))]
pub(super) async fn list(
    State(api): State<ApiState>,
    Parameters(mut asked): Parameters<ProductParameters>,
) -> Result<Json<Page<Product>>, Problem> {
    let (limit, cursor, sort) = (asked.limit, asked.cursor.take(), asked.sort);
    Ok(Json(api.list(Listing { limit, cursor, sort, ..asked.listing()? }).await?))
}

/// How many products have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FacetValue {
    /// The value, as the filter takes it.
    value: String,
    /// Products that have it and pass the other filters.
    product_count: u64,
}

/// The catalogue counted. Values that no product has are left out; the most frequent stands first.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "product_count": 2,
    "is_complete": true,
    "kind": [{ "value": "dataset", "product_count": 2 }, { "value": "report", "product_count": 1 }],
    "data_class": [{ "value": "enterprise", "product_count": 2 }],
    "exchange": [{ "value": "js", "product_count": 1 }, { "value": "sh", "product_count": 1 }]
}))]
pub(super) struct Facets {
    /// Products that pass every filter.
    product_count: u64,
    /// Whether all were counted. Of those that words find, the first 10,000 are; then each count is the least that it can be.
    is_complete: bool,
    /// By kind, whatever `kind` was asked for.
    kind: Vec<FacetValue>,
    /// By class of the data, whatever `data_class` was asked for.
    data_class: Vec<FacetValue>,
    /// By the exchange that listed them, whatever `exchange` was asked for.
    exchange: Vec<FacetValue>,
}

impl Facets {
    /// From the counts of all combinations, and what was chosen of each facet.
    fn of(found: &ProductCounts, chosen: &[(Column, String)]) -> Self {
        let ProductCounts { counts, is_complete } = found;
        // Each facet is counted without its own filter, so that the reader sees what else could be chosen.
        let passes = |count: &ProductCount, except: Option<Column>| {
            let others = chosen.iter().filter(|(column, _)| Some(*column) != except);
            others.into_iter().all(|(column, value)| value_of(count, *column) == value)
        };
        let facet = |column: Column| {
            let mut values: BTreeMap<&str, u64> = BTreeMap::new();
            for count in counts.iter().filter(|count| passes(count, Some(column))) {
                *values.entry(value_of(count, column)).or_default() += count.product_count;
            }
            let mut values: Vec<_> = values.into_iter().collect();
            values.sort_by_key(|(_, product_count)| Reverse(*product_count));
            let value =
                |(value, product_count): (&str, u64)| FacetValue { value: value.to_owned(), product_count };
            values.into_iter().map(value).collect()
        };
        let passing = counts.iter().filter(|count| passes(count, None));
        Self {
            product_count: passing.map(|count| count.product_count).sum(),
            is_complete: *is_complete,
            kind: facet(Column::Kind),
            data_class: facet(Column::DataClass),
            exchange: facet(Column::Exchange),
        }
    }
}

fn value_of(count: &ProductCount, column: Column) -> &str {
    match column {
        Column::Kind => &count.kind,
        Column::DataClass => &count.data_class,
        _ => &count.exchange,
    }
}

/// Counts the products that a search finds by kind, class of data and exchange, each without its own filter.
#[utoipa::path(get, path = "/v1/products/facets", operation_id = "countProducts", tag = "products",
    params(FacetParameters),
    responses((status = 200, description = "The counts.", body = Facets)))]
pub(super) async fn facets(
    State(api): State<ApiState>,
    Parameters(asked): Parameters<FacetParameters>,
) -> Result<Json<Facets>, Problem> {
    let mut listing = asked.listing()?;
    let is_facet = |column| matches!(column, Column::Kind | Column::DataClass | Column::Exchange);
    let (chosen, filters) = listing.filters.into_iter().partition(|(column, _)| is_facet(*column));
    listing.filters = filters;
    let found = api.store().product_counts(&listing.counted()).await?;
    Ok(Json(Facets::of(&found, &chosen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_facet_is_counted_without_its_own_filter() {
        let count = |kind: &str, data_class: &str, exchange: &str, product_count| ProductCount {
            kind: kind.to_owned(),
            data_class: data_class.to_owned(),
            exchange: exchange.to_owned(),
            product_count,
        };
        let counts = vec![
            count("dataset", "public", "sh", 3),
            count("dataset", "personal", "js", 4),
            count("report", "public", "js", 5),
        ];
        let chosen = [(Column::Kind, "dataset".to_owned()), (Column::Exchange, "js".to_owned())];
        let facets = Facets::of(&ProductCounts { counts, is_complete: false }, &chosen);
        assert!(!facets.is_complete);
        let values = |values: &[FacetValue]| -> Vec<(String, u64)> {
            values.iter().map(|value| (value.value.clone(), value.product_count)).collect()
        };
        let named = |values: &[(&str, u64)]| -> Vec<(String, u64)> {
            values.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
        };
        assert_eq!(facets.product_count, 4);
        assert_eq!(values(&facets.kind), named(&[("report", 5), ("dataset", 4)]));
        assert_eq!(values(&facets.data_class), named(&[("personal", 4)]));
        assert_eq!(values(&facets.exchange), named(&[("js", 4), ("sh", 3)]));
        let nothing = Facets::of(&ProductCounts { counts: Vec::new(), is_complete: true }, &chosen);
        assert_eq!((nothing.product_count, nothing.kind), (0, vec![]));
    }
}
