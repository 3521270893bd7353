//! The card of an exchange: everything public that the others need of it, and nothing secret.

use super::node;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use databourse_exchange::{NodeAddress, NodeKeys};
use databourse_party::{FoundExchange, KeyPurpose, PossessionProof};
use databourse_primitives::{BilingualText, ExchangeCode, Line, PublicKey};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What an exchange tells the others before a region is founded, or before it joins one. The proofs show that whoever made
/// the card has the keys on it, so nobody can show another's keys as its own. That it *is* the exchange they do not show:
/// the others compare the card with what its people say by another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    /// Its code.
    pub(crate) code: ExchangeCode,
    /// Its name.
    pub(crate) name: BilingualText,
    /// The key that signs its entries.
    pub(crate) entry_key: PublicKey,
    /// The key that signs checkpoints as the log.
    pub(crate) checkpoint_key: PublicKey,
    /// The key that co-signs checkpoints.
    pub(crate) cosignature_key: PublicKey,
    /// The key that votes on blocks.
    pub(crate) consensus_key: PublicKey,
    /// Origin of the ledger of the region that the card is for.
    pub(crate) origin: Line,
    /// That it has each of these keys: their own signatures.
    pub(crate) proofs: BTreeMap<KeyPurpose, PossessionProof>,
    /// The name of its node on the peer network.
    pub(crate) peer_id: String,
    /// Where its node is reached by the others.
    pub(crate) address: NodeAddress,
}

impl Card {
    /// The card of whoever has `keys`, for the region of `origin`.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn of(
        keys: &NodeKeys,
        origin: &Line,
        code: ExchangeCode,
        name: BilingualText,
        address: NodeAddress,
    ) -> Result<Self> {
        let proof = |purpose| (purpose, node::new_key(origin, &code, purpose, keys).proof);
        let proofs = KeyPurpose::ALL.map(proof).into();
        let FoundExchange { code, name, entry_key, checkpoint_key, cosignature_key, consensus_key } =
            node::found_exchange(keys, code, name);
        Ok(Self {
            code,
            name,
            entry_key,
            checkpoint_key,
            cosignature_key,
            consensus_key,
            origin: origin.clone(),
            proofs,
            peer_id: node::peer_id(keys)?,
            address,
        })
    }

    /// As the founding entry names the exchange.
    pub(crate) fn found(&self) -> FoundExchange {
        FoundExchange {
            code: self.code.clone(),
            name: self.name.clone(),
            entry_key: self.entry_key,
            checkpoint_key: self.checkpoint_key,
            cosignature_key: self.cosignature_key,
            consensus_key: self.consensus_key,
        }
    }

    /// Refuses a card of another region.
    ///
    /// # Errors
    /// As said.
    pub(crate) fn must_be_for(&self, origin: &Line) -> Result<()> {
        ensure!(
            self.origin == *origin,
            "the card of `{}` is for the region of {}, not of {origin}: have it made with --origin {origin}",
            self.code,
            self.origin
        );
        Ok(())
    }

    /// The address of its node with its peer id.
    pub(crate) fn peer_address(&self) -> String {
        self.address.of_peer(&self.peer_id)
    }

    /// The text of its file.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn to_text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads the cards in `files`, in the order of their codes.
    ///
    /// # Errors
    /// A file that is no card, a key without its proof, cards of different regions, or two with the same code or key.
    pub(crate) fn read_all<P: AsRef<Path>>(files: &[P]) -> Result<Vec<Self>> {
        let mut cards: Vec<Self> = Vec::with_capacity(files.len());
        for file in files {
            let file = file.as_ref();
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let parse = || -> Result<Self> {
                let card: Self = serde_json::from_str(&text)?;
                NodeAddress::parse_peer(&card.peer_address())?;
                let proven = card.found().prove(&card.origin, &card.proofs);
                proven.map_err(|refusal| anyhow!("{}", refusal.within("proofs")))?;
                Ok(card)
            };
            cards.push(parse().with_context(|| format!("{} is not a card of an exchange", file.display()))?);
        }
        cards.sort_by(|a, b| a.code.cmp(&b.code));
        if let Some(pair) = cards.windows(2).find(|pair| pair[0].code == pair[1].code) {
            bail!("two cards are of `{}`", pair[0].code);
        }
        if let Some(first) = cards.first() {
            cards.iter().try_for_each(|card| card.must_be_for(&first.origin))?;
        }
        let keys = |card: &Self| {
            [card.entry_key, card.checkpoint_key, card.cosignature_key, card.consensus_key]
                .map(|key| key.to_string())
        };
        let all: BTreeSet<String> = cards.iter().flat_map(keys).collect();
        ensure!(
            all.len() == 4 * cards.len(),
            "a key stands on the cards twice; each has one use of one exchange"
        );
        Ok(cards)
    }
}

