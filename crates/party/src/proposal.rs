//! Proposals 提案 to change who the region's exchanges are, and the votes on them.
//!
//! A proposal is its proposer's vote for it. It is accepted as soon as more than two thirds of those who have a say
//! approve, and refused as soon as that can no longer be. A say have the exchanges that are active at the height of the
//! vote, less the one that would be suspended; and nobody suspends another alone, so that takes two at least. An
//! exchange may change its vote, or cast it again, while the proposal is open: then it is counted anew among those who
//! have a say by then.

use crate::{FoundExchange, KeyPurpose, NewKey, PossessionProof};
use databourse_primitives::{
    ExchangeCode, Height, Line, ProposalId, Refusal, RefusalCode, Timestamp, quorum_of,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a proposal would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum Change {
    /// Another exchange joins 入链. Who it is in law is for those who vote to find out; that it has its keys, it proves.
    Join {
        /// The exchange.
        exchange: FoundExchange,
        /// That it has each of its keys: their own signatures over [`NewKey::signed_bytes`], one for each purpose.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        proofs: BTreeMap<KeyPurpose, PossessionProof>,
    },
    /// The proposing exchange begins to leave 退链. It takes its successor's own approval, too.
    Leave {
        /// The exchange.
        exchange: ExchangeCode,
        /// The active exchange that will take its book over 继任交易所. Proposing again while leaving names another.
        successor: ExchangeCode,
    },
    /// The proposing exchange signs with other keys.
    ReplaceKeys {
        /// The exchange.
        exchange: ExchangeCode,
        /// The new keys by purpose; at least one.
        keys: BTreeMap<KeyPurpose, NewKey>,
    },
    /// An exchange is suspended 暂停.
    Suspend {
        /// The exchange.
        exchange: ExchangeCode,
        /// Why.
        reason: Line,
    },
    /// The region closes its ledger 终结账本: takes nothing new, settles what is open, and then ends it by `ledger.close`.
    Close {
        /// The exchange that proposes it.
        exchange: ExchangeCode,
        /// Origin of the ledger that goes on 后继账本.
        successor: Line,
        /// Why.
        reason: Line,
    },
    /// A suspended exchange stands again as it did before 恢复.
    Reinstate {
        /// The exchange.
        exchange: ExchangeCode,
    },
}

impl Change {
    /// The exchange that it is about.
    pub const fn exchange(&self) -> &ExchangeCode {
        match self {
            Self::Join { exchange, .. } => &exchange.code,
            Self::Leave { exchange, .. }
            | Self::ReplaceKeys { exchange, .. }
            | Self::Suspend { exchange, .. }
            | Self::Close { exchange, .. }
            | Self::Reinstate { exchange } => exchange,
        }
    }

    /// Whether only the exchange that it is about, or that it names as proposing it, proposes it.
    pub const fn is_its_own(&self) -> bool {
        matches!(self, Self::Leave { .. } | Self::ReplaceKeys { .. } | Self::Close { .. })
    }

    /// The exchange without whose approval it is not accepted, beside the number that it takes.
    const fn must_approve(&self) -> Option<&ExchangeCode> {
        match self {
            Self::Leave { successor, .. } => Some(successor),
            _ => None,
        }
    }
}

/// `member.propose`: an exchange proposes a change of the region's membership, and votes for it by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeChange {
    /// What would change.
    pub change: Change,
}

/// `member.vote`: an exchange votes on a proposal 表决.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastVote {
    /// The proposal.
    pub proposal: ProposalId,
    /// For or against.
    pub approve: bool,
}

/// Where a proposal stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum ProposalState {
    /// Votes are counted.
    Open,
    /// More than two thirds approved.
    Accepted {
        /// Block time of the vote that accepted it.
        accepted_at: Timestamp,
        /// The first height at which the change is in force.
        effect_height: Height,
    },
    /// More than two thirds can no longer approve.
    Refused {
        /// Block time of the vote that refused it.
        refused_at: Timestamp,
    },
}

impl ProposalState {
    /// The state's name in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
        }
    }
}

/// A proposal to change the region's membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The id of its `member.propose` entry.
    pub id: ProposalId,
    /// The exchange that it is about.
    pub exchange: ExchangeCode,
    /// What would change.
    pub change: Change,
    /// Who proposed it.
    pub proposed_by: ExchangeCode,
    /// Block time of the proposal.
    pub proposed_at: Timestamp,
    /// The latest vote of each exchange that voted.
    pub votes: BTreeMap<ExchangeCode, bool>,
    /// Where it stands.
    pub state: ProposalState,
}

/// What votes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// More votes are needed.
    Open,
    /// Accepted.
    Accepted,
    /// Refused.
    Refused,
}

