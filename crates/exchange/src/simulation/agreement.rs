//! A model of the agreement on one height: the rules of Tendermint (Buchman, Kwon, Milosevic 2018, algorithm 1) without
//! its network. The line of each rule stands beside it.

use super::vote::{Kind, Offer, Stage, Vote, VoteLog};
use databourse_consensus::Validator;
use databourse_ledger::ConsensusSignature;
use databourse_primitives::{Digest, ExchangeCode};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many different votes of one voter are kept where an honest one gives one.
const SAID_MAX: usize = 3;

/// What the node has to do.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// It is its turn: with the block of an earlier round, if more than two thirds prevoted one.
    Propose { round: u32, again: Option<(u32, Digest)> },
    /// Tells the others.
    Say(Vote),
    /// Calls back later.
    Timer { round: u32, stage: Stage },
    /// A block is agreed on.
    Decide { round: u32, block_id: Digest },
}

/// See the module.
pub(super) struct Agreement {
    own: Option<Validator>,
    validators: Vec<Validator>,
    quorum: usize,
    pub(super) log: VoteLog,
    /// Who votes twice is counted on both sides: others may have acted on either.
    votes: BTreeMap<(u32, Kind), BTreeMap<ExchangeCode, Vec<Vote>>>,
    offers: BTreeMap<u32, Vec<Arc<Offer>>>,
    /// Blocks that this node has looked at, and whether it may vote for them.
    judged: BTreeMap<Digest, bool>,
    fired: BTreeSet<(u32, u8)>,
    has_begun: bool,
    is_decided: bool,
    /// Pairs of which an honest voter says one.
    pub(super) conflicts: Vec<(Vote, Vote)>,
    acts: Vec<Act>,
}

impl Agreement {
    /// Goes on from `log`, if that is of this height.
    pub(super) fn new(
        height: u64,
        own: Option<Validator>,
        validators: Vec<Validator>,
        quorum: usize,
        log: VoteLog,
    ) -> Self {
        let log = if log.height == height { log } else { VoteLog { height, ..VoteLog::default() } };
        let mut agreement = Self {
            own,
            validators,
            quorum,
            votes: BTreeMap::new(),
            offers: BTreeMap::new(),
            judged: BTreeMap::new(),
            fired: BTreeSet::new(),
            has_begun: false,
            is_decided: false,
            conflicts: Vec::new(),
            acts: Vec::new(),
            log,
        };
        for vote in std::mem::take(&mut agreement.log.votes) {
            agreement.hear(vote);
        }
        agreement
    }

    pub(super) fn validator(&self, exchange: &ExchangeCode) -> Option<&Validator> {
        self.validators.iter().find(|validator| validator.exchange == *exchange)
    }

    pub(super) const fn quorum(&self) -> usize {
        self.quorum
    }

    pub(super) fn own(&self) -> Option<&Validator> {
        self.own.as_ref()
    }

    pub(super) fn proposer(&self, round: u32) -> &Validator {
        &self.validators[round as usize % self.validators.len()]
    }

    /// Takes a vote in; whether it was new. It is of the log, as the engine has it: who is locked can show why after a crash,
    /// though those who voted may be away.
    pub(super) fn hear(&mut self, vote: Vote) -> bool {
        let is_voters = self.validator(&vote.voter).is_some_and(|voter| vote.is_of(voter));
        if vote.height != self.log.height || !is_voters {
            return false;
        }
        let said = self.votes.entry((vote.round, vote.kind)).or_default();
        let said = said.entry(vote.voter.clone()).or_default();
        if said.contains(&vote) || said.len() == SAID_MAX {
            return false;
        }
        let is_known = self
            .conflicts
            .iter()
            .any(|(one, _)| (one.round, one.kind, &one.voter) == (vote.round, vote.kind, &vote.voter));
        if let Some(first) = said.first().filter(|_| !is_known) {
            self.conflicts.push((first.clone(), vote.clone()));
        }
        said.push(vote.clone());
        self.log.votes.push(vote);
        true
    }

