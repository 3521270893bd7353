//! Reconciliation of a window, three ways: the shared ledger × this exchange's own book × a bank or wallet operator.
//!
//! The ledger is compared pair by pair, since a pair's tree is what two exchanges sign. A book knows no pairs: a line
//! belongs to the pair in which the ledger has its key, and one that the ledger does not know to the pair with its
//! counterparty. What the bank says concerns this exchange alone, so its breaks are of the domestic pair.

use super::{
    BankReport, BookReport, HeadComparison, OpenedBreak, RailName, ReconcileReport, ReportedBreak,
    ReportedHead, SettlementError,
    head::{check, off_thread, tree, unknown},
    lines::{LinesByPair, PairLines, records},
};
use crate::{Node, NodeError};
use databourse_party::Region;
use databourse_primitives::{
    AmountMinor, Digest, ExchangeCode, Label, LeafIndex, OrderId, TreeSize, WindowId,
};
use databourse_reconcile::{
    BusinessKey, SettlementLine,
    bank::{BankInput, reconcile_bank},
    book::{ColumnMapping, read_book},
    matching::{Context, FoundBreak, reconcile},
    tree::WindowTree,
};
use databourse_settlement::{Pair, Schedule, Window};
use databourse_store::{Column, ListQuery};
use std::collections::{BTreeMap, BTreeSet};

/// How many breaks of a pair carry their proofs: a book of another year must not fill the memory.
const EVIDENCE_COUNT_MAX: usize = 10_000;

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct ReconcileRequest {
    /// The window.
    pub window: WindowId,
    /// This exchange's own book, as CSV; it may hold other windows too.
    pub book: Option<Vec<u8>>,
    /// How the book names its columns.
    pub mapping: ColumnMapping,
    /// A file of the bank or wallet operator, and what it is.
    pub bank: Option<(RailName, Vec<u8>)>,
    /// Who opens breaks in the ledger for what differs; nobody: differences are only reported.
    pub open_breaks: Option<Label>,
}

impl Node {
    /// Compares the ledger's lines of a window with this exchange's own book and with its bank, and opens a break in the
    /// ledger for each difference that has none open yet: of the same pair, kind and key. So running it twice opens
    /// nothing twice. One run opens at most 1,000.
    ///
    /// In the ledger the two books of a break are those of its pair, the left exchange's first; so the amounts and the
    /// kinds `missing_left` and `missing_right` of a pair whose left exchange this is are turned round. The ledger
    /// stands for the other exchange's book, or for this exchange's account where the pair is domestic.
    ///
    /// # Errors
    /// `window.unknown`; `file.malformed` of book or bank, and nothing is opened then; `account.unknown` for a file of
    /// somebody else's account; the database or a stopping node, when breaks before may be open.
    pub async fn reconcile(&self, request: ReconcileRequest) -> Result<ReconcileReport, SettlementError> {
        let ReconcileRequest { window: id, book, mapping, bank, open_breaks } = request;
        let window = self.window_record(id).await?.ok_or_else(unknown)?;
        let ours = self.lines_of_window(id, |pair| pair.contains(self.exchange())).await?;
        for (pair, lines) in &ours {
            check(&window, pair, lines)?;
        }
        let bank_file = bank.as_ref().map(|(_, bytes)| Digest::of(bytes));
        let bank = match bank {
            Some((rail, bytes)) => Some(self.against_bank(&window, rail, &bytes).await?),
            None => None,
        };
        let (heads, ours) = off_thread(move || {
            let heads = heads(&window, &ours)?;
            Ok::<_, SettlementError>((heads, ours))
        })
        .await?;
        let book = match book {
            Some(bytes) => Some(self.against_book(id, ours, bytes, mapping).await?),
            None => None,
        };
        let exchange = self.exchange().clone();
        let mut report = ReconcileReport { window: id, exchange, heads, book, bank, opened: Vec::new() };
        if let Some(person) = open_breaks {
            let candidates = report.candidates(bank_file);
            let has_one: Vec<bool> = candidates.iter().map(Option::is_some).collect();
            let candidates = candidates.into_iter().flatten().collect();
            let mut opened = self.open_breaks(id, &person, candidates).await?.into_iter();
            let mut new = Vec::new();
            for (answer, has_one) in report.answers().zip(has_one) {
                let opened = if has_one { opened.next() } else { Some(OpenedBreak::Later) };
                if let Some(OpenedBreak::Opened { id }) = &opened {
                    new.push(*id);
                }
                *answer = opened;
            }
            report.opened = new;
        }
        Ok(report)
    }

