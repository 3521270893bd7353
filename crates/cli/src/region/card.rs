//! The card of an exchange: everything public that the others need of it, and nothing secret.

use super::{
    node,
    peer_id::{Multiaddr, check_peer_address},
};
use anyhow::{Context as _, Result, bail, ensure};
use databourse_exchange::NodeKeys;
use databourse_party::FoundExchange;
use databourse_primitives::{BilingualText, ExchangeCode, PublicKey};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::Path};

/// What an exchange tells the others before a region is founded, or before it joins one. The others compare it with what
/// its people say by another way: whoever can change a card on its way becomes that exchange.
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
    /// The name of its node on the peer network.
    pub(crate) peer_id: String,
    /// Where its node is reached by the others.
    pub(crate) address: Multiaddr,
}

impl Card {
    /// The card of whoever has `keys`.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn of(
        keys: &NodeKeys,
        code: ExchangeCode,
        name: BilingualText,
        address: Multiaddr,
    ) -> Result<Self> {
        Ok(Self {
            code,
            name,
            entry_key: keys.entry_key().public_key(),
            checkpoint_key: keys.checkpoint_key().public_key(),
            cosignature_key: keys.cosignature_key().public_key(),
            consensus_key: keys.consensus_key().public_key(),
            peer_id: node::peer_id(keys)?,
            address,
        })
    }

    /// As the founding entry names the exchange.
    pub(crate) fn found(&self) -> FoundExchange {
        node::found_exchange(self)
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
    /// A file that is no card, or two cards with the same code or key.
    pub(crate) fn read_all<P: AsRef<Path>>(files: &[P]) -> Result<Vec<Self>> {
        let mut cards: Vec<Self> = Vec::with_capacity(files.len());
        for file in files {
            let file = file.as_ref();
            let read = || -> Result<Self> {
                let card: Self = serde_json::from_str(&std::fs::read_to_string(file)?)?;
                check_peer_address(&card.peer_address())?;
                Ok(card)
            };
            cards.push(read().with_context(|| format!("{} is not a card of an exchange", file.display()))?);
        }
        cards.sort_by(|a, b| a.code.cmp(&b.code));
        if let Some(pair) = cards.windows(2).find(|pair| pair[0].code == pair[1].code) {
            bail!("two cards are of `{}`", pair[0].code);
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

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_exchange::Entropy;

    fn card(seed: u64, code: &str) -> Card {
        let keys = NodeKeys::generate(&Entropy::seeded(seed)).unwrap();
        let name = BilingualText::new(Some("甲"), Some("A")).unwrap();
        Card::of(&keys, code.parse().unwrap(), name, Multiaddr::loopback(27_000)).unwrap()
    }

    #[test]
    fn cards_are_read_in_the_order_of_their_codes_and_each_key_has_one_use() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, card: &Card| {
            let file = folder.path().join(name);
            std::fs::write(&file, card.to_text().unwrap()).unwrap();
            file
        };
        let (sh, js) = (card(1, "sh"), card(2, "js"));
        let [a, b] = [write("a", &sh), write("b", &js)];
        assert_eq!(Card::read_all(&[&a, &b]).unwrap(), [js, sh]);
        let [same_code, same_key] = [write("c", &card(3, "sh")), write("d", &card(1, "zj"))];
        for other in [same_code, same_key] {
            assert!(Card::read_all(&[&a, &other]).is_err());
        }
        let text = std::fs::read_to_string(&a).unwrap();
        std::fs::write(&b, text.replace("12D3KooW", "12D3KooX")).unwrap();
        assert!(format!("{:#}", Card::read_all(&[&b]).unwrap_err()).contains("peer id"));
    }
}
