//! The second reading: every invoice becomes commands, every answer is counted.

use super::{
    commands,
    refunds::Purchases,
    report::OrdersReport,
    scan::{Scan, is_orderable, scan},
    tally::{Group, Tally},
};
use crate::{
    import::{
        gzip,
        orders::{Invoice, InvoiceKind, InvoiceLine, OrderReader, facts::facts},
    },
    play::{
        batch::{Answer, Batcher},
        ids::Ids,
        stage::Stage,
        timer::Timer,
    },
};
use anyhow::{Context as _, Result, bail};
use databourse_client::{Client, Endpoint, Problem};
use databourse_licensing::{AcceptOrder, GrantRefund, OrderLine, RefundLine};
use databourse_primitives::{
    AmountMinor, Label, Line, OfferId, OrderId, PartyId, ProductId, RefusalCode, RightId,
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// Lines of one request without a buyer: below the 256 KiB that a node reads of one order.
const ANONYMOUS_LINES_MAX: usize = 2_000;

/// What the player remembers of a command that it sent.
enum Sent {
    /// What the rest rests on.
    Ground(String),
    /// An order; its refusal is the reason of its lines.
    Order(OrderId),
    Delivery(OrderId),
    /// The acceptance of an order with the money of its lines.
    Acceptance {
        order: OrderId,
        lines: Vec<i64>,
    },
    /// A refund with the cancellation lines that it is a part of.
    Refund(Vec<u64>),
    Certificate,
}

/// A cancellation line whose refunds are on their way.
struct Cancelled {
    milli: i64,
    parts_left: u32,
    parts_accepted: u32,
    code: Option<String>,
}

struct Replay<'a> {
    ids: &'a Ids,
    operator: &'a Client,
    scan: Scan,
    batch: Batcher<Sent>,
    certificates: Batcher<Sent>,
    retailer: PartyId,
    right: RightId,
    customers: HashMap<Label, (u32, PartyId)>,
    products: HashMap<Line, ProductId>,
    offers: HashMap<(ProductId, i128), (u32, OfferId)>,
    purchases: Purchases,
    refused_orders: HashMap<OrderId, String>,
    cancelled: BTreeMap<u64, Cancelled>,
    completed: Vec<OrderId>,
    tally: Tally,
    certificate_count: u64,
    certificate_refusals: BTreeMap<String, u64>,
}

/// Plays `file` as the operator whose token `operator` bears.
pub(crate) async fn replay(
    operator: &Client,
    ids: &Ids,
    file: &Path,
    limit: Option<u64>,
) -> Result<OrdersReport> {
    let scan = scan(file, limit)?;
    let timer = Timer::start();
    let retailer = PartyId::from(ids.id(0, "retailer")?);
    let right = RightId::from(ids.id(0, "retail right")?);
    let mut replay = Replay {
        ids,
        operator,
        scan,
        batch: Batcher::new(operator.clone()),
        certificates: Batcher::new(operator.clone()),
        retailer,
        right,
        customers: HashMap::new(),
        products: HashMap::new(),
        offers: HashMap::new(),
        purchases: Purchases::default(),
        refused_orders: HashMap::new(),
        cancelled: BTreeMap::new(),
        completed: Vec::new(),
        tally: Tally::default(),
        certificate_count: 0,
        certificate_refusals: BTreeMap::new(),
    };
    let mut stage = Stage::begin("零售订单 retail order lines", replay.scan.read.lines);
    replay.ground("retailer".to_owned(), retailer.into(), None, commands::retailer(ids.start())?).await?;
    replay.ground("right".to_owned(), right.into(), Some(retailer), commands::right()?).await?;
    let (invoices, mut seen) = (replay.scan.invoices, 0);
    for item in OrderReader::open(file)? {
        match item? {
            Ok(invoice) => {
                stage.advance(invoice.lines.len() as u64);
                replay.invoice(&invoice).await.with_context(|| format!("invoice {}", invoice.number))?;
                seen += 1;
                if seen == invoices && limit.is_some() {
                    break;
                }
            }
            Err(refused) => replay.tally.add(Group::not_sent(refused.code.as_str()), 0),
        }
    }
    replay.finish().await?;
    stage.end(&format!("{} lines of {invoices} invoices", replay.tally.total().lines));
    let took_millis = u64::try_from(timer.elapsed().as_millis()).unwrap_or(u64::MAX);
    let counted = match limit {
        None => Some(facts(gzip::open(file)?)?),
        Some(_) => None,
    };
    let (sent, repeated) = replay.batch.counts();
    let (certificates_sent, certificates_repeated) = replay.certificates.counts();
    Ok(OrdersReport {
        file: file.display().to_string(),
        limited: limit.is_some(),
        invoices,
        read: replay.scan.read,
        counted,
        tally: replay.tally,
        retailer,
        certificate_count: replay.certificate_count,
        certificate_refusals: replay.certificate_refusals,
        commands_sent: sent + certificates_sent,
        commands_repeated: repeated + certificates_repeated,
        took_millis,
    })
}

