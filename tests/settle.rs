//! The operator's day over the command line, with the real program and a real PostgreSQL: one exchange whose book is
//! compared, and two exchanges of which one pays the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/shop.rs"]
mod shop;
mod support;

use databourse_primitives::AmountMinor;
use databourse_rails::{
    BankLine, BankOffset, Direction, Directory, Iso20022, LineStatus, Rail as _, Report, SettlementMethod,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
};
use support::{Server, databourse};

const WINDOW: &str = "CNY/2#1";
const SALES: u64 = 6;

/// An operator at a terminal.
struct Operator<'a> {
    server: &'a Server,
    token: PathBuf,
}

impl<'a> Operator<'a> {
    fn new(server: &'a Server, name: &str) -> Self {
        let token = server.data.join(format!("{name}.token"));
        fs::write(&token, server.mint(&["--operator", name])).unwrap();
        Self { server, token }
    }

    /// What is typed behind `databourse`.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = databourse(&self.server.data);
        command.env("DATABOURSE_URL", &self.server.url).env("DATABOURSE_TOKEN_FILE", &self.token);
        command.args(arguments).output().unwrap()
    }

    /// What a command that succeeds prints.
    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// The last line of a command that fails.
    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// The exchange's own book: what it sold, line by line, by its own clock.
fn book(orders: impl Iterator<Item = String>) -> Vec<String> {
    let head =
        "key,kind,counterparty,asset,net,vat,fee,fee_vat,schedule,tax,window,status,original,occurred_at";
    let line = |order: String| {
        format!(
            "{order}.1/sale,sale,sh,CNY/2,100.00,6.00,2.50,0.15,CNY/2@1,1,{WINDOW},final,,2026-11-22T10:47:32+08:00"
        )
    };
    std::iter::once(head.to_owned()).chain(orders.map(line)).collect()
}

fn write_lines(file: &Path, lines: &[String]) -> String {
    fs::write(file, lines.join("\r\n") + "\r\n").unwrap();
    file.display().to_string()
}

