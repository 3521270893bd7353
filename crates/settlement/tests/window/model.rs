//! Random histories of windows: whatever is done in whatever order, obligations are neither lost nor made.

use super::region::{Region, Step, step};
use super::*;
use databourse_settlement::{InstructionState, NettingMethod, Obligation, WindowState, positions};
use proptest::prelude::*;
use std::collections::BTreeMap;

impl Region {
    fn check(&mut self) {
        let open = self.windows.iter().filter(|window| window.state == WindowState::Open).count();
        assert!(open == 1 && self.open().state == WindowState::Open, "exactly one window is open, the last");
        let live =
            || self.windows.iter().filter(|window| !matches!(window.state, WindowState::Aborted { .. }));

        // Gross: every line is in exactly one window that is not aborted, as its own or carried.
        let mut recorded = BTreeMap::<Pair, (u64, i64)>::new();
        for (pair, totals) in live().flat_map(|window| window.pairs.iter().chain(&window.carried)) {
            let sum = recorded.entry(pair.clone()).or_default();
            *sum =
                (sum.0 + totals.line_count, sum.1 + totals.left_to_right_minor - totals.right_to_left_minor);
        }
        let mut owed = BTreeMap::<Pair, (u64, i64)>::new();
        for Obligation { payer, payee, amount_minor } in &self.owed {
            let pair = Pair::new(payer.clone(), payee.clone());
            let amount = if *payer == *pair.left() { amount_minor.get() } else { -amount_minor.get() };
            let sum = owed.entry(pair).or_default();
            *sum = (sum.0 + 1, sum.1 + amount);
        }
        assert_eq!(recorded, owed);

        // Net: what was paid and what is still to be paid, instructed or not, is what was owed.
        let mut sum = positions(&self.paid).unwrap();
        for window in live() {
            let part = match &window.state {
                WindowState::Settling { instructions, .. } | WindowState::Settled { instructions, .. } => {
                    let pending = instructions.iter().filter(|paid| paid.state == InstructionState::Pending);
                    let pending = pending.map(|paid| Obligation {
                        payer: paid.payer.clone(),
                        payee: paid.payee.clone(),
                        amount_minor: paid.amount_minor,
                    });
                    positions(&pending.collect::<Vec<_>>()).unwrap()
                }
                _ => window.positions().unwrap(),
            };
            for (exchange, amount) in part {
                *sum.entry(exchange).or_default() += amount;
            }
        }
        let mut all = positions(&self.owed).unwrap();
        for positions in [&mut sum, &mut all] {
            positions.retain(|_, position| *position != 0);
        }
        assert_eq!(sum, all);

        for window in &self.windows {
            self.check_carried(window);
        }
        for window in &self.windows {
            let final_now = matches!(
                window.state,
                WindowState::Closed { .. } | WindowState::Settling { .. } | WindowState::Settled { .. }
            );
            if let Some(then) = self.finals.get(&window.id.number) {
                assert_eq!(
                    Window { state: then.state.clone(), ..window.clone() },
                    *then,
                    "nothing in it changes"
                );
            } else if final_now {
                self.finals.insert(window.id.number, window.clone());
            }
        }
    }

    /// What a window carries is what the aborted windows had of their own.
    fn check_carried(&self, window: &Window) {
        let mut from = BTreeMap::<Pair, PairTotals>::new();
        for id in &window.carried_from {
            let aborted = &self.windows[usize::try_from(id.number).unwrap() - 1];
            assert!(matches!(aborted.state, WindowState::Aborted { .. }));
            for (pair, totals) in &aborted.pairs {
                let sum = from.entry(pair.clone()).or_default();
                sum.line_count += totals.line_count;
                sum.left_to_right_minor += totals.left_to_right_minor;
                sum.right_to_left_minor += totals.right_to_left_minor;
            }
        }
        assert_eq!(window.carried, from);
    }

    /// Does all that is left to do. No history ends in a window that cannot be settled.
    fn finish(&mut self) {
        self.take(&Step::Close).unwrap();
        for index in 0..self.windows.len() - 1 {
            let mut window = self.windows[index].clone();
            if let WindowState::Closing { .. } = window.state {
                // Heads that differ are cleared by a root break and its end.
                for of in window.disagreeing().cloned().collect::<Vec<_>>() {
                    self.break_count += 1;
                    let mut opened = difference(&window, BreakKind::Root, self.break_count);
                    opened.pair = of;
                    window = window.block(&opened).unblock(opened.id, NOW);
                }
                for id in window.breaks.clone().into_keys() {
                    window = window.unblock(id, NOW);
                }
                for of in window.disagreeing().cloned().collect::<Vec<_>>() {
                    for by in of.members() {
                        window = sign(window, &of.to_string(), b"last", by.as_str()).unwrap();
                    }
                }
            }
            if let WindowState::Closed { .. } = window.state {
                window = window.instruct(NettingMethod::Multilateral, NOW).unwrap();
            }
            self.put(window.clone());
            for paid in window.state.instructions() {
                // Refused for those that are confirmed already.
                self.confirm(self.windows[index].clone(), paid.id.number);
            }
            let window = &self.windows[index];
            assert!(matches!(window.state.as_str(), "settled" | "aborted"), "{:?}", window.state);
            self.check();
        }
    }
}

proptest! {
    #[test]
    fn every_obligation_is_open_carried_or_settled_whatever_happens(
        exchange_count in 2..=5_usize,
        steps in prop::collection::vec(step(), 0..250),
    ) {
        let mut region = Region::new(exchange_count);
        for step in &steps {
            region.take(step);
            region.check();
        }
        region.finish();
    }
}
