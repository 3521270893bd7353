//! What of each share goes back when a line is refunded.
//!
//! Cumulative: what has gone back in all is a function of what has been refunded in all. So many small refunds give
//! back exactly what one large one does, and all of it at the end.

use databourse_primitives::{AmountMinor, Refusal, RefusalCode};

/// How much of each of `parts` goes back when the refunds of their sum grow from `refunded_before` to
/// `refunded_after`. The answer is in the order of `parts` and sums to the difference.
///
/// The sum is divided in two again and again: the first part against the rest, then the second against its rest, and
/// so on. Of `r` refunded the rest gets `⌊r · rest / whole⌋` and the first the remaining `r - ⌊r · rest / whole⌋`; as
/// `rest ≤ whole`, neither shrinks when `r` grows, so by nesting no part's cumulative return ever does, and nothing
/// has to be taken back. At the end each has gone back whole.
///
/// # Errors
/// `amount.out_of_range` if the refunds exceed the sum of `parts` or shrink.
pub fn returned_parts(
    parts: &[AmountMinor],
    refunded_before: AmountMinor,
    refunded_after: AmountMinor,
) -> Result<Vec<AmountMinor>, Refusal> {
    let whole = parts.iter().try_fold(AmountMinor::ZERO, |sum, part| sum.plus(*part))?;
    check_growth(refunded_before, refunded_after, whole)?;
    let before = cumulative(parts, whole, refunded_before)?;
    let after = cumulative(parts, whole, refunded_after)?;
    after.into_iter().zip(before).map(|(after, before)| after.minus(before)).collect()
}

/// How much of an amount that is in proportion to a line's net price but outside it, such as the tax on the data, goes
/// back when the refunds of `net` grow from `refunded_before` to `refunded_after`. Rounded down until the last.
///
/// # Errors
/// `amount.out_of_range` if the refunds exceed `net` or shrink.
pub fn returned(
    whole: AmountMinor,
    refunded_before: AmountMinor,
    refunded_after: AmountMinor,
    net: AmountMinor,
) -> Result<AmountMinor, Refusal> {
    check_growth(refunded_before, refunded_after, net)?;
    proportion(whole, refunded_after, net)?.minus(proportion(whole, refunded_before, net)?)
}

fn check_growth(before: AmountMinor, after: AmountMinor, whole: AmountMinor) -> Result<(), Refusal> {
    if before <= after && after <= whole {
        return Ok(());
    }
    let expected = format!("refunds that grow from {before} to at most {whole} minor units, not {after}");
    Err(Refusal::new(RefusalCode::AmountOutOfRange, "", expected))
}

/// What has gone back of each part when `refunded` of `whole`, their sum, has.
fn cumulative(
    parts: &[AmountMinor],
    whole: AmountMinor,
    refunded: AmountMinor,
) -> Result<Vec<AmountMinor>, Refusal> {
    let (mut whole, mut refunded) = (whole, refunded);
    let mut returned = Vec::with_capacity(parts.len());
    for part in parts {
        let rest = whole.minus(*part)?;
        let rest_refunded = proportion(rest, refunded, whole)?;
        returned.push(refunded.minus(rest_refunded)?);
        (whole, refunded) = (rest, rest_refunded);
    }
    Ok(returned)
}

/// `share · part / whole`, rounded down; nothing of nothing.
fn proportion(share: AmountMinor, part: AmountMinor, whole: AmountMinor) -> Result<AmountMinor, Refusal> {
    let product = i128::from(share.get()) * i128::from(part.get()) / i128::from(whole.get().max(1));
    AmountMinor::new(i64::try_from(product).unwrap_or(i64::MAX))
}
