//! Which records make up a life: from what is traced back to the rights that it rests on, and on to what came of it.

use super::{
    orders::OrderView,
    records::{Found, PartyView},
    step::{Life, Step},
    subject::Subject,
};
use crate::{failure::Failure, visit::Visit};
use databourse_licensing::Licence;
use databourse_listing::{Offer, Product};
use databourse_market::Certificate;
use databourse_primitives::{EntryId, OfferId, OrderId, PartyId, ProductId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The licences among which the orders of a product are looked for.
const LICENCES_READ: &str = "50";

/// Reads a life.
pub(super) struct Gatherer<'a> {
    pub(super) visit: &'a Visit,
    pub(super) subject: String,
    pub(super) steps: BTreeMap<String, Step>,
    pub(super) cut: BTreeSet<String>,
}

/// What a record of order is in a list of which only the name counts.
#[derive(Deserialize)]
struct Named<T> {
    id: T,
}

#[derive(Deserialize)]
struct OfOrder {
    order: OrderId,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(visit: &'a Visit) -> Self {
        Self { visit, subject: String::new(), steps: BTreeMap::new(), cut: BTreeSet::new() }
    }

    /// The life of `subject`; nothing if it is not there or not for the reader.
    ///
    /// # Errors
    /// The page to show instead.
    pub(super) async fn life_of(mut self, subject: &Subject) -> Result<Option<Life>, Failure> {
        match subject {
            Subject::Entry(id) => {
                self.subject = id.to_string();
                self.of_entry(*id).await?;
            }
            Subject::Licence(id) => {
                self.subject = id.order.to_string();
                self.of_orders(&[id.order], Some(id.line)).await?;
            }
            Subject::Certificate(number) => {
                self.subject = number.to_string();
                let certificate: Option<Certificate> = self.one("certificates", number).await?;
                if let Some(certificate) = certificate {
                    self.of_certificate(&certificate).await?;
                }
            }
        }
        if self.steps.is_empty() {
            return Ok(None);
        }
        let mut steps: Vec<Step> = self.steps.into_values().collect();
        steps.sort_by(|a, b| (a.at, a.stage, &a.key).cmp(&(b.at, b.stage, &b.key)));
        for step in &mut steps {
            step.is_subject = step.key == self.subject;
        }
        Ok(Some(Life { steps, cut: self.cut.into_iter().collect() }))
    }

    /// Whatever the entry made: the kinds of things have no names in common.
    async fn of_entry(&mut self, id: EntryId) -> Result<(), Failure> {
        let (product, order, offer, right, party) = tokio::try_join!(
            self.one::<Product>("products", id),
            self.one::<OrderView>("orders", id),
            self.one::<Offer>("offers", id),
            self.one::<Found>("rights", id),
            self.one::<PartyView>("parties", id),
        )?;
        if let Some(product) = product {
            self.of_product(product.id, product.supplier, None).await
        } else if let Some(order) = order {
            self.of_orders(&[order.id], None).await?;
            self.add_parties(&[order.buyer]).await
        } else if let Some(offer) = offer {
            self.of_product(offer.product, offer.supplier, Some(offer.id)).await
        } else if let Some(right) = right {
            self.of_right(&right).await
        } else if let Some(party) = party {
            self.of_party(party.id).await
        } else {
            let (delivery, refund, dispute) = tokio::try_join!(
                self.one::<OfOrder>("deliveries", id),
                self.one::<OfOrder>("refunds", id),
                self.one::<OfOrder>("disputes", id),
            )?;
            match delivery.or(refund).or(dispute) {
                Some(found) => self.of_orders(&[found.order], None).await,
                None => Ok(()),
            }
        }
    }

    async fn of_right(&mut self, right: &Found) -> Result<(), Failure> {
        let supplier = right.holder.to_string();
        let listed: Vec<Product> = self.list("/v1/products", &[("supplier", &supplier)]).await?;
        let products: Vec<ProductId> =
            listed.iter().filter(|product| product.right == right.id).map(|product| product.id).collect();
        self.add_products(&products).await?;
        self.add_rights(&[right.id]).await?;
        self.add_parties(&[right.holder]).await
    }

    /// A product with its offers, or one of them, and the orders that took them.
    async fn of_product(
        &mut self,
        id: ProductId,
        supplier: PartyId,
        only: Option<OfferId>,
    ) -> Result<(), Failure> {
        let product = id.to_string();
        let offers: Vec<Offer> = self.list("/v1/offers", &[("product", &product)]).await?;
        let offers: Vec<Offer> =
            offers.into_iter().filter(|offer| only.is_none_or(|only| only == offer.id)).collect();
        self.add_offers(&offers);
        let side = self.side_of(supplier);
        let licences: Vec<Licence> = if self.visit.session.is_some() {
            self.list("/v1/licences", &[("product", &product), ("side", side), ("limit", LICENCES_READ)])
                .await?
        } else {
            Vec::new()
        };
        let mut orders: Vec<OrderId> = Vec::new();
        for licence in licences.iter().filter(|licence| only.is_none_or(|only| only == licence.offer)) {
            if !orders.contains(&licence.id.order) {
                orders.push(licence.id.order);
            }
        }
        self.of_orders_with(&orders, None, Some(id)).await?;
        self.add_products(&[id]).await?;
        self.add_history(id, supplier).await?;
        self.add_parties(&[supplier]).await
    }

    async fn of_party(&mut self, id: PartyId) -> Result<(), Failure> {
        let party = id.to_string();
        let is_shown = self.visit.oversees() || self.visit.party() == Some(id);
        let (holder, supplier, buyer) =
            ([("holder", party.as_str())], [("supplier", party.as_str())], [("buyer", party.as_str())]);
        let (rights, products, orders) = tokio::try_join!(
            self.list::<Found>("/v1/rights", &holder),
            self.list::<Product>("/v1/products", &supplier),
            async {
                if is_shown {
                    self.list::<Named<OrderId>>("/v1/orders", &buyer).await
                } else {
                    Ok(Vec::new())
                }
            },
        )?;
        let orders: Vec<OrderId> = orders.into_iter().map(|order| order.id).collect();
        let products: Vec<ProductId> = products.into_iter().map(|product| product.id).collect();
        self.of_orders(&orders, None).await?;
        self.add_products(&products).await?;
        self.add_rights(&rights.into_iter().map(|right| right.id).collect::<Vec<_>>()).await?;
        self.add_parties(&[id]).await
    }

    async fn of_certificate(&mut self, certificate: &Certificate) -> Result<(), Failure> {
        self.of_orders(&[certificate.order], None).await?;
        self.add_certificate(certificate);
        let products: Vec<ProductId> = certificate.facts.lines.iter().map(|line| line.product).collect();
        self.add_products(&products).await
    }
}
