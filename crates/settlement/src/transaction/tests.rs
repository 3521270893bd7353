use super::*;
use crate::open_first;
use databourse_primitives::{PartyId, Timestamp};
use proptest::prelude::*;

fn asset() -> Asset {
    "CNY/2".parse().unwrap()
}

fn book(number: u64) -> ExchangeCode {
    ["ah", "js", "sh"][usize::try_from(number % 3).unwrap()].parse().unwrap()
}

fn funds(number: u64) -> AccountId {
    let party: PartyId = format!("019aa2b4-5c00-7000-8000-{number:012x}").parse().unwrap();
    AccountId::party(party, Purpose::Funds, asset())
}

fn bank(number: u64) -> AccountId {
    AccountId::exchange(book(number), Purpose::Bank, asset())
}

/// A part in the book of the party's own exchange.
fn part(number: u64, amount: i64) -> Part {
    Part { account: funds(number), book: book(number), amount: minor(amount) }
}

fn minor(amount: i64) -> AmountMinor {
    AmountMinor::new(amount).unwrap()
}

type Accounts = BTreeMap<AccountId, Account>;

/// One assertion for the rules that everything else rests on.
#[track_caller]
fn check_invariants(accounts: &Accounts) {
    let sum = |total: fn(&Account) -> i64| -> i128 { accounts.values().map(|a| i128::from(total(a))).sum() };
    assert_eq!(sum(|a| a.debits_minor), sum(|a| a.credits_minor), "posted sums to zero");
    assert_eq!(sum(|a| a.debits_pending_minor), sum(|a| a.credits_pending_minor), "pending sums to zero");
    for account in accounts.values().filter(|account| account.id.purpose.has_floor()) {
        assert!(account.balances().available_minor >= 0, "{} is overdrawn", account.id);
    }
}

fn applied(transaction: &Transaction, accounts: &Accounts) -> Result<Accounts, Refusal> {
    let mut accounts = accounts.clone();
    transaction.apply(&mut accounts, &mut open_first(asset(), Timestamp::EPOCH)).map(|()| accounts)
}

/// Trap (formance): a never-used account has no row to lock, so it can be overdrawn.
#[test]
fn a_never_used_account_cannot_be_overdrawn() {
    let mut transaction = Transaction::new(TransactionKind::Hold, asset());
    transaction.add(Phase::Hold, &[part(1, 1)], &[part(2, 1)]).unwrap();
    let refusal = applied(&transaction, &BTreeMap::new()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::FundsInsufficient);
    assert!(refusal.expected.contains("needs 0.01, has 0.00"), "{}", refusal.expected);
}

#[test]
fn legs_of_one_account_are_one_posting() {
    let mut transaction = Transaction::new(TransactionKind::Refund, asset());
    for _ in 0..3 {
        transaction.add(Phase::Direct, &[part(1, 5)], &[part(4, 5), part(7, 0)]).unwrap();
    }
    assert_eq!(transaction.postings().count(), 2);
    assert_eq!(transaction.amount().unwrap(), minor(15));
    assert_eq!(transaction.crossings().len(), 3, "each line of business is counted");
}

#[test]
fn sides_that_differ_are_refused() {
    let mut transaction = Transaction::new(TransactionKind::Refund, asset());
    let refusal = transaction.add(Phase::Direct, &[part(1, 5)], &[part(4, 4)]).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::AmountOutOfRange);
    assert!(transaction.is_empty());
}

#[test]
fn money_that_changes_books_passes_both_clearing_accounts() {
    let mut transaction = Transaction::new(TransactionKind::Refund, asset());
    transaction.add(Phase::Direct, &[part(1, 100)], &[part(2, 60), part(3, 30), part(4, 10)]).unwrap();
    let accounts: Accounts = [funds(1)].map(|id| (id.clone(), rich(id))).into();
    let accounts = applied(&transaction, &accounts).unwrap();
    let clearing = |number| {
        let id = AccountId::exchange(book(number), Purpose::Clearing, asset());
        accounts.get(&id).map_or(0, Account::balance_minor)
    };
    assert_eq!((clearing(1), clearing(2), clearing(3)), (90, -60, -30), "symmetric: they sum to zero");
    let owed: Vec<_> = transaction
        .crossings()
        .iter()
        .map(|owed| format!("{}>{} {}", owed.debtor, owed.creditor, owed.amount))
        .collect();
    assert_eq!(owed, ["js>ah 30", "js>js 10", "js>sh 60"]);
}

fn rich(id: AccountId) -> Account {
    Account { credits_minor: 1_000, ..Account::unused(id) }
}

#[test]
fn a_frozen_account_keeps_what_it_has_and_still_pays_what_was_held() {
    let mut transaction = Transaction::new(TransactionKind::Hold, asset());
    transaction.add(Phase::Hold, &[part(1, 100)], &[part(2, 100)]).unwrap();
    let accounts: Accounts = [funds(1)].map(|id| (id.clone(), rich(id))).into();
    let mut accounts = applied(&transaction, &accounts).unwrap();
    let frozen = |accounts: &mut Accounts| {
        let account = accounts.remove(&funds(1)).unwrap();
        let reason = "court order 17".parse().unwrap();
        accounts.insert(funds(1), account.constrain(crate::Constraint::Frozen { reason }).unwrap());
    };
    frozen(&mut accounts);
    let attempt = |phase, amount| {
        let mut transaction = Transaction::new(TransactionKind::Post, asset());
        transaction.add(phase, &[part(1, amount)], &[part(2, amount)]).unwrap();
        applied(&transaction, &accounts).map_err(|refusal| refusal.code)
    };
    assert_eq!(attempt(Phase::Hold, 1).unwrap_err(), RefusalCode::AccountFrozen);
    assert_eq!(attempt(Phase::Direct, 1).unwrap_err(), RefusalCode::AccountFrozen);
    assert_eq!(attempt(Phase::Post, 101).unwrap_err(), RefusalCode::HoldExceeded);
    assert_eq!(attempt(Phase::Post, 100).unwrap()[&funds(1)].balance_minor(), 900);
    assert_eq!(attempt(Phase::Release, 100).unwrap()[&funds(1)].balances().available_minor, 1_000);
}

