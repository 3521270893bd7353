//! Departing: a leaving exchange has settled everything, and its successor takes its book over.
//!
//! Succession is of the whole book. The parties' accounts are in the successor's book from then on, because it is at
//! home where the exchange was; so everything that stands against them moves with them: what is on the exchange's own
//! accounts is transferred to the successor's, purpose by purpose. Both books balance before and after. What the two pay
//! one another for it is not the ledger's matter.

use super::{money, standing::Exchanges};
use crate::{Halt, Head, Key, view::Tx};
use databourse_party::{self as party, DepartRegion, KeyRecord};
use databourse_primitives::{AmountMinor, Asset, ExchangeCode, Refusal, RefusalCode, WindowId};
use databourse_settlement::{
    Account, AccountId, InstructionState, Purpose, Transaction, TransactionKind, Window, WindowState,
};

/// The accounts of an exchange that may have something on them; what it owes others must be nothing.
pub(super) const PURPOSES: [Purpose; 5] =
    [Purpose::Bank, Purpose::Fees, Purpose::Tax, Purpose::Difference, Purpose::Clearing];

/// How many open things a refusal names.
pub(super) const NAMED_MAX: usize = 5;

/// Ends the membership of a leaving exchange.
pub(super) fn depart(tx: &mut Tx<'_>, by: &ExchangeCode, command: &DepartRegion) -> Result<(), Halt> {
    let all = Exchanges::load(tx)?;
    let (left, region) = all.members(tx).depart(command, by)?;
    let successor = region.home_of(by).clone();
    load(tx, &region.assets, [by, &successor])?;
    let mut open = Vec::new();
    for asset in &region.assets {
        of_accounts(tx, by, *asset, &mut open)?;
        of_windows(tx, by, *asset, &mut open)?;
    }
    if !open.is_empty() {
        let more = if open.len() > NAMED_MAX { " and more" } else { "" };
        open.truncate(NAMED_MAX);
        let expected = format!("nothing open at {by}; open are {}{more}", open.join(", "));
        return Err(Refusal::new(RefusalCode::MemberObligationsOpen, "exchange", expected).into());
    }
    for asset in &region.assets {
        let transaction = take_over(tx, by, &successor, *asset)?;
        money::post(tx, &transaction)?;
    }
    for key in left.entry_key.all() {
        if let Some(record) = tx.find::<KeyRecord>(&key.key_id())? {
            tx.put(party::retire(record, tx.now()));
        }
    }
    tx.put(left);
    tx.put(region);
    Ok(())
}

/// Loads both exchanges' accounts and every window: all of them, since any may still wait for the exchange. This happens
/// once in the life of an exchange.
pub(super) fn load<'a>(
    tx: &Tx<'_>,
    assets: impl IntoIterator<Item = &'a Asset> + Clone,
    exchanges: impl IntoIterator<Item = &'a ExchangeCode> + Clone,
) -> Result<(), Halt> {
    let series = |asset: &Asset| Key::of::<Head>(&money::window_series(*asset));
    tx.preload(|| assets.clone().into_iter().map(series))?;
    let mut keys = Vec::new();
    for asset in assets {
        for code in exchanges.clone() {
            keys.extend(
                PURPOSES
                    .map(|purpose| Key::of::<Account>(&AccountId::exchange(code.clone(), purpose, *asset))),
            );
        }
        let window = |number| Key::of::<Window>(&WindowId { asset: *asset, number });
        keys.extend((1..=latest(tx, *asset)?).map(window));
    }
    tx.preload(|| keys)
}

/// The number of the open window of `asset`.
pub(super) fn latest(tx: &Tx<'_>, asset: Asset) -> Result<u64, Halt> {
    Ok(tx.find::<Head>(&money::window_series(asset))?.map_or(0, |head| head.number))
}

fn account(tx: &Tx<'_>, code: &ExchangeCode, purpose: Purpose, asset: Asset) -> Result<Account, Halt> {
    let id = AccountId::exchange(code.clone(), purpose, asset);
    Ok(tx.find(&id)?.unwrap_or_else(|| Account::unused(id)))
}

/// What the exchange owes or is owed, and what is held on its accounts.
pub(super) fn of_accounts(
    tx: &Tx<'_>,
    code: &ExchangeCode,
    asset: Asset,
    open: &mut Vec<String>,
) -> Result<(), Halt> {
    for purpose in PURPOSES {
        let account = account(tx, code, purpose, asset)?;
        let balances = account.balances();
        if purpose == Purpose::Clearing && balances.posted_minor != 0 {
            open.push(format!("{} on {}", asset.render(balances.posted_minor), account.id));
        }
        if balances.pending_in_minor != 0 || balances.pending_out_minor != 0 {
            open.push(format!("money held on {}", account.id));
        }
    }
    Ok(())
}

/// The windows that wait for the exchange: to sign, to be netted, to pay or to be paid.
fn of_windows(tx: &Tx<'_>, code: &ExchangeCode, asset: Asset, open: &mut Vec<String>) -> Result<(), Halt> {
    for number in 1..=latest(tx, asset)? {
        let Some(window) = tx.find::<Window>(&WindowId { asset, number })? else { continue };
        let owes = || -> Result<bool, Refusal> {
            Ok(window.obligations()?.iter().any(|one| one.payer == *code || one.payee == *code))
        };
        let waits = match &window.state {
            WindowState::Settled { .. } | WindowState::Aborted { .. } => false,
            WindowState::Settling { instructions, .. } => instructions.iter().any(|one| {
                one.state == InstructionState::Pending && (one.payer == *code || one.payee == *code)
            }),
            WindowState::Closed { .. } => owes()?,
            WindowState::Open | WindowState::Closing { .. } => {
                let concerns = |pair: &databourse_settlement::Pair| pair.contains(code);
                window.pairs.keys().any(concerns)
                    || window.breaks.values().any(|blocking| concerns(&blocking.pair))
                    || owes()?
            }
        };
        if waits {
            open.push(format!("window {}, {}", window.id, window.state.as_str()));
        }
    }
    Ok(())
}

/// Everything that is on the accounts of `from`, moved to those of `to`.
fn take_over(tx: &Tx<'_>, from: &ExchangeCode, to: &ExchangeCode, asset: Asset) -> Result<Transaction, Halt> {
    let mut transaction = Transaction::new(TransactionKind::Succession, asset);
    for purpose in PURPOSES {
        let balance = account(tx, from, purpose, asset)?;
        // Debits less credits, whichever side is the normal one.
        let net = balance.debits_minor.saturating_sub(balance.credits_minor);
        let of = |code: &ExchangeCode| AccountId::exchange(code.clone(), purpose, asset);
        let amount = AmountMinor::new(net.saturating_abs())?;
        // A transfer debits the first and credits the second.
        let (debited, credited) = if net > 0 { (of(to), of(from)) } else { (of(from), of(to)) };
        transaction.transfer(debited, credited, amount)?;
    }
    Ok(transaction)
}
