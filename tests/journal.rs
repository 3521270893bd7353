//! The exported journal before its judges: hledger and beancount accept it, compute the ledger's own balances from it,
//! and refuse it when an amount is another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use databourse_primitives::Digest;
use databourse_testkit::judges::{Balances, Judges, not_zero, outside};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use support::{Server, databourse};

const BUYERS: u64 = 12;
const ORDERS: u64 = 400;
const ASSETS: [&str; 2] = ["CNY/2", "XTS/3"];

fn id(kind: u64, number: u64) -> String {
    format!("f19b8b6e-0000-7000-8{kind:03x}-{number:012x}")
}

fn command(id: &str, party: Option<&str>, entry_type: &str, body: Value) -> Value {
    match party {
        Some(party) => json!({ "id": id, "type": entry_type, "on_behalf_of": party, "body": body }),
        None => json!({ "id": id, "type": entry_type, "body": body }),
    }
}

/// Two suppliers, and buyers with money in both assets.
fn ground() -> Vec<Value> {
    let party = |id: &str, role: &str| {
        let body = json!({
            "legal_name": { "en": id }, "legal_identifier": format!("ext:{id}"), "roles": [role],
            "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2090-01-01T00:00:00Z",
        });
        command(id, None, "party.certify", body)
    };
    let mut commands = Vec::new();
    for (number, asset) in (0..).zip(ASSETS) {
        let supplier = id(1, number);
        commands.push(party(&supplier, "supplier"));
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": format!("shop-{number}"),
            "source_statement": { "en": "The shop's own system" },
        });
        commands.push(command(&id(2, number), Some(&supplier), "right.register", right));
        let details = json!({
            "title": { "en": "Product" }, "description": { "en": "Sample" }, "kind": "dataset",
        });
        let list = json!({ "right": id(2, number), "details": details });
        commands.push(command(&id(3, number), Some(&supplier), "product.list", list));
        let offer = json!({
            "product": id(3, number), "asset": asset, "pricing": "one_off", "unit_price": "19.99",
            "terms": {
                "purposes": ["replay"], "term_days": 30, "territory": "CN",
                "usable_not_visible": false, "exclusive": false,
            },
        });
        commands.push(command(&id(4, number), Some(&supplier), "offer.publish", offer));
    }
    for number in 0..BUYERS {
        let buyer = id(5, number);
        commands.push(party(&buyer, "buyer"));
        for (kind, asset) in (6..).zip(ASSETS) {
            let deposit = json!({
                "party": buyer, "asset": asset, "amount_minor": 12_345_678,
                "bank_reference": format!("in-{number}-{kind}"),
            });
            commands.push(command(&id(kind, number), None, "account.deposit", deposit));
        }
    }
    commands
}

/// Orders that are accepted, rejected, refunded, left open, or more than the buyer has; withdrawals; a window's end.
fn trade() -> Vec<Value> {
    let mut commands = Vec::new();
    for number in 0..ORDERS {
        let (buyer, supplier) = (id(5, number % BUYERS), id(1, number % 2));
        let order = id(8, number);
        let quantity = if number % 50 == 49 { 1_000_000_000 } else { 1 + number % 7 };
        let line = json!({ "offer": id(4, number % 2), "quantity": quantity, "purpose": "replay" });
        commands.push(command(&order, Some(&buyer), "order.place", json!({ "lines": [line, line] })));
        if number % 11 == 0 {
            continue;
        }
        let deliver = json!({ "order": order, "method": "file", "evidence": Digest::of(b"goods") });
        commands.push(command(&id(9, number), Some(&supplier), "delivery.record", deliver));
        if number % 5 == 0 {
            let reject = json!({ "order": order, "lines": [2], "reason": "not as described" });
            commands.push(command(&id(10, number), Some(&buyer), "order.reject", reject));
        }
        commands.push(command(&id(11, number), Some(&buyer), "order.accept", json!({ "order": order })));
        if number % 9 == 0 {
            let lines = json!([{ "line": 1, "amount_minor": 333 }]);
            let refund = json!({ "order": order, "lines": lines, "reason": "returned" });
            commands.push(command(&id(12, number), Some(&supplier), "refund.grant", refund));
        }
        if number % 40 == 17 {
            let take = json!({ "asset": ASSETS[0], "amount_minor": 101 + number });
            commands.push(command(&id(13, number), Some(&buyer), "account.withdraw", take));
        }
    }
    commands.push(command(&id(14, 0), None, "window.close", json!({ "window": "CNY/2#1" })));
    let last = json!({ "asset": ASSETS[0], "amount_minor": 1 });
    commands.push(command(&id(14, 1), Some(&id(5, 0)), "account.withdraw", last));
    commands
}

