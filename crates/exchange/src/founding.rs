//! Founding: the first entries of a new ledger.

use crate::{Clock, Entropy, NodeError};
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::{Command, Decoded, SignedCommand};
use databourse_party::{FoundExchange, FoundRegion, Predecessor};
use databourse_primitives::{Asset, BilingualText, ExchangeCode, Line, PublicKey, Refusal, RefusalCode};
use databourse_settlement::{PublishSchedule, PublishTax};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// What a new ledger begins with.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The region's name.
    pub region_name: BilingualText,
    /// The exchange's name, if it founds the ledger with the keys of its key file. `None` if `peers` are all founders,
    /// whether this exchange is one of them or joined later: then the founding says nothing of its present keys.
    pub exchange_name: Option<BilingualText>,
    /// The assets that the region settles in.
    pub assets: BTreeSet<Asset>,
    /// The tables of tax rates, from version 1; the schedules name them.
    pub taxes: Vec<PublishTax>,
    /// The first fee schedule of each asset.
    pub schedules: Vec<PublishSchedule>,
    /// The other exchanges of the region, with their public keys.
    pub peers: Vec<FoundExchange>,
    /// The ledger that this one goes on from.
    pub predecessor: Option<Predecessor>,
}

/// The public keys of a node, which its region's other exchanges know it by.
pub(crate) struct PublicKeys {
    pub(crate) entry: PublicKey,
    pub(crate) checkpoint: PublicKey,
    pub(crate) cosignature: PublicKey,
    pub(crate) consensus: PublicKey,
}

impl Founding {
    /// The commands, in order. They are the same at every exchange of the region, whichever of them this one is.
    pub(crate) fn commands(&self, origin: Line, code: ExchangeCode, keys: &PublicKeys) -> Vec<Command> {
        let own = self.exchange_name.clone().map(|name| FoundExchange {
            code,
            name,
            entry_key: keys.entry,
            checkpoint_key: keys.checkpoint,
            cosignature_key: keys.cosignature,
            consensus_key: keys.consensus,
        });
        let mut exchanges: Vec<_> = own.into_iter().chain(self.peers.iter().cloned()).collect();
        exchanges.sort_by(|one, other| one.code.cmp(&other.code));
        let (name, assets) = (self.region_name.clone(), self.assets.clone());
        let predecessor = self.predecessor.clone();
        let region = FoundRegion { name, origin, assets, exchanges, predecessor };
        let taxes = self.taxes.iter().cloned().map(Command::PublishTax);
        let schedules = self.schedules.iter().cloned().map(Command::PublishSchedule);
        std::iter::once(Command::FoundRegion(region)).chain(taxes).chain(schedules).collect()
    }
}

/// Signs the founding commands as this exchange. Whoever proposes the first block uses its own.
pub(crate) fn sign(
    commands: Vec<Command>,
    exchange: &ExchangeCode,
    key: &SigningKey,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Vec<SignedCommand>, NodeError> {
    let now = clock.now();
    let mut signed = Vec::with_capacity(commands.len());
    for (index, command) in commands.into_iter().enumerate() {
        let body = command.to_json().and_then(RawValue::from_string);
        let unwritable =
            |error: serde_json::Error| Refusal::new(RefusalCode::BodyMalformed, "", error.to_string());
        let claims = Claims {
            entry_type: command.entry_type().to_owned(),
            id: entropy.entry_id(now, &format!("founding entry {index}"))?,
            exchange: exchange.clone(),
            issued_at_s: now.unix_seconds(),
            on_behalf_of: None,
            body: body.map_err(unwritable).map_err(NodeError::Founding)?,
        };
        let founded = Entry::sign(&claims, key)
            .and_then(Decoded::new)
            .and_then(|decoded| decoded.verify(&key.public_key()));
        signed.push(founded.map_err(NodeError::Founding)?);
    }
    Ok(signed)
}
