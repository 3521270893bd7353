//! A plan of orders: who buys what, how much, for which purpose, and how it ends. A function of the market and a seed.

use super::{Market, SampleProduct, draw::Draw};
use databourse_primitives::{AmountMinor, Label, Line, ParseError, Quantity, Refusal, RefusalCode};
use std::collections::BTreeSet;

/// Orders of a plan.
const ORDERS: usize = 500;
/// Of these, how many do not simply complete: 3 % rejected, 4 % refunded, 2 % left open.
const REJECTED: usize = 15;
const REFUNDED_IN_PART: usize = 12;
const REFUNDED_WHOLLY: usize = 8;
const UNDELIVERED: usize = 6;
const UNACCEPTED: usize = 4;
/// How often an order has one, two or three lines, of ten.
const LINE_COUNTS: [(usize, u64); 3] = [(1, 6), (2, 3), (3, 1)];

/// What is to happen, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The seed that it came from.
    pub(crate) seed: u64,
    /// The orders, in the order of placing.
    pub(crate) orders: Vec<PlannedOrder>,
}

/// One order. All its lines are for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedOrder {
    /// Its number in the plan, from 1.
    pub(crate) number: u64,
    /// The buyer's reference.
    pub(crate) buyer: Label,
    /// One to three lines of different products.
    pub(crate) lines: Vec<PlannedLine>,
    /// How it ends as a whole.
    pub(crate) outcome: Outcome,
}

/// How an order ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    /// Every line is accepted.
    Completed,
    /// One line is rejected, the others are accepted.
    Rejected,
    /// Every line is accepted; money of one is given back in part.
    RefundedInPart,
    /// Every line is accepted; all the money is given back.
    RefundedWholly,
    /// Nothing is delivered while the plan runs.
    Undelivered,
    /// Everything is delivered, nothing accepted while the plan runs.
    Unaccepted,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedLine {
    /// The product's reference.
    pub(crate) product: Label,
    /// Units.
    pub(crate) quantity: Quantity,
    /// The one purpose of the licence.
    pub(crate) purpose: Label,
    /// What it costs, tax exclusive.
    pub(crate) amount: AmountMinor,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

/// What becomes of a line after it is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Delivered and accepted.
    Accepted,
    /// Delivered and rejected.
    Rejected {
        /// The buyer's reason.
        reason: Line,
    },
    /// Delivered, accepted, and later refunded.
    Refunded {
        /// How much, tax exclusive: at least one minor unit, at most the line's amount.
        amount: AmountMinor,
        /// The supplier's reason.
        reason: Line,
    },
    /// Not delivered.
    Undelivered,
    /// Delivered, not yet accepted.
    Unaccepted,
}

impl Plan {
    /// The tax-exclusive sum of everything that `buyer` orders: what it must be able to pay, tax apart.
    ///
    /// # Errors
    /// `amount.out_of_range`.
    pub(crate) fn ordered_by(&self, buyer: &Label) -> Result<AmountMinor, Refusal> {
        let orders = self.orders.iter().filter(|order| order.buyer == *buyer);
        orders.flat_map(|order| &order.lines).try_fold(AmountMinor::ZERO, |sum, line| sum.plus(line.amount))
    }
}

/// Makes the plan of `seed`: the same for the same market and seed, on every machine.
///
/// Few products are hot and few buyers busy. An exclusive product is ordered once at most.
///
/// # Errors
/// The market has a quantity or price that no order can carry, or nothing for a buyer's purpose.
pub(crate) fn plan(market: &Market, seed: u64) -> Result<Plan, Refusal> {
    let mut outcomes = outcomes();
    Draw::new(seed, "outcomes", 0).shuffle(&mut outcomes);
    let mut sold_exclusively = BTreeSet::new();
    let mut orders = Vec::with_capacity(outcomes.len());
    for (number, outcome) in (1_u64..).zip(outcomes) {
        let mut draw = Draw::new(seed, "order", number);
        let order = order(market, &mut draw, number, outcome, &mut sold_exclusively)?;
        orders.push(order);
    }
    Ok(Plan { seed, orders })
}

