//! Heads, breaks and finality.

use super::*;
use databourse_settlement::NettingMethod;

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
        check_refused(window.clone().sign(&head, &code("js"), None, NOW), RefusalCode::WindowHeadDiffers);
    }
    let window = sign(window, "js~sh", b"1", "js").unwrap();
    assert_eq!(sign(window.clone(), "js~sh", b"1", "js").unwrap(), window);
    check_refused(sign(window, "js~sh", b"2", "js"), RefusalCode::WindowHeadSigned);
}

#[test]
fn two_people_sign_for_an_exchange() {
    let (window, _) = close(with_lines(), NOW).unwrap();
    let window = sign(window, "js~sh", b"1", "js").unwrap();
    let prepared = sign_as(window, "js~sh", b"1", "sh", "li.na").unwrap();
    assert!(!prepared.agrees(&pair("js~sh")), "one person's signature does not count");
    check_refused(sign_as(prepared.clone(), "js~sh", b"1", "sh", "li.na"), RefusalCode::WindowSecondPerson);
    let checked = sign_as(prepared.clone(), "js~sh", b"1", "sh", "wang.wei").unwrap();
    assert!(checked.agrees(&pair("js~sh")));
    assert_eq!(sign_as(checked.clone(), "js~sh", b"1", "sh", "li.na").unwrap(), checked);
    check_refused(sign_as(checked, "js~sh", b"2", "sh", "li.na"), RefusalCode::WindowHeadSigned);
    // Who finds another root prepares that one, and again it takes a second person.
    for person in ["li.na", "wang.wei"] {
        let other = sign_as(prepared.clone(), "js~sh", b"2", "sh", person).unwrap();
        check_refused(sign_as(other.clone(), "js~sh", b"2", "sh", person), RefusalCode::WindowSecondPerson);
        assert!(!other.heads[&pair("js~sh")].contains_key(&code("sh")));
    }
    // The same name at another exchange is another person.
    let (window, _) = close(with_lines(), NOW).unwrap();
    let window = sign_as(window, "js~sh", b"1", "js", "li.na").unwrap();
    let window = sign_as(window, "js~sh", b"1", "sh", "li.na").unwrap();
    assert!(window.heads.is_empty());
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
fn what_both_signed_stays_signed_whatever_becomes_of_a_root_break() {
    let (window, _) = close(with_lines(), NOW).unwrap();
    let window = sign(sign(window, "js~sh", b"1", "js").unwrap(), "js~sh", b"1", "sh").unwrap();
    let opened = difference(&window, BreakKind::Root, 1);
    assert_eq!(window.clone().block(&opened).unblock(opened.id, NOW), window);
}

#[test]
fn a_break_that_an_aborted_window_waits_for_comes_along() {
    let (one, two) = close(with_lines(), NOW).unwrap();
    let [waiting, carried] = [1, 2].map(|number| difference(&one, BreakKind::Amount, number));
    let mut one = one.block(&waiting).block(&carried);
    for by in ["js", "sh"] {
        one = one.carry(carried.id, &code(by), NOW).unwrap();
    }
    let (_, two) = one.abort(two, "bank closed".parse().unwrap(), NOW).unwrap();
    assert_eq!(two.breaks.keys().collect::<Vec<_>>(), [&waiting.id]);
    assert_eq!(close(two, NOW).unwrap().0.state.as_str(), "closing");
}
