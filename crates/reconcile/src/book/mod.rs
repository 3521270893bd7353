//! An exchange's own book as CSV (RFC 4180): a header, then one line of business per record.
//!
//! How a book names and writes things is said by a [`ColumnMapping`] in the exchange's configuration. Nothing is taken
//! from a file with one bad line: the refusal names the line and the column. Columns that the mapping does not name are
//! not read.

mod csv;
mod mapping;
mod read;
mod write;

pub use mapping::{AmountForm, ColumnMapping, Columns, DateForm, SignRule, Source};
pub use read::read_book;
pub use write::write_book;

use databourse_primitives::{Refusal, RefusalCode};

/// The largest book that is read, in bytes; larger ones are to be cut by window.
pub const BOOK_BYTES_MAX: usize = 256 << 20;
/// The longest record, in bytes.
pub const RECORD_BYTES_MAX: usize = 16 << 10;
/// The most columns of a record.
pub const COLUMNS_MAX: usize = 256;

/// `file.malformed` at a line of the file, counted from 1 with the header, and a column if one is at fault.
fn malformed(
    line: u64,
    column: Option<&str>,
    expected: impl Into<std::borrow::Cow<'static, str>>,
) -> Refusal {
    let field = match column {
        Some(column) => format!("line {line}, column {column}"),
        None => format!("line {line}"),
    };
    Refusal::new(RefusalCode::FileMalformed, field, expected)
}
