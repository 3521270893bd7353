//! Which purchase a cancellation takes back: the customer's own, of the same stock code at the same price, newest first.

use databourse_primitives::OrderId;
use std::collections::HashMap;

/// What a customer bought: customer and item by the player's own numbers; an item is a stock code at a price.
type Bought = (u32, u32);

/// Units of one order line that are not refunded yet.
#[derive(Debug, Clone, Copy)]
struct Left {
    order: OrderId,
    line: u32,
    units: u64,
}

/// A part of a cancellation: so many units of one order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) order: OrderId,
    pub(super) line: u32,
    pub(super) units: u64,
}

/// Every purchase so far, with what is left of it.
#[derive(Debug, Default)]
pub(super) struct Purchases(HashMap<Bought, Vec<Left>>);

impl Purchases {
    /// Remembers a line of an order.
    pub(super) fn add(&mut self, customer: u32, item: u32, order: OrderId, line: u32, units: u64) {
        self.0.entry((customer, item)).or_default().push(Left { order, line, units });
    }

    /// Takes `units` back from the newest purchases, several lines if need be. `None` if fewer are left in all; then
    /// nothing is taken.
    pub(super) fn take(&mut self, customer: u32, item: u32, units: u64) -> Option<Vec<Part>> {
        let lines = self.0.get_mut(&(customer, item))?;
        let left = lines.iter().try_fold(0_u64, |sum, line| sum.checked_add(line.units))?;
        if units == 0 || left < units {
            return None;
        }
        let mut parts = Vec::new();
        let mut missing = units;
        while missing > 0 {
            let newest = lines.last_mut()?;
            let taken = newest.units.min(missing);
            parts.push(Part { order: newest.order, line: newest.line, units: taken });
            newest.units -= taken;
            missing -= taken;
            if newest.units == 0 {
                lines.pop();
            }
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u8) -> OrderId {
        format!("019aa2b4-5c00-7000-8000-0000000000{number:02}").parse().unwrap()
    }

    fn purchases() -> Purchases {
        let mut purchases = Purchases::default();
        purchases.add(1, 7, order(1), 1, 5);
        purchases.add(1, 7, order(2), 3, 2);
        purchases.add(1, 7, order(2), 4, 2);
        purchases.add(2, 7, order(3), 1, 9);
        purchases
    }

    #[track_caller]
    fn check(purchases: &mut Purchases, units: u64, expected: Option<&[(u8, u32, u64)]>) {
        let parts = |parts: &[(u8, u32, u64)]| {
            parts
                .iter()
                .map(|(number, line, units)| Part { order: order(*number), line: *line, units: *units })
                .collect()
        };
        assert_eq!(purchases.take(1, 7, units), expected.map(parts));
    }

    #[test]
    fn the_newest_line_is_taken_back_first_and_several_cover_one_cancellation() {
        let mut purchases = purchases();
        check(&mut purchases, 3, Some(&[(2, 4, 2), (2, 3, 1)]));
        check(&mut purchases, 6, Some(&[(2, 3, 1), (1, 1, 5)]));
        check(&mut purchases, 1, None);
    }

    #[test]
    fn too_much_takes_nothing_and_another_customer_has_no_part_in_it() {
        let mut purchases = purchases();
        check(&mut purchases, 10, None);
        check(&mut purchases, 0, None);
        check(&mut purchases, 9, Some(&[(2, 4, 2), (2, 3, 2), (1, 1, 5)]));
        assert_eq!(purchases.take(2, 8, 1), None, "another item");
        assert_eq!(purchases.take(2, 7, 9).unwrap().len(), 1);
    }
}
