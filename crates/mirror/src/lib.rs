//! A ledger read from outside: fetched as tiles (C2SP tlog-tiles) from a node, a file server or a folder, verified to
//! the last byte, and kept as files that any web server can serve.
//!
//! | noun | module | what it is |
//! |---|---|---|
//! | [`LogSource`] | `source` | where the bytes come from; nothing is verified |
//! | [`VerifiedTree`] | `tree` | the tree of one checkpoint that a policy trusts; what it hands out is proven |
//! | [`Bundle`] | `bundle` | up to 256 entries |
//! | [`compare`], [`Standing`] | `standing` | how two checkpoints stand to one another |
//! | [`Mirror`] | `mirror` | follows a source into a folder |
//! | [`Evidence`] | `evidence` | two signed checkpoints that cannot both be true |
//! | [`LogError`] | `error` | what can go wrong, with stable codes |
//!
//! Memory is bounded: a tree keeps one unfinished tile for each level and a few full ones, and a stream has
//! [`REQUESTS_MAX`] requests under way.
//!
//! Deliberately absent: what entries mean (`audit`), deciding whom to trust (the caller brings a policy), serving.

mod bundle;
mod diagnosis;
mod error;
mod evidence;
mod files;
mod mirror;
mod source;
mod standing;
mod tree;

pub use bundle::Bundle;
pub use diagnosis::diagnose;
pub use error::LogError;
pub use evidence::Evidence;
pub use files::stray_files;
pub use mirror::{Mirror, Round};
pub use source::LogSource;
pub use standing::{Standing, compare, first_difference};
pub use tree::{REQUESTS_MAX, VerifiedTree};
