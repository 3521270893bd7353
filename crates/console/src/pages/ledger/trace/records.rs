//! Records of the market as steps of a life.

use super::{
    gather::{Gatherer, OTHERS_MAX},
    step::{Stage, Step},
};
use crate::{failure::Failure, layout::named};
use databourse_licensing::{Licence, LicenceState};
use databourse_listing::{Offer, Product};
use databourse_market::{Certificate, DeliveryRecord, RefundRecord};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, CertificateNumber, EntryId, Label, OrderId, PartyId, ProductId,
    RightId, Timestamp,
};
use databourse_settlement::{Dispute, DisputeState};
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A right as everybody sees it.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) id: RightId,
    pub(super) holder: PartyId,
    source: Label,
    registered_at: Timestamp,
}

/// A party as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct PartyView {
    pub(super) id: PartyId,
    legal_name: BilingualText,
    certified_at: Timestamp,
}

/// An order as its reader sees it.
#[derive(Debug, Deserialize)]
pub(super) struct OrderView {
    pub(super) id: OrderId,
    pub(super) buyer: PartyId,
    asset: Asset,
    #[serde(default)]
    total_minor: Option<AmountMinor>,
    placed_at: Timestamp,
    #[serde(default)]
    pub(super) certificate: Option<CertificateNumber>,
    #[serde(default)]
    pub(super) licences: Vec<Licence>,
}

impl Gatherer<'_> {
    /// Adds a step. Its author, if a party, may read its entry; whoever oversees may read any.
    fn add(&mut self, author: Option<PartyId>, step: Step) {
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

    pub(super) fn add_order(
        &mut self,
        order: &OrderView,
        deliveries: &[DeliveryRecord],
        refunds: &[RefundRecord],
        disputes: &[Dispute],
    ) {
        let (visit, format) = (self.visit, self.visit.format());
        let lines: BTreeSet<u32> = order.licences.iter().map(|licence| licence.id.line).collect();
        let concerns = |of: &[u32]| of.iter().any(|line| lines.contains(line));
        let title = order.total_minor.map_or_else(
            || line_words(visit, &lines.iter().copied().collect::<Vec<_>>()),
            |total| format.money(order.asset, total.get()),
        );
        let mut placed = step(order.id, Stage::Order, "order.place", order.placed_at, title);
        placed.page = Some(format!("/ledger/trace/{}", order.id));
        placed.after = order.licences.iter().map(|licence| licence.offer.to_string()).collect();
        placed.after.push(order.buyer.to_string());
        self.add(Some(order.buyer), placed);
        for delivery in deliveries.iter().filter(|delivery| concerns(&delivery.lines)) {
            let title = line_words(visit, &delivery.lines);
            let mut step =
                step(delivery.id, Stage::Delivery, "delivery.record", delivery.delivered_at, title);
            step.after = vec![order.id.to_string()];
            self.add(Some(delivery.supplier), step);
        }
        let ends = self.add_ends(order, deliveries);
        let after = |of: &[u32]| {
            let rests = ends.iter().filter(|(_, lines)| lines.iter().any(|line| of.contains(line)));
            let keys: Vec<String> = rests.map(|(key, _)| key.clone()).collect();
            if keys.is_empty() { vec![order.id.to_string()] } else { keys }
        };
        for refund in refunds {
            let of: Vec<u32> = refund.lines.iter().map(|line| line.line).collect();
            if concerns(&of) {
                let title = format.money(order.asset, refund.total_minor.get());
                let mut step = step(refund.id, Stage::Settlement, "refund.grant", refund.granted_at, title);
                step.after = after(&of);
                self.add(Some(refund.supplier), step);
            }
        }
        for dispute in disputes.iter().filter(|dispute| concerns(&dispute.lines)) {
            let title = match dispute.state {
                DisputeState::Open => visit.t("待裁定", "open"),
                DisputeState::Decided { .. } => visit.t("已裁定", "decided"),
            };
            let mut step =
                step(dispute.id, Stage::Settlement, "dispute.open", dispute.opened_at, title.to_owned());
            step.after = after(&dispute.lines);
            self.add(Some(dispute.buyer), step);
        }
    }

    /// The acceptances, rejections and expiries of an order's lines: those of one time are one. Gives them with their
    /// lines.
    fn add_ends(&mut self, order: &OrderView, deliveries: &[DeliveryRecord]) -> Vec<(String, Vec<u32>)> {
        let mut ends: BTreeMap<(Timestamp, &'static str), Vec<u32>> = BTreeMap::new();
        for licence in &order.licences {
            let (at, entry_type) = match &licence.state {
                LicenceState::Active { accepted_at, .. } | LicenceState::Refunded { accepted_at, .. } => {
                    (*accepted_at, "order.accept")
                }
                LicenceState::Rejected { rejected_at, .. } => (*rejected_at, "order.reject"),
                LicenceState::Expired { expired_at } => (*expired_at, "order.expire"),
                LicenceState::Ordered | LicenceState::Delivered { .. } => continue,
            };
            ends.entry((at, entry_type)).or_default().push(licence.id.line);
        }
        let mut added = Vec::new();
        for ((at, entry_type), lines) in ends {
            let key = format!("{}/{entry_type}/{at}", order.id);
            let delivered = deliveries.iter().filter(|one| one.lines.iter().any(|line| lines.contains(line)));
            let mut after: Vec<String> = delivered.map(|one| one.id.to_string()).collect();
            if after.is_empty() {
                after.push(order.id.to_string());
            }
            let title = line_words(self.visit, &lines);
            let blank = step(order.id, Stage::Acceptance, entry_type, at, title);
            self.add(Some(order.buyer), Step { key: key.clone(), entry: None, after, ..blank });
            added.push((key, lines));
        }
        added
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
fn step(
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

/// Which lines of an order, in words.
fn line_words(visit: &crate::visit::Visit, lines: &[u32]) -> String {
    let numbers: Vec<String> = lines.iter().take(6).map(u32::to_string).collect();
    let more = if lines.len() > 6 { "…" } else { "" };
    let many = if lines.len() == 1 { "line" } else { "lines" };
    visit.t(format!("第 {}{more} 行", numbers.join("、")), format!("{many} {}{more}", numbers.join(", ")))
}
