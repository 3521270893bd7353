//! The work of the leg of the bank, line by line.

use super::{BankInput, BankLine, BankReconciliation, Difference};
use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::matching::{FoundBreak, Matched, Outcome, Rule, Search, Tally, day, pair_up};
use databourse_primitives::{Asset, Label, Refusal, RefusalCode};
use std::collections::{BTreeMap, BTreeSet};

/// What was found so far.
pub(super) struct Leg<'a> {
    input: &'a BankInput,
    ledger_around: BTreeSet<&'a BusinessKey>,
    bank_around: BTreeSet<&'a BusinessKey>,
    matched: BTreeMap<Rule, Matched>,
    differences: Vec<Difference>,
    breaks: Vec<FoundBreak<BankLine>>,
}

/// What lines without a name must share: asset, whether money came in, day, and the counterparty if the bank says it.
type Shared<'a> = (Option<&'a Label>, Asset, bool, i64);

impl<'a> Leg<'a> {
    pub(super) fn new(input: &'a BankInput) -> Self {
        Self {
            input,
            ledger_around: input.ledger_around.iter().filter_map(|line| line.key.as_ref()).collect(),
            bank_around: input.bank_around.iter().filter_map(|line| line.end_to_end.as_ref()).collect(),
            matched: BTreeMap::new(),
            differences: Vec::new(),
            breaks: Vec::new(),
        }
    }

