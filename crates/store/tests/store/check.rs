use crate::{
    book::{Book, Leg},
    fixture::{Ledger, id},
    samples::hold,
};
use databourse_settlement::{
    Side::{Credit, Debit},
    TransactionKind::{Deposit, Hold, Post},
};
use databourse_store::MoneyRule::{self, *};

const BANK: &str = "exchange:sh:bank:CNY/2";

fn buyer() -> String {
    format!("party:{}:funds:CNY/2", id(3))
}

/// A purchase between two exchanges with 30 of 100 still held, as the rules would post it.
async fn sound() -> Ledger {
    let (buyer, seller) = (buyer(), format!("party:{}:funds:CNY/2", id(2)));
    let (mut ledger, mut book) = (Ledger::create().await, Book::default());
    let deposit: &[Leg<'_>] = &[(BANK, Debit, 100, 0), (&buyer, Credit, 100, 0)];
    let held: &[Leg<'_>] = &[(&buyer, Debit, 0, 100), (&seller, Credit, 0, 100)];
    let paid: &[Leg<'_>] = &[
        (&buyer, Debit, 70, -70),
        (&seller, Credit, 70, -70),
        ("exchange:js:clearing:CNY/2", Debit, 70, 0),
        ("exchange:sh:clearing:CNY/2", Credit, 70, 0),
    ];
    book.commit(&mut ledger, "CNY/2#1", &[(Deposit, deposit), (Hold, held)], Vec::new()).await;
    let holds = vec![hold(40, 3, 30, None), hold(41, 3, 0, None)];
    book.commit(&mut ledger, "CNY/2#1", &[(Post, paid)], holds).await;
    ledger
}

/// Tampers with a sound ledger; the findings must be exactly these: rule, subject, expected, found.
async fn check(statement: &str, expected: &[(MoneyRule, &str, i128, i128)]) {
    let ledger = sound().await;
    ledger.tamper(statement).await;
    let findings = ledger.store.check_money().await.unwrap();
    let found: Vec<_> = findings.iter().map(|f| (f.rule, &*f.subject, f.expected, f.found)).collect();
    assert_eq!(found, expected, "{statement}");
    let balance = ledger.store.trial_balance().await.unwrap();
    let is_total = |rule: &MoneyRule| !matches!(rule, Clearing | Held | PostingCount);
    assert_eq!(balance.holds(), !expected.iter().any(|(rule, ..)| is_total(rule)), "{statement}");
}

/// A statement that adds to a member of an account's record.
fn add(account: &str, member: &str, change: i64) -> String {
    format!(
        "UPDATE account SET record = jsonb_set(record, '{{{member}}}',
            to_jsonb(coalesce((record ->> '{member}')::bigint, 0) + {change})) WHERE name = '{account}';"
    )
}

#[tokio::test]
async fn sound_money_has_no_findings() {
    check("", &[]).await;
    let empty = Ledger::create().await;
    assert_eq!(empty.store.check_money().await.unwrap(), []);
}

#[tokio::test]
async fn what_does_not_add_up_is_named() {
    let (sh, js) = ("exchange:sh:clearing:CNY/2", "exchange:js:clearing:CNY/2");
    check(&add(BANK, "debits_minor", 1), &[(PostedBalance, "CNY/2", 240, 241), (Debits, BANK, 100, 101)])
        .await;
    check(&add(BANK, "posting_count", 1), &[(PostingCount, BANK, 1, 2)]).await;
    // Both sides at once: accounts balance, the journal knows better.
    let both = add(sh, "credits_minor", 5) + &add(BANK, "debits_minor", 5);
    check(&both, &[(Clearing, "CNY/2", 0, 5), (Debits, BANK, 100, 105), (Credits, sh, 70, 75)]).await;
    let pending = add(BANK, "debits_pending_minor", 2) + &add(js, "credits_pending_minor", 2);
    check(&pending, &[(Held, "CNY/2", 30, 32), (CreditsPending, js, 0, 2), (DebitsPending, BANK, 0, 2)])
        .await;
    check(
        &add(js, "credits_pending_minor", 2),
        &[(PendingBalance, "CNY/2", 32, 30), (CreditsPending, js, 0, 2)],
    )
    .await;
}

#[tokio::test]
async fn lost_rows_are_found() {
    let buyer = buyer();
    let hold = format!("DELETE FROM hold WHERE name = '{}'", id(40));
    check(&hold, &[(Held, "CNY/2", 0, 30)]).await;
    check(
        &format!("DELETE FROM account WHERE name = '{BANK}'"),
        &[(PostedBalance, "CNY/2", 240, 140), (Debits, BANK, 100, 0), (PostingCount, BANK, 1, 0)],
    )
    .await;
    let lost = format!("DELETE FROM posting WHERE account = '{buyer}' AND kind = 'deposit'");
    check(&lost, &[(Credits, &buyer, 0, 100), (PostingCount, &buyer, 2, 3)]).await;
    let ledger = sound().await;
    ledger.tamper(&lost).await;
    let findings = ledger.store.check_money().await.unwrap();
    assert_eq!(findings[0].to_string(), format!("{buyer}: posted credits 100, in the journal 0"));
}
