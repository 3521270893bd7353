//! The lines of one movement.

use super::{Subject, damaged, event::Event, moves::Move, out_of_range, records::Records};
use crate::NodeError;
use databourse_market::{Acceptance, RefundRecord};
use databourse_party::Party;
use databourse_primitives::{AmountMinor, Holder, Label, LicenceId};
use databourse_settlement::{Schedule, TaxTable, TransactionKind};
use databourse_statement::{LineKind, StatementLine};

/// Explains a movement by lines whose effects are together what moved.
pub(super) fn of(
    movement: &Move,
    subject: &Subject,
    records: &Records,
) -> Result<Vec<StatementLine>, NodeError> {
    let lines = why(movement, subject, records)?;
    let explained = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.effect_minor));
    if explained == Some(movement.effect_minor) {
        return Ok(lines);
    }
    let (entry, moved, holder) = (movement.entry, movement.effect_minor, &subject.holder);
    Err(damaged(format!(
        "entry {entry} moved {moved} minor units of {holder}, its records say {explained:?}"
    )))
}

/// The lines of a movement, whatever of it is at hand.
pub(super) fn why(
    movement: &Move,
    subject: &Subject,
    records: &Records,
) -> Result<Vec<StatementLine>, NodeError> {
    let line = |kind| {
        StatementLine::new(kind, movement.time, movement.leaf_index, movement.entry, movement.effect_minor)
    };
    Ok(match movement.kind {
        TransactionKind::Deposit => vec![line(LineKind::Deposit)],
        TransactionKind::Withdrawal => vec![line(LineKind::Withdrawal)],
        TransactionKind::Settlement => vec![line(LineKind::Settlement)],
        // What a departing exchange hands over is set right against its own book.
        TransactionKind::WriteOff | TransactionKind::Succession => vec![line(LineKind::Correction)],
        TransactionKind::Post => sales(movement, subject, records, &line(LineKind::Sale))?,
        TransactionKind::Refund => refunds(movement, subject, records, &line(LineKind::RefundGiven))?,
        TransactionKind::Fee => vec![yearly_fee(movement, subject, records, line(LineKind::YearlyFee))?],
        TransactionKind::Voucher => {
            let granted = AmountMinor::new(movement.voucher_minor).map_err(out_of_range)?;
            vec![StatementLine { voucher_minor: granted, ..line(LineKind::Voucher) }]
        }
        // What is held, or free again, was not posted.
        TransactionKind::Hold | TransactionKind::Void | TransactionKind::Expire => Vec::new(),
    })
}

fn sales(
    movement: &Move,
    subject: &Subject,
    records: &Records,
    blank: &StatementLine,
) -> Result<Vec<StatementLine>, NodeError> {
    let acceptance: &Acceptance = records.need(&movement.entry)?;
    let mut lines = Vec::new();
    for line in &acceptance.lines {
        let id = LicenceId { order: acceptance.order, line: *line };
        lines.extend(Event::sale(records, id)?.lines(subject, blank)?);
    }
    Ok(lines)
}

fn refunds(
    movement: &Move,
    subject: &Subject,
    records: &Records,
    blank: &StatementLine,
) -> Result<Vec<StatementLine>, NodeError> {
    let refund: &RefundRecord = records.need(&movement.entry)?;
    let mut lines = Vec::new();
    for line in &refund.lines {
        let id = LicenceId { order: refund.order, line: line.line };
        lines.extend(Event::refund(records, id, line)?.lines(subject, blank)?);
    }
    Ok(lines)
}

/// A yearly fee, as who pays it or as who earns it sees it.
fn yearly_fee(
    movement: &Move,
    subject: &Subject,
    records: &Records,
    mut line: StatementLine,
) -> Result<StatementLine, NodeError> {
    let (charge, schedule) = records.charged(movement.entry)?;
    let tax: &TaxTable = records.need(&schedule.tax)?;
    let fee = schedule.yearly_fee(tax, charge.role.as_str()).map_err(out_of_range)?;
    (line.fee_minor, line.fee_vat_minor) = (fee.fee_minor, fee.vat_minor);
    cite(&mut line, schedule)?;
    match subject.holder {
        Holder::Exchange(_) => {
            line.kind = LineKind::FeeEarned;
            line.counterparty = Some(records.need::<Party>(&charge.party)?.legal_name.clone());
        }
        Holder::Party(_) => line.counterparty = Some(subject.book.name.clone()),
    }
    Ok(line)
}

/// Cites what the parts of a line follow from.
pub(super) fn cite(line: &mut StatementLine, schedule: &Schedule) -> Result<(), NodeError> {
    let basis = schedule.basis();
    let rounding = serde_json::to_value(basis.rounding).ok();
    let rounding: Option<Label> = rounding.as_ref().and_then(|name| name.as_str()?.parse().ok());
    line.schedule = Some(basis.schedule);
    line.tax = Some(basis.tax);
    line.rounding = Some(rounding.ok_or_else(|| damaged("the rounding rule has no name"))?);
    Ok(())
}
