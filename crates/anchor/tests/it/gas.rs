//! What each call costs, as a committed table: a change of a contract that makes it dearer is seen in review.

use crate::{
    evm::{Evm, key_set, keys},
    samples::statement,
};
use alloy_primitives::{B256, U256};
use databourse_anchor::{
    Signed, StatementTree,
    contracts::{CheckpointAnchor as checkpoints, StatementAnchor as statements},
};
use std::fmt::Write as _;

const ROOT: B256 = B256::repeat_byte(0xa1);
const OTHER: B256 = B256::repeat_byte(0xb2);
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/GAS.md");

/// Founds a log of so many exchanges and anchors in it; rows of the table.
fn rows(count: u8) -> Vec<(String, u64)> {
    let mut evm = Evm::empty(count);
    let (log, to) = (evm.log(), evm.file.checkpoint_anchor);
    let quorum = key_set(&evm.keys).quorum();
    let of = format!("{quorum} of {count}");
    let founded = evm.file.log.clone();
    let mut rows = vec![(format!("`found`, keys: {count}"), evm.found(&founded).unwrap().gas)];
    rows.push((format!("`submit`, first of a log, {of} signatures"), evm.submit(1_000, ROOT).unwrap().gas));
    rows.push((format!("`submit`, later, {of} signatures"), evm.submit(1 << 40, ROOT).unwrap().gas));
    let tree = StatementTree::new(&statement(1_000)).unwrap();
    let root = tree.signed_with(1_000, ROOT);
    let anchor = statements::anchorCall {
        log,
        window: root.window.clone(),
        holder: root.holder.clone(),
        statement: statements::Statement {
            root: root.root,
            lineCount: root.line_count,
            checkpointSize: 1_000,
        },
        signatures: evm.gathered(&Signed::Statement(root)),
    };
    let gas = evm.send(evm.file.statement_anchor, &anchor).unwrap().gas;
    rows.push((format!("`anchor` of a statement, {of} signatures"), gas));
    if count == 4 {
        let line = tree.prove(502).unwrap();
        let verify = statements::verifyLineCall { log, line: line.leaf.to_contract(), proof: line.proof };
        let gas = evm.ask(evm.file.statement_anchor, &verify).unwrap().gas;
        rows.push(("`verifyLine`, 1,000 lines".to_owned(), gas));
        // What is proven does not matter for the price of a proof, its length does.
        let proof = vec![OTHER; 20];
        let (root, leaf) = (ROOT, OTHER);
        let call = checkpoints::verifyInclusionCall { root, size: 1 << 20, index: 5, leaf, proof };
        rows.push(("`verifyInclusion`, 2^20 leaves".to_owned(), evm.ask(to, &call).unwrap().gas));
        let entry = vec![7; 600].into();
        let proof_of_40 = vec![OTHER; 40];
        let call = checkpoints::isIncludedCall { log, size: 1 << 40, index: 5, entry, proof: proof_of_40 };
        rows.push((
            "`isIncluded`, an entry of 600 bytes, 2^40 leaves".to_owned(),
            evm.ask(to, &call).unwrap().gas,
        ));
        let call = checkpoints::verifyConsistencyCall {
            oldSize: (1 << 20) - 1,
            oldRoot: ROOT,
            newSize: 1 << 20,
            newRoot: OTHER,
            proof: vec![OTHER; 21],
        };
        rows.push((
            "`verifyConsistency`, 2^20 - 1 to 2^20 leaves".to_owned(),
            evm.ask(to, &call).unwrap().gas,
        ));
    }
    let signed = |size, root| checkpoints::SignedRoot {
        root,
        version: 0,
        signatures: evm.gathered(&Signed::Checkpoint { size, root }),
    };
    let (one, other) = (signed(5, ROOT), signed(5, OTHER));
    let report = checkpoints::reportEquivocationCall { log, size: 5, one, other };
    let gas = evm.ask(to, &report).unwrap().gas;
    rows.push((format!("`reportEquivocation`, twice {of} signatures"), gas));
    let next = key_set(&keys(100, count));
    let change = checkpoints::changeKeysCall {
        log,
        keys: next.keys().to_vec(),
        quorum: U256::from(next.quorum()),
        signatures: evm.gathered(&Signed::Keys { version: 1, keys: next }),
    };
    rows.push((format!("`changeKeys`, {of} signatures"), evm.ask(to, &change).unwrap().gas));
    let gas = evm.submit(1_000, OTHER).unwrap().gas;
    rows.push((format!("`submit` of another root, {of} signatures: freezes the log"), gas));
    rows
}

#[test]
fn the_gas_of_each_call_is_the_committed_one() {
    let mut text = String::from(
        "# Gas of each call\n\n\
         Written by `crates/anchor/tests/it/gas.rs` with `UPDATE=1`, which runs every call in `revm` (rules of Osaka) as a\n\
         transaction of its own, the 21,000 of each included. Views cost nothing when a node is asked; the figure is what a\n\
         transaction pays that asks them.\n\n\
         | call | gas |\n|---|---:|\n",
    );
    let [checkpoints, statements] = Evm::empty(1).deploy_gas;
    let mut table = vec![
        ("creating `CheckpointAnchor`".to_owned(), checkpoints),
        ("creating `StatementAnchor`".to_owned(), statements),
    ];
    for count in [1, 4, 20] {
        table.extend(rows(count));
    }
    for (call, gas) in table {
        writeln!(text, "| {call} | {} |", thousands(gas)).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(PATH).unwrap(), text, "run with UPDATE=1 and review the change");
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}