/// Every order's outcome, not yet shuffled.
fn outcomes() -> Vec<Outcome> {
    let rare = [
        (Outcome::Rejected, REJECTED),
        (Outcome::RefundedInPart, REFUNDED_IN_PART),
        (Outcome::RefundedWholly, REFUNDED_WHOLLY),
        (Outcome::Undelivered, UNDELIVERED),
        (Outcome::Unaccepted, UNACCEPTED),
    ];
    let mut outcomes: Vec<Outcome> =
        rare.into_iter().flat_map(|(outcome, count)| std::iter::repeat_n(outcome, count)).collect();
    outcomes.resize(ORDERS, Outcome::Completed);
    outcomes
}

fn order(
    market: &Market,
    draw: &mut Draw,
    number: u64,
    outcome: Outcome,
    sold_exclusively: &mut BTreeSet<Label>,
) -> Result<PlannedOrder, Refusal> {
    let nothing = || Refusal::new(RefusalCode::OfferTermsInvalid, "", "a product for each buyer's purposes");
    let buyer = draw.pick_weighted(&market.buyers, |buyer| buyer.activity).ok_or_else(nothing)?;
    let purpose = draw.pick(&buyer.purposes).ok_or_else(nothing)?;
    // What is refunded must have cost something.
    let refunded = matches!(outcome, Outcome::RefundedInPart | Outcome::RefundedWholly);
    let mut choice: Vec<&SampleProduct> = market
        .products
        .iter()
        .filter(|product| product.terms.purposes.contains(purpose))
        .filter(|product| !sold_exclusively.contains(&product.reference))
        .filter(|product| !(refunded && product.unit_price.as_decimal().is_zero()))
        .collect();
    let (line_count, _) = draw.pick_weighted(&LINE_COUNTS, |(_, weight)| *weight).ok_or_else(nothing)?;
    let mut lines = Vec::with_capacity(*line_count);
    while lines.len() < *line_count && !choice.is_empty() {
        let product = *draw.pick_weighted(&choice, |product| product.popularity).ok_or_else(nothing)?;
        choice.retain(|other| other.reference != product.reference);
        if product.terms.exclusive {
            sold_exclusively.insert(product.reference.clone());
        }
        let quantity = draw.pick(&product.quantities).ok_or_else(nothing)?;
        let invalid =
            |error: ParseError| Refusal::new(RefusalCode::BodyMalformed, "quantity", error.expected);
        let quantity = Quantity::new(*quantity).map_err(invalid)?;
        lines.push(PlannedLine {
            product: product.reference.clone(),
            quantity,
            purpose: purpose.clone(),
            amount: product.unit_price.amount_of(quantity, market.asset)?,
            fate: Fate::Accepted,
        });
    }
    if lines.is_empty() {
        return Err(nothing());
    }
    decide(market, draw, outcome, &mut lines)?;
    Ok(PlannedOrder { number, buyer: buyer.reference.clone(), lines, outcome })
}

/// Gives every line the fate that the order's outcome asks for.
fn decide(
    market: &Market,
    draw: &mut Draw,
    outcome: Outcome,
    lines: &mut [PlannedLine],
) -> Result<(), Refusal> {
    let nothing = || Refusal::new(RefusalCode::BodyMalformed, "reason", "a reason in reasons.toml");
    let rejection = draw.pick(&market.reasons.rejections).ok_or_else(nothing)?;
    let refund = draw.pick(&market.reasons.refunds).ok_or_else(nothing)?;
    let chosen = draw.below(u64::try_from(lines.len()).unwrap_or_default());
    let quarters = i64::try_from(draw.below(3)).unwrap_or_default() + 1;
    for (index, line) in (0_u64..).zip(lines) {
        line.fate = match outcome {
            Outcome::Rejected if index == chosen => Fate::Rejected { reason: rejection.clone() },
            Outcome::RefundedInPart if index == chosen => Fate::Refunded {
                amount: AmountMinor::new(i64::max(1, line.amount.get() / 4 * quarters))?,
                reason: refund.clone(),
            },
            Outcome::RefundedWholly => Fate::Refunded { amount: line.amount, reason: refund.clone() },
            Outcome::Undelivered => Fate::Undelivered,
            Outcome::Unaccepted => Fate::Unaccepted,
            Outcome::Completed | Outcome::Rejected | Outcome::RefundedInPart => Fate::Accepted,
        };
    }
    Ok(())
}
