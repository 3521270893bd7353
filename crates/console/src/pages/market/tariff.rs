//! What an offer costs in the end: the fee schedule and the tax rates in force, and the same rule that prices an order.
//!
//! What a page shows is what an order placed now would cost; an order placed later follows what is in force then.

use crate::{
    backend::Asked,
    failure::Failure,
    visit::{Page, Visit},
};
use databourse_listing::{Offer, Product};
use databourse_primitives::{Asset, LeafIndex, Quantity, ScheduleVersion};
use databourse_settlement::{LinePrice, LineTerms, Schedule, TaxTable};
use std::collections::BTreeMap;

/// Schedule and tax table in force for one asset.
#[derive(Debug)]
pub(in crate::pages) struct Tariff {
    /// The fee schedule.
    pub(in crate::pages) schedule: Schedule,
    tax: TaxTable,
}

impl Tariff {
    /// What is in force for `asset`; nothing if the exchanges have published none.
    ///
    /// # Errors
    /// The page to show instead.
    pub(in crate::pages) async fn of(visit: &Visit, asset: Asset) -> Result<Option<Self>, Failure> {
        let path = format!("/v1/schedules?asset={asset}&limit=1");
        let (latest, size) = tokio::try_join!(visit.get::<Page<Schedule>>(&path), ledger_size(visit))?;
        let Some(latest) = latest.items.into_iter().next() else { return Ok(None) };
        let schedule = match latest.version_at(size) {
            Some(version) if version == latest.version => Some(latest),
            Some(version) => visit.find(&path_of(version)).await?,
            None => None,
        };
        let Some(schedule) = schedule else { return Ok(None) };
        let tax = visit.find(&format!("/v1/tax-tables/{}", schedule.tax)).await?;
        Ok(tax.map(|tax| Self { schedule, tax }))
    }

    /// What `quantity` units of `offer` cost; nothing if that is more than can be counted.
    pub(in crate::pages) fn price(
        &self,
        visit: &Visit,
        product: &Product,
        offer: &Offer,
        quantity: Quantity,
    ) -> Option<LinePrice> {
        let terms = LineTerms {
            net: offer.unit_price.amount_of(quantity, offer.asset).ok()?,
            kind: product.details.kind.as_str(),
            listing: &product.exchange,
            selling: &visit.console.exchange,
            // A buyer's price does not depend on it; only the seller's fee can.
            role: "supplier",
        };
        self.schedule.price_line(&self.tax, &terms, &mut BTreeMap::new()).ok()
    }
}

/// A schedule's path. In paths the `/` of an asset is written `-`.
fn path_of(ScheduleVersion { asset, version }: ScheduleVersion) -> String {
    format!("/v1/schedules/{}/{version}", asset.to_string().replace('/', "-"))
}

/// Where the next entry will stand: the ledger's size, from the second line of its checkpoint (C2SP tlog-checkpoint).
async fn ledger_size(visit: &Visit) -> Result<LeafIndex, Failure> {
    let checkpoint = visit.ask(Asked::get("/checkpoint")).await?;
    let text = String::from_utf8_lossy(&checkpoint.body);
    let size = text.lines().nth(1).and_then(|line| line.parse().ok());
    // Without a size, whatever is published last counts.
    Ok(LeafIndex(size.unwrap_or(u64::MAX)))
}
