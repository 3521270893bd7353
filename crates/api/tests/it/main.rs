//! The API in front of a real node on a real PostgreSQL, and its documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod anchor;
mod authorisation;
mod bad_input;
mod entries;
mod events;
mod facets;
mod history;
mod ledger;
mod routes;
mod sale;
mod samples;
mod settlement;
mod statistics;
mod support;
