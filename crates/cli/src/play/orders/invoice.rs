//! Each kind of invoice as commands.

use super::{
    commands,
    replay::{Cancelled, Replay, Sent},
    scan::is_orderable,
    tally::Group,
};
use crate::import::orders::{Invoice, InvoiceKind, InvoiceLine};
use anyhow::{Result, bail};
use databourse_client::Endpoint;
use databourse_licensing::{AcceptOrder, GrantRefund, OrderLine, RefundLine};
use databourse_primitives::{AmountMinor, Label, Line, OrderId, RefusalCode};
use std::collections::BTreeMap;

/// Lines of one request without a buyer: below the 256 KiB that a node reads of one order.
const ANONYMOUS_LINES_MAX: usize = 2_000;

impl Replay<'_> {
    pub(super) async fn invoice(&mut self, invoice: &Invoice) -> Result<()> {
        match (&invoice.customer, invoice.kind) {
            (None, _) => self.anonymous(invoice).await,
            (Some(customer), InvoiceKind::Purchase) => self.purchase(invoice, customer).await,
            (Some(customer), InvoiceKind::Cancellation) => self.cancellation(invoice, customer).await,
            (Some(_), InvoiceKind::Adjustment) => {
                for line in &invoice.lines {
                    self.tally.add(Group::not_sent("record.adjustment"), line.amount_milli.into());
                }
                Ok(())
            }
        }
    }

    /// Nobody is named: the order is sent as it is, without a buyer, and the exchange says why not. A quantity has no
    /// sign there, so lines that take something back are sent with their units.
    pub(super) async fn anonymous(&mut self, invoice: &Invoice) -> Result<()> {
        for lines in invoice.lines.chunks(ANONYMOUS_LINES_MAX) {
            self.without_buyer(invoice, lines).await?;
        }
        Ok(())
    }

    pub(super) async fn without_buyer(&mut self, invoice: &Invoice, own: &[InvoiceLine]) -> Result<()> {
        let mut lines = Vec::with_capacity(own.len());
        for line in own {
            let offer = self.offer_id(line, self.product_id(&line.stock_code)?)?;
            lines.push(commands::order_line(offer, line.quantity.unsigned_abs().max(1))?);
        }
        let body = serde_json::json!({ "lines": lines, "reference": invoice.number });
        let at = own.first().map_or(0, |line| line.csv_line);
        let id = self.ids.id(at, &format!("order without buyer {}:{at}", invoice.number))?;
        let endpoint = Endpoint { path: "/v1/orders".to_owned(), body };
        let answer = self.operator.post::<serde_json::Value>(id, &endpoint).await;
        let code = match answer {
            Ok(_) => bail!("an order without a buyer was accepted"),
            Err(error) => match error.problem() {
                Some(problem) => problem.code.clone(),
                None => return Err(error.into()),
            },
        };
        for line in own {
            self.tally.add(Group::refused(&code), line.amount_milli.into());
        }
        Ok(())
    }

    pub(super) async fn purchase(&mut self, invoice: &Invoice, customer: &Label) -> Result<()> {
        let (number, buyer) = self.customer(customer, &invoice.country, invoice.first_line()).await?;
        let mut lines: Vec<(OrderLine, u32, i64)> = Vec::with_capacity(invoice.lines.len());
        for line in &invoice.lines {
            if !is_orderable(line) {
                self.tally
                    .add(Group::not_sent(RefusalCode::AmountOutOfRange.as_str()), line.amount_milli.into());
                continue;
            }
            let (item, offer) = self.offer(line).await?;
            lines.push((commands::order_line(offer, line.quantity.unsigned_abs())?, item, line.amount_milli));
        }
        let order_lines: Vec<OrderLine> = lines.iter().map(|(line, ..)| line.clone()).collect();
        let mut rest = lines.as_slice();
        for (part, order) in (1_usize..).zip(commands::orders(invoice, &order_lines)?) {
            let (own, others) = rest.split_at(order.lines.len());
            rest = others;
            let at = invoice.first_line();
            let name = format!("{}:{at}:{part}", invoice.number);
            let id = OrderId::from(self.ids.id(at, &format!("order {name}"))?);
            for (position, (line, item, _)) in (1_u32..).zip(own) {
                self.purchases.add(number, *item, id, position, line.quantity.get());
            }
            self.send(id.into(), Some(buyer), order, Sent::Order(id)).await?;
            let delivery = commands::delivery(id, invoice, part);
            let delivery_id = self.ids.id(at, &format!("delivery {name}"))?;
            self.send(delivery_id, Some(self.retailer), delivery, Sent::Delivery(id)).await?;
            let acceptance_id = self.ids.id(at, &format!("acceptance {name}"))?;
            let accepted =
                Sent::Acceptance { order: id, lines: own.iter().map(|(.., milli)| *milli).collect() };
            self.send(acceptance_id, Some(buyer), AcceptOrder { order: id, lines: None }, accepted).await?;
        }
        Ok(())
    }

    /// Each line takes back the customer's own purchases; one refund for each order that has a part in it.
    pub(super) async fn cancellation(&mut self, invoice: &Invoice, customer: &Label) -> Result<()> {
        let mut refunds: BTreeMap<OrderId, (BTreeMap<u32, i64>, Vec<u64>)> = BTreeMap::new();
        for line in &invoice.lines {
            let price = commands::price_milli(line.unit_price)?;
            let parts = match (line.quantity < 0 && price > 0, self.bought(customer, line, price)) {
                (true, Some((number, item))) => {
                    self.purchases.take(number, item, line.quantity.unsigned_abs())
                }
                _ => None,
            };
            let Some(parts) = parts else {
                let code = RefusalCode::RefundOriginalNotFound.as_str();
                self.tally.add(Group::not_sent(code), line.amount_milli.into());
                continue;
            };
            let parts_left = u32::try_from(parts.len())?;
            let cancelled = Cancelled { milli: line.amount_milli, parts_left, parts_accepted: 0, code: None };
            self.cancelled.insert(line.csv_line, cancelled);
            for part in parts {
                let amount = i64::try_from(i128::from(part.units) * price)?;
                let (lines, cancellations) = refunds.entry(part.order).or_default();
                *lines.entry(part.line).or_default() += amount;
                cancellations.push(line.csv_line);
            }
        }
        for (order, (lines, cancellations)) in refunds {
            let label = format!("refund {}:{} of {order}", invoice.number, invoice.first_line());
            let id = self.ids.id(invoice.first_line(), &label)?;
            let lines = lines
                .into_iter()
                .map(|(line, milli)| Ok(RefundLine { line, amount_minor: AmountMinor::new(milli)? }));
            let reason: Line = format!("cancellation {}", invoice.number).parse()?;
            let refund = GrantRefund { order, lines: lines.collect::<Result<_>>()?, reason };
            self.send(id, Some(self.retailer), refund, Sent::Refund(cancellations)).await?;
        }
        Ok(())
    }

    /// The player's numbers of a customer and an item that were both seen in a purchase.
    pub(super) fn bought(&self, customer: &Label, line: &InvoiceLine, price: i128) -> Option<(u32, u32)> {
        let (number, _) = self.customers.get(customer)?;
        let (item, _) = self.offers.get(&(*self.products.get(&line.stock_code)?, price))?;
        Some((*number, *item))
    }
}
