//! The ledger against a book, from the two roots down to each line.

use super::classify::classify;
use super::keyless;
use super::refund::refund_breaks;
use super::report::{FoundBreak, Matched, Reconciliation, Rule, Tally};
use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::tree::{Difference, NodeSource, Summary, TreeError, WindowTree, diff};
use std::collections::BTreeMap;

/// What a reconciliation knows besides the lines of the window.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Ledger lines of the windows before and after, as many windows as refunds and late books may reach over.
    pub left_around: Vec<SettlementLine>,
    /// The book's lines of those windows.
    pub right_around: Vec<SettlementLine>,
    /// What the ledger's signed head shows, if there is one.
    pub left_head: Option<Summary>,
    /// What the other side's signed head shows, if there is one.
    pub right_head: Option<Summary>,
    /// Minutes that the parties' day begins ahead of UTC's: 480 in China. Used only to match lines without a key.
    pub utc_offset_minutes: i16,
}

/// All lines of one key.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// Lines that both trees share, once each.
    pub(super) agreed: Vec<&'a SettlementLine>,
    /// Lines that only the left has.
    pub(super) left: Vec<&'a SettlementLine>,
    /// Lines that only the right has.
    pub(super) right: Vec<&'a SettlementLine>,
}

impl<'a> Group<'a> {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a SettlementLine> {
        self.agreed.iter().chain(&self.left).chain(&self.right).copied()
    }
}

type Around<'a> = BTreeMap<&'a BusinessKey, Vec<&'a SettlementLine>>;

/// Compares the ledger's lines of a window (`left`) with those of another book (`right`).
///
/// With equal roots no line is compared; the rules of one book (a key twice, refunds without a sale or above it) are
/// then held against the ledger alone, which costs no fetch.
///
/// # Errors
/// [`TreeError`] if the right side's tree is not what its root says. No report is given then.
pub fn reconcile(
    left: &WindowTree,
    right: &impl NodeSource,
    context: &Context,
) -> Result<Reconciliation, TreeError> {
    let Difference { left: only_left, right: only_right, hashes_fetched, nodes_fetched } = diff(left, right)?;
    let (left_root, right_root) = (left.root(), right.root());
    let by_tree = if left_root == right_root { Rule::Root } else { Rule::Tree };
    let around = [index(&context.left_around), index(&context.right_around)];

    let mut groups: BTreeMap<&BusinessKey, Group<'_>> = BTreeMap::new();
    let mut matched: BTreeMap<Rule, Matched> = BTreeMap::new();
    let mut breaks = heads(context, &left_root, &right_root);
    let (mut alone_left, mut alone_right) = (Vec::new(), Vec::new());
    let mut differing = only_left.iter().peekable();
    for (at, line) in left.lines().iter().enumerate() {
        let differs = differing.next_if(|next| **next == at).is_some();
        match &line.key {
            Some(key) if differs => groups.entry(key).or_default().left.push(line),
            Some(key) => groups.entry(key).or_default().agreed.push(line),
            None if differs => alone_left.push(line),
            None => agree(&mut matched, by_tree, 1),
        }
    }
    for line in &only_right {
        match &line.key {
            Some(key) => groups.entry(key).or_default().right.push(line),
            None => alone_right.push(line),
        }
    }

    let refunds = refund_breaks(&groups, [&around[0], &around[1]]);
    for (key, group) in &groups {
        if let Some(found) = twice(key, group, &around) {
            // What both sides share of a key that only one has twice is matched; the line too many is the break.
            let shared = group.left.len() + group.right.len() > 0;
            agree(&mut matched, by_tree, if shared { group.agreed.len() as u64 } else { 0 });
            breaks.push(found);
        } else if let Some(kind) = refunds.get(key) {
            breaks.push(broken(*kind, group));
        } else {
            match (&*group.left, &*group.right) {
                ([], []) => agree(&mut matched, by_tree, group.agreed.len() as u64),
                // Lines that agree in everything do not differ in the trees.
                ([l], [r]) => breaks.push(broken(classify(l, r).unwrap_or(BreakKind::Amount), group)),
                (one, other) => {
                    let side = usize::from(!one.is_empty());
                    match around[side].get(key) {
                        Some(there) => {
                            let elsewhere = there.iter().map(|line| (*line).clone()).collect();
                            breaks.push(FoundBreak { elsewhere, ..broken(BreakKind::Timing, group) });
                        }
                        None => {
                            alone_left.extend_from_slice(one);
                            alone_right.extend_from_slice(other);
                        }
                    }
                }
            }
        }
    }
    keyless::resolve(alone_left, alone_right, context.utc_offset_minutes, &mut matched, &mut breaks);

    matched.retain(|_, lines| *lines != Matched::default());
    breaks.sort_by(|a, b| {
        let order = |found: &FoundBreak| {
            (found.kind != BreakKind::Root, found.counterparty.clone(), found.key.clone())
        };
        order(a).cmp(&order(b)).then(a.kind.cmp(&b.kind))
    });
    let lines = Matched { left: left_root.totals.count(), right: right_root.totals.count() };
    let tally = Tally::of(lines, &matched, &breaks);
    Reconciliation { left_root, right_root, matched, breaks, tally, hashes_fetched, nodes_fetched }.checked()
}

fn index(lines: &[SettlementLine]) -> Around<'_> {
    let mut index = Around::new();
    for line in lines {
        if let Some(key) = &line.key {
            index.entry(key).or_default().push(line);
        }
    }
    index
}

fn agree(matched: &mut BTreeMap<Rule, Matched>, rule: Rule, lines: u64) {
    let by_rule = matched.entry(rule).or_default();
    by_rule.left += lines;
    by_rule.right += lines;
}

/// A break with all lines of the key; what both sides share stands on both.
fn broken(kind: BreakKind, group: &Group<'_>) -> FoundBreak {
    let side = |own: &[&SettlementLine]| {
        group.agreed.iter().chain(own).map(|line| (*line).clone()).collect::<Vec<_>>()
    };
    FoundBreak::of(kind, side(&group.left), side(&group.right))
}

/// The break of a key that one side has twice, in this window and the neighbouring ones.
fn twice(key: &BusinessKey, group: &Group<'_>, around: &[Around<'_>; 2]) -> Option<FoundBreak> {
    let there = [0, 1].map(|side| around[side].get(key).map_or(&[][..], Vec::as_slice));
    let here = [group.agreed.len() + group.left.len(), group.agreed.len() + group.right.len()];
    if (0..2).all(|side| here[side] == 0 || here[side] + there[side].len() < 2) {
        return None;
    }
    let shared = group.left.len() + group.right.len() > 0;
    let mut found = if shared {
        let own = |lines: &[&SettlementLine]| lines.iter().map(|line| (*line).clone()).collect::<Vec<_>>();
        FoundBreak::of(BreakKind::Duplicate, own(&group.left), own(&group.right))
    } else {
        broken(BreakKind::Duplicate, group)
    };
    let matched = if shared { &*group.agreed } else { &[] };
    found.elsewhere = there.into_iter().flatten().chain(matched).map(|line| (*line).clone()).collect();
    Some(found)
}

/// The sides whose signed head is not that of their lines: at most one break, since the root of the window is one.
fn heads(context: &Context, left_root: &Summary, right_root: &Summary) -> Vec<FoundBreak> {
    let differs = |head: &Option<Summary>, root| head.as_ref().is_some_and(|head| head != root);
    if differs(&context.left_head, left_root) || differs(&context.right_head, right_root) {
        vec![FoundBreak::of(BreakKind::Root, vec![], vec![])]
    } else {
        vec![]
    }
}
