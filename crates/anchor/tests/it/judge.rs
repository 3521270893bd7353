//! OpenZeppelin's own program makes the same roots and proofs.

use crate::{artefacts::judges, samples::statement};
use databourse_anchor::{LineLeaf, StatementTree};
use databourse_testkit::outside::{alone_in, must, node, npm};
use serde::Deserialize;
use std::{fs, path::Path};

#[derive(Deserialize)]
struct Judged {
    root: String,
    proofs: Vec<Vec<String>>,
}

/// A leaf as JavaScript takes it: a text for each type of the tree.
fn values(leaf: &LineLeaf) -> Vec<String> {
    let LineLeaf { window, holder, index, leaf_index, entry, kind, direction, effect_minor, json } =
        leaf.clone();
    let [index, leaf_index, effect] = [index, leaf_index, effect_minor].map(|number| number.to_string());
    vec![window, holder, index, leaf_index, entry, kind, direction, effect, json]
}

#[test]
fn openzeppelins_program_makes_the_same_roots_and_proofs() {
    let folder = judges();
    let modules = {
        let _lock = alone_in(&folder);
        npm(&folder, &["@openzeppelin/merkle-tree@1.0.8"])
    };
    let trees: Vec<StatementTree> =
        [1, 2, 3, 5, 8, 64, 100].map(|count| StatementTree::new(&statement(count)).unwrap()).into();
    let rows: Vec<Vec<Vec<String>>> =
        trees.iter().map(|tree| tree.leaves().iter().map(values).collect()).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, serde_json::to_vec(&rows).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/standard_tree.js");
    let output = must(node().arg(script).arg(&modules).arg(file.path()));
    let judged: Vec<Judged> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(judged.len(), trees.len());
    for (tree, judged) in trees.iter().zip(judged) {
        assert_eq!(judged.root, tree.root().to_string());
        assert_eq!(judged.proofs.len(), tree.leaves().len());
        for (index, theirs) in judged.proofs.iter().enumerate() {
            let ours: Vec<String> =
                tree.prove(index).unwrap().proof.iter().map(ToString::to_string).collect();
            assert_eq!(ours, *theirs, "line {index} of {}", tree.leaves().len());
        }
    }
}
