//! Four engines, and once twenty, on loopback, each with its own ledger in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod agreement;
mod app;
#[cfg(feature = "dishonest")]
mod dishonest;
mod failures;
mod node;
mod twenty;
