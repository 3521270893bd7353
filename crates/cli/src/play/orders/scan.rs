//! The first reading of an order file: who will spend how much, and what each product is called.

use super::tally::Sum;
use crate::import::orders::{Invoice, InvoiceKind, InvoiceLine, OrderReader};
use anyhow::{Context as _, Result};
use databourse_primitives::{Label, Line};
use std::{collections::HashMap, path::Path};

/// What the replay must know before it begins.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Invoices, after the grouping of the reader.
    pub(super) invoices: u64,
    /// Lines and their money; a line that cannot be read counts without money.
    pub(super) read: Sum,
    /// What each customer buys, in thousandths.
    pub(super) spending: HashMap<Label, i64>,
    /// The first description of each stock code.
    pub(super) titles: HashMap<Line, Line>,
}

/// Reads the first `limit` invoices of `file`, or all.
pub(super) fn scan(file: &Path, limit: Option<u64>) -> Result<Scan> {
    let mut scan = Scan::default();
    let reader = OrderReader::open(file).with_context(|| file.display().to_string())?;
    for item in reader {
        match item.with_context(|| file.display().to_string())? {
            Ok(invoice) => {
                scan.take(&invoice)?;
                if limit.is_some_and(|limit| scan.invoices >= limit) {
                    break;
                }
            }
            Err(_) => scan.read.lines += 1,
        }
    }
    Ok(scan)
}

impl Scan {
    fn take(&mut self, invoice: &Invoice) -> Result<()> {
        self.invoices += 1;
        self.read.lines += invoice.lines.len() as u64;
        self.read.milli += invoice.amount_milli();
        for line in &invoice.lines {
            if let Some(description) = &line.description {
                self.titles.entry(line.stock_code.clone()).or_insert_with(|| description.clone());
            }
        }
        if let (InvoiceKind::Purchase, Some(customer)) = (invoice.kind, &invoice.customer) {
            let spent = self.spending.entry(customer.clone()).or_default();
            for line in invoice.lines.iter().filter(|line| is_orderable(line)) {
                *spent = spent.checked_add(line.amount_milli).context("a customer spends more than 2^63")?;
            }
        }
        Ok(())
    }
}

/// Whether a line of a purchase can be an order's line: some units at a price that is not negative.
pub(super) fn is_orderable(line: &InvoiceLine) -> bool {
    line.quantity > 0 && !line.unit_price.is_sign_negative() && line.amount_milli >= 0
}
