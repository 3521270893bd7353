//! From what a reconciliation found to the break that is opened for it.

use super::{
    HeadComparison, ReportedBreak,
    breaks::{Candidate, Identity, break_key},
};
use databourse_primitives::{AmountMinor, Digest, ExchangeCode, Label, Line, WindowId};
use databourse_reconcile::{
    self as reconcile, BusinessKey, SettlementLine,
    bank::BankLine,
    matching::FoundBreak,
    tree::{Proof, Summary},
};
use databourse_settlement::{BreakKind, Evidence, Pair};

/// What stands on one side.
#[derive(Clone, Copy)]
struct Sum {
    gross: i128,
    net: i128,
}

/// The root break of a pair: both heads if both signed and differ, else what was signed beside the ledger's root.
pub(super) fn of_head(window: WindowId, found: &HeadComparison) -> Option<Candidate> {
    let pair = found.pair.clone();
    let evidence = match (found.signed.get(pair.left()), found.signed.get(pair.right())) {
        (Some(left), Some(right)) if left != right => {
            Evidence::Heads { left_root: *left, right_root: *right }
        }
        _ => Evidence::Document { digest: digest(found)?, note: note("signed heads", window, &pair, None)? },
    };
    let identity = Identity::new(pair, BreakKind::Root, None, [None, None]);
    Some(Candidate { identity, left_minor: None, right_minor: None, evidence: vec![evidence] })
}

/// The break for a difference between ledger and book.
pub(super) fn of_book(
    reported: &ReportedBreak,
    window: WindowId,
    pair: &Pair,
    exchange: &ExchangeCode,
) -> Option<Candidate> {
    let found = &reported.found;
    let sides = [sum_of_lines(&found.left), sum_of_lines(&found.right)];
    let proofs = reported.evidence.as_ref()?;
    let mut evidence = vec![Evidence::Document {
        digest: digest(proofs)?,
        note: note("proofs of the reconciliation", window, pair, found.key.as_ref())?,
    }];
    let sides_of =
        [(&proofs.left_root, &proofs.left, &found.left), (&proofs.right_root, &proofs.right, &found.right)];
    evidence.extend(
        sides_of.into_iter().filter_map(|(root, proofs, lines)| proof_of(found, root, proofs, lines)),
    );
    // The book is that of this exchange; the ledger stands for the other.
    let turned = !pair.is_domestic() && pair.left() == exchange;
    Some(candidate(pair.clone(), found.kind, found.key.as_ref(), sides, turned, evidence))
}

/// The break for a difference between ledger and bank.
pub(super) fn of_bank(
    found: &FoundBreak<BankLine>,
    window: WindowId,
    exchange: &ExchangeCode,
    file: Option<Digest>,
) -> Option<Candidate> {
    let signed = found.right.iter().map(|line| i128::from(line.signed_minor()));
    let right = (!found.right.is_empty()).then(|| signed.sum()).map(|sum| Sum { gross: sum, net: sum });
    let pair = Pair::new(exchange.clone(), exchange.clone());
    let evidence = vec![Evidence::Document {
        digest: file?,
        note: note("file of the bank", window, &pair, found.key.as_ref())?,
    }];
    let sides = [sum_of_lines(&found.left), right];
    Some(candidate(pair, found.kind, found.key.as_ref(), sides, false, evidence))
}

/// What one side's tree shows of a break: the first of its lines there, or that it has none at the break's place.
fn proof_of(
    found: &FoundBreak,
    root: &Summary,
    proofs: &[Proof],
    lines: &[SettlementLine],
) -> Option<Evidence> {
    let places = found.places();
    let mut places = places.iter().zip(proofs);
    let root = root.clone();
    let evidence = match lines.first() {
        Some(line) => {
            let here =
                |place: &(Label, Option<BusinessKey>)| place.0 == line.counterparty && place.1 == line.key;
            let (_, proof) = places.find(|(place, _)| here(place))?;
            Evidence::Inclusion { root, line: Box::new(line.clone()), proof: proof.clone() }
        }
        // A duplicate matched once, and that line stands at the place; the document says which.
        None if found.kind == reconcile::BreakKind::Duplicate => return None,
        None => {
            let ((counterparty, key), proof) = places.next()?;
            key.as_ref()?;
            let (counterparty, key) = (counterparty.clone(), key.clone());
            Evidence::NonInclusion { root, counterparty, key, proof: proof.clone() }
        }
    };
    // What is too long for a proof in the ledger is in the document.
    let fits = proofs.iter().all(|proof| proof.path.len() <= Evidence::PROOF_FORKS_MAX);
    fits.then_some(evidence)
}