/// What an open proposal waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// How many of those who have a say approve now.
    pub approval_count: u32,
    /// How many must.
    pub approval_count_needed: u32,
    /// Those who have a say and did not vote yet.
    pub not_voted: BTreeSet<ExchangeCode>,
    /// The exchange without whose approval it is not accepted, while it did not approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_approve: Option<ExchangeCode>,
}

/// Who has a say in `change` among the `active` exchanges, and how many of them must approve.
///
/// # Errors
/// `member.quorum_unreachable` if they are too few.
fn electorate<'a>(
    change: &Change,
    active: &'a BTreeSet<ExchangeCode>,
) -> Result<(BTreeSet<&'a ExchangeCode>, usize), Refusal> {
    let is_suspension = matches!(change, Change::Suspend { .. });
    let has_a_say = |code: &&ExchangeCode| !(is_suspension && *code == change.exchange());
    let electorate: BTreeSet<_> = active.iter().filter(has_a_say).collect();
    let two_thirds = quorum_of(electorate.len());
    let needed = if is_suspension { two_thirds.max(2) } else { two_thirds };
    if needed > electorate.len() {
        let expected = format!("{needed} exchanges that have a say; there are {}", electorate.len());
        return Err(Refusal::new(RefusalCode::MemberQuorumUnreachable, "change", expected));
    }
    Ok((electorate, needed))
}

impl Proposal {
    /// What its votes come to among the `active` exchanges.
    ///
    /// # Errors
    /// `member.quorum_unreachable` if those who have a say are too few.
    pub fn tally(&self, active: &BTreeSet<ExchangeCode>) -> Result<Tally, Refusal> {
        let (electorate, needed) = electorate(&self.change, active)?;
        let count =
            |approve| electorate.iter().filter(|code| self.votes.get(**code) == Some(&approve)).count();
        let indispensable = self.change.must_approve().map(|code| self.votes.get(code));
        let lost = electorate.len() - count(false) < needed || indispensable == Some(Some(&false));
        let won = count(true) >= needed && indispensable.is_none_or(|vote| vote == Some(&true));
        Ok(match (won, lost) {
            (_, true) => Tally::Refused,
            (true, false) => Tally::Accepted,
            (false, false) => Tally::Open,
        })
    }

    /// What it waits for among the `active` exchanges; nothing if it is decided.
    ///
    /// # Errors
    /// `member.quorum_unreachable` if those who have a say are too few.
    pub fn missing(&self, active: &BTreeSet<ExchangeCode>) -> Result<Option<Missing>, Refusal> {
        if self.state != ProposalState::Open {
            return Ok(None);
        }
        let (electorate, needed) = electorate(&self.change, active)?;
        let vote = |code: &&ExchangeCode| self.votes.get(*code).copied();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let approves = |code: &ExchangeCode| self.votes.get(code) == Some(&true);
        Ok(Some(Missing {
            approval_count: count(electorate.iter().filter(|code| vote(code) == Some(true)).count()),
            approval_count_needed: count(needed),
            not_voted: electorate
                .iter()
                .filter(|code| vote(code).is_none())
                .map(|code| (*code).clone())
                .collect(),
            must_approve: self.change.must_approve().filter(|code| !approves(code)).cloned(),
        }))
    }

