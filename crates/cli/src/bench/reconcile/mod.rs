//! `bench reconcile`: how long it takes from the close of a window to a reconciled book, and how little of the other
//! side's tree has to be fetched for each break.
//!
//! Breaks are put into the book on purpose ([`trial`](databourse_reconcile::trial)), so that what must be found is
//! known: a run in which one is missed, or one too many is reported, fails. The clock runs from the lines of the closed
//! window and the bytes of the book to the classed breaks: both trees are built, the book is read. Absent: the database
//! that the lines come from, and the network between two exchanges.

mod lines;

use crate::play::timer::Timer;
use anyhow::{Context as _, Result};
use databourse_reconcile::{
    BreakKind, SettlementLine,
    book::{ColumnMapping, read_book, write_book},
    matching::reconcile,
    tree::WindowTree,
    trial::inject,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// Counterparties whose lines the book keeps without keys: they match all the same.
const HARMLESS: usize = 30;

/// What a run found and how long it took.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Processors and memory.
    pub(crate) machine: String,
    /// Lines of the ledger.
    pub(crate) line_count: usize,
    /// Bytes of the book.
    pub(crate) book_bytes: usize,
    /// Breaks that were put in.
    pub(crate) injected_count: usize,
    /// Breaks that were found, by kind.
    pub(crate) found: BTreeMap<BreakKind, u64>,
    /// Whether those are the ones that were put in, and no others.
    pub(crate) exact: bool,
    /// Hashes that the other side had to send.
    pub(crate) hash_count: u64,
    /// The same for each break, thousandths.
    pub(crate) hashes_per_break_milli: u64,
    /// Building the ledger's tree, microseconds.
    pub(crate) tree_us: u64,
    /// Reading the book and building its tree, microseconds.
    pub(crate) book_us: u64,
    /// Comparing and classing, microseconds.
    pub(crate) match_us: u64,
}

/// Makes lines and a book with `breaks` breaks, and reconciles them.
///
/// # Errors
/// A file that cannot be read, or too few lines for that many breaks.
pub(crate) fn run(
    orders: Option<&Path>,
    line_count: usize,
    breaks: usize,
    seed: u64,
    machine: String,
) -> Result<Report> {
    let true_lines = match orders {
        Some(file) => lines::of_orders(file, line_count)?,
        None => lines::invented(line_count, seed)?,
    };
    let trial = inject(&true_lines, seed, breaks, HARMLESS).context("breaks cannot be put in")?;
    let mapping = ColumnMapping::plain();
    let book = write_book(&trial.right, &mapping).context("the book cannot be written")?;

    let timer = Timer::start();
    let ledger = WindowTree::build(trial.left)?;
    let tree_us = micros(&timer);
    let timer = Timer::start();
    let right: Vec<SettlementLine> = read_book(&book, &mapping)?;
    let right = WindowTree::build(right)?;
    let book_us = micros(&timer);
    let timer = Timer::start();
    let result = reconcile(&ledger, &right, &trial.context)?;
    let match_us = micros(&timer);

    let mut known: Vec<_> = result.breaks.iter().map(|found| (found.kind, found.key.clone())).collect();
    known.sort_unstable();
    let mut found = BTreeMap::new();
    for (kind, _) in &known {
        *found.entry(*kind).or_default() += 1;
    }
    Ok(Report {
        machine,
        line_count: ledger.lines().len(),
        book_bytes: book.len(),
        injected_count: trial.expected.len(),
        found,
        exact: known == trial.expected && result.tally.ties_out(),
        hash_count: result.hashes_fetched,
        hashes_per_break_milli: result.hashes_per_break_milli().unwrap_or_default(),
        tree_us,
        book_us,
        match_us,
    })
}

fn micros(timer: &Timer) -> u64 {
    u64::try_from(timer.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Report {
    /// For people.
    pub(crate) fn render(&self) -> String {
        let ms = |micros: u64| format!("{}.{}", micros / 1_000, micros % 1_000 / 100);
        let found: u64 = self.found.values().sum();
        let mut text = format!(
            "{}\n{} lines in the ledger, a book of {} bytes, {} breaks put in.\n\n",
            self.machine, self.line_count, self.book_bytes, self.injected_count
        );
        for (kind, count) in &self.found {
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {:<16} {count:>6}", kind.as_str());
        }
        let per_break = self.hashes_per_break_milli;
        let total = self.tree_us.saturating_add(self.book_us).saturating_add(self.match_us);
        let mark = if self.exact { "exactly those that were put in" } else { "NOT THOSE THAT WERE PUT IN" };
        let _ = writeln!(
            text,
            "\nfound {found} breaks, {mark}\nhashes fetched: {}, {}.{:03} per break\nfrom close to reconciled: {} ms \
             (ledger's tree {}, book and its tree {}, comparing and classing {})",
            self.hash_count,
            per_break / 1_000,
            per_break % 1_000,
            ms(total),
            ms(self.tree_us),
            ms(self.book_us),
            ms(self.match_us)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_in_invented_lines_are_found_exactly_and_the_seed_repeats_them() {
        let run = |seed| run(None, 4_000, 60, seed, String::new()).unwrap();
        let report = run(7);
        assert_eq!((report.line_count >= 3_900, report.injected_count, report.exact), (true, 60, true));
        assert_eq!(report.found.values().sum::<u64>(), 60);
        assert_eq!(report.found.len(), 15, "every kind but the bank's");
        assert_eq!(run(7).hash_count, report.hash_count);
        assert!(report.render().contains("exactly those that were put in"), "{}", report.render());
    }

    #[test]
    fn too_few_lines_are_refused() {
        assert!(run(None, 100, 200, 1, String::new()).is_err());
    }
}
