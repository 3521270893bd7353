//! The journal as a plain-text accounting file that an outside program reads, checks and adds up by itself.
//!
//! What both formats have in common is here: the order of the parts, names of accounts and amounts. A [`Dialect`] only
//! knows how its program spells them. Nothing is kept in memory but a page and the transaction under way.

mod beancount;
mod hledger;
mod names;

use crate::args::ExportFormat;
use anyhow::{Result, bail};
use databourse_primitives::{Asset, Timestamp};
use databourse_settlement::Side;
use databourse_store::{ChainHead, JournalLeg, JournalSnapshot};
use names::BookAccount;
use std::{collections::BTreeMap, io::Write};

/// Postings and accounts that are read at a time.
const PAGE: u32 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// How a program wants it written. Days are in UTC, as `2026-11-22`.
trait Dialect {
    /// What the program must know before anything else.
    fn begin(&self, out: &mut dyn Write) -> std::io::Result<()>;
    /// Declares a commodity.
    fn commodity(&self, out: &mut dyn Write, asset: Asset, first_day: &str) -> std::io::Result<()>;
    /// Declares an account and what it may hold.
    fn account(&self, out: &mut dyn Write, account: &BookAccount, first_day: &str) -> std::io::Result<()>;
    /// Writes a transaction; there is at least one leg, and all are of the same transaction.
    fn transaction(&self, out: &mut dyn Write, legs: &[JournalLeg]) -> std::io::Result<()>;
    /// Begins the part where balances are asserted: `last_day` has postings, `next_day` has none.
    fn begin_balances(&self, out: &mut dyn Write, last_day: &str) -> std::io::Result<()>;
    /// Asserts a balance, exactly.
    fn balance(
        &self,
        out: &mut dyn Write,
        name: &str,
        amount: &Amount,
        next_day: &str,
    ) -> std::io::Result<()>;
}

/// Debits less credits, with the decimals of the asset.
struct Amount {
    number: String,
    zero: String,
    commodity: String,
}

impl Amount {
    fn new(asset: Asset, minor: i64) -> Self {
        Self { number: asset.render(minor), zero: asset.render(0), commodity: asset.code().to_owned() }
    }

    fn of(leg: &JournalLeg) -> Self {
        let minor = leg.posting.amount_minor.get();
        let signed = if leg.posting.side == Side::Debit { minor } else { -minor };
        Self::new(leg.posting.asset, signed)
    }
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    pub(crate) transaction_count: u64,
    pub(crate) posting_count: u64,
    pub(crate) balance_count: u64,
}

/// Writes the journal as of `snapshot` in that format.
///
/// # Errors
/// The database's, those of `out`, and two assets of one code: neither program could tell them apart.
pub(crate) async fn write(
    snapshot: &JournalSnapshot,
    format: ExportFormat,
    out: &mut dyn Write,
) -> Result<Exported> {
    let dialect: &dyn Dialect = match format {
        ExportFormat::Hledger => &hledger::Hledger,
        ExportFormat::Beancount => &beancount::Beancount,
    };
    let head = snapshot.head();
    let (first_day, last_day) = (day(snapshot.first_time()), day(head.time));
    let next_day = day(head.time.plus_ms(DAY_MS));
    heading(out, head)?;
    dialect.begin(out)?;
    let mut exported = Exported::default();
    declare(snapshot, dialect, out, &first_day).await?;
    journal(snapshot, dialect, out, &mut exported).await?;
    dialect.begin_balances(out, &last_day)?;
    let mut after = None;
    loop {
        let page = snapshot.accounts(after, PAGE).await?;
        for account in &page.items {
            let name = BookAccount::new(&account.id).name;
            // Both totals are at least zero, so the difference cannot overflow.
            let amount = Amount::new(account.id.asset, account.debits_minor - account.credits_minor);
            dialect.balance(out, &name, &amount, &next_day)?;
            exported.balance_count += 1;
        }
        after = page.next;
        if after.is_none() {
            return Ok(exported);
        }
    }
}

/// Says which ledger this is, up to where. Both programs take a line that begins with `;` for a comment.
fn heading(out: &mut dyn Write, head: &ChainHead) -> std::io::Result<()> {
    writeln!(out, "; Journal of a Databourse ledger: {} leaves, root {}", head.tree_size, head.root)?;
    writeln!(out, "; up to block {} of {}. Debits are positive, days are UTC.", head.height, head.time)
}

/// Declares every account and commodity. Accounts that differ in their asset only have one name and come one after the
/// other.
async fn declare(
    snapshot: &JournalSnapshot,
    dialect: &dyn Dialect,
    out: &mut dyn Write,
    first_day: &str,
) -> Result<()> {
    let mut assets: BTreeMap<String, Asset> = BTreeMap::new();
    let mut open: Option<BookAccount> = None;
    let mut after = None;
    loop {
        let page = snapshot.accounts(after, PAGE).await?;
        for account in &page.items {
            let asset = account.id.asset;
            match assets.insert(asset.code().to_owned(), asset) {
                Some(other) if other != asset => {
                    bail!("{other} and {asset} have one code: as commodities they would be one");
                }
                Some(_) => {}
                None => dialect.commodity(out, asset, first_day)?,
            }
            let next = BookAccount::new(&account.id);
            match &mut open {
                Some(known) if known.name == next.name => known.commodities.extend(next.commodities),
                _ => {
                    if let Some(whole) = open.replace(next) {
                        dialect.account(out, &whole, first_day)?;
                    }
                }
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if let Some(last) = open {
        dialect.account(out, &last, first_day)?;
    }
    Ok(())
}

/// Writes every transaction that posts money; what is only held or freed is nothing to an accounting program. The last
/// one of a page is complete only when another begins.
async fn journal(
    snapshot: &JournalSnapshot,
    dialect: &dyn Dialect,
    out: &mut dyn Write,
    exported: &mut Exported,
) -> Result<()> {
    let mut legs: Vec<JournalLeg> = Vec::new();
    let mut after = None;
    loop {
        let page = snapshot.legs(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.posting.place);
        for leg in page.into_iter().filter(|leg| !leg.posting.amount_minor.is_zero()) {
            if legs.first().is_some_and(|first| transaction_of(first) != transaction_of(&leg)) {
                dialect.transaction(out, &legs)?;
                exported.transaction_count += 1;
                legs.clear();
            }
            exported.posting_count += 1;
            legs.push(leg);
        }
    }
    if !legs.is_empty() {
        dialect.transaction(out, &legs)?;
        exported.transaction_count += 1;
    }
    Ok(())
}

const fn transaction_of(leg: &JournalLeg) -> (u64, u32) {
    (leg.posting.place.leaf_index, leg.posting.place.transaction_no)
}

fn day(time: Timestamp) -> String {
    let mut text = time.to_string();
    // ASCII, and the date always has ten characters.
    text.truncate(10);
    text
}
