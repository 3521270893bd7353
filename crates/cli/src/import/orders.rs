//! Order lines of a retailer, grouped into invoices: the UCI Online Retail file or any other with its columns.
//!
//! They are retail orders, not trades in data: real volume, real awkward cases. What was found in the real file:
//! the lines of an invoice stand together, except for one invoice with another between its lines; neither the customer
//! nor the country changes within an invoice; the minute does in 43 of them. So a few invoices are kept open while the
//! next ones begin, and an invoice has the time of its first line.
//!
//! Memory is bounded by [`OPEN_MAX`] invoices of [`LINES_MAX`] lines, whatever the size of the file.

pub(crate) mod facts;
mod row;

use super::{
    error::{FileError, Item, RecordError},
    gzip::{self, Input},
    lines::LineReader,
};
use databourse_primitives::{Label, Line, Timestamp};
use row::OrderRow;
use rust_decimal::Decimal;
use std::{collections::VecDeque, path::Path};

/// How many invoices may be open: one is handed out when this many have begun after it.
const OPEN_MAX: usize = 4;
/// The most lines of one [`Invoice`]; further lines of the same number are a second one. The real file has 1,114.
const LINES_MAX: usize = 10_000;

/// What an invoice records, told by the first letter of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum InvoiceKind {
    /// No letter: goods sold. Lines with negative quantities are stock written off.
    Purchase,
    /// `C`: goods taken back.
    Cancellation,
    /// `A`: a booking without goods.
    Adjustment,
}

/// The lines of one invoice number, customer and country that stand near each other in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invoice {
    /// Its number with its letter. Not unique in a file that scatters an invoice; with [`Invoice::first_line`] it is.
    pub(crate) number: Label,
    /// What it records.
    pub(crate) kind: InvoiceKind,
    /// The customer's number without the `.0` that the file adds; `None` if the file names nobody.
    pub(crate) customer: Option<Label>,
    /// The customer's country as the file spells it.
    pub(crate) country: Line,
    /// Time of its first line. The file has civil times without a zone; they are read as UTC.
    pub(crate) at: Timestamp,
    /// Its lines in the file's order, at least one. Equal lines are separate units, not retries.
    pub(crate) lines: Vec<InvoiceLine>,
}

impl Invoice {
    /// Line of the file at which it begins.
    pub(crate) fn first_line(&self) -> u64 {
        self.lines.first().map_or(0, |line| line.csv_line)
    }

    /// The sum of its lines in thousandths, exact.
    pub(crate) fn amount_milli(&self) -> i128 {
        self.lines.iter().map(|line| i128::from(line.amount_milli)).sum()
    }

    fn takes(&self, row: &OrderRow) -> bool {
        self.number == row.invoice
            && self.customer == row.customer
            && self.country == row.country
            && self.lines.len() < LINES_MAX
    }

    fn begin(row: OrderRow) -> Self {
        Self {
            number: row.invoice,
            kind: row.kind,
            customer: row.customer,
            country: row.country,
            at: row.at,
            lines: vec![row.line],
        }
    }
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvoiceLine {
    /// Line in the (decompressed) file, from 1; the heading is line 1.
    pub(crate) csv_line: u64,
    /// The product, exactly as the file spells it: some have spaces, some differ only in upper and lower case.
    pub(crate) stock_code: Line,
    /// The product's name without outer spaces; absent in 1,454 real lines.
    pub(crate) description: Option<Line>,
    /// Units; negative when taken back or written off.
    pub(crate) quantity: i64,
    /// Price of one unit, at most three decimals, with the decimals that the file writes; may be zero or negative.
    pub(crate) unit_price: Decimal,
    /// `quantity` times `unit_price` in thousandths (`XTS/3`), exact.
    pub(crate) amount_milli: i64,
}

/// Reads invoices. A refused line comes as soon as it is read, so before the invoices that are still open.
pub(crate) struct OrderReader {
    lines: LineReader,
    open: VecDeque<Invoice>,
    headed: bool,
    finished: bool,
    failed: bool,
}

impl OrderReader {
    /// Opens a file, gzip or plain.
    ///
    /// # Errors
    /// [`FileError::Open`].
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        gzip::open(path).map(Self::new)
    }

    /// Reads decompressed bytes.
    pub(crate) fn new(input: Input) -> Self {
        Self {
            lines: LineReader::new(input),
            open: VecDeque::with_capacity(OPEN_MAX + 1),
            headed: false,
            finished: false,
            failed: false,
        }
    }

    /// Reads until an invoice is complete, a line is refused, or the file ends.
    fn step(&mut self) -> Result<Option<Result<Invoice, RecordError>>, FileError> {
        if !self.headed {
            row::heading(&mut self.lines)?;
            self.headed = true;
        }
        while !self.finished {
            let row = match self.lines.next_line()? {
                None => {
                    self.finished = true;
                    break;
                }
                Some(line) => match line.and_then(row::parse) {
                    Ok(row) => row,
                    Err(refused) => return Ok(Some(Err(refused))),
                },
            };
            match self.open.iter_mut().rev().find(|invoice| invoice.takes(&row)) {
                Some(invoice) => invoice.lines.push(row.line),
                None => self.open.push_back(Invoice::begin(row)),
            }
            if self.open.len() > OPEN_MAX {
                break;
            }
        }
        Ok(self.open.pop_front().map(Ok))
    }
}

impl Iterator for OrderReader {
    type Item = Item<Invoice>;

    /// After a [`FileError`] there is nothing more: invoices that were open may have lost lines, so they are not given.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.step();
        self.failed = item.is_err();
        item.transpose()
    }
}

#[cfg(test)]
mod tests;
