//! The console as people use it: pages of a real node, read and filled in over HTTP.

mod day;
mod desk;
mod figures;
mod html;
mod ledger;
mod market;
mod order;
mod payments;
mod proof;
mod purchases;
mod sign_in;
mod support;
