//! Settlement over HTTP: the exchange `sh`, whose node answers, in a region with `zj`, whose key the test has.

use crate::{
    samples::check_answer,
    support::{Answer, TestExchange, id},
};
use axum::body::Body;
use databourse_api::token::TokenRole;
use databourse_exchange::SettlementConfig;
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_party::FoundExchange;
use databourse_primitives::{BilingualText, EntryId, PartyId, WindowId};
use databourse_rails::{Agent, BankLine, Direction, Directory, Ecny, LineStatus, Report};
use databourse_reconcile::book::{ColumnMapping, write_book};
use serde_json::{Value, json, value::RawValue};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const WALLET: &str = "0021000000000001";
const WINDOW: &str = "/v1/windows/CNY-2/1";

/// Supplier 1 and buyer 2 are parties of `sh`, buyer 3 of `zj`; right 4, product 5, offer 6. Later ids from 100.
struct Town {
    exchange: TestExchange,
    peer: SigningKey,
    next: u64,
    operator: String,
    second: String,
    auditor: String,
    supplier: String,
    buyer: String,
    stranger: String,
}

fn directory() -> Directory {
    let agent = |exchange: &str, account: &str, wallet: &str| Agent {
        exchange: exchange.parse().unwrap(),
        name: "Bank".parse().unwrap(),
        holder: "Exchange".parse().unwrap(),
        bic: Some("ICBKCNBJ".parse().unwrap()),
        cnaps: None,
        account: account.parse().unwrap(),
        wallet: Some(wallet.parse().unwrap()),
    };
    Directory::new(vec![agent("sh", "1001", WALLET), agent("zj", "1002", "0021000000000002")]).unwrap()
}

fn party(name: &str, role: &str, custody: bool) -> Value {
    let mut body = json!({
        "legal_name": { "en": name }, "legal_identifier": format!("ext:{name}"), "roles": [role],
        "home_region": "CN-SH", "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
    });
    if custody {
        body["custody"] = true.into();
    }
    body
}

impl Town {
    async fn start() -> Self {
        let peer = SigningKey::from_seed([9; 32]);
        let zj = FoundExchange {
            code: "zj".parse().unwrap(),
            name: BilingualText::new(None, Some("Zhejiang")).unwrap(),
            entry_key: peer.public_key(),
            cosignature_key: SigningKey::from_seed([8; 32]).public_key(),
            checkpoint_key: SigningKey::from_seed([108; 32]).public_key(),
            consensus_key: SigningKey::from_seed([109; 32]).public_key(),
        };
        let settlement = SettlementConfig { directory: directory(), ..SettlementConfig::default() };
        let exchange = TestExchange::start_in(vec![zj], settlement).await;
        let town = Self {
            operator: exchange.operator(),
            second: exchange.token("wang.wei", &[TokenRole::Operator]),
            auditor: exchange.token("zhou", &[TokenRole::Auditor]),
            supplier: exchange.token(&id(1).to_string(), &[TokenRole::Merchant]),
            buyer: exchange.token(&id(2).to_string(), &[TokenRole::Buyer]),
            stranger: exchange.token(&id(9).to_string(), &[TokenRole::Buyer, TokenRole::Merchant]),
            peer,
            next: 100,
            exchange,
        };
        town.post(&town.operator, "/v1/parties", 1, party("sup", "supplier", true)).await.expect(201);
        town.post(&town.operator, "/v1/parties", 2, party("buy", "buyer", false)).await.expect(201);
        town.peer(3, None, "party.certify", party("far", "buyer", false)).await;
        let right = json!({
            "interests": ["product_operation"], "data_class": "enterprise", "source": "ports",
            "source_statement": { "en": "own systems" },
        });
        town.post(&town.supplier, "/v1/rights", 4, right).await.expect(201);
        let details =
            json!({ "title": { "en": "Ports" }, "description": { "en": "Calls" }, "kind": "dataset" });
        let product = json!({ "right": id(4), "details": details });
        town.post(&town.supplier, "/v1/products", 5, product).await.expect(201);
        let offer = json!({
            "product": id(5), "asset": "CNY/2", "pricing": "one_off", "unit_price": "100.00",
            "terms": { "purposes": ["logistics"], "term_days": 365, "territory": "CN",
                       "usable_not_visible": false, "exclusive": false },
        });
        town.post(&town.supplier, "/v1/offers", 6, offer).await.expect(201);
        town
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.exchange.get(token, path).await
    }

    async fn json(&self, path: &str) -> Value {
        self.get(&self.auditor, path).await.expect(200).json()
    }

    async fn post(&self, token: &str, path: &str, key: u64, body: Value) -> Answer {
        self.exchange.post(token, path, key, &body).await
    }

    /// An entry that `zj` signs and brings.
    async fn peer(&self, number: u64, party: Option<EntryId>, entry_type: &str, body: Value) {
        let claims = Claims {
            entry_type: entry_type.to_owned(),
            id: id(number),
            exchange: "zj".parse().unwrap(),
            issued_at_s: self.exchange.node.now().unix_seconds(),
            on_behalf_of: party.map(PartyId::from),
            body: RawValue::from_string(body.to_string()).unwrap(),
        };
        let entry = Entry::sign(&claims, &self.peer).unwrap();
        let entry = String::from_utf8(entry.bytes().to_vec()).unwrap();
        let answer = self.post(&self.operator, "/v1/entries", 0, json!({ "entries": [entry] })).await;
        let result = answer.expect(200).json()["results"][0].clone();
        assert!(result.get("leaf_index").is_some(), "{result}");
    }

