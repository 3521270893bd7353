//! `genesis.json`: what a region is founded with. The same bytes at every exchange.

use super::{card::Card, node};
use crate::config::RegionSection;
use anyhow::{Context as _, Result, ensure};
use databourse_exchange::NodeKeys;
use databourse_party::{FoundRegion, found};
use databourse_primitives::{Digest, ExchangeCode, Height, Timestamp};
use databourse_settlement::{PublishSchedule, PublishTax};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The region with all its exchanges, its tables of tax rates and its fee schedules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Genesis {
    /// The founding entry.
    pub(crate) region: FoundRegion,
    /// Tables of tax rates, from version 1.
    pub(crate) taxes: Vec<PublishTax>,
    /// The first fee schedule of each asset.
    pub(crate) schedules: Vec<PublishSchedule>,
}

impl Genesis {
    /// A region of the exchanges on `cards`, in the order of their codes, with name, assets, taxes and schedules of `section`.
    ///
    /// # Errors
    /// No exchange, more than 20, a code or key twice, or a card of another region.
    pub(crate) fn new(section: &RegionSection, cards: &[Card]) -> Result<Self> {
        cards.iter().try_for_each(|card| card.must_be_for(&section.origin))?;
        let (name, taxes, schedules) = section.terms()?;
        let mut exchanges: Vec<_> = cards.iter().map(Card::found).collect();
        exchanges.sort_by(|one, other| one.code.cmp(&other.code));
        let region =
            FoundRegion { name, origin: section.origin.clone(), assets: section.assets.clone(), exchanges };
        let genesis = Self { region, taxes, schedules };
        genesis.check()?;
        Ok(genesis)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It is not a genesis file of this version, or a region cannot be founded with it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let read = || -> Result<Self> {
            let genesis: Self = serde_json::from_str(&std::fs::read_to_string(path)?)?;
            genesis.check()?;
            Ok(genesis)
        };
        read().with_context(|| format!("{} is not the genesis file of a region", path.display()))
    }

    /// What the rules would refuse as the first entry is refused here.
    fn check(&self) -> Result<()> {
        let founded = found(None, &self.region, Height(1), Timestamp::from_unix_ms(0));
        founded.map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        Ok(())
    }

    /// The text of its file.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn to_text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// SHA-256 of its file: what people of different exchanges read to one another before they start.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn digest(&self) -> Result<Digest> {
        Ok(Digest::of(self.to_text()?.as_bytes()))
    }

    /// The codes of its exchanges.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &ExchangeCode> {
        self.region.exchanges.iter().map(|exchange| &exchange.code)
    }

    /// Refuses keys that are not those of the exchange `code` of this region.
    ///
    /// # Errors
    /// As said.
    pub(crate) fn must_know(&self, code: &ExchangeCode, keys: &NodeKeys) -> Result<()> {
        let known = self.region.exchanges.iter().find(|exchange| exchange.code == *code);
        let known = known.with_context(|| format!("the region has no exchange `{code}`"))?;
        let own = node::found_exchange(keys, code.clone(), known.name.clone());
        ensure!(*known == own, "these are not the keys of `{code}` that the region was founded with");
        Ok(())
    }

    /// Refuses a card that is not of an exchange of this region, or has other keys than the region knows.
    ///
    /// # Errors
    /// As said.
    pub(crate) fn must_have(&self, card: &Card) -> Result<()> {
        let known = self.region.exchanges.iter().find(|exchange| exchange.code == card.code);
        let known = known.with_context(|| format!("the region has no exchange `{}`", card.code))?;
        ensure!(
            *known == card.found(),
            "the card of `{}` has other keys or names than genesis.json",
            card.code
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, region::card::sample as card};
    use databourse_exchange::Entropy;

    #[test]
    fn the_file_reads_back_and_the_same_cards_make_the_same_bytes() {
        let section = Config::defaults().unwrap().region;
        let cards = [card(1, "js"), card(2, "sh")];
        let genesis = Genesis::new(&section, &cards).unwrap();
        assert_eq!(Genesis::new(&section, &cards).unwrap().to_text().unwrap(), genesis.to_text().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("genesis.json");
        std::fs::write(&file, genesis.to_text().unwrap()).unwrap();
        assert_eq!(Genesis::read(&file).unwrap(), genesis);
        assert_eq!((genesis.taxes.len(), genesis.schedules.len(), genesis.codes().count()), (2, 2, 2));
        genesis.must_have(&cards[1]).unwrap();
        let keys = |seed| NodeKeys::generate(&Entropy::seeded(seed)).unwrap();
        genesis.must_know(&cards[1].code, &keys(2)).unwrap();
        assert!(genesis.must_know(&cards[1].code, &keys(1)).is_err(), "the keys of the other");
        assert!(genesis.must_have(&card(3, "sh")).is_err(), "other keys");
        assert!(genesis.must_have(&card(3, "zj")).is_err(), "another exchange");
    }

    #[test]
    fn what_the_rules_would_refuse_is_no_genesis() {
        let section = Config::defaults().unwrap().region;
        assert!(Genesis::new(&section, &[]).is_err());
        let many: Vec<_> = (0..21).map(|number| card(number + 1, &format!("e{number}"))).collect();
        assert!(Genesis::new(&section, &many).is_err());
        assert!(Genesis::new(&section, &many[..20]).is_ok());
        assert!(Genesis::new(&section, &[card(1, "sh"), card(1, "js")]).is_err(), "the same keys twice");
        let mut elsewhere = section;
        elsewhere.origin = "elsewhere.example".parse().unwrap();
        assert!(Genesis::new(&elsewhere, &many[..2]).is_err(), "cards of another region");
    }
}
