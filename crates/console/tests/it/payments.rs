//! Payments between two exchanges: `sh`, whose console this is, and `zj`, whose key the test has.

use crate::support::{Market, TestExchange, id};
use databourse_exchange::SettlementConfig;
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_party::FoundExchange;
use databourse_primitives::{AmountMinor, BilingualText, EntryId, PartyId, WindowId};
use databourse_rails::{Agent, BankLine, Direction, Directory, Ecny, LineStatus, Report};
use serde_json::{Value, json, value::RawValue};

const WALLET: &str = "0021000000000001";
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Region {
    market: Market,
    peer: SigningKey,
}

impl Region {
    /// With the exchanges' settlement banks, or without.
    async fn start(banks: bool) -> Self {
        let peer = SigningKey::from_seed([9; 32]);
        let key = |seed: u8| SigningKey::from_seed([seed; 32]).public_key();
        let zj = FoundExchange {
            code: "zj".parse().unwrap(),
            name: BilingualText::new(Some("浙"), Some("Zhejiang")).unwrap(),
            entry_key: peer.public_key(),
            cosignature_key: key(8),
            checkpoint_key: key(108),
            consensus_key: key(109),
        };
        let agent = |exchange: &str, account: &str, wallet: &str| Agent {
            exchange: exchange.parse().unwrap(),
            name: "Bank".parse().unwrap(),
            holder: "Exchange".parse().unwrap(),
            bic: Some("ICBKCNBJ".parse().unwrap()),
            cnaps: None,
            account: account.parse().unwrap(),
            wallet: Some(wallet.parse().unwrap()),
        };
        let agents = vec![agent("sh", "1001", WALLET), agent("zj", "1002", "0021000000000002")];
        let settlement = if banks {
            SettlementConfig { directory: Directory::new(agents).unwrap(), ..SettlementConfig::default() }
        } else {
            SettlementConfig::default()
        };
        let exchange = TestExchange::start_in(vec![zj], settlement).await;
        let market = Market::around(exchange).await.begin().await;
        Self { market, peer }
    }

    /// An entry that `zj` signs and brings.
    async fn peer(&self, number: u64, party: Option<EntryId>, entry_type: &str, body: &Value) {
        let claims = Claims {
            entry_type: entry_type.to_owned(),
            id: id(number),
            exchange: "zj".parse().unwrap(),
            issued_at_s: self.market.exchange.node.now().unix_seconds(),
            on_behalf_of: party.map(PartyId::from),
            body: RawValue::from_string(body.to_string()).unwrap(),
        };
        let entry = Entry::sign(&claims, &self.peer).unwrap();
        let entry = String::from_utf8(entry.bytes().to_vec()).unwrap();
        let token = self.market.exchange.operator();
        let answer =
            self.market.exchange.post(&token, "/v1/entries", 0, &json!({ "entries": [entry] })).await;
        let result = answer.expect(200).json()["results"][0].clone();
        assert!(result.get("leaf_index").is_some(), "{result}");
    }

    /// A buyer of `zj` buys here, so `zj` owes `sh`; the window is closed and signed by `zj`.
    async fn sell_far(&self) {
        let buyer = json!({
            "legal_name": { "en": "far" }, "legal_identifier": "ext:far", "roles": ["buyer"], "home_region": "CN-ZJ",
            "entrusts_exchange": true, "valid_until": "2030-01-01T00:00:00Z",
        });
        self.peer(100, None, "party.certify", &buyer).await;
        let money =
            json!({ "party": id(100), "asset": "CNY/2", "amount_minor": 20_000, "bank_reference": "z1" });
        self.peer(101, None, "account.deposit", &money).await;
        let lines = json!({ "lines": [{ "offer": id(6), "quantity": 1, "purpose": "logistics" }] });
        self.peer(102, Some(id(100)), "order.place", &lines).await;
        let body = json!({ "order": id(102), "method": "file", "evidence": DIGEST });
        self.market.post("supplier", "/v1/deliveries", 103, &body).await;
        self.peer(104, Some(id(100)), "order.accept", &json!({ "order": id(102) })).await;
    }

    async fn sign_far(&self) {
        let window: WindowId = "CNY/2#1".parse().unwrap();
        for (number, pair) in [(110, "sh~zj"), (111, "zj~zj")] {
            let head = self.market.exchange.node.window_head(window, &pair.parse().unwrap()).await.unwrap();
            self.peer(number, None, "window.sign", &json!({ "head": head.unwrap() })).await;
        }
    }
}