    fn key(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    async fn deposit(&mut self) {
        let key = self.key();
        let body =
            json!({ "party": id(2), "asset": "CNY/2", "amount_minor": 50_000, "bank_reference": "b1" });
        self.post(&self.operator, "/v1/accounts/deposits", key, body).await.expect(201);
    }

    async fn deliver(&mut self, order: u64) {
        let key = self.key();
        let body = json!({ "order": id(order), "method": "file", "evidence": DIGEST });
        self.post(&self.supplier, "/v1/deliveries", key, body).await.expect(201);
    }

    /// A sale to the buyer of this exchange.
    async fn near_sale(&mut self) -> u64 {
        let (order, accept) = (self.key(), self.key());
        let body = json!({ "lines": [{ "offer": id(6), "quantity": 1, "purpose": "logistics" }] });
        self.post(&self.buyer, "/v1/orders", order, body).await.expect(201);
        self.deliver(order).await;
        let path = format!("/v1/orders/{}/acceptance", id(order));
        self.post(&self.buyer, &path, accept, json!({})).await.expect(201);
        order
    }

    /// A sale to the buyer of the other exchange, which so owes this one the price.
    async fn far_sale(&mut self) -> u64 {
        let (deposit, order, accept) = (self.key(), self.key(), self.key());
        let far = Some(id(3));
        let money = json!({
            "party": id(3), "asset": "CNY/2", "amount_minor": 20_000, "bank_reference": format!("z{deposit}"),
        });
        self.peer(deposit, None, "account.deposit", money).await;
        let lines = json!({ "lines": [{ "offer": id(6), "quantity": 1, "purpose": "logistics" }] });
        self.peer(order, far, "order.place", lines).await;
        self.deliver(order).await;
        self.peer(accept, far, "order.accept", json!({ "order": id(order) })).await;
        order
    }

    async fn close(&mut self) {
        let key = self.key();
        self.post(&self.operator, &format!("{WINDOW}/closing"), key, json!({})).await.expect(201);
    }

    /// Both exchanges sign the first window.
    async fn sign(&mut self) {
        for operator in [&self.operator, &self.second] {
            let results =
                self.post(operator, &format!("{WINDOW}/signatures"), 0, json!({})).await.expect(200);
            let results = results.json()["results"].as_array().unwrap().clone();
            assert!(results.iter().all(|result| result["type"] == "window.sign"), "{results:?}");
        }
        let window: WindowId = "CNY/2#1".parse().unwrap();
        // What zj keeps of the fees stays in its own book.
        for pair in ["sh~zj", "zj~zj"] {
            let head = self.exchange.node.window_head(window, &pair.parse().unwrap()).await.unwrap();
            let key = self.key();
            self.peer(key, None, "window.sign", json!({ "head": head.unwrap() })).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taxes_schedules_and_shares_are_versions() {
    let mut town = Town::start().await;
    let table = json!({
        "version": 2, "rates": { "services": "0.06", "free": "0" }, "kinds": { "dataset": "services" },
        "default": "free",
    });
    let answer = town.post(&town.operator, "/v1/tax-tables", 20, table.clone()).await.expect(201);
    assert_eq!(answer.header("location"), "/v1/tax-tables/2");
    town.post(&town.operator, "/v1/tax-tables", 21, table).await.expect_problem(422, "tax.invalid");
    assert_eq!(town.get("", "/v1/tax-tables/2").await.expect(200).json()["rates"]["services"], "0.06");
    let versions = town.get("", "/v1/tax-tables?limit=1").await.expect(200).json();
    assert!(versions["items"][0]["version"] == 2 && versions["next"].is_string(), "{versions}");

    let schedule = json!({
        "version": "CNY/2@2", "fee_vat": "services", "selling_share": "0.5", "yearly": { "buyer": 10_000 }, "tax": 2,
        "hold_days": 30, "dispute_days": 7, "rounding": "half-up-largest-remainder-carry/1",
        "fees": [{ "kinds": ["dataset"], "fee": { "base": { "name": "tiers", "tiers": [
            { "from_minor": 0, "rate": "0.03" }, { "from_minor": 100_000, "rate": "0.01" },
        ] }, "min_minor": 100 } }],
    });
    town.post(&town.operator, "/v1/schedules", 22, schedule).await.expect(201);
    assert_eq!(town.get("", "/v1/schedules/CNY-2/2").await.expect(200).json()["yearly"]["buyer"], 10_000);

    // The party's yearly fee, once: with 6 % tax.
    town.deposit().await;
    let fee = json!({ "party": id(2), "role": "buyer", "year": 2026, "asset": "CNY/2" });
    let charged = town.post(&town.operator, "/v1/fees", 23, fee.clone()).await.expect(201);
    assert_eq!(charged.header("location"), format!("/v1/entries/{}", id(23)));
    town.post(&town.operator, "/v1/fees", 24, fee).await.expect_problem(409, "fee.not_due");
    let funds = format!("/v1/accounts/party:{}:funds:CNY-2", id(2));
    assert_eq!(town.get(&town.buyer, &funds).await.expect(200).json()["available_minor"], 50_000 - 10_600);

    let shares = format!("/v1/products/{}/shares", id(5));
    let supplier = format!("party:{}", id(1));
    let tree = json!({ "version": 1, "root": [
        { "name": "operator", "weight_bp": 9000, "beneficiary": supplier },
        { "name": "public", "weight_bp": 1000, "beneficiary": "exchange:sh" },
    ] });
    let answer = town.post(&town.supplier, &shares, 25, tree.clone()).await.expect(201);
    assert_eq!(answer.header("location"), format!("{shares}/1"));
    town.post(&town.stranger, &shares, 26, tree).await.expect_problem(422, "party.unknown");
    let seen = town.get(&town.supplier, &format!("{shares}/1")).await.expect(200).json();
    check_answer("ShareTree", &seen);
    assert_eq!(
        (&seen["root"][1]["beneficiary"], &seen["books"]["exchange:sh"]),
        (&json!("exchange:sh"), &json!("sh"))
    );
    town.get(&town.stranger, &format!("{shares}/1")).await.expect_problem(403, "resource.forbidden");
    town.get(&town.auditor, &format!("{shares}/2")).await.expect_problem(404, "resource.unknown");
    for (token, count) in [(&town.supplier, 1), (&town.auditor, 1), (&town.stranger, 0)] {
        let page = town.get(token, &shares).await.expect(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), count);
    }
    town.exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_held_disputed_given_and_frozen() {
    let mut town = Town::start().await;
    town.deposit().await;
    let before = town.exchange.node.published().size;
    let voucher = json!({
        "party": id(2), "asset": "CNY/2", "amount_minor": 4_000, "kinds": ["dataset"],
        "expires_at": "2027-01-01T00:00:00.000Z", "bank_reference": "v1",
    });
    town.post(&town.operator, "/v1/vouchers", 30, voucher).await.expect(201);
    let voucher = format!("/v1/vouchers/{}", id(30));
    assert_eq!(town.get(&town.buyer, &voucher).await.expect(200).json()["left_minor"], 4_000);
    town.get(&town.stranger, &voucher).await.expect_problem(403, "resource.forbidden");
    let count = async |token: &str, path: &str| {
        town.get(token, path).await.expect(200).json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count(&town.buyer, "/v1/vouchers").await, 1);
    assert_eq!(count(&town.stranger, "/v1/vouchers").await, 0);
    assert_eq!(count(&town.auditor, &format!("/v1/vouchers?holder={}", id(1))).await, 0);
    let other = format!("/v1/vouchers?holder={}", id(1));
    town.get(&town.buyer, &other).await.expect_problem(403, "resource.forbidden");

    let order =
        json!({ "lines": [{ "offer": id(6), "quantity": 1, "purpose": "logistics" }], "voucher": id(30) });
    town.post(&town.buyer, "/v1/orders", 31, order).await.expect(201);
    assert_eq!(
        town.get(&town.buyer, &format!("/v1/orders/{}", id(31))).await.json()["voucher"],
        json!(id(30))
    );
    let hold = format!("/v1/holds/{}", id(31));
    let held = town.get(&town.buyer, &hold).await.expect(200).json();
    check_answer("Hold", &held);
    assert_eq!((&held["amount_minor"], &held["state"]["name"]), (&json!(10_000), &json!("pending")));
    town.get(&town.supplier, &hold).await.expect_problem(403, "resource.forbidden");
    assert_eq!(count(&town.buyer, "/v1/holds?state=pending").await, 1);
    assert_eq!(count(&town.auditor, &format!("/v1/holds?holder=party:{}", id(2))).await, 1);
    assert_eq!(count(&town.supplier, "/v1/holds").await, 0);
    let expiry = format!("/v1/orders/{}/expiry", id(31));
    town.post(&town.operator, &expiry, 32, json!({})).await.expect_problem(422, "hold.not_due");

    let evidence = json!({ "order": id(31), "method": "file", "evidence": DIGEST });
    town.post(&town.supplier, "/v1/deliveries", 33, evidence).await.expect(201);
    let acceptance = format!("/v1/orders/{}/acceptance", id(31));
    town.post(&town.buyer, &acceptance, 34, json!({})).await.expect(201);

    let dispute = json!({ "order": id(31), "lines": [1], "reason": "not what was offered" });
    town.post(&town.operator, "/v1/disputes", 35, dispute.clone()).await.expect_problem(403, "party.only");
    town.post(&town.buyer, "/v1/disputes", 35, dispute).await.expect(201);
    let dispute = format!("/v1/disputes/{}", id(35));
    assert_eq!(town.get(&town.supplier, &dispute).await.expect(200).json()["state"]["name"], "open");
    town.get(&town.stranger, &dispute).await.expect_problem(403, "resource.forbidden");
    assert_eq!(count(&town.supplier, "/v1/disputes?state=open").await, 1);
    assert_eq!(count(&town.buyer, "/v1/disputes?side=supplier").await, 0);
    let decision = json!({ "refunds": [{ "line": 1, "amount_minor": 5_000 }], "reason": "half was missing" });
    let decide = format!("{dispute}/decision");
    town.post(&town.operator, &decide, 36, decision.clone()).await.expect(201);
    town.post(&town.operator, &decide, 37, decision).await.expect(422);
    assert_eq!(town.get(&town.buyer, &dispute).await.json()["state"]["refunded_minor"], 5_000);

    let funds = format!("/v1/accounts/party:{}:funds:CNY-2", id(2));
    let balances = async |query: &str| town.get(&town.buyer, &format!("{funds}/balances{query}")).await;
    let then = balances(&format!("?at={before}")).await.expect(200).json();
    check_answer("AccountBalances", &then);
    assert_eq!((&then["at"], &then["posted_minor"]), (&json!(before), &json!(50_000)));
    assert_eq!(balances("?at=0").await.expect(200).json()["posted_minor"], 0);
    let now = balances("").await.expect(200).json();
    let account = town.get(&town.buyer, &funds).await.expect(200).json();
    for name in ["posted_minor", "pending_in_minor", "pending_out_minor", "available_minor"] {
        assert_eq!(now[name], account[name], "{name}");
    }
    for bad in ["?at=99999", "?at=-1", "?at=x", "?at="] {
        assert_eq!(balances(bad).await.expect_problem(400, "request.malformed").json()["field"], "at");
    }
    let all = town.get(&town.stranger, &format!("{funds}/balances")).await;
    all.expect_problem(403, "resource.forbidden");

    let constraint = json!({ "constraint": { "name": "frozen", "reason": "court order" } });
    let answer = town.post(&town.operator, &format!("{funds}/constraint"), 38, constraint).await.expect(201);
    assert_eq!(answer.header("location"), funds);
    assert_eq!(town.get(&town.buyer, &funds).await.json()["constraint"]["name"], "frozen");
    let out = json!({ "asset": "CNY/2", "amount_minor": 1 });
    town.post(&town.buyer, "/v1/accounts/withdrawals", 39, out).await.expect_problem(422, "account.frozen");
    town.exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_signed_netted_and_paid() {
    let mut town = Town::start().await;
    town.deposit().await;
    town.near_sale().await;
    town.far_sale().await;
    town.far_sale().await;
    town.close().await;
    let verdicts = async |town: &Town| {
        let heads = town.json(&format!("{WINDOW}/heads")).await;
        let heads = heads["items"].as_array().unwrap().clone();
        heads.iter().map(|head| head["verdict"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&town).await, ["waiting"; 3], "sh~sh, sh~zj and zj~zj");
    let signatures = format!("{WINDOW}/signatures");
    town.post(&town.second, &signatures, 0, json!({})).await.expect(200);
    let alone = town.post(&town.second, &signatures, 0, json!({})).await.expect(200).json();
    assert_eq!(alone["results"][0]["code"], "window.second_person", "{alone}");
    let window = town.json(WINDOW).await;
    check_answer("Window", &window);
    assert!(window.get("heads").is_none(), "one person's signature does not count: {window}");
    assert_eq!(window["sign_offs"]["sh~zj"]["sh"]["prepared_by"], "wang.wei");
    let named = json!({ "commands": [{ "type": "window.sign", "body": {
        "person": "li.na", "head": {
            "window": "CNY/2#1", "pair": "sh~zj", "root": window["sign_offs"]["sh~zj"]["sh"]["root"],
            "line_count": 1, "left_to_right_minor": 0, "right_to_left_minor": 0,
        },
    } }] });
    let named = town.post(&town.second, "/v1/commands", 0, named).await.expect(200).json();
    assert_eq!(named["results"][0]["field"], "commands[0].body.person", "{named}");
    town.get(&town.buyer, &format!("{WINDOW}/heads")).await.expect_problem(403, "token.role_missing");
    town.sign().await;
    assert_eq!(verdicts(&town).await, ["agreed"; 3]);
    let again = town.post(&town.operator, &format!("{WINDOW}/signatures"), 0, json!({})).await.expect(200);
    assert_eq!(again.json()["results"], json!([]), "nothing is left to sign");
    let unknown = "/v1/windows/CNY-2/9";
    town.post(&town.operator, &format!("{unknown}/signatures"), 0, json!({})).await.expect(404);
    town.get(&town.auditor, &format!("{unknown}/heads")).await.expect_problem(404, "resource.unknown");
    let closed = town.json("/v1/windows?state=closed").await;
    assert_eq!(closed["items"][0]["id"], "CNY/2#1");

    // Both sales without the fees that zj keeps: it sold what sh lists.
    let positions = town.json(&format!("{WINDOW}/positions")).await;
    check_answer("WindowPositions", &positions);
    let owed = positions["positions"]["sh"].as_i64().unwrap();
    assert!(owed > 0 && positions["positions"]["zj"] == -owed, "{positions}");
    let payment = json!([{ "payer": "zj", "payee": "sh", "amount_minor": owed }]);
    assert_eq!((&positions["bilateral"], &positions["multilateral"]), (&payment, &payment));

    let files = format!("{WINDOW}/payment-files?rail=ecny");
    town.get(&town.auditor, &files).await.expect_problem(409, "window.state");
    let instructions = format!("{WINDOW}/instructions");
    assert_eq!(town.json(&instructions).await["items"], json!([]));
    let method = json!({ "method": "multilateral" });
    town.post(&town.operator, &instructions, 40, method.clone()).await.expect(201);
    town.post(&town.operator, &instructions, 41, method).await.expect_problem(409, "window.state");
    let made = town.json(&instructions).await;
    assert_eq!(
        (&made["items"][0]["id"], &made["items"][0]["amount_minor"]),
        (&json!("CNY/2#1/1"), &json!(owed))
    );

    let listed = town.json(&files).await;
    let file = &listed["items"][0];
    check_answer("PaymentFile", file);
    assert_eq!((listed["items"].as_array().unwrap().len(), &file["payer"]), (1, &json!("zj")));
    let bytes = town.get(&town.auditor, file["file"].as_str().unwrap()).await.expect(200);
    assert_eq!(bytes.header("content-type"), "text/csv; charset=utf-8");
    assert!(bytes.header("content-disposition").contains(file["name"].as_str().unwrap()));
    assert!(
        bytes.text().contains("CNY.2-1-1") && file["size_bytes"] == bytes.bytes.len(),
        "{}",
        bytes.text()
    );
    let pacs = town.get(&town.auditor, &format!("{WINDOW}/payment-files/zj?rail=iso20022")).await.expect(200);
    assert!(pacs.text().contains("pacs.009"), "{}", pacs.text());
    let none = town.get(&town.auditor, &format!("{WINDOW}/payment-files/sh?rail=ecny")).await;
    none.expect_problem(404, "resource.unknown");
    let without = town.get(&town.auditor, &format!("{WINDOW}/payment-files")).await;
    without.expect_problem(400, "request.malformed");

    lag(&town, owed, false).await;
    confirm(&mut town, owed).await;
    lag(&town, owed, true).await;
    statements(&town).await;
    town.exchange.running.stop().await;
}

/// Everybody sees how long the window took and how much was paid, and who sells to whom, but no party.
async fn lag(town: &Town, owed: i64, is_settled: bool) {
    let path = "/v1/statistics/settlement";
    let report = town.get("", path).await.expect(200).json();
    check_answer("SettlementStatistics", &report);
    let window = town.json(WINDOW).await;
    let state = &window["state"];
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "the open window is not among them");
    let found = &items[0];
    assert_eq!((&found["window"], &found["state"]), (&json!("CNY/2#1"), &state["name"]));
    assert_eq!((&found["opened_at"], &found["closed_at"]), (&window["opened_at"], &state["closed_at"]));
    assert_eq!((&found["instruction_count"], &found["amount_minor"]), (&json!(1), &json!(owed)));
    assert_eq!(found.get("settled_at"), state.get("settled_at"));
    assert_eq!(found.get("lag_ms").is_some(), is_settled);
    let ms = |name: &str| -> i64 {
        let time: databourse_primitives::Timestamp = state[name].as_str().unwrap().parse().unwrap();
        time.unix_ms()
    };
    if is_settled {
        assert_eq!(found["lag_ms"], json!(ms("settled_at") - ms("closed_at")));
        assert!(found["lag_ms"].as_i64().unwrap() > 0);
    }
    let earlier = town.get("", &format!("{path}?to=2026-01-04")).await.expect(200).json();
    assert_eq!(earlier["items"], json!([]));
    let csv = town.get("", &format!("{path}?format=csv")).await.expect(200).text();
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert_eq!(
        lines[0],
        "window,asset,state,opened_at,closed_at,settled_at,lag_ms,instruction_count,amount_minor"
    );
    assert!(lines[1].starts_with("CNY/2#1,CNY/2,") && lines[1].ends_with(&format!(",1,{owed}")), "{csv}");

    let sales = town.get("", "/v1/statistics/sales").await.expect(200).json();
    let rows = sales["items"].as_array().unwrap().iter();
    let rows = rows.map(|row| {
        let names = ["listing_exchange", "buying_exchange"].map(|name| row[name].as_str().unwrap());
        (names, row["ordered_licence_count"].clone(), row["accepted_licence_count"].clone())
    });
    let rows = rows.collect::<Vec<_>>();
    assert_eq!(rows, [(["sh", "sh"], json!(1), json!(1)), (["sh", "zj"], json!(2), json!(2))]);
}

/// A line of this exchange's wallet.
fn wallet_line(reference: &str, end_to_end: Option<&str>, amount: i64, booked_at: &str) -> BankLine {
    BankLine {
        account: WALLET.parse().unwrap(),
        reference: reference.parse().unwrap(),
        end_to_end: end_to_end.map(|id| id.parse().unwrap()),
        direction: Direction::Credit,
        asset: "CNY/2".parse().unwrap(),
        amount_minor: databourse_primitives::AmountMinor::new(amount).unwrap(),
        counterparty_account: None,
        counterparty_name: None,
        booked_at: booked_at.parse().unwrap(),
        status: LineStatus::Booked,
    }
}

fn wallet_file(lines: &[BankLine]) -> Vec<u8> {
    let account = WALLET.parse().unwrap();
    let at = "2026-01-05T02:00:00Z".parse().unwrap();
    let report = Report {
        message_id: &"r1".parse().unwrap(),
        account: &account,
        asset: "CNY/2".parse().unwrap(),
        created_at: at,
        lines,
    };
    Ecny.lines(&report).unwrap()
}

/// The file of a wallet operator confirms what it names, once; then nothing is left to confirm by hand.
async fn confirm(town: &mut Town, owed: i64) {
    let lines = [
        wallet_line("w1", Some("CNY/2#1/1"), owed, "2026-01-05T02:00:00Z"),
        wallet_line("w2", None, 7, "2026-01-05T02:00:00Z"),
    ];
    let send = async |kind: &str, body: Vec<u8>| {
        let request = town.exchange.request("POST", &town.operator, "/v1/confirmations?rail=ecny");
        town.exchange.send(request.header("content-type", kind).body(Body::from(body)).unwrap()).await
    };
    send("application/xml", wallet_file(&lines)).await.expect_problem(415, "request.media_type");
    send("text/csv", b"row,rows".to_vec()).await.expect_problem(400, "file.malformed");
    // Files may be larger than other bodies.
    send("text/csv", vec![b' '; 300 * 1024]).await.expect_problem(400, "file.malformed");
    for expected in ["confirmed", "already_confirmed"] {
        let report = send("text/csv; charset=utf-8", wallet_file(&lines)).await.expect(200).json();
        check_answer("ConfirmReport", &report);
        let outcomes = [0, 1].map(|index| report["lines"][index]["outcome"]["name"].clone());
        assert_eq!(outcomes, [expected, "not_ours"], "{report}");
    }
    assert_eq!(town.json(WINDOW).await["state"]["name"], "settled");
    check_answer("Window", &town.json(WINDOW).await);
    let by_hand = json!({ "bank_reference": "w9", "received_minor": owed });
    let path = format!("{WINDOW}/instructions/1/confirmation");
    town.post(&town.operator, &path, 42, by_hand.clone()).await.expect_problem(409, "instruction.confirmed");
    let path = format!("{WINDOW}/instructions/2/confirmation");
    town.post(&town.operator, &path, 43, by_hand).await.expect_problem(422, "instruction.unknown");
    let reason = json!({ "reason": "too late" });
    let aborted = town.post(&town.operator, &format!("{WINDOW}/abortion"), 44, reason).await;
    assert_eq!(aborted.status.as_u16(), 409, "{}", aborted.text());
}

async fn statements(town: &Town) {
    let path = format!("{WINDOW}/statements/party:{}", id(1));
    let json = town.get(&town.supplier, &path).await.expect(200);
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(json.json()["statement"]["lines"].as_array().unwrap().len(), 3, "three sales");
    let csv = town.get(&town.auditor, &format!("{path}?format=csv&language=zh")).await.expect(200);
    assert!(
        csv.header("content-disposition").ends_with(".csv\"") && csv.text().contains("结算"),
        "{}",
        csv.text()
    );
    let pdf = town.get(&town.supplier, &format!("{path}?format=pdf")).await.expect(200);
    assert_eq!((pdf.header("content-type"), &pdf.bytes[..5]), ("application/pdf", &b"%PDF-"[..]));
    town.get(&town.buyer, &path).await.expect_problem(403, "resource.forbidden");
    let fees = format!("{WINDOW}/statements/exchange:sh");
    town.get(&town.supplier, &fees).await.expect_problem(403, "resource.forbidden");
    town.get(&town.operator, &fees).await.expect(200);
    for query in ["?format=doc", "?language=fr", "?format=pdf&language=zh"] {
        town.get(&town.supplier, &format!("{path}{query}")).await.expect_problem(400, "request.malformed");
    }
    let nobody = format!("{WINDOW}/statements/party:{}", id(77));
    town.get(&town.auditor, &nobody).await.expect_problem(404, "resource.unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_takes_two_people_who_sign_in() {
    let mut town = Town::start().await;
    town.far_sale().await;
    town.close().await;
    let found = json!({
        "window": "CNY/2#1", "pair": "sh~zj", "kind": "amount", "key": "k1", "left_minor": 120, "right_minor": 100,
    });
    let mut named = found.clone();
    named["person"] = "wang.wei".into();
    let problem =
        town.post(&town.operator, "/v1/breaks", 50, named).await.expect_problem(400, "request.malformed");
    assert_eq!(problem.json()["field"], "person");
    town.post(&town.operator, "/v1/breaks", 50, found).await.expect(201);
    let path = format!("/v1/breaks/{}", id(50));
    let opened = town.json(&path).await;
    assert_eq!(opened["opened_by"], json!({ "exchange": "sh", "person": "li.na" }));
    assert_eq!((&opened["age"], &opened["state"]["name"]), (&json!("today"), &json!("opened")));
    let listed = town.json("/v1/breaks?window=CNY/2%231&state=opened&kind=amount&pair=sh~zj").await;
    assert_eq!(listed["items"], json!([opened]));
    assert_eq!(town.json("/v1/breaks?kind=root").await["items"], json!([]));
    town.get(&town.supplier, "/v1/breaks").await.expect_problem(403, "token.role_missing");

    let step = async |token: &str, key: u64, step: &str, body: Value| {
        town.post(token, &format!("{path}/{step}"), key, body).await
    };
    let (li, wang) = (town.operator.as_str(), town.second.as_str());
    step(li, 51, "proposal", json!({ "resolution": { "name": "write_off", "amount_minor": 20 } }))
        .await
        .expect_problem(422, "break.state");
    step(li, 52, "assignment", json!({ "owner": { "exchange": "sh", "person": "li.na" } })).await.expect(201);
    let document = json!({ "evidence": { "name": "document", "digest": DIGEST, "note": "statement" } });
    step(li, 53, "evidence", document).await.expect(201);
    let proposal = json!({ "resolution": { "name": "write_off", "amount_minor": 20 } });
    step(li, 54, "proposal", proposal.clone()).await.expect(201);
    step(wang, 55, "rejection", json!({ "reason": "look again" })).await.expect(201);
    step(li, 56, "proposal", proposal).await.expect(201);
    let alone = step(li, 57, "approval", json!({})).await;
    assert_eq!(alone.code(), "break.second_person", "{}", alone.text());

    // Neither a body nor a batch lends another name.
    step(li, 57, "approval", json!({ "person": "wang.wei" })).await.expect_problem(400, "request.malformed");
    let batch =
        |body: Value| json!({ "commands": [{ "id": id(57), "type": "break.approve", "body": body }] });
    let sent = batch(json!({ "break": id(50), "person": "wang.wei" }));
    let result = town.post(li, "/v1/commands", 0, sent).await.expect(200).json()["results"][0].clone();
    assert_eq!(result["field"], "commands[0].body.person", "{result}");
    let sent = batch(json!({ "break": id(50) }));
    let result = town.post(li, "/v1/commands", 0, sent).await.expect(200).json()["results"][0].clone();
    assert_eq!(result["code"], "break.second_person", "{result}");

    step(wang, 58, "approval", json!({})).await.expect(201);
    let approved = town.json(&path).await;
    check_answer("Break", &approved);
    assert_eq!(approved["state"]["approved_by"]["person"], "wang.wei");
    step(li, 59, "resolution", json!({})).await.expect_problem(422, "break.state");
    step(wang, 60, "escalation", json!({ "reason": "the head of settlement decides" })).await.expect(201);
    step(li, 61, "carry", json!({})).await.expect(201);
    let window = town.json(WINDOW).await;
    assert_eq!(window["breaks"][id(50).to_string()]["carried_by"], json!(["sh"]));
    step(wang, 62, "write-off", json!({})).await.expect_problem(422, "break.state");
    let nameless = town.exchange.token("li@sh", &[TokenRole::Operator]);
    step(&nameless, 63, "carry", json!({})).await.expect_problem(401, "token.invalid");
    town.exchange.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_and_a_bank_are_compared_with_the_ledger() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut town = Town::start().await;
    town.deposit().await;
    town.near_sale().await;
    town.far_sale().await;
    town.close().await;
    let window: WindowId = "CNY/2#1".parse().unwrap();
    let mut book = Vec::new();
    for pair in ["sh~sh", "sh~zj"] {
        book.extend(town.exchange.node.window_lines(window, &pair.parse().unwrap()).await.unwrap());
    }
    let mapping = ColumnMapping::plain();
    let send = async |book: &[_], bank: &[BankLine], fix_nothing: bool| {
        let body = json!({
            "window": window, "book": STANDARD.encode(write_book(book, &mapping).unwrap()),
            "bank": { "rail": "ecny", "file": STANDARD.encode(wallet_file(bank)) }, "fix_nothing": fix_nothing,
        });
        town.post(&town.operator, "/v1/reconciliations", 0, body).await.expect(200).json()
    };
    let bank = [wallet_line("b1", None, 50_000, "2026-01-05T01:00:00Z")];
    let clean = send(&book, &bank, false).await;
    check_answer("ReconcileReport", &clean);
    assert!(clean.get("opened").is_none(), "{clean}");
    assert_eq!(clean["bank"]["tally"]["in_breaks"], json!({ "left": 0, "right": 0 }), "{clean}");
    let matched =
        |report: &Value| report["book"].as_array().unwrap().iter().all(|pair| pair["breaks"] == json!([]));
    assert!(matched(&clean), "{clean}");

    book[0].net_minor += 7;
    let reported = send(&book, &bank, true).await;
    assert!(!matched(&reported) && reported.get("opened").is_none(), "{reported}");
    assert_eq!(town.json("/v1/breaks").await["items"], json!([]));
    let fixed = send(&book, &bank, false).await;
    let opened = fixed["opened"].as_array().unwrap().clone();
    check_answer("ReconcileReport", &fixed);
    assert_eq!(opened.len(), 1, "{fixed}");
    let found = town.json(&format!("/v1/breaks/{}", opened[0].as_str().unwrap())).await;
    assert_eq!(found["opened_by"]["person"], "li.na");
    assert!(send(&book, &bank, false).await.get("opened").is_none(), "nothing is opened twice");

    let refused = async |body: Value, status: u16, code: &str| {
        town.post(&town.operator, "/v1/reconciliations", 0, body).await.expect_problem(status, code).json()["field"].clone()
    };
    let bad = json!({ "window": window, "book": "%%%" });
    assert_eq!(refused(bad, 400, "request.malformed").await, "book");
    let bad = json!({ "window": window, "book": STANDARD.encode("x".repeat(300 * 1024)) });
    refused(bad, 400, "file.malformed").await;
    let bad = json!({ "window": window, "bank": { "rail": "ecny", "file": STANDARD.encode("x") } });
    refused(bad, 400, "file.malformed").await;
    refused(json!({ "window": "CNY/2#9" }), 422, "window.unknown").await;
    let named = json!({ "window": window, "person": "wang.wei" });
    assert_eq!(refused(named, 400, "request.malformed").await, "person");
    town.exchange.running.stop().await;
}

/// `zj` proposes to leave, `sh` succeeds it: what is shown of the proposal, and of a party that comes over.
#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_shows_what_it_waits_for_and_a_party_moves_to_the_successor() {
    let mut town = Town::start().await;
    let far = format!("/v1/parties/{}", id(3));
    let homes = async |town: &Town| {
        let party = town.json(&far).await;
        let of = async |code: &str| {
            let page = town.json(&format!("/v1/parties?home_exchange={code}")).await;
            page["items"].as_array().unwrap().iter().any(|item| item["id"] == party["id"])
        };
        let listed = (of("sh").await, of("zj").await);
        (party["home_exchange"].clone(), party["certified_by"].clone(), listed)
    };
    assert_eq!(homes(&town).await, (json!("zj"), json!("zj"), (false, true)));
    let leave = json!({ "change": { "name": "leave", "exchange": "zj", "successor": "sh" } });
    town.peer(80, None, "member.propose", leave).await;
    let shown = async |town: &Town, filter: &str| {
        let page = town.json(&format!("/v1/region/proposals{filter}")).await;
        page["items"].as_array().unwrap().iter().for_each(|item| check_answer("MemberProposal", item));
        page["items"].clone()
    };
    let open = shown(&town, "?state=open&exchange=zj").await;
    assert_eq!((&open[0]["id"], &open[0]["votes"]), (&json!(id(80)), &json!({ "zj": true })));
    let missing = json!({
        "approval_count": 1, "approval_count_needed": 2, "not_voted": ["sh"], "must_approve": "sh",
    });
    assert_eq!((&open[0]["proposed_by"], &open[0]["missing"]), (&json!("zj"), &missing));
    let vote = json!({ "proposal": id(80), "approve": true }).to_string();
    let command = databourse_market::Command::from_json("member.vote", &vote).unwrap();
    let acting = databourse_exchange::Acting::Exchange;
    let vote = databourse_exchange::Submission::Command { id: id(81), acting, command };
    town.exchange.node.submit(vec![vote]).await.pop().unwrap().unwrap();
    assert_eq!(shown(&town, "?state=open").await, json!([]));
    let decided = shown(&town, "").await;
    let height = town.exchange.node.published().height.0;
    assert_eq!((&decided[0]["state"]["name"], decided[0].get("missing")), (&json!("accepted"), None));
    assert_eq!(decided[0]["state"]["effect_height"], json!(height + 2));
    town.get(&town.buyer, "/v1/region/proposals").await.expect_problem(403, "token.role_missing");

    town.deposit().await;
    town.peer(82, None, "member.depart", json!({ "exchange": "zj" })).await;
    assert_eq!(homes(&town).await, (json!("sh"), json!("zj"), (true, true)));
    // Its key did not come over: sh makes one, and signs with that.
    let (custody, none) = (json!({ "entrusts_exchange": false, "custody": true }), "/v1/parties/none/keys");
    let path = format!("{far}/keys");
    town.post(&town.buyer, &path, 83, custody.clone()).await.expect_problem(403, "token.role_missing");
    town.post(&town.operator, none, 83, custody.clone()).await.expect_problem(400, "request.malformed");
    let nobody = format!("/v1/parties/{}/keys", id(999));
    town.post(&town.operator, &nobody, 83, custody.clone()).await.expect_problem(404, "resource.unknown");
    town.post(&town.operator, &path, 83, custody.clone()).await.expect(201);
    town.post(&town.operator, &path, 83, custody).await.expect(200);
    let deposit = json!({ "party": id(3), "asset": "CNY/2", "amount_minor": 500, "bank_reference": "b9" });
    town.post(&town.operator, "/v1/accounts/deposits", 84, deposit).await.expect(201);
    let moved = town.exchange.token(&id(3).to_string(), &[TokenRole::Buyer]);
    let withdraw = json!({ "asset": "CNY/2", "amount_minor": 500 });
    town.post(&moved, "/v1/accounts/withdrawals", 85, withdraw).await.expect(201);
    let party = town.json(&far).await;
    assert_eq!(
        (party["entrusts_exchange"].clone(), party["keys"].as_array().unwrap().len()),
        (json!(false), 1)
    );
    town.exchange.running.stop().await;
}
