//! The console as people use it: pages of a real node, read and filled in over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod day;
mod desk;
mod figures;
mod html;
mod ledger;
mod market;
mod money;
mod order;
mod payments;
mod proof;
mod purchases;
mod shop;
mod sign_in;
mod support;
