//! What becomes of memberships: proposing, voting, what an accepted proposal does, double signing, departing.
//!
//! At most one change of an exchange's standing, and one of its keys, is on its way at a time; whoever asks for another
//! one meanwhile is refused and asks again two heights later. And whatever ends an exchange's part needs another one
//! that is active and stays so. From these two it follows that the voters of two consecutive heights have an exchange in
//! common, and that there always are voters.

use crate::{
    CastVote, Change, Exchange, Proposal, ProposalState, ProposeChange, Region, Tally, effect_height,
};
use databourse_primitives::{ExchangeCode, Height, ProposalId, Refusal, RefusalCode, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

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

impl Members<'_> {
    /// The exchange called `code`.
    ///
    /// # Errors
    /// `exchange.unknown` at `exchange`.
    pub fn exchange(&self, code: &ExchangeCode) -> Result<&Exchange, Refusal> {
        self.region.has(code)?;
        let unknown = || Refusal::new(RefusalCode::ExchangeUnknown, "exchange", "an exchange".to_owned());
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
                return Err(Refusal::new(RefusalCode::MemberNotConcerned, "change.exchange", expected));
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
            return Err(Refusal::new(RefusalCode::MemberNotActive, "", expected));
        }
        if matches!(change, Change::Suspend { exchange, .. } if *exchange == voter.code) {
            let expected = "an exchange that would not be suspended by it".to_owned();
            return Err(Refusal::new(RefusalCode::MemberVoteBarred, "", expected));
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
}