/// How often each kind of break is in a report.
fn kinds(report: &Value) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for pair in report["book"].as_array().unwrap() {
        for found in pair["breaks"].as_array().unwrap() {
            *kinds.entry(found["found"]["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_settles_a_window_writes_statements_and_clears_what_its_book_has_differently() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    let sales = [shop::supply(), shop::demand(100_000), shop::purchases(0..SALES, |_| true)];
    shop::submit(&server, &sales.concat()).await;

    let li_na = Operator::new(&server, "li.na");
    assert!(li_na.does(&["settle", "window", "list"]).contains("open 开放"));
    let refused = li_na.fails(&["settle", "window", "instruct", WINDOW]);
    assert!(refused.contains("window.state"), "{refused}");
    assert!(li_na.does(&["settle", "window", "close", WINDOW]).contains("closing 关闭中"));
    let signed = li_na.does(&["settle", "window", "sign", WINDOW]);
    assert!(signed.contains("closing 关闭中") && signed.contains("sh by li.na 待复核"), "{signed}");
    let alone = li_na.fails(&["settle", "window", "sign", WINDOW]);
    assert!(alone.contains("window.second_person"), "{alone}");
    let wang_wei = Operator::new(&server, "wang.wei");
    let signed = wang_wei.does(&["settle", "window", "sign", WINDOW]);
    assert!(signed.contains("signed now 本次签名: 1") && signed.contains("closed 已关闭"), "{signed}");
    assert!(
        li_na.does(&["settle", "window", "sign", WINDOW]).contains("signed now 本次签名: 0"),
        "once is enough"
    );
    assert!(li_na.does(&["settle", "window", "instruct", WINDOW]).contains("settled 已结算"));
    assert!(li_na.does(&["settle", "window", "show", WINDOW]).contains("settled 已结算"));
    assert!(li_na.does(&["settle", "positions", WINDOW]).contains("no exchange owes"));
    assert!(li_na.does(&["settle", "instructions", WINDOW]).contains("none 无"));

    // The supplier's statement, in its three forms, ends at what it has.
    let holder = format!("party:{}", shop::supplier());
    let out = |format: &str| data.join(format!("statement.{format}")).display().to_string();
    for format in ["pdf", "csv", "json"] {
        let arguments =
            ["settle", "statement", "--holder", &holder, "--window", WINDOW, "--format", format, "--out"];
        li_na.does(&[&arguments[..], &[&out(format)]].concat());
    }
    assert!(fs::read(out("pdf")).unwrap().starts_with(b"%PDF-"));
    assert_eq!(fs::read_to_string(out("csv")).unwrap().lines().count() as u64, 1 + SALES);
    let statement = databourse_statement::read_json(&fs::read(out("json")).unwrap()).unwrap();
    let (_, account) = server.get(&format!("/v1/accounts/{holder}:funds:CNY-2")).await;
    assert_eq!(account["balance_minor"], 9_735 * SALES);
    assert_eq!(statement.parts().closing_minor, account["balance_minor"].as_i64().unwrap());

    // A book that is right, then one with three lines wrong.
    let lines = book((0..SALES).map(shop::order));
    let clean = write_lines(&data.join("clean.csv"), &lines);
    let output = li_na.run(&["reconcile", "--window", WINDOW, "--book", &clean]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("clean 一致") && shown.contains("agreed 一致"), "{shown}");
    let mut wrong = lines.clone();
    wrong[1] = wrong[1].replace(",100.00,", ",100.01,");
    wrong[2] = wrong[2].replace("/sale,", "/unheard,");
    wrong.remove(3);
    let wrong = write_lines(&data.join("wrong.csv"), &wrong);
    let compare = |extra: &[&str]| {
        let output = li_na.run(&[&["reconcile", "--window", WINDOW, "--book", &wrong], extra].concat());
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = [("amount", 1), ("missing_left", 1), ("missing_right", 2)];
    let expected = BTreeMap::from(expected.map(|(kind, count)| (kind.to_owned(), count)));
    let report: Value = serde_json::from_str(&compare(&["--fix-nothing", "--json"])).unwrap();
    assert_eq!(kinds(&report), expected, "{report:#}");
    assert!(li_na.does(&["settle", "breaks", "list"]).contains("no open break"), "nothing was fixed");
    let shown = compare(&[]);
    assert!(shown.contains("4 breaks 差错, 4 opened now") && shown.contains("106.01"), "{shown}");
    assert!(shown.contains("missing_left 1, missing_right 2, amount 1"), "{shown}");
    let again = compare(&[]);
    assert!(again.contains("0 opened now") && again.contains("today 当天"), "{again}");
    let missing = li_na.run(&["reconcile", "--window", WINDOW, "--book", "nowhere.csv"]);
    assert_eq!(missing.status.code(), Some(1));

    // One break to its end; who proposes cannot approve.
    let open: Value = serde_json::from_str(&li_na.does(&["settle", "breaks", "list", "--json"])).unwrap();
    let open = open.as_array().unwrap();
    assert_eq!(open.len(), 4);
    let of_kind =
        |kind: &str| open.iter().find(|found| found["kind"] == kind).unwrap()["id"].as_str().unwrap();
    let found = of_kind("missing_left");
    let why = ["--end", "no-action", "--reason", "a slip of the book, corrected there"];
    li_na.does(&[&["settle", "breaks", "propose", found], &why[..]].concat());
    assert!(li_na.fails(&["settle", "breaks", "approve", found]).contains("break.second_person"));
    wang_wei.does(&["settle", "breaks", "approve", found]);
    li_na.does(&["settle", "breaks", "resolve", found]);
    let left = li_na.does(&["settle", "breaks", "list", "--window", WINDOW]);
    assert_eq!(left.lines().count(), 1 + 3, "{left}");
    server.stop();
}

/// The key of the other exchange or its party, as `databourse key` keeps it.
struct OwnKey {
    file: PathBuf,
    public: String,
}

impl OwnKey {
    fn new(data: &Path, name: &str) -> Self {
        let file = data.join(format!("{name}.key"));
        let output = databourse(data).args(["key", "new", "--out"]).arg(&file).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let public = text.lines().find_map(|line| line.strip_prefix("public key")).unwrap().trim().to_owned();
        Self { file, public }
    }

    /// Signs with `databourse key sign` for the exchange `zj` and posts the entry to the node of `sh`.
    async fn posts(&self, server: &Server, id: &str, entry_type: &str, body: &Value) {
        let file = server.data.join("body.json");
        fs::write(&file, body.to_string()).unwrap();
        let mut sign = databourse(&server.data);
        sign.args(["key", "sign"]).arg(&self.file).args([
            "--exchange",
            "zj",
            "--type",
            entry_type,
            "--id",
            id,
        ]);
        let output = sign.arg("--body").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer = server.post_signed(String::from_utf8(output.stdout).unwrap().trim()).await;
        assert!(answer["leaf_index"].is_u64(), "{entry_type}: {answer}");
    }
}

const RAIL: &str = "iso20022";

/// Where the two exchanges' money is.
fn banks() -> [Value; 2] {
    [("sh", "1001200300400500601"), ("zj", "1202020202020202020")].map(|(exchange, account)| {
        json!({
            "exchange": exchange, "name": format!("Bank of {exchange}"), "holder": format!("Exchange {exchange}"),
            "bic": "ICBKCNBJ", "account": account,
        })
    })
}

fn config([entry, checkpoint, cosignature, consensus]: [&OwnKey; 4]) -> String {
    let mut text = format!(
        "[[region.exchanges]]\ncode = \"zj\"\nname_zh = \"浙江\"\nname_en = \"Zhejiang\"\nentry_key = \"{}\"\n\
         checkpoint_key = \"{}\"\ncosignature_key = \"{}\"\nconsensus_key = \"{}\"\n",
        entry.public, checkpoint.public, cosignature.public, consensus.public
    );
    for bank in banks() {
        text += "\n[[settlement.banks]]\n";
        for (field, value) in bank.as_object().unwrap() {
            text += &format!("{field} = {value}\n");
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_exchange_signs_pays_and_its_payment_settles_the_window() {
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let names = ["zj", "zj-log", "zj-witness", "zj-votes", "buyer"];
    let [peer, log, witness, votes, buyer_key] = names.map(|name| OwnKey::new(&data, name));
    fs::write(data.join("databourse.toml"), config([&peer, &log, &witness, &votes])).unwrap();
    let server = Server::start(&data).await;
    shop::submit(&server, &shop::supply()).await;
    let certify = shop::party("buyer", "buyer", Some(&buyer_key.public));
    peer.posts(&server, &shop::buyer(), "party.certify", &certify).await;
    peer.posts(&server, &shop::deposit(), "account.deposit", &shop::money(100_000)).await;
    buyer_key.posts(&server, &shop::order(1), "order.place", &shop::place()).await;
    shop::submit(&server, &[shop::deliver(1)]).await;
    buyer_key.posts(&server, &shop::acceptance(1), "order.accept", &shop::accept(1)).await;

    let li_na = Operator::new(&server, "li.na");
    li_na.does(&["settle", "window", "close", WINDOW]);
    li_na.does(&["settle", "window", "sign", WINDOW]);
    let signed = Operator::new(&server, "wang.wei").does(&["settle", "window", "sign", WINDOW]);
    assert!(signed.contains("closing 关闭中"), "the other exchange has not signed: {signed}");
    let (_, window) = server.get("/v1/windows/CNY-2/1").await;
    let (_, heads) = server.get("/v1/windows/CNY-2/1/heads").await;
    for (number, found) in (0..).zip(heads["items"].as_array().unwrap()) {
        let pair = found["pair"].as_str().unwrap();
        if pair.contains("zj") {
            let mut head = window["pairs"][pair].clone();
            head["window"] = json!(WINDOW);
            head["pair"] = json!(pair);
            head["root"] = found["ledger_root"].clone();
            peer.posts(&server, &shop::id(10, number), "window.sign", &json!({ "head": head })).await;
        }
    }
    assert!(li_na.does(&["settle", "window", "show", WINDOW]).contains("closed 已关闭"));
    let positions = li_na.does(&["settle", "positions", WINDOW]);
    li_na.does(&["settle", "window", "instruct", WINDOW]);
    let payments = data.join("payments");
    let listed =
        li_na.does(&["settle", "instructions", WINDOW, "--rail", RAIL, "--out", payments.to_str().unwrap()]);
    assert!(listed.contains("pending 待付"), "{listed}");

    // The file is what the bank of the payer reads, and the bank of the payee says that the money came.
    let directory: Directory = serde_json::from_value(json!(banks())).unwrap();
    let rail = Iso20022 {
        offset: "+08:00".parse::<BankOffset>().unwrap(),
        settlement_method: SettlementMethod::Clearing,
    };
    let files: Vec<_> = fs::read_dir(&payments).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let instructed = rail.read_instructions(&fs::read(file).unwrap(), &directory).unwrap();
    let [payment] = &instructed[..] else { panic!("{instructed:?}") };
    assert_eq!((payment.payer.as_str(), payment.payee.as_str()), ("zj", "sh"));
    let owed = databourse_primitives::Asset::render(&payment.asset, payment.amount_minor.get());
    assert!(positions.contains(&owed), "{positions}");
    let notice = |reference: &str, amount_minor: i64| {
        let line = BankLine {
            account: "1001200300400500601".parse().unwrap(),
            reference: reference.parse().unwrap(),
            end_to_end: Some(payment.id),
            direction: Direction::Credit,
            asset: payment.asset,
            amount_minor: AmountMinor::new(amount_minor).unwrap(),
            counterparty_account: None,
            counterparty_name: None,
            booked_at: "2026-11-22T02:47:32.000Z".parse().unwrap(),
            status: LineStatus::Booked,
        };
        let report = Report {
            message_id: &"camt-1".parse().unwrap(),
            account: &line.account,
            asset: line.asset,
            created_at: line.booked_at,
            lines: std::slice::from_ref(&line),
        };
        let file = data.join("camt.054.xml");
        fs::write(&file, rail.camt054(&report).unwrap()).unwrap();
        file.display().to_string()
    };
    // The schedule's tolerance is 1.00.
    let short =
        li_na.run(&["settle", "confirm", "--rail", RAIL, &notice("b-1", payment.amount_minor.get() - 101)]);
    assert_eq!(short.status.code(), Some(1), "{}", String::from_utf8_lossy(&short.stdout));
    let file = notice("b-2", payment.amount_minor.get());
    assert!(li_na.does(&["settle", "confirm", "--rail", RAIL, &file]).contains("confirmed 已确认"));
    assert!(li_na.does(&["settle", "confirm", "--rail", RAIL, &file]).contains("confirmed before"));
    let settled = li_na.does(&["settle", "window", "show", WINDOW]);
    assert!(settled.contains("settled 已结算") && settled.contains("confirmed 已到账"), "{settled}");
    let clean = li_na.run(&["reconcile", "--window", WINDOW, "--bank", &file, "--fix-nothing"]);
    assert_eq!(clean.status.code(), Some(0), "{}", String::from_utf8_lossy(&clean.stdout));
    server.stop();
}
