//! What an order file holds, counted without the grouping and the market, to check both against.

use super::{
    super::{
        error::{FileError, RecordError},
        gzip::Input,
        lines::{LineReader, TextLine},
    },
    InvoiceKind, row,
};
use databourse_primitives::{Digest, Label, Line};
use rust_decimal::Decimal;
use std::{
    collections::{HashMap, HashSet},
    fmt,
};

/// Counts over a whole order file. Money is in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// Lines below the heading that are not blank.
    pub(crate) lines: u64,
    /// Of these, lines that cannot be read. They count nowhere below.
    pub(crate) unreadable_lines: u64,
    /// Distinct invoice numbers.
    pub(crate) invoices: u64,
    /// Lines of the invoice that has the most.
    pub(crate) invoice_lines_max: u64,
    /// Distinct customers.
    pub(crate) customers: u64,
    /// Distinct stock codes, upper and lower case apart.
    pub(crate) stock_codes: u64,
    /// Distinct countries.
    pub(crate) countries: u64,
    /// Lines of cancellations.
    pub(crate) cancellation_lines: u64,
    /// Lines of adjustments.
    pub(crate) adjustment_lines: u64,
    /// Lines without a customer.
    pub(crate) lines_without_customer: u64,
    /// Lines equal, byte for byte, to an earlier one.
    pub(crate) duplicate_lines: u64,
    /// Lines with the price zero.
    pub(crate) zero_price_lines: u64,
    /// Sum of the positive amounts.
    pub(crate) positive_milli: i128,
    /// Sum of the negative amounts.
    pub(crate) negative_milli: i128,
    /// Sum of all amounts.
    pub(crate) net_milli: i128,
}

impl Facts {
    /// The facts of the real `online-retail.csv.gz` as `../shared/data/README.md` states them.
    pub(crate) const ONLINE_RETAIL: Self = Self {
        lines: 541_909,
        unreadable_lines: 0,
        invoices: 25_900,
        invoice_lines_max: 1_114,
        customers: 4_372,
        stock_codes: 4_070,
        countries: 38,
        cancellation_lines: 9_288,
        adjustment_lines: 3,
        lines_without_customer: 135_080,
        duplicate_lines: 5_268,
        zero_price_lines: 2_515,
        positive_milli: 10_666_684_544,
        negative_milli: -918_936_610,
        net_milli: 9_747_747_934,
    };

    /// Every fact with its name, in the order of the fields.
    fn rows(&self) -> [(&'static str, String); 15] {
        let money = |milli| Decimal::from_i128_with_scale(milli, 3).to_string();
        [
            ("lines", self.lines.to_string()),
            ("unreadable lines", self.unreadable_lines.to_string()),
            ("invoices", self.invoices.to_string()),
            ("most lines of one invoice", self.invoice_lines_max.to_string()),
            ("customers", self.customers.to_string()),
            ("stock codes", self.stock_codes.to_string()),
            ("countries", self.countries.to_string()),
            ("cancellation lines", self.cancellation_lines.to_string()),
            ("adjustment lines", self.adjustment_lines.to_string()),
            ("lines without a customer", self.lines_without_customer.to_string()),
            ("duplicate lines", self.duplicate_lines.to_string()),
            ("lines with price zero", self.zero_price_lines.to_string()),
            ("positive amounts", money(self.positive_milli)),
            ("negative amounts", money(self.negative_milli)),
            ("net", money(self.net_milli)),
        ]
    }

    /// One sentence for each fact that is not as `expected`; empty if all agree.
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        let pairs = self.rows().into_iter().zip(expected.rows());
        pairs
            .filter(|(found, wanted)| found != wanted)
            .map(|((name, found), (_, wanted))| format!("{name}: {found}, expected {wanted}"))
            .collect()
    }

    fn count(&mut self, line: Result<TextLine<'_>, RecordError>, seen: &mut Seen) {
        self.lines += 1;
        let parsed = line.and_then(|line| row::parse(line).map(|row| (line.text, row)));
        let Ok((text, row)) = parsed else {
            self.unreadable_lines += 1;
            return;
        };
        self.cancellation_lines += u64::from(row.kind == InvoiceKind::Cancellation);
        self.adjustment_lines += u64::from(row.kind == InvoiceKind::Adjustment);
        self.lines_without_customer += u64::from(row.customer.is_none());
        self.zero_price_lines += u64::from(row.line.unit_price.is_zero());
        let amount = i128::from(row.line.amount_milli);
        self.positive_milli += amount.max(0);
        self.negative_milli += amount.min(0);
        self.net_milli += amount;
        self.duplicate_lines += u64::from(!seen.lines.insert(Digest::of(text.as_bytes())));
        seen.customers.extend(row.customer);
        seen.stock_codes.insert(row.line.stock_code);
        seen.countries.insert(row.country);
        let lines = seen.invoices.entry(row.invoice).or_default();
        *lines += 1;
        self.invoice_lines_max = self.invoice_lines_max.max(*lines);
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows().iter().try_for_each(|(name, value)| writeln!(f, "{name:<26}{value:>16}"))
    }
}

/// What must be remembered to count distinct things.
#[derive(Default)]
struct Seen {
    lines: HashSet<Digest>,
    invoices: HashMap<Label, u64>,
    customers: HashSet<Label>,
    stock_codes: HashSet<Line>,
    countries: HashSet<Line>,
}

/// Counts a whole file. Keeps 32 bytes for each line to find duplicates, so it is for checks, not for imports.
///
/// # Errors
/// The file is not an order file or breaks off.
pub(crate) fn facts(input: Input) -> Result<Facts, FileError> {
    let mut lines = LineReader::new(input);
    row::heading(&mut lines)?;
    let (mut facts, mut seen) = (Facts::default(), Seen::default());
    while let Some(line) = lines.next_line()? {
        facts.count(line, &mut seen);
    }
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    facts.invoices = count(seen.invoices.len());
    facts.customers = count(seen.customers.len());
    facts.stock_codes = count(seen.stock_codes.len());
    facts.countries = count(seen.countries.len());
    Ok(facts)
}
