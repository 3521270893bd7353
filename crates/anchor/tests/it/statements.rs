//! The statement anchor and the tree over a statement's lines.

use crate::{
    evm::{Evm, refusal},
    samples::{HOLDER, WINDOW, statement, statement_at},
};
use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolEvent as _;
use databourse_anchor::{
    ContractRefusal, LineProof, Signed, StatementRoot, StatementTree, TreeError,
    contracts::{CheckpointAnchor, StatementAnchor as contract},
};
use databourse_statement::WindowStage;

const ROOT: B256 = B256::repeat_byte(0xa1);

fn anchor_call(evm: &Evm, of: &StatementRoot, signatures: Vec<Bytes>) -> contract::anchorCall {
    contract::anchorCall {
        log: evm.log(),
        window: of.window.clone(),
        holder: of.holder.clone(),
        statement: contract::Statement {
            root: of.root,
            lineCount: of.line_count,
            checkpointSize: of.checkpoint_size,
        },
        signatures,
    }
}

fn verify_call(evm: &Evm, line: &LineProof) -> contract::verifyLineCall {
    contract::verifyLineCall { log: evm.log(), line: line.leaf.to_contract(), proof: line.proof.clone() }
}

/// A log with a checkpoint of ten leaves and the statement of `count` lines on it.
fn anchored(count: u64) -> (Evm, StatementTree) {
    let mut evm = Evm::founded();
    evm.submit(10, ROOT).unwrap();
    let tree = StatementTree::new(&statement(count)).unwrap();
    let of = tree.signed_with(10, ROOT);
    let call = anchor_call(&evm, &of, evm.gathered(&Signed::Statement(of.clone())));
    let done = evm.send(evm.file.statement_anchor, &call).unwrap();
    let event = contract::StatementAnchored::decode_log(&done.logs[0]).unwrap().data;
    assert_eq!((event.window.as_str(), event.holder.as_str(), event.root), (WINDOW, HOLDER, tree.root()));
    (evm, tree)
}

#[test]
fn every_line_of_an_anchored_statement_is_proven_and_no_other() {
    for count in [1, 2, 3, 7, 16, 33] {
        let (mut evm, tree) = anchored(count);
        let to = evm.file.statement_anchor;
        let verify = |evm: &mut Evm, line: &LineProof| {
            let call = verify_call(evm, line);
            evm.ask(to, &call).map_err(|refusal| refusal.to_string()).unwrap().value
        };
        for index in 0..usize::try_from(count).unwrap() {
            let line = tree.prove(index).unwrap();
            let leaf = contract::leafOfCall { line: line.leaf.to_contract() };
            assert_eq!(evm.ask(to, &leaf).unwrap().value, line.leaf.hash(), "leaf {index} of {count}");
            assert!(verify(&mut evm, &line), "{index} of {count}");
            let mut dearer = line.clone();
            dearer.leaf.effect_minor += 1;
            let mut turned = line.clone();
            turned.leaf.direction = "none".to_owned();
            let mut moved = line.clone();
            moved.leaf.index += 1;
            let mut longer = line.clone();
            longer.proof.push(ROOT);
            let mut shorter = line.clone();
            shorter.proof.pop();
            for bad in [dearer, turned, moved, longer] {
                assert!(!verify(&mut evm, &bad), "{index} of {count}");
            }
            assert_eq!(verify(&mut evm, &shorter), count == 1);
        }
    }
}

#[test]
fn a_line_without_its_statement_is_a_refusal() {
    let (mut evm, tree) = anchored(3);
    let mut line = tree.prove(0).unwrap();
    line.leaf.window = "CNY/2#8".to_owned();
    let call = verify_call(&evm, &line);
    let to = evm.file.statement_anchor;
    let found = evm.ask(to, &call).map(|_| ()).unwrap_err();
    let (window, holder) = (line.leaf.window, HOLDER.to_owned());
    let expected = contract::StatementAnchorNotAnchored { log: evm.log(), window, holder };
    assert_eq!(found, refusal(expected));
}

