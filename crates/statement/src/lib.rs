//! Settlement statements 结算单: what one holder was paid, charged and is owed in one settlement window, and why.
//!
//! A [`Statement`] is made of [`StatementParts`] and is refused unless every line follows from its own parts and the
//! lines lead from the opening to the closing balance. It has three forms: JSON (the whole, for programs), CSV (the
//! lines, for spreadsheets and book-keeping) and PDF (the whole, for people), each in Chinese and English. The same
//! statement gives the same bytes. `docs/STATEMENTS.md` says what each column means.
//!
//! Deliberately absent: where the lines come from, the clock, files, signatures, the proofs that the entries are in the
//! ledger (a line cites its leaf, a receipt proves it).

mod check;
mod csv_file;
mod csv_read;
mod json;
mod line;
mod pdf;
mod statement;
mod totals;
mod words;

pub use check::Inconsistent;
pub use csv_read::read_csv;
pub use json::read_json;
pub use line::{LineKind, StatementLine};
pub use statement::{PairHead, Statement, StatementParts, WindowStage};
pub use totals::{KindTotals, Totals};
pub use words::{Language, Words};