#[test]
fn only_an_empty_account_is_closed_and_then_nothing_reaches_it() {
    let reason = || crate::Constraint::Closed { reason: "the party left".parse().unwrap() };
    let refusal = rich(funds(1)).constrain(reason()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::AccountState);
    let closed = Account::unused(funds(2)).constrain(reason()).unwrap();
    assert_eq!(closed.clone().constrain(reason()).unwrap_err().code, RefusalCode::AccountState);
    let accounts: Accounts = [(funds(1), rich(funds(1))), (funds(2), closed)].into();
    let mut transaction = Transaction::new(TransactionKind::Refund, asset());
    transaction.add(Phase::Direct, &[part(1, 1)], &[part(2, 1)]).unwrap();
    assert_eq!(applied(&transaction, &accounts).unwrap_err().code, RefusalCode::AccountClosed);
}

/// What the accounts should be, kept in the plainest way: posted and held per pair, no sides, no totals.
#[derive(Default)]
struct Model {
    posted: BTreeMap<AccountId, i64>,
    held: BTreeMap<(u64, u64), i64>,
}

impl Model {
    fn held_by(&self, from: u64) -> i64 {
        self.held.iter().filter(|((payer, _), _)| *payer == from).map(|(_, amount)| amount).sum()
    }

    fn available(&self, from: u64) -> i64 {
        self.posted.get(&funds(from)).unwrap_or(&0) - self.held_by(from)
    }

    fn move_posted(&mut self, from: AccountId, to: AccountId, amount: i64) {
        let sign = |id: &AccountId| if id.purpose.is_debit_normal() { -1 } else { 1 };
        *self.posted.entry(from.clone()).or_default() -= sign(&from) * amount;
        *self.posted.entry(to.clone()).or_default() += sign(&to) * amount;
    }

    /// Applies a step if it is allowed; says whether it was.
    fn step(&mut self, kind: u8, from: u64, to: u64, amount: i64) -> bool {
        let held = self.held.get(&(from, to)).copied().unwrap_or_default();
        let allowed = match kind {
            0 => true,
            1 => amount <= self.available(from).min(*self.posted.get(&bank(from)).unwrap_or(&0)),
            2 | 5 => amount <= self.available(from),
            _ => amount <= held,
        };
        if allowed {
            match kind {
                0 => self.move_posted(bank(to), funds(to), amount),
                1 => self.move_posted(funds(from), bank(from), amount),
                2 => *self.held.entry((from, to)).or_default() += amount,
                3 | 4 => *self.held.entry((from, to)).or_default() -= amount,
                _ => {}
            }
            if matches!(kind, 3 | 5) {
                self.move_posted(funds(from), funds(to), amount);
            }
        }
        allowed
    }
}

fn transaction(kind: u8, from: u64, to: u64, amount: i64) -> Transaction {
    let mut transaction = Transaction::new(TransactionKind::Post, asset());
    match kind {
        0 => transaction.transfer(bank(to), funds(to), minor(amount)),
        1 => transaction.transfer(funds(from), bank(from), minor(amount)),
        2 => transaction.add(Phase::Hold, &[part(from, amount)], &[part(to, amount)]),
        3 => transaction.add(Phase::Post, &[part(from, amount)], &[part(to, amount)]),
        4 => transaction.add(Phase::Release, &[part(from, amount)], &[part(to, amount)]),
        _ => transaction.add(Phase::Direct, &[part(from, amount)], &[part(to, amount)]),
    }
    .unwrap();
    transaction
}

proptest! {
    #[test]
    fn random_histories_agree_with_a_plain_model(
        steps in prop::collection::vec((0..6_u8, 1..6_u64, 1..6_u64, 0..1_000_i64), 0..200),
    ) {
        let (mut accounts, mut model) = (Accounts::new(), Model::default());
        for (kind, from, to, amount) in steps {
            // Two holds of one pair of accounts are one to an account, so the model's pairs must differ.
            if from == to { continue; }
            // An account knows how much is pending, not for whom: the hold does. So only what the model allows is sent.
            let allowed = model.step(kind, from, to, amount);
            let answer = applied(&transaction(kind, from, to, amount), &accounts);
            if !matches!(kind, 3 | 4) || allowed {
                prop_assert_eq!(answer.is_ok(), allowed, "step {} {}>{} {}: {:?}", kind, from, to, amount, answer);
            }
            if allowed {
                accounts = answer.unwrap();
            }
            check_invariants(&accounts);
            for number in 1..6 {
                let balances = accounts.get(&funds(number)).map(Account::balances).unwrap_or_default();
                prop_assert_eq!(balances.posted_minor, *model.posted.get(&funds(number)).unwrap_or(&0));
                prop_assert_eq!(balances.pending_out_minor, model.held_by(number));
                prop_assert_eq!(balances.available_minor, model.available(number));
            }
        }
    }
}
