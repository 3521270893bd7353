//! `[region]`: what a ledger is founded with, and how the nodes of a region reach one another.

use super::named;
use crate::region::genesis::Genesis;
use anyhow::{Context as _, Result, ensure};
use databourse_exchange::{Founding, NodeAddress, PeerAddress, RegionConfig};
use databourse_party::{FoundExchange, Predecessor};
use databourse_primitives::{
    AmountMinor, Asset, BilingualText, ExchangeCode, Label, LeafIndex, Line, PublicKey, Rate,
    ScheduleVersion, TaxVersion,
};
use databourse_settlement::{FeeRule, PublishSchedule, PublishTax, Rounding};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionSection {
    /// The file that a region of several nodes is founded with; empty: a region of one node.
    pub(crate) genesis: PathBuf,
    pub(crate) listen: NodeAddress,
    pub(crate) peers: Vec<PeerSection>,
    pub(crate) wal_dir: PathBuf,
    pub(crate) vote: bool,
    pub(crate) idle_period_ms: u64,
    pub(crate) propose_timeout_ms: u64,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) origin: Line,
    pub(crate) assets: BTreeSet<Asset>,
    pub(crate) taxes: Vec<TaxSection>,
    pub(crate) schedules: Vec<ScheduleSection>,
    pub(crate) exchanges: Vec<ExchangeSection>,
    /// How the ledger ended that this one goes on from; empty: from none.
    pub(crate) predecessor: PathBuf,
}

/// Where the node of another exchange is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerSection {
    pub(crate) exchange: ExchangeCode,
    pub(crate) address: String,
}

/// Another exchange of a region of one node, as the founding entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExchangeSection {
    code: ExchangeCode,
    name_zh: String,
    name_en: String,
    entry_key: PublicKey,
    checkpoint_key: PublicKey,
    cosignature_key: PublicKey,
    consensus_key: PublicKey,
}

impl RegionSection {
    /// Whether the node is one of several.
    pub(crate) fn has_genesis(&self) -> bool {
        !self.genesis.as_os_str().is_empty()
    }

    /// How the node agrees with the others, if it is one of several.
    pub(super) fn node(&self, report_folder: &Path) -> Option<RegionConfig> {
        let peer = |peer: &PeerSection| PeerAddress {
            exchange: peer.exchange.clone(),
            address: peer.address.clone(),
        };
        self.has_genesis().then(|| RegionConfig {
            listen: self.listen.to_string(),
            peers: self.peers.iter().map(peer).collect(),
            wal_folder: self.wal_dir.clone(),
            report_folder: report_folder.to_owned(),
            votes: self.vote,
            idle_period: Duration::from_millis(self.idle_period_ms),
            propose_timeout: Duration::from_millis(self.propose_timeout_ms),
        })
    }

    /// The region's genesis, if the node is one of several.
    ///
    /// # Errors
    /// The file does not read, or a peer is this node itself or without an address. The exchange need not be in the file:
    /// it may have joined later, or be about to.
    pub(super) fn genesis(&self, own: &ExchangeCode) -> Result<Option<Genesis>> {
        if !self.has_genesis() {
            return Ok(None);
        }
        let genesis = Genesis::read(&self.genesis)?;
        for peer in &self.peers {
            ensure!(peer.exchange != *own, "region.peers names `{own}`, which is this node");
            NodeAddress::parse_peer(&peer.address)
                .with_context(|| format!("region.peers of `{}`", peer.exchange))?;
        }
        Ok(Some(genesis))
    }

    /// The ledger that a new one goes on from, if it does.
    ///
    /// # Errors
    /// The file does not read. Whether what it says holds is for the rules to say.
    pub(crate) fn predecessor(&self) -> Result<Option<Predecessor>> {
        if self.predecessor.as_os_str().is_empty() {
            return Ok(None);
        }
        let read = || anyhow::Ok(serde_json::from_str(&std::fs::read_to_string(&self.predecessor)?)?);
        read().map(Some).with_context(|| format!("{} is not the end of a ledger", self.predecessor.display()))
    }

    /// The region's name, its tables of tax rates and its fee schedules.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub(crate) fn terms(&self) -> Result<(BilingualText, Vec<PublishTax>, Vec<PublishSchedule>)> {
        let taxes = (1..).zip(&self.taxes).map(|(version, tax)| tax.publish(version)).collect();
        let schedules = self.schedules.iter().map(ScheduleSection::publish).collect();
        Ok((named(&self.name_zh, &self.name_en)?, taxes, schedules))
    }

    /// What a new ledger of one node begins with, founded by an exchange of this name.
    ///
    /// # Errors
    /// A name that is empty or too long.
    pub(super) fn founding(&self, exchange_name: BilingualText) -> Result<Founding> {
        let peer = |peer: &ExchangeSection| {
            Ok(FoundExchange {
                code: peer.code.clone(),
                name: named(&peer.name_zh, &peer.name_en)?,
                entry_key: peer.entry_key,
                checkpoint_key: peer.checkpoint_key,
                cosignature_key: peer.cosignature_key,
                consensus_key: peer.consensus_key,
            })
        };
        let (region_name, taxes, schedules) = self.terms()?;
        Ok(Founding {
            region_name,
            exchange_name: Some(exchange_name),
            peers: self.exchanges.iter().map(peer).collect::<Result<_>>()?,
            assets: self.assets.clone(),
            taxes,
            schedules,
            predecessor: self.predecessor()?,
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