#[test]
fn a_statement_is_anchored_once_on_an_anchored_checkpoint_by_the_quorum() {
    let (mut evm, tree) = anchored(3);
    let (log, to) = (evm.log(), evm.file.statement_anchor);
    let check = |evm: &mut Evm, of: &StatementRoot, signatures: Vec<Bytes>, expected: ContractRefusal| {
        let call = anchor_call(evm, of, signatures);
        assert_eq!(evm.send(to, &call).map(|_| ()).unwrap_err(), expected);
    };
    let of = tree.signed_with(10, ROOT);
    let signed = |evm: &Evm, of: &StatementRoot| evm.gathered(&Signed::Statement(of.clone()));
    let signatures = signed(&evm, &of);
    let again = contract::StatementAnchorAlreadyAnchored { log, root: of.root };
    check(&mut evm, &of, signatures, refusal(again.clone()));
    // Another root for it, signed by all, changes nothing either.
    let other = StatementRoot { root: ROOT, ..of.clone() };
    let signatures = signed(&evm, &other);
    check(&mut evm, &other, signatures, refusal(again));
    let mut next = StatementRoot { window: "CNY/2#8".to_owned(), ..of.clone() };
    next.checkpoint_size = 11;
    let signatures = signed(&evm, &next);
    let missing = contract::StatementAnchorCheckpointMissing { log, size: 11 };
    check(&mut evm, &next, signatures, refusal(missing));
    next.checkpoint_size = 10;
    for empty in
        [StatementRoot { line_count: 0, ..next.clone() }, StatementRoot { root: B256::ZERO, ..next.clone() }]
    {
        let signatures = signed(&evm, &empty);
        check(&mut evm, &empty, signatures, refusal(contract::StatementAnchorEmptyStatement {}));
    }
    // What the checkpoint anchor refuses comes through.
    let two = evm.signed(2, &Signed::Statement(next.clone()));
    let too_few =
        CheckpointAnchor::CheckpointAnchorQuorumMissing { signatures: U256::from(2), quorum: U256::from(3) };
    check(&mut evm, &next, two, refusal(too_few));
    // Signed for another checkpoint's root.
    let elsewhere = StatementRoot { checkpoint_root: B256::repeat_byte(1), ..next.clone() };
    let call = anchor_call(&evm, &next, evm.signed(3, &Signed::Statement(elsewhere)));
    assert!(evm.send(to, &call).is_err());
    let digest = contract::statementDigestCall {
        log,
        window: next.window.clone(),
        holder: next.holder.clone(),
        statement: anchor_call(&evm, &next, Vec::new()).statement,
    };
    let digest = evm.ask(to, &digest).unwrap().value;
    assert_eq!(digest, Signed::Statement(next.clone()).digest(&evm.file));
    let call = anchor_call(&evm, &next, signed(&evm, &next));
    evm.send(to, &call).unwrap();
    let kept = contract::statementOfCall { log, window: next.window.clone(), holder: next.holder.clone() };
    assert_eq!(evm.ask(to, &kept).unwrap().value, call.statement);
}

#[test]
fn only_a_final_statement_with_lines_has_a_tree() {
    let new = |statement| StatementTree::new(&statement).map(|tree| tree.root());
    for stage in [WindowStage::Open, WindowStage::Closing, WindowStage::Closed, WindowStage::Settling] {
        assert_eq!(new(statement_at(stage, 1)), Err(TreeError::NotFinal(stage.words().en)));
    }
    assert_eq!(new(statement(0)), Err(TreeError::Empty));
    assert_eq!(new(statement_at(WindowStage::Aborted, 2)), new(statement(2)));
    let tree = StatementTree::new(&statement(2)).unwrap();
    assert_eq!(tree.prove(2), Err(TreeError::NoLine { index: 2, count: 2 }));
}
