//! Membership of the region: proposals, votes, misbehaviour.

use super::standing::Exchanges;
use crate::{Halt, view::Tx};
use databourse_party::{
    self as party, CastVote, Change, CloseLedger, KeyOwner, KeyPurpose, KeyRecord, Proposal, ProposeChange,
    ReportMisbehaviour, Tally,
};
use databourse_primitives::{ExchangeCode, ProposalId, PublicKey, Refusal, RefusalCode};

/// Proposes a change, which is the proposer's vote for it. If that is enough already, the change is decided.
pub(super) fn propose(tx: &mut Tx<'_>, by: &ExchangeCode, command: &ProposeChange) -> Result<(), Halt> {
    let all = Exchanges::load(tx)?;
    let (proposal, tally) = all.members(tx).propose(ProposalId::from(tx.entry), command, by)?;
    keys_are_free(tx, &proposal.change)?;
    if tally == Tally::Accepted {
        enact(tx, all, &proposal)?;
    }
    tx.put(proposal);
    Ok(())
}

/// Votes on a proposal. The vote that decides it for good also does what it proposes; if that cannot be done any more,
/// the vote is refused, and the proposal stays open for those who vote against it.
pub(super) fn vote(tx: &mut Tx<'_>, by: &ExchangeCode, command: &CastVote) -> Result<(), Halt> {
    let proposal: Proposal = tx.need(&command.proposal, RefusalCode::MemberProposalUnknown, "proposal")?;
    let all = Exchanges::load(tx)?;
    let (proposal, tally) = all.members(tx).vote(proposal, command, by)?;
    if tally == Tally::Accepted {
        enact(tx, all, &proposal).map_err(|halt| match halt {
            Halt::Refused(refusal) => Halt::Refused(refusal.within("proposal")),
            missing => missing,
        })?;
    }
    tx.put(proposal);
    Ok(())
}

fn enact(tx: &mut Tx<'_>, mut all: Exchanges, proposal: &Proposal) -> Result<(), Halt> {
    let changed = all.members(tx).enact(proposal.id, &proposal.change)?;
    if let Change::Close { successor, reason, .. } = &proposal.change {
        let words = CloseLedger { successor: successor.clone(), reason: reason.clone() };
        tx.put(all.region.decide_to_close(proposal.id, words, tx.context.height));
        return Ok(());
    }
    keys_are_free(tx, &proposal.change)?;
    let effect_height = party::effect_height(tx.context.height);
    if let Some((_, key)) = new_keys(&proposal.change).find(|(purpose, _)| *purpose == KeyPurpose::Entry) {
        let owner = KeyOwner::Exchange(changed.code.clone());
        let mut record = party::register(None, key, owner, tx.now())?;
        record.since_height = Some(effect_height);
        tx.put(record);
        for replaced in &changed.entry_key.earlier {
            let known: Option<KeyRecord> = tx.find(&replaced.key.key_id())?;
            if let Some(mut record) = known.filter(|record| record.until_height.is_none()) {
                record.until_height = Some(effect_height);
                tx.put(record);
            }
        }
    }
    if all.region.exchanges.insert(changed.code.clone()) {
        tx.put(all.region);
    }
    tx.put(changed);
    Ok(())
}

/// The keys that a change brings.
pub(super) fn new_keys(change: &Change) -> impl Iterator<Item = (KeyPurpose, PublicKey)> {
    let joining = match change {
        Change::Join { exchange, .. } => Some(exchange.keys()),
        _ => None,
    };
    let replaced = match change {
        Change::ReplaceKeys { keys, .. } => Some(keys.iter().map(|(purpose, new)| (*purpose, new.key))),
        _ => None,
    };
    joining.into_iter().flatten().chain(replaced.into_iter().flatten())
}

/// Refuses keys that sign for somebody already, or did.
fn keys_are_free(tx: &Tx<'_>, change: &Change) -> Result<(), Halt> {
    tx.preload(|| new_keys(change).map(|(_, key)| crate::Key::of::<KeyRecord>(&key.key_id())))?;
    for (purpose, key) in new_keys(change) {
        if tx.find::<KeyRecord>(&key.key_id())?.is_some() {
            let field = match change {
                Change::Join { .. } => format!("change.exchange.{}_key", purpose.as_str()),
                _ => format!("change.keys.{}.key", purpose.as_str()),
            };
            let expected = "a key that was never registered before";
            return Err(Refusal::new(RefusalCode::KeyTaken, field, expected).into());
        }
    }
    Ok(())
}

/// Suspends an exchange that signed two of what it may sign one, and keeps the evidence.
pub(super) fn report(tx: &mut Tx<'_>, by: &ExchangeCode, command: &ReportMisbehaviour) -> Result<(), Halt> {
    let all = Exchanges::load(tx)?;
    let (suspended, record) = all.members(tx).report(tx.entry, command, by)?;
    tx.put(suspended);
    tx.put(record);
    Ok(())
}
