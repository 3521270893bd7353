//! Prices of lines: the schedule and the tax table in force, the fee's division between exchanges, revenue shares.

use super::{
    listing::own_product,
    money::{current_schedule, home_of, open_window},
    standing,
};
use crate::{Halt, Head, Key, view::Tx};
use databourse_licensing::RevenuePart;
use databourse_party::Region;
use databourse_primitives::{
    AmountMinor, Asset, ExchangeCode, Holder, PartyId, ProductId, Refusal, RefusalCode, SharesVersion,
    TaxVersion,
};
use databourse_settlement::{
    self as settlement, LinePrice, LineTerms, Pair, PublishSchedule, PublishShares, PublishTax, Schedule,
    ShareTree, TaxTable, Window,
};
use std::sync::Arc;

/// The series of tax tables.
pub(super) const TAX_SERIES: &str = "tax";

/// The series of an asset's schedules.
pub(super) fn schedule_series(asset: Asset) -> String {
    format!("schedule:{asset}")
}

/// A product's revenue shares of one version.
pub(super) fn shares_key(product: ProductId, version: SharesVersion) -> Key {
    Key::of::<ShareTree>(&format!("{product}@{version}"))
}

/// What the lines of one order are priced with.
pub(super) struct Pricing {
    pub(super) schedule: Arc<Schedule>,
    tax: Arc<TaxTable>,
    /// The open window, once a fee was divided between exchanges: it keeps what the division left over.
    window: Option<Window>,
}

impl Pricing {
    /// The schedule of `asset` and the tax table that it cites.
    pub(super) fn in_force(tx: &Tx<'_>, asset: Asset) -> Result<Self, Halt> {
        let schedule = current_schedule(tx, asset)?;
        let tax = tx.need_shared(&schedule.tax, RefusalCode::TaxUnknown, "lines")?;
        Ok(Self { schedule, tax, window: None })
    }

    /// Prices a line; says what the division of the fee had left over for the selling exchange before.
    pub(super) fn price(&mut self, tx: &Tx<'_>, terms: &LineTerms<'_>) -> Result<(LinePrice, i64), Halt> {
        let (listing, selling) = (terms.listing, terms.selling);
        if listing == selling {
            return Ok((self.schedule.price_line(&self.tax, terms, &mut Default::default())?, 0));
        }
        let window = match &mut self.window {
            Some(window) => window,
            None => {
                let open = open_window(tx, self.schedule.version.asset)?;
                self.window.insert(Arc::unwrap_or_clone(open))
            }
        };
        let carry = window.fee_carry.entry(Pair::new(listing.clone(), selling.clone())).or_default();
        let before = carry.get(selling).copied().unwrap_or_default();
        Ok((self.schedule.price_line(&self.tax, terms, carry)?, before))
    }

    /// Keeps what divisions left over for the next ones.
    pub(super) fn write_back(&mut self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        if let Some(window) = self.window.take() {
            tx.put(window);
        }
        Ok(())
    }
}

/// Divides what is left of a net price after fees among the sharers of a product's revenue.
pub(super) fn share_revenue(
    tx: &mut Tx<'_>,
    product: ProductId,
    version: SharesVersion,
    amount: AmountMinor,
) -> Result<Vec<RevenuePart>, Halt> {
    let mut tree: ShareTree =
        tx.need(&format!("{product}@{version}"), RefusalCode::SharesUnknown, "offer")?;
    let successors = standing::successors(tx)?;
    let mut parts = Vec::new();
    for (holder, amount_minor) in tree.split(amount)? {
        let book = tree.books.get(&holder).cloned();
        let book =
            book.ok_or_else(|| Refusal::new(RefusalCode::SharesUnknown, "offer", "a sharer's book"))?;
        let book = successors.home_of(&book).clone();
        let holder = match holder {
            Holder::Exchange(code) => Holder::Exchange(successors.home_of(&code).clone()),
            party => party,
        };
        parts.push(RevenuePart { holder, book, amount_minor });
    }
    tx.put(tree);
    Ok(parts)
}

/// Publishes the next version of an asset's fee schedule.
pub(super) fn publish_schedule(
    tx: &mut Tx<'_>,
    _exchange: &ExchangeCode,
    command: &PublishSchedule,
) -> Result<(), Halt> {
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.version.asset).map_err(|refusal| refusal.within("version"))?;
    let series = schedule_series(command.version.asset);
    let latest = match tx.find::<Head>(&series)? {
        Some(head) => {
            let version =
                databourse_primitives::ScheduleVersion { asset: command.version.asset, version: head.number };
            tx.find::<Schedule>(&version)?
        }
        None => None,
    };
    let tax: TaxTable = tx.need(&command.tax, RefusalCode::TaxUnknown, "tax")?;
    let schedule = settlement::publish(latest.as_ref(), &tax, command.clone(), tx.leaf_index, tx.now())?;
    tx.put(Head { name: series, number: schedule.version.version });
    tx.put(schedule);
    Ok(())
}

/// Publishes the next version of the region's tax table.
pub(super) fn publish_tax(
    tx: &mut Tx<'_>,
    _exchange: &ExchangeCode,
    command: &PublishTax,
) -> Result<(), Halt> {
    tx.need::<Region>(&"region", RefusalCode::RegionNotFounded, "")?;
    let latest: Option<Head> = tx.find(&TAX_SERIES)?;
    let table =
        settlement::publish_tax(latest.map(|head| TaxVersion(head.number)), command.clone(), tx.now())?;
    tx.put(Head { name: TAX_SERIES.to_owned(), number: table.version.0 });
    tx.put(table);
    Ok(())
}

/// Publishes the next version of the revenue shares of a supplier's own product.
pub(super) fn publish_shares(
    tx: &mut Tx<'_>,
    supplier: PartyId,
    command: &PublishShares,
) -> Result<(), Halt> {
    let mut product = own_product(tx, supplier, command.product)?;
    product.owned_by(supplier)?;
    let mut tree = settlement::publish_shares(product.shares, command.clone(), tx.now())?;
    for holder in tree.beneficiaries() {
        let book = home_of(tx, &holder, "root")?;
        tree.books.insert(holder, book);
    }
    product.shares = Some(tree.version);
    product.changed_at = tx.now();
    tx.put(tree);
    tx.put(product);
    Ok(())
}
