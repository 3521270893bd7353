//! The store against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

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
