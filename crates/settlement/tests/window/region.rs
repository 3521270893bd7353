//! A region's windows and what is tried on them, for random histories.

use super::*;
use databourse_primitives::Line;
use databourse_settlement::{Instruction, NettingMethod, Obligation};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing that is tried. Numbers choose among what there is, modulo; a refusal changes nothing.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Owe { debtor: usize, creditor: usize, amount: i64 },
    Close,
    Sign { window: usize, pair: usize, by: usize, root: u8 },
    SignAll { window: usize },
    OpenBreak { window: usize, pair: usize, root: bool },
    Carry { window: usize, break_: usize, by: usize },
    EndBreak { window: usize, break_: usize },
    Instruct { window: usize, method: NettingMethod },
    Confirm { window: usize, number: u32 },
    Abort { window: usize },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let pick = || 0..60_usize;
    let method = prop_oneof![Just(NettingMethod::Bilateral), Just(NettingMethod::Multilateral)];
    prop_oneof![
        12 => (pick(), pick(), 0..100_000_i64).prop_map(|(debtor, creditor, amount)| Step::Owe { debtor, creditor, amount }),
        3 => Just(Step::Close),
        // Mostly the right root, so that windows get anywhere.
        8 => (pick(), pick(), pick(), prop_oneof![7 => Just(0_u8), 1 => Just(1)])
            .prop_map(|(window, pair, by, root)| Step::Sign { window, pair, by, root }),
        1 => (pick(), pick(), any::<bool>()).prop_map(|(window, pair, root)| Step::OpenBreak { window, pair, root }),
        3 => (pick(), pick(), pick()).prop_map(|(window, break_, by)| Step::Carry { window, break_, by }),
        2 => (pick(), pick()).prop_map(|(window, break_)| Step::EndBreak { window, break_ }),
        6 => (pick(), method).prop_map(|(window, method)| Step::Instruct { window, method }),
        8 => (pick(), 1..6_u32).prop_map(|(window, number)| Step::Confirm { window, number }),
        8 => pick().prop_map(|window| Step::SignAll { window }),
        2 => pick().prop_map(|window| Step::Abort { window }),
    ]
}

/// All windows of an asset, the open one last, and all that was ever owed.
pub(super) struct Region {
    pub(super) codes: Vec<ExchangeCode>,
    pub(super) windows: Vec<Window>,
    pub(super) owed: Vec<Obligation>,
    /// What payees confirmed, in whatever window.
    pub(super) paid: Vec<Obligation>,
    pub(super) break_count: u64,
    /// What a window was when it became final.
    pub(super) finals: BTreeMap<u64, Window>,
}

impl Region {
    pub(super) fn new(exchange_count: usize) -> Self {
        let codes = (0..exchange_count).map(|number| code(&format!("x{number}"))).collect();
        Self {
            codes,
            windows: vec![first()],
            owed: Vec::new(),
            paid: Vec::new(),
            break_count: 0,
            finals: BTreeMap::new(),
        }
    }

    pub(super) fn open(&self) -> Window {
        self.windows.last().unwrap().clone()
    }

    pub(super) fn put(&mut self, window: Window) {
        let index = usize::try_from(window.id.number).unwrap() - 1;
        self.windows[index] = window;
    }

    /// Does `step`; `None` if it was refused or there was nothing to do it to.
    pub(super) fn take(&mut self, step: &Step) -> Option<()> {
        // Among the latest, so that some windows see much of what is done.
        let at = |window: &usize| {
            self.windows[self.windows.len() - 1 - window % self.windows.len().min(4)].clone()
        };
        match step {
            Step::Owe { debtor, creditor, amount } => {
                let [payer, payee] =
                    [debtor, creditor].map(|number| self.codes[number % self.codes.len()].clone());
                let mut open = self.open();
                open.owe(&payer, &payee, minor(*amount)).ok()?;
                self.put(open);
                self.owed.push(Obligation { payer, payee, amount_minor: minor(*amount) });
            }
            Step::Close => {
                let (closing, next) = close(self.open(), NOW).ok()?;
                self.put(closing);
                self.windows.push(next);
            }
            Step::Sign { window, pair, by, root } => {
                let window = at(window);
                let of = window.pairs.keys().nth(pair % window.pairs.len().max(1))?.clone();
                let by = of.members().nth(by % of.members().count())?.clone();
                self.put(sign(window, &of.to_string(), &[*root], by.as_str()).ok()?);
            }
            Step::SignAll { window } => {
                let mut window = at(window);
                for of in window.pairs.clone().into_keys() {
                    for by in of.members() {
                        window = sign(window.clone(), &of.to_string(), &[0], by.as_str()).unwrap_or(window);
                    }
                }
                self.put(window);
            }
            Step::OpenBreak { window, pair, root } => {
                let window = at(window);
                self.break_count += 1;
                let kind = if *root { BreakKind::Root } else { BreakKind::Amount };
                let mut opened = difference(&window, kind, self.break_count);
                opened.pair = window.pairs.keys().nth(pair % window.pairs.len().max(1))?.clone();
                self.put(window.block(&opened));
            }
            Step::Carry { window, break_, by } => {
                let window = at(window);
                let (id, blocking) = window.breaks.iter().nth(break_ % window.breaks.len().max(1))?;
                let by = blocking.pair.members().nth(by % blocking.pair.members().count())?.clone();
                let id = *id;
                self.put(window.carry(id, &by, NOW).ok()?);
            }
            Step::EndBreak { window, break_ } => {
                let window = at(window);
                let id = *window.breaks.keys().nth(break_ % window.breaks.len().max(1))?;
                self.put(window.unblock(id, NOW));
            }
            Step::Instruct { window, method } => {
                let window = at(window).instruct(*method, NOW).ok()?;
                self.put(window);
            }
            Step::Confirm { window, number } => self.confirm(at(window), *number)?,
            Step::Abort { window } => {
                let reason: Line = "bank closed".parse().unwrap();
                let (aborted, next) = at(window).abort(self.open(), reason, NOW).ok()?;
                self.put(aborted);
                self.put(next);
            }
        }
        Some(())
    }

    /// The payee of instruction `number` confirms it; `None` if it was refused.
    pub(super) fn confirm(&mut self, window: Window, number: u32) -> Option<()> {
        let index = usize::try_from(number).unwrap() - 1;
        let Instruction { payer, payee, amount_minor, .. } = window.state.instructions().get(index)?.clone();
        self.put(confirm(window, number, payee.as_str(), amount_minor.get()).ok()?);
        self.paid.push(Obligation { payer, payee, amount_minor });
        Some(())
    }
}
