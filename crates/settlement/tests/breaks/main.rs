//! Breaks from opening to their end: what the tests share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod rules;
mod table;

use databourse_primitives::{AmountMinor, BreakId, Digest, ExchangeCode, Refusal, RefusalCode, Timestamp};
use databourse_settlement::{
    AddEvidence, ApproveResolution, AssignBreak, Break, BreakKind, BreakOperator, CarryBreak, EscalateBreak,
    Evidence, OpenBreak, ProposeResolution, RejectResolution, Resolution, ResolveBreak, WriteOffBreak,
};

const NOW: Timestamp = Timestamp::from_unix_ms(1_000);
const ENTRY: &str = "019aa2b4-5c00-7000-8000-000000000001";
const OTHER_ENTRY: &str = "019aa2b4-5c00-7000-8000-000000000002";

/// Who does something: `js:wang` is Wang at exchange `js`.
fn operator(text: &str) -> BreakOperator {
    let (exchange, person) = text.split_once(':').unwrap();
    BreakOperator { exchange: exchange.parse().unwrap(), person: person.parse().unwrap() }
}

fn id() -> BreakId {
    ENTRY.parse().unwrap()
}

fn minor(amount: i64) -> AmountMinor {
    AmountMinor::new(amount).unwrap()
}

/// An order with these amounts in the books of `js` and `sh`.
fn open(kind: BreakKind, left: Option<i64>, right: Option<i64>, by: &str) -> Result<Break, Refusal> {
    let by = operator(by);
    let command = OpenBreak {
        window: "CNY/2#7".parse().unwrap(),
        pair: "js~sh".parse().unwrap(),
        kind,
        key: Some("order/1".parse().unwrap()),
        left_minor: left.map(minor),
        right_minor: right.map(minor),
        person: by.person,
    };
    Break::open(id(), &command, &by.exchange, NOW)
}

fn assign(found: Break, owner: &str, by: &ExchangeCode) -> Result<Break, Refusal> {
    let person = "chen".parse().unwrap();
    found.assign(&AssignBreak { r#break: id(), owner: operator(owner), person }, by)
}

fn add_evidence(found: Break, by: &ExchangeCode) -> Result<Break, Refusal> {
    let evidence =
        Evidence::Document { digest: Digest::of(b"statement"), note: "bank statement".parse().unwrap() };
    found.add_evidence(&AddEvidence { r#break: id(), evidence, person: "chen".parse().unwrap() }, by)
}

fn propose(found: Break, resolution: Resolution, by: &str) -> Result<Break, Refusal> {
    let by = operator(by);
    found.propose(&ProposeResolution { r#break: id(), resolution, person: by.person }, &by.exchange)
}

fn approve(found: Break, by: &str) -> Result<Break, Refusal> {
    let by = operator(by);
    found.approve(&ApproveResolution { r#break: id(), person: by.person }, &by.exchange)
}

fn resolve(found: Break, posting: Option<&str>, by: &ExchangeCode) -> Result<Break, Refusal> {
    let posting = posting.map(|posting| posting.parse().unwrap());
    found.resolve(&ResolveBreak { r#break: id(), posting, person: "chen".parse().unwrap() }, by, NOW)
}

fn write_off(found: Break, by: &ExchangeCode) -> Result<Break, Refusal> {
    found.write_off(&WriteOffBreak { r#break: id(), person: "chen".parse().unwrap() }, by, NOW)
}

fn escalate(found: Break, by: &ExchangeCode) -> Result<Break, Refusal> {
    let (reason, person) = ("no answer".parse().unwrap(), "chen".parse().unwrap());
    found.escalate(&EscalateBreak { r#break: id(), reason, person }, by, NOW)
}

const POST: Resolution = Resolution::Post { posting: None };

fn bear(amount: i64) -> Resolution {
    Resolution::WriteOff { amount_minor: minor(amount) }
}

/// `command` by somebody at `by` who is not the proposer, with arguments that fit.
fn run(command: &str, found: Break, by: &ExchangeCode) -> Result<Break, Refusal> {
    match command {
        "assign" => assign(found, "sh:li", by),
        "evidence" => add_evidence(found, by),
        "propose" => propose(found, POST, &format!("{by}:chen")),
        "approve" => approve(found, &format!("{by}:chen")),
        "reject" => {
            let (reason, person) = ("no".parse().unwrap(), "chen".parse().unwrap());
            found.reject(&RejectResolution { r#break: id(), reason, person }, by)
        }
        "resolve" => resolve(found, Some(OTHER_ENTRY), by),
        "write_off" => write_off(found, by),
        "escalate" => escalate(found, by),
        "carry" => found
            .may_carry(&CarryBreak { r#break: id(), person: "chen".parse().unwrap() }, by)
            .map(|()| found),
        _ => panic!("{command}"),
    }
}

/// An amount break of 5 minor units in the state of that name.
fn in_state(name: &str) -> Break {
    let js: ExchangeCode = "js".parse().unwrap();
    let opened = open(BreakKind::Amount, Some(10), Some(5), "js:wang").unwrap();
    let assigned = |found| assign(found, "js:wang", &js).unwrap();
    let evidenced = |found| add_evidence(assigned(found), &js).unwrap();
    let proposed = |found, how| propose(evidenced(found), how, "js:wang").unwrap();
    let approved = |found, how| approve(proposed(found, how), "sh:li").unwrap();
    match name {
        "opened" => opened,
        "assigned" => assigned(opened),
        "evidenced" => evidenced(opened),
        "proposed" => proposed(opened, POST),
        "to_post" => approved(opened, POST),
        "to_bear" => approved(opened, bear(5)),
        "resolved" => resolve(approved(opened, POST), Some(OTHER_ENTRY), &js).unwrap(),
        "written_off" => write_off(approved(opened, bear(5)), &js).unwrap(),
        "escalated" => escalate(evidenced(opened), &js).unwrap(),
        _ => panic!("{name}"),
    }
}

#[track_caller]
fn check_refused<T: std::fmt::Debug>(result: Result<T, Refusal>, expected: RefusalCode) {
    assert_eq!(result.unwrap_err().code, expected);
}
