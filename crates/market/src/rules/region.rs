//! Founding: the one entry whose key is not registered yet, because it registers it.

use crate::{Actor, Halt, Head, view::Tx};
use databourse_party::{self as party, FoundRegion, KeyOwner, KeyRecord, Region};
use databourse_primitives::{ExchangeCode, PublicKey, Refusal, RefusalCode};
use databourse_settlement::open_first;

/// The founder is the exchange that signs, with the entry key that the founding entry gives it.
pub(super) fn founder(
    command: &FoundRegion,
    exchange: &ExchangeCode,
    key: &PublicKey,
) -> Result<Actor, Refusal> {
    let named = command.exchanges.iter().find(|founding| founding.code == *exchange);
    match named {
        Some(founding) if founding.entry_key == *key => Ok(Actor::Exchange(founding.code.clone())),
        Some(_) => {
            Err(Refusal::new(RefusalCode::KeyUnknown, "kid", "the entry key of the founding exchange"))
        }
        None => Err(Refusal::new(RefusalCode::ExchangeUnknown, "exchange", "one of the founding exchanges")),
    }
}

/// Founds the region, registers the exchanges' keys and opens the first window of each asset.
pub(super) fn found(tx: &mut Tx<'_>, command: &FoundRegion) -> Result<(), Halt> {
    let now = tx.now();
    let existing: Option<Region> = tx.find(&"region")?;
    let (region, exchanges) = party::found(existing.as_ref(), command, tx.context.height, now)?;
    for (index, founding) in command.exchanges.iter().enumerate() {
        let known: Option<KeyRecord> = tx.find(&founding.entry_key.key_id())?;
        let owner = KeyOwner::Exchange(founding.code.clone());
        let key = party::register(known.as_ref(), founding.entry_key, owner, now)
            .map_err(|refusal| refusal.within(&format!("exchanges[{index}].entry_key")))?;
        tx.put(key);
    }
    for asset in &region.assets {
        let window = open_first(*asset, now);
        tx.put(Head { name: super::money::window_series(*asset), number: window.id.number });
        tx.put(window);
    }
    for exchange in exchanges {
        tx.put(exchange);
    }
    tx.put(region);
    Ok(())
}
