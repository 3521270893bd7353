//! What becomes of memberships: proposing, voting, what an accepted proposal does, double signing, departing.
//!
//! At most one change of an exchange's standing, and one of its keys, is on its way at a time; whoever asks for another
//! one meanwhile is refused and asks again two heights later. And whatever ends an exchange's part needs another one
//! that is active and stays so. From these two it follows that the voters of two consecutive heights have an exchange in
//! common, and that there always are voters.

use crate::{
    CastVote, Change, Exchange, FoundExchange, KeyPurpose, MEMBERS_MAX, Membership, NewKey, Proposal,
    ProposalState, ProposeChange, Region, SuspensionCause, Tally, effect_height,
};
use databourse_ledger::DoubleSigning;
use databourse_primitives::{
    EntryId, ExchangeCode, Height, ProposalId, PublicKey, Refusal, RefusalCode, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `member.report`: an exchange shows that another signed two messages of which it may sign one. Everybody checks the
/// evidence, so it takes no vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportMisbehaviour {
    /// The two messages.
    pub evidence: DoubleSigning,
}

/// `member.depart`: a leaving exchange leaves, once its obligations are settled; its successor takes its book over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartRegion {
    /// The exchange, which signs it.
    pub exchange: ExchangeCode,
}

/// Misbehaviour that was shown, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisbehaviourRecord {
    /// Its entry.
    pub id: EntryId,
    /// The two messages.
    pub evidence: DoubleSigning,
    /// Who showed them.
    pub reported_by: ExchangeCode,
    /// Block time of the entry.
    pub reported_at: Timestamp,
    /// The first height at which the exchange is suspended for it.
    pub effect_height: Height,
}

/// The exchanges of a region as one command finds them.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    /// The region.
    pub region: &'a Region,
    /// Every exchange that is or was a member.
    pub exchanges: &'a BTreeMap<ExchangeCode, Exchange>,
    /// The height of the block.
    pub height: Height,
    /// Its time.
    pub now: Timestamp,
}

fn refused(code: RefusalCode, field: &'static str, expected: String) -> Refusal {
    Refusal::new(code, field, expected)
}

