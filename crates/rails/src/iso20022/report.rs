//! Writing `camt.053.001.08` and `camt.054.001.08`, as a bank would.

use super::NAMESPACE;
use crate::{
    BankLine, BankOffset, Direction, LineStatus, Report,
    agent::printable,
    currency::{currency_of, decimal},
    end_to_end_id,
    payment::REFERENCE_CHARACTERS_MAX,
    xml::Writer,
};
use databourse_primitives::{Refusal, RefusalCode};

/// The largest balance or sum in minor units: 18 digits (`ActiveOrHistoricCurrencyAndAmount`).
const SUM_MAX: i128 = 999_999_999_999_999_999;

pub(super) fn camt054(offset: BankOffset, report: &Report<'_>) -> Result<Vec<u8>, Refusal> {
    let currency = check(report)?;
    let mut writer = Writer::new(&format!("{NAMESPACE}camt.054.001.08"));
    writer.element("BkToCstmrDbtCdtNtfctn", |writer| {
        header(writer, offset, report);
        writer.element("Ntfctn", |writer| {
            opening(writer, offset, report, currency);
            entries(writer, offset, report, currency);
        });
    });
    Ok(writer.finish())
}

pub(super) fn camt053(
    offset: BankOffset,
    report: &Report<'_>,
    opening_minor: i64,
) -> Result<Vec<u8>, Refusal> {
    let currency = check(report)?;
    let booked = report.lines.iter().filter(|line| line.status.is_booked());
    let closing = i128::from(opening_minor) + booked.map(signed).sum::<i128>();
    let balances = [("OPBD", i128::from(opening_minor)), ("CLBD", closing)];
    if balances.iter().any(|(_, minor)| minor.abs() > SUM_MAX) {
        return Err(Refusal::new(
            RefusalCode::AmountOutOfRange,
            "opening_minor",
            "balances of at most 18 digits",
        ));
    }
    let mut writer = Writer::new(&format!("{NAMESPACE}camt.053.001.08"));
    writer.element("BkToCstmrStmt", |writer| {
        header(writer, offset, report);
        writer.element("Stmt", |writer| {
            opening(writer, offset, report, currency);
            for (code, minor) in balances {
                writer.element("Bal", |writer| {
                    writer.path(&["Tp", "CdOrPrtry", "Cd"], code);
                    writer.amount("Amt", currency, &decimal(minor, report.asset.scale()));
                    writer.leaf("CdtDbtInd", indicator(Direction::of(minor)));
                    writer.path(&["Dt", "Dt"], &offset.date(report.created_at));
                });
            }
            entries(writer, offset, report, currency);
        });
    });
    Ok(writer.finish())
}

/// Refuses what the messages cannot carry; gives the currency.
fn check<'a>(report: &'a Report<'_>) -> Result<&'a str, Refusal> {
    let currency = currency_of(&report.asset)?;
    for (index, line) in report.lines.iter().enumerate() {
        let refuse = |name: &str, expected: &'static str| {
            Err(Refusal::new(RefusalCode::BodyMalformed, format!("lines[{index}].{name}"), expected))
        };
        let is_short = |id| end_to_end_id(id).len() <= REFERENCE_CHARACTERS_MAX;
        let is_name = |name: &str| name.chars().count() <= 140 && name.chars().all(printable);
        if line.account != *report.account {
            return refuse("account", "a line of the account of the report");
        }
        if line.asset != report.asset {
            return refuse("asset", "a line in the asset of the report");
        }
        if line.reference.as_str().len() > REFERENCE_CHARACTERS_MAX {
            return refuse("reference", "a reference of at most 35 characters");
        }
        if !line.end_to_end.is_none_or(is_short) {
            return refuse("end_to_end", "a reference of at most 35 characters");
        }
        if !line.counterparty_name.as_ref().is_none_or(|name| is_name(name.as_str())) {
            return refuse("counterparty_name", "a name of at most 140 characters of XML");
        }
    }
    if sums(report).into_iter().any(|(_, minor)| minor > SUM_MAX) {
        return Err(Refusal::new(RefusalCode::AmountOutOfRange, "lines", "sums of at most 18 digits"));
    }
    Ok(currency)
}

fn header(writer: &mut Writer, offset: BankOffset, report: &Report<'_>) {
    writer.element("GrpHdr", |writer| {
        writer.leaf("MsgId", report.message_id.as_str());
        writer.leaf("CreDtTm", &offset.date_time(report.created_at));
    });
}

