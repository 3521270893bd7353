//! Stages 1 and 2: rights, products and offers, and later what changes in them.

use super::Play;
use crate::{play::stage::Stage, sample::SampleProduct};
use anyhow::{Context as _, Result};
use databourse_listing::{
    ListProduct, PauseProduct, PublishOffer, RegisterRight, ResumeProduct, ReviseProduct, WithdrawOffer,
};
use databourse_primitives::{Line, OfferId, ProductId, RightId, UnitPrice};
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;

impl Play<'_> {
    pub(super) async fn register_and_list(&mut self) -> Result<()> {
        let market = self.market;
        let mut stage = Stage::begin("确权 rights", market.rights.len() as u64);
        let mut rights = BTreeMap::new();
        for (at, right) in (100_u64..).zip(&market.rights) {
            let valid_until = self.desk.ids.start().plus_ms(i64::from(right.term_days) * DAY_MS);
            let command = RegisterRight {
                interests: right.interests.clone(),
                data_class: right.data_class,
                source: right.source.clone(),
                source_statement: right.source_statement.clone(),
                authorisation: right.authorisation.clone(),
                valid_until: Some(valid_until),
            };
            let holder = self.party(&right.merchant)?;
            let done = self.desk.act(holder, at, &format!("right {}", right.source), command).await?;
            rights.insert(&right.source, RightId::from(done.id));
            stage.advance(1);
        }
        stage.end(&format!("{} rights registered", rights.len()));
        let mut stage = Stage::begin("挂牌 products and offers", market.products.len() as u64);
        for (at, product) in (1_000_u64..).zip(&market.products) {
            let merchant = self.party(&product.merchant)?.clone();
            let right = *rights.get(&product.right).context("a product without a right")?;
            let command = ListProduct { right, details: product.details.clone() };
            let label = format!("product {}", product.reference);
            let id = ProductId::from(self.desk.act(&merchant, at, &label, command).await?.id);
            let offer = self.offer(id, product, product.unit_price);
            let label = format!("offer {}", product.reference);
            let offer = OfferId::from(self.desk.act(&merchant, at, &label, offer).await?.id);
            self.products.insert(product.reference.clone(), id);
            self.offers.insert(product.reference.clone(), offer);
            stage.advance(1);
        }
        stage.end(&format!("{} products with an offer each", market.products.len()));
        Ok(())
    }

    fn offer(&self, product: ProductId, sample: &SampleProduct, unit_price: UnitPrice) -> PublishOffer {
        PublishOffer {
            product,
            asset: self.market.asset,
            pricing: sample.pricing,
            unit_price,
            terms: sample.terms.clone(),
            audience: None,
            valid_until: None,
        }
    }

    /// After the orders: a revision, a pause that ends, an offer that is taken back, and a price that changes.
    pub(super) async fn change_listings(&self) -> Result<()> {
        let [first, second, third, fourth] =
            &self.market.products[..].first_chunk::<4>().context("four products")?;
        let stage = Stage::begin("变更 changes of listings", 0);
        let id = |sample: &SampleProduct| {
            self.products.get(&sample.reference).copied().context("a listed product")
        };
        let offer = |sample: &SampleProduct| self.offers.get(&sample.reference).copied().context("an offer");

        let mut details = first.details.clone();
        details.update_frequency = Some("hourly".parse::<Line>()?);
        let revise = ReviseProduct { product: id(first)?, revision: 2, details };
        self.desk.act(self.party(&first.merchant)?, 3_000_000, "revision", revise).await?;

        let reason: Line = "yearly maintenance 年度维护".parse()?;
        let pause = PauseProduct { product: id(second)?, reason: Some(reason) };
        self.desk.act(self.party(&second.merchant)?, 3_000_001, "pause", pause).await?;
        let resume = ResumeProduct { product: id(second)?, reason: None };
        self.desk.act(self.party(&second.merchant)?, 3_000_002, "resume", resume).await?;

        let withdraw = WithdrawOffer { offer: offer(third)? };
        self.desk.act(self.party(&third.merchant)?, 3_000_003, "withdrawn offer", withdraw).await?;

        // A price changes by a new offer; the old one is taken back, and what was bought under it stays.
        let changed = self.offer(id(fourth)?, fourth, "1088.00".parse()?);
        self.desk.act(self.party(&fourth.merchant)?, 3_000_004, "offer at a new price", changed).await?;
        let withdraw = WithdrawOffer { offer: offer(fourth)? };
        self.desk.act(self.party(&fourth.merchant)?, 3_000_005, "offer at the old price", withdraw).await?;
        stage.end("1 revision, 1 pause and resumption, 1 withdrawal, 1 price change");
        Ok(())
    }
}
