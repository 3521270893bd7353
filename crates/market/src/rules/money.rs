//! Money: every movement goes through [`post`], so that accounts, window and journal change together.

use crate::{Claim, Halt, Head, Key, PostedTransaction, view::Tx};
use databourse_party::{Party, Region};
use databourse_primitives::{
    Asset, ExchangeCode, Label, PartyId, Refusal, RefusalCode, ScheduleVersion, WindowId,
};
use databourse_settlement::{
    self as settlement, Account, AccountId, CloseWindow, DepositMoney, PublishSchedule, Purpose, Schedule,
    Transaction, Window, WithdrawMoney,
};
use std::collections::BTreeMap;

/// The series of an asset's windows; its head is the open one.
pub(super) fn window_series(asset: Asset) -> String {
    format!("window:{asset}")
}

/// The heads of an asset's series.
pub(super) fn series_keys(asset: Asset) -> [Key; 2] {
    [window_series(asset), schedule_series(asset)].map(|series| Key::of::<Head>(&series))
}

/// What the heads point to, once they are loaded: the open window and the schedule in force.
pub(super) fn current_keys(tx: &Tx<'_>, asset: Asset) -> Result<Vec<Key>, Halt> {
    let window = tx.find::<Head>(&window_series(asset))?.map(|head| head.number);
    let schedule = tx.find::<Head>(&schedule_series(asset))?.map(|head| head.number);
    let window = window.map(|number| Key::of::<Window>(&WindowId { asset, number }));
    let schedule = schedule.map(|version| Key::of::<Schedule>(&ScheduleVersion { asset, version }));
    Ok(window.into_iter().chain(schedule).collect())
}

/// The name by which a bank line is recorded once.
pub(super) fn bank_line_name(exchange: &ExchangeCode, reference: &Label) -> String {
    format!("bank:{exchange}:{reference}")
}

fn schedule_series(asset: Asset) -> String {
    format!("schedule:{asset}")
}

/// Applies a transaction to its accounts and to the open window of its asset, and writes it into the journal.
pub(super) fn post(tx: &mut Tx<'_>, transaction: &Transaction) -> Result<(), Halt> {
    if transaction.is_empty() {
        return Ok(());
    }
    let current = current_keys(tx, transaction.asset())?;
    tx.preload(transaction.accounts().map(Key::of::<Account>).chain(current))?;
    let mut window = open_window(tx, transaction.asset())?;
    let mut accounts = BTreeMap::new();
    for id in transaction.accounts() {
        let account = tx.find(id)?.unwrap_or_else(|| Account::unused(id.clone()));
        accounts.insert(id.clone(), account);
    }
    transaction.apply(&mut accounts, &mut window)?;
    tx.transactions.push(PostedTransaction {
        entry: tx.entry,
        leaf_index: tx.leaf_index,
        kind: transaction.kind(),
        window: window.id,
        postings: transaction.postings().collect(),
    });
    tx.put(window);
    for account in accounts.into_values() {
        tx.put(account);
    }
    Ok(())
}

fn open_window(tx: &Tx<'_>, asset: Asset) -> Result<Window, Halt> {
    let unknown = || Refusal::new(RefusalCode::AssetUnknown, "asset", "an asset that the region settles");
    let head: Head = tx.find(&window_series(asset))?.ok_or_else(unknown)?;
    Ok(tx.find(&WindowId { asset, number: head.number })?.ok_or_else(unknown)?)
}

pub(super) fn publish_schedule(
    tx: &mut Tx<'_>,
    _exchange: &ExchangeCode,
    command: &PublishSchedule,
) -> Result<(), Halt> {
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.version.asset).map_err(|refusal| refusal.within("version"))?;
    let series = schedule_series(command.version.asset);
    let latest: Option<Head> = tx.find(&series)?;
    let schedule = settlement::publish(latest.map(|head| head.number), command.clone(), tx.now())?;
    tx.put(Head { name: series, number: schedule.version.version });
    tx.put(schedule);
    Ok(())
}

/// The schedule in force for new orders in `asset`.
pub(super) fn current_schedule(tx: &Tx<'_>, asset: Asset) -> Result<Schedule, Halt> {
    let unknown = || {
        let expected = format!("an asset with a fee schedule in force; {asset} has none");
        Refusal::new(RefusalCode::ScheduleUnknown, "", expected)
    };
    let head: Head = tx.find(&schedule_series(asset))?.ok_or_else(unknown)?;
    Ok(tx.find(&ScheduleVersion { asset, version: head.number })?.ok_or_else(unknown)?)
}

/// Records money that came in at the bank of the party's home exchange. A bank line counts once.
pub(super) fn deposit(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &DepositMoney) -> Result<(), Halt> {
    let party: Party = tx.need(&command.party, RefusalCode::PartyUnknown, "party")?;
    if party.home_exchange != *exchange {
        let expected = format!("the party's home exchange, {}", party.home_exchange);
        return Err(Refusal::new(RefusalCode::ExchangeOnly, "party", expected).into());
    }
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.asset)?;
    let name = bank_line_name(exchange, &command.bank_reference);
    if let Some(claim) = tx.find::<Claim>(&name)? {
        let expected = format!("a bank line not recorded yet; this one is entry {}", claim.holder);
        return Err(Refusal::new(RefusalCode::BankReferenceTaken, "bank_reference", expected).into());
    }
    let bank = AccountId::exchange(exchange.clone(), Purpose::Bank, command.asset);
    let transaction = command.transaction(bank)?;
    tx.put(Claim { name, holder: tx.entry.to_string() });
    post(tx, &transaction)
}

/// Takes a party's available money out, whether or not its certification is still in force: the money is its own.
pub(super) fn withdraw(tx: &mut Tx<'_>, id: PartyId, command: &WithdrawMoney) -> Result<(), Halt> {
    let party: Party = tx.need(&id, RefusalCode::PartyUnknown, "on_behalf_of")?;
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.asset)?;
    let bank = AccountId::exchange(party.home_exchange, Purpose::Bank, command.asset);
    let transaction = command.transaction(id, bank)?;
    post(tx, &transaction).map_err(|halt| at_field(halt, "amount_minor"))
}

/// Names the field of the command that a refused posting goes back to.
pub(super) fn at_field(halt: Halt, field: &str) -> Halt {
    match halt {
        Halt::Refused(refusal) if refusal.field.is_empty() => Halt::Refused(refusal.within(field)),
        other => other,
    }
}

/// Closes the open window of an asset; the next is open at once.
pub(super) fn close_window(
    tx: &mut Tx<'_>,
    _exchange: &ExchangeCode,
    command: &CloseWindow,
) -> Result<(), Halt> {
    let asset = command.window.asset;
    let open = open_window(tx, asset)?;
    if open.id != command.window {
        let expected = format!("the open window, {}", open.id);
        return Err(Refusal::new(RefusalCode::WindowNotOpen, "window", expected).into());
    }
    let (closed, next) = settlement::close(open, tx.now())?;
    tx.put(Head { name: window_series(asset), number: next.id.number });
    tx.put(closed);
    tx.put(next);
    Ok(())
}
