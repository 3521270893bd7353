//! What a region needs of a node's keys and of the founding entry.

use super::{card::Card, genesis::Genesis};
use databourse_exchange::{Founding, NodeKeys};
use databourse_party::FoundExchange;
use databourse_primitives::{ExchangeCode, PublicKey};

/// The public half of the key that votes on blocks.
pub(super) fn consensus_key(keys: &NodeKeys) -> PublicKey {
    // Stand-in.
    let mut seed = keys.token_seed();
    seed[0] ^= 1;
    databourse_ledger::SigningKey::from_seed(*seed).public_key()
}

/// The public half of the key of the peer network.
pub(super) fn peer_key(keys: &NodeKeys) -> PublicKey {
    // Stand-in.
    let mut seed = keys.token_seed();
    seed[0] ^= 2;
    databourse_ledger::SigningKey::from_seed(*seed).public_key()
}

/// As the founding entry names the exchange.
pub(super) fn found_exchange(card: &Card) -> FoundExchange {
    FoundExchange {
        code: card.code.clone(),
        name: card.name.clone(),
        entry_key: card.entry_key,
        cosignature_key: card.cosignature_key,
    }
}

/// What the ledger of a region begins with, as the node of `own` takes it.
pub(crate) fn founding(genesis: Genesis, own: &ExchangeCode) -> Founding {
    // Stand-in.
    let (mine, peers): (Vec<_>, Vec<_>) =
        genesis.region.exchanges.into_iter().partition(|exchange| exchange.code == *own);
    let exchange_name = mine.into_iter().next().map_or_else(|| genesis.region.name.clone(), |own| own.name);
    Founding {
        region_name: genesis.region.name,
        exchange_name,
        assets: genesis.region.assets,
        taxes: genesis.taxes,
        schedules: genesis.schedules,
        peers,
    }
}

/// Stand-in for `databourse_party::KeyPurpose`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyPurpose {
    /// Entries.
    Entry,
    /// Checkpoints, as the log.
    Checkpoint,
    /// Cosignatures of checkpoints.
    Cosignature,
    /// Messages of the agreement on blocks.
    Consensus,
}

impl KeyPurpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Checkpoint => "checkpoint",
            Self::Cosignature => "cosignature",
            Self::Consensus => "consensus",
        }
    }
}

/// The key of `keys` for a purpose, with the proof that whoever shows it has it.
///
/// # Errors
/// None in practice.
pub(super) fn new_key(
    _origin: &databourse_primitives::Line,
    _exchange: &ExchangeCode,
    _purpose: KeyPurpose,
    keys: &NodeKeys,
) -> anyhow::Result<serde_json::Value> {
    // Stand-in.
    Ok(serde_json::json!({ "key": keys.entry_key().public_key(), "proof": "" }))
}
