//! `genesis.json`: what a region is founded with. The same bytes at every exchange.

use super::card::Card;
use crate::config::RegionSection;
use anyhow::{Context as _, Result, bail, ensure};
use databourse_exchange::NodeKeys;
use databourse_party::{FoundExchange, FoundRegion, found};
use databourse_primitives::{Digest, ExchangeCode, Height, PublicKey, Timestamp};
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
        let region = FoundRegion {
            name,
            origin: section.origin.clone(),
            assets: section.assets.clone(),
            exchanges,
            predecessor: section.predecessor()?,
        };
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

    /// Whether the region was founded by the exchange `code` with these keys. It may have joined later, or have replaced
    /// keys since.
    ///
    /// # Errors
    /// A key is one of another founder.
    pub(crate) fn knows(&self, code: &ExchangeCode, keys: &NodeKeys) -> Result<bool> {
        let own = public_keys(keys);
        let has_one = |founder: &&FoundExchange| founder.keys().iter().any(|(_, key)| own.contains(key));
        let founders = || self.region.exchanges.iter();
        if let Some(other) = founders().filter(|founder| founder.code != *code).find(has_one) {
            bail!("these are not the keys of `{code}` but of `{}`", other.code);
        }
        Ok(founders().any(|founder| founder.code == *code && founder.keys().map(|(_, key)| key) == own))
    }

    /// Whether the exchange of a card founded the region. One that did not must join it.
    ///
    /// # Errors
    /// The card has another name or other keys than the founder has in the file.
    pub(crate) fn has(&self, card: &Card) -> Result<bool> {
        let Some(known) = self.region.exchanges.iter().find(|exchange| exchange.code == card.code) else {
            return Ok(false);
        };
        ensure!(
            *known == card.found(),
            "the card of `{}` has other keys or names than genesis.json; of an exchange that replaced keys since, take \
             the card that it founded the region with",
            card.code
        );
        Ok(true)
    }
}

/// The public halves that stand in the ledger, in the order of [`FoundExchange::keys`].
fn public_keys(keys: &NodeKeys) -> [PublicKey; 4] {
    [keys.entry_key(), keys.checkpoint_key(), keys.cosignature_key(), keys.consensus_key()]
        .map(|key| key.public_key())
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
    }

    #[test]
    fn founders_are_known_by_their_keys_and_those_who_join_later_are_not_taken_for_them() {
        let section = Config::defaults().unwrap().region;
        let cards = [card(1, "js"), card(2, "sh")];
        let genesis = Genesis::new(&section, &cards).unwrap();
        let keys = |seed| NodeKeys::generate(&Entropy::seeded(seed)).unwrap();
        let knows = |code: &str, seed| genesis.knows(&code.parse().unwrap(), &keys(seed)).ok();
        assert_eq!(knows("sh", 2), Some(true));
        assert_eq!(knows("sh", 3), Some(false), "replaced since");
        assert_eq!(knows("zj", 3), Some(false), "joined later");
        assert_eq!(knows("sh", 1), None, "the keys of another");
        assert_eq!(knows("zj", 1), None, "the keys of another");
        assert!(genesis.has(&cards[1]).unwrap());
        assert!(!genesis.has(&card(3, "zj")).unwrap(), "it joins later");
        assert!(genesis.has(&card(3, "sh")).is_err(), "other keys");
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
