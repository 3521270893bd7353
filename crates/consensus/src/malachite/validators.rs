//! Who votes on a height.

use super::context::{Address, Agreement};
use crate::Validator;
use arc_malachitebft_app_channel::app::types::core;
use databourse_primitives::{ExchangeCode, PublicKey};
use std::sync::Arc;

/// An exchange that votes, with one vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voter {
    address: Address,
    key: PublicKey,
}

impl core::Validator<Agreement> for Voter {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> u64 {
        1
    }
}

impl From<&Validator> for Voter {
    fn from(validator: &Validator) -> Self {
        Self { address: Address(validator.exchange.clone()), key: validator.consensus_key }
    }
}

/// Who votes on a height, in the order of their turns to propose. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voters {
    first: Voter,
    turns: Arc<[Voter]>,
}

impl Voters {
    /// `None` if nobody votes, or one exchange twice.
    pub(super) fn new(validators: &[Validator]) -> Option<Self> {
        let turns: Arc<[Voter]> = validators.iter().map(Voter::from).collect();
        let first = turns.first()?.clone();
        let codes: std::collections::BTreeSet<_> = turns.iter().map(|voter| &voter.address).collect();
        (codes.len() == turns.len()).then(|| Self { first, turns: turns.clone() })
    }

    /// Whose turn a round is.
    pub(super) fn proposer(&self, round: u32) -> &Voter {
        let count = u32::try_from(self.turns.len()).unwrap_or(u32::MAX).max(1);
        let place = usize::try_from(round % count).unwrap_or(0);
        self.turns.get(place).unwrap_or(&self.first)
    }

    /// The key of an exchange that votes.
    pub(super) fn key(&self, exchange: &ExchangeCode) -> Option<&PublicKey> {
        self.turns.iter().find(|voter| voter.address.0 == *exchange).map(|voter| &voter.key)
    }

    /// Their codes, in the order of their turns.
    pub(super) fn codes(&self) -> Vec<ExchangeCode> {
        self.turns.iter().map(|voter| voter.address.0.clone()).collect()
    }
}

impl Voter {
    /// Its code.
    pub(super) fn exchange(&self) -> &ExchangeCode {
        &self.address.0
    }
}

impl core::ValidatorSet<Agreement> for Voters {
    fn count(&self) -> usize {
        self.turns.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.turns.iter().map(core::Validator::voting_power).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Voter> {
        self.turns.iter().find(|voter| voter.address == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Voter> {
        self.turns.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_ledger::SigningKey;

    fn validator(code: &str, seed: u8) -> Validator {
        let consensus_key = SigningKey::from_seed([seed; 32]).public_key();
        Validator { exchange: code.parse().unwrap(), consensus_key }
    }

    #[test]
    fn round_after_round_the_turn_goes_through_the_order_that_the_ledger_gives() {
        let voters = Voters::new(&[validator("zj", 1), validator("sh", 2), validator("js", 3)]).unwrap();
        let turns: Vec<_> = (0..5).map(|round| voters.proposer(round).exchange().to_string()).collect();
        assert_eq!(turns, ["zj", "sh", "js", "zj", "sh"]);
        assert_eq!(voters.proposer(u32::MAX).exchange().as_str(), "zj");
    }

    #[test]
    fn nobody_and_a_double_vote_are_no_voters() {
        assert_eq!(Voters::new(&[]), None);
        assert_eq!(Voters::new(&[validator("sh", 1), validator("sh", 2)]), None);
    }
}