    /// Refuses unless votes are still counted.
    ///
    /// # Errors
    /// `member.proposal_closed`.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        match &self.state {
            ProposalState::Open => Ok(()),
            state => {
                let expected = format!("an open proposal; this one is {}", state.as_str());
                Err(Refusal::new(RefusalCode::MemberProposalClosed, "proposal", expected))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(number: usize) -> ExchangeCode {
        format!("x{number}").parse().unwrap()
    }

    fn proposal(change: Change, votes: &[(usize, bool)]) -> Proposal {
        Proposal {
            id: "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap(),
            exchange: change.exchange().clone(),
            change,
            proposed_by: code(0),
            proposed_at: Timestamp::EPOCH,
            votes: votes.iter().map(|(number, approve)| (code(*number), *approve)).collect(),
            state: ProposalState::Open,
        }
    }

    fn reinstate() -> Change {
        Change::Reinstate { exchange: code(99) }
    }

    fn suspend(number: usize) -> Change {
        Change::Suspend { exchange: code(number), reason: "does not pay".parse().unwrap() }
    }

    fn leave() -> Change {
        Change::Leave { exchange: code(0), successor: code(1) }
    }

    #[track_caller]
    fn check(change: Change, active: usize, votes: &[(usize, bool)], expected: Option<Tally>) {
        let active: BTreeSet<_> = (0..active).map(code).collect();
        assert_eq!(proposal(change, votes).tally(&active).ok(), expected);
    }

    #[test]
    fn more_than_two_thirds_of_the_active_decide() {
        use Tally::*;
        check(reinstate(), 1, &[(0, true)], Some(Accepted));
        check(reinstate(), 2, &[(0, true)], Some(Open));
        check(reinstate(), 3, &[(0, true), (1, true)], Some(Open));
        check(reinstate(), 3, &[(0, true), (1, false)], Some(Refused));
        check(reinstate(), 4, &[(0, true), (1, true)], Some(Open));
        check(reinstate(), 4, &[(0, true), (1, true), (2, true)], Some(Accepted));
        check(reinstate(), 4, &[(0, true), (1, false)], Some(Open));
        check(reinstate(), 4, &[(0, true), (1, false), (3, false)], Some(Refused));
        // Who is not active any more is not counted.
        check(reinstate(), 4, &[(0, true), (1, true), (9, true)], Some(Open));
        check(reinstate(), 2, &[(0, true), (1, true), (9, false)], Some(Accepted));
    }

    #[test]
    fn who_would_be_suspended_is_not_counted_and_nobody_suspends_alone() {
        use Tally::*;
        check(suspend(1), 2, &[(0, true)], None);
        check(suspend(2), 3, &[(0, true)], Some(Open));
        check(suspend(2), 3, &[(0, true), (2, false)], Some(Open));
        check(suspend(2), 3, &[(0, true), (1, true)], Some(Accepted));
        check(suspend(3), 4, &[(0, true), (1, true)], Some(Open));
        check(suspend(3), 4, &[(0, true), (1, true), (3, true)], Some(Open));
        check(suspend(3), 4, &[(0, true), (1, true), (2, true)], Some(Accepted));
        check(suspend(3), 4, &[(0, true), (1, false)], Some(Refused));
    }

    #[test]
    fn nobody_succeeds_another_against_its_will() {
        use Tally::*;
        check(leave(), 4, &[(0, true), (2, true), (3, true)], Some(Open));
        check(leave(), 4, &[(0, true), (2, true), (1, true)], Some(Accepted));
        check(leave(), 4, &[(0, true), (1, false)], Some(Refused));
    }

    #[test]
    fn an_open_proposal_says_what_it_waits_for() {
        let active: BTreeSet<_> = (0..4).map(code).collect();
        let missing = |change, votes: &[(usize, bool)]| {
            let missing = proposal(change, votes).missing(&active).unwrap().unwrap();
            let not_voted: Vec<_> = missing.not_voted.iter().map(ToString::to_string).collect();
            let must_approve = missing.must_approve.map(|code| code.to_string());
            (missing.approval_count, missing.approval_count_needed, not_voted.join(" "), must_approve)
        };
        assert_eq!(missing(reinstate(), &[(0, true), (2, false)]), (1, 3, "x1 x3".to_owned(), None));
        assert_eq!(missing(suspend(1), &[(0, true)]), (1, 3, "x2 x3".to_owned(), None));
        // The successor's own approval is waited for beside the number.
        let successor = Some("x1".to_owned());
        assert_eq!(missing(leave(), &[(0, true), (2, true), (3, true)]), (3, 3, "x1".to_owned(), successor));
        assert_eq!(missing(leave(), &[(0, true), (1, true)]), (2, 3, "x2 x3".to_owned(), None));
        // Who has no say any more is neither counted nor waited for.
        assert_eq!(missing(reinstate(), &[(0, true), (9, true)]), (1, 3, "x1 x2 x3".to_owned(), None));
        let mut decided = proposal(reinstate(), &[(0, true)]);
        decided.state = ProposalState::Refused { refused_at: Timestamp::EPOCH };
        assert_eq!(decided.missing(&active).unwrap(), None);
    }

    proptest! {
        /// Whatever the votes, the tally says exactly what more than two thirds means; what is refused could not be
        /// accepted by any votes still to come, and what is accepted stays so.
        #[test]
        fn a_tally_is_exact_and_final(active in 1..20_usize, votes in prop::collection::vec(prop::option::of(any::<bool>()), 20)) {
            let cast: Vec<_> = (0..active).filter_map(|number| Some((number, votes[number]?))).collect();
            let set: BTreeSet<_> = (0..active).map(code).collect();
            let tally = |votes: &[(usize, bool)]| proposal(reinstate(), votes).tally(&set).unwrap();
            let approvals = cast.iter().filter(|(_, approve)| *approve).count();
            prop_assert_eq!(tally(&cast) == Tally::Accepted, 3 * approvals > 2 * active);
            let rest = |approve| {
                let missing = (0..active).filter(|number| cast.iter().all(|(other, _)| other != number));
                cast.iter().copied().chain(missing.map(|number| (number, approve))).collect::<Vec<_>>()
            };
            match tally(&cast) {
                Tally::Accepted => prop_assert_eq!(tally(&rest(false)), Tally::Accepted),
                Tally::Refused => prop_assert_eq!(tally(&rest(true)), Tally::Refused),
                Tally::Open => {
                    prop_assert_eq!(tally(&rest(true)), Tally::Accepted);
                    prop_assert_eq!(tally(&rest(false)), Tally::Refused);
                }
            }
        }
    }
}
