//! Messages that an independent implementation (PyPI pyiso20022) wrote: we understand by them what it means.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod judge;
mod sample;

use databourse_primitives::AmountMinor;
use databourse_rails::{BankLine, Direction, LineStatus, PaymentInstruction, Rail};
use judge::{Judge, account, institution};
use sample::*;
use serde_json::json;

#[test]
fn we_understand_the_judge_s_pacs_009() {
    let judge = Judge::find_or_install();
    let directory = directory();
    let agent = |code: &str| directory.agent(&parse(code)).unwrap();
    let transfer = |reference: &str, amount: &str, payee: &str| {
        json!({
            "PmtId": { "EndToEndId": reference, "TxId": "T1" },
            "PmtTpInf": { "InstrPrty": "HIGH" },
            "IntrBkSttlmAmt": { "value": amount, "Ccy": "CNY" }, "IntrBkSttlmDt": "2026-11-24",
            "Dbtr": institution(agent("js")), "DbtrAcct": account(agent("js")),
            "Cdtr": institution(agent(payee)), "CdtrAcct": account(agent(payee)),
            "RmtInf": { "Ustrd": ["window 9"] },
        })
    };
    let bytes = judge.write(
        "pacs.009.001.08",
        &json!({ "FICdtTrf": {
            "GrpHdr": {
                "MsgId": "J1", "CreDtTm": "2026-11-24T01:02:03Z", "NbOfTxs": "2", "CtrlSum": "100000.5",
                "SttlmInf": { "SttlmMtd": "INGA" },
            },
            "CdtTrfTxInf": [transfer("CNY.2-9-1", "0.5", "sh"), transfer("CNY.2-9-2", "100000", "zj")],
        }}),
    );
    let expected =
        [("CNY/2#9/1", "sh", 50), ("CNY/2#9/2", "zj", 10_000_000)].map(|(id, payee, amount_minor)| {
            PaymentInstruction {
                id: parse(id),
                payer: parse("js"),
                payee: parse(payee),
                asset: parse("CNY/2"),
                amount_minor: AmountMinor::new(amount_minor).unwrap(),
            }
        });
    assert_eq!(rail().read_instructions(&bytes, &directory).unwrap(), expected);
}

#[test]
fn we_understand_the_judge_s_camt_053_and_054() {
    let judge = Judge::find_or_install();
    let entries = json!([
        {
            "NtryRef": "000001", "Amt": { "value": "700.10", "Ccy": "CNY" }, "CdtDbtInd": "CRDT",
            "Sts": { "Cd": "BOOK" }, "BookgDt": { "Dt": "2026-11-24" }, "ValDt": { "Dt": "2026-11-25" },
            "AcctSvcrRef": "BK/1", "BkTxCd": { "Prtry": { "Cd": "NTRF" } }, "AddtlNtryInf": "two payers",
            "NtryDtls": [{
                "Btch": { "NbOfTxs": "3", "TtlAmt": { "value": "700.1", "Ccy": "CNY" } },
                "TxDtls": [
                    {
                        "Refs": { "EndToEndId": "CNY.2-9-1", "UETR": "68d3c4f8-ade3-42f3-9c51-5dc735b2331e" },
                        "Amt": { "value": "500", "Ccy": "CNY" },
                        "RltdPties": { "Dbtr": { "Agt": { "FinInstnId": { "Nm": "江苏样例银行" } } } },
                        "RmtInf": { "Ustrd": ["one", "two"] },
                    },
                    {
                        "Refs": { "EndToEndId": "INVOICE 12" }, "Amt": { "value": "200.11", "Ccy": "CNY" },
                        "RltdPties": {
                            "Dbtr": { "Pty": { "Nm": "Example & Sons", "CtryOfRes": "CN" } },
                            "DbtrAcct": { "Id": { "IBAN": "DE02120300000000202051" } },
                        },
                    },
                    { "Amt": { "value": "0.01", "Ccy": "CNY" }, "CdtDbtInd": "DBIT" },
                ],
            }],
        },
        {
            "NtryRef": "000002", "Amt": { "value": "0.1", "Ccy": "CNY" }, "CdtDbtInd": "DBIT", "RvslInd": true,
            "Sts": { "Prtry": "BOOK" }, "BookgDt": { "DtTm": "2026-11-24T10:00:00.123456+08:00" },
            "BkTxCd": {},
        },
    ]);
    let received = line(ZJ_ACCOUNT, "BK/1/1", Direction::Credit, 50_000, "2026-11-23T16:00:00Z");
    let expected = [
        BankLine {
            end_to_end: Some(parse("CNY/2#9/1")),
            counterparty_name: Some(parse("江苏样例银行")),
            ..received.clone()
        },
        BankLine {
            reference: parse("BK/1/2"),
            amount_minor: AmountMinor::new(20_011).unwrap(),
            counterparty_name: Some(parse("Example & Sons")),
            counterparty_account: Some(parse("DE02120300000000202051")),
            ..received
        },
        line(ZJ_ACCOUNT, "BK/1/3", Direction::Debit, 1, "2026-11-23T16:00:00Z"),
        BankLine {
            status: LineStatus::Reversal,
            ..line(ZJ_ACCOUNT, "R1:000002", Direction::Debit, 10, "2026-11-24T02:00:00.123Z")
        },
    ];
    let header = json!({ "MsgId": "M1", "CreDtTm": "2026-11-25T00:00:00" });
    let held = json!({ "Id": { "Othr": { "Id": ZJ_ACCOUNT } } });
    let notification = json!({ "BkToCstmrDbtCdtNtfctn": {
        "GrpHdr": header, "Ntfctn": [{ "Id": "R1", "Acct": held, "Ntry": entries }],
    }});
    assert_eq!(rail().read(&judge.write("camt.054.001.08", &notification)).unwrap(), expected);

    let balance = |code: &str, amount: &str| {
        json!({
            "Tp": { "CdOrPrtry": { "Cd": code } }, "Amt": { "value": amount, "Ccy": "CNY" },
            "CdtDbtInd": "CRDT", "Dt": { "Dt": "2026-11-24" },
        })
    };
    let statement = |closing: &str| {
        json!({ "BkToCstmrStmt": { "GrpHdr": header, "Stmt": [{
            "Id": "R1", "Acct": held, "Bal": [balance("OPBD", "0"), balance("CLBD", closing)], "Ntry": entries,
        }]}})
    };
    assert_eq!(rail().read(&judge.write("camt.053.001.08", &statement("700.00"))).unwrap(), expected);
    let refusal = rail().read(&judge.write("camt.053.001.08", &statement("700.01"))).unwrap_err();
    assert_eq!(
        (&*refusal.field, refusal.expected.starts_with("700.00")),
        ("BkToCstmrStmt/Stmt/Bal[2]/Amt", true)
    );
}
