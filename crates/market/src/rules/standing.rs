//! Where the exchanges of the region stand at the height of the block.

use crate::{Halt, Key, view::Tx};
use databourse_party::{Exchange, Members, Region, Successors};
use databourse_primitives::{ExchangeCode, RefusalCode};
use std::collections::BTreeMap;

/// The region.
pub(super) fn region(tx: &Tx<'_>) -> Result<Region, Halt> {
    tx.need(&"region", RefusalCode::RegionNotFounded, "")
}

/// Who stands in for the exchanges that left.
pub(super) fn successors(tx: &Tx<'_>) -> Result<Successors, Halt> {
    Ok(region(tx)?.successors)
}

/// Refuses entries at an exchange that is not a member now, whoever signs them.
pub(super) fn may_act(tx: &Tx<'_>, code: &ExchangeCode) -> Result<(), Halt> {
    let exchange: Exchange = tx.need(code, RefusalCode::ExchangeUnknown, "exchange")?;
    exchange.may_act(tx.context.height).map_err(|refusal| refusal.within("exchange").into())
}

/// Refuses new business at an exchange that is leaving or not active.
pub(super) fn may_take_on(tx: &Tx<'_>, code: &ExchangeCode, field: &'static str) -> Result<(), Halt> {
    let exchange: Exchange = tx.need(code, RefusalCode::ExchangeUnknown, field)?;
    exchange.may_take_on(tx.context.height).map_err(|refusal| refusal.within(field).into())
}

/// Every exchange of the region.
pub(super) struct Exchanges {
    pub(super) region: Region,
    exchanges: BTreeMap<ExchangeCode, Exchange>,
}

impl Exchanges {
    pub(super) fn load(tx: &Tx<'_>) -> Result<Self, Halt> {
        let region = region(tx)?;
        tx.preload(region.exchanges.iter().map(Key::of::<Exchange>))?;
        let mut exchanges = BTreeMap::new();
        for code in &region.exchanges {
            exchanges.insert(code.clone(), tx.need(code, RefusalCode::ExchangeUnknown, "")?);
        }
        Ok(Self { region, exchanges })
    }

    pub(super) const fn members(&self, tx: &Tx<'_>) -> Members<'_> {
        Members {
            region: &self.region,
            exchanges: &self.exchanges,
            height: tx.context.height,
            now: tx.context.time,
        }
    }
}
