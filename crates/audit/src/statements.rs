//! The roots that statements rest on: of each window and pair of exchanges, the tree over the settlement lines that follow
//! from the entries.

use crate::{Auditor, Finding, FindingKind};
use databourse_licensing::{Licence, Order};
use databourse_market::{Acceptance, Key, MemoryState, PairLine, RefundRecord, refund_lines, sale_lines};
use databourse_primitives::{Digest, LeafIndex, LicenceId, OrderId, Refusal, TaxVersion, WindowId};
use databourse_reconcile::{SettlementLine, tree::WindowTree};
use databourse_settlement::{Pair, Schedule, Window};
use std::collections::BTreeMap;

/// Roots by window and pair.
pub type StatementRoots = BTreeMap<(WindowId, Pair), Digest>;

/// The roots over the lines of every window.
///
/// # Errors
/// What makes the lines impossible. None in practice: what the rules accepted has lines.
pub fn statement_roots(state: &MemoryState) -> Result<StatementRoots, FindingKind> {
    let mut lines: BTreeMap<(WindowId, Pair), Vec<SettlementLine>> = BTreeMap::new();
    let mut add = |window: WindowId, of_event: Vec<PairLine>| {
        for PairLine { pair, line, .. } in of_event {
            lines.entry((window, pair)).or_default().push(line);
        }
    };
    for event in state.all::<Acceptance>() {
        for line in &event.lines {
            let (order, licence, tax) = bought(state, event.order, *line)?;
            add(event.window, sale_lines(order, licence, event, tax).map_err(refused)?);
        }
    }
    for event in state.all::<RefundRecord>() {
        for line in &event.lines {
            let (order, licence, tax) = bought(state, event.order, line.line)?;
            add(event.window, refund_lines(order, licence, event, line, tax).map_err(refused)?);
        }
    }
    let mut roots = StatementRoots::new();
    for (name, lines) in lines {
        let tree = WindowTree::build(lines).map_err(|_| FindingKind::RecordDiffers {
            key: format!("settlement lines of {} between {}", name.0, name.1),
        })?;
        roots.insert(name, tree.root().hash);
    }
    Ok(roots)
}

fn bought(
    state: &MemoryState,
    order: OrderId,
    line: u32,
) -> Result<(&Order, &Licence, TaxVersion), FindingKind> {
    let id = LicenceId { order, line };
    let missing = || FindingKind::record_differs(&Key::of::<Licence>(&id));
    let licence = state.find::<Licence>(&id).ok_or_else(missing)?;
    let order = state.find::<Order>(&order).ok_or_else(missing)?;
    let schedule = state.find::<Schedule>(&order.schedule).ok_or_else(missing)?;
    Ok((order, licence, schedule.tax))
}

fn refused(refusal: Refusal) -> FindingKind {
    FindingKind::CommandRefused { refusal }
}

impl Auditor {
    /// The roots of the lines, and as findings about the whole those that exchanges signed in windows and that differ.
    pub fn check_statements(&self) -> (StatementRoots, Vec<Finding>) {
        let leaf_index = LeafIndex(self.size().0);
        let mut findings = Vec::new();
        let roots = statement_roots(self.state()).unwrap_or_else(|kind| {
            findings.push(Finding { leaf_index, kind });
            StatementRoots::new()
        });
        for window in self.state().all::<Window>() {
            for (pair, signed) in &window.heads {
                let computed = roots.get(&(window.id, pair.clone()));
                for (exchange, stated) in signed.iter().filter(|(_, stated)| Some(*stated) != computed) {
                    let kind = FindingKind::StatementRootDiffers {
                        window: window.id.to_string(),
                        pair: pair.to_string(),
                        by: exchange.to_string(),
                        stated: stated.to_string(),
                        computed: computed.map(ToString::to_string).unwrap_or_default(),
                    };
                    findings.push(Finding { leaf_index, kind });
                }
            }
        }
        (roots, findings)
    }
}
