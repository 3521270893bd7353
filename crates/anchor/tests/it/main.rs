//! The contracts in `revm` and before a real JSON-RPC node, and the statement tree before OpenZeppelin's own program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod artefacts;
mod checkpoints;
mod evm;
mod gas;
mod judge;
mod node;
mod proofs;
mod samples;
mod statements;
