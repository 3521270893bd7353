//! Stages 3 to 5: every order of the plan from placing to its end.

use super::{Completed, Play};
use crate::{
    play::{desk::Party, stage::Stage},
    sample::plan::{Fate, PlannedLine, PlannedOrder},
};
use anyhow::{Context as _, Result};
use databourse_licensing::{
    AcceptOrder, DeliveryMethod, GrantRefund, OrderLine, PlaceOrder, RecordDelivery, RefundLine, RejectOrder,
};
use databourse_primitives::{Digest, Label, Line, OrderId};
use futures::{StreamExt as _, stream};
use std::collections::BTreeMap;

impl Play<'_> {
    pub(super) async fn trade(&mut self) -> Result<()> {
        let plan = self.plan;
        let mut stage = Stage::begin("交易 orders", plan.orders.len() as u64);
        let orders = plan.orders.iter().map(async |order| {
            let done = self.order(order).await;
            done.with_context(|| format!("order {} of the plan", order.number))
        });
        let (mut completed, mut disputed) = (Vec::new(), None);
        let mut answers = stream::iter(orders).buffered(self.desk.at_once).zip(stream::iter(&plan.orders));
        while let Some((answer, planned)) = answers.next().await {
            if let Some(done) = answer? {
                if disputed.is_none() && self.is_ordinary(planned) {
                    disputed = Some((planned.number, done.order));
                }
                completed.push(done);
            }
            stage.advance(1);
        }
        drop(answers);
        (self.completed, self.disputed) = (completed, disputed);
        stage.end(&format!("{} orders, {} completed", plan.orders.len(), self.completed.len()));
        Ok(())
    }

    /// Plays one order; what can be certified of it.
    async fn order(&self, planned: &PlannedOrder) -> Result<Option<Completed>> {
        let buyer = self.party(&planned.buyer)?.clone();
        let (number, at) = (planned.number, 30_000 + planned.number * 10);
        let line = |line: &PlannedLine| {
            let offer = self.offers.get(&line.product).copied().context("a product without an offer")?;
            Ok(OrderLine { offer, quantity: line.quantity, purpose: line.purpose.clone() })
        };
        let lines = planned.lines.iter().map(line).collect::<Result<_>>()?;
        let reference: Label = format!("demo-{number:04}").parse()?;
        let voucher = self.voucher.filter(|(paid, _)| *paid == number).map(|(_, voucher)| voucher);
        let place = PlaceOrder { lines, group: None, reference: Some(reference), voucher };
        let placed = self.desk.act(&buyer, at, &format!("order {number}"), place).await?;
        let order = OrderId::from(placed.id);
        self.deliver(order, planned, at).await?;
        let accepted = chosen(planned, |fate| matches!(fate, Fate::Accepted | Fate::Refunded { .. }));
        if !accepted.is_empty() {
            let command = AcceptOrder { order, lines: Some(accepted.clone()) };
            self.desk.act(&buyer, at + 4, &format!("acceptance {number}"), command).await?;
            self.desk.count_purchase(&buyer);
        }
        self.reject(order, planned, &buyer, at).await?;
        self.refund(order, planned, at).await?;
        // A certificate needs that no line is open and one is accepted and kept.
        let open = chosen(planned, |fate| matches!(fate, Fate::Undelivered | Fate::Unaccepted));
        let wholly_refunded = |line: &PlannedLine| matches!(&line.fate, Fate::Refunded { amount, .. } if *amount == line.amount);
        let kept = planned.lines.iter().any(|line| match &line.fate {
            Fate::Accepted => true,
            Fate::Refunded { .. } => !wholly_refunded(line),
            _ => false,
        });
        let is_completed = open.is_empty() && kept;
        Ok(is_completed.then(|| Completed { order, exchange: buyer.exchange.clone() }))
    }

    /// Each supplier delivers its lines, those that go the same way together.
    async fn deliver(&self, order: OrderId, planned: &PlannedOrder, at: u64) -> Result<()> {
        let mut ways: BTreeMap<(&Label, &'static str), (DeliveryMethod, Vec<u32>)> = BTreeMap::new();
        for (number, line) in (1_u32..).zip(&planned.lines) {
            if line.fate == Fate::Undelivered {
                continue;
            }
            let product = self.market.products.iter().find(|product| product.reference == line.product);
            let product = product.context("a line of an unknown product")?;
            let way = ways.entry((&product.merchant, way_name(product.delivery)));
            way.or_insert_with(|| (product.delivery, Vec::new())).1.push(number);
        }
        for ((merchant, way), (method, lines)) in ways {
            let label = format!("delivery {} {merchant} {way}", planned.number);
            let evidence = Digest::of(label.as_bytes());
            let command = RecordDelivery { order, lines: Some(lines), method, evidence };
            self.desk.act(self.party(merchant)?, at + 2, &label, command).await?;
        }
        Ok(())
    }

    async fn reject(&self, order: OrderId, planned: &PlannedOrder, buyer: &Party, at: u64) -> Result<()> {
        for (number, line) in (1_u32..).zip(&planned.lines) {
            if let Fate::Rejected { reason } = &line.fate {
                let command = RejectOrder { order, lines: Some(vec![number]), reason: reason.clone() };
                let label = format!("rejection {} {number}", planned.number);
                self.desk.act(buyer, at + 6, &label, command).await?;
            }
        }
        Ok(())
    }

    /// Each supplier grants the refunds of its lines.
    async fn refund(&self, order: OrderId, planned: &PlannedOrder, at: u64) -> Result<()> {
        let mut refunds: BTreeMap<&Label, (Vec<RefundLine>, &Line)> = BTreeMap::new();
        for (number, line) in (1_u32..).zip(&planned.lines) {
            if let Fate::Refunded { amount, reason } = &line.fate {
                let product = self.market.products.iter().find(|product| product.reference == line.product);
                let merchant = &product.context("a line of an unknown product")?.merchant;
                let refund = RefundLine { line: number, amount_minor: *amount };
                refunds.entry(merchant).or_insert_with(|| (Vec::new(), reason)).0.push(refund);
            }
        }
        for (merchant, (lines, reason)) in refunds {
            let command = GrantRefund { order, lines, reason: reason.clone() };
            let label = format!("refund {} {merchant}", planned.number);
            self.desk.act(self.party(merchant)?, at + 8, &label, command).await?;
        }
        Ok(())
    }
}

/// Numbers of the lines whose fate is asked for.
fn chosen(planned: &PlannedOrder, fate: impl Fn(&Fate) -> bool) -> Vec<u32> {
    (1_u32..).zip(&planned.lines).filter(|(_, line)| fate(&line.fate)).map(|(number, _)| number).collect()
}

const fn way_name(method: DeliveryMethod) -> &'static str {
    match method {
        DeliveryMethod::File => "file",
        DeliveryMethod::Api => "api",
        DeliveryMethod::Share => "share",
        DeliveryMethod::ComputeToData => "compute-to-data",
    }
}
