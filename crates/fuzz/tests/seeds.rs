//! Every target over everything that is committed for it: seeds, past findings, vectors. What a fuzzer has found once is
//! found here from then on, without a fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_fuzz::{TARGETS, Target, target};
use std::{fs, panic, path::PathBuf};

fn below(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn inputs(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let own = fs::read_dir(below("seeds").join(target.name))
        .unwrap_or_else(|error| panic!("{}: {error}", target.name));
    let own = own.map(|file| file.unwrap().path());
    let vectors = target.vectors.iter().map(|name| below("../../tests/vectors").join(name));
    own.chain(vectors).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn no_committed_input_is_a_finding() {
    for target in TARGETS {
        let inputs = inputs(target);
        assert!(inputs.len() > 1, "{} has next to nothing to begin with", target.name);
        for (path, input) in inputs {
            let found = panic::catch_unwind(|| (target.run)(&input)).is_err();
            assert!(!found, "{} finds something in {}", target.name, path.display());
        }
    }
}

/// A mutation that a fuzzer would try first, so that a wrong body shows without one.
#[test]
fn no_seed_with_one_byte_changed_cut_or_repeated_is_a_finding() {
    for target in TARGETS {
        for (path, input) in inputs(target) {
            // Some 100 places of each: a test is no fuzzer.
            let step = input.len().div_ceil(100).max(1);
            for place in (0..input.len()).step_by(step) {
                let changed = |byte: u8| [&input[..place], &[byte], &input[place + 1..]].concat();
                let repeated = [&input[..=place], &input[place..]].concat();
                let tries = [
                    changed(input[place] ^ 1),
                    changed(b'\n'),
                    changed(0xff),
                    input[..place].to_vec(),
                    repeated,
                ];
                for tried in tries {
                    let found = panic::catch_unwind(|| (target.run)(&tried)).is_err();
                    assert!(
                        !found,
                        "{} finds something in {} at {place}: {tried:?}",
                        target.name,
                        path.display()
                    );
                }
            }
        }
    }
}

#[test]
fn targets_are_found_by_their_names() {
    assert!(TARGETS.is_sorted_by_key(|target| target.name));
    assert!(TARGETS.iter().all(|one| target(one.name).is_some_and(|found| found.name == one.name)));
    assert!(target("nothing").is_none());
}
