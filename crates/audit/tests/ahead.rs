//! Effects that are checked behind the execution give the report that they give in turn.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_audit::{Auditor, FindingKind, Prepared, Report};
use databourse_primitives::LeafIndex;
use serde_json::json;
use std::collections::VecDeque;
use support::{Ledger, history, seed};

/// Audits with each check `lag` blocks behind the execution.
fn report(ledger: &Ledger, lag: usize) -> Report {
    let mut auditor = Auditor::new();
    let mut unchecked = VecDeque::new();
    for entry in &ledger.entries {
        unchecked.extend(auditor.take_ahead(Prepared::read(entry)));
        if unchecked.len() > lag {
            auditor.conclude(unchecked.pop_front().unwrap().check());
        }
    }
    for effects in unchecked {
        auditor.conclude(effects.check());
    }
    auditor.finish(None)
}

#[track_caller]
fn check(ledger: &Ledger) -> Report {
    let in_turn = ledger.audit().finish(None);
    for lag in [0, 1, 2, usize::MAX] {
        assert_eq!(report(ledger, lag), in_turn, "{lag} blocks behind");
    }
    in_turn
}

fn anchor(ledger: &mut Ledger, contract: u64) {
    let body = json!({
        "chain_id": 1, "contract": format!("0x{contract:040x}"), "transaction": format!("0x{:064x}", 1),
        "block_number": 1,
        "subject": { "name": "checkpoint", "size": 2, "root": databourse_primitives::Digest::of(b"never") },
    });
    ledger.must(0, "anchor.record", &body);
}

#[test]
fn a_sound_ledger_has_no_finding() {
    let ledger = history();
    let report = check(&ledger);
    assert_eq!((report.findings, report.height), (Vec::new(), ledger.height));
}

#[test]
fn the_first_block_that_differs_ends_the_audit_whatever_stands_behind_it() {
    let mut ledger = history();
    anchor(&mut ledger, 1);
    let (height, header) = (ledger.height, ledger.tree.size());
    ledger.is_lying = true;
    anchor(&mut ledger, 2);
    ledger.append(&[]);
    ledger.is_lying = false;
    anchor(&mut ledger, 3);
    let (_, refused) = ledger.sign(1, seed(1), "member.depart", &json!({ "exchange": "js" }));
    assert!(!ledger.append(&[refused]));
    let report = check(&ledger);
    let [earlier, last] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert!(matches!(earlier.kind, FindingKind::AnchorDiffers { .. }), "{earlier}");
    assert!(matches!(last.kind, FindingKind::EffectsDiffer { .. }), "{last}");
    assert_eq!((last.leaf_index, report.height), (LeafIndex(header), height));
}

#[test]
fn what_ends_the_audit_before_a_block_that_differs_is_what_is_found() {
    let mut ledger = history();
    let (_, refused) = ledger.sign(1, seed(1), "member.depart", &json!({ "exchange": "js" }));
    assert!(!ledger.append(&[refused]));
    ledger.is_lying = true;
    ledger.append(&[]);
    let report = check(&ledger);
    let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert!(matches!(finding.kind, FindingKind::CommandRefused { .. }), "{finding}");
}
