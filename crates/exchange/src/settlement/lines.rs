//! The settlement lines of a window, from the records alone: what was accepted and refunded in it, priced as it was
//! then.

use crate::{Node, NodeError};
use databourse_licensing::{Licence, Order};
use databourse_market::{Acceptance, PairLine, RefundRecord, Stored, refund_lines, sale_lines};
use databourse_primitives::{LicenceId, OrderId, Refusal, ScheduleVersion, TaxVersion, WindowId};
use databourse_reconcile::SettlementLine;
use databourse_settlement::{Pair, PairTotals, Schedule};
use databourse_store::{Column, LIST_LIMIT_MAX, ListQuery, Store};
use std::collections::{BTreeMap, BTreeSet};

/// How many orders one query names.
const ORDERS_PER_QUERY: usize = 200;

/// The lines of one pair and what they add up to.
#[derive(Debug, Clone, Default)]
pub(super) struct PairLines {
    /// The lines: sales, then refunds, each in the order of their entries' names.
    pub(super) lines: Vec<SettlementLine>,
    /// Their count and sums, to be held against the window's own.
    pub(super) totals: PairTotals,
}

/// Lines by pair.
pub(super) type LinesByPair = BTreeMap<Pair, PairLines>;

impl Node {
    /// The settlement lines of a pair in a window: sales, then refunds. None if the window is unknown, or the pair has
    /// none in it. The lines of an open window grow.
    ///
    /// # Errors
    /// The database, or damage.
    pub async fn window_lines(
        &self,
        window: WindowId,
        pair: &Pair,
    ) -> Result<Vec<SettlementLine>, NodeError> {
        let mut found = self.lines_of_window(window, |other| other == pair).await?;
        Ok(found.remove(pair).unwrap_or_default().lines)
    }

    /// The lines of a window between the pairs that are wanted, read by pages.
    pub(super) async fn lines_of_window(
        &self,
        window: WindowId,
        wanted: impl Fn(&Pair) -> bool + Send + Sync,
    ) -> Result<LinesByPair, NodeError> {
        let filters = vec![(Column::Window, window.to_string())];
        let mut gathering = Gathering::new(self.store(), wanted);
        gathering.sales(filters.clone()).await?;
        gathering.refunds(filters).await?;
        Ok(gathering.found)
    }

    /// All lines of these orders, in whatever window, between the pairs that are wanted.
    pub(super) async fn lines_of_orders(
        &self,
        orders: &BTreeSet<OrderId>,
        wanted: impl Fn(&Pair) -> bool + Send + Sync,
    ) -> Result<LinesByPair, NodeError> {
        let names: Vec<_> = orders.iter().map(|order| (Column::Order, order.to_string())).collect();
        let mut gathering = Gathering::new(self.store(), wanted);
        for named in names.chunks(ORDERS_PER_QUERY) {
            gathering.sales(named.to_vec()).await?;
            gathering.refunds(named.to_vec()).await?;
        }
        Ok(gathering.found)
    }
}

/// Every record under the filters, a page at a time.
pub(super) async fn next_page<T: Stored>(
    store: &Store,
    filters: &[(Column, String)],
    after: &mut Option<String>,
) -> Result<Vec<T>, NodeError> {
    let (filters, from) = (filters.to_vec(), after.take());
    let query = ListQuery { filters, after: from, limit: LIST_LIMIT_MAX, ..ListQuery::default() };
    let page = store.list::<T>(&query).await?;
    *after = page.next;
    Ok(page.items)
}

/// Lines on their way from records to pairs.
struct Gathering<'a, W> {
    store: &'a Store,
    wanted: W,
    taxes: BTreeMap<ScheduleVersion, TaxVersion>,
    found: LinesByPair,
}

impl<'a, W: Fn(&Pair) -> bool + Send + Sync> Gathering<'a, W> {
    const fn new(store: &'a Store, wanted: W) -> Self {
        Self { store, wanted, taxes: BTreeMap::new(), found: LinesByPair::new() }
    }

