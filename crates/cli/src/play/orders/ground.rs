//! What orders rest on, made when it is first seen: customers with their money, products, offers.

use super::{
    commands,
    replay::{Replay, Sent},
};
use crate::import::orders::InvoiceLine;
use anyhow::Result;
use databourse_market::Command;
use databourse_primitives::{EntryId, Label, Line, OfferId, PartyId, ProductId};

impl Replay<'_> {
    /// Certifies a customer when it is first seen, with the money that it will spend.
    pub(super) async fn customer(
        &mut self,
        customer: &Label,
        country: &Line,
        at: u64,
    ) -> Result<(u32, PartyId)> {
        if let Some(known) = self.customers.get(customer) {
            return Ok(*known);
        }
        let id = PartyId::from(self.ids.id(0, &format!("customer {customer}"))?);
        let known = (u32::try_from(self.customers.len())?, id);
        self.customers.insert(customer.clone(), known);
        let certify = commands::buyer(customer, country, self.ids.start())?;
        self.ground(format!("customer {customer}"), id.into(), None, certify).await?;
        let spending = self.scan.spending.get(customer).copied().unwrap_or_default();
        if spending > 0 {
            let deposit = commands::deposit(id, customer, spending)?;
            let deposit_id = self.ids.id(at, &format!("deposit {customer} {spending}"))?;
            self.ground(format!("deposit of {customer}"), deposit_id, None, deposit).await?;
        }
        Ok(known)
    }

    pub(super) fn product_id(&self, stock_code: &Line) -> Result<ProductId> {
        Ok(ProductId::from(self.ids.id(0, &format!("stock code {stock_code}"))?))
    }

    pub(super) fn offer_id(&self, line: &InvoiceLine, product: ProductId) -> Result<OfferId> {
        let price = commands::price_milli(line.unit_price)?;
        Ok(OfferId::from(self.ids.id(0, &format!("offer {product} at {price}"))?))
    }

    /// The offer of a stock code at a price, published when it is first seen.
    pub(super) async fn offer(&mut self, line: &InvoiceLine) -> Result<(u32, OfferId)> {
        let product = match self.products.get(&line.stock_code) {
            Some(product) => *product,
            None => {
                let product = self.product_id(&line.stock_code)?;
                let title = self.scan.titles.get(&line.stock_code);
                let list = commands::product(self.right, &line.stock_code, title)?;
                let name = format!("product {}", line.stock_code);
                self.ground(name, product.into(), Some(self.retailer), list).await?;
                self.products.insert(line.stock_code.clone(), product);
                product
            }
        };
        let price = commands::price_milli(line.unit_price)?;
        if let Some(known) = self.offers.get(&(product, price)) {
            return Ok(*known);
        }
        let offer = self.offer_id(line, product)?;
        let known = (u32::try_from(self.offers.len())?, offer);
        self.offers.insert((product, price), known);
        let publish = commands::offer(product, line.unit_price)?;
        let name = format!("offer of {} at {}", line.stock_code, line.unit_price);
        self.ground(name, offer.into(), Some(self.retailer), publish).await?;
        Ok(known)
    }

    pub(super) async fn ground(
        &mut self,
        name: String,
        id: EntryId,
        on_behalf_of: Option<PartyId>,
        command: impl Into<Command>,
    ) -> Result<()> {
        self.send(id, on_behalf_of, command, Sent::Ground(name)).await
    }
}
