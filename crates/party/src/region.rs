//! The region and its exchanges. A region is data: nothing in the code knows a name of one.

use databourse_primitives::{
    Asset, BilingualText, ExchangeCode, Line, PublicKey, Refusal, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An exchange as the founding entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundExchange {
    /// Its code.
    pub code: ExchangeCode,
    /// Its name.
    pub name: BilingualText,
    /// The key that signs its entries.
    pub entry_key: PublicKey,
    /// The key that co-signs checkpoints.
    pub cosignature_key: PublicKey,
}

/// `region.found`: the first entry of every ledger, signed by one of the exchanges that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundRegion {
    /// The region's name.
    pub name: BilingualText,
    /// Origin of its checkpoints (C2SP tlog-checkpoint), e.g. `databourse.example/yangtze-delta`.
    pub origin: Line,
    /// The assets it settles in; at least one.
    pub assets: BTreeSet<Asset>,
    /// Its exchanges: 1 to 20.
    pub exchanges: Vec<FoundExchange>,
}

/// The region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its name.
    pub name: BilingualText,
    /// Origin of its checkpoints.
    pub origin: Line,
    /// The assets it settles in.
    pub assets: BTreeSet<Asset>,
    /// Codes of its exchanges.
    pub exchanges: BTreeSet<ExchangeCode>,
    /// Block time of its founding.
    pub founded_at: Timestamp,
}

impl Region {
    /// Refuses an asset that the region does not settle.
    ///
    /// # Errors
    /// `asset.unknown`.
    pub fn settles(&self, asset: Asset) -> Result<(), Refusal> {
        if self.assets.contains(&asset) {
            return Ok(());
        }
        let known: Vec<_> = self.assets.iter().map(Asset::to_string).collect();
        Err(Refusal::new(RefusalCode::AssetUnknown, "asset", format!("one of {}", known.join(", "))))
    }

    /// Refuses an exchange that is not of the region.
    ///
    /// # Errors
    /// `exchange.unknown`.
    pub fn has(&self, exchange: &ExchangeCode) -> Result<(), Refusal> {
        if self.exchanges.contains(exchange) {
            return Ok(());
        }
        let known: Vec<_> = self.exchanges.iter().map(ExchangeCode::as_str).collect();
        Err(Refusal::new(RefusalCode::ExchangeUnknown, "exchange", format!("one of {}", known.join(", "))))
    }
}

/// An exchange of the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its code.
    pub code: ExchangeCode,
    /// Its name.
    pub name: BilingualText,
    /// The key that co-signs checkpoints.
    pub cosignature_key: PublicKey,
    /// Block time since which it is a member.
    pub member_since: Timestamp,
    /// Sequence of its last certificate; 0 before the first.
    pub last_certificate: u64,
}

/// Founds the region.
///
/// # Errors
/// `region.founded` if there is one; `body.malformed` for 0 or more than 20 exchanges, a code or key twice, no asset.
pub fn found(
    existing: Option<&Region>,
    command: &FoundRegion,
    now: Timestamp,
) -> Result<(Region, Vec<Exchange>), Refusal> {
    if let Some(region) = existing {
        let expected = format!("no region yet; this ledger's was founded at {}", region.founded_at);
        return Err(Refusal::new(RefusalCode::RegionFounded, "", expected));
    }
    let codes: BTreeSet<_> = command.exchanges.iter().map(|exchange| exchange.code.clone()).collect();
    let keys: BTreeSet<_> = command
        .exchanges
        .iter()
        .flat_map(|exchange| [exchange.entry_key, exchange.cosignature_key])
        .collect();
    let distinct = codes.len() == command.exchanges.len() && keys.len() == 2 * command.exchanges.len();
    if !(1..=20).contains(&codes.len()) || !distinct {
        let expected = "1 to 20 exchanges, each with a code and two keys of its own";
        return Err(Refusal::new(RefusalCode::BodyMalformed, "exchanges", expected));
    }
    if command.assets.is_empty() {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "assets", "at least one asset"));
    }
    let exchanges = command.exchanges.iter().map(|exchange| Exchange {
        code: exchange.code.clone(),
        name: exchange.name.clone(),
        cosignature_key: exchange.cosignature_key,
        member_since: now,
        last_certificate: 0,
    });
    let region = Region {
        name: command.name.clone(),
        origin: command.origin.clone(),
        assets: command.assets.clone(),
        exchanges: codes,
        founded_at: now,
    };
    Ok((region, exchanges.collect()))
}
