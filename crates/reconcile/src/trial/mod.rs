//! Breaks put into a book on purpose: what a reconciliation must find, no more and no less. For tests and the benchmark.
//!
//! From true lines it makes two books that differ in a known way. Every break gets a counterparty of its own, so that
//! one break cannot explain another. The same seed makes the same trial: nothing is drawn but by SHA-256 of it.

mod making;

use crate::key::BusinessKey;
use crate::kind::BreakKind;
use crate::line::SettlementLine;
use crate::matching::Context;
use crate::tree::{Summary, Totals};
use databourse_primitives::{Digest, ParseError};
use making::Making;

/// What a break is known by: its kind and its key.
pub type Known = (BreakKind, Option<BusinessKey>);

/// Kinds that [`inject`] deals out in turn; `root` comes once on top, `external` is the bank leg's.
pub const KINDS: [BreakKind; 14] = [
    BreakKind::MissingLeft,
    BreakKind::MissingRight,
    BreakKind::Amount,
    BreakKind::Currency,
    BreakKind::Duplicate,
    BreakKind::Timing,
    BreakKind::Status,
    BreakKind::Party,
    BreakKind::FeeRule,
    BreakKind::Tax,
    BreakKind::Rounding,
    BreakKind::OrphanRefund,
    BreakKind::OverRefund,
    BreakKind::Ambiguous,
];

/// Two books and what is wrong between them.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The ledger's lines.
    pub left: Vec<SettlementLine>,
    /// The book's lines.
    pub right: Vec<SettlementLine>,
    /// Lines of the next window, and a head that is not the book's: the `root` break.
    pub context: Context,
    /// The breaks, ordered.
    pub expected: Vec<Known>,
}

/// Why a trial could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// A key became too long, or the like.
    #[error("{0}")]
    Name(ParseError),
    /// Too few counterparties with a sale of 10 major units, or with two equal sales on a day.
    #[error("too few lines for a break of kind {0}")]
    TooFew(BreakKind),
}

impl From<ParseError> for TrialError {
    fn from(error: ParseError) -> Self {
        Self::Name(error)
    }
}

/// Makes a trial of `breaks` breaks out of true lines of one window: one `root`, the others of [`KINDS`] in turn; and
/// `harmless` counterparties whose lines the book keeps without keys, as daily totals, or in two parts: these match.
///
/// # Errors
/// [`TrialError`].
pub fn inject(
    lines: &[SettlementLine],
    seed: u64,
    breaks: usize,
    harmless: usize,
) -> Result<Trial, TrialError> {
    let mut making = Making::new(lines, seed);
    for kind in KINDS.into_iter().cycle().take(breaks.saturating_sub(1)) {
        // Scarce ones first: `ambiguous` and `over_refund` cannot take just any sale.
        making.turns.push(kind);
    }
    making.turns.sort_by_key(|kind| (*kind != BreakKind::Ambiguous, *kind != BreakKind::OverRefund));
    for (turn, kind) in std::mem::take(&mut making.turns).into_iter().enumerate() {
        let known = making.put(kind, turn)?;
        making.expected.push((kind, Some(known)));
    }
    (0..harmless).try_for_each(|turn| making.without_key(turn))?;
    if breaks > 0 {
        making.expected.push((BreakKind::Root, None));
    }
    making.expected.sort_unstable();
    // A head that counts and sums as the true lines do, and is of none.
    let head = || Summary { hash: Digest::of(b"trial"), totals: Totals::of(lines) };
    let context = Context {
        right_around: making.right_around,
        right_head: (breaks > 0).then(head),
        ..Context::default()
    };
    let present = |lines: Vec<Option<SettlementLine>>| lines.into_iter().flatten().collect();
    Ok(Trial { left: present(making.left), right: present(making.right), context, expected: making.expected })
}
