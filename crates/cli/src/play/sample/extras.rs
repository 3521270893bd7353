//! What a plan of orders has none of, once each, so that every kind of line occurs: a voucher, a dispute, a yearly fee.

use super::Play;
use crate::{
    play::stage::Stage,
    sample::plan::{Outcome, PlannedOrder},
};
use anyhow::{Context as _, Result};
use databourse_primitives::{AmountMinor, DisputeId, VoucherId};
use databourse_settlement::{ChargeFee, DecideDispute, DecidedLine, IssueVoucher, OpenDispute};
use std::collections::BTreeSet;

/// What the voucher is worth: 1,000.00 CNY.
const VOUCHER_MINOR: i64 = 100_000;
const YEAR_MS: i64 = 365 * 86_400_000;

impl Play<'_> {
    /// An order that runs through without anything special, and costs something.
    pub(super) fn is_ordinary(&self, planned: &PlannedOrder) -> bool {
        let costs = planned.lines.first().is_some_and(|line| line.amount.get() > 1);
        let paid_by_voucher = self.voucher.is_some_and(|(number, _)| number == planned.number);
        planned.outcome == Outcome::Completed && costs && !paid_by_voucher
    }

    /// The buyer of the first ordinary order gets a voucher for it.
    pub(super) async fn issue_voucher(&mut self) -> Result<()> {
        let stage = Stage::begin("科技创新券 voucher", 0);
        let planned = self.plan.orders.iter().find(|planned| self.is_ordinary(planned));
        let planned = planned.context("an ordinary order")?;
        let command = IssueVoucher {
            party: self.party(&planned.buyer)?.id,
            asset: self.market.asset,
            amount_minor: AmountMinor::new(VOUCHER_MINOR)?,
            kinds: BTreeSet::new(),
            purposes: BTreeSet::new(),
            expires_at: self.desk.ids.start().plus_ms(YEAR_MS),
            bank_reference: format!("demo/{}/voucher", self.plan.seed).parse()?,
        };
        let operator = self.operator(&self.party(&planned.buyer)?.exchange)?;
        let done = self.desk.operate(operator, 25_000, "voucher", command).await?;
        self.voucher = Some((planned.number, VoucherId::from(done.id)));
        stage.end(&format!("1 voucher for order {}", planned.number));
        Ok(())
    }

    /// The buyer of another ordinary order disputes its first line, and gets half of it back.
    pub(super) async fn dispute(&self) -> Result<()> {
        let stage = Stage::begin("争议 dispute", 0);
        let (number, order) = self.disputed.context("an accepted ordinary order")?;
        let planned = self.plan.orders.iter().find(|planned| planned.number == number);
        let planned = planned.context("a planned order")?;
        let line = planned.lines.first().context("an order without lines")?;
        let reason = "Half of the fields are empty 一半字段为空".parse()?;
        let open = OpenDispute { order, lines: vec![1], chargeback: None, reason };
        let opened = self.desk.act(self.party(&planned.buyer)?, 3_000_100, "dispute", open).await?;
        let decide = DecideDispute {
            dispute: DisputeId::from(opened.id),
            refunds: vec![DecidedLine { line: 1, amount_minor: AmountMinor::new(line.amount.get() / 2)? }],
            reason: "The sample file shows it 样本文件可证".parse()?,
        };
        // The exchange that lists the product decides.
        let product = self.market.products.iter().find(|product| product.reference == line.product);
        let merchant = self.party(&product.context("a line of an unknown product")?.merchant)?;
        self.desk.operate(self.operator(&merchant.exchange)?, 3_000_101, "decision", decide).await?;
        stage.end(&format!("1 about order {number}, half of a line goes back"));
        Ok(())
    }

    /// The first buyer whose key is in custody pays its yearly fee.
    pub(super) async fn charge_yearly_fee(&self) -> Result<()> {
        let stage = Stage::begin("年费 yearly fee", 0);
        let buyer = self.market.buyers.get(2).context("a third buyer")?;
        let command = ChargeFee {
            party: self.party(&buyer.reference)?.id,
            role: "buyer".parse()?,
            year: self.desk.ids.start().year(),
            asset: self.market.asset,
        };
        let operator = self.operator(&buyer.exchange)?;
        self.desk.operate(operator, 3_000_102, "yearly fee", command).await?;
        stage.end(&format!("1 buyer, {}", self.desk.ids.start().year()));
        Ok(())
    }
}
