//! Where the exchanges of the region stand at the height of the block.

use crate::{Halt, Key, view::Tx};
use databourse_party::{Exchange, Members, Region, Successors, validators};
use databourse_primitives::{ExchangeCode, Height, Refusal, RefusalCode};
use std::collections::{BTreeMap, BTreeSet};

/// The region.
pub(super) fn region(tx: &Tx<'_>) -> Result<Region, Halt> {
    tx.need(&"region", RefusalCode::RegionNotFounded, "")
}

/// Who stands in for the exchanges that left.
pub(super) fn successors(tx: &Tx<'_>) -> Result<Successors, Halt> {
    Ok(tx.look(&"region", |region: &Region| region.successors.clone())?.unwrap_or_default())
}

/// Refuses entries at an exchange that is not a member now, whoever signs them.
pub(super) fn may_act(tx: &Tx<'_>, code: &ExchangeCode) -> Result<(), Halt> {
    judge(tx, code, "exchange", |exchange| exchange.may_act(tx.context.height))
}

/// Refuses new business at an exchange that is leaving or not active, and once the ledger is to be closed.
pub(super) fn may_take_on(tx: &Tx<'_>, code: &ExchangeCode, field: &'static str) -> Result<(), Halt> {
    judge(tx, code, field, |exchange| exchange.may_take_on(tx.context.height))?;
    let verdict = tx.look(&"region", |region: &Region| region.takes_on(tx.context.height))?;
    verdict.unwrap_or(Ok(())).map_err(|refusal| refusal.within(field).into())
}

fn judge(
    tx: &Tx<'_>,
    code: &ExchangeCode,
    field: &'static str,
    judge: impl FnOnce(&Exchange) -> Result<(), Refusal>,
) -> Result<(), Halt> {
    let unknown = || Err(Refusal::new(RefusalCode::ExchangeUnknown, "", "an exchange of the region"));
    let verdict = tx.look(code, judge)?.unwrap_or_else(unknown);
    verdict.map_err(|refusal| refusal.within(field).into())
}

/// Every exchange of the region.
pub(super) struct Exchanges {
    pub(super) region: Region,
    exchanges: BTreeMap<ExchangeCode, Exchange>,
}

impl Exchanges {
    pub(super) fn load(tx: &Tx<'_>) -> Result<Self, Halt> {
        let region = region(tx)?;
        tx.preload(|| region.exchanges.iter().map(Key::of::<Exchange>))?;
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

    /// Who votes on the block of `height`.
    pub(super) fn voters(&self, height: Height) -> BTreeSet<ExchangeCode> {
        validators(self.exchanges.values(), height).into_iter().map(|(code, _)| code).collect()
    }
}
