//! Committed files: what they say, exactly, and that what we write is what stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod sample;

use databourse_primitives::RefusalCode;
use databourse_rails::{BankLine, Direction, Ecny, LineStatus, MessageId, Rail, Report};
use sample::*;

/// The committed bytes; `DATABOURSE_WRITE_VECTORS=1` writes them anew.
#[track_caller]
fn check_written(name: &str, bytes: &[u8]) {
    if std::env::var_os("DATABOURSE_WRITE_VECTORS").is_some() {
        std::fs::write(vector(name), bytes).unwrap();
    }
    assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(&read_vector(name)), "{name}");
}

#[test]
fn a_payer_s_instructions_are_one_file_that_reads_back() {
    let message_id: MessageId = parse("CNY.2-7-sh");
    let file = rail().instructions(&instructions(), &directory(), created_at(), &message_id).unwrap();
    assert_eq!((&*file.name, file.media_type), ("pacs.009-CNY.2-7-sh.xml", "application/xml"));
    check_written("pacs.009.xml", &file.bytes);
    assert_eq!(rail().read_instructions(&file.bytes, &directory()).unwrap(), instructions());

    let wallets = &instructions()[..1];
    let file = Ecny.instructions(wallets, &directory(), created_at(), &message_id).unwrap();
    assert_eq!((&*file.name, file.media_type), ("ecny-CNY.2-7-sh.csv", "text/csv; charset=utf-8"));
    check_written("ecny-transfers.csv", &file.bytes);
    assert_eq!(Ecny.read_instructions(&file.bytes, &directory()).unwrap(), wallets);
}

#[test]
fn lines_that_a_bank_or_wallet_writes_read_back_the_same() {
    let lines = lines(ZJ_ACCOUNT, SH_ACCOUNT);
    let bytes = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt054(report).unwrap());
    check_written("camt.054.xml", &bytes);
    assert_eq!(rail().read(&bytes).unwrap(), lines);
    let bytes = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt053(report, OPENING_MINOR).unwrap());
    assert_eq!(rail().read(&bytes).unwrap(), lines);

    let lines = sample::lines(ZJ_WALLET, SH_WALLET);
    let bytes = with_report(ZJ_WALLET, &lines, |report| Ecny.lines(report).unwrap());
    check_written("ecny-lines.csv", &bytes);
    assert_eq!(Ecny.read(&bytes).unwrap(), lines);
}

#[test]
fn no_lines_are_a_file_too() {
    for bytes in [
        with_report(ZJ_ACCOUNT, &[], |report| rail().camt054(report).unwrap()),
        with_report(ZJ_ACCOUNT, &[], |report| rail().camt053(report, 7).unwrap()),
    ] {
        assert_eq!(rail().read(&bytes).unwrap(), []);
    }
    let bytes = with_report(ZJ_WALLET, &[], |report| Ecny.lines(report).unwrap());
    assert_eq!(Ecny.read(&bytes).unwrap(), []);
}

#[test]
fn a_statement_as_banks_write_it_is_read() {
    let received = line(ZJ_ACCOUNT, "HV20261123000123/1", Direction::Credit, 499_999, "2026-11-22T16:00:00Z");
    let expected = [
        BankLine {
            end_to_end: Some(parse("CNY/2#7/1")),
            counterparty_account: Some(parse(SH_ACCOUNT)),
            counterparty_name: Some(parse("Sample Bank of Shanghai & Partners")),
            ..received.clone()
        },
        BankLine {
            reference: parse("HV20261123000123/2"),
            end_to_end: Some(parse("CNY/2#7/2")),
            amount_minor: databourse_primitives::AmountMinor::new(1).unwrap(),
            counterparty_account: Some(parse("DE02120300000000202051")),
            counterparty_name: Some(parse("江苏 & Co")),
            ..received
        },
        // Without a day of its own: when the statement was made.
        BankLine {
            status: LineStatus::Pending,
            ..line(ZJ_ACCOUNT, "S-231:2", Direction::Credit, 1234, "2026-11-23T16:10:00Z")
        },
        BankLine {
            status: LineStatus::Reversal,
            ..line(ZJ_ACCOUNT, "R-9", Direction::Debit, 0, "2026-11-23T23:59:59.500Z")
        },
    ];
    assert_eq!(rail().read(&read_vector("camt.053.xml")).unwrap(), expected);
}

#[test]
fn the_oldest_version_is_read() {
    let paid = line(ZJ_ACCOUNT, "N-1:7/1", Direction::Debit, 499_999, "2026-11-22T16:00:00Z");
    let expected = [
        BankLine {
            end_to_end: Some(parse("CNY/2#8/1")),
            counterparty_account: Some(parse(SH_ACCOUNT)),
            counterparty_name: Some(parse("上海数据交易所")),
            ..paid
        },
        line(ZJ_ACCOUNT, "N-1:7/2", Direction::Debit, 1_000, "2026-11-22T16:00:00Z"),
    ];
    assert_eq!(rail().read(&read_vector("camt.054.001.02.xml")).unwrap(), expected);
}

