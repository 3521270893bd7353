//! The region and its exchanges. A region is data: nothing in the code knows a name of one.

use crate::{Closing, Exchange, FoundExchange, LedgerEnd, MEMBERS_MAX, Predecessor};
use databourse_primitives::{
    Asset, BilingualText, ExchangeCode, Height, Line, Refusal, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Its exchanges: 1 to [`MEMBERS_MAX`].
    pub exchanges: Vec<FoundExchange>,
    /// The ledger that this one goes on from, and the proof of how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Predecessor>,
}

/// Exchanges that left, each with its successor 继任交易所, which stands in wherever a record names the one that left.
/// So nothing has to be rewritten when an exchange leaves, and records keep saying what was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Successors(BTreeMap<ExchangeCode, ExchangeCode>);

impl Successors {
    /// Whether no exchange left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many exchanges left.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The exchanges that left.
    pub fn left(&self) -> impl Iterator<Item = &ExchangeCode> {
        self.0.keys()
    }

    /// Who stands in for `exchange` now: itself, or the successor of its successors, if that left too.
    pub fn home_of<'a>(&'a self, exchange: &'a ExchangeCode) -> &'a ExchangeCode {
        let mut home = exchange;
        // A successor is a member when it takes over and codes are never used again, so no chain returns to itself.
        for _ in 0..self.0.len() {
            match self.0.get(home) {
                Some(successor) => home = successor,
                None => break,
            }
        }
        home
    }

    /// Those of `exchanges` that left, each with who stands in for it now.
    pub fn among<'a>(&self, exchanges: impl IntoIterator<Item = &'a ExchangeCode>) -> Self {
        let left = exchanges.into_iter().filter(|exchange| self.0.contains_key(*exchange));
        Self(left.map(|exchange| (exchange.clone(), self.home_of(exchange).clone())).collect())
    }

    /// Notes that `exchange` left.
    pub(crate) fn add(&mut self, exchange: ExchangeCode, successor: ExchangeCode) {
        self.0.insert(exchange, successor);
    }
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
    /// Codes of its exchanges, also of those that left.
    pub exchanges: BTreeSet<ExchangeCode>,
    /// Who stands in for the exchanges that left.
    #[serde(default, skip_serializing_if = "Successors::is_empty")]
    pub successors: Successors,
    /// Block time of its founding.
    pub founded_at: Timestamp,
    /// Where the ledger ended that this one goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<LedgerEnd>,
    /// That the region closes its ledger, or has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
}

impl Region {
    /// Who stands in for `exchange` now; see [`Successors::home_of`].
    pub fn home_of<'a>(&'a self, exchange: &'a ExchangeCode) -> &'a ExchangeCode {
        self.successors.home_of(exchange)
    }

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

/// Founds the region in the block of `height`, from which on its exchanges are members.
///
/// # Errors
/// `region.founded` if there is one; `body.malformed` for no or too many exchanges, a code or key twice, no asset;
/// `predecessor.invalid` if what it says of the ledger before it does not hold.
pub fn found(
    existing: Option<&Region>,
    command: &FoundRegion,
    height: Height,
    now: Timestamp,
) -> Result<(Region, Vec<Exchange>), Refusal> {
    if let Some(region) = existing {
        let expected = format!("no region yet; this ledger's was founded at {}", region.founded_at);
        return Err(Refusal::new(RefusalCode::RegionFounded, "", expected));
    }
    let codes: BTreeSet<_> = command.exchanges.iter().map(|exchange| exchange.code.clone()).collect();
    let keys: Vec<_> = command.exchanges.iter().flat_map(FoundExchange::keys).map(|(_, key)| key).collect();
    let distinct =
        codes.len() == command.exchanges.len() && keys.iter().collect::<BTreeSet<_>>().len() == keys.len();
    if !(1..=MEMBERS_MAX).contains(&codes.len()) || !distinct {
        let expected = format!("1 to {MEMBERS_MAX} exchanges, each with a code and four keys of its own");
        return Err(Refusal::new(RefusalCode::BodyMalformed, "exchanges", expected));
    }
    if command.assets.is_empty() {
        return Err(Refusal::new(RefusalCode::BodyMalformed, "assets", "at least one asset"));
    }
    let verified = command.predecessor.as_ref().map(|predecessor| {
        predecessor.verify(&command.origin).map_err(|refusal| refusal.within("predecessor"))
    });
    let predecessor = verified.transpose()?;
    let exchanges = command.exchanges.iter().map(|exchange| Exchange::admit(exchange, height, now));
    let region = Region {
        name: command.name.clone(),
        origin: command.origin.clone(),
        assets: command.assets.clone(),
        exchanges: codes,
        successors: Successors::default(),
        founded_at: now,
        predecessor,
        closing: None,
    };
    Ok((region, exchanges.collect()))
}
