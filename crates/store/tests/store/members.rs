//! Records of membership: proposals with every change and state, misbehaviour, snapshots, anchors.

use crate::fixture::{DIGEST, KEY, Ledger, TIME, id, record};
use databourse_market::{Noun, Record, Stored};
use databourse_party::{Anchor, MisbehaviourRecord, Proposal, Snapshot};
use databourse_store::{Column, ListQuery};
use serde_json::{Value, json};

/// 64 bytes in base64.
fn signature() -> String {
    format!("{}==", "A".repeat(86))
}

fn proposal(number: u64, exchange: &str, change: &Value, state: &Value) -> Record {
    let json = json!({"id": id(number), "exchange": exchange, "change": change, "proposed_by": "js",
        "proposed_at": TIME, "votes": {"js": true, "zj": false}, "state": state});
    record(Noun::MemberProposal, json)
}

fn misbehaviour(number: u64, exchange: &str, height: u64) -> Record {
    let message = |block: Option<&str>| {
        let mut message = json!({"height": height, "round": 1, "step": {"proposal": {"valid_round": 0}}});
        if let Some(block) = block {
            message["block_id"] = json!(block);
        }
        json!({"message": message, "signature": signature()})
    };
    let evidence = json!({"exchange": exchange, "first": message(Some(DIGEST)), "second": message(None)});
    let json = json!({"id": id(number), "evidence": evidence, "reported_by": "sh", "reported_at": TIME,
        "effect_height": height + 2});
    record(Noun::Misbehaviour, json)
}

fn snapshot(height: u64, state: &Value) -> Record {
    let content = json!({"tree_size": 9, "row_count": 20, "digest": DIGEST});
    let mut json = json!({"height": height, "ordered_by": "js", "ordered_at": TIME, "state": state});
    if state["name"] == "attested" {
        json["state"]["content"] = content.clone();
        json["attestations"] = json!({"js": {"entry": id(77), "content": content}});
    }
    record(Noun::Snapshot, json)
}

fn anchor(number: u64, subject: &Value) -> Record {
    let json = json!({"id": id(number), "chain_id": (1_u64 << 53) - 1, "contract": format!("0x{}", "5f".repeat(20)),
        "transaction": format!("0x{}", "0a".repeat(32)), "block_number": 1, "subject": subject,
        "recorded_by": "sh", "recorded_at": TIME});
    record(Noun::Anchor, json)
}

/// At least one record of every kind that membership has.
pub(crate) fn membership_records() -> Vec<Record> {
    let found = json!({"code": "ah", "name": {"zh": "安徽", "en": "Anhui"}, "entry_key": KEY,
        "checkpoint_key": KEY, "cosignature_key": KEY, "consensus_key": KEY});
    let new_key = json!({"key": KEY, "proof": signature()});
    let [open, accepted, refused] = [
        json!({"name": "open"}),
        json!({"name": "accepted", "accepted_at": TIME, "effect_height": 9}),
        json!({"name": "refused", "refused_at": TIME}),
    ];
    vec![
        proposal(70, "ah", &json!({"name": "join", "exchange": found}), &accepted),
        proposal(71, "zj", &json!({"name": "leave", "exchange": "zj", "successor": "sh"}), &open),
        proposal(
            72,
            "js",
            &json!({"name": "replace_keys", "exchange": "js", "keys": {"consensus": new_key}}),
            &refused,
        ),
        proposal(
            73,
            "zj",
            &json!({"name": "suspend", "exchange": "zj", "reason": "不付款 \"quoted\""}),
            &open,
        ),
        proposal(74, "zj", &json!({"name": "reinstate", "exchange": "zj"}), &refused),
        misbehaviour(75, "zj", 1),
        misbehaviour(76, "js", (1 << 53) - 3),
        snapshot(9, &json!({"name": "attested", "attested_at": TIME})),
        snapshot(10, &open),
        anchor(77, &json!({"name": "checkpoint", "size": 9, "root": DIGEST})),
        anchor(
            78,
            &json!({"name": "statement", "window": "CNY/2#7", "holder": "exchange:sh", "line_count": 3,
                "root": format!("0x{}", "0b".repeat(32)), "size": 9}),
        ),
    ]
}

async fn check<T: Stored>(ledger: &Ledger, filters: &[(Column, &str)], expected: &[u64]) {
    let filters = filters.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
    let page =
        ledger.store.list::<T>(&ListQuery { filters, limit: 100, ..ListQuery::default() }).await.unwrap();
    let names: Vec<_> = page.items.iter().map(T::name).collect();
    assert_eq!(names, expected.iter().map(|number| id(*number)).collect::<Vec<_>>());
}

#[tokio::test]
async fn proposals_and_misbehaviour_are_found_by_exchange_and_state() {
    let mut ledger = Ledger::create().await;
    ledger.commit(membership_records()).await;
    check::<Proposal>(&ledger, &[], &[70, 71, 72, 73, 74]).await;
    check::<Proposal>(&ledger, &[(Column::State, "open")], &[71, 73]).await;
    check::<Proposal>(&ledger, &[(Column::Exchange, "zj")], &[71, 73, 74]).await;
    check::<Proposal>(&ledger, &[(Column::Exchange, "zj"), (Column::State, "refused")], &[74]).await;
    check::<Proposal>(&ledger, &[(Column::Exchange, "ah")], &[70]).await;
    let newest = ListQuery { newest_first: true, limit: 10, ..ListQuery::default() };
    let snapshots = ledger.store.list::<Snapshot>(&newest).await.unwrap().items;
    assert_eq!(snapshots.iter().map(Snapshot::name).collect::<Vec<_>>(), ["10", "9"]);
    check::<Anchor>(&ledger, &[], &[77, 78]).await;
    check::<Anchor>(&ledger, &[(Column::Kind, "statement")], &[78]).await;
    check::<MisbehaviourRecord>(&ledger, &[(Column::Exchange, "zj")], &[75]).await;
    check::<MisbehaviourRecord>(&ledger, &[(Column::Exchange, "sh")], &[]).await;
}
