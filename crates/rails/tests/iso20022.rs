//! Our messages before an independent implementation (PyPI pyiso20022) and the schemas of ISO 20022: it understands by
//! them what we mean. The other way round is `iso20022_in.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod judge;
mod sample;

use databourse_rails::{BankLine, Direction, LineStatus, PaymentInstruction, Rail, end_to_end_id, uetr};
use judge::{Judge, account, institution, yuan};
use sample::*;
use serde_json::json;

#[test]
fn the_judge_understands_our_pacs_009() {
    let judge = Judge::find_or_install();
    let message_id = parse("CNY.2-7-sh");
    let file = rail().instructions(&instructions(), &directory(), created_at(), &message_id).unwrap();
    let directory = directory();
    let payer = directory.agent(&parse("sh")).unwrap();
    let transfer = |instruction: &PaymentInstruction| {
        let payee = directory.agent(&instruction.payee).unwrap();
        let reference = end_to_end_id(instruction.id);
        json!({
            "PmtId": {
                "InstrId": reference, "EndToEndId": reference, "UETR": uetr(instruction, &message_id),
            },
            "IntrBkSttlmAmt": yuan(instruction.amount_minor.get()),
            "InstdAgt": institution(payee),
            "Dbtr": institution(payer), "DbtrAcct": account(payer),
            "Cdtr": institution(payee), "CdtrAcct": account(payee),
        })
    };
    let expected = json!({ "FICdtTrf": {
        "GrpHdr": {
            "MsgId": "CNY.2-7-sh", "CreDtTm": "2026-11-23T00:05:00+08:00", "NbOfTxs": "2",
            "TtlIntrBkSttlmAmt": yuan(123_456_790), "IntrBkSttlmDt": "2026-11-23",
            "SttlmInf": { "SttlmMtd": "CLRG" }, "InstgAgt": institution(payer),
        },
        "CdtTrfTxInf": instructions().iter().map(transfer).collect::<Vec<_>>(),
    }});
    assert_eq!(judge.read(&file.bytes).unwrap(), expected);

    // And it is a judge: order, code lists and lengths are its business.
    let text = String::from_utf8(file.bytes).unwrap();
    for (from, to) in [
        ("<NbOfTxs>2</NbOfTxs>", ""),
        ("<SttlmMtd>CLRG", "<SttlmMtd>CASH"),
        ("<EndToEndId>CNY.2-7-1", "<EndToEndId>CNY.2-7-1-and-more-than-35-characters"),
        ("TSSHCNB0SHA", "TSSHCNB0SH"),
        ("<MsgId>CNY.2-7-sh</MsgId>", "<MsgId>CNY.2-7-sh</MsgId><More>1</More>"),
        ("\n      <NbOfTxs>2</NbOfTxs>", "<NbOfTxs>2</NbOfTxs><BtchBookg>true</BtchBookg>"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(changed != text, "{from}");
        judge.read(changed.as_bytes()).expect_err(to);
    }
}

#[test]
fn the_judge_understands_our_camt_053_and_054() {
    let judge = Judge::find_or_install();
    let lines = lines(ZJ_ACCOUNT, SH_ACCOUNT);
    let days = [
        "2026-11-23T09:30:00+08:00",
        "2026-11-23T09:30:00.125+08:00",
        "2026-11-23T23:59:59.999+08:00",
        "2026-11-23T10:00:00+08:00",
        "2026-11-23T11:00:00+08:00",
    ];
    let entry = |(line, day): (&BankLine, &str)| {
        let is_reversal = line.status == LineStatus::Reversal;
        let indicator = if line.direction == Direction::Credit { "CRDT" } else { "DBIT" };
        let came_in = (line.direction == Direction::Credit) != is_reversal;
        let mut transaction = json!({ "Amt": yuan(line.amount_minor.get()), "CdtDbtInd": indicator });
        if let Some(id) = line.end_to_end {
            transaction["Refs"] = json!({ "EndToEndId": end_to_end_id(id) });
        }
        if let Some(name) = &line.counterparty_name {
            let party = json!({ "Pty": { "Nm": name } });
            let held = json!({ "Id": { "Othr": { "Id": line.counterparty_account } } });
            transaction["RltdPties"] = match came_in {
                true => json!({ "Dbtr": party, "DbtrAcct": held }),
                false => json!({ "Cdtr": party, "CdtrAcct": held }),
            };
        }
        let family = if came_in { "RCDT" } else { "ICDT" };
        let mut entry = json!({
            "Amt": yuan(line.amount_minor.get()), "CdtDbtInd": indicator,
            "Sts": { "Cd": if line.status == LineStatus::Pending { "PDNG" } else { "BOOK" } },
            "BookgDt": { "DtTm": day }, "AcctSvcrRef": line.reference,
            "BkTxCd": { "Domn": { "Cd": "PMNT", "Fmly": { "Cd": family, "SubFmlyCd": "FICT" } } },
            "NtryDtls": [{ "TxDtls": [transaction] }],
        });
        if is_reversal {
            entry["RvslInd"] = json!(true);
        }
        entry
    };
    let header = json!({ "MsgId": "Z20261123-1", "CreDtTm": "2026-11-24T00:00:00+08:00" });
    let report = json!({
        "Id": "Z20261123-1", "CreDtTm": "2026-11-24T00:00:00+08:00",
        "Acct": { "Id": { "Othr": { "Id": ZJ_ACCOUNT } }, "Ccy": "CNY" },
        "TxsSummry": {
            "TtlNtries": {
                "NbOfNtries": "5", "Sum": "90071993782477.90",
                "TtlNetNtry": { "Amt": "90071993781477.70", "CdtDbtInd": "CRDT" },
            },
            "TtlCdtNtries": { "NbOfNtries": "3", "Sum": "90071993781977.80" },
            "TtlDbtNtries": { "NbOfNtries": "2", "Sum": "500.10" },
        },
        "Ntry": lines.iter().zip(days).map(entry).collect::<Vec<_>>(),
    });
    let bytes = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt054(report).unwrap());
    let expected = json!({ "BkToCstmrDbtCdtNtfctn": { "GrpHdr": header, "Ntfctn": [report] } });
    assert_eq!(judge.read(&bytes).unwrap(), expected);

    let mut statement = report;
    // 1,000.00 overdrawn; 1,234,567.89 and 0.00 in, 500.00 and 0.10 out, one line pending.
    let balance = |code: &str, amount_minor, indicator: &str| {
        json!({
            "Tp": { "CdOrPrtry": { "Cd": code } }, "Amt": yuan(amount_minor), "CdtDbtInd": indicator,
            "Dt": { "Dt": "2026-11-24" },
        })
    };
    statement["Bal"] = json!([balance("OPBD", 100_000, "DBIT"), balance("CLBD", 123_306_779, "CRDT")]);
    let bytes = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt053(report, OPENING_MINOR).unwrap());
    let expected = json!({ "BkToCstmrStmt": { "GrpHdr": header, "Stmt": [statement] } });
    assert_eq!(judge.read(&bytes).unwrap(), expected);
}