    async fn against_book(
        &self,
        window: WindowId,
        ours: LinesByPair,
        bytes: Vec<u8>,
        mapping: ColumnMapping,
    ) -> Result<Vec<BookReport>, SettlementError> {
        let book = off_thread(move || read_book(&bytes, &mapping).map_err(SettlementError::from)).await?;
        let orders = orders_elsewhere(&ours, &book);
        let around = self.lines_of_orders(&orders, |pair| pair.contains(self.exchange())).await?;
        let region = self.store().get::<Region>("region").await.map_err(NodeError::from)?;
        let utc_offset_minutes = self.0.settlement.utc_offset_minutes;
        let exchange = self.exchange().clone();
        let compare = move || -> Result<Vec<BookReport>, SettlementError> {
            let mut legs = legs(window, &exchange, region.as_ref(), ours, around, book);
            legs.retain(|_, leg| !leg.left.is_empty() || !leg.right.is_empty());
            let legs = legs.into_iter().map(|(pair, leg)| leg.reconcile(pair, utc_offset_minutes));
            Ok(legs.collect::<Result<_, NodeError>>()?)
        };
        off_thread(compare).await
    }

    async fn against_bank(
        &self,
        window: &Window,
        rail: RailName,
        bytes: &[u8],
    ) -> Result<BankReport, SettlementError> {
        let payments = self.payments_of(window.id).await?;
        let found = self.bank_lines(window, &payments, rail, bytes).await?;
        let tolerance_minor = self.bank_tolerance(window.id).await?;
        let input = BankInput {
            ledger: payments.lines,
            bank: found.lines,
            tolerance_minor,
            utc_offset_minutes: self.0.settlement.utc_offset_minutes,
            ..BankInput::default()
        };
        let result = off_thread(move || reconcile_bank(&input).map_err(SettlementError::from)).await?;
        let report = |found| ReportedBreak { found, evidence: None, ledger: None };
        Ok(BankReport {
            tolerance_minor,
            matched: result.matched,
            differences: result.differences,
            tally: result.tally,
            skipped: found.skipped,
            breaks: result.breaks.into_iter().map(report).collect(),
        })
    }

    /// The tolerance of the schedule in force; nothing without one.
    async fn bank_tolerance(&self, window: WindowId) -> Result<AmountMinor, NodeError> {
        let filters = vec![(Column::Asset, window.asset.to_string())];
        let query = ListQuery { filters, limit: 1, newest_first: true, ..ListQuery::default() };
        let latest = self.store().list::<Schedule>(&query).await?.items.pop();
        let TreeSize(size) = self.published().size;
        let in_force = latest.as_ref().and_then(|latest| latest.version_at(LeafIndex(size)));
        let in_force = match latest {
            Some(latest) if in_force == Some(latest.version) => Some(latest),
            _ => records::<Schedule>(self.store(), in_force.iter()).await?.pop(),
        };
        Ok(in_force.map(|schedule| schedule.bank_tolerance_minor).unwrap_or_default())
    }
}

/// What was signed for each of these pairs.
fn heads(window: &Window, ours: &LinesByPair) -> Result<Vec<ReportedHead>, NodeError> {
    let compare = |(pair, lines): (&Pair, &PairLines)| {
        let root = tree(lines.lines.clone())?.root().hash;
        let head = HeadComparison::new(window, pair, lines.totals.line_count, root);
        Ok(ReportedHead { head, ledger: None })
    };
    ours.iter().map(compare).collect()
}

