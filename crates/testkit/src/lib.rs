//! Real PostgreSQL clusters and nodes for tests.
//!
//! [`TestDatabase::create`] is all that most tests need: an empty database of their own on a cluster that the whole test
//! process shares. It is the same private cluster that `databourse demo` runs (`databourse_store::cluster`), in a
//! temporary folder that disappears when the process ends, however it ends. Works in parallel, under `cargo test` and
//! `cargo nextest`, as root and as anybody, and without a network where PostgreSQL is installed.
//!
//! A test that cannot have its database must fail, so everything here panics instead of returning errors.
//!
//! [`judges`] are the accounting programs that an exported journal is held before; [`outside`] installs such programs.
//!
//! `DATABOURSE_TEST_FSYNC=off` makes it faster on slow disks; by default the tests' commits are as durable as real ones.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its database must fail")]

#[cfg(feature = "postgres")]
mod cluster;
#[cfg(feature = "postgres")]
mod database;
pub mod judges;
pub mod outside;
#[cfg(feature = "postgres")]
mod scratch;
#[cfg(feature = "postgres")]
mod supervisor;

#[cfg(feature = "postgres")]
pub use cluster::TestCluster;
#[cfg(feature = "postgres")]
pub use database::{TestDatabase, connect};
#[cfg(feature = "postgres")]
pub use scratch::{ScratchFolder, scratch_folder};
