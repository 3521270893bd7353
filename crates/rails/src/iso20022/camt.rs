//! Reading `camt.053` statements and `camt.054` notifications.

use super::{
    NAMESPACE,
    amount::{account, asset, check_count, check_sum, direction, sum, time},
    entry::{self, Context, Entry},
};
use crate::{
    BankLine, BankOffset, Direction,
    currency::asset_of,
    text_of,
    xml::{Element, Tree},
};
use databourse_primitives::{Asset, Refusal};

/// The versions whose elements that we use mean the same. Before 07 a status is text and a party has no `Pty`, before 04
/// a net sum stands with its direction, before 03 a transaction has its amount in `AmtDtls`: each is read as well.
fn accepts(namespace: &str) -> bool {
    let version = |message: &str| {
        let version = namespace.strip_prefix(NAMESPACE)?.strip_prefix(message)?;
        (version.len() == 2 && ("02"..="14").contains(&version)).then_some(())
    };
    version("camt.053.001.").or_else(|| version("camt.054.001.")).is_some()
}

/// The lines of every statement or notification in the message, in their order.
pub(super) fn read(offset: BankOffset, bytes: &[u8]) -> Result<Vec<BankLine>, Refusal> {
    let tree = Tree::parse(
        text_of(bytes)?,
        accepts,
        "a `Document` of camt.053.001.02 to .14 or camt.054.001.02 to .14",
    )?;
    let is_statement = tree.namespace().contains("camt.053");
    let (message, report) =
        if is_statement { ("BkToCstmrStmt", "Stmt") } else { ("BkToCstmrDbtCdtNtfctn", "Ntfctn") };
    let message = tree.root().one(message)?;
    let announced_at = time(message.one("GrpHdr")?.one("CreDtTm")?, offset)?;
    let mut lines = Vec::new();
    let mut reports = message.all(report).peekable();
    if reports.peek().is_none() {
        return Err(message.refuse_child(report, "a statement or notification"));
    }
    for report in reports {
        let held = report.one("Acct")?;
        let (account, asset) = (account(held)?, asset_of_report(report, held)?);
        let context = Context { id: report.one("Id")?, account, asset, offset, announced_at };
        let mut totals = Totals::default();
        for element in report.all("Ntry") {
            let entry = entry::read(element, &context)?;
            totals.add(&entry);
            lines.extend(entry.lines);
        }
        if let Some(summary) = report.optional("TxsSummry")? {
            totals.check(summary, asset)?;
        }
        if is_statement {
            tie_balances(report, asset, totals.booked)?;
        }
    }
    Ok(lines)
}

/// The one asset of a statement: of its account, else of its first balance or entry.
fn asset_of_report(report: Element<'_>, account: Element<'_>) -> Result<Asset, Refusal> {
    if let Some(currency) = account.optional("Ccy")? {
        return asset_of(currency.text()?).ok_or_else(|| currency.refuse("a currency of ISO 4217"));
    }
    let first = report.all("Bal").next().or_else(|| report.all("Ntry").next());
    asset(
        first
            .ok_or_else(|| account.refuse_child("Ccy", "a currency, since no entry tells it"))?
            .one("Amt")?,
    )
}

/// What the summary of a statement counts: all entries, booked or not. Sums are in minor units.
#[derive(Default)]
struct Totals {
    credits: (usize, i128),
    debits: (usize, i128),
    /// Credits less debits of what is booked.
    booked: i128,
}

impl Totals {
    fn add(&mut self, entry: &Entry) {
        // At most a million entries of at most 2^53 each: far inside an i128.
        let amount = i128::from(entry.amount_minor.get());
        let side = match entry.direction {
            Direction::Credit => &mut self.credits,
            Direction::Debit => &mut self.debits,
        };
        *side = (side.0 + 1, side.1 + amount);
        if entry.status.is_booked() {
            self.booked += entry.direction.signed(amount);
        }
    }

    fn check(&self, summary: Element<'_>, asset: Asset) -> Result<(), Refusal> {
        for (name, (count, minor)) in [("TtlCdtNtries", self.credits), ("TtlDbtNtries", self.debits)] {
            if let Some(side) = summary.optional(name)? {
                check_count(side, "NbOfNtries", count)?;
                check_sum(side, "Sum", asset, minor)?;
            }
        }
        let Some(all) = summary.optional("TtlNtries")? else { return Ok(()) };
        check_count(all, "NbOfNtries", self.credits.0 + self.debits.0)?;
        check_sum(all, "Sum", asset, self.credits.1 + self.debits.1)?;
        let net = self.credits.1 - self.debits.1;
        // The net has its direction beside it: in an element of its own since version 04, before in `TtlNtries`.
        for (parent, name) in [(all.optional("TtlNetNtry")?, "Amt"), (Some(all), "TtlNetNtryAmt")] {
            let Some(parent) = parent.filter(|parent| parent.all(name).next().is_some()) else { continue };
            check_sum(parent, name, asset, net.abs())?;
            if net != 0 && direction(parent)? != Direction::of(net) {
                return Err(parent.refuse_child("CdtDbtInd", "the direction of credits less debits"));
            }
        }
        Ok(())
    }
}

/// Refuses a statement whose booked entries do not lead from its opening to its closing balance.
fn tie_balances(statement: Element<'_>, asset: Asset, booked: i128) -> Result<(), Refusal> {
    let (mut opening, mut previous, mut closing) = (None, None, None);
    for balance in statement.all("Bal") {
        let Some(code) = balance.one("Tp")?.one("CdOrPrtry")?.optional("Cd")? else { continue };
        let place = match code.text()? {
            "OPBD" => &mut opening,
            "PRCD" => &mut previous,
            "CLBD" => &mut closing,
            _ => continue,
        };
        let amount = balance.one("Amt")?;
        if amount.currency().is_none() {
            return Err(amount.refuse("`Ccy`"));
        }
        let signed = direction(balance)?.signed(sum(amount, asset)?);
        if place.replace((amount, signed)).is_some() {
            return Err(code.refuse("each kind of balance once"));
        }
    }
    let expected = "an opening balance (`OPBD` or `PRCD`) and a closing balance (`CLBD`)";
    let ((_, opening), Some((place, closing))) =
        (opening.or(previous).ok_or_else(|| statement.refuse_child("Bal", expected))?, closing)
    else {
        return Err(statement.refuse_child("Bal", expected));
    };
    if opening + booked == closing {
        return Ok(());
    }
    let due = opening + booked;
    let (sign, due) = (if due < 0 { "-" } else { "" }, crate::currency::decimal(due, asset.scale()));
    Err(place.refuse(format!("{sign}{due}: the opening balance with the credits and without the debits")))
}
