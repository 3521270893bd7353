//! Records of the market as steps of a life.

use super::{
    gather::Gatherer,
    read::OTHERS_MAX,
    step::{Stage, Step},
};
use crate::{failure::Failure, layout::named};
use databourse_listing::{Offer, Product};
use databourse_market::Certificate;
use databourse_primitives::{BilingualText, EntryId, Label, Line, PartyId, ProductId, RightId, Timestamp};
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A right as everybody sees it.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) id: RightId,
    pub(super) holder: PartyId,
    source: Label,
    registered_at: Timestamp,
}

/// Something that happened to a product.
#[derive(Debug, Deserialize)]
struct Event {
    entry: EntryId,
    #[serde(rename = "type")]
    entry_type: String,
    time: Timestamp,
    revision: Option<u32>,
    reason: Option<Line>,
}

/// What happens to a product after it was listed.
const OF_PRODUCTS: [&str; 4] = ["product.revise", "product.pause", "product.resume", "product.delist"];
/// As many events are read: one more than are shown, and the listing itself.
const EVENTS_READ: &str = "14";

/// A party as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct PartyView {
    pub(super) id: PartyId,
    legal_name: BilingualText,
    certified_at: Timestamp,
}

impl Gatherer<'_> {
    /// Adds a step. Its author, if a party, may read its entry; whoever oversees may read any.
    pub(super) fn add(&mut self, author: Option<PartyId>, step: Step) {
        let own = author.is_some() && author == self.visit.party();
        let is_readable = own || self.visit.oversees();
        self.steps.insert(step.key.clone(), Step { is_readable, ..step });
    }

    pub(super) async fn add_parties(&mut self, ids: &[PartyId]) -> Result<(), Failure> {
        let read = ids.iter().map(async |id| self.one::<PartyView>("parties", id).await);
        for party in try_join_all(read).await?.into_iter().flatten() {
            let title = named(self.visit.lang, &party.legal_name);
            let step = step(party.id, Stage::Party, "party.certify", party.certified_at, title);
            self.add(None, step);
        }
        Ok(())
    }

    pub(super) async fn add_rights(&mut self, ids: &[RightId]) -> Result<(), Failure> {
        let wanted: BTreeSet<&RightId> =
            ids.iter().filter(|id| !self.steps.contains_key(&id.to_string())).take(OTHERS_MAX).collect();
        let read = wanted.into_iter().map(async |id| self.one::<Found>("rights", id).await);
        for right in try_join_all(read).await?.into_iter().flatten() {
            let title = right.source.to_string();
            let mut step = step(right.id, Stage::Right, "right.register", right.registered_at, title);
            step.after = vec![right.holder.to_string()];
            self.add(Some(right.holder), step);
        }
        Ok(())
    }

    /// Products, and the rights that they rest on.
    pub(super) async fn add_products(&mut self, ids: &[ProductId]) -> Result<(), Failure> {
        let wanted: BTreeSet<&ProductId> =
            ids.iter().filter(|id| !self.steps.contains_key(&id.to_string())).collect();
        self.note_others(wanted.len());
        let read = wanted.into_iter().take(OTHERS_MAX);
        let read = read.map(async |id| self.one::<Product>("products", id).await);
        let products: Vec<Product> = try_join_all(read).await?.into_iter().flatten().collect();
        for product in &products {
            let title = named(self.visit.lang, &product.details.title);
            let mut step = step(product.id, Stage::Product, "product.list", product.listed_at, title);
            step.page = Some(format!("/market/{}", product.id));
            step.after = vec![product.right.to_string()];
            self.add(Some(product.supplier), step);
        }
        self.add_rights(&products.iter().map(|product| product.right).collect::<Vec<_>>()).await
    }

    /// What became of a product after it was listed.
    pub(super) async fn add_history(&mut self, id: ProductId, supplier: PartyId) -> Result<(), Failure> {
        let path = format!("/v1/products/{id}/history");
        let events: Vec<Event> = self.list(&path, &[("limit", EVENTS_READ)]).await?;
        let later = events.iter().filter(|event| event.entry != EntryId::from(id));
        let later: Vec<&Event> = later.collect();
        self.note_others(later.len());
        for event in later.into_iter().take(OTHERS_MAX) {
            let Some(entry_type) = OF_PRODUCTS.iter().find(|known| **known == event.entry_type) else {
                continue;
            };
            let title = match (event.revision, &event.reason) {
                (Some(number), _) => self.visit.t(format!("第 {number} 版"), format!("Revision {number}")),
                (None, reason) => reason.as_ref().map(ToString::to_string).unwrap_or_default(),
            };
            let mut step = step(event.entry, Stage::Product, entry_type, event.time, title);
            step.page = Some(format!("/market/{id}#history"));
            step.after = vec![id.to_string()];
            self.add(Some(supplier), step);
        }
        Ok(())
    }

    pub(super) fn add_offers(&mut self, offers: &[Offer]) {
        self.note_others(offers.len());
        for offer in offers.iter().take(OTHERS_MAX) {
            let price = offer.unit_price.to_string();
            let title = self.visit.format().price(offer.asset, &price);
            let mut step = step(offer.id, Stage::Offer, "offer.publish", offer.published_at, title);
            step.after = vec![offer.product.to_string()];
            self.add(Some(offer.supplier), step);
        }
    }

    pub(super) fn add_certificate(&mut self, certificate: &Certificate) {
        let number = certificate.number.to_string();
        let order = certificate.order.to_string();
        let accepted = format!("{order}/order.accept/");
        let mut after: Vec<String> =
            self.steps.keys().filter(|key| key.starts_with(&accepted)).cloned().collect();
        if after.is_empty() {
            after.push(order);
        }
        // Without the order the certificate itself says which products it is about.
        after.extend(certificate.facts.lines.iter().filter_map(|line| {
            let is_hidden = !self.steps.contains_key(&certificate.order.to_string());
            is_hidden.then(|| line.product.to_string())
        }));
        let blank = step(
            certificate.entry,
            Stage::Certificate,
            "certificate.issue",
            certificate.issued_at,
            number.clone(),
        );
        let page = Some(format!("/certificates/{number}"));
        self.add(None, Step { key: number, page, after, ..blank });
    }
}

/// A step that is named by its entry.
pub(super) fn step(
    id: impl Into<EntryId>,
    stage: Stage,
    entry_type: &'static str,
    at: Timestamp,
    title: String,
) -> Step {
    let id: EntryId = id.into();
    Step {
        key: id.to_string(),
        stage,
        entry: Some(id),
        entry_type,
        at,
        title,
        page: None,
        is_readable: false,
        is_subject: false,
        after: Vec::new(),
    }
}
