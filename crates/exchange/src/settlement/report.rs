//! What a reconciliation reports, and which break stands for each difference.

use super::{
    HeadComparison, HeadVerdict, OpenedBreak,
    breaks::Candidate,
    candidate::{of_bank, of_book, of_head},
};
use databourse_primitives::{AmountMinor, BreakId, Digest, ExchangeCode, WindowId};
use databourse_reconcile::{
    SettlementLine,
    bank::{BankLine, Difference},
    matching::{Evidence, FoundBreak, Matched, Rule, Tally},
    tree::Summary,
};
use databourse_settlement::Pair;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedBreak<R = SettlementLine> {
    /// What was found; left is the ledger, right the book or the bank.
    pub found: FoundBreak<R>,
    /// Proofs against the two roots, of a book's break; absent after the first 10,000 of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The ledger's break for it; absent if none was to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<OpenedBreak>,
}

/// What was signed for a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedHead {
    /// The signed roots beside the ledger's.
    pub head: HeadComparison,
    /// The ledger's root break if they differ; absent if they do not, or none was to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<OpenedBreak>,
}

/// The ledger against the book, between one pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookReport {
    /// The pair.
    pub pair: Pair,
    /// Root of the ledger's tree.
    pub left_root: Summary,
    /// Root of the book's tree.
    pub right_root: Summary,
    /// Lines matched, by rule.
    pub matched: BTreeMap<Rule, Matched>,
    /// Where every line went.
    pub tally: Tally,
    /// Hashes that it took to find what differs.
    pub hashes_fetched: u64,
    /// What does not agree, by counterparty, key and kind.
    pub breaks: Vec<ReportedBreak>,
}

/// Why a line of a bank file is no concern of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkippedLine {
    /// It is in another asset.
    OtherAsset,
    /// The ledger has it in another window.
    OtherWindow,
    /// It names nothing that the ledger knows, and was booked on a day before or after the window's days.
    OtherDay,
    /// It names nothing that the ledger knows, and no money moved.
    Pending,
}

/// The ledger against the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankReport {
    /// By how much a line that names its payment may be off, minor units: as the schedule in force has it.
    pub tolerance_minor: AmountMinor,
    /// Lines matched, by rule.
    pub matched: BTreeMap<Rule, Matched>,
    /// Matches within the tolerance.
    pub differences: Vec<Difference>,
    /// Where every line went.
    pub tally: Tally,
    /// Lines of the file that are no concern of this window, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<SkippedLine, u64>,
    /// What does not agree.
    pub breaks: Vec<ReportedBreak<BankLine>>,
}

/// The result of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcileReport {
    /// The window.
    pub window: WindowId,
    /// Who compared.
    pub exchange: ExchangeCode,
    /// What was signed, for each of its pairs.
    pub heads: Vec<ReportedHead>,
    /// The book, for each of its pairs; absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<Vec<BookReport>>,
    /// The bank; absent if no file was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankReport>,
    /// The breaks that this run opened in the ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<BreakId>,
}

impl ReconcileReport {
    /// How many differences there are.
    pub fn break_count(&self) -> usize {
        let heads = self.heads.iter().filter(|head| head.head.verdict == HeadVerdict::Differs).count();
        let book: usize = self.book.iter().flatten().map(|pair| pair.breaks.len()).sum();
        heads + book + self.bank.as_ref().map_or(0, |bank| bank.breaks.len())
    }

    /// Where the answer for each difference belongs, in the order of [`candidates`](Self::candidates).
    pub(super) fn answers(&mut self) -> impl Iterator<Item = &mut Option<OpenedBreak>> {
        let heads = self.heads.iter_mut().filter(|head| head.head.verdict == HeadVerdict::Differs);
        let book = self.book.iter_mut().flatten().flat_map(|pair| &mut pair.breaks);
        let bank = self.bank.iter_mut().flat_map(|bank| &mut bank.breaks);
        heads
            .map(|head| &mut head.ledger)
            .chain(book.map(|found| &mut found.ledger))
            .chain(bank.map(|found| &mut found.ledger))
    }

    /// The break to open for each difference; `None` for one without evidence.
    pub(super) fn candidates(&self, bank_file: Option<Digest>) -> Vec<Option<Candidate>> {
        let differing = self.heads.iter().filter(|head| head.head.verdict == HeadVerdict::Differs);
        let heads = differing.map(|head| of_head(self.window, &head.head));
        let book = self.book.iter().flatten().flat_map(|report| {
            report.breaks.iter().map(|found| of_book(found, self.window, &report.pair, &self.exchange))
        });
        let bank = self.bank.iter().flat_map(|bank| &bank.breaks);
        let bank = bank.map(|found| of_bank(&found.found, self.window, &self.exchange, bank_file));
        heads.chain(book).chain(bank).collect()
    }
}