fn sum_of_lines(lines: &[SettlementLine]) -> Option<Sum> {
    (!lines.is_empty()).then(|| Sum {
        gross: lines.iter().map(SettlementLine::amount_minor).sum(),
        net: lines.iter().map(|line| i128::from(line.net_minor)).sum(),
    })
}

fn candidate(
    pair: Pair,
    kind: reconcile::BreakKind,
    key: Option<&BusinessKey>,
    sides: [Option<Sum>; 2],
    turned: bool,
    evidence: Vec<Evidence>,
) -> Candidate {
    let (mut kind, mut amounts) = shape(kind_of(kind), sides);
    if turned {
        amounts.reverse();
        kind = match kind {
            BreakKind::MissingLeft => BreakKind::MissingRight,
            BreakKind::MissingRight => BreakKind::MissingLeft,
            other => other,
        };
    }
    let identity = Identity::new(pair, kind, key.and_then(break_key), amounts);
    let [left_minor, right_minor] = amounts;
    Candidate { identity, left_minor, right_minor, evidence }
}

/// Amounts without their sign, tax included, as breaks have them. Where that hides what differs in an amount break, the
/// tax-exclusive amounts; where only the signs differ, so do the kinds of business, and that is a break of status.
fn shape(kind: BreakKind, sides: [Option<Sum>; 2]) -> (BreakKind, [Option<AmountMinor>; 2]) {
    let minor =
        |amount: i128| i64::try_from(amount.abs()).ok().and_then(|minor| AmountMinor::new(minor).ok());
    let gross = sides.map(|side| side.and_then(|side| minor(side.gross)));
    let net = sides.map(|side| side.and_then(|side| minor(side.net)));
    match kind {
        BreakKind::Amount if gross[0] != gross[1] => (kind, gross),
        BreakKind::Amount if net[0] != net[1] => (kind, net),
        BreakKind::Amount => (BreakKind::Status, gross),
        kind => (kind, gross),
    }
}

const fn kind_of(kind: reconcile::BreakKind) -> BreakKind {
    use reconcile::BreakKind as Found;
    match kind {
        Found::MissingLeft => BreakKind::MissingLeft,
        Found::MissingRight => BreakKind::MissingRight,
        Found::Amount => BreakKind::Amount,
        Found::Currency => BreakKind::Currency,
        Found::Duplicate => BreakKind::Duplicate,
        Found::Timing => BreakKind::Timing,
        Found::Status => BreakKind::Status,
        Found::Party => BreakKind::Party,
        Found::FeeRule => BreakKind::FeeRule,
        Found::Tax => BreakKind::Tax,
        Found::Rounding => BreakKind::Rounding,
        Found::OrphanRefund => BreakKind::OrphanRefund,
        Found::OverRefund => BreakKind::OverRefund,
        Found::Ambiguous => BreakKind::Ambiguous,
        Found::External => BreakKind::External,
        Found::Root => BreakKind::Root,
    }
}

/// Digest of the JSON form of a piece of evidence, as the report has it.
fn digest(evidence: &impl serde::Serialize) -> Option<Digest> {
    // Every part of a report has a JSON form.
    serde_json::to_vec(evidence).ok().map(|json| Digest::of(&json))
}

fn note(what: &str, window: WindowId, pair: &Pair, key: Option<&BusinessKey>) -> Option<Line> {
    // A window, a pair and a key are far shorter than a line.
    let key = key.map(|key| format!(", {key}")).unwrap_or_default();
    format!("{what}: {window}, {pair}{key}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: BreakKind, sides: [Option<(i128, i128)>; 2], expected: (BreakKind, [Option<i64>; 2])) {
        let sides = sides.map(|side| side.map(|(gross, net)| Sum { gross, net }));
        let (kind, amounts) = shape(kind, sides);
        assert_eq!((kind, amounts.map(|amount| amount.map(AmountMinor::get))), expected, "{kind:?}");
    }

    #[test]
    fn an_amount_break_shows_two_different_amounts() {
        let (amount, status) = (BreakKind::Amount, BreakKind::Status);
        check(amount, [Some((106, 100)), Some((107, 101))], (amount, [Some(106), Some(107)]));
        check(amount, [Some((-106, -100)), Some((-53, -50))], (amount, [Some(106), Some(53)]));
        check(amount, [Some((106, 100)), Some((106, 106))], (amount, [Some(100), Some(106)]));
        check(amount, [Some((106, 100)), Some((-106, -100))], (status, [Some(106), Some(106)]));
    }

    #[test]
    fn a_side_without_lines_has_no_amount() {
        let kind = BreakKind::MissingLeft;
        check(kind, [None, Some((106, 100))], (kind, [None, Some(106)]));
        check(kind, [None, Some((i128::MAX, 0))], (kind, [None, None]));
    }
}
