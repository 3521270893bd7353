//! The end of a ledger 账本终结: decided as membership is, then everything open is settled, then one last entry.
//!
//! | step | what | who |
//! |---|---|---|
//! | decide | `member.propose` of [`crate::Change::Close`] and votes: more than two thirds | the active exchanges |
//! | settle | from two heights later on nothing new is taken on; orders, windows and breaks are ended as always | everybody |
//! | close | `ledger.close`, refused while anything is open | any active exchange |
//!
//! `ledger.close` is the last entry of the ledger, and it names the ledger that goes on: so whoever has the last checkpoint
//! and that one entry knows that nothing came after it.

use crate::{Region, effect_height};
use databourse_primitives::{Height, Line, ProposalId, Refusal, RefusalCode, Timestamp};
use serde::{Deserialize, Serialize};

/// `ledger.close`: the last entry of a ledger, in the words that the region decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseLedger {
    /// Origin of the ledger that goes on.
    pub successor: Line,
    /// Why.
    pub reason: Line,
}

impl CloseLedger {
    /// The type of its entry.
    pub const ENTRY_TYPE: &'static str = "ledger.close";
}

/// How far the end has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum ClosingState {
    /// Nothing new is taken on; what is open is being settled.
    Settling,
    /// The last entry was made.
    Closed {
        /// Height of its block, the last.
        height: Height,
        /// Block time of it.
        closed_at: Timestamp,
    },
}

/// That a region closes its ledger, or has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The proposal that decided it.
    pub proposal: ProposalId,
    /// Origin of the ledger that goes on 后继账本.
    pub successor: Line,
    /// Why.
    pub reason: Line,
    /// The first height at which nothing new is taken on.
    pub since_height: Height,
    /// How far it is.
    pub state: ClosingState,
}

impl Region {
    /// The last block, if the ledger is closed.
    pub fn last_height(&self) -> Option<Height> {
        match self.closing.as_ref()?.state {
            ClosingState::Settling => None,
            ClosingState::Closed { height, .. } => Some(height),
        }
    }

