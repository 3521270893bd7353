//! Traps that others fell into.

use super::*;
use databourse_settlement::{NettingMethod, WindowState};
use proptest::prelude::*;

proptest! {
    /// mojaloop #4375: closing a window while transfers ran lost money. mojaloop #2525: a transfer was never assigned
    /// to a window. Here each line is taken by exactly one window, whichever it is tried on first.
    #[test]
    fn closing_a_window_while_lines_arrive_loses_nothing_and_leaves_no_line_without_a_window(
        steps in prop::collection::vec(prop::option::weighted(0.8, (0..3_usize, 0..3_usize, 0..1_000_i64, any::<bool>())), 0..200),
    ) {
        let codes = ["js", "sh", "zj"].map(code);
        let (mut closed, mut open) = (Vec::<Window>::new(), first());
        let (mut line_count, mut amount_minor) = (0_u64, 0_i64);
        for step in steps {
            let Some((debtor, creditor, amount, too_late)) = step else {
                let (closing, next) = close(open, NOW).unwrap();
                closed.push(closing);
                open = next;
                continue;
            };
            // A line that comes for the window that just closed is refused there, and the open one takes it.
            if let Some(last) = closed.last_mut().filter(|_| too_late) {
                let before = last.clone();
                let refusal = last.owe(&codes[debtor], &codes[creditor], minor(amount)).unwrap_err();
                prop_assert_eq!(refusal.code, RefusalCode::WindowNotOpen);
                prop_assert_eq!(&*last, &before);
            }
            open.owe(&codes[debtor], &codes[creditor], minor(amount)).unwrap();
            line_count += 1;
            amount_minor += amount;
        }
        let totals: Vec<_> = closed.iter().chain([&open]).flat_map(|window| window.pairs.values()).collect();
        prop_assert_eq!(totals.iter().map(|totals| totals.line_count).sum::<u64>(), line_count);
        let amounts = totals.iter().map(|totals| totals.left_to_right_minor + totals.right_to_left_minor);
        prop_assert_eq!(amounts.sum::<i64>(), amount_minor);
        let numbers: Vec<_> = closed.iter().chain([&open]).map(|window| window.id.number).collect();
        prop_assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1));
    }
}

/// mojaloop #936: an empty window never settled.
#[test]
fn an_empty_window_settles() {
    for method in [NettingMethod::Bilateral, NettingMethod::Multilateral] {
        let (window, _) = close(first(), NOW).unwrap();
        assert_eq!(window.state, WindowState::Closed { closing_at: NOW, closed_at: NOW });
        let window = window.instruct(method, NOW).unwrap();
        assert_eq!(window.state.as_str(), "settled");
        check_refused(window.instruct(method, NOW), RefusalCode::WindowState);
    }
}

/// mojaloop #936, with lines that cancel and lines that stay in one book.
#[test]
fn a_window_in_which_nobody_owes_anything_settles() {
    let mut window = first();
    for (debtor, creditor) in [("js", "sh"), ("sh", "js"), ("sh", "sh")] {
        window.owe(&code(debtor), &code(creditor), minor(5)).unwrap();
    }
    let window = signed_by_all(close(window, NOW).unwrap().0);
    assert_eq!(window.instruct(NettingMethod::Bilateral, NOW).unwrap().state.as_str(), "settled");
}

/// mojaloop #2105: settling right after closing failed.
#[test]
fn settling_in_the_same_moment_as_closing_works() {
    let (window, next) = close(with_lines(), NOW).unwrap();
    let window = signed_by_all(window).instruct(NettingMethod::Multilateral, NOW).unwrap();
    assert_eq!(window.state.instructions().len(), 2);
    let window = confirm(window, 1, "sh", 500).unwrap();
    assert_eq!(window.state.as_str(), "settling");
    let window = confirm(window, 2, "sh", 50).unwrap();
    assert_eq!(window.state.as_str(), "settled");
    assert_eq!(next.state, WindowState::Open);
}

/// mojaloop #2105, the other way round: too early is refused and changes nothing.
#[test]
fn a_window_that_is_not_final_makes_no_payments_out() {
    check_refused(with_lines().instruct(NettingMethod::Bilateral, NOW), RefusalCode::WindowState);
    let (window, _) = close(with_lines(), NOW).unwrap();
    check_refused(window.instruct(NettingMethod::Bilateral, NOW), RefusalCode::WindowState);
}