/// Our message as another version of its schema would have it.
fn in_version(text: &str, version: u32) -> String {
    let mut text = text.replace(".001.08\"", &format!(".001.{version:02}\""));
    if version < 7 {
        text = text.replace("<Sts>\n          <Cd>", "<Sts>").replace("</Cd>\n        </Sts>", "</Sts>");
        text = text.replace("<Pty>", "").replace("</Pty>", "");
    }
    if version < 4 {
        text = text.replacen("<TtlNetNtry>\n            <Amt>", "<TtlNetNtryAmt>", 1);
        text = text.replacen("</Amt>\n            <CdtDbtInd>", "</TtlNetNtryAmt><CdtDbtInd>", 1);
        text = text.replacen("</TtlNetNtry>", "", 1);
    }
    if version < 3 {
        let in_transaction = ["            <Amt Ccy", "            <CdtDbtInd>"];
        let kept = text.lines().filter(|line| !in_transaction.iter().any(|start| line.starts_with(start)));
        text = kept.collect::<Vec<_>>().join("\n");
    }
    text
}

#[test]
fn all_versions_that_are_read_are_versions_of_iso_20022() {
    let judge = Judge::find_or_install();
    let lines = lines(ZJ_ACCOUNT, SH_ACCOUNT);
    let notification = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt054(report).unwrap());
    let statement = with_report(ZJ_ACCOUNT, &lines, |report| rail().camt053(report, OPENING_MINOR).unwrap());
    let mut files =
        vec![read_vector("camt.053.xml"), read_vector("camt.054.xml"), read_vector("camt.054.001.02.xml")];
    for version in 2..=14 {
        for message in [&notification, &statement] {
            let text = in_version(std::str::from_utf8(message).unwrap(), version);
            assert_eq!(rail().read(text.as_bytes()).unwrap(), lines, "{version}");
            files.push(text.into_bytes());
        }
    }
    for (number, verdict) in judge.schema(&files).iter().enumerate() {
        assert_eq!(verdict, "valid", "{}", String::from_utf8_lossy(&files[number]));
    }
    // The schemas do judge.
    let text = String::from_utf8(statement).unwrap();
    let wrong = text.replacen("<CdtDbtInd>DBIT", "<CdtDbtInd>DEBIT", 1).into_bytes();
    assert_ne!(judge.schema(&[wrong]), ["valid"]);
}
