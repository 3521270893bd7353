//! What an accepted change does to the exchange that it is about.

use crate::{
    Change, Exchange, FoundExchange, KeyPurpose, MEMBERS_MAX, Members, Membership, NewKey, PossessionProof,
    SuspensionCause, effect_height,
};
use databourse_primitives::{ExchangeCode, Height, ProposalId, PublicKey, Refusal, RefusalCode};
use std::collections::{BTreeMap, BTreeSet};

impl Members<'_> {
    /// The exchange that a change is about, as it is once `proposal` is accepted at this height; what closing does to the
    /// region is [`crate::Region::closing`]. Whether keys are free of
    /// other owners than exchanges is for the caller to check, who holds those records.
    ///
    /// # Errors
    /// With fields under `change`: `exchange.unknown`; `member.code_taken`; `member.region_full`; `key.taken`;
    /// `body.malformed`; `member.proof_missing`; `member.proof_invalid`; `member.change_pending`; `member.state`;
    /// `ledger.closing`; `member.last_active`; `member.not_active` if the successor is not active and to stay so.
    pub fn enact(&self, proposal: ProposalId, change: &Change) -> Result<Exchange, Refusal> {
        self.changed(proposal, change).map_err(|refusal| refusal.within("change"))
    }

    fn changed(&self, proposal: ProposalId, change: &Change) -> Result<Exchange, Refusal> {
        let since_height = effect_height(self.height);
        match change {
            Change::Join { exchange, proofs } => self.join(exchange, proofs),
            Change::Leave { exchange, successor } => {
                let leaving = self.settled(exchange, &["active", "leaving"])?;
                self.succeeds(successor, exchange)?;
                let successor = successor.clone();
                Ok(leaving.clone().standing(Membership::Leaving { since_height, successor }))
            }
            Change::ReplaceKeys { exchange, keys } => self.replace_keys(exchange, keys),
            Change::Suspend { exchange, .. } => {
                let suspended = self.settled(exchange, &["active", "leaving"])?;
                self.another_stays(exchange)?;
                let cause = SuspensionCause::Proposal(proposal);
                Ok(suspended.clone().standing(Membership::Suspended { since_height, cause }))
            }
            Change::Close { exchange, successor, .. } => {
                self.region.closable(successor)?;
                Ok(self.exchange(exchange)?.clone())
            }
            Change::Reinstate { exchange } => {
                let suspended = self.settled(exchange, &["suspended"])?;
                let before = suspended.earlier.iter().rev().find(|step| step.acts());
                let next = match before {
                    Some(Membership::Leaving { successor, .. }) => {
                        Membership::Leaving { since_height, successor: successor.clone() }
                    }
                    _ => Membership::Active { since_height },
                };
                Ok(suspended.clone().standing(next))
            }
        }
    }

    fn join(
        &self,
        joining: &FoundExchange,
        proofs: &BTreeMap<KeyPurpose, PossessionProof>,
    ) -> Result<Exchange, Refusal> {
        self.region.takes_on(self.height).map_err(|refusal| refusal.within("exchange"))?;
        if self.region.exchanges.contains(&joining.code) {
            let expected = "a code that no exchange of the region ever had".to_owned();
            return Err(Refusal::new(RefusalCode::MemberCodeTaken, "exchange.code", expected));
        }
        if self.region.exchanges.len() - self.region.successors.len() >= MEMBERS_MAX {
            let expected = format!("a region of fewer than {MEMBERS_MAX} exchanges");
            return Err(Refusal::new(RefusalCode::MemberRegionFull, "exchange", expected));
        }
        let keys = joining.keys().map(|(_, key)| key);
        if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
            let expected = "four different keys".to_owned();
            return Err(Refusal::new(RefusalCode::BodyMalformed, "exchange", expected));
        }
        for (purpose, key) in joining.keys() {
            let field = format!("exchange.{}_key", purpose.as_str());
            self.key_is_free(&key).map_err(|refusal| refusal.within(&field))?;
        }
        joining.prove(&self.region.origin, proofs).map_err(|refusal| refusal.within("proofs"))?;
        Ok(Exchange::admit(joining, effect_height(self.height), self.now))
    }

    fn replace_keys(
        &self,
        code: &ExchangeCode,
        keys: &BTreeMap<KeyPurpose, NewKey>,
    ) -> Result<Exchange, Refusal> {
        let mut exchange = self.exchange(code)?.clone();
        exchange.may_act(self.height).map_err(|refusal| refusal.within("exchange"))?;
        let distinct: BTreeSet<_> = keys.values().map(|new| new.key).collect();
        if distinct.is_empty() || distinct.len() != keys.len() {
            let expected = "at least one new key, and no key twice".to_owned();
            return Err(Refusal::new(RefusalCode::BodyMalformed, "keys", expected));
        }
        for (purpose, new) in keys {
            let within = |refusal: Refusal| refusal.within(&format!("keys.{}", purpose.as_str()));
            self.key_is_free(&new.key).map_err(|refusal| within(refusal.within("key")))?;
            new.verify(&self.region.origin, code, *purpose).map_err(within)?;
            let since_height = exchange.keys_for(*purpose).since_height;
            if since_height > self.height {
                return Err(within(pending(code, since_height)));
            }
        }
        for (purpose, new) in keys {
            exchange = exchange.with_key(*purpose, new.key, effect_height(self.height));
        }
        Ok(exchange)
    }

    fn key_is_free(&self, key: &PublicKey) -> Result<(), Refusal> {
        if self.exchanges.values().any(|exchange| exchange.keys().any(|known| known == key)) {
            let expected = "a key that no exchange ever had".to_owned();
            return Err(Refusal::new(RefusalCode::KeyTaken, "", expected));
        }
        Ok(())
    }

    /// The exchange, if it stands in one of these ways and nothing else is decided of it yet.
    pub(crate) fn settled(&self, code: &ExchangeCode, standings: &[&str]) -> Result<&Exchange, Refusal> {
        let exchange = self.exchange(code)?;
        let latest = &exchange.membership;
        if latest.since_height() > self.height {
            return Err(pending(code, latest.since_height()).within("exchange"));
        }
        if !standings.contains(&latest.as_str()) {
            let expected =
                format!("an exchange that is {}; {code} is {}", standings.join(" or "), latest.as_str());
            return Err(Refusal::new(RefusalCode::MemberState, "exchange", expected));
        }
        Ok(exchange)
    }

    pub(crate) fn another_stays(&self, code: &ExchangeCode) -> Result<(), Refusal> {
        let stays = |other: &Exchange| other.code != *code && other.stays_active(self.height);
        if self.exchanges.values().any(stays) {
            return Ok(());
        }
        let expected = "another exchange that is active and stays so".to_owned();
        Err(Refusal::new(RefusalCode::MemberLastActive, "exchange", expected))
    }

    pub(crate) fn succeeds(&self, successor: &ExchangeCode, exchange: &ExchangeCode) -> Result<(), Refusal> {
        let stays = self.exchanges.get(successor).is_some_and(|other| other.stays_active(self.height));
        if stays && successor != exchange {
            return Ok(());
        }
        let expected = "another exchange that is active and stays so".to_owned();
        Err(Refusal::new(RefusalCode::MemberNotActive, "successor", expected))
    }
}

fn pending(code: &ExchangeCode, effect_height: Height) -> Refusal {
    let expected = format!("height {effect_height}, when what was decided of {code} is in force");
    Refusal::new(RefusalCode::MemberChangePending, "", expected)
}
