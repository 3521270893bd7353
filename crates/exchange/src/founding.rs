//! Founding: the first entries of a new ledger.

use databourse_market::Command;
use databourse_party::{FoundExchange, FoundRegion};
use databourse_primitives::{Asset, BilingualText, ExchangeCode, Line, PublicKey};
use databourse_settlement::{PublishSchedule, PublishTax};
use std::collections::BTreeSet;

/// What a new ledger begins with.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The region's name.
    pub region_name: BilingualText,
    /// The exchange's name.
    pub exchange_name: BilingualText,
    /// The assets that the region settles in.
    pub assets: BTreeSet<Asset>,
    /// The tables of tax rates, from version 1; the schedules name them.
    pub taxes: Vec<PublishTax>,
    /// The first fee schedule of each asset.
    pub schedules: Vec<PublishSchedule>,
    /// The other exchanges of the region, with their public keys.
    pub peers: Vec<FoundExchange>,
}

impl Founding {
    /// The commands, in order.
    pub(crate) fn commands(
        &self,
        origin: Line,
        code: ExchangeCode,
        entry_key: PublicKey,
        cosignature_key: PublicKey,
    ) -> Vec<Command> {
        let exchange = FoundExchange { code, name: self.exchange_name.clone(), entry_key, cosignature_key };
        let region = FoundRegion {
            name: self.region_name.clone(),
            origin,
            assets: self.assets.clone(),
            exchanges: std::iter::once(exchange).chain(self.peers.iter().cloned()).collect(),
        };
        let taxes = self.taxes.iter().cloned().map(Command::PublishTax);
        let schedules = self.schedules.iter().cloned().map(Command::PublishSchedule);
        std::iter::once(Command::FoundRegion(region)).chain(taxes).chain(schedules).collect()
    }
}
