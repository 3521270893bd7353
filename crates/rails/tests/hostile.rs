//! Files that are wrong or meant to hurt: each is refused at the right place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod sample;

use databourse_primitives::RefusalCode;
use databourse_rails::{Ecny, FILE_BYTES_MAX, Rail};
use sample::{
    read::{FILES, read_anyhow},
    *,
};

/// The committed file with its first `from` replaced must be refused at `path`; an empty `path` is the whole file.
#[track_caller]
fn check(name: &str, from: &str, to: &str, path: &str) {
    let text = String::from_utf8(read_vector(name)).unwrap();
    let changed = text.replacen(from, to, 1);
    assert!(changed != text, "{from:?} is not in {name}");
    let refusal = read_anyhow(name, changed.as_bytes()).expect_err(path);
    assert_eq!(refusal.code, RefusalCode::FileMalformed);
    assert_eq!(refusal.field, path, "{refusal}");
    assert!(!refusal.expected.is_empty());
}

#[test]
fn a_bad_entry_is_named_and_nothing_of_its_file_is_taken() {
    for name in FILES {
        assert!(read_anyhow(name, &read_vector(name)).unwrap() > 0);
    }
    let at = |path: &str| format!("BkToCstmrStmt/Stmt/{path}");
    let entry = |from: &str, to: &str, path: &str| check("camt.053.xml", from, to, &at(path));
    // Amounts.
    for amount in [
        "5000.001",
        "-5000.00",
        "+5000.00",
        "5e3",
        "5,000.00",
        "",
        "５０００",
        "90071992547409.92",
        "5000.",
        "0x1",
    ] {
        entry(">5000.00<", &format!(">{amount}<"), "Ntry[1]/Amt");
    }
    entry(r#"<b:Amt Ccy="CNY">5000.00"#, "<b:Amt>5000.00", "Ntry[1]/Amt");
    entry(r#"Ccy="CNY">5000.00"#, r#"Ccy="HKD">5000.00"#, "Ntry[1]/Amt");
    entry(r#"Ccy="CNY">5000.00"#, r#"Ccy="cny">5000.00"#, "Ntry[1]/Amt");
    entry(r#"Ccy="CNY">5000.00"#, r#"Ccy="XTS">5000.00"#, "Ntry[1]/Amt");
    entry(r#">5000.00<"#, ">50<x/>00.00<", "Ntry[1]/Amt");
    entry(r#">5000.00<"#, ">50<b:Cd/>00.00<", "Ntry[1]/Amt");
    entry("<b:NtryRef>1<", r#"<b:Amt Ccy="CNY">1</b:Amt><b:NtryRef>1<"#, "Ntry[1]/Amt[2]");
    // What an entry must say.
    entry("<b:Sts><b:Cd>BOOK", "<b:Sts><b:Cd>INFO", "Ntry[1]/Sts/Cd");
    entry("<b:Sts><b:Cd>BOOK</b:Cd></b:Sts>", "", "Ntry[1]/Sts");
    entry("<b:RvslInd>false", "<b:RvslInd>no", "Ntry[1]/RvslInd");
    entry("<b:CdtDbtInd>CRDT</b:CdtDbtInd>\n        <b:RvslInd>", "<b:RvslInd>", "Ntry[1]/CdtDbtInd");
    entry(
        "<b:CdtDbtInd>CRDT</b:CdtDbtInd>\n        <b:RvslInd>",
        "<b:CdtDbtInd>C</b:CdtDbtInd>\n<b:RvslInd>",
        "Ntry[1]/CdtDbtInd",
    );
    entry("<b:BookgDt><b:Dt>2026-11-23</b:Dt></b:BookgDt>", "", "Ntry[1]/BookgDt");
    entry("<b:BookgDt><b:Dt>2026-11-23", "<b:BookgDt><b:Dt>2026-11-31", "Ntry[1]/BookgDt/Dt");
    entry("<b:DtTm>2026-11-23T23:59:59.5Z", "<b:DtTm>yesterday", "Ntry[3]/BookgDt/DtTm");
    // References.
    entry("HV20261123000123", "HV 1", "Ntry[1]/AcctSvcrRef");
    entry("HV20261123000123", &"9".repeat(63), "Ntry[1]/AcctSvcrRef");
    entry("<b:AcctSvcrRef>R-9</b:AcctSvcrRef>", "", "Ntry[3]/AcctSvcrRef");
    entry("<b:NtryRef>2</b:NtryRef>", "", "Ntry[2]/AcctSvcrRef");
    entry("<b:EndToEndId>NOTPROVIDED", "<b:EndToEndId>CNY.2-7-3", "Ntry[1]/NtryDtls/TxDtls[2]/Refs/InstrId");
    // Batches.
    entry(">4999.99<", ">4999.98<", "Ntry[1]/NtryDtls/Btch/TtlAmt");
    entry(r#"<b:TtlAmt Ccy="CNY">5000<"#, r#"<b:TtlAmt Ccy="CNY">5001<"#, "Ntry[1]/NtryDtls/Btch/TtlAmt");
    entry("<b:NbOfTxs>2<", "<b:NbOfTxs>3<", "Ntry[1]/NtryDtls/Btch/NbOfTxs");
    entry(r#"<b:Amt Ccy="CNY">0.01</b:Amt>"#, "", "Ntry[1]/NtryDtls/TxDtls[2]/Amt");
    check("camt.054.001.02.xml", ">4999.99<", ">4999.98<", "BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry/Amt");
    // Names and accounts.
    entry(
        ">1001244309000000001<",
        &format!(">{}<", "1".repeat(35)),
        "Ntry[1]/NtryDtls/TxDtls[1]/RltdPties/DbtrAcct/Id/Othr/Id",
    );
    entry("江苏 & Co", "江\n苏", "Ntry[1]/NtryDtls/TxDtls[2]/RltdPties/Dbtr/Pty/Nm");
    entry("Sample Bank", "&#7;Bank", "Ntry[1]/NtryDtls/TxDtls[1]/RltdPties/Dbtr/Agt/FinInstnId/Nm");
    entry("<b:Ccy>CNY", "<b:Ccy>YUAN", "Acct/Ccy");
    entry("<b:Othr><b:Id>1202020709900000002</b:Id></b:Othr>", "", "Acct/Id/Othr");
    // Sums and balances.
    entry("<b:NbOfNtries>3<", "<b:NbOfNtries>4<", "TxsSummry/TtlNtries/NbOfNtries");
    entry("<b:NbOfNtries>2<", "<b:NbOfNtries>x<", "TxsSummry/TtlCdtNtries/NbOfNtries");
    entry("<b:Sum>5012.34<", "<b:Sum>5012.35<", "TxsSummry/TtlNtries/Sum");
    entry("<b:Sum>0<", "<b:Sum>1<", "TxsSummry/TtlDbtNtries/Sum");
    entry(">4000<", ">4000.01<", "Bal[2]/Amt");
    entry(">1000.00<", ">1000.01<", "Bal[2]/Amt");
    entry("<b:CdtDbtInd>DBIT", "<b:CdtDbtInd>CRDT", "Bal[2]/Amt");
    entry("<b:Cd>PRCD<", "<b:Cd>ITBD<", "Bal");
    entry("<b:Cd>CLBD<", "<b:Cd>CLAV<", "Bal");
    entry("<b:Cd>CLAV<", "<b:Cd>CLBD<", "Bal[3]/Tp/CdOrPrtry/Cd");
    entry(r#"<b:Amt Ccy="CNY">4000<"#, r#"<b:Amt Ccy="USD">4000<"#, "Bal[2]/Amt");
    entry(
        "<b:Sts><b:Cd>PDNG",
        "<b:BookgDt><b:Dt>2026-11-23</b:Dt></b:BookgDt><b:Sts><b:Cd>BOOK",
        "Bal[2]/Amt",
    );
    check(
        "camt.054.001.02.xml",
        "<CdtDbtInd>DBIT",
        "<CdtDbtInd>CRDT",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/TxsSummry/TtlNtries/CdtDbtInd",
    );
    check(
        "camt.054.xml",
        "<Amt>90071993781477.70",
        "<Amt>90071993781477.71",
        "BkToCstmrDbtCdtNtfctn/Ntfctn/TxsSummry/TtlNtries/TtlNetNtry/Amt",
    );
    check("camt.054.xml", "2026-11-24T00:00:00+08:00", "2026-11-24", "BkToCstmrDbtCdtNtfctn/GrpHdr/CreDtTm");
    // Instructions.
    let paid =
        |from: &str, to: &str, path: &str| check("pacs.009.xml", from, to, &format!("FICdtTrf/{path}"));
    paid("<NbOfTxs>2", "<NbOfTxs>1", "GrpHdr/NbOfTxs");
    paid(">1234567.90<", ">1234567.91<", "GrpHdr/TtlIntrBkSttlmAmt");
    paid("<EndToEndId>CNY.2-7-1", "<EndToEndId>CNY.2-7-01", "CdtTrfTxInf[1]/PmtId/EndToEndId");
    paid("<EndToEndId>CNY.2-7-1", "<EndToEndId>CNY.2-7-2", "CdtTrfTxInf");
    paid(">1202020709900000002<", ">9<", "CdtTrfTxInf[1]/CdtrAcct");
    paid(">1234567.89<", ">0<", "CdtTrfTxInf");
}

#[test]
fn a_bad_cell_is_named() {
    let line = |from: &str, to: &str, path: &str| check("ecny-lines.csv", from, to, path);
    line("row,rows", "rows,row", "heading");
    line(",status\r\n", ",status,more\r\n", "heading");
    line("1,5,", "2,5,", "rows[1].row");
    line("3,5,", "3,6,", "rows[3].rows");
    line("5,5,0062", "5,5,\"0062", "rows[5]");
    line(",in,1234567.89", ",1234567.89", "rows[1]");
    line("0062000000000002,B20261123-0001", "62,B20261123-0001", "rows[1].wallet");
    line("B20261123-0001", "B 1", "rows[1].line_id");
    line(",in,", ",credit,", "rows[1].direction");
    line(",1234567.89,", ",1234567.8,", "rows[1].amount_cny");
    line(",1234567.89,", ",-1234567.89,", "rows[1].amount_cny");
    line(",1234567.89,", ",=1+1,", "rows[1].amount_cny");
    line(",90071992547409.91,", ",90071992547409.92,", "rows[5].amount_cny");
    line("2026-11-23T01:30:00.000Z", "2026-11-23", "rows[1].booked_at");
    line(",booked\r\n", ",BOOKED\r\n", "rows[1].status");
    line("上海数据交易所", " ", "rows[1].counterparty_name");
    line("5,5,0062", "\r\n", "rows[5]");
    let text = String::from_utf8(read_vector("ecny-lines.csv")).unwrap();
    let (lost, _) = text.trim_end().rsplit_once("\r\n").unwrap();
    assert_eq!(Ecny.read(lost.as_bytes()).unwrap_err().field, "rows[1].rows");
    let transfer = |from: &str, to: &str, path: &str| check("ecny-transfers.csv", from, to, path);
    transfer("CNY.2-7-1", "CNY/2#7/1", "rows[1].transfer_id");
    transfer("0062000000000002", "0062000000000003", "rows[1].payee_wallet");
    transfer("0062000000000002", "0021000000000001", "rows");
    transfer(",CNY.2-7-sh,", ",,", "rows[1].message_id");
}

/// Text that must be refused as a whole or at an outer element.
#[track_caller]
fn refused(text: impl AsRef<[u8]>, expected: &str) {
    let refusal = rail().read(text.as_ref()).expect_err(expected);
    assert_eq!(refusal.code, RefusalCode::FileMalformed);
    assert!(refusal.expected.contains(expected), "{refusal}");
}

#[test]
fn xml_that_is_meant_to_hurt_is_refused() {
    let good = String::from_utf8(read_vector("camt.054.xml")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><Document";
    refused(with("<Document", laughs), "document type");
    refused(with("<Document", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><Document"), "document type");
    refused(with(">A&amp;B", ">A&b;B"), "entity");
    refused(with(">A&amp;B", ">A&#xD800;B"), "entity");
    refused(with(">A&amp;B", ">A&B"), "well-formed");
    refused("", "a whole document");
    refused(" ", "a whole document");
    refused("<", "well-formed");
    refused("not XML", "text in elements");
    refused(with("</Document>", ""), "a whole document");
    refused(with("</Document>", "</Dokument>"), "well-formed");
    refused(with("</Document>", "</Document><Document/>"), "a `Document` of camt");
    refused(with("</Document>", "</Document>more"), "text in elements");
    refused(with("UTF-8", "GBK"), "UTF-8");
    refused(with("<Document", "<?xml version=\"1.0\"?><Document"), "one XML declaration");
    refused(good.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), "UTF-8");
    refused([good.as_bytes(), &[0xff]].concat(), "UTF-8");
    refused(vec![b' '; FILE_BYTES_MAX + 1], "64 MiB");
    // Namespaces and roots.
    for other in [
        "camt.054.001.01",
        "camt.054.001.15",
        "camt.054.001.8",
        "camt.052.001.08",
        "pacs.009.001.08",
        "camt.054.001.08 ",
    ] {
        refused(with("camt.054.001.08", other), "a `Document` of camt");
    }
    refused(with(" xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"", ""), "a `Document` of camt");
    refused(good.replace("Document", "Envelope"), "a `Document` of camt");
    refused(
        with("BkToCstmrDbtCdtNtfctn>", "BkToCstmrDbtCdtNtfctn xmlns=\"urn:x\">"),
        "`BkToCstmrDbtCdtNtfctn`",
    );
    // Entries of another namespace are not entries: the count says that one is missing.
    refused(
        with("<Ntry>", "<Ntry xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">"),
        "as there are",
    );
    // Too much of everything.
    let attributes: String = (0..65).map(|number| format!(" a{number}=\"\"")).collect();
    refused(with("<GrpHdr>", &format!("<GrpHdr{attributes}>")), "at most 64 attributes");
    let namespaces: String = (0..65).map(|number| format!(" xmlns:a{number}=\"urn:x\"")).collect();
    refused(with("<GrpHdr>", &format!("<GrpHdr{namespaces}>")), "at most 64 attributes");
    refused(with("<GrpHdr>", "<GrpHdr a=\"1\" a=\"2\">"), "attributes");
    for name in ["Ntry", "Unknown"] {
        let deep = format!("{}{}", format!("<{name}>").repeat(70), format!("</{name}>").repeat(70));
        refused(with("<Ntry>", &format!("{deep}<Ntry>")), "64 deep");
        refused(with("<Ntry>", &format!("<{name}>").repeat(1_000_000)), "64 deep");
    }
    refused(with("<Ntry>", &format!("{}<Ntry>", "<Ntry/>".repeat(1_000_000))), "at most 1000000 elements");
    // Many that are skipped cost nothing and say nothing.
    let skipped = with("<Ntry>", &format!("{}<Ntry>", "<Unknown><Ntry/>&#65;</Unknown>".repeat(100_000)));
    assert_eq!(rail().read(skipped.as_bytes()).unwrap(), rail().read(good.as_bytes()).unwrap());
}

#[test]
fn ways_to_write_the_same_are_read_the_same() {
    let good = String::from_utf8(read_vector("camt.054.xml")).unwrap();
    let expected = rail().read(good.as_bytes()).unwrap();
    for (from, to) in [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
        ("<?xml", "\u{feff}<?xml"),
        ("\n", "\r\n"),
        (">1234567.89<", "> 1234567.89\n<"),
        (">1234567.89<", "><![CDATA[1234567.89]]><"),
        (">1234567.89<", ">12<!-- thousand -->34567.8&#57;<"),
        ("<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>"),
        ("<Cd>PDNG</Cd>", "<Cd>FUTR</Cd>"),
        ("<RvslInd>true", "<RvslInd>1"),
        ("camt.054.001.08", "camt.054.001.13"),
    ] {
        let changed = good.replace(from, to);
        assert!(changed != good, "{from}");
        assert_eq!(rail().read(changed.as_bytes()).unwrap(), expected, "{to}");
    }
}