    /// One ledger line that no bank line names: booked on another day, or still to be looked for.
    pub(super) fn ledger_alone(
        &mut self,
        key: &BusinessKey,
        line: &'a SettlementLine,
    ) -> Option<&'a SettlementLine> {
        if self.bank_around.contains(key) {
            self.found(BreakKind::Timing, &[line], &[]);
            return None;
        }
        Some(line)
    }

    /// Bank lines whose text is no key of this window: of a neighbouring one, twice, or of none, so it is no name.
    pub(super) fn bank_alone(&mut self, key: &BusinessKey, lines: &[&'a BankLine]) -> Option<&'a BankLine> {
        match lines {
            [one] if self.ledger_around.contains(key) => self.found(BreakKind::Timing, &[], &[one]),
            [one] => return Some(one),
            lines => self.found(BreakKind::Duplicate, &[], lines),
        }
        None
    }

    /// One ledger line and the bank lines that name it: several are parts of a payment if they sum to it.
    pub(super) fn pair(&mut self, key: &BusinessKey, left: &'a SettlementLine, right: &[&'a BankLine]) {
        let booked: i128 = right.iter().map(|line| i128::from(line.signed_minor())).sum();
        let difference = booked - left.amount_minor();
        let tolerance = i128::from(self.input.tolerance_minor.get());
        // Money that went the wrong way is not a matter of tolerance.
        let direction = right.iter().all(|line| i128::from(line.signed_minor()) * left.amount_minor() >= 0);
        let amount = difference.abs() <= tolerance && direction;
        let currency = right.iter().any(|line| line.asset != left.asset);
        // Several are parts only if they are a sum in one unit and none of them is the whole already.
        let whole =
            |line: &&BankLine| (i128::from(line.signed_minor()) - left.amount_minor()).abs() <= tolerance;
        let kind = if right.len() > 1 && (currency || !amount || right.iter().any(whole)) {
            BreakKind::Duplicate
        } else if currency {
            BreakKind::Currency
        } else if !amount {
            BreakKind::Amount
        } else if right.iter().any(|line| line.ledger_status() != left.status) {
            BreakKind::Status
        } else if right
            .iter()
            .any(|line| line.counterparty.as_ref().is_some_and(|party| *party != left.counterparty))
        {
            BreakKind::Party
        } else {
            let exact = if right.len() > 1 { Rule::ManyToOne } else { Rule::Key };
            self.agree(if difference == 0 { exact } else { Rule::Tolerance }, 1, right.len());
            if let Some(difference_minor) =
                i64::try_from(difference).ok().filter(|difference| *difference != 0)
            {
                self.differences.push(Difference {
                    key: key.clone(),
                    references: right.iter().map(|line| line.reference.clone()).collect(),
                    counterparty: left.counterparty.clone(),
                    asset: left.asset,
                    difference_minor,
                });
            }
            return;
        };
        self.found(kind, &[left], right);
    }

    /// Matches bank lines without a name by their amounts: first those whose counterparty is known, then the others.
    pub(super) fn unnamed(&mut self, left: Vec<&'a SettlementLine>, right: Vec<&'a BankLine>) {
        let mut search = Search::new();
        let (known, unknown): (Vec<_>, Vec<_>) =
            right.into_iter().partition(|line| line.counterparty.is_some());
        let (left, mut external) = self.pass(left, known, true, &mut search);
        let (left, rest) = self.pass(left, unknown, false, &mut search);
        external.extend(rest);
        for line in left {
            self.found(BreakKind::MissingRight, &[line], &[]);
        }
        for line in external {
            self.found(BreakKind::External, &[], &[line]);
        }
    }

    /// One run over all groups; returns what fits nothing.
    fn pass(
        &mut self,
        left: Vec<&'a SettlementLine>,
        right: Vec<&'a BankLine>,
        by_party: bool,
        search: &mut Search,
    ) -> (Vec<&'a SettlementLine>, Vec<&'a BankLine>) {
        let offset = self.input.utc_offset_minutes;
        let mut groups: BTreeMap<Shared<'a>, (Vec<&SettlementLine>, Vec<&BankLine>)> = BTreeMap::new();
        for line in left {
            let day = day(line.occurred_at.unix_ms(), offset);
            let shared = (by_party.then_some(&line.counterparty), line.asset, line.amount_minor() >= 0, day);
            groups.entry(shared).or_default().0.push(line);
        }
        for line in right {
            let day = day(line.booked_at.unix_ms(), offset);
            let shared = (line.counterparty.as_ref(), line.asset, line.signed_minor() >= 0, day);
            groups.entry(shared).or_default().1.push(line);
        }
        let (mut open_left, mut open_right) = (Vec::new(), Vec::new());
        for (mut left, mut right) in groups.into_values() {
            left.sort_unstable();
            right.sort_unstable();
            // Only what is booked can be the other end of what is final, and so on.
            for status in crate::word::LineStatus::ALL {
                let l: Vec<_> = left.iter().copied().filter(|line| line.status == *status).collect();
                let r: Vec<_> =
                    right.iter().copied().filter(|line| line.ledger_status() == *status).collect();
                self.group(&l, &r, search, &mut open_left, &mut open_right);
            }
        }
        (open_left, open_right)
    }

    fn group(
        &mut self,
        left: &[&'a SettlementLine],
        right: &[&'a BankLine],
        search: &mut Search,
        open_left: &mut Vec<&'a SettlementLine>,
        open_right: &mut Vec<&'a BankLine>,
    ) {
        // In range: an amount that is not was refused.
        let amount = |minor: i128| [i64::try_from(minor).unwrap_or_default(), 0, 0, 0];
        let l: Vec<_> = left.iter().map(|line| amount(line.amount_minor())).collect();
        let r: Vec<_> = right.iter().map(|line| amount(i128::from(line.signed_minor()))).collect();
        let pairings = if l.is_empty() || r.is_empty() { Vec::new() } else { pair_up(&l, &r, search) };
        let (mut is_open_left, mut is_open_right) = (vec![true; l.len()], vec![true; r.len()]);
        for pairing in pairings {
            pairing.left.iter().for_each(|at| is_open_left[*at] = false);
            pairing.right.iter().for_each(|at| is_open_right[*at] = false);
            let (count_left, count_right) = (pairing.left.len() as u64, pairing.right.len());
            match pairing.outcome {
                Outcome::OneToOne => self.agree(Rule::OneToOne, count_left, count_right),
                Outcome::OneToMany => self.agree(Rule::OneToMany, count_left, count_right),
                Outcome::ManyToOne => self.agree(Rule::ManyToOne, count_left, count_right),
                Outcome::Ambiguous => {
                    let l: Vec<_> = pairing.left.iter().map(|at| left[*at]).collect();
                    let r: Vec<_> = pairing.right.iter().map(|at| right[*at]).collect();
                    self.found(BreakKind::Ambiguous, &l, &r);
                }
            }
        }
        open_left.extend(left.iter().zip(is_open_left).filter_map(|(line, open)| open.then_some(*line)));
        open_right.extend(right.iter().zip(is_open_right).filter_map(|(line, open)| open.then_some(*line)));
    }

    fn agree(&mut self, rule: Rule, left: u64, right: usize) {
        let by_rule = self.matched.entry(rule).or_default();
        by_rule.left += left;
        by_rule.right += right as u64;
    }

    pub(super) fn found(&mut self, kind: BreakKind, left: &[&SettlementLine], right: &[&BankLine]) {
        let key = left.iter().find_map(|line| line.key.clone());
        let party = left.first().map(|line| line.counterparty.clone());
        self.breaks.push(FoundBreak {
            kind,
            key: key.or_else(|| right.iter().find_map(|line| line.end_to_end.clone())),
            counterparty: party.or_else(|| right.iter().find_map(|line| line.counterparty.clone())),
            left: left.iter().map(|line| (*line).clone()).collect(),
            right: right.iter().map(|line| (*line).clone()).collect(),
            elsewhere: Vec::new(),
        });
    }

    /// The report, ordered.
    ///
    /// # Errors
    /// If it does not tie out, which is a defect here: `file.malformed`, rather than a wrong report.
    pub(super) fn report(mut self) -> Result<BankReconciliation, Refusal> {
        self.breaks.sort_by(|a, b| {
            let order =
                |found: &'_ FoundBreak<BankLine>| (found.counterparty.clone(), found.key.clone(), found.kind);
            order(a).cmp(&order(b)).then_with(|| a.right.cmp(&b.right))
        });
        let lines = Matched { left: self.input.ledger.len() as u64, right: self.input.bank.len() as u64 };
        let tally = Tally::of(lines, &self.matched, &self.breaks);
        if !tally.ties_out() {
            return Err(Refusal::new(
                RefusalCode::FileMalformed,
                "",
                "lines that are each matched or in one break",
            ));
        }
        let Self { matched, differences, breaks, .. } = self;
        Ok(BankReconciliation { matched, differences, breaks, tally })
    }
}