fn opening(writer: &mut Writer, offset: BankOffset, report: &Report<'_>, currency: &str) {
    writer.leaf("Id", report.message_id.as_str());
    writer.leaf("CreDtTm", &offset.date_time(report.created_at));
    writer.element("Acct", |writer| {
        writer.path(&["Id", "Othr", "Id"], report.account.as_str());
        writer.leaf("Ccy", currency);
    });
}

/// Number and sum of credits and of debits.
fn sums(report: &Report<'_>) -> [(usize, i128); 2] {
    [Direction::Credit, Direction::Debit].map(|direction| {
        let side = report.lines.iter().filter(|line| line.direction == direction);
        side.fold((0, 0), |(count, minor), line| (count + 1, minor + i128::from(line.amount_minor.get())))
    })
}

fn entries(writer: &mut Writer, offset: BankOffset, report: &Report<'_>, currency: &str) {
    let scale = report.asset.scale();
    let [credits, debits] = sums(report);
    writer.element("TxsSummry", |writer| {
        writer.element("TtlNtries", |writer| {
            writer.leaf("NbOfNtries", &(credits.0 + debits.0).to_string());
            writer.leaf("Sum", &decimal(credits.1 + debits.1, scale));
            writer.element("TtlNetNtry", |writer| {
                writer.leaf("Amt", &decimal(credits.1 - debits.1, scale));
                writer.leaf("CdtDbtInd", indicator(Direction::of(credits.1 - debits.1)));
            });
        });
        for (name, (count, minor)) in [("TtlCdtNtries", credits), ("TtlDbtNtries", debits)] {
            writer.element(name, |writer| {
                writer.leaf("NbOfNtries", &count.to_string());
                writer.leaf("Sum", &decimal(minor, scale));
            });
        }
    });
    for line in report.lines {
        writer.element("Ntry", |writer| entry(writer, offset, line, currency));
    }
}

fn entry(writer: &mut Writer, offset: BankOffset, line: &BankLine, currency: &str) {
    let amount = decimal(i128::from(line.amount_minor.get()), line.asset.scale());
    writer.amount("Amt", currency, &amount);
    writer.leaf("CdtDbtInd", indicator(line.direction));
    if line.status == LineStatus::Reversal {
        writer.leaf("RvslInd", "true");
    }
    writer.path(&["Sts", "Cd"], if line.status.is_booked() { "BOOK" } else { "PDNG" });
    writer.path(&["BookgDt", "DtTm"], &offset.date_time(line.booked_at));
    writer.leaf("AcctSvcrRef", line.reference.as_str());
    let original = match line.status {
        LineStatus::Reversal => line.direction.opposite(),
        LineStatus::Booked | LineStatus::Pending => line.direction,
    };
    let (family, party, account) = match original {
        Direction::Credit => ("RCDT", "Dbtr", "DbtrAcct"),
        Direction::Debit => ("ICDT", "Cdtr", "CdtrAcct"),
    };
    // Payments, credit transfers received or issued, of financial institutions.
    writer.element("BkTxCd", |writer| {
        writer.element("Domn", |writer| {
            writer.leaf("Cd", "PMNT");
            writer.element("Fmly", |writer| {
                writer.leaf("Cd", family);
                writer.leaf("SubFmlyCd", "FICT");
            });
        });
    });
    writer.element("NtryDtls", |writer| {
        writer.element("TxDtls", |writer| {
            if let Some(id) = line.end_to_end {
                writer.path(&["Refs", "EndToEndId"], &end_to_end_id(id));
            }
            writer.amount("Amt", currency, &amount);
            writer.leaf("CdtDbtInd", indicator(line.direction));
            if line.counterparty_name.is_some() || line.counterparty_account.is_some() {
                writer.element("RltdPties", |writer| {
                    if let Some(name) = &line.counterparty_name {
                        writer.path(&[party, "Pty", "Nm"], name.as_str());
                    }
                    if let Some(number) = &line.counterparty_account {
                        writer.path(&[account, "Id", "Othr", "Id"], number.as_str());
                    }
                });
            }
        });
    });
}

fn signed(line: &BankLine) -> i128 {
    line.direction.signed(i128::from(line.amount_minor.get()))
}

const fn indicator(direction: Direction) -> &'static str {
    match direction {
        Direction::Credit => "CRDT",
        Direction::Debit => "DBIT",
    }
}
