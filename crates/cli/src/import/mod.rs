//! Readers of real files: public catalogues and order lines, plain or gzip, in bounded memory.
//!
//! | file | reader | one item |
//! |---|---|---|
//! | `firstdata-sources.jsonl`, `open-data-registry.jsonl` | [`catalogue::CatalogueReader`] | a [`catalogue::CatalogueRecord`] |
//! | `online-retail.csv` | [`orders::OrderReader`] | an [`orders::Invoice`] or the refusal of one line |
//!
//! Two kinds of trouble are two types. A bad record is a [`error::RecordError`] with its line, and the reader goes on. A
//! file that ends too early, or is not what it should be, is a [`error::FileError`] with the line that was reached, and is
//! the last item. So an [`error::Item`] is `Result<Result<record, RecordError>, FileError>`: `?` on the outside, a match
//! inside.
//!
//! Deliberately absent: rules of the market (what a record means to the ledger is the caller's business) and prices for
//! catalogue records, which the sources do not have.

pub(crate) mod catalogue;
pub(crate) mod error;
pub(crate) mod gzip;
mod lines;
pub(crate) mod orders;
mod text;
