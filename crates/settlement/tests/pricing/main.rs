//! From published rates to the price of a line, its parts and the parts of those.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod line;
mod sample;
mod schedule;
mod shares;
