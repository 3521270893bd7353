//! Certification of parties.

use super::standing;
use crate::{Actor, Claim, Halt, view::Tx};
use databourse_party::{
    self as party, CertifyParty, KeyOwner, KeyRecord, Party, ReplacePartyKeys, RevokeParty, Role,
};
use databourse_primitives::{ExchangeCode, PartyId, Refusal, RefusalCode};
use std::sync::Arc;

/// Certifies a party and registers its keys. A legal identifier belongs to one party for ever, a key to one owner.
pub(super) fn certify(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &CertifyParty) -> Result<(), Halt> {
    let now = tx.now();
    standing::may_take_on(tx, exchange, "exchange")?;
    let id = PartyId::from(tx.entry);
    let party = party::certify(id, command.clone(), exchange.clone(), now)?;
    let identifier = format!("identifier:{}", party.legal_identifier);
    if let Some(claim) = tx.find::<Claim>(&identifier)? {
        let expected =
            format!("an identifier that is not certified yet; it is that of party {}", claim.holder);
        return Err(Refusal::new(RefusalCode::PartyIdentifierTaken, "legal_identifier", expected).into());
    }
    for (index, key) in command.keys.iter().enumerate() {
        let known: Option<KeyRecord> = tx.find(&key.key_id())?;
        let record = party::register(known.as_ref(), *key, KeyOwner::Party(id), now)
            .map_err(|refusal| refusal.within(&format!("keys[{index}]")))?;
        tx.put(record);
    }
    tx.put(Claim { name: identifier, holder: id.to_string() });
    tx.put(party);
    Ok(())
}

/// Gives a party its keys anew: registers the new ones, retires those that are not named any more.
pub(super) fn replace_keys(tx: &mut Tx<'_>, actor: &Actor, command: &ReplacePartyKeys) -> Result<(), Halt> {
    let now = tx.now();
    let by = match actor {
        Actor::Exchange(code) => KeyOwner::Exchange(code.clone()),
        Actor::Party(id) => KeyOwner::Party(*id),
    };
    let before: Party = tx.need(&command.party, RefusalCode::PartyUnknown, "party")?;
    let party = party::replace_keys(before.clone(), command, &by, &standing::successors(tx)?)?;
    tx.preload(|| before.keys.iter().map(crate::Key::of::<KeyRecord>))?;
    for (index, key) in command.keys.iter().enumerate() {
        // A key that it has goes on; one that it had, or that is another's, never signs for it again.
        if before.keys.contains(&key.key_id()) {
            continue;
        }
        let known: Option<KeyRecord> = tx.find(&key.key_id())?;
        let record = party::register(known.as_ref(), *key, KeyOwner::Party(party.id), now)
            .map_err(|refusal| refusal.within(&format!("keys[{index}]")))?;
        tx.put(record);
    }
    for id in before.keys.iter().filter(|id| !party.keys.contains(id)) {
        let key: KeyRecord = tx.need(id, RefusalCode::KeyUnknown, "party")?;
        tx.put(party::retire(key, now));
    }
    tx.put(party);
    Ok(())
}

/// Revokes a certification and retires the party's keys. Its money and its licences stay its own.
pub(super) fn revoke(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &RevokeParty) -> Result<(), Halt> {
    let now = tx.now();
    let party: Party = tx.need(&command.party, RefusalCode::PartyUnknown, "party")?;
    let party = party::revoke(party, command.reason.clone(), exchange, &standing::successors(tx)?, now)?;
    for id in &party.keys {
        let key: KeyRecord = tx.need(id, RefusalCode::KeyUnknown, "party")?;
        tx.put(party::retire(key, now));
    }
    tx.put(party);
    Ok(())
}

/// The acting party, certified for one of `roles` and in force.
pub(super) fn acting_as(tx: &Tx<'_>, id: PartyId, roles: &[Role]) -> Result<Arc<Party>, Halt> {
    let party: Arc<Party> = tx.need_shared(&id, RefusalCode::PartyUnknown, "on_behalf_of")?;
    party.may_act_as(roles, tx.now())?;
    Ok(party)
}