/// The orders whose lines in other windows explain the book: of keys that the ledger has not in this window, and of
/// sales that were refunded in it.
fn orders_elsewhere(ours: &LinesByPair, book: &[SettlementLine]) -> BTreeSet<OrderId> {
    let ledger = || ours.values().flat_map(|pair| &pair.lines);
    let here: BTreeSet<&BusinessKey> = ledger().filter_map(|line| line.key.as_ref()).collect();
    let named = book.iter().filter_map(|line| line.key.as_ref());
    let refunded = ledger().chain(book).filter_map(|line| line.original.as_ref());
    let elsewhere = named.chain(refunded).filter(|key| !here.contains(key));
    elsewhere.filter_map(|key| key.as_str().split_once('.')?.0.parse().ok()).collect()
}

/// The two sides of one pair.
#[derive(Default)]
struct Leg {
    left: Vec<SettlementLine>,
    right: Vec<SettlementLine>,
    context: Context,
}

impl Leg {
    fn reconcile(self, pair: Pair, utc_offset_minutes: i16) -> Result<BookReport, NodeError> {
        let Self { left, right, context } = self;
        let context = Context { utc_offset_minutes, ..context };
        let (left, right): (WindowTree, WindowTree) = (tree(left)?, tree(right)?);
        let found =
            reconcile(&left, &right, &context).map_err(|error| NodeError::Damaged(error.to_string()))?;
        let report = |(number, found): (usize, FoundBreak)| ReportedBreak {
            evidence: (number < EVIDENCE_COUNT_MAX).then(|| found.evidence(&left, &right)),
            found,
            ledger: None,
        };
        Ok(BookReport {
            pair,
            left_root: found.left_root,
            right_root: found.right_root,
            matched: found.matched,
            tally: found.tally,
            hashes_fetched: found.hashes_fetched,
            breaks: found.breaks.into_iter().enumerate().map(report).collect(),
        })
    }
}

/// Where the ledger has each key: the counterparty and the pair.
type Places = BTreeMap<BusinessKey, Vec<(Label, Pair)>>;

/// Divides the book by pairs, and both sides into this window and all others.
fn legs(
    window: WindowId,
    exchange: &ExchangeCode,
    region: Option<&Region>,
    ours: LinesByPair,
    around: LinesByPair,
    book: Vec<SettlementLine>,
) -> BTreeMap<Pair, Leg> {
    let mut places = Places::new();
    let mut legs: BTreeMap<Pair, Leg> = BTreeMap::new();
    for (pair, lines) in around {
        let leg = legs.entry(pair.clone()).or_default();
        for line in lines.lines.into_iter().filter(|line| line.window != window) {
            note(&mut places, &line, &pair);
            leg.context.left_around.push(line);
        }
    }
    for (pair, lines) in ours {
        lines.lines.iter().for_each(|line| note(&mut places, line, &pair));
        legs.entry(pair).or_default().left = lines.lines;
    }
    for line in book {
        let known = line.key.as_ref().and_then(|key| places.get(key)).map_or(&[][..], Vec::as_slice);
        let same = known.iter().find(|(counterparty, _)| *counterparty == line.counterparty);
        let pair = same.or(known.first()).map(|(_, pair)| pair.clone()).unwrap_or_else(|| {
            let code = line.counterparty.as_str().parse().ok();
            // A book may go on naming an exchange that left; its successor answers for it.
            let other = region.zip(code).filter(|(region, code)| region.has(code).is_ok());
            let other = other.map(|(region, code): (_, ExchangeCode)| region.home_of(&code).clone());
            Pair::new(exchange.clone(), other.unwrap_or_else(|| exchange.clone()))
        });
        let leg = legs.entry(pair).or_default();
        if line.window == window { leg.right.push(line) } else { leg.context.right_around.push(line) }
    }
    legs
}

/// Notes between which pair, and with whom, the ledger has a line.
fn note(places: &mut Places, line: &SettlementLine, pair: &Pair) {
    if let Some(key) = &line.key {
        places.entry(key.clone()).or_default().push((line.counterparty.clone(), pair.clone()));
    }
}
