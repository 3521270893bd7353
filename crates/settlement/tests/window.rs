//! Windows from opening to settlement or abortion, and the traps that others fell into.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use databourse_primitives::{
    AMOUNT_MINOR_MAX, AmountMinor, BreakId, Digest, ExchangeCode, InstructionId, Refusal, RefusalCode,
    Timestamp,
};
use databourse_settlement::{
    Break, BreakKind, ConfirmInstruction, NettingMethod, OpenBreak, Pair, PairTotals, Window, WindowHead,
    WindowState, close, open_first,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_unix_ms(1_000);

fn code(text: &str) -> ExchangeCode {
    text.parse().unwrap()
}

fn pair(text: &str) -> Pair {
    text.parse().unwrap()
}

fn minor(amount: i64) -> AmountMinor {
    AmountMinor::new(amount).unwrap()
}

fn first() -> Window {
    open_first("CNY/2".parse().unwrap(), Timestamp::EPOCH)
}

/// An open window in which `js` owes `sh` 700, `sh` owes `js` 200 and `zj` owes `sh` 50.
fn with_lines() -> Window {
    let mut window = first();
    for (debtor, creditor, amount) in [("js", "sh", 700), ("sh", "js", 200), ("zj", "sh", 50)] {
        window.owe(&code(debtor), &code(creditor), minor(amount)).unwrap();
    }
    window
}

fn head(window: &Window, of: &str, root: &[u8]) -> WindowHead {
    let PairTotals { line_count, left_to_right_minor, right_to_left_minor } =
        window.pairs.get(&pair(of)).copied().unwrap_or_default();
    let root = Digest::of(root);
    WindowHead {
        window: window.id,
        pair: pair(of),
        root,
        line_count,
        left_to_right_minor,
        right_to_left_minor,
    }
}

fn sign(window: Window, of: &str, root: &[u8], by: &str) -> Result<Window, Refusal> {
    let head = head(&window, of, root);
    window.sign(&head, &code(by), NOW)
}

fn signed_by_all(mut window: Window) -> Window {
    for of in window.pairs.clone().into_keys() {
        for by in of.members() {
            window = sign(window, &of.to_string(), b"root", by.as_str()).unwrap();
        }
    }
    window
}

fn confirm(window: Window, number: u32, by: &str, received: i64) -> Result<Window, Refusal> {
    let instruction = InstructionId { window: window.id, number };
    let bank_reference = "bank/1".parse().unwrap();
    let command = ConfirmInstruction { instruction, bank_reference, received_minor: minor(received) };
    window.confirm(&command, &code(by), minor(1), NOW).map(|(window, _)| window)
}

fn abort(window: Window, next: Window) -> Result<(Window, Window), Refusal> {
    window.abort(next, "bank closed".parse().unwrap(), NOW)
}

fn id(number: u64) -> BreakId {
    format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap()
}

fn difference(window: &Window, kind: BreakKind, number: u64) -> Break {
    let (left_minor, right_minor) =
        if kind == BreakKind::Amount { (Some(minor(1)), Some(minor(2))) } else { (None, None) };
    let person = "wang".parse().unwrap();
    let command = OpenBreak {
        window: window.id,
        pair: pair("js~sh"),
        kind,
        key: None,
        left_minor,
        right_minor,
        person,
    };
    Break::open(id(number), &command, &code("js"), NOW).unwrap()
}

#[track_caller]
fn check_refused<T: std::fmt::Debug>(result: Result<T, Refusal>, expected: RefusalCode) {
    assert_eq!(result.unwrap_err().code, expected);
}

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

#[test]
fn a_window_is_final_when_both_exchanges_of_every_pair_signed_the_same() {
    let (window, _) = close(with_lines(), NOW).unwrap();
    let window = sign(window, "js~sh", b"1", "js").unwrap();
    let window = sign(window, "js~sh", b"1", "sh").unwrap();
    assert_eq!(window.disagreeing().collect::<Vec<_>>(), [&pair("sh~zj")]);
    let window = sign(window, "sh~zj", b"2", "zj").unwrap();
    assert_eq!(window.state.as_str(), "closing");
    let window = sign(window, "sh~zj", b"2", "sh").unwrap();
    assert_eq!(window.state.as_str(), "closed");
}

#[test]
fn a_head_is_of_the_ledgers_lines_and_signed_once() {
    check_refused(sign(with_lines(), "js~sh", b"1", "js"), RefusalCode::WindowState);
    let (window, _) = close(with_lines(), NOW).unwrap();
    check_refused(sign(window.clone(), "js~sh", b"1", "zj"), RefusalCode::WindowNotParticipant);
    check_refused(sign(window.clone(), "js~zj", b"1", "zj"), RefusalCode::WindowNotParticipant);
    let wrong: [fn(&mut WindowHead); 4] = [
        |head| head.line_count += 1,
        |head| head.left_to_right_minor -= 1,
        |head| head.right_to_left_minor += 1,
        |head| head.window.number += 1,
    ];
    for change in wrong {
        let mut head = head(&window, "js~sh", b"1");
        change(&mut head);
        check_refused(window.clone().sign(&head, &code("js"), NOW), RefusalCode::WindowHeadDiffers);
    }
    let window = sign(window, "js~sh", b"1", "js").unwrap();
    assert_eq!(sign(window.clone(), "js~sh", b"1", "js").unwrap(), window);
    check_refused(sign(window, "js~sh", b"2", "js"), RefusalCode::WindowHeadSigned);
}

#[test]
fn nothing_in_a_final_window_changes() {
    let (window, next) = close(with_lines(), NOW).unwrap();
    let window = signed_by_all(window);
    let mut tried = window.clone();
    check_refused(tried.owe(&code("js"), &code("sh"), minor(1)), RefusalCode::WindowNotOpen);
    assert_eq!(tried, window);
    assert_eq!(sign(window.clone(), "js~sh", b"root", "js").unwrap(), window);
    check_refused(sign(window.clone(), "js~sh", b"other", "js"), RefusalCode::WindowState);
    check_refused(close(window.clone(), NOW), RefusalCode::WindowNotOpen);
    let late = difference(&window, BreakKind::Root, 1);
    assert_eq!(window.clone().block(&late), window);
    assert_eq!(window.clone().unblock(late.id, NOW), window);
    let settling = window.clone().instruct(NettingMethod::Bilateral, NOW).unwrap();
    let (aborted, _) = abort(settling.clone(), next).unwrap();
    for later in [settling, aborted] {
        assert_eq!(
            (&later.pairs, &later.heads, &later.carried),
            (&window.pairs, &window.heads, &window.carried)
        );
    }
}

#[test]
fn a_root_break_holds_a_window_up_until_both_carry_it_forward() {
    let mut window = first();
    window.owe(&code("js"), &code("sh"), minor(9)).unwrap();
    let (window, _) = close(window, NOW).unwrap();
    let window = sign(sign(window, "js~sh", b"1", "js").unwrap(), "js~sh", b"2", "sh").unwrap();
    assert_eq!(window.state.as_str(), "closing");
    let opened = difference(&window, BreakKind::Root, 1);
    let window = window.block(&opened);
    check_refused(window.clone().carry(id(2), &code("js"), NOW), RefusalCode::BreakUnknown);
    check_refused(window.clone().carry(id(1), &code("zj"), NOW), RefusalCode::BreakNotConcerned);
    let window = window.carry(id(1), &code("js"), NOW).unwrap();
    assert_eq!(window.state.as_str(), "closing");
    assert_eq!(window.clone().carry(id(1), &code("js"), NOW).unwrap(), window);
    let window = window.carry(id(1), &code("sh"), NOW).unwrap();
    assert_eq!(window.state.as_str(), "closed");
}

#[test]
fn after_a_root_break_is_resolved_both_sign_anew() {
    let mut window = first();
    window.owe(&code("js"), &code("sh"), minor(9)).unwrap();
    let (window, _) = close(window, NOW).unwrap();
    let window = sign(sign(window, "js~sh", b"1", "js").unwrap(), "js~sh", b"2", "sh").unwrap();
    let opened = difference(&window, BreakKind::Root, 1);
    let window = window.block(&opened).unblock(opened.id, NOW);
    assert_eq!(window.state.as_str(), "closing");
    let window = sign(sign(window, "js~sh", b"1", "js").unwrap(), "js~sh", b"1", "sh").unwrap();
    assert_eq!(window.state.as_str(), "closed");
}

#[test]
fn an_amount_break_holds_a_window_up_and_others_do_not() {
    for (kind, state) in
        BreakKind::ALL.map(|kind| (kind, if kind.blocks_finality() { "closing" } else { "closed" }))
    {
        let window = first();
        let mut opened = difference(&window, BreakKind::Amount, 1);
        opened.kind = kind;
        let (window, _) = close(window.block(&opened), NOW).unwrap();
        assert_eq!(window.state.as_str(), state, "{kind:?}");
        assert_eq!(window.unblock(opened.id, NOW).state.as_str(), "closed", "{kind:?}");
    }
}

#[test]
fn an_amount_break_that_is_carried_does_not_replace_a_signature() {
    let (window, _) = close(with_lines(), NOW).unwrap();
    let opened = difference(&window, BreakKind::Amount, 1);
    let mut window = window.block(&opened);
    for by in ["js", "sh"] {
        window = window.carry(opened.id, &code(by), NOW).unwrap();
    }
    assert_eq!(window.state.as_str(), "closing");
    assert_eq!(signed_by_all(window).state.as_str(), "closed");
}

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
fn a_root_break_of_an_aborted_window_says_nothing_of_the_next_ones_lines() {
    let (one, two) = close(with_lines(), NOW).unwrap();
    let opened = difference(&one, BreakKind::Root, 1);
    let (_, mut two) = abort(one.block(&opened), two).unwrap();
    two.owe(&code("js"), &code("sh"), minor(3)).unwrap();
    let (mut two, _) = close(two, NOW).unwrap();
    for by in ["js", "sh"] {
        two = two.carry(opened.id, &code(by), NOW).unwrap();
    }
    assert_eq!(two.state.as_str(), "closing");
    assert_eq!(signed_by_all(two).state.as_str(), "closed");
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
