//! The store against a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod agreement;
mod balance;
mod book;
mod check;
mod checkpoint;
mod commit;
mod damage;
mod edge;
mod evidence;
mod fixture;
mod journal;
mod limits;
mod list;
mod members;
mod migrate;
mod records;
mod replica;
mod samples;
mod settlement;
mod state_copy;
mod traps;
mod undecided;
