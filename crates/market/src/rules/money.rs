//! Money: every movement goes through [`post`], so that accounts, window and journal change together.

use super::{
    pricing::{TAX_SERIES, schedule_series},
    standing,
};
use crate::{Claim, Halt, Head, Key, PostedTransaction, view::Tx};
use databourse_party::{Party, Region};
use databourse_primitives::{
    Asset, ExchangeCode, Holder, Label, PartyId, Refusal, RefusalCode, ScheduleVersion, TaxVersion, WindowId,
};
use databourse_settlement::{
    Account, ChargeFee, ConstrainAccount, DepositMoney, Schedule, TaxTable, Transaction, Window,
    WithdrawMoney,
};
use std::{collections::BTreeMap, sync::Arc};

/// The series of an asset's windows; its head is the open one.
pub(super) fn window_series(asset: Asset) -> String {
    format!("window:{asset}")
}

/// The heads of the series that money in `asset` depends on.
pub(super) fn series_keys(asset: Asset) -> [Key; 3] {
    let series = [window_series(asset), schedule_series(asset), TAX_SERIES.to_owned()];
    series.map(|series| Key::of::<Head>(&series))
}

/// What the heads point to, once they are loaded: the open window, the latest schedule and the latest tax table.
pub(super) fn current_keys(tx: &Tx<'_>, asset: Asset) -> Result<Vec<Key>, Halt> {
    let head = |series: String| tx.find::<Head>(&series).map(|head| head.map(|head| head.number));
    let window = head(window_series(asset))?.map(|number| Key::of::<Window>(&WindowId { asset, number }));
    let schedule = head(schedule_series(asset))?;
    let schedule = schedule.map(|version| Key::of::<Schedule>(&ScheduleVersion { asset, version }));
    let tax = head(TAX_SERIES.to_owned())?.map(|version| Key::of::<TaxTable>(&TaxVersion(version)));
    Ok(window.into_iter().chain(schedule).chain(tax).collect())
}

/// The name by which a bank line is recorded once.
pub(super) fn bank_line_name(exchange: &ExchangeCode, reference: &Label) -> String {
    format!("bank:{exchange}:{reference}")
}

/// Loads the open window and every account that a transaction touches, together.
pub(super) fn prepare(tx: &Tx<'_>, transaction: &Transaction) -> Result<(), Halt> {
    let asset = transaction.asset();
    let window = tx.find::<Head>(&window_series(asset))?;
    let window = window.map(|head| Key::of::<Window>(&WindowId { asset, number: head.number }));
    tx.preload(|| transaction.accounts().map(Key::of::<Account>).chain(window))
}

/// Applies a transaction to its accounts and to the open window of its asset, and writes it into the journal.
pub(super) fn post(tx: &mut Tx<'_>, transaction: &Transaction) -> Result<(), Halt> {
    if transaction.is_empty() {
        return Ok(());
    }
    prepare(tx, transaction)?;
    let mut window = Arc::unwrap_or_clone(open_window(tx, transaction.asset())?);
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

/// The open window of `asset`.
pub(super) fn open_window(tx: &Tx<'_>, asset: Asset) -> Result<Arc<Window>, Halt> {
    let unknown = || Refusal::new(RefusalCode::AssetUnknown, "asset", "an asset that the region settles");
    let head: Arc<Head> = tx.find_shared(&window_series(asset))?.ok_or_else(unknown)?;
    Ok(tx.find_shared(&WindowId { asset, number: head.number })?.ok_or_else(unknown)?)
}

/// The schedule in force for new orders in `asset`.
pub(super) fn current_schedule(tx: &Tx<'_>, asset: Asset) -> Result<Arc<Schedule>, Halt> {
    let unknown = || {
        let expected = format!("an asset with a fee schedule in force; {asset} has none");
        Refusal::new(RefusalCode::ScheduleUnknown, "", expected)
    };
    let head: Arc<Head> = tx.find_shared(&schedule_series(asset))?.ok_or_else(unknown)?;
    let version = ScheduleVersion { asset, version: head.number };
    let latest: Arc<Schedule> = tx.find_shared(&version)?.ok_or_else(unknown)?;
    match latest.version_at(tx.leaf_index).ok_or_else(unknown)? {
        version if version == latest.version => Ok(latest),
        version => Ok(tx.find_shared(&version)?.ok_or_else(unknown)?),
    }
}

/// The exchange whose book holds a holder's money.
pub(super) fn home_of(tx: &Tx<'_>, holder: &Holder, field: &'static str) -> Result<ExchangeCode, Halt> {
    match holder {
        Holder::Party(id) => {
            let party: Arc<Party> = tx.need_shared(id, RefusalCode::PartyUnknown, field)?;
            home_of_party(tx, &party)
        }
        Holder::Exchange(code) => {
            let region: Arc<Region> = tx.need_shared(&"region", RefusalCode::RegionNotFounded, "")?;
            region.has(code).map_err(|refusal| refusal.within(field))?;
            Ok(region.home_of(code).clone())
        }
    }
}

/// The exchange whose book holds a party's money: the one that certified it, or who succeeded that.
pub(super) fn home_of_party(tx: &Tx<'_>, party: &Party) -> Result<ExchangeCode, Halt> {
    Ok(standing::successors(tx)?.home_of(&party.home_exchange).clone())
}

/// A party of this exchange: the exchange touches the accounts of no other.
pub(super) fn home_party(tx: &Tx<'_>, exchange: &ExchangeCode, id: PartyId) -> Result<Party, Halt> {
    let party: Party = tx.need(&id, RefusalCode::PartyUnknown, "party")?;
    let home = home_of_party(tx, &party)?;
    if home != *exchange {
        let expected = format!("the party's home exchange, {home}");
        return Err(Refusal::new(RefusalCode::AccountOtherBook, "party", expected).into());
    }
    Ok(party)
}

/// Records money that came in at the bank of the party's home exchange. A bank line counts once.
pub(super) fn deposit(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &DepositMoney) -> Result<(), Halt> {
    home_party(tx, exchange, command.party)?;
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.asset)?;
    record_bank_line(tx, exchange, &command.bank_reference)?;
    post(tx, &command.transaction(exchange)?)
}