impl Members<'_> {
    /// The exchange called `code`.
    ///
    /// # Errors
    /// `exchange.unknown` at `exchange`.
    pub fn exchange(&self, code: &ExchangeCode) -> Result<&Exchange, Refusal> {
        self.region.has(code)?;
        let unknown = || refused(RefusalCode::ExchangeUnknown, "exchange", "an exchange".to_owned());
        self.exchanges.get(code).ok_or_else(unknown)
    }

    /// The exchanges that are active at this height.
    pub fn active(&self) -> BTreeSet<ExchangeCode> {
        let active = self.exchanges.values().filter(|exchange| exchange.is_active_at(self.height));
        active.map(|exchange| exchange.code.clone()).collect()
    }

    /// Makes a proposal, which is its proposer's vote for it. Says what the vote comes to; see [`Members::enact`].
    ///
    /// # Errors
    /// `member.not_active` unless the proposer is active, or leaving and proposes for itself; `member.not_concerned`;
    /// `member.vote_barred`; `member.quorum_unreachable`; those of [`Members::enact`].
    pub fn propose(
        &self,
        id: ProposalId,
        command: &ProposeChange,
        by: &ExchangeCode,
    ) -> Result<(Proposal, Tally), Refusal> {
        let change = &command.change;
        let proposer = self.exchange(by)?;
        if change.is_its_own() {
            proposer.may_act(self.height)?;
            if change.exchange() != by {
                let expected = format!("a proposal by {} itself", change.exchange());
                return Err(refused(RefusalCode::MemberNotConcerned, "change.exchange", expected));
            }
        } else {
            self.may_vote(proposer, change)?;
        }
        self.enact(id, change)?;
        let proposal = Proposal {
            id,
            exchange: change.exchange().clone(),
            change: change.clone(),
            proposed_by: by.clone(),
            proposed_at: self.now,
            votes: BTreeMap::from([(by.clone(), true)]),
            state: ProposalState::Open,
        };
        self.counted(proposal)
    }

    /// Records a vote and says what the votes come to; see [`Members::enact`].
    ///
    /// # Errors
    /// `member.not_active`; `member.vote_barred`; `member.proposal_closed`; `member.quorum_unreachable`.
    pub fn vote(
        &self,
        mut proposal: Proposal,
        command: &CastVote,
        by: &ExchangeCode,
    ) -> Result<(Proposal, Tally), Refusal> {
        self.may_vote(self.exchange(by)?, &proposal.change)?;
        proposal.must_be_open()?;
        proposal.votes.insert(by.clone(), command.approve);
        self.counted(proposal)
    }

    fn may_vote(&self, voter: &Exchange, change: &Change) -> Result<(), Refusal> {
        if !voter.is_active_at(self.height) {
            let expected = "an active exchange".to_owned();
            return Err(refused(RefusalCode::MemberNotActive, "", expected));
        }
        if matches!(change, Change::Suspend { exchange, .. } if *exchange == voter.code) {
            let expected = "an exchange that would not be suspended by it".to_owned();
            return Err(refused(RefusalCode::MemberVoteBarred, "", expected));
        }
        Ok(())
    }

    fn counted(&self, mut proposal: Proposal) -> Result<(Proposal, Tally), Refusal> {
        let tally = proposal.tally(&self.active())?;
        proposal.state = match tally {
            Tally::Open => ProposalState::Open,
            Tally::Accepted => {
                ProposalState::Accepted { accepted_at: self.now, effect_height: effect_height(self.height) }
            }
            Tally::Refused => ProposalState::Refused { refused_at: self.now },
        };
        Ok((proposal, tally))
    }

    /// The exchange that a change is about, as it is once `proposal` is accepted at this height. Whether keys are free of
    /// other owners than exchanges is for the caller to check, who holds those records.
    ///
    /// # Errors
    /// With fields under `change`: `exchange.unknown`; `member.code_taken`; `member.region_full`; `key.taken`;
    /// `body.malformed`; `member.proof_invalid`; `member.change_pending`; `member.state`; `member.last_active`;
    /// `member.not_active` if the successor is not active and to stay so.
    pub fn enact(&self, proposal: ProposalId, change: &Change) -> Result<Exchange, Refusal> {
        let since_height = effect_height(self.height);
        let changed = match change {
            Change::Join { exchange } => self.join(exchange),
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
        };
        changed.map_err(|refusal| refusal.within("change"))
    }

    fn join(&self, joining: &FoundExchange) -> Result<Exchange, Refusal> {
        if self.region.exchanges.contains(&joining.code) {
            let expected = "a code that no exchange of the region ever had".to_owned();
            return Err(refused(RefusalCode::MemberCodeTaken, "exchange.code", expected));
        }
        if self.region.exchanges.len() - self.region.successors.len() >= MEMBERS_MAX {
            let expected = format!("a region of fewer than {MEMBERS_MAX} exchanges");
            return Err(refused(RefusalCode::MemberRegionFull, "exchange", expected));
        }
        let keys = joining.keys().map(|(_, key)| key);
        if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
            let expected = "four different keys".to_owned();
            return Err(refused(RefusalCode::BodyMalformed, "exchange", expected));
        }
        for (purpose, key) in joining.keys() {
            let field = format!("exchange.{}_key", purpose.as_str());
            self.key_is_free(&key).map_err(|refusal| refusal.within(&field))?;
        }
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
            return Err(refused(RefusalCode::BodyMalformed, "keys", expected));
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
            return Err(refused(RefusalCode::KeyTaken, "", expected));
        }
        Ok(())
    }

    /// The exchange, if it stands in one of these ways and nothing else is decided of it yet.
    fn settled(&self, code: &ExchangeCode, standings: &[&str]) -> Result<&Exchange, Refusal> {
        let exchange = self.exchange(code)?;
        let latest = &exchange.membership;
        if latest.since_height() > self.height {
            return Err(pending(code, latest.since_height()));
        }
        if !standings.contains(&latest.as_str()) {
            let expected =
                format!("an exchange that is {}; {code} is {}", standings.join(" or "), latest.as_str());
            return Err(refused(RefusalCode::MemberState, "exchange", expected));
        }
        Ok(exchange)
    }

    fn another_stays(&self, code: &ExchangeCode) -> Result<(), Refusal> {
        let stays = |other: &Exchange| other.code != *code && other.stays_active(self.height);
        if self.exchanges.values().any(stays) {
            return Ok(());
        }
        let expected = "another exchange that is active and stays so".to_owned();
        Err(refused(RefusalCode::MemberLastActive, "exchange", expected))
    }

    fn succeeds(&self, successor: &ExchangeCode, exchange: &ExchangeCode) -> Result<(), Refusal> {
        let stays = self.exchanges.get(successor).is_some_and(|other| other.stays_active(self.height));
        if stays && successor != exchange {
            return Ok(());
        }
        let expected = "another exchange that is active and stays so".to_owned();
        Err(refused(RefusalCode::MemberNotActive, "successor", expected))
    }

    /// Suspends an exchange for what `command` shows. A suspension answers for everything that was signed before it: what
    /// is shown later of that time is refused.
    ///
    /// # Errors
    /// With fields under `evidence`: `exchange.unknown`; `evidence.invalid` also for a height that is still to come or at
    /// which the exchange did not vote; `evidence.known`; `member.state` if it has left; `member.change_pending`;
    /// `member.last_active`.
    pub fn report(
        &self,
        id: EntryId,
        command: &ReportMisbehaviour,
        by: &ExchangeCode,
    ) -> Result<(Exchange, MisbehaviourRecord), Refusal> {
        let within = |refusal: Refusal| refusal.within("evidence");
        let evidence = &command.evidence;
        let offender = self.exchange(&evidence.exchange).map_err(within)?;
        let shown = evidence.first.message.height;
        let answered = |step: &Membership| matches!(step, Membership::Suspended { since_height, .. } if *since_height > shown);
        if offender.earlier.iter().chain([&offender.membership]).any(answered) {
            let expected = format!("a height after the suspension of {}", offender.code);
            return Err(within(refused(RefusalCode::EvidenceKnown, "first.message.height", expected)));
        }
        let key = offender.consensus_key.at(shown).filter(|_| offender.votes_at(shown));
        let Some(key) = key.filter(|_| shown <= self.height) else {
            let expected = format!("a height up to {} at which {} voted", self.height, offender.code);
            return Err(within(refused(RefusalCode::EvidenceInvalid, "first.message.height", expected)));
        };
        evidence.verify(&self.region.origin, key).map_err(within)?;
        let offender = self.settled(&evidence.exchange, &["active", "leaving"]).map_err(within)?;
        self.another_stays(&evidence.exchange).map_err(within)?;
        let since_height = effect_height(self.height);
        let cause = SuspensionCause::Misbehaviour(id);
        let suspended = offender.clone().standing(Membership::Suspended { since_height, cause });
        let record = MisbehaviourRecord {
            id,
            evidence: evidence.clone(),
            reported_by: by.clone(),
            reported_at: self.now,
            effect_height: since_height,
        };
        Ok((suspended, record))
    }

    /// Ends the membership of a leaving exchange. Whether its obligations are settled is for the caller to check, who
    /// holds accounts and windows. Returns the exchange, and the region in which its successor stands in for it.
    ///
    /// # Errors
    /// `member.not_concerned` unless it signs itself; `member.change_pending`; `member.state` unless leaving;
    /// `member.not_active` if the successor is not active and to stay so.
    pub fn depart(&self, command: &DepartRegion, by: &ExchangeCode) -> Result<(Exchange, Region), Refusal> {
        let code = &command.exchange;
        if code != by {
            let expected = format!("an entry of {code} itself");
            return Err(refused(RefusalCode::MemberNotConcerned, "exchange", expected));
        }
        let exchange = self.settled(code, &["leaving"])?;
        let Membership::Leaving { successor, .. } = exchange.membership.clone() else {
            let expected = "a leaving exchange".to_owned();
            return Err(refused(RefusalCode::MemberState, "exchange", expected));
        };
        self.succeeds(&successor, code).map_err(|mut refusal| {
            refusal.field = "exchange".into();
            refusal
        })?;
        let mut region = self.region.clone();
        region.successors.add(code.clone(), successor.clone());
        let since_height = effect_height(self.height);
        Ok((exchange.clone().standing(Membership::Left { since_height, successor }), region))
    }
}

fn pending(code: &ExchangeCode, effect_height: Height) -> Refusal {
    let expected = format!("height {effect_height}, when what was decided of {code} is in force");
    refused(RefusalCode::MemberChangePending, "exchange", expected)
}
