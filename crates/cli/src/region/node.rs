//! What a region needs of a node's keys and of the founding entry.

use super::{card::Card, genesis::Genesis};
use anyhow::Result;
use databourse_exchange::{Founding, NodeKeys};
use databourse_ledger::SigningKey;
use databourse_party::{FoundExchange, KeyPurpose, NewKey};
use databourse_primitives::{ExchangeCode, Line};

/// The name of a node on the peer network, e.g. `12D3KooW…`.
///
/// # Errors
/// None in practice: every seed is a key.
pub(super) fn peer_id(keys: &NodeKeys) -> Result<String> {
    Ok(databourse_exchange::peer_id(&keys.peer_seed())?)
}

/// As the founding entry names the exchange.
pub(super) fn found_exchange(card: &Card) -> FoundExchange {
    FoundExchange {
        code: card.code.clone(),
        name: card.name.clone(),
        entry_key: card.entry_key,
        checkpoint_key: card.checkpoint_key,
        cosignature_key: card.cosignature_key,
        consensus_key: card.consensus_key,
    }
}

/// What the ledger of a region begins with: the genesis file and nothing else, at a founder as at one who joins later,
/// and also after keys were replaced.
pub(crate) fn founding(genesis: Genesis) -> Founding {
    let region = genesis.region;
    Founding {
        region_name: region.name,
        exchange_name: None,
        assets: region.assets,
        taxes: genesis.taxes,
        schedules: genesis.schedules,
        peers: region.exchanges,
    }
}

/// The key of `keys` for a purpose, with the proof that whoever shows it has it.
pub(super) fn new_key(
    origin: &Line,
    exchange: &ExchangeCode,
    purpose: KeyPurpose,
    keys: &NodeKeys,
) -> NewKey {
    let key: SigningKey = match purpose {
        KeyPurpose::Entry => keys.entry_key(),
        KeyPurpose::Checkpoint => keys.checkpoint_key(),
        KeyPurpose::Cosignature => keys.cosignature_key(),
        KeyPurpose::Consensus => keys.consensus_key(),
    };
    NewKey::prove(origin, exchange, purpose, &key)
}
