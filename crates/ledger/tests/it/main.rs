//! Tests of the ledger's formats from the outside: vectors, hostile input, properties, other implementations.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; clippy exempts only functions marked #[test]"
)]

mod block;
mod certificate;
mod checkpoint;
mod compact;
mod entry;
mod note;
mod oracle;
mod policy;
mod policy_history;
mod properties;
mod receipt;
mod signature;
mod support;
mod vectors;
