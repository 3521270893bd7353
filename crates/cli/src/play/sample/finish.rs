//! Stages 5 and 6: merchants take money out, the window closes, completed orders are certified.

use super::Play;
use crate::{
    play::stage::Stage,
    sample::plan::{Fate, PlannedLine},
};
use anyhow::{Context as _, Result};
use databourse_primitives::{AmountMinor, Label, WindowId};
use databourse_settlement::{CloseWindow, WithdrawMoney};

impl Play<'_> {
    /// Every merchant takes out half of what its accepted lines bring before fees; a fixed amount, so that a run that is
    /// played again asks for the same.
    pub(super) async fn withdraw(&self) -> Result<()> {
        let mut stage = Stage::begin("提现 withdrawals", self.market.merchants.len() as u64);
        let mut count = 0;
        for (at, merchant) in (3_100_000_u64..).zip(&self.market.merchants) {
            let amount = self.earned(&merchant.reference)?.get() / 2;
            if amount > 0 {
                let command =
                    WithdrawMoney { asset: self.market.asset, amount_minor: AmountMinor::new(amount)? };
                let label = format!("withdrawal {}", merchant.reference);
                self.desk.act(self.party(&merchant.reference)?, at, &label, command).await?;
                count += 1;
            }
            stage.advance(1);
        }
        stage.end(&format!("{count} merchants took half of their earnings out"));
        Ok(())
    }

    /// What a merchant's accepted lines bring, tax and fee apart, after refunds.
    fn earned(&self, merchant: &Label) -> Result<AmountMinor> {
        let own = |line: &&PlannedLine| {
            let sold = |product: &&crate::sample::SampleProduct| product.reference == line.product;
            self.market.products.iter().find(sold).is_some_and(|product| product.merchant == *merchant)
        };
        let mut lines = self.plan.orders.iter().flat_map(|order| &order.lines).filter(own);
        let sum = lines.try_fold(AmountMinor::ZERO, |sum, line| match &line.fate {
            Fate::Accepted => sum.plus(line.amount),
            Fate::Refunded { amount, .. } => sum.plus(line.amount.minus(*amount)?),
            Fate::Rejected { .. } | Fate::Undelivered | Fate::Unaccepted => Ok(sum),
        });
        Ok(sum?)
    }

    pub(super) async fn close_window(&self) -> Result<()> {
        let stage = Stage::begin("结算 settlement window", 0);
        let window = WindowId { asset: self.market.asset, number: 1 };
        self.desk.operate(&self.operator, 3_200_000, "window", CloseWindow { window }).await?;
        stage.end(&format!("{window} closed to postings"));
        Ok(())
    }

    pub(super) async fn certificates(&self) -> Result<()> {
        let mut stage = Stage::begin("凭证 certificates", self.completed.len() as u64);
        for (at, order) in (3_300_000_u64..).zip(&self.completed) {
            let id = self.desk.ids.id(at, &format!("certificate {order}"))?;
            let done = self.operator.certificate(id, *order).await;
            done.with_context(|| format!("certificate.issue of {order}"))?;
            stage.advance(1);
        }
        stage.end(&format!("{} completed orders certified", self.completed.len()));
        Ok(())
    }
}
