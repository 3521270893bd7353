//! Windows from opening to settlement or abortion: what the tests share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod agreement;
mod model;
mod region;
mod settlement;
mod traps;

use databourse_primitives::{
    AmountMinor, BreakId, Digest, ExchangeCode, InstructionId, Refusal, RefusalCode, Timestamp,
};
use databourse_settlement::{
    Break, BreakKind, ConfirmInstruction, OpenBreak, Pair, PairTotals, Window, WindowHead, close, open_first,
};

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
    window.sign(&head, &code(by), None, NOW)
}

/// Signs as one of an exchange's people.
fn sign_as(window: Window, of: &str, root: &[u8], by: &str, person: &str) -> Result<Window, Refusal> {
    let head = head(&window, of, root);
    window.sign(&head, &code(by), Some(&person.parse().unwrap()), NOW)
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