    /// Takes a proposal in whose block this node has looked at.
    pub(super) fn offered(&mut self, offer: Arc<Offer>, is_valid: bool) {
        self.judged.insert(offer.block_id, is_valid);
        let offers = self.offers.entry(offer.round).or_default();
        if offers.len() < 2 && offers.iter().all(|known| known.block_id != offer.block_id) {
            offers.push(offer);
        }
    }

    /// A block of the log of before.
    pub(super) fn judged(&mut self, block_id: Digest, is_valid: bool) {
        self.judged.insert(block_id, is_valid);
    }

    /// Everything that was said so far.
    pub(super) fn said(&self) -> Vec<Vote> {
        self.votes.values().flat_map(|votes| votes.values().flatten().cloned()).collect()
    }

    /// Blocks that somebody votes for and nobody has shown.
    pub(super) fn unseen(&self) -> BTreeMap<Digest, ExchangeCode> {
        let votes = self.votes.values().flat_map(|votes| votes.values().flatten());
        let named = votes.filter_map(|vote| Some((vote.block_id?, vote.voter.clone())));
        named.filter(|(id, _)| !self.judged.contains_key(id)).collect()
    }

    /// The proposals of the round under way, and of the block that may be proposed again.
    pub(super) fn shown(&self) -> Vec<Arc<Offer>> {
        self.offers.get(&self.log.round).cloned().unwrap_or_default()
    }

    pub(super) fn offer_of(&self, block_id: Digest) -> Option<Arc<Offer>> {
        self.offers.values().flatten().find(|offer| offer.block_id == block_id).cloned()
    }

    /// Who precommitted that block in that round.
    pub(super) fn precommits(
        &self,
        round: u32,
        block_id: Digest,
    ) -> BTreeMap<ExchangeCode, ConsensusSignature> {
        let votes = self.votes.get(&(round, Kind::Precommit)).into_iter().flat_map(BTreeMap::values);
        let for_it = votes.flatten().filter(|vote| vote.block_id == Some(block_id));
        for_it.map(|vote| (vote.voter.clone(), ConsensusSignature(vote.signature()))).collect()
    }

    fn count(&self, round: u32, kind: Kind, block_id: Option<Digest>) -> usize {
        let votes = self.votes.get(&(round, kind)).into_iter().flat_map(BTreeMap::values);
        votes.filter(|said| said.iter().any(|vote| vote.block_id == block_id)).count()
    }

    fn total(&self, round: u32, kind: Kind) -> usize {
        self.votes.get(&(round, kind)).map_or(0, BTreeMap::len)
    }

    fn is_valid(&self, block_id: Digest) -> bool {
        self.judged.get(&block_id).copied().unwrap_or(false)
    }

    /// Once for each round.
    fn fires(&mut self, round: u32, rule: u8) -> bool {
        self.fired.insert((round, rule))
    }

    /// L11.
    fn start(&mut self, round: u32) {
        (self.log.round, self.log.stage) = (round, Stage::Propose);
        self.begin_round(round);
    }

    fn begin_round(&mut self, round: u32) {
        let is_own_turn = self.own.as_ref().is_some_and(|own| own.exchange == self.proposer(round).exchange);
        if is_own_turn && self.log.stage == Stage::Propose {
            self.acts.push(Act::Propose { round, again: self.log.valid });
        }
        self.acts.push(Act::Timer { round, stage: Stage::Propose });
    }

    fn vote(&mut self, kind: Kind, block_id: Option<Digest>) {
        let round = self.log.round;
        self.log.stage = if kind == Kind::Prevote { Stage::Prevote } else { Stage::Precommit };
        let Some(own) = &self.own else { return };
        let has_voted = self.votes.get(&(round, kind)).is_some_and(|votes| votes.contains_key(&own.exchange));
        if !has_voted {
            let vote = Vote::new((self.log.height, round), kind, block_id, own);
            self.hear(vote.clone());
            self.acts.push(Act::Say(vote));
        }
    }

    /// L57–L67.
    pub(super) fn time_is_up(&mut self, round: u32, stage: Stage) {
        if round != self.log.round || self.is_decided {
            return;
        }
        match stage {
            Stage::Propose if self.log.stage == Stage::Propose => self.vote(Kind::Prevote, None),
            Stage::Prevote if self.log.stage == Stage::Prevote => self.vote(Kind::Precommit, None),
            Stage::Precommit => self.start(round + 1),
            _ => {}
        }
    }

