//! Hostile input for every parser that reads what comes from outside.
//!
//! A [`Target`] is a function over bytes that panics where it finds something. Three run it: libFuzzer
//! (`cargo xtask fuzz`, coverage-guided, with the stable compiler), the test `seeds` over everything committed, and a
//! developer with one file of a finding. A target asserts more than the absence of panics: what is accepted prints as it was
//! read, and what verifies is what was signed, since nobody here can forge.
//!
//! A finding becomes a file in `seeds/<target>/`, named after what was wrong, and is read by the test from then on.
//!
//! Deliberately absent: network, files, clocks. A parser that reads a socket is fuzzed by what it does with the bytes.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a body panics where it finds something")]

mod certificates;
mod commands;
mod entries;
mod known;
mod notes;
mod policies;
mod proofs;
mod tiles;

/// One parser, or a family that shares a form.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line, and that of its folder in `seeds/`.
    pub name: &'static str,
    /// Reads the input and asserts. Panics for a finding, and for nothing else.
    pub run: fn(&[u8]),
    /// Files of `tests/vectors` to begin with, besides those of its folder.
    pub vectors: &'static [&'static str],
}

/// All of them, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "block", run: entries::block, vectors: &[] },
    Target { name: "bundle", run: entries::bundle, vectors: &[] },
    Target { name: "certificate", run: certificates::certificate, vectors: &["ledger/certificate.json"] },
    Target {
        name: "checkpoint",
        run: notes::checkpoint,
        vectors: &["ledger/checkpoint.txt", "ledger/cosignature.txt"],
    },
    Target { name: "command", run: commands::command, vectors: &[] },
    Target { name: "entry", run: entries::entry, vectors: &[] },
    Target { name: "merkle_proof", run: proofs::merkle_proof, vectors: &[] },
    Target { name: "note", run: notes::note, vectors: &["ledger/note.txt", "ledger/cosignature.txt"] },
    Target { name: "policy", run: policies::policy, vectors: &["ledger/policy.txt"] },
    Target { name: "receipt", run: certificates::receipt, vectors: &["ledger/receipt.tlog-proof"] },
    Target { name: "snapshot_proof", run: certificates::snapshot_proof, vectors: &[] },
    Target { name: "tile", run: tiles::tile, vectors: &[] },
    Target { name: "vkey", run: notes::vkey, vectors: &["ledger/note.vkey"] },
    // The bodies of requests to a witness belong here, once `crates/witness` has their parser.
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
