//! A trial on its way: which lines are drawn and what is done to them.

use super::{Known, TrialError};
use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::matching::day;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{Digest, Label, ParseError, TaxVersion};
use std::collections::{BTreeMap, BTreeSet};

/// A trial on its way. Lines stand at the places of the true ones; added lines follow.
pub(super) struct Making {
    pub(super) left: Vec<Option<SettlementLine>>,
    pub(super) right: Vec<Option<SettlementLine>>,
    pub(super) right_around: Vec<SettlementLine>,
    /// Places of sales worth ten major units and more, in the order that the seed draws.
    drawn: std::vec::IntoIter<usize>,
    /// Places of two equal sales of a counterparty and day.
    equal: std::vec::IntoIter<(usize, usize)>,
    used: BTreeSet<Label>,
    refunded: BTreeSet<BusinessKey>,
    pub(super) turns: Vec<BreakKind>,
    pub(super) expected: Vec<Known>,
}

impl Making {
    pub(super) fn new(lines: &[SettlementLine], seed: u64) -> Self {
        let mut drawn = Vec::new();
        let mut alike: BTreeMap<(&Label, i64, [i64; 4]), Vec<usize>> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate() {
            let Some(key) = line.key.as_ref().filter(|_| line.kind == LineKind::Sale) else { continue };
            let day = day(line.occurred_at.unix_ms(), 0);
            alike.entry((&line.counterparty, day, line.amounts_minor())).or_default().push(at);
            if line.net_minor >= 1000 && line.status == LineStatus::Final {
                drawn.push((Digest::of(format!("{seed} {key}").as_bytes()), at));
            }
        }
        drawn.sort_unstable();
        let equal: Vec<_> =
            alike.into_values().filter(|places| places.len() > 1).map(|p| (p[0], p[1])).collect();
        let all: Vec<_> = lines.iter().cloned().map(Some).collect();
        Self {
            left: all.clone(),
            right: all,
            right_around: Vec::new(),
            drawn: drawn.into_iter().map(|(_, at)| at).collect::<Vec<_>>().into_iter(),
            equal: equal.into_iter(),
            used: BTreeSet::new(),
            refunded: lines.iter().filter_map(|line| line.original.clone()).collect(),
            turns: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// The next sale of a counterparty that has no part in the trial yet; an over-refund wants one without refunds.
    fn draw(&mut self, kind: BreakKind) -> Result<(usize, SettlementLine, BusinessKey), TrialError> {
        for at in self.drawn.by_ref() {
            let Some(line) = self.right[at].clone() else { continue };
            let Some(key) = line.key.clone() else { continue };
            let free = kind != BreakKind::OverRefund || !self.refunded.contains(&key);
            if free && self.used.insert(line.counterparty.clone()) {
                return Ok((at, line, key));
            }
        }
        Err(TrialError::TooFew(kind))
    }

    /// Puts one break of `kind` in and returns the key that it must be found by.
    pub(super) fn put(&mut self, kind: BreakKind, turn: usize) -> Result<BusinessKey, TrialError> {
        if kind == BreakKind::Ambiguous {
            return self.ambiguous();
        }
        let (at, mut line, key) = self.draw(kind)?;
        let often = turn.is_multiple_of(2);
        let refund = |suffix: &str, original: BusinessKey, more: i64| {
            let key = format!("{key}/{suffix}").parse()?;
            let [net_minor, vat_minor, fee_minor, fee_vat_minor] = line.amounts_minor().map(|amount| -amount);
            let amounts = SettlementLine { vat_minor, fee_minor, fee_vat_minor, ..line.clone() };
            let (kind, net_minor) = (LineKind::Refund, net_minor - more);
            Ok::<_, ParseError>(SettlementLine {
                key: Some(key),
                kind,
                net_minor,
                original: Some(original),
                ..amounts
            })
        };
        match kind {
            BreakKind::MissingLeft if often => self.left[at] = None,
            BreakKind::MissingLeft => {
                let added: BusinessKey = format!("{key}/trial").parse()?;
                self.right.push(Some(SettlementLine { key: Some(added.clone()), ..line }));
                return Ok(added);
            }
            BreakKind::MissingRight => self.right[at] = None,
            BreakKind::Timing => {
                self.right[at] = None;
                line.window.number += 1;
                self.right_around.push(line);
            }
            BreakKind::Duplicate => {
                if often {
                    line.counterparty = format!("{}-again", line.counterparty).parse()?;
                }
                self.right.push(Some(line));
            }
            BreakKind::OrphanRefund | BreakKind::OverRefund => {
                let added = if kind == BreakKind::OverRefund {
                    refund("over", key.clone(), 1)?
                } else {
                    refund("orphan", format!("{key}/nowhere").parse()?, 0)?
                };
                let known = added.key.clone();
                self.right.push(Some(added));
                return Ok(known.unwrap_or(key));
            }
            _ => self.right[at] = Some(altered(kind, line, often)?),
        }
        Ok(key)
    }

    /// Two equal sales that the book keeps as one line without a key.
    fn ambiguous(&mut self) -> Result<BusinessKey, TrialError> {
        for (first, second) in self.equal.by_ref() {
            let (Some(a), Some(b)) = (&self.right[first], &self.right[second]) else { continue };
            let Some(key) = a.key.clone().min(b.key.clone()) else { continue };
            if a.status == b.status && self.used.insert(a.counterparty.clone()) {
                self.right[first] = Some(SettlementLine { key: None, ..a.clone() });
                self.right[second] = None;
                return Ok(key);
            }
        }
        Err(TrialError::TooFew(BreakKind::Ambiguous))
    }

    /// A book without keys that is right all the same: in turn one line, two parts of one, a daily total.
    pub(super) fn without_key(&mut self, turn: usize) -> Result<(), TrialError> {
        let (at, line, _) = self.draw(BreakKind::Ambiguous)?;
        let line = SettlementLine { key: None, ..line };
        let with = |line: &SettlementLine, [net_minor, vat_minor, fee_minor, fee_vat_minor]: [i64; 4]| {
            Some(SettlementLine { net_minor, vat_minor, fee_minor, fee_vat_minor, ..line.clone() })
        };
        match turn % 3 {
            0 => self.right[at] = Some(line),
            1 => {
                let part = line.amounts_minor().map(|amount| amount / 3);
                let rest = std::array::from_fn(|at| line.amounts_minor()[at] - part[at]);
                self.right[at] = with(&line, part);
                self.right.push(with(&line, rest));
            }
            _ => {
                let of = |line: &SettlementLine| {
                    let day = day(line.occurred_at.unix_ms(), 0);
                    (line.counterparty.clone(), line.kind, line.status, day, line.asset)
                };
                let mut sum = [0; 4];
                for slot in self.right.iter_mut() {
                    if let Some(own) = slot.take_if(|own| of(own) == of(&line)) {
                        sum = std::array::from_fn(|at| sum[at] + own.amounts_minor()[at]);
                    }
                }
                self.right[at] = with(&line, sum);
            }
        }
        Ok(())
    }
}

/// The line with one thing wrong.
fn altered(kind: BreakKind, mut line: SettlementLine, often: bool) -> Result<SettlementLine, ParseError> {
    match kind {
        BreakKind::Amount => line.net_minor += if often { 1 } else { -100 },
        BreakKind::Currency => line.asset = "USD/2".parse()?,
        BreakKind::Status => line.status = if often { LineStatus::Reversed } else { LineStatus::Pending },
        BreakKind::Party => line.counterparty = format!("{}-other", line.counterparty).parse()?,
        BreakKind::FeeRule => {
            line.schedule = line.schedule.map(|mut schedule| {
                schedule.version += 1;
                schedule
            });
            line.fee_minor += 7;
        }
        BreakKind::Tax => (line.tax, line.vat_minor) = (Some(TaxVersion(9)), line.vat_minor + 5),
        _ if often => line.vat_minor += 1,
        _ => line.fee_minor += 1,
    }
    Ok(line)
}
