//! `[region]`: what a ledger is founded with.

use super::named;
use anyhow::Result;
use databourse_exchange::Founding;
use databourse_party::FoundExchange;
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, ExchangeCode, Label, LeafIndex, Line, PublicKey, Rate,
    ScheduleVersion, TaxVersion,
};
use databourse_settlement::{FeeRule, PublishSchedule, PublishTax, Rounding};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionSection {
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) origin: Line,
    pub(crate) assets: BTreeSet<Asset>,
    pub(crate) taxes: Vec<TaxSection>,
    pub(crate) schedules: Vec<ScheduleSection>,
    pub(crate) peers: Vec<PeerSection>,
}

/// Another exchange of the region, as the founding entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerSection {
    code: ExchangeCode,
    name_zh: String,
    name_en: String,
    entry_key: PublicKey,
    cosignature_key: PublicKey,
}

impl RegionSection {
    /// What a new ledger begins with, founded by an exchange of this name.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub(super) fn founding(&self, exchange_name: BilingualText) -> Result<Founding> {
        let peer = |peer: &PeerSection| {
            Ok(FoundExchange {
                code: peer.code.clone(),
                name: named(&peer.name_zh, &peer.name_en)?,
                entry_key: peer.entry_key,
                cosignature_key: peer.cosignature_key,
            })
        };
        Ok(Founding {
            region_name: named(&self.name_zh, &self.name_en)?,
            exchange_name,
            peers: self.peers.iter().map(peer).collect::<Result<_>>()?,
            assets: self.assets.clone(),
            taxes: (1..).zip(&self.taxes).map(|(version, tax)| tax.publish(version)).collect(),
            schedules: self.schedules.iter().map(ScheduleSection::publish).collect(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaxSection {
    rates: BTreeMap<Label, Rate>,
    #[serde(default)]
    kinds: BTreeMap<Label, Label>,
    default: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleSection {
    asset: Asset,
    tax: u64,
    fees: Vec<FeeRule>,
    fee_vat: Label,
    selling_share: Rate,
    #[serde(default)]
    yearly: BTreeMap<Label, AmountMinor>,
    hold_days: u32,
    dispute_days: u32,
    #[serde(default)]
    bank_tolerance_minor: AmountMinor,
}

impl TaxSection {
    /// As the command that publishes it as table `version`.
    fn publish(&self, version: u64) -> PublishTax {
        let Self { rates, kinds, default } = self.clone();
        PublishTax { version: TaxVersion(version), rates, kinds, default }
    }
}

impl ScheduleSection {
    /// As the command that publishes it as the asset's first version, in force at once.
    fn publish(&self) -> PublishSchedule {
        let section = self.clone();
        PublishSchedule {
            version: ScheduleVersion { asset: section.asset, version: 1 },
            effective_from: LeafIndex(0),
            fees: section.fees,
            fee_vat: section.fee_vat,
            selling_share: section.selling_share,
            yearly: section.yearly,
            tax: TaxVersion(section.tax),
            hold_days: section.hold_days,
            dispute_days: section.dispute_days,
            bank_tolerance_minor: section.bank_tolerance_minor,
            rounding: Rounding::HalfUpLargestRemainderCarry,
        }
    }
}
