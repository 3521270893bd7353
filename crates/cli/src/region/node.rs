//! What a region needs of a node's keys and of the founding entry.

use super::genesis::Genesis;
use anyhow::Result;
use databourse_exchange::{Founding, NodeKeys};
use databourse_ledger::SigningKey;
use databourse_party::{FoundExchange, KeyPurpose, NewKey};
use databourse_primitives::{BilingualText, ExchangeCode, Line};

/// The name of a node on the peer network, e.g. `12D3KooW…`.
///
/// # Errors
/// None in practice: every seed is a key.
pub(super) fn peer_id(keys: &NodeKeys) -> Result<String> {
    Ok(databourse_exchange::peer_id(&keys.peer_seed())?)
}

/// The exchange that has `keys`, as the founding entry or a proposal to join names it.
pub(super) fn found_exchange(keys: &NodeKeys, code: ExchangeCode, name: BilingualText) -> FoundExchange {
    FoundExchange {
        code,
        name,
        entry_key: keys.entry_key().public_key(),
        checkpoint_key: keys.checkpoint_key().public_key(),
        cosignature_key: keys.cosignature_key().public_key(),
        consensus_key: keys.consensus_key().public_key(),
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
        predecessor: region.predecessor,
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
