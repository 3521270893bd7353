//! Settlement windows: of each asset exactly one is open, and closing it opens the next in the same step, so that no
//! posting is ever without a window. After closing the exchanges sign what they found, pair by pair; then it is final
//! (`head`), its obligations are netted and paid, or handed on whole (`settle`).

mod head;
mod pair;
mod settle;
mod state;

pub use head::{BlockingBreak, SignOff, WindowHead};
pub use pair::{Pair, PairTotals};
pub use state::{
    AbortWindow, CloseWindow, ConfirmInstruction, ConfirmedPayment, InstructWindow, Instruction,
    InstructionState, NettingMethod, SignWindow, WindowState,
};

use crate::{Obligation, Positions, TransactionKind, netting};
use databourse_primitives::{
    AmountMinor, Asset, BreakId, Digest, ExchangeCode, Refusal, RefusalCode, Timestamp, WindowId,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What moved for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Number of transactions.
    pub count: u64,
    /// Their sum, minor units.
    pub amount_minor: i64,
}

/// A settlement window. Its own and carried obligations together are at most 2^53 - 1 minor units, so every position
/// and every instruction is in range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Asset and number.
    pub id: WindowId,
    /// Where it stands.
    pub state: WindowState,
    /// Block time of its opening.
    pub opened_at: Timestamp,
    /// What moved in it, by reason.
    pub flows: BTreeMap<TransactionKind, Flow>,
    /// Number of postings in it.
    pub posting_count: u64,
    /// Its own lines, by pair. Heads are over these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pairs: BTreeMap<Pair, PairTotals>,
    /// Obligations of aborted windows, taken over unchanged. Netted with its own, in no head.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub carried: BTreeMap<Pair, PairTotals>,
    /// The aborted windows whose own lines are in `carried`, directly or through another aborted one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub carried_from: BTreeSet<WindowId>,
    /// Remainders of fee splits between two exchanges, by the exchange that is ahead, as the split defines. Closing
    /// hands them to the next window, so they are in one window at a time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fee_carry: BTreeMap<Pair, BTreeMap<ExchangeCode, i64>>,
    /// The root that each exchange signed, by pair.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heads: BTreeMap<Pair, BTreeMap<ExchangeCode, Digest>>,
    /// Whose people signed for each exchange, by pair. What only one of them signed is in no head yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sign_offs: BTreeMap<Pair, BTreeMap<ExchangeCode, SignOff>>,
    /// Breaks that keep it from becoming final, and those that both exchanges carried forward.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub breaks: BTreeMap<BreakId, BlockingBreak>,
}

impl Window {
    /// Counts a movement.
    ///
    /// # Errors
    /// `window.not_open`; `account.overflow`.
    pub(crate) fn count(
        &mut self,
        kind: TransactionKind,
        amount: AmountMinor,
        posting_count: u64,
    ) -> Result<(), Refusal> {
        self.must_be_open()?;
        let flow = self.flows.entry(kind).or_default();
        let sum = flow.amount_minor.checked_add(amount.get());
        flow.amount_minor =
            sum.ok_or_else(|| Refusal::new(RefusalCode::AccountOverflow, "", "a window's flow below 2^63"))?;
        flow.count += 1;
        self.posting_count = self.posting_count.saturating_add(posting_count);
        Ok(())
    }

    /// Counts one line whose money moved from the book of `debtor` to that of `creditor`, so that `debtor` owes it.
    /// Both the same: the line stays in one book and is counted for that exchange's own head.
    ///
    /// # Errors
    /// `window.not_open`; `account.overflow`. The window is unchanged then.
    pub fn owe(
        &mut self,
        debtor: &ExchangeCode,
        creditor: &ExchangeCode,
        amount: AmountMinor,
    ) -> Result<(), Refusal> {
        self.must_be_open()?;
        let pair = Pair::new(debtor.clone(), creditor.clone());
        let line = PairTotals::line(&pair, debtor, amount);
        self.total()?.plus(line)?;
        let totals = self.pairs.entry(pair).or_default();
        *totals = totals.plus(line)?;
        Ok(())
    }

