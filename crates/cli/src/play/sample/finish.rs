//! Stages 5 and 6: merchants take money out, the window is closed and settled, completed orders are certified.

use super::Play;
use crate::{
    play::stage::Stage,
    sample::plan::{Fate, PlannedLine},
};
use anyhow::{Context as _, Result, anyhow};
use databourse_client::{BatchCommand, Client, Page};
use databourse_exchange::HeadComparison;
use databourse_market::Command;
use databourse_primitives::{AmountMinor, ExchangeCode, Label, PartyId, WindowId};
use databourse_settlement::{
    CloseWindow, ConfirmInstruction, InstructWindow, NettingMethod, SignWindow, Window, WindowHead,
    WithdrawMoney,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

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

    /// The merchant whose accepted lines bring most.
    pub(super) fn busiest(&self) -> Result<PartyId> {
        let mut earned = Vec::new();
        for merchant in &self.market.merchants {
            earned.push((self.earned(&merchant.reference)?, &merchant.reference));
        }
        let (_, reference) = earned.into_iter().max().context("a market without merchants")?;
        Ok(self.party(reference)?.id)
    }

    /// The operators' day: the window is closed, every exchange signs what it finds, and payments are made out. Among one
    /// exchange nobody owes anybody anything; between several, each payee finds the money at its bank and says so.
    pub(super) async fn settle_window(&self) -> Result<WindowId> {
        let stage = Stage::begin("结算 settlement window", 0);
        let window = WindowId { asset: self.market.asset, number: 1 };
        let (_, first) = self.operators.first_key_value().context("a desk without exchanges")?;
        self.desk.operate(first, 3_200_000, "window", CloseWindow { window }).await?;
        self.desk.level().await?;
        let mut signed = 0;
        for (exchange, operator) in &self.operators {
            signed += self.sign_heads(exchange, operator, window).await?;
        }
        self.desk.level().await?;
        let instruct = InstructWindow { window, method: NettingMethod::Multilateral };
        self.desk.operate(first, 3_200_500, "instructions", instruct).await?;
        let instructed: Window = first.get(&crate::settle::window_path(window)).await?;
        let payments = instructed.state.instructions();
        for (at, payment) in (3_200_600_u64..).zip(payments) {
            let label = format!("payment {}", payment.id);
            let confirm = ConfirmInstruction {
                instruction: payment.id,
                bank_reference: format!("demo/{}/payment/{}", self.plan.seed, payment.id.number).parse()?,
                received_minor: payment.amount_minor,
            };
            self.desk.operate(self.operator(&payment.payee)?, at, &label, confirm).await?;
        }
        let paid = match payments.len() {
            0 => String::new(),
            count => format!(", {count} payments between exchanges"),
        };
        stage.end(&format!("{window} closed, {signed} heads signed{paid}, settled"));
        Ok(window)
    }

    /// Signs as one exchange, by two people, what it finds for each of its pairs.
    async fn sign_heads(
        &self,
        exchange: &ExchangeCode,
        operator: &Client,
        window: WindowId,
    ) -> Result<usize> {
        let path = crate::settle::window_path(window);
        let closing: Window = operator.get(&path).await?;
        let heads: Page<HeadComparison> = operator.get(&format!("{path}/heads")).await?;
        let own: Vec<_> = heads.items.iter().filter(|found| found.pair.contains(exchange)).collect();
        let second = self.desk.second_operator(exchange)?;
        // An id for each of the two signatures of a head.
        for (at, found) in (3_200_001_u64..).step_by(2).zip(&own) {
            let totals = closing.pairs.get(&found.pair).context("a head of a pair without lines")?;
            let head = WindowHead {
                window,
                pair: found.pair.clone(),
                root: found.ledger_root,
                line_count: totals.line_count,
                left_to_right_minor: totals.left_to_right_minor,
                right_to_left_minor: totals.right_to_left_minor,
            };
            // Not by the node's own `signatures`: it would make up an id, and a seeded run would not repeat.
            let signature: Command = SignWindow { head, person: None }.into();
            for (at, client, what) in [(at, operator, "head"), (at + 1, &second, "head checked")] {
                let label = format!("{what} {} of {exchange}", found.pair);
                let command = BatchCommand::new(self.desk.ids.id(at, &label)?, None, &signature)?;
                for result in client.submit_batch(&[command]).await? {
                    self.desk.note(&result.map_err(|problem| anyhow!("{label}: {problem}"))?);
                }
            }
        }
        Ok(own.len())
    }

    pub(super) async fn certificates(&self) -> Result<()> {
        let mut stage = Stage::begin("凭证 certificates", self.completed.len() as u64);
        self.desk.level().await?;
        let requests = (3_300_000_u64..).zip(&self.completed).map(async |(at, completed)| {
            let order = completed.order;
            let id = self.desk.ids.id(at, &format!("certificate {order}"))?;
            let done = self.operator(&completed.exchange)?.certificate(id, order).await;
            done.with_context(|| format!("certificate.issue of {order}"))
        });
        let mut answers = stream::iter(requests).buffered(self.desk.at_once);
        while answers.try_next().await?.is_some() {
            stage.advance(1);
        }
        stage.end(&format!("{} completed orders certified", self.completed.len()));
        Ok(())
    }
}