/// Debits less credits of every account that the HTTP API lists, under the name that it should have outside.
async fn own_balances(server: &Server) -> Balances {
    let mut balances = Balances::new();
    let mut path = "/v1/accounts?limit=20".to_owned();
    loop {
        let (status, page) = server.get(&path).await;
        assert_eq!(status, 200, "{page}");
        for account in page["items"].as_array().unwrap() {
            let minor = |side: &str| account[side].as_i64().unwrap();
            let id = account["id"].as_str().unwrap();
            let (name, balance) = outside(id, minor("debits_minor"), minor("credits_minor"));
            assert_eq!(balances.insert(name, balance), None);
        }
        let Some(next) = page["next"].as_str() else { return balances };
        path = format!("/v1/accounts?limit=20&cursor={next}");
    }
}

fn export(data: &Path, format: &str) -> PathBuf {
    let file = data.join(format!("books.{format}"));
    let output = databourse(data).args(["export", "--format", format, "--out"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

/// What becomes of the text of a transaction.
type Change = fn(&str) -> String;

/// The file with its first deposit altered.
fn altered(file: &Path, name: &str, change: Change) -> PathBuf {
    let text = std::fs::read_to_string(file).unwrap();
    let mut paragraphs: Vec<_> = text.split("\n\n").map(str::to_owned).collect();
    let deposit = paragraphs.iter_mut().find(|part| part.contains("deposit: account.deposit")).unwrap();
    *deposit = change(deposit);
    let file = file.with_file_name(format!("{name}.{}", file.extension().unwrap().to_str().unwrap()));
    std::fs::write(&file, paragraphs.join("\n\n")).unwrap();
    assert_ne!(std::fs::read_to_string(&file).unwrap(), text);
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn hledger_and_beancount_accept_the_journal_and_report_the_ledger_s_balances() {
    let judges = Judges::find_or_install(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let folder = databourse_testkit::scratch_folder();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let server = Server::start(&data).await;
    for result in server.submit(&ground()).await.unwrap() {
        assert!(result["leaf_index"].is_u64(), "refused: {result}");
    }
    let mut refusals = BTreeSet::new();
    for batch in trade().chunks(100) {
        for result in server.submit(batch).await.unwrap() {
            refusals.extend(result["code"].as_str().map(str::to_owned));
        }
    }
    assert!(refusals.contains("account.insufficient_funds"), "{refusals:?}");
    let own = own_balances(&server).await;
    server.stop();

    let checked = databourse(&data).arg("check").output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let (hledger, beancount) = (export(&data, "hledger"), export(&data, "beancount"));
    judges.hledger_check(&hledger).unwrap();
    judges.bean_check(&beancount).unwrap();
    assert_eq!(not_zero(&judges.hledger_balances(&hledger)), not_zero(&own));
    assert_eq!(not_zero(&judges.bean_balances(&beancount)), not_zero(&own));
    let commodities: BTreeSet<_> = own.keys().map(|(_, commodity)| commodity.as_str()).collect();
    assert_eq!(commodities, BTreeSet::from(["CNY", "XTS"]));
    for file in [&hledger, &beancount] {
        let text = std::fs::read_to_string(file).unwrap();
        for kind in ["deposit", "withdrawal", "post", "refund"] {
            assert!(text.contains(&format!("{kind}: ")), "{kind} in {}", file.display());
        }
        // What is only held or freed posts nothing.
        for kind in ["hold", "void"] {
            assert!(!text.contains(&format!("{kind}: ")), "{kind} in {}", file.display());
        }
        assert!(text.contains("CNY/2#2"), "the second window in {}", file.display());
    }

    // One minor unit on one leg, on both legs, and a transaction left out.
    let changes: [(&str, Change); 3] = [
        ("one-leg", |text| text.replacen("123456.78", "123456.79", 1)),
        ("both-legs", |text| text.replace("123456.78", "123456.79")),
        ("left-out", |_| "; nothing".to_owned()),
    ];
    for (name, change) in changes {
        let refused = judges.hledger_check(&altered(&hledger, name, change)).expect_err(name);
        assert!(refused.contains(if name == "one-leg" { "balance" } else { "assert" }), "{refused}");
        let refused = judges.bean_check(&altered(&beancount, name, change)).expect_err(name);
        let words = if name == "one-leg" { "does not balance" } else { "Balance failed" };
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_folder_without_a_ledger_is_refused_and_stays_empty() {
    let folder = databourse_testkit::scratch_folder();
    let output = databourse(folder.path()).args(["export", "--format", "hledger"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no ledger in"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
