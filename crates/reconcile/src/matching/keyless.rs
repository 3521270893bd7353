//! Lines that stand alone on their side, where at least one side keeps no keys.

use super::group::{Outcome, pair_up};
use super::report::{FoundBreak, Matched, Rule};
use super::subset::Search;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::{Asset, Label};
use std::collections::BTreeMap;

/// What lines must share to be matched by their amounts; the last is the day.
type Shared<'a> = (&'a Label, Asset, LineKind, LineStatus, i64);

type Lines<'a> = Vec<&'a SettlementLine>;

/// The day of a point in time, in days since 1970-01-01, by a clock `utc_offset_minutes` ahead of UTC.
pub(crate) const fn day(unix_ms: i64, utc_offset_minutes: i16) -> i64 {
    (unix_ms + utc_offset_minutes as i64 * 60_000).div_euclid(86_400_000)
}

/// Matches by amounts what can be, names what is ambiguous, and calls the rest missing. Every line given is counted in
/// `matched` or put into a break.
pub(super) fn resolve(
    left: Lines<'_>,
    right: Lines<'_>,
    utc_offset_minutes: i16,
    matched: &mut BTreeMap<Rule, Matched>,
    breaks: &mut Vec<FoundBreak>,
) {
    let mut search = Search::new();
    let mut groups: BTreeMap<Shared<'_>, (Lines<'_>, Lines<'_>)> = BTreeMap::new();
    for line in left {
        groups.entry(shared(line, utc_offset_minutes)).or_default().0.push(line);
    }
    for line in right {
        groups.entry(shared(line, utc_offset_minutes)).or_default().1.push(line);
    }
    for (mut left, mut right) in groups.into_values() {
        let keyless = |line: &&SettlementLine| line.key.is_none();
        // Two lines with two keys are two lines, whatever their amounts: one side of a match must be without keys.
        let (without, with): (Lines<'_>, Lines<'_>) = right.iter().partition(|line| keyless(line));
        let (open_left, open_without) = pass(left, without, &mut search, matched, breaks);
        (left, right) = (open_left, with);
        let (without, with): (Lines<'_>, Lines<'_>) = left.iter().partition(|line| keyless(line));
        let (open_keyless, open_right) = pass(without, right, &mut search, matched, breaks);
        for line in with.into_iter().chain(open_keyless) {
            breaks.push(FoundBreak::of(BreakKind::MissingRight, vec![line.clone()], vec![]));
        }
        for line in open_right.into_iter().chain(open_without) {
            breaks.push(FoundBreak::of(BreakKind::MissingLeft, vec![], vec![line.clone()]));
        }
    }
}

fn shared(line: &SettlementLine, utc_offset_minutes: i16) -> Shared<'_> {
    let day = day(line.occurred_at.unix_ms(), utc_offset_minutes);
    (&line.counterparty, line.asset, line.kind, line.status, day)
}

/// One run of [`pair_up`]; returns what fits nothing.
fn pass<'a>(
    left: Lines<'a>,
    right: Lines<'a>,
    search: &mut Search,
    matched: &mut BTreeMap<Rule, Matched>,
    breaks: &mut Vec<FoundBreak>,
) -> (Lines<'a>, Lines<'a>) {
    if left.is_empty() || right.is_empty() {
        return (left, right);
    }
    let amounts = |lines: &Lines<'_>| lines.iter().map(|line| line.amounts_minor()).collect::<Vec<_>>();
    let (mut open_left, mut open_right) = (vec![true; left.len()], vec![true; right.len()]);
    for pairing in pair_up(&amounts(&left), &amounts(&right), search) {
        pairing.left.iter().for_each(|at| open_left[*at] = false);
        pairing.right.iter().for_each(|at| open_right[*at] = false);
        let rule = match pairing.outcome {
            Outcome::OneToOne => Rule::OneToOne,
            Outcome::OneToMany => Rule::OneToMany,
            Outcome::ManyToOne => Rule::ManyToOne,
            Outcome::Ambiguous => {
                let of = |lines: &Lines<'_>, at: &[usize]| at.iter().map(|at| lines[*at].clone()).collect();
                let (left, right) = (of(&left, &pairing.left), of(&right, &pairing.right));
                breaks.push(FoundBreak::of(BreakKind::Ambiguous, left, right));
                continue;
            }
        };
        let by_rule = matched.entry(rule).or_default();
        by_rule.left += pairing.left.len() as u64;
        by_rule.right += pairing.right.len() as u64;
    }
    let still = |lines: Lines<'a>, open: Vec<bool>| {
        lines.into_iter().zip(open).filter_map(|(line, open)| open.then_some(line)).collect()
    };
    (still(left, open_left), still(right, open_right))
}
