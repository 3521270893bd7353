//! Rules of breaks beyond their states.

use super::*;
use databourse_primitives::EntryId;
use databourse_primitives::Label;
use databourse_reconcile::{
    BusinessKey, LineKind, LineStatus, SettlementLine,
    tree::{ProofEnd, WindowTree},
};
use databourse_settlement::{AgeBucket, BreakState};

#[test]
fn who_proposes_does_not_approve() {
    let proposed = in_state("proposed");
    check_refused(approve(proposed.clone(), "js:wang"), RefusalCode::BreakSecondPerson);
    // A person of the same name at the other exchange is another person, and so is a colleague.
    assert!(approve(proposed.clone(), "sh:wang").is_ok());
    assert!(approve(proposed, "js:li").is_ok());
}

#[test]
fn a_break_is_between_the_exchanges_of_its_pair() {
    check_refused(open(BreakKind::Status, None, None, "zj:wu"), RefusalCode::BreakNotConcerned);
    let opened = in_state("opened");
    check_refused(assign(opened, "zj:wu", &"js".parse().unwrap()), RefusalCode::BreakNotConcerned);
}

#[test]
fn the_amounts_of_a_break_fit_its_kind() {
    for (kind, left, right, accepted) in [
        (BreakKind::MissingLeft, None, Some(5), true),
        (BreakKind::MissingLeft, Some(5), Some(5), false),
        (BreakKind::MissingLeft, None, None, false),
        (BreakKind::MissingRight, Some(5), None, true),
        (BreakKind::MissingRight, None, Some(5), false),
        (BreakKind::Amount, Some(5), Some(6), true),
        (BreakKind::Amount, Some(5), Some(5), false),
        (BreakKind::Amount, Some(5), None, false),
        (BreakKind::Root, None, None, true),
    ] {
        let opened = open(kind, left, right, "js:wang");
        assert_eq!(opened.is_ok(), accepted, "{kind:?} {left:?} {right:?}");
        assert!(opened.err().is_none_or(|refusal| refusal.code == RefusalCode::BodyMalformed));
    }
}

#[test]
fn kinds_that_anybody_can_compute_again_need_no_evidence() {
    for kind in BreakKind::ALL {
        let (left, right) = match kind {
            BreakKind::MissingLeft => (None, Some(5)),
            BreakKind::MissingRight => (Some(5), None),
            _ => (Some(5), Some(6)),
        };
        let assigned =
            assign(open(kind, left, right, "js:wang").unwrap(), "js:wang", &"js".parse().unwrap()).unwrap();
        let proposed = propose(assigned, POST, "js:wang");
        assert_eq!(proposed.is_ok(), !kind.needs_evidence(), "{kind:?}");
        // Turned down without evidence, it is not evidenced.
        if let Ok(proposed) = proposed {
            let rejected = run("reject", proposed, &"sh".parse().unwrap()).unwrap();
            assert_eq!(rejected.state, BreakState::Assigned);
        }
    }
}

#[test]
fn a_break_ends_by_what_was_approved_and_nothing_else() {
    let js: ExchangeCode = "js".parse().unwrap();
    let approved = |how| approve(propose(in_state("evidenced"), how, "js:wang").unwrap(), "sh:li").unwrap();
    let posting: EntryId = ENTRY.parse().unwrap();
    let no_action = Resolution::NoAction { reason: "matched in the next window".parse().unwrap() };
    for (how, posting, accepted) in [
        (POST, Some(ENTRY), true),
        (POST, None, false),
        (Resolution::Post { posting: Some(posting) }, Some(ENTRY), true),
        (Resolution::Post { posting: Some(posting) }, Some(OTHER_ENTRY), false),
        (Resolution::Post { posting: Some(posting) }, None, false),
        (no_action.clone(), None, true),
        (no_action, Some(ENTRY), false),
    ] {
        let ended = resolve(approved(how.clone()), posting, &js);
        assert_eq!(ended.is_ok(), accepted, "{how:?} {posting:?}");
        assert!(ended.err().is_none_or(|refusal| refusal.code == RefusalCode::BreakPostingUnknown));
    }
}