    /// Refuses whatever comes after the last entry.
    ///
    /// # Errors
    /// `ledger.closed`.
    pub fn goes_on(&self) -> Result<(), Refusal> {
        match (&self.closing, self.last_height()) {
            (Some(closing), Some(height)) => {
                let expected = format!(
                    "an entry for {}; this ledger ended with block {height}",
                    closing.successor.as_str()
                );
                Err(Refusal::new(RefusalCode::LedgerClosed, "", expected))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what would begin something new at `height`, once the ledger is to be closed.
    ///
    /// # Errors
    /// `ledger.closing`.
    pub fn takes_on(&self, height: Height) -> Result<(), Refusal> {
        match &self.closing {
            Some(closing) if closing.since_height <= height => {
                let expected = format!("nothing new; {} goes on", closing.successor.as_str());
                Err(Refusal::new(RefusalCode::LedgerClosing, "", expected))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a second decision to close, and a ledger that would succeed itself.
    ///
    /// # Errors
    /// `ledger.closing`; `body.malformed` at `successor`.
    pub(crate) fn closable(&self, successor: &Line) -> Result<(), Refusal> {
        if let Some(closing) = &self.closing {
            let expected =
                format!("a ledger that is not being closed; {} goes on", closing.successor.as_str());
            return Err(Refusal::new(RefusalCode::LedgerClosing, "", expected));
        }
        if *successor == self.origin {
            return Err(Refusal::new(
                RefusalCode::BodyMalformed,
                "successor",
                "the origin of another ledger",
            ));
        }
        Ok(())
    }

    /// The region once `proposal` to close is accepted at `height`.
    #[must_use]
    pub fn decide_to_close(mut self, proposal: ProposalId, words: CloseLedger, height: Height) -> Self {
        let CloseLedger { successor, reason } = words;
        let since_height = effect_height(height);
        self.closing =
            Some(Closing { proposal, successor, reason, since_height, state: ClosingState::Settling });
        self
    }

    /// Closes the ledger with the block of `height`. Whether anything is open is for the caller to check, who holds
    /// accounts and windows.
    ///
    /// # Errors
    /// `ledger.closed`; `ledger.not_closing` unless it was decided, in these words, and is in force.
    pub fn close(mut self, command: &CloseLedger, height: Height, now: Timestamp) -> Result<Self, Refusal> {
        self.goes_on()?;
        let refused = |field, expected: String| Refusal::new(RefusalCode::LedgerNotClosing, field, expected);
        let Some(closing) = &mut self.closing else {
            return Err(refused("", "a ledger that the region has decided to close".to_owned()));
        };
        if height < closing.since_height {
            return Err(refused("", format!("height {}, when it is in force", closing.since_height)));
        }
        if command.successor != closing.successor {
            return Err(refused("successor", format!("{}, as decided", closing.successor.as_str())));
        }
        if command.reason != closing.reason {
            return Err(refused("reason", format!("{}, as decided", closing.reason.as_str())));
        }
        closing.state = ClosingState::Closed { height, closed_at: now };
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Successors;
    use databourse_primitives::BilingualText;
    use proptest::prelude::*;

    fn region() -> Region {
        Region {
            name: BilingualText::new(Some("长三角"), Some("Delta")).unwrap(),
            origin: "databourse.example/one".parse().unwrap(),
            assets: ["CNY/2".parse().unwrap()].into(),
            exchanges: ["sh".parse().unwrap()].into(),
            successors: Successors::default(),
            founded_at: Timestamp::EPOCH,
            predecessor: None,
            closing: None,
        }
    }

    fn words(successor: &str, reason: &str) -> CloseLedger {
        CloseLedger { successor: successor.parse().unwrap(), reason: reason.parse().unwrap() }
    }

    fn decided() -> Region {
        let proposal = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
        region().decide_to_close(proposal, words("databourse.example/two", "a new law"), Height(7))
    }

    #[track_caller]
    fn check<T>(result: Result<T, Refusal>, expected: Option<(&str, &str)>) {
        let refused = result.err().map(|refusal| (refusal.code.as_str(), refusal.field.to_string()));
        assert_eq!(refused, expected.map(|(code, field)| (code, field.to_owned())));
    }

    #[test]
    fn a_ledger_closes_once_as_decided_and_when_it_is_in_force() {
        let close = |region: Region, words: CloseLedger, height| {
            region.close(&words, Height(height), Timestamp::EPOCH)
        };
        let as_decided = || words("databourse.example/two", "a new law");
        check(close(region(), as_decided(), 9), Some(("ledger.not_closing", "")));
        check(close(decided(), as_decided(), 8), Some(("ledger.not_closing", "")));
        let other = words("databourse.example/three", "a new law");
        check(close(decided(), other, 9), Some(("ledger.not_closing", "successor")));
        let other = words("databourse.example/two", "a whim");
        check(close(decided(), other, 9), Some(("ledger.not_closing", "reason")));
        let closed = close(decided(), as_decided(), 9).unwrap();
        assert_eq!(closed.last_height(), Some(Height(9)));
        check(close(closed.clone(), as_decided(), 9), Some(("ledger.closed", "")));
        check(closed.goes_on(), Some(("ledger.closed", "")));
        check(decided().goes_on(), None);
        check(decided().closable(&"databourse.example/three".parse().unwrap()), Some(("ledger.closing", "")));
        check(region().closable(&region().origin), Some(("body.malformed", "successor")));
        let json = serde_json::to_string(&closed).unwrap();
        assert_eq!(serde_json::from_str::<Region>(&json).unwrap(), closed);
    }

    proptest! {
        /// Whatever is tried, at whatever heights: a ledger closes at most once, never before the decision is in force,
        /// and then takes nothing more; while it is not closed it goes on, and takes new things on only before.
        #[test]
        fn nothing_comes_after_the_end(decided_at in 1..50_u64, heights in prop::collection::vec(1..100_u64, 0..20)) {
            let proposal = "019aa2b4-5c00-7000-8000-000000000001".parse().unwrap();
            let as_decided = words("databourse.example/two", "a new law");
            let mut region = region().decide_to_close(proposal, as_decided.clone(), Height(decided_at));
            let in_force = effect_height(Height(decided_at));
            let mut last = None;
            for height in heights.into_iter().map(Height) {
                prop_assert_eq!(region.takes_on(height).is_ok(), height < in_force);
                match region.clone().close(&as_decided, height, Timestamp::EPOCH) {
                    Ok(closed) => {
                        prop_assert!(last.is_none() && height >= in_force);
                        last = Some(height);
                        region = closed;
                    }
                    Err(_) => prop_assert!(last.is_some() || height < in_force),
                }
                prop_assert_eq!(region.last_height(), last);
                prop_assert_eq!(region.goes_on().is_ok(), last.is_none());
            }
        }
    }
}
