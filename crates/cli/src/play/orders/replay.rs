//! The second reading: every invoice becomes commands, every answer is counted.

use super::{
    commands,
    refunds::Purchases,
    report::OrdersReport,
    scan::{Scan, scan},
    tally::{Group, Tally},
};
use crate::{
    import::{
        gzip,
        orders::{OrderReader, facts::facts},
    },
    play::{batch::Batcher, ids::Ids, stage::Stage, timer::Timer},
};
use anyhow::{Context as _, Result};
use databourse_client::Client;
use databourse_primitives::{Label, Line, OfferId, OrderId, PartyId, ProductId, RightId};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// What the player remembers of a command that it sent.
pub(super) enum Sent {
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
pub(super) struct Cancelled {
    pub(super) milli: i64,
    pub(super) parts_left: u32,
    pub(super) parts_accepted: u32,
    pub(super) code: Option<String>,
}

/// A replay under way.
pub(super) struct Replay<'a> {
    pub(super) ids: &'a Ids,
    pub(super) operator: &'a Client,
    pub(super) scan: Scan,
    pub(super) batch: Batcher<Sent>,
    pub(super) certificates: Batcher<Sent>,
    pub(super) retailer: PartyId,
    pub(super) right: RightId,
    pub(super) customers: HashMap<Label, (u32, PartyId)>,
    pub(super) products: HashMap<Line, ProductId>,
    pub(super) offers: HashMap<(ProductId, i128), (u32, OfferId)>,
    pub(super) purchases: Purchases,
    pub(super) refused_orders: HashMap<OrderId, String>,
    pub(super) cancelled: BTreeMap<u64, Cancelled>,
    pub(super) completed: Vec<OrderId>,
    pub(super) tally: Tally,
    pub(super) certificate_count: u64,
    pub(super) certificate_refusals: BTreeMap<String, u64>,
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
