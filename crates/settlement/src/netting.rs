//! Netting: what exchanges owe one another, brought down to few payments. Every step is checked for conservation, so
//! a defect refuses instead of paying the wrong amount.

use crate::Pair;
use databourse_primitives::{AmountMinor, ExchangeCode, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// One exchange owes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Who pays.
    pub payer: ExchangeCode,
    /// Who is paid.
    pub payee: ExchangeCode,
    /// How much, minor units.
    pub amount_minor: AmountMinor,
}

/// What each exchange is owed in all, minor units: above zero it is paid, below zero it pays. An exchange whose
/// obligations cancel is listed with zero. They sum to zero.
pub type Positions = BTreeMap<ExchangeCode, i64>;

/// Why obligations could not be netted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NettingError {
    /// A sum is above 2^53 - 1 minor units.
    OutOfRange,
    /// Money would be made or lost: a defect of the caller or of the netting itself.
    NotConserved {
        /// What is left over, minor units; the first remainder that was found.
        remainder_minor: i128,
    },
}

impl fmt::Display for NettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange => f.write_str("sums of at most 9007199254740991 minor units"),
            Self::NotConserved { remainder_minor } => {
                write!(f, "netting that conserves money; {remainder_minor} minor units are left over")
            }
        }
    }
}

impl std::error::Error for NettingError {}

impl From<NettingError> for Refusal {
    /// Not conserving money is the node's failure and not the sender's, hence `service.unavailable`.
    fn from(error: NettingError) -> Self {
        let code = match error {
            NettingError::OutOfRange => RefusalCode::AccountOverflow,
            NettingError::NotConserved { .. } => RefusalCode::ServiceUnavailable,
        };
        Self::new(code, "", error.to_string())
    }
}

/// The positions that follow from `obligations`, in whatever order they come.
///
/// # Errors
/// [`NettingError`].
pub fn positions(obligations: &[Obligation]) -> Result<Positions, NettingError> {
    let mut positions = Positions::new();
    for Obligation { payer, payee, amount_minor } in obligations {
        add(&mut positions, payer, -amount_minor.get())?;
        add(&mut positions, payee, amount_minor.get())?;
    }
    check_sum(&positions)?;
    Ok(positions)
}

fn add(positions: &mut Positions, exchange: &ExchangeCode, amount_minor: i64) -> Result<(), NettingError> {
    let position = positions.entry(exchange.clone()).or_default();
    *position = position.checked_add(amount_minor).ok_or(NettingError::OutOfRange)?;
    Ok(())
}

/// Nets each pair by itself: one payment per pair that is not even, in the order of pairs.
///
/// # Errors
/// [`NettingError`].
pub fn bilateral(obligations: &[Obligation]) -> Result<Vec<Obligation>, NettingError> {
    let mut nets: BTreeMap<Pair, i64> = BTreeMap::new();
    for Obligation { payer, payee, amount_minor } in obligations {
        let pair = Pair::new(payer.clone(), payee.clone());
        let signed = if pair.left() == payer { amount_minor.get() } else { -amount_minor.get() };
        // What an exchange owes itself is no payment.
        let signed = if pair.is_domestic() { 0 } else { signed };
        let net = nets.entry(pair).or_default();
        *net = net.checked_add(signed).ok_or(NettingError::OutOfRange)?;
    }
    let mut payments = Vec::new();
    for (pair, net) in nets {
        let (left, right) = (pair.left(), pair.right());
        match net {
            0 => {}
            1.. => payments.push(payment(left, right, net)?),
            _ => payments.push(payment(right, left, -net)?),
        }
    }
    check_settled(&positions(obligations)?, &payments)?;
    Ok(payments)
}

fn payment(payer: &ExchangeCode, payee: &ExchangeCode, amount: i64) -> Result<Obligation, NettingError> {
    let amount_minor = AmountMinor::new(amount).map_err(|_| NettingError::OutOfRange)?;
    Ok(Obligation { payer: payer.clone(), payee: payee.clone(), amount_minor })
}

/// Settles `positions` with at most n - 1 payments among n exchanges; nobody both pays and is paid.
///
/// The largest payer pays the largest payee, as much as either still has; equal positions are served in the order of
/// codes. Each payment brings one of the two to zero and the last brings both, hence n - 1.
///
/// # Errors
/// [`NettingError`], also if `positions` do not sum to zero.
pub fn multilateral(positions: &Positions) -> Result<Vec<Obligation>, NettingError> {
    check_sum(positions)?;
    let side = |sign: i64| -> Result<Vec<(&ExchangeCode, i64)>, NettingError> {
        let mut side = Vec::new();
        for (exchange, position) in positions.iter().filter(|(_, position)| position.signum() == sign) {
            side.push((exchange, position.checked_abs().ok_or(NettingError::OutOfRange)?));
        }
        side.sort_by_key(|(exchange, amount)| (Reverse(*amount), *exchange));
        Ok(side)
    };
    let (mut payers, mut payees) = (side(-1)?.into_iter(), side(1)?.into_iter());
    let mut payments = Vec::new();
    let (mut payer, mut payee) = (payers.next(), payees.next());
    while let (Some((from, owes)), Some((to, owed))) = (payer, payee) {
        let amount = owes.min(owed);
        payments.push(payment(from, to, amount)?);
        payer = if owes == amount { payers.next() } else { Some((from, owes - amount)) };
        payee = if owed == amount { payees.next() } else { Some((to, owed - amount)) };
    }
    check_settled(positions, &payments)?;
    Ok(payments)
}

/// Conservation of positions: they sum to zero.
///
/// # Errors
/// [`NettingError::NotConserved`].
pub fn check_sum(positions: &Positions) -> Result<(), NettingError> {
    match positions.values().map(|position| i128::from(*position)).sum() {
        0 => Ok(()),
        remainder_minor => Err(NettingError::NotConserved { remainder_minor }),
    }
}

/// Conservation of payments: once they are paid, every position is zero.
///
/// # Errors
/// [`NettingError::NotConserved`].
pub fn check_settled(positions: &Positions, payments: &[Obligation]) -> Result<(), NettingError> {
    let mut left: BTreeMap<&ExchangeCode, i128> =
        positions.iter().map(|(exchange, position)| (exchange, i128::from(*position))).collect();
    for Obligation { payer, payee, amount_minor } in payments {
        *left.entry(payer).or_default() += i128::from(amount_minor.get());
        *left.entry(payee).or_default() -= i128::from(amount_minor.get());
    }
    match left.into_values().find(|remainder| *remainder != 0) {
        None => Ok(()),
        Some(remainder_minor) => Err(NettingError::NotConserved { remainder_minor }),
    }
}