    /// Applies the rules until none applies, and gives what is to be done.
    pub(super) fn advance(&mut self) -> Vec<Act> {
        if !self.has_begun {
            self.has_begun = true;
            self.begin_round(self.log.round);
        }
        while !self.is_decided && self.apply() {}
        std::mem::take(&mut self.acts)
    }

    /// One rule, if one applies.
    fn apply(&mut self) -> bool {
        self.decides() || self.skips() || self.prevotes() || self.locks() || self.gives_up()
    }

    /// L49.
    fn decides(&mut self) -> bool {
        let ids: Vec<(u32, Digest)> = self
            .votes
            .iter()
            .filter(|((_, kind), _)| *kind == Kind::Precommit)
            .flat_map(|((round, _), votes)| votes.values().flatten().map(|vote| (*round, vote.block_id)))
            .filter_map(|(round, block_id)| Some((round, block_id?)))
            .collect();
        for (round, block_id) in ids {
            if self.judged.contains_key(&block_id)
                && self.count(round, Kind::Precommit, Some(block_id)) >= self.quorum
            {
                self.is_decided = true;
                self.acts.push(Act::Decide { round, block_id });
                return true;
            }
        }
        false
    }

    /// L55: more than a third is further.
    fn skips(&mut self) -> bool {
        let mut voters: BTreeMap<u32, BTreeSet<&ExchangeCode>> = BTreeMap::new();
        for ((round, _), votes) in self.votes.range((self.log.round + 1, Kind::Prevote)..) {
            voters.entry(*round).or_default().extend(votes.keys());
        }
        let enough = self.validators.len() - self.quorum + 1;
        let further = voters.into_iter().rev().find(|(_, voters)| voters.len() >= enough);
        let Some(round) = further.map(|(round, _)| round) else { return false };
        self.start(round);
        true
    }

    /// L22 and L28.
    fn prevotes(&mut self) -> bool {
        if self.log.stage != Stage::Propose {
            return false;
        }
        let round = self.log.round;
        for offer in self.offers.get(&round).cloned().unwrap_or_default() {
            let is_locked_on_it = self.log.locked.is_some_and(|(_, id)| id == offer.block_id);
            let may = match offer.valid_round {
                None => self.log.locked.is_none() || is_locked_on_it,
                Some(earlier) if earlier < round => {
                    if self.count(earlier, Kind::Prevote, Some(offer.block_id)) < self.quorum {
                        continue;
                    }
                    self.log.locked.is_none_or(|(locked, _)| locked <= earlier) || is_locked_on_it
                }
                Some(_) => continue,
            };
            let is_for_it = may && self.is_valid(offer.block_id);
            self.vote(Kind::Prevote, is_for_it.then_some(offer.block_id));
            return true;
        }
        false
    }

    /// L36.
    fn locks(&mut self) -> bool {
        let round = self.log.round;
        if self.log.stage == Stage::Propose {
            return false;
        }
        for offer in self.offers.get(&round).cloned().unwrap_or_default() {
            let id = offer.block_id;
            if self.count(round, Kind::Prevote, Some(id)) < self.quorum || !self.is_valid(id) {
                continue;
            }
            if self.fires(round, 36) {
                self.log.valid = Some((round, id));
                if self.log.stage == Stage::Prevote {
                    self.log.locked = Some((round, id));
                    self.vote(Kind::Precommit, Some(id));
                }
                return true;
            }
        }
        false
    }

    /// L34, L44, L47.
    fn gives_up(&mut self) -> bool {
        let round = self.log.round;
        if self.log.stage == Stage::Prevote && self.count(round, Kind::Prevote, None) >= self.quorum {
            self.vote(Kind::Precommit, None);
            return true;
        }
        if self.log.stage == Stage::Prevote
            && self.total(round, Kind::Prevote) >= self.quorum
            && self.fires(round, 34)
        {
            self.acts.push(Act::Timer { round, stage: Stage::Prevote });
            return true;
        }
        if self.total(round, Kind::Precommit) >= self.quorum && self.fires(round, 47) {
            self.acts.push(Act::Timer { round, stage: Stage::Precommit });
            return true;
        }
        false
    }
}
