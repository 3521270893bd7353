//! Real PostgreSQL clusters and nodes for tests.
//!
//! [`TestDatabase::create`] is all that most tests need: an empty database of their own on a cluster that the whole test
//! process shares. It is the same private cluster that `databourse demo` runs (`databourse_store::cluster`), in a
//! temporary folder that disappears when the process ends, however it ends. Works in parallel, under `cargo test` and
//! `cargo nextest`, as root and as anybody, and without a network where PostgreSQL is installed.
//!
//! A test that cannot have its database must fail, so everything here panics instead of returning errors.
//!
//! [`proxy::FaultProxy`] stands between a node and its database and cuts the connection that commits.
//!
//! [`judges`] are the accounting programs that an exported journal is held before, [`ledger_judges`] the implementations of
//! transparency logs that a published ledger is; [`outside`] installs such programs.
//! [`browser`] is a real one, [`anvil`] a real node of a chain.
//!
//! `DATABOURSE_TEST_FSYNC=off` makes it faster on slow disks; by default the tests' commits are as durable as real ones.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its database must fail")]

pub mod anvil;
pub mod browser;
mod cluster;
mod database;
pub mod judges;
pub mod ledger_judges;
pub mod outside;
pub mod proxy;
mod scratch;
mod supervisor;

pub use cluster::TestCluster;
pub use database::{TestDatabase, connect};
pub use scratch::{ScratchFolder, scratch_folder};