/// Takes a bank line's reference, which counts once.
pub(super) fn record_bank_line(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    reference: &Label,
) -> Result<(), Halt> {
    let name = bank_line_name(exchange, reference);
    if let Some(claim) = tx.find::<Claim>(&name)? {
        let expected = format!("a bank line not recorded yet; this one is entry {}", claim.holder);
        return Err(Refusal::new(RefusalCode::BankReferenceTaken, "bank_reference", expected).into());
    }
    tx.put(Claim { name, holder: tx.entry.to_string() });
    Ok(())
}

/// Takes a party's available money out, whether or not its certification is still in force: the money is its own.
pub(super) fn withdraw(tx: &mut Tx<'_>, id: PartyId, command: &WithdrawMoney) -> Result<(), Halt> {
    let party: Party = tx.need(&id, RefusalCode::PartyUnknown, "on_behalf_of")?;
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.asset)?;
    let transaction = command.transaction(id, &home_of_party(tx, &party)?)?;
    post(tx, &transaction).map_err(|halt| at_field(halt, "amount_minor"))
}

/// Charges a party of this exchange the yearly fee of one of its roles, once a year.
pub(super) fn charge_fee(tx: &mut Tx<'_>, exchange: &ExchangeCode, command: &ChargeFee) -> Result<(), Halt> {
    let party = home_party(tx, exchange, command.party)?;
    let refused = |field: &'static str, expected: String| -> Halt {
        Refusal::new(RefusalCode::FeeNotDue, field, expected).into()
    };
    if !party.roles.iter().any(|role| role.as_str() == command.role.as_str()) {
        return Err(refused("role", "a role that the party is certified for".to_owned()));
    }
    let this_year = tx.now().year();
    if command.year != this_year && command.year != this_year.saturating_add(1) {
        return Err(refused("year", format!("{this_year} or the year after it")));
    }
    let schedule = current_schedule(tx, command.asset)?;
    let tax: TaxTable = tx.need(&schedule.tax, RefusalCode::TaxUnknown, "")?;
    let fee = schedule.yearly_fee(&tax, command.role.as_str())?;
    let name = yearly_name(command);
    if let Some(claim) = tx.find::<Claim>(&name)? {
        return Err(refused("year", format!("a year not charged yet; this one is entry {}", claim.holder)));
    }
    tx.put(Claim { name, holder: tx.entry.to_string() });
    let transaction = command.transaction(fee.fee_minor, fee.vat_minor, exchange)?;
    post(tx, &transaction).map_err(|halt| at_field(halt, "party"))
}

/// The name under which a yearly fee is charged once.
pub(super) fn yearly_name(command: &ChargeFee) -> String {
    format!("yearly:{}:{}:{}", command.party, command.role, command.year)
}

/// Freezes, closes or reopens an account in this exchange's book.
pub(super) fn constrain(
    tx: &mut Tx<'_>,
    exchange: &ExchangeCode,
    command: &ConstrainAccount,
) -> Result<(), Halt> {
    let book = home_of(tx, &command.account.holder, "account")?;
    if book != *exchange {
        let expected = format!("an account in the book of {exchange}; this one is in that of {book}");
        return Err(Refusal::new(RefusalCode::AccountOtherBook, "account", expected).into());
    }
    let region: Region = tx.need(&"region", RefusalCode::RegionNotFounded, "")?;
    region.settles(command.account.asset).map_err(|refusal| refusal.within("account"))?;
    // A never-used account can be frozen or closed before it is used.
    let account = tx.find(&command.account)?.unwrap_or_else(|| Account::unused(command.account.clone()));
    tx.put(account.constrain(command.constraint.clone())?);
    Ok(())
}

/// Names the field of the command that a refused posting goes back to.
pub(super) fn at_field(halt: Halt, field: &str) -> Halt {
    match halt {
        Halt::Refused(refusal) if refusal.field.is_empty() => Halt::Refused(refusal.within(field)),
        other => other,
    }
}
