//! Refunds that no sale carries: of a sale that nobody has, or of more than was sold.

use super::reconcile::Group;
use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::word::{LineKind, LineStatus};
use databourse_primitives::Asset;
use std::collections::BTreeMap;

/// A refund on its way through the sums of its sale. Ordered as refunds are counted: earlier windows first, then what
/// both sides hold alike, then by time and key.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Counted<'a> {
    window: u64,
    disputed: bool,
    occurred_at: databourse_primitives::Timestamp,
    key: &'a BusinessKey,
    /// What it gives back by the left and by the right, at most zero.
    amounts: [i128; 2],
}

/// The refunds among `groups` that are `orphan_refund` or `over_refund`.
///
/// A sale carries its refunds up to the larger of its amounts on the two sides, so that a wrong sale does not make its
/// refunds wrong too. A refund above it is named and not counted, so that it does not make later ones wrong. Reversed
/// refunds are not counted. `around` are the lines of the neighbouring windows, left then right.
pub(super) fn refund_breaks<'a>(
    groups: &BTreeMap<&'a BusinessKey, Group<'a>>,
    around: [&BTreeMap<&'a BusinessKey, Vec<&'a SettlementLine>>; 2],
) -> BTreeMap<&'a BusinessKey, BreakKind> {
    let mut breaks = BTreeMap::new();
    let mut by_sale: BTreeMap<&BusinessKey, Vec<Counted<'a>>> = BTreeMap::new();
    for (key, group) in groups {
        let mut refunds = group.all().filter(|line| line.kind == LineKind::Refund).peekable();
        if refunds.peek().is_none() {
            continue;
        }
        let sale = refunds
            .filter_map(|line| line.original.as_ref())
            .find(|sale| largest(sale, groups, around).is_some());
        match sale {
            None => _ = breaks.insert(*key, BreakKind::OrphanRefund),
            Some(sale) => by_sale.entry(sale).or_default().extend(counted(key, group)),
        }
    }
    for (lines, side) in around.into_iter().zip(0..) {
        for (key, line) in lines.iter().filter_map(|(key, lines)| Some((*key, *lines.first()?))) {
            // What is also in this window is a duplicate or counted there.
            if let Some(original) =
                line.original.as_ref().filter(|_| is_counted(line) && !groups.contains_key(key))
            {
                // Only sales that this window refunds are summed.
                if let Some(refunds) = by_sale.get_mut(original) {
                    let mut amounts = [0; 2];
                    amounts[side] = line.amount_minor();
                    let (window, occurred_at) = (line.window.number, line.occurred_at);
                    refunds.push(Counted { window, disputed: false, occurred_at, key, amounts });
                }
            }
        }
    }
    for (sale, mut refunds) in by_sale {
        let Some(most) = largest(sale, groups, around) else { continue };
        refunds.sort_unstable();
        let mut given = [0_i128; 2];
        for refund in refunds {
            let after = [given[0] + refund.amounts[0], given[1] + refund.amounts[1]];
            let over = (0..2).any(|side| refund.amounts[side] != 0 && -after[side] > most.1);
            if over && groups.contains_key(refund.key) {
                // A refund in another unit than its sale cannot be held against it; the pair says `currency`.
                let asset = |line: &&SettlementLine| line.kind == LineKind::Refund && line.asset == most.0;
                if groups.get(refund.key).is_some_and(|group| group.all().any(|line| asset(&line))) {
                    breaks.insert(refund.key, BreakKind::OverRefund);
                    continue;
                }
            }
            given = after;
        }
    }
    breaks
}

fn is_counted(line: &SettlementLine) -> bool {
    line.kind == LineKind::Refund && line.status != LineStatus::Reversed
}

/// The refund of one key; of a key that stands twice on a side, which is a break of its own, the first line.
fn counted<'a>(key: &'a BusinessKey, group: &Group<'a>) -> Option<Counted<'a>> {
    let amount = |line: Option<&&SettlementLine>| {
        line.filter(|line| is_counted(line)).map_or(0, |line| line.amount_minor())
    };
    let left = group.agreed.first().or(group.left.first());
    let right = group.agreed.first().or(group.right.first());
    let occurred_at = group.all().map(|line| line.occurred_at).min()?;
    let window = group.all().map(|line| line.window.number).min()?;
    let amounts = [amount(left), amount(right)];
    Some(Counted { window, disputed: amounts[0] != amounts[1], occurred_at, key, amounts })
}

/// Unit and amount of a sale, the larger if the sides differ; `None` if nobody has it.
fn largest<'a>(
    sale: &BusinessKey,
    groups: &BTreeMap<&'a BusinessKey, Group<'a>>,
    around: [&BTreeMap<&'a BusinessKey, Vec<&'a SettlementLine>>; 2],
) -> Option<(Asset, i128)> {
    let here = groups.get(sale).into_iter().flat_map(Group::all);
    let there = around.into_iter().filter_map(|lines| lines.get(sale)).flatten().copied();
    let sales = here.chain(there).filter(|line| line.kind == LineKind::Sale);
    sales.map(|line| (line.asset, line.amount_minor())).max_by_key(|(_, amount)| *amount)
}
