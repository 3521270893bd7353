//! Payments, confirmation and abortion.

use super::*;
use databourse_primitives::AMOUNT_MINOR_MAX;
use databourse_settlement::{NettingMethod, WindowState};

#[test]
fn an_aborted_window_hands_everything_on_unchanged() {
    let (one, two) = close(with_lines(), NOW).unwrap();
    let opened = difference(&one, BreakKind::Root, 1);
    let (one, mut two) = abort(one.block(&opened), two).unwrap();
    assert_eq!(two.carried, one.pairs);
    assert!(matches!(one.state, WindowState::Aborted { carried_into, .. } if carried_into == two.id));
    two.owe(&code("js"), &code("sh"), minor(3)).unwrap();
    // Handed on a second time, together with the second window's own.
    let (two, three) = close(two, NOW).unwrap();
    assert_eq!(two.state.as_str(), "closing", "the break came along");
    let (two, three) = abort(two, three).unwrap();
    let both = PairTotals { line_count: 3, left_to_right_minor: 703, right_to_left_minor: 200 };
    assert_eq!(three.carried[&pair("js~sh")], both);
    assert_eq!(three.carried_from, [one.id, two.id].into());
    assert!(three.pairs.is_empty());
    // What is carried needs no head, only the break's end.
    let (three, _) = close(three, NOW).unwrap();
    let three = three.unblock(opened.id, NOW).instruct(NettingMethod::Bilateral, NOW).unwrap();
    let amounts: Vec<_> = three.state.instructions().iter().map(|paid| paid.amount_minor.get()).collect();
    assert_eq!(amounts, [503, 50]);
}

#[test]
fn only_a_window_without_a_payment_is_aborted() {
    let (window, next) = close(with_lines(), NOW).unwrap();
    check_refused(abort(next.clone(), next.clone()), RefusalCode::WindowState);
    check_refused(abort(window.clone(), window.clone()), RefusalCode::WindowNotOpen);
    let other = open_first("EUR/2".parse().unwrap(), NOW);
    check_refused(abort(window.clone(), other), RefusalCode::WindowNotOpen);
    let window = signed_by_all(window);
    assert!(abort(window.clone(), next.clone()).is_ok());
    let window = window.instruct(NettingMethod::Bilateral, NOW).unwrap();
    let (aborted, _) = abort(window.clone(), next.clone()).unwrap();
    check_refused(abort(aborted.clone(), next.clone()), RefusalCode::WindowState);
    check_refused(confirm(aborted, 1, "sh", 500), RefusalCode::WindowState);
    let window = confirm(window, 1, "sh", 500).unwrap();
    check_refused(abort(window.clone(), next.clone()), RefusalCode::WindowPartlyPaid);
    check_refused(abort(confirm(window, 2, "sh", 50).unwrap(), next), RefusalCode::WindowState);
}

#[test]
fn a_payment_is_confirmed_once_by_its_payee_for_about_its_amount() {
    let (window, _) = close(with_lines(), NOW).unwrap();
    check_refused(confirm(window.clone(), 1, "sh", 500), RefusalCode::WindowState);
    let window = signed_by_all(window).instruct(NettingMethod::Bilateral, NOW).unwrap();
    for (number, by, received, expected) in [
        (3, "sh", 500, RefusalCode::InstructionUnknown),
        (0, "sh", 500, RefusalCode::InstructionUnknown),
        (1, "js", 500, RefusalCode::InstructionNotPayee),
        (1, "sh", 498, RefusalCode::InstructionAmountDiffers),
        (1, "sh", 502, RefusalCode::InstructionAmountDiffers),
    ] {
        check_refused(confirm(window.clone(), number, by, received), expected);
    }
    for received in [499, 501] {
        let window = confirm(window.clone(), 1, "sh", received).unwrap();
        check_refused(confirm(window.clone(), 1, "sh", received), RefusalCode::InstructionConfirmed);
        // Also once all are confirmed.
        let window = confirm(window, 2, "sh", 50).unwrap();
        check_refused(confirm(window, 1, "sh", received), RefusalCode::InstructionConfirmed);
    }
}

#[test]
fn what_is_to_be_posted_says_what_was_owed_and_what_arrived() {
    let window = signed_by_all(close(with_lines(), NOW).unwrap().0);
    let window = window.instruct(NettingMethod::Bilateral, NOW).unwrap();
    let instruction = InstructionId { window: window.id, number: 1 };
    let bank_reference = "bank/1".parse().unwrap();
    let command = ConfirmInstruction { instruction, bank_reference, received_minor: minor(499) };
    let (_, paid) = window.confirm(&command, &code("sh"), minor(1), NOW).unwrap();
    assert_eq!((paid.payer, paid.payee), (code("js"), code("sh")));
    assert_eq!((paid.instructed_minor, paid.received_minor), (minor(500), minor(499)));
}

#[test]
fn fee_remainders_are_in_one_window_at_a_time() {
    let mut window = with_lines();
    window.fee_carry.entry(pair("js~sh")).or_default().insert(code("sh"), 7);
    let carry = window.fee_carry.clone();
    let (closing, next) = close(window, NOW).unwrap();
    assert!(closing.fee_carry.is_empty());
    assert_eq!(next.fee_carry, carry);
    let (_, next) = abort(closing, next).unwrap();
    assert_eq!(next.fee_carry, carry);
}

#[test]
fn a_windows_obligations_are_bounded_so_that_every_instruction_fits() {
    let mut window = first();
    window.owe(&code("js"), &code("sh"), minor(AMOUNT_MINOR_MAX - 1)).unwrap();
    window.owe(&code("zj"), &code("sh"), minor(1)).unwrap();
    let before = window.clone();
    check_refused(window.owe(&code("ah"), &code("sh"), minor(1)), RefusalCode::AccountOverflow);
    assert_eq!(window, before);
    let (window, mut next) = close(window, NOW).unwrap();
    let settling = signed_by_all(window.clone()).instruct(NettingMethod::Multilateral, NOW).unwrap();
    assert_eq!(settling.state.instructions().len(), 2);
    next.owe(&code("ah"), &code("sh"), minor(1)).unwrap();
    check_refused(abort(window, next), RefusalCode::AccountOverflow);
}

#[test]
fn a_window_has_one_json_form_and_an_unused_one_is_short() {
    let json = serde_json::to_string(&first()).unwrap();
    assert_eq!(
        json,
        r#"{"id":"CNY/2#1","state":{"name":"open"},"opened_at":"1970-01-01T00:00:00.000Z","flows":{},"posting_count":0}"#
    );
    let (one, two) = close(with_lines(), NOW).unwrap();
    let opened = difference(&one, BreakKind::Root, 1);
    let one =
        sign(one.block(&opened), "js~sh", b"1", "js").unwrap().carry(opened.id, &code("sh"), NOW).unwrap();
    let settling = signed_by_all(close(with_lines(), NOW).unwrap().0)
        .instruct(NettingMethod::Multilateral, NOW)
        .unwrap();
    let paid = confirm(confirm(settling.clone(), 1, "sh", 500).unwrap(), 2, "sh", 50).unwrap();
    let (aborted, two) = abort(one.clone(), two).unwrap();
    for window in [one, settling, paid, aborted, two] {
        let json = serde_json::to_string(&window).unwrap();
        assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), window, "{json}");
    }
}
