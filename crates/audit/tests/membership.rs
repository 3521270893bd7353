//! A ledger with every kind of membership entry, audited from its bytes alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use databourse_audit::FindingKind;
use databourse_market::MemoryState;
use databourse_party::{Exchange, validators};
use databourse_primitives::{Digest, LeafIndex, RefusalCode, TreeSize};
use serde_json::json;
use support::{history, seed};

#[test]
fn an_audit_comes_to_the_same_memberships() {
    let ledger = history();
    let auditor = ledger.audit();
    assert!(auditor.state().records().eq(ledger.state.records()));
    let next = ledger.height.next();
    let codes = |state: &MemoryState| {
        let voters = validators(state.all::<Exchange>(), next);
        voters.into_iter().map(|(code, _)| code.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(codes(auditor.state()), ["ah", "fj", "sh", "zj"]);
    let report = auditor.finish(Some((TreeSize(ledger.tree.size()), ledger.tree.root())));
    assert_eq!((report.findings, report.height), (Vec::new(), ledger.height));
}

#[test]
fn an_entry_of_who_is_no_member_is_a_finding() {
    let check = |place: usize, code: RefusalCode| {
        let mut ledger = history();
        let body = json!({ "change": { "name": "reinstate", "exchange": "ah" } });
        let (_, command) = ledger.sign(place, seed(place), "member.propose", &body);
        assert!(!ledger.append(&[command]));
        let last = ledger.entries.len() as u64 - 1;
        let report = ledger.audit().finish(None);
        let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
        assert_eq!(finding.leaf_index, LeafIndex(last));
        let FindingKind::CommandRefused { refusal } = &finding.kind else { panic!("{finding}") };
        assert_eq!(refusal.code, code);
    };
    check(1, RefusalCode::MemberNotActive);
    check(3, RefusalCode::MemberState);
}

#[test]
fn an_anchored_root_that_the_ledger_never_had_is_a_finding() {
    let mut ledger = history();
    let (size, root) = (ledger.tree.size(), *ledger.tree.root().as_bytes());
    let anchor = |contract: u64, size: u64, root: [u8; 32]| {
        json!({
            "chain_id": 1, "contract": format!("0x{contract:040x}"), "transaction": format!("0x{:064x}", 1),
            "block_number": 1,
            "subject": { "name": "checkpoint", "size": size, "root": Digest::from_bytes(root) },
        })
    };
    ledger.must(0, "anchor.record", &anchor(1, size, root));
    assert_eq!(ledger.audit().finish(None).findings, Vec::new());
    // Another root of that size, and the right root at a size where no block ended: each is named, neither ends the audit.
    ledger.must(0, "anchor.record", &anchor(2, size, [7; 32]));
    ledger.must(0, "anchor.record", &anchor(3, size + 1, root));
    let last = ledger.tree.size() - 1;
    let report = ledger.audit().finish(None);
    assert_eq!(report.height, ledger.height);
    let differs = |size, recorded, computed: Option<[u8; 32]>| FindingKind::AnchorDiffers {
        size: TreeSize(size),
        recorded: Digest::from_bytes(recorded),
        computed: computed.map(Digest::from_bytes),
    };
    let found: Vec<_> =
        report.findings.into_iter().map(|finding| (finding.leaf_index.0, finding.kind)).collect();
    let expected = [(last - 2, differs(size, [7; 32], Some(root))), (last, differs(size + 1, root, None))];
    assert_eq!(found, expected);
}
