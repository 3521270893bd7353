//! Whose turn it is to propose. A function of committed blocks alone, so it is the same on every node.
//!
//! Turns go round in the order of codes. An exchange that let a turn go by, so that another proposed the block, has no
//! first turn again until it proposes one after all or [`TURNS_LOST`] blocks have gone by: a dead exchange then costs the
//! region one wait in that many blocks and not one in each round of turns.

use databourse_primitives::{ExchangeCode, Height};
use std::collections::{BTreeSet, VecDeque};

/// For how many blocks an exchange that let its turn go by has no first turn.
pub const TURNS_LOST: usize = 64;

/// Who was to propose a block, and who did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn it was in the first round.
    pub due: ExchangeCode,
    /// Who proposed what was agreed.
    pub proposer: ExchangeCode,
}

/// The turns of the last blocks, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Turns(VecDeque<Turn>);

impl Turns {
    /// The turns of the last blocks, in order; those before the last [`TURNS_LOST`] do not count.
    pub fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        let mut all = Self::default();
        turns.into_iter().for_each(|turn| all.push(turn));
        all
    }

    /// A block was committed.
    pub fn push(&mut self, turn: Turn) {
        self.0.push_back(turn);
        while self.0.len() > TURNS_LOST {
            self.0.pop_front();
        }
    }

    /// Those who let their last turn go by.
    fn absent(&self) -> BTreeSet<&ExchangeCode> {
        let mut absent = BTreeSet::new();
        for turn in &self.0 {
            if turn.due != turn.proposer {
                absent.insert(&turn.due);
            }
            absent.remove(&turn.proposer);
        }
        absent
    }

    /// `members`, which are in the order of their codes, in the order of their turns at `height`.
    pub fn order(&self, members: &[ExchangeCode], height: Height) -> Vec<ExchangeCode> {
        let absent = self.absent();
        let (away, mut present): (Vec<_>, Vec<_>) =
            members.iter().cloned().partition(|member| absent.contains(member));
        if !present.is_empty() {
            let place = height.0 % present.len() as u64;
            present.rotate_left(usize::try_from(place).unwrap_or_default());
        }
        present.extend(away);
        present
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<ExchangeCode> {
        text.split_whitespace().map(|code| code.parse().unwrap()).collect()
    }

    fn turn(text: &str) -> Turn {
        let codes = codes(text);
        Turn { due: codes[0].clone(), proposer: codes[1].clone() }
    }

    fn check(turns: &[&str], height: u64, expected: &str) {
        let turns = Turns::new(turns.iter().map(|text| turn(text)));
        assert_eq!(turns.order(&codes("ah js sh zj"), Height(height)), codes(expected), "{turns:?}");
    }

    #[test]
    fn turns_go_round_and_who_let_one_go_by_comes_last_until_it_proposes() {
        check(&[], 4, "ah js sh zj");
        check(&[], 5, "js sh zj ah");
        check(&["js sh"], 6, "ah sh zj js");
        check(&["js sh"], 7, "sh zj ah js");
        check(&["js sh", "sh js"], 8, "zj ah js sh");
        check(&["js sh", "ah js"], 8, "zj js sh ah");
        check(&["ah js", "sh js", "zj js"], 8, "js ah sh zj");
    }

    #[test]
    fn a_turn_that_went_by_long_ago_is_forgotten() {
        let mut turns = Turns::new([turn("js sh")]);
        for _ in 0..TURNS_LOST {
            assert_eq!(turns.order(&codes("js sh"), Height(2)), codes("sh js"));
            turns.push(turn("sh sh"));
        }
        assert_eq!(turns.order(&codes("js sh"), Height(2)), codes("js sh"));
    }
}
