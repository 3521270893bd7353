//! Names beside ids: who a party is, what a product is called, which exchange a code means. Read for the rows of one page
//! only, each distinct id once and all of them at the same time.

use crate::{backend::Asked, failure::Failure, layout::named, visit::Visit};
use databourse_primitives::{BilingualText, ExchangeCode, Holder, PartyId, ProductId};
use futures::future::try_join_all;
use maud::{Markup, html};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

/// The characters of an id that are shown where no name is known.
const SHORT: usize = 8;

/// The names of the parties, products and exchanges of one page, in the reader's language.
///
/// A party's name may be hidden from the reader; then the end of its id stands for it.
#[derive(Debug, Default)]
pub(crate) struct Names {
    parties: BTreeMap<PartyId, String>,
    products: BTreeMap<ProductId, String>,
    exchanges: BTreeMap<ExchangeCode, String>,
}

#[derive(Deserialize)]
struct PartyName {
    legal_name: BilingualText,
}

#[derive(Deserialize)]
struct ProductName {
    details: ProductTitle,
}

#[derive(Deserialize)]
struct ProductTitle {
    title: BilingualText,
}

#[derive(Deserialize)]
struct RegionNames {
    exchanges: Vec<ExchangeName>,
}

#[derive(Deserialize)]
struct ExchangeName {
    code: ExchangeCode,
    name: BilingualText,
}

impl Names {
    /// Reads the names of `parties` and `products`, and those of the region's exchanges.
    ///
    /// # Errors
    /// The page to show instead, if the API cannot answer now. A name that is hidden or unknown is no error.
    pub(crate) async fn of(
        visit: &Visit,
        parties: impl IntoIterator<Item = PartyId>,
        products: impl IntoIterator<Item = ProductId>,
    ) -> Result<Self, Failure> {
        // Without a sign-in no party is shown, so none is asked for.
        let parties: BTreeSet<PartyId> = parties.into_iter().filter(|_| visit.session.is_some()).collect();
        let products: BTreeSet<ProductId> = products.into_iter().collect();
        let party = async |id: PartyId| {
            let found: Option<PartyName> = visible(visit, &format!("/v1/parties/{id}")).await?;
            Ok::<_, Failure>(found.map(|party| (id, named(visit.lang, &party.legal_name))))
        };
        let product = async |id: ProductId| {
            let found: Option<ProductName> = visible(visit, &format!("/v1/products/{id}")).await?;
            Ok::<_, Failure>(found.map(|product| (id, named(visit.lang, &product.details.title))))
        };
        let (parties, products, region) = tokio::try_join!(
            try_join_all(parties.into_iter().map(party)),
            try_join_all(products.into_iter().map(product)),
            visible::<RegionNames>(visit, "/v1/region"),
        )?;
        let exchanges = region.map(|region| region.exchanges).unwrap_or_default();
        Ok(Self {
            parties: parties.into_iter().flatten().collect(),
            products: products.into_iter().flatten().collect(),
            exchanges: exchanges.into_iter().map(|one| (one.code, named(visit.lang, &one.name))).collect(),
        })
    }

    /// A party: its name, or the end of its id with all of it as a title.
    pub(crate) fn party(&self, id: PartyId) -> Markup {
        html! {
            @if let Some(name) = self.parties.get(&id) { (name) } @else { (short(id)) }
        }
    }

    /// A product's title, leading to its page.
    pub(crate) fn product(&self, id: ProductId) -> Markup {
        html! {
            a href={ "/market/" (id) } {
                @if let Some(title) = self.products.get(&id) { (title) } @else { (short(id)) }
            }
        }
    }

    /// A product's title as text; the end of its id if it has none.
    pub(crate) fn title(&self, id: ProductId) -> String {
        self.products.get(&id).cloned().unwrap_or_else(|| end_of(&id.to_string()))
    }

    /// An exchange's name; its code if it is none of the region's.
    pub(crate) fn exchange(&self, code: &ExchangeCode) -> String {
        self.exchanges.get(code).cloned().unwrap_or_else(|| code.to_string())
    }

    /// A party or an exchange, whichever holds something.
    pub(crate) fn holder(&self, holder: &Holder) -> Markup {
        match holder {
            Holder::Party(id) => self.party(*id),
            Holder::Exchange(code) => html! { (self.exchange(code)) },
        }
    }
}

/// An id where a name is not known: its end, and the whole of it as a title. Ids begin with the time, so only their ends
/// tell them apart.
pub(crate) fn short(id: impl Display) -> Markup {
    let id = id.to_string();
    html! { code title=(id) { (end_of(&id)) } }
}

fn end_of(id: &str) -> String {
    let skipped = id.chars().count().saturating_sub(SHORT);
    let end: String = id.chars().skip(skipped).collect();
    if skipped == 0 { end } else { format!("…{end}") }
}

/// What the API answers, or nothing where it is not there or not for the reader.
async fn visible<T: DeserializeOwned>(visit: &Visit, path: &str) -> Result<Option<T>, Failure> {
    match visit.ask(Asked::get(path)).await {
        Ok(answer) => Ok(Some(answer.json()?)),
        Err(problem) if matches!(problem.status, 401 | 403 | 404) => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_the_end_of_the_id_stands_for_it() {
        let id: PartyId = "019aa2b4-5c00-7000-8000-0000deadbeef".parse().unwrap();
        let shown = Names::default().party(id).into_string();
        assert_eq!(shown, "<code title=\"019aa2b4-5c00-7000-8000-0000deadbeef\">…deadbeef</code>");
        assert_eq!(end_of("sh"), "sh");
    }
}