#[test]
fn the_whole_difference_is_written_off() {
    let evidenced = in_state("evidenced");
    assert_eq!(evidenced.difference_minor(), Some(5));
    check_refused(propose(evidenced.clone(), bear(4), "js:wang"), RefusalCode::AmountOutOfRange);
    check_refused(propose(evidenced, bear(6), "js:wang"), RefusalCode::AmountOutOfRange);
    assert_eq!(open(BreakKind::MissingLeft, None, Some(7), "js:wang").unwrap().difference_minor(), Some(7));
    assert_eq!(open(BreakKind::Root, None, None, "js:wang").unwrap().difference_minor(), None);
}

#[test]
fn evidence_is_bounded() {
    let js: ExchangeCode = "js".parse().unwrap();
    let mut found = in_state("assigned");
    for _ in 0..Break::EVIDENCE_COUNT_MAX {
        found = add_evidence(found, &js).unwrap();
    }
    check_refused(add_evidence(found, &js), RefusalCode::BodyMalformed);
}

#[test]
fn a_break_knows_its_age_and_keeps_its_owner_when_escalated() {
    let escalated = in_state("escalated");
    assert_eq!(escalated.age(NOW.plus_ms(9 * 86_400_000)), AgeBucket::Days8To30);
    assert_eq!(escalated.owner, Some(operator("js:wang")));
    let assigned = run("assign", escalated, &"sh".parse().unwrap()).unwrap();
    assert_eq!(assigned.owner, Some(operator("sh:li")));
}

fn line(key: &str, net_minor: i64) -> SettlementLine {
    SettlementLine {
        key: Some(key.parse().unwrap()),
        kind: LineKind::Sale,
        counterparty: "js".parse().unwrap(),
        asset: "CNY/2".parse().unwrap(),
        net_minor,
        vat_minor: 0,
        fee_minor: 0,
        fee_vat_minor: 0,
        schedule: None,
        tax: None,
        window: "CNY/2#7".parse().unwrap(),
        status: LineStatus::Final,
        original: None,
        occurred_at: NOW,
    }
}

#[test]
fn a_proof_is_taken_only_if_it_shows_what_it_says() {
    let lines: Vec<_> = (1..=40).map(|number| line(&format!("order-{number}/sale"), number)).collect();
    let tree = WindowTree::build(lines.clone()).unwrap();
    let (js, absent): (Label, BusinessKey) = ("js".parse().unwrap(), "order-99/sale".parse().unwrap());
    let found = lines[6].clone();
    let proof = tree.proof(&js, found.key.as_ref());
    let root = tree.root();
    let inclusion = |line: &SettlementLine, proof: &databourse_reconcile::tree::Proof| Evidence::Inclusion {
        root: root.clone(),
        line: Box::new(line.clone()),
        proof: proof.clone(),
    };
    let absence = |key: &BusinessKey| Evidence::NonInclusion {
        root: root.clone(),
        counterparty: js.clone(),
        key: Some(key.clone()),
        proof: tree.proof(&js, Some(key)),
    };
    let (mut cut, mut long) = (proof.clone(), proof.clone());
    cut.path.pop();
    long.path = proof.path.iter().cycle().take(65).cloned().collect();
    let mut dearer = found.clone();
    dearer.net_minor += 1;
    for (what, evidence, accepted) in [
        ("a line that is there", inclusion(&found, &proof), true),
        ("the same line with another amount", inclusion(&dearer, &proof), false),
        ("another line", inclusion(&lines[7], &proof), false),
        ("a proof cut short", inclusion(&found, &cut), false),
        ("a proof without end", inclusion(&found, &long), false),
        ("a key that is not there", absence(&absent), true),
        ("a key that is there", absence(found.key.as_ref().unwrap()), false),
    ] {
        let assigned = in_state("assigned");
        let command = AddEvidence { r#break: id(), evidence, person: "wang".parse().unwrap() };
        let answer = assigned.add_evidence(&command, &"js".parse().unwrap());
        assert_eq!(answer.is_ok(), accepted, "{what}");
        assert!(answer.err().is_none_or(|refusal| refusal.code == RefusalCode::BodyMalformed));
    }
    assert!(matches!(proof.end, ProofEnd::Node(_)));
}