    /// Sum over all pairs, own and carried.
    fn total(&self) -> Result<PairTotals, Refusal> {
        self.pairs
            .values()
            .chain(self.carried.values())
            .try_fold(PairTotals::default(), |sum, totals| sum.plus(*totals))
    }

    /// What exchanges owe one another in it, own and carried: per pair one sum in each direction that has one.
    ///
    /// # Errors
    /// `amount.out_of_range`, which the bound on a window's total excludes.
    pub fn obligations(&self) -> Result<Vec<Obligation>, Refusal> {
        let mut obligations = Vec::new();
        for (pair, totals) in self.pairs.iter().chain(&self.carried).filter(|(pair, _)| !pair.is_domestic()) {
            let directions = [
                (pair.left(), pair.right(), totals.left_to_right_minor),
                (pair.right(), pair.left(), totals.right_to_left_minor),
            ];
            for (payer, payee, amount) in directions.into_iter().filter(|(.., amount)| *amount != 0) {
                let amount_minor = AmountMinor::new(amount)?;
                obligations.push(Obligation { payer: payer.clone(), payee: payee.clone(), amount_minor });
            }
        }
        Ok(obligations)
    }

    /// What each exchange is owed in it, own and carried, minor units; below zero it owes.
    ///
    /// # Errors
    /// As [`Window::obligations`]; `service.unavailable` if they did not sum to zero.
    pub fn positions(&self) -> Result<Positions, Refusal> {
        Ok(netting::positions(&self.obligations()?)?)
    }

    fn must_be_open(&self) -> Result<(), Refusal> {
        match &self.state {
            WindowState::Open => Ok(()),
            state => {
                let expected = format!("the open window; {} is {}", self.id, state.as_str());
                Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected))
            }
        }
    }

    /// `window.state`, with the states that would have been right.
    fn wrong_state(&self, expected: &str) -> Refusal {
        let expected = format!("{expected}; {} is {}", self.id, self.state.as_str());
        Refusal::new(RefusalCode::WindowState, "window", expected)
    }
}

/// The first window of an asset.
pub const fn open_first(asset: Asset, now: Timestamp) -> Window {
    open(WindowId { asset, number: 1 }, now)
}

const fn open(id: WindowId, now: Timestamp) -> Window {
    Window {
        id,
        state: WindowState::Open,
        opened_at: now,
        flows: BTreeMap::new(),
        posting_count: 0,
        pairs: BTreeMap::new(),
        carried: BTreeMap::new(),
        carried_from: BTreeSet::new(),
        fee_carry: BTreeMap::new(),
        heads: BTreeMap::new(),
        sign_offs: BTreeMap::new(),
        breaks: BTreeMap::new(),
    }
}

/// Closes `window` and opens its successor, which takes the remainders of fee splits over. A window in which nobody
/// has anything to sign and no break is open is final at once; obligations that it carries were signed for, or
/// disputed, where they arose.
///
/// # Errors
/// `window.not_open`.
pub fn close(mut window: Window, now: Timestamp) -> Result<(Window, Window), Refusal> {
    window.must_be_open()?;
    let id = WindowId { asset: window.id.asset, number: window.id.number.saturating_add(1) };
    let mut next = open(id, now);
    next.fee_carry = std::mem::take(&mut window.fee_carry);
    window.state = WindowState::Closing { closing_at: now };
    window.become_final(now);
    Ok((window, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_window_closes_and_the_next_is_open_at_once() {
        let first = open_first("CNY/2".parse().unwrap(), Timestamp::EPOCH);
        let (closed, next) = close(first, Timestamp::from_unix_ms(5)).unwrap();
        assert_eq!(next.id.to_string(), "CNY/2#2");
        assert_eq!(next.state, WindowState::Open);
        assert_eq!(close(closed, Timestamp::MAX).unwrap_err().code, RefusalCode::WindowNotOpen);
    }

    #[test]
    fn a_closed_window_takes_nothing() {
        let first = open_first("CNY/2".parse().unwrap(), Timestamp::EPOCH);
        let (mut closed, _) = close(first, Timestamp::EPOCH).unwrap();
        let refusal = closed.count(TransactionKind::Deposit, AmountMinor::ZERO, 2).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::WindowNotOpen);
    }
}