/// What the wallet operator says has arrived.
fn wallet_file(amount_minor: i64) -> String {
    let account = WALLET.parse().unwrap();
    let at = "2026-01-05T02:00:00Z".parse().unwrap();
    let line = BankLine {
        account: WALLET.parse().unwrap(),
        reference: "w1".parse().unwrap(),
        end_to_end: Some("CNY/2#1/1".parse().unwrap()),
        direction: Direction::Credit,
        asset: "CNY/2".parse().unwrap(),
        amount_minor: AmountMinor::new(amount_minor).unwrap(),
        counterparty_account: None,
        counterparty_name: None,
        booked_at: at,
        status: LineStatus::Booked,
    };
    let report = Report {
        message_id: &"r1".parse().unwrap(),
        account: &account,
        asset: "CNY/2".parse().unwrap(),
        created_at: at,
        lines: &[line],
    };
    String::from_utf8(Ecny.lines(&report).unwrap()).unwrap()
}

/// Closed, signed by both and instructed, through the pages; what is owed, minor units.
async fn instructed(region: &Region) -> i64 {
    region.sell_far().await;
    let operator = region.market.sign_in("operator").await;
    let window = "/day/windows/CNY-2/1";
    for (deed, shown) in [("close", "关闭中"), ("sign", "关闭中")] {
        let path = format!("{window}/{deed}");
        operator.submit(&path, &path, &[]).await.expect(200).has(shown);
    }
    let day = operator.get("/day").await.expect(200);
    day.has("您经办的 CNY/2#1 窗口摘要等待第二人复核");
    day.has("CNY/2#1 等待签名：zj");
    let sign = format!("{window}/sign");
    operator.submit(&sign, &sign, &[]).await.expect(422).has("窗口摘要的经办人不能自行复核");
    let second = region.market.sign_in("second-operator").await;
    second.get("/day").await.expect(200).has("复核 operator 经办的 CNY/2#1 窗口摘要");
    second.submit(&sign, &sign, &[]).await.expect(200).has("复核 second-operator");
    region.sign_far().await;
    let page = operator.get(window).await.expect(200);
    page.has("已关闭");
    page.has("双边轧差");
    let path = format!("{window}/instruct");
    let page = operator.submit(&path, &path, &[("method", "multilateral")]).await.expect(200);
    page.has("待到账");
    let made = region.market.get("auditor", "/v1/windows/CNY-2/1/instructions").await;
    made["items"][0]["amount_minor"].as_i64().unwrap()
}

#[tokio::test]
async fn a_payment_is_confirmed_by_a_pasted_file() {
    let region = Region::start(true).await;
    let owed = instructed(&region).await;
    let operator = region.market.sign_in("operator").await;
    operator.get("/day").await.has("确认 CNY/2#1 的 1 笔到账");
    let page = operator.get("/day/windows/CNY-2/1").await.expect(200);
    page.has("pacs.009-CNY.2-1-zj.xml");
    let file = operator.get("/day/windows/CNY-2/1/payment-file?rail=iso20022&payer=zj").await.expect(200);
    assert!(file.html.contains("pacs.009"), "{}", file.html);
    operator.get("/day/windows/CNY-2/1/payment-file?rail=iso20022&payer=sh").await.expect(404);
    let file = wallet_file(owed);
    let typed = [("rail", "ecny"), ("file", file.as_str())];
    for shown in ["已确认 1 笔到账", "此前已确认"] {
        operator.submit("/day/confirm", "/day/confirm", &typed).await.expect(200).has(shown);
    }
    let page = operator.get("/day/windows/CNY-2/1").await;
    page.has("已到账");
    page.has("w1");
    let settled = region.market.get("auditor", "/v1/windows/CNY-2/1").await;
    assert_eq!(settled["state"]["name"], "settled");
}

#[tokio::test]
async fn a_payment_is_confirmed_by_hand_and_a_window_aborted() {
    let region = Region::start(false).await;
    let owed = instructed(&region).await;
    let operator = region.market.sign_in("operator").await;
    operator.get("/language/en").await;
    operator
        .get("/day/windows/CNY-2/1")
        .await
        .expect(200)
        .has("not configured with the exchanges' settlement banks");
    let path = "/day/windows/CNY-2/1/confirm";
    let page = operator.get(&format!("{path}?instruction=1")).await.expect(200);
    page.has("CNY/2#1/1: zj → sh");
    let typed = [("bank_reference", "a b"), ("received_minor", "1.00")];
    let refused = operator.submit(path, path, &typed).await.expect(422);
    assert!(refused.html.contains("value=\"a b\"") && refused.html.contains("value=\"1.00\""));
    let typed = [("bank_reference", "w1"), ("received_minor", "1.00")];
    let refused = operator.submit(path, path, &typed).await.expect(422);
    assert!(refused.html.contains("id=\"f-received-minor-wrong\""), "beside the amount");

    let abort = "/day/windows/CNY-2/1/abort";
    operator.submit(abort, abort, &[("reason", "")]).await.expect(422);
    let page = operator.submit(abort, abort, &[("reason", "The bank is closed")]).await.expect(200);
    page.has("Aborted");
    page.has("The bank is closed");
    let page = operator.get("/day/windows/CNY-2/2").await.expect(200);
    page.has("Took over obligations of CNY/2#1");
    assert!(owed > 0);
}
