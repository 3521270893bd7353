//! Settlement windows: of each asset exactly one is open, and closing it opens the next in the same step, so that no
//! posting is ever without a window.

use crate::TransactionKind;
use databourse_primitives::{AmountMinor, Asset, Refusal, RefusalCode, Timestamp, WindowId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `window.close`: the exchange closes the open window of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseWindow {
    /// The window; naming it makes closing the wrong one impossible.
    pub window: WindowId,
}

/// Where a window stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum WindowState {
    /// Takes postings.
    Open,
    /// Takes none any more.
    Closed {
        /// Block time of the closing.
        closed_at: Timestamp,
    },
}

/// What moved for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Number of transactions.
    pub count: u64,
    /// Their sum, minor units.
    pub amount_minor: i64,
}

/// A settlement window.
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

    pub(crate) fn owe(
        &mut self,
        _: &databourse_primitives::ExchangeCode,
        _: &databourse_primitives::ExchangeCode,
        _: AmountMinor,
    ) -> Result<(), Refusal> {
        Ok(())
    }
    fn must_be_open(&self) -> Result<(), Refusal> {
        match self.state {
            WindowState::Open => Ok(()),
            WindowState::Closed { closed_at } => {
                let expected = format!("the open window; this one closed at {closed_at}");
                Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected))
            }
        }
    }
}

/// The first window of an asset.
pub const fn open_first(asset: Asset, now: Timestamp) -> Window {
    open(WindowId { asset, number: 1 }, now)
}

const fn open(id: WindowId, now: Timestamp) -> Window {
    Window { id, state: WindowState::Open, opened_at: now, flows: BTreeMap::new(), posting_count: 0 }
}

/// Closes `window` and opens its successor. An empty window closes like any other.
///
/// # Errors
/// `window.not_open`.
pub fn close(mut window: Window, now: Timestamp) -> Result<(Window, Window), Refusal> {
    window.must_be_open()?;
    window.state = WindowState::Closed { closed_at: now };
    let next = WindowId { asset: window.id.asset, number: window.id.number.saturating_add(1) };
    Ok((window, open(next, now)))
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