impl Replay<'_> {
    async fn invoice(&mut self, invoice: &Invoice) -> Result<()> {
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
    async fn anonymous(&mut self, invoice: &Invoice) -> Result<()> {
        for lines in invoice.lines.chunks(ANONYMOUS_LINES_MAX) {
            self.without_buyer(invoice, lines).await?;
        }
        Ok(())
    }

    async fn without_buyer(&mut self, invoice: &Invoice, own: &[InvoiceLine]) -> Result<()> {
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

    async fn purchase(&mut self, invoice: &Invoice, customer: &Label) -> Result<()> {
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
    async fn cancellation(&mut self, invoice: &Invoice, customer: &Label) -> Result<()> {
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
    fn bought(&self, customer: &Label, line: &InvoiceLine, price: i128) -> Option<(u32, u32)> {
        let (number, _) = self.customers.get(customer)?;
        let (item, _) = self.offers.get(&(*self.products.get(&line.stock_code)?, price))?;
        Some((*number, *item))
    }

    /// Certifies a customer when it is first seen, with the money that it will spend.
    async fn customer(&mut self, customer: &Label, country: &Line, at: u64) -> Result<(u32, PartyId)> {
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

    fn product_id(&self, stock_code: &Line) -> Result<ProductId> {
        Ok(ProductId::from(self.ids.id(0, &format!("stock code {stock_code}"))?))
    }

    fn offer_id(&self, line: &InvoiceLine, product: ProductId) -> Result<OfferId> {
        let price = commands::price_milli(line.unit_price)?;
        Ok(OfferId::from(self.ids.id(0, &format!("offer {product} at {price}"))?))
    }

    /// The offer of a stock code at a price, published when it is first seen.
    async fn offer(&mut self, line: &InvoiceLine) -> Result<(u32, OfferId)> {
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

    async fn ground(
        &mut self,
        name: String,
        id: databourse_primitives::EntryId,
        on_behalf_of: Option<PartyId>,
        command: impl Into<databourse_market::Command>,
    ) -> Result<()> {
        self.send(id, on_behalf_of, command, Sent::Ground(name)).await
    }

    async fn send(
        &mut self,
        id: databourse_primitives::EntryId,
        on_behalf_of: Option<PartyId>,
        command: impl Into<databourse_market::Command>,
        sent: Sent,
    ) -> Result<()> {
        let answers = self.batch.push(id, on_behalf_of, command, sent).await?;
        self.take(answers).await
    }

    async fn take(&mut self, answers: Vec<Answer<Sent>>) -> Result<()> {
        for answer in answers {
            self.count(answer)?;
        }
        // Only now are the orders committed from which the node composes certificates.
        for order in std::mem::take(&mut self.completed) {
            let id = self.ids.id(0, &format!("certificate {order}"))?;
            let answers = self.certificates.push_certificate(id, order, Sent::Certificate).await?;
            for answer in answers {
                self.count(answer)?;
            }
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        let answers = self.batch.flush().await?;
        self.take(answers).await?;
        for answer in self.certificates.flush().await? {
            self.count(answer)?;
        }
        if !self.cancelled.is_empty() {
            bail!("{} cancellation lines have no answer", self.cancelled.len());
        }
        Ok(())
    }

    fn count(&mut self, answer: Answer<Sent>) -> Result<()> {
        let refusal: Option<Problem> = answer.result.err();
        match (answer.tag, refusal) {
            (Sent::Ground(_) | Sent::Order(_) | Sent::Delivery(_), None) => {}
            (Sent::Ground(name), Some(problem)) => bail!("{name} was refused: {problem}"),
            (Sent::Order(order) | Sent::Delivery(order), Some(problem)) => {
                self.refused_orders.entry(order).or_insert(problem.code);
            }
            (Sent::Acceptance { order, lines }, None) => {
                self.completed.push(order);
                for milli in lines {
                    let group = if milli == 0 { Group::Free } else { Group::Purchase };
                    self.tally.add(group, milli.into());
                }
            }
            (Sent::Acceptance { order, lines }, Some(problem)) => {
                let code = self.refused_orders.remove(&order).unwrap_or(problem.code);
                for milli in lines {
                    self.tally.add(Group::refused(&code), milli.into());
                }
            }
            (Sent::Refund(cancellations), refusal) => {
                for csv_line in cancellations {
                    self.refunded(csv_line, refusal.as_ref())?;
                }
            }
            (Sent::Certificate, None) => self.certificate_count += 1,
            (Sent::Certificate, Some(problem)) => {
                *self.certificate_refusals.entry(problem.code).or_default() += 1;
            }
        }
        Ok(())
    }

    /// One part of a cancellation line has its answer; with the last part the line is counted.
    fn refunded(&mut self, csv_line: u64, refusal: Option<&Problem>) -> Result<()> {
        let Some(line) = self.cancelled.get_mut(&csv_line) else {
            bail!("line {csv_line} was answered more often than it was asked for");
        };
        line.parts_left = line.parts_left.saturating_sub(1);
        match refusal {
            None => line.parts_accepted += 1,
            Some(problem) => line.code = Some(problem.code.clone()),
        }
        if line.parts_left > 0 {
            return Ok(());
        }
        let milli = i128::from(line.milli);
        let group = match (&line.code, line.parts_accepted) {
            (None, _) => Group::Refund,
            (Some(code), 0) => Group::refused(code),
            (Some(code), _) => bail!("line {csv_line} was refunded in part only: {code}"),
        };
        self.cancelled.remove(&csv_line);
        self.tally.add(group, milli);
        Ok(())
    }
}
