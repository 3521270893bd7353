//! Orders as parts of a life, with what came of them.

use super::{
    gather::Gatherer,
    read::OTHERS_MAX,
    records::step,
    step::{Stage, Step},
};
use crate::{failure::Failure, visit::Visit};
use databourse_licensing::{Licence, LicenceState};
use databourse_listing::Offer;
use databourse_market::{Certificate, DeliveryRecord, RefundRecord};
use databourse_primitives::{
    AmountMinor, Asset, CertificateNumber, EntryId, OfferId, OrderId, PartyId, ProductId, Timestamp,
};
use databourse_settlement::{Dispute, DisputeState};
use futures::future::try_join_all;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most orders of one life; each is read with what came of it.
const ORDERS_MAX: usize = 8;

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
    #[serde(default)]
    acceptances: Vec<Accepted>,
}

/// An acceptance of lines of an order.
#[derive(Debug, Deserialize)]
struct Accepted {
    id: EntryId,
    lines: Vec<u32>,
    accepted_at: Timestamp,
}

impl Gatherer<'_> {
    pub(super) async fn of_orders(
        &mut self,
        orders: &[OrderId],
        only_line: Option<u32>,
    ) -> Result<(), Failure> {
        self.of_orders_with(orders, only_line, None).await
    }

    /// Orders with what came of them, the offers that they took, and what those rest on. `product` narrows their lines.
    pub(super) async fn of_orders_with(
        &mut self,
        orders: &[OrderId],
        only_line: Option<u32>,
        product: Option<ProductId>,
    ) -> Result<(), Failure> {
        if orders.len() > ORDERS_MAX {
            self.cut.insert(self.visit.t(
                format!("订单较多，只显示最近的 {ORDERS_MAX} 笔；其余请从订单追溯。"),
                format!(
                    "There are many orders: the newest {ORDERS_MAX} are shown. Trace an order to see others."
                ),
            ));
        }
        let wanted = orders.iter().take(ORDERS_MAX);
        let found = try_join_all(wanted.map(|order| self.order(*order))).await?;
        let mut offers = BTreeSet::new();
        for (mut order, deliveries, refunds, disputes, certificate) in found.into_iter().flatten() {
            order.licences.retain(|licence| {
                only_line.is_none_or(|line| line == licence.id.line)
                    && product.is_none_or(|product| product == licence.product)
            });
            offers.extend(order.licences.iter().map(|licence| licence.offer));
            self.add_order(&order, &deliveries, &refunds, &disputes);
            if let Some(certificate) = certificate {
                self.add_certificate(&certificate);
            }
        }
        let offers: Vec<OfferId> = offers.into_iter().collect();
        self.note_others(offers.len());
        let read = offers.iter().take(OTHERS_MAX).map(async |id| self.one::<Offer>("offers", id).await);
        let offers: Vec<Offer> = try_join_all(read).await?.into_iter().flatten().collect();
        self.add_offers(&offers);
        let products: BTreeSet<ProductId> = offers.iter().map(|offer| offer.product).collect();
        self.add_products(&products.into_iter().collect::<Vec<_>>()).await
    }

    /// An order with its deliveries, refunds, disputes and certificate.
    async fn order(
        &self,
        id: OrderId,
    ) -> Result<
        Option<(OrderView, Vec<DeliveryRecord>, Vec<RefundRecord>, Vec<Dispute>, Option<Certificate>)>,
        Failure,
    > {
        let Some(order) = self.one::<OrderView>("orders", id).await? else { return Ok(None) };
        let side = if self.visit.oversees() {
            ""
        } else if self.visit.party() == Some(order.buyer) {
            "buyer"
        } else {
            "supplier"
        };
        let name = id.to_string();
        let filters = [("order", name.as_str()), ("side", side)];
        let (deliveries, refunds, disputes, certificate) = tokio::try_join!(
            self.list("/v1/deliveries", &filters),
            self.list("/v1/refunds", &filters),
            self.list("/v1/disputes", &filters),
            async {
                match &order.certificate {
                    Some(number) => self.one::<Certificate>("certificates", number).await,
                    None => Ok(None),
                }
            },
        )?;
        Ok(Some((order, deliveries, refunds, disputes, certificate)))
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
        let is_own = placed.key == self.subject;
        placed.page = Some(format!("/{}/{}", if is_own { "orders" } else { "ledger/trace" }, order.id));
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

    /// The acceptances, rejections and expiries of an order's lines. Gives them with their lines.
    fn add_ends(&mut self, order: &OrderView, deliveries: &[DeliveryRecord]) -> Vec<(String, Vec<u32>)> {
        let mut added = Vec::new();
        for accepted in &order.acceptances {
            let is_shown = |line: &u32| order.licences.iter().any(|licence| licence.id.line == *line);
            let lines: Vec<u32> = accepted.lines.iter().copied().filter(is_shown).collect();
            if lines.is_empty() {
                continue;
            }
            let title = line_words(self.visit, &lines);
            let at = accepted.accepted_at;
            let mut step = step(accepted.id, Stage::Acceptance, "order.accept", at, title);
            step.after = delivered(order, deliveries, &lines);
            added.push((step.key.clone(), lines));
            self.add(Some(order.buyer), step);
        }
        // A licence says when it was rejected or expired, and not by which entry: those of one time are one.
        let mut ends: BTreeMap<(Timestamp, &'static str), Vec<u32>> = BTreeMap::new();
        for licence in &order.licences {
            let (at, entry_type) = match &licence.state {
                LicenceState::Rejected { rejected_at, .. } => (*rejected_at, "order.reject"),
                LicenceState::Expired { expired_at } => (*expired_at, "order.expire"),
                LicenceState::Ordered
                | LicenceState::Delivered { .. }
                | LicenceState::Active { .. }
                | LicenceState::Refunded { .. } => continue,
            };
            ends.entry((at, entry_type)).or_default().push(licence.id.line);
        }
        for ((at, entry_type), lines) in ends {
            let key = format!("{}/{entry_type}/{at}", order.id);
            let after = delivered(order, deliveries, &lines);
            let title = line_words(self.visit, &lines);
            let blank = step(order.id, Stage::Acceptance, entry_type, at, title);
            self.add(Some(order.buyer), Step { key: key.clone(), entry: None, after, ..blank });
            added.push((key, lines));
        }
        added
    }
}

/// What the end of `lines` rests on: their deliveries, else the order.
fn delivered(order: &OrderView, deliveries: &[DeliveryRecord], lines: &[u32]) -> Vec<String> {
    let of_lines = deliveries.iter().filter(|one| one.lines.iter().any(|line| lines.contains(line)));
    let mut after: Vec<String> = of_lines.map(|one| one.id.to_string()).collect();
    if after.is_empty() {
        after.push(order.id.to_string());
    }
    after
}

/// Which lines of an order, in words.
fn line_words(visit: &Visit, lines: &[u32]) -> String {
    let numbers: Vec<String> = lines.iter().take(6).map(u32::to_string).collect();
    let more = if lines.len() > 6 { "…" } else { "" };
    let many = if lines.len() == 1 { "line" } else { "lines" };
    visit.t(format!("第 {}{more} 行", numbers.join("、")), format!("{many} {}{more}", numbers.join(", ")))
}
