//! The committed artefacts: what the pinned compiler makes of the sources, and what the Rust side thinks they are.

use databourse_anchor::contracts::{
    CheckpointAnchor::{CheckpointAnchorCalls, CheckpointAnchorErrors, CheckpointAnchorEvents},
    StatementAnchor::{StatementAnchorCalls, StatementAnchorErrors, StatementAnchorEvents},
};
use databourse_testkit::outside::{alone_in, must, node, npm_ci};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

pub(crate) fn judges() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges")
}

#[test]
fn the_committed_artefacts_are_what_the_pinned_compiler_makes() {
    let (contracts, folder) = (contracts(), judges());
    let installed = folder.join("contracts");
    let _lock = alone_in(&folder);
    npm_ci(&contracts, &installed);
    let out = tempfile::tempdir().unwrap();
    must(node().arg(contracts.join("compile.js")).arg(&installed).arg(out.path()));
    let names: BTreeSet<_> =
        fs::read_dir(out.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2);
    for name in names {
        let committed = fs::read_to_string(contracts.join("out").join(&name)).unwrap();
        let compiled = fs::read_to_string(out.path().join(&name)).unwrap();
        assert!(committed == compiled, "{}: run `cargo xtask contracts`", name.display());
    }
}

/// `name(type,…)` of an item of the ABI; a struct is the tuple of its members.
fn signature(item: &Value) -> String {
    fn kind(parameter: &Value) -> String {
        let name = parameter["type"].as_str().unwrap();
        match name.strip_prefix("tuple") {
            Some(rest) => format!("({}){rest}", kinds(&parameter["components"])),
            None => name.to_owned(),
        }
    }
    fn kinds(parameters: &Value) -> String {
        parameters.as_array().unwrap().iter().map(kind).collect::<Vec<_>>().join(",")
    }
    format!("{}({})", item["name"].as_str().unwrap(), kinds(&item["inputs"]))
}

#[track_caller]
fn check(contract: &str, calls: &[&str], errors: &[&str], events: &[&str]) {
    let path = contracts().join("out").join(format!("{contract}.json"));
    let artefact: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(artefact["bytecode"].as_str().unwrap().len() > 2_000);
    let of = |kind: &str| -> BTreeSet<String> {
        let items = artefact["abi"].as_array().unwrap().iter();
        // Ours, not those of the OpenZeppelin contracts below them.
        let ours = |item: &&Value| {
            let name = item["name"].as_str().unwrap_or_default();
            let openzeppelin = ["eip712Domain", "EIP712DomainChanged", "InvalidShortString", "StringTooLong"];
            item["type"] == kind && !openzeppelin.contains(&name)
        };
        items.filter(ours).map(signature).collect()
    };
    let here = |texts: &[&str]| -> BTreeSet<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
    assert_eq!(of("event"), here(events), "{contract}");
    assert_eq!(of("error"), here(errors), "{contract}");
    let mut functions = of("function");
    functions.remove("KEYS_MAX()");
    assert_eq!(functions, here(calls), "{contract}");
}

#[test]
fn the_interfaces_in_rust_are_those_of_the_contracts() {
    check(
        "CheckpointAnchor",
        CheckpointAnchorCalls::SIGNATURES,
        CheckpointAnchorErrors::SIGNATURES,
        CheckpointAnchorEvents::SIGNATURES,
    );
    check(
        "StatementAnchor",
        StatementAnchorCalls::SIGNATURES,
        StatementAnchorErrors::SIGNATURES,
        StatementAnchorEvents::SIGNATURES,
    );
}