/// A card for tests, of the region that the configuration founds by default.
#[cfg(test)]
pub(super) fn sample(seed: u64, code: &str) -> Card {
    let keys = NodeKeys::generate(&databourse_exchange::Entropy::seeded(seed)).unwrap();
    let name = BilingualText::new(Some("甲"), Some("A")).unwrap();
    let origin = crate::config::Config::defaults().unwrap().region.origin;
    Card::of(&keys, &origin, code.parse().unwrap(), name, NodeAddress::loopback(27_000)).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, card: &Card) -> std::path::PathBuf {
        let file = folder.join(name);
        std::fs::write(&file, card.to_text().unwrap()).unwrap();
        file
    }

    #[test]
    fn cards_are_read_in_the_order_of_their_codes_and_each_key_has_one_use() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, card: &Card| write(folder.path(), name, card);
        let (sh, js) = (sample(1, "sh"), sample(2, "js"));
        let [a, b] = [write("a", &sh), write("b", &js)];
        assert_eq!(Card::read_all(&[&a, &b]).unwrap(), [js, sh]);
        let [same_code, same_key] = [write("c", &sample(3, "sh")), write("d", &sample(1, "zj"))];
        for other in [same_code, same_key] {
            assert!(Card::read_all(&[&a, &other]).is_err());
        }
        let text = std::fs::read_to_string(&a).unwrap();
        std::fs::write(&b, text.replace("12D3KooW", "12D3KooX")).unwrap();
        assert!(format!("{:#}", Card::read_all(&[&b]).unwrap_err()).contains("peer id"));
    }

    #[test]
    fn a_card_shows_only_keys_that_its_maker_has_and_only_to_its_region() {
        let folder = tempfile::tempdir().unwrap();
        let read = |card: &Card| Card::read_all(&[write(folder.path(), "card", card)]);
        let (own, other) = (sample(1, "sh"), sample(2, "js"));
        read(&own).unwrap();
        let check = |about: &str, change: &dyn Fn(&mut Card)| {
            let mut card = own.clone();
            change(&mut card);
            let error = format!("{:#}", read(&card).unwrap_err());
            assert!(error.contains("member.proof_"), "{about}: {error}");
        };
        check("another's key", &|card| card.consensus_key = other.consensus_key);
        check("another's key and proof", &|card| {
            card.consensus_key = other.consensus_key;
            card.proofs.insert(KeyPurpose::Consensus, other.proofs[&KeyPurpose::Consensus]);
        });
        check("no proof", &|card| card.proofs.retain(|purpose, _| *purpose != KeyPurpose::Entry));
        check("another exchange", &|card| card.code = "zj".parse().unwrap());
        check("another region", &|card| card.origin = "elsewhere.example".parse().unwrap());
        let keys = NodeKeys::generate(&databourse_exchange::Entropy::seeded(3)).unwrap();
        let elsewhere = "elsewhere.example".parse().unwrap();
        let far = Card::of(&keys, &elsewhere, "zj".parse().unwrap(), own.name.clone(), own.address.clone());
        let far = write(folder.path(), "far", &far.unwrap());
        assert!(Card::read_all(&[&write(folder.path(), "card", &own), &far]).is_err(), "of two regions");
    }
}
