//! Reads of the API for a life: what is hidden from the reader is as if it were not there.

use super::gather::Gatherer;
use crate::{
    backend::{Asked, with_query},
    failure::Failure,
    visit::Page,
};
use databourse_primitives::PartyId;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// The most products, offers and rights of one life, each.
pub(super) const OTHERS_MAX: usize = 12;

impl Gatherer<'_> {
    /// On which side of the market's sales of `supplier` the reader stands, as the API's lists call it.
    pub(super) fn side_of(&self, supplier: PartyId) -> &'static str {
        match self.visit.party() {
            _ if self.visit.oversees() => "",
            Some(party) if party == supplier => "supplier",
            _ => "buyer",
        }
    }

    /// Says that some of `count` offers, products or rights are left out, if they are.
    pub(super) fn note_others(&mut self, count: usize) {
        if count > OTHERS_MAX {
            self.cut.insert(self.visit.t(
                format!("内容较多，每一类只显示 {OTHERS_MAX} 个。"),
                format!("There is much of it: {OTHERS_MAX} of each kind are shown."),
            ));
        }
    }

    /// One thing of the API's list `nouns`, if it is there and for the reader.
    pub(super) async fn one<T: DeserializeOwned>(
        &self,
        nouns: &str,
        name: impl Display,
    ) -> Result<Option<T>, Failure> {
        self.find(&format!("/v1/{nouns}/{name}")).await
    }

    /// What the API answers, or nothing where it is not there or not for the reader.
    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.visit.ask(Asked::get(path)).await {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(problem) if matches!(problem.status, 401 | 403 | 404) => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    /// The first page of a list, the newest first.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        filters: &[(&str, &str)],
    ) -> Result<Vec<T>, Failure> {
        let page: Option<Page<T>> = self.find(&with_query(path, filters)).await?;
        Ok(page.map(|page| page.items).unwrap_or_default())
    }
}
