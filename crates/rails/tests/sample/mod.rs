//! Invented banks, payments and lines that the tests share.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod read;

use databourse_primitives::{AmountMinor, Timestamp};
use databourse_rails::{
    AccountNumber, BankLine, Direction, Directory, Iso20022, LineStatus, PaymentInstruction, Report,
    SettlementMethod,
};
use std::{fmt::Debug, path::PathBuf, str::FromStr};

pub(crate) fn parse<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn rail() -> Iso20022 {
    Iso20022 { offset: parse("+08:00"), settlement_method: SettlementMethod::Clearing }
}

/// A committed file.
pub(crate) fn vector(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rails")).join(name)
}

pub(crate) fn read_vector(name: &str) -> Vec<u8> {
    std::fs::read(vector(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn directory() -> Directory {
    serde_json::from_slice(&read_vector("directory.json")).unwrap()
}

pub(crate) fn created_at() -> Timestamp {
    // The next day in China.
    parse("2026-11-22T16:05:00Z")
}

/// What `sh` owes after window 7: to `zj` and `js`.
pub(crate) fn instructions() -> Vec<PaymentInstruction> {
    [("CNY/2#7/1", "zj", 123_456_789), ("CNY/2#7/2", "js", 1)]
        .map(|(id, payee, amount_minor)| PaymentInstruction {
            id: parse(id),
            payer: parse("sh"),
            payee: parse(payee),
            asset: parse("CNY/2"),
            amount_minor: AmountMinor::new(amount_minor).unwrap(),
        })
        .to_vec()
}

/// A line of `account`, without the optional parts.
pub(crate) fn line(
    account: &str,
    reference: &str,
    direction: Direction,
    amount_minor: i64,
    at: &str,
) -> BankLine {
    BankLine {
        account: parse(account),
        reference: parse(reference),
        end_to_end: None,
        direction,
        asset: parse("CNY/2"),
        amount_minor: AmountMinor::new(amount_minor).unwrap(),
        counterparty_account: None,
        counterparty_name: None,
        booked_at: parse(at),
        status: LineStatus::Booked,
    }
}

/// One line of every kind. Account and counterparties are those of `zj` and `sh` at the bank, or their wallets.
pub(crate) fn lines(account: &str, payer: &str) -> Vec<BankLine> {
    let named = |line: BankLine, name: &str| BankLine {
        counterparty_account: Some(parse(payer)),
        counterparty_name: Some(parse(name)),
        ..line
    };
    use Direction::{Credit, Debit};
    vec![
        BankLine {
            end_to_end: Some(parse("CNY/2#7/1")),
            ..named(
                line(account, "B20261123-0001", Credit, 123_456_789, "2026-11-23T01:30:00Z"),
                "上海数据交易所",
            )
        },
        BankLine {
            end_to_end: Some(parse("CNY/2#7/3")),
            ..named(
                line(account, "B20261123-0002", Debit, 50_000, "2026-11-23T01:30:00.125Z"),
                "A&B \"<Data>\", 'C'",
            )
        },
        line(account, "B20261123-0003", Credit, 0, "2026-11-23T15:59:59.999Z"),
        BankLine {
            status: LineStatus::Reversal,
            ..named(line(account, "B20261123-0004", Debit, 10, "2026-11-23T02:00:00Z"), "]]> 甲")
        },
        BankLine {
            status: LineStatus::Pending,
            ..line(account, "B20261123-0005", Credit, 9_007_199_254_740_991, "2026-11-23T03:00:00Z")
        },
    ]
}

/// The balance that the lines of [`lines`] begin with, in minor units.
pub(crate) const OPENING_MINOR: i64 = -100_000;

/// Lends a report of the lines.
pub(crate) fn with_report<T>(account: &str, lines: &[BankLine], use_it: impl FnOnce(&Report<'_>) -> T) -> T {
    let (message_id, account): (_, AccountNumber) = (parse("Z20261123-1"), parse(account));
    use_it(&Report {
        message_id: &message_id,
        account: &account,
        asset: parse("CNY/2"),
        created_at: parse("2026-11-23T16:00:00Z"),
        lines,
    })
}

/// Accounts and wallets in `directory.json`.
pub(crate) const ZJ_ACCOUNT: &str = "1202020709900000002";
pub(crate) const SH_ACCOUNT: &str = "1001244309000000001";
pub(crate) const ZJ_WALLET: &str = "0062000000000002";
pub(crate) const SH_WALLET: &str = "0021000000000001";