    async fn sales(&mut self, filters: Vec<(Column, String)>) -> Result<(), NodeError> {
        let mut after = None;
        loop {
            let page: Vec<Acceptance> = next_page(self.store, &filters, &mut after).await?;
            let events = page.iter().map(|event| (event.order, event.lines.iter().copied()));
            let bought = self.bought(events).await?;
            for event in &page {
                for line in &event.lines {
                    let (order, licence, tax) = bought.of(event.order, *line)?;
                    self.add(sale_lines(order, licence, event, tax))?;
                }
            }
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn refunds(&mut self, filters: Vec<(Column, String)>) -> Result<(), NodeError> {
        let mut after = None;
        loop {
            let page: Vec<RefundRecord> = next_page(self.store, &filters, &mut after).await?;
            let events = page.iter().map(|event| (event.order, event.lines.iter().map(|line| line.line)));
            let bought = self.bought(events).await?;
            for event in &page {
                for line in &event.lines {
                    let (order, licence, tax) = bought.of(event.order, line.line)?;
                    self.add(refund_lines(order, licence, event, line, tax))?;
                }
            }
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// What these events are about, by few queries.
    async fn bought<L: Iterator<Item = u32>>(
        &mut self,
        events: impl Iterator<Item = (OrderId, L)>,
    ) -> Result<Bought, NodeError> {
        let (mut orders, mut licences) = (BTreeSet::new(), BTreeSet::new());
        for (order, lines) in events {
            orders.insert(order);
            licences.extend(lines.map(|line| LicenceId { order, line }));
        }
        let mut bought =
            Bought { orders: BTreeMap::new(), licences: BTreeMap::new(), taxes: BTreeMap::new() };
        for order in records::<Order>(self.store, orders.iter()).await? {
            bought.orders.insert(order.id, order);
        }
        for licence in records::<Licence>(self.store, licences.iter()).await? {
            bought.licences.insert(licence.id, licence);
        }
        let unknown = bought.orders.values().map(|order| order.schedule);
        let unknown: BTreeSet<_> = unknown.filter(|version| !self.taxes.contains_key(version)).collect();
        for schedule in records::<Schedule>(self.store, unknown.iter()).await? {
            self.taxes.insert(schedule.version, schedule.tax);
        }
        bought.taxes.clone_from(&self.taxes);
        Ok(bought)
    }

    /// Takes the lines of one event. A line counts as [`PairTotals`] count it: by who owes it to whom.
    fn add(&mut self, lines: Result<Vec<PairLine>, Refusal>) -> Result<(), NodeError> {
        let out_of_range = || NodeError::Damaged("settlement lines that add up to no amount".to_owned());
        for PairLine { pair, debtor, line, .. } in
            lines.map_err(|refusal| NodeError::Damaged(refusal.to_string()))?
        {
            if !(self.wanted)(&pair) {
                continue;
            }
            let moved = i64::try_from(line.amount_minor().abs()).map_err(|_| out_of_range())?;
            let is_left = debtor == *pair.left();
            let found = self.found.entry(pair).or_default();
            let totals = &mut found.totals;
            let sum = if is_left { &mut totals.left_to_right_minor } else { &mut totals.right_to_left_minor };
            *sum = sum.checked_add(moved).ok_or_else(out_of_range)?;
            totals.line_count += 1;
            found.lines.push(line);
        }
        Ok(())
    }
}

/// The orders and licences that a page of events is about.
struct Bought {
    orders: BTreeMap<OrderId, Order>,
    licences: BTreeMap<LicenceId, Licence>,
    taxes: BTreeMap<ScheduleVersion, TaxVersion>,
}

impl Bought {
    fn of(&self, order: OrderId, line: u32) -> Result<(&Order, &Licence, TaxVersion), NodeError> {
        let id = LicenceId { order, line };
        let missing = |what: &str| NodeError::Damaged(format!("no {what} of licence {id}"));
        let order = self.orders.get(&order).ok_or_else(|| missing("order"))?;
        let licence = self.licences.get(&id).ok_or_else(|| missing("record"))?;
        let tax = self.taxes.get(&order.schedule).ok_or_else(|| missing("schedule"))?;
        Ok((order, licence, *tax))
    }
}

/// The records of these names, those that are there, as many at a time as one statement takes.
pub(super) async fn records<T: Stored>(
    store: &Store,
    names: impl Iterator<Item = impl std::fmt::Display>,
) -> Result<Vec<T>, NodeError> {
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    let mut found = Vec::with_capacity(names.len());
    for named in names.chunks(LIST_LIMIT_MAX as usize) {
        found.extend(store.records::<T>(named).await?);
    }
    Ok(found)
}
