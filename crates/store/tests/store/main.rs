//! The store against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod balance;
mod book;
mod check;
mod commit;
mod damage;
mod edge;
mod fixture;
mod journal;
mod limits;
mod list;
mod migrate;
mod records;
mod samples;
mod settlement;
mod traps;
