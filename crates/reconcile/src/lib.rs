//! Reconciliation of a settlement window, three ways: the shared ledger (left) against an exchange's own book, and
//! against the lines of a bank or e-CNY operator (right). Rules only.
//!
//! | module | what it holds |
//! |---|---|
//! | [`tree`] | the Merkle-sum tree of a window, walking two of them where they differ, proofs |
//! | [`book`] | reading and writing an exchange's own book as CSV |
//! | [`matching`] | what matches, what is a break, of which kind |
//! | [`bank`] | the leg of the bank, where alone a tolerance is allowed |
//! | [`trial`] | breaks put into a book on purpose, for tests and the benchmark |
//!
//! Deliberately absent: files, networks and time; signatures (a head is signed by `settlement`'s rules); opening,
//! approving and posting of breaks (`settlement`); formats of banks (`rails`).

pub mod bank;
pub mod book;
mod key;
mod kind;
mod line;
pub mod matching;
pub mod tree;
pub mod trial;
mod word;

pub use key::BusinessKey;
pub use kind::BreakKind;
pub use line::SettlementLine;
pub use word::{LineKind, LineStatus};
