//! Matching the ledger (left) with another book (right), and the classes of what does not match.
//!
//! **Order of work.** 1. The trees are compared; what they share matches, and equal roots end it there. 2. Lines that
//! differ are paired by their key. 3. Lines whose key the other side has not are looked for in the neighbouring windows.
//! 4. Where a book keeps no key, lines are matched by counterparty, asset, kind, status, day and all four amounts: one
//! to one, whole groups, then small subsets (see [`pair_up`]). There is no tolerance in any of it.
//!
//! **Precedence of kinds**, so that one cause is one break. A line is in at most one break:
//!
//! | | kind | when |
//! |---|---|---|
//! | 1 | `root` | the head that a side signed is not that of its lines (besides all others) |
//! | 2 | `duplicate` | a key twice on one side, neighbouring windows counted |
//! | 3 | `orphan_refund` | a refund whose sale neither side has, in this window or the neighbouring ones |
//! | 4 | `over_refund` | a refund that takes the refunds of its sale above the sale |
//! | 5 | `currency` | one key on both sides: the assets differ |
//! | 6 | `amount` | the nets differ |
//! | 7 | `rounding` | exactly one of tax, fee and tax on the fee differs, by 1, under the same versions |
//! | 8 | `fee_rule`, `tax` | a derived amount or a version differs: see [`classify`] |
//! | 9 | `status` | states or kinds of business differ |
//! | 10 | `party` | the counterparties differ |
//! | 11 | `timing` | the windows differ; or the other side has the key in a neighbouring window |
//! | 12 | `orphan_refund` | the sides attach one refund to different sales |
//! | 13 | `ambiguous` | a line without a key fits several lines equally well |
//! | 14 | `missing_left`, `missing_right` | the rest |
//!
//! `external` is the bank leg's word for `missing_left`.

mod classify;
mod group;
mod keyless;
mod reconcile;
mod refund;
mod report;
mod subset;

pub(crate) use keyless::day;

pub use classify::classify;
pub use group::{Outcome, Pairing, pair_up};
pub use reconcile::{Context, reconcile};
pub use report::{Evidence, FoundBreak, Matched, Reconciliation, Rule, Tally};
pub use subset::{Amounts, CANDIDATES_MAX, SUBSET_MAX, Search};