#[test]
fn what_a_rail_cannot_carry_does_not_leave() {
    use RefusalCode::*;
    let message_id: MessageId = parse("m");
    type Change = fn(&mut Vec<databourse_rails::PaymentInstruction>);
    // The change, and what bank and wallet say.
    let cases: [(Change, Option<RefusalCode>, RefusalCode); 10] = [
        (|all| all.clear(), Some(BodyMalformed), BodyMalformed),
        (|all| all[1].payer = parse("ah"), Some(BodyMalformed), BodyMalformed),
        (|all| all[1].payee = parse("sh"), Some(BodyMalformed), BodyMalformed),
        (|all| all[1].payee = parse("ah"), Some(ExchangeUnknown), ExchangeUnknown),
        (|all| all[1].id = all[0].id, Some(BodyMalformed), BodyMalformed),
        (|all| all[1].id = parse("CNY/3#7/2"), Some(BodyMalformed), BodyMalformed),
        (
            |all| all[1].id = parse("CNY/2#18446744073709551615/4294967295"),
            Some(BodyMalformed),
            BodyMalformed,
        ),
        (|all| all[1].amount_minor = databourse_primitives::AmountMinor::ZERO, Some(AmountZero), AmountZero),
        // Test code: not a currency.
        (
            |all| {
                all.truncate(1);
                (all[0].id, all[0].asset) = (parse("XTS/3#7/1"), parse("XTS/3"));
            },
            Some(AssetUnknown),
            AssetUnknown,
        ),
        // A currency, and wallets hold another.
        (
            |all| {
                all.truncate(1);
                (all[0].id, all[0].asset) = (parse("HKD/2#7/1"), parse("HKD/2"));
            },
            None,
            AssetUnknown,
        ),
    ];
    for (number, (change, bank, wallet)) in cases.into_iter().enumerate() {
        let mut all = instructions();
        change(&mut all);
        match rail().instructions(&all, &directory(), created_at(), &message_id) {
            Ok(file) => {
                assert_eq!(bank, None, "{number}");
                assert_eq!(rail().read_instructions(&file.bytes, &directory()).unwrap(), all);
            }
            Err(refusal) => assert_eq!(Some(refusal.code), bank, "{number}: {refusal}"),
        }
        let refusal = Ecny.instructions(&all, &directory(), created_at(), &message_id).unwrap_err();
        assert_eq!(refusal.code, wallet, "{number}: {refusal}");
    }
    // `js` has no wallet.
    let refusal = Ecny.instructions(&instructions(), &directory(), created_at(), &message_id).unwrap_err();
    assert_eq!(refusal.code, AccountUnknown);
}

#[test]
fn a_simulator_cannot_write_what_no_reader_takes() {
    type Change = fn(&mut BankLine);
    let cases: [(Change, &str); 5] = [
        (|line| line.account = parse("1"), "lines[0].account"),
        (|line| line.asset = parse("HKD/2"), "lines[0].asset"),
        (|line| line.reference = parse(&"r".repeat(36)), "lines[0].reference"),
        (|line| line.counterparty_name = Some(parse(&"n".repeat(141))), "lines[0].counterparty_name"),
        (|line| line.counterparty_name = Some(parse("\u{ffff}")), "lines[0].counterparty_name"),
    ];
    for (change, field) in cases {
        let mut lines = lines(ZJ_ACCOUNT, SH_ACCOUNT);
        change(&mut lines[0]);
        for refusal in [
            with_report(ZJ_ACCOUNT, &lines, |report| rail().camt054(report).unwrap_err()),
            with_report(ZJ_ACCOUNT, &lines, |report| rail().camt053(report, 0).unwrap_err()),
        ] {
            assert_eq!(refusal.field, field);
        }
    }
    let lines = lines(ZJ_ACCOUNT, SH_ACCOUNT);
    let refusal = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt053(report, i64::MIN).unwrap_err());
    assert_eq!(refusal.code, RefusalCode::AmountOutOfRange);
    let of = |asset: &str| {
        let asset = parse(asset);
        with_report(ZJ_ACCOUNT, &[], |report| rail().camt054(&Report { asset, ..*report }).map(|_| ()))
    };
    assert!(of("JPY/0").is_ok());
    assert_eq!(of("XTS/3").unwrap_err().code, RefusalCode::AssetUnknown);
    assert!(with_report(ZJ_ACCOUNT, &[], |report| Ecny.lines(report)).unwrap_err().field == "account");
}
