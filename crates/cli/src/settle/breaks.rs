//! Breaks 差错: the list with ages, and each step to an end. Who acts is whom the token names.

use super::{Session, money, table::Table};
use crate::args::settle::{BreaksCommand, EndArg};
use anyhow::{Context as _, Result};
use databourse_primitives::{AmountMinor, BreakId, Digest, WindowId};
use databourse_settlement::{AgeBucket, Break, Evidence, Resolution};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A break as the node shows it.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    #[serde(flatten)]
    found: Break,
    age: AgeBucket,
}

/// Does what is asked.
pub(crate) async fn run(session: &Session, command: BreaksCommand) -> Result<()> {
    let (id, verb, body) = match command {
        BreaksCommand::List { window, all } => {
            let path = window.map_or_else(|| "/v1/breaks".to_owned(), of_window);
            return list(session, &path, all).await;
        }
        BreaksCommand::Show { id } => {
            let found: Value = session.client.get(&format!("/v1/breaks/{id}")).await?;
            println!("{}", serde_json::to_string_pretty(&found)?);
            return Ok(());
        }
        BreaksCommand::Assign { id, to } => (id, "assignment", json!({ "owner": to })),
        BreaksCommand::Evidence { id, document, note } => {
            let bytes =
                std::fs::read(&document).with_context(|| format!("{} cannot be read", document.display()))?;
            let evidence = Evidence::Document { digest: Digest::of(&bytes), note };
            (id, "evidence", json!({ "evidence": evidence }))
        }
        BreaksCommand::Propose { id, end, reason, amount_minor } => {
            let resolution = match end {
                EndArg::Post => Resolution::Post { posting: None },
                EndArg::WriteOff => {
                    let amount_minor = AmountMinor::new(amount_minor.context("--amount-minor")?)?;
                    Resolution::WriteOff { amount_minor }
                }
                EndArg::NoAction => Resolution::NoAction { reason: reason.context("--reason")? },
            };
            (id, "proposal", json!({ "resolution": resolution }))
        }
        BreaksCommand::Approve { id } => (id, "approval", json!({})),
        BreaksCommand::Reject { id, reason } => (id, "rejection", json!({ "reason": reason })),
        BreaksCommand::Resolve { id, posting } => {
            let body = posting.map_or_else(|| json!({}), |posting| json!({ "posting": posting }));
            (id, "resolution", body)
        }
        BreaksCommand::WriteOff { id } => (id, "write-off", json!({})),
        BreaksCommand::Escalate { id, reason } => (id, "escalation", json!({ "reason": reason })),
        BreaksCommand::Carry { id } => (id, "carry", json!({})),
    };
    step(session, id, verb, body).await
}

async fn step(session: &Session, id: BreakId, verb: &str, body: Value) -> Result<()> {
    let done = session.post(format!("/v1/breaks/{id}/{verb}"), body).await?;
    session.recorded(&format!("break 差错  {id} {verb}"), &done)
}

/// The ages of the breaks of a window, in words, by id.
pub(super) async fn ages(session: &Session, window: WindowId) -> Result<BTreeMap<String, &'static str>> {
    let breaks: Vec<Shown> = session.client.list(&of_window(window)).await?;
    Ok(breaks.iter().map(|shown| (shown.found.id.to_string(), age_words(shown.age))).collect())
}

fn of_window(window: WindowId) -> String {
    format!("/v1/breaks?window={}", window.to_string().replace('#', "%23"))
}

async fn list(session: &Session, path: &str, all: bool) -> Result<()> {
    let mut breaks: Vec<Shown> = session.client.list(path).await?;
    breaks.retain(|shown| all || !shown.found.state.is_ended());
    if session.printed_json(&breaks)? {
        return Ok(());
    }
    if breaks.is_empty() {
        println!("no open break 无未决差错");
        return Ok(());
    }
    print!("{}", render(&breaks));
    Ok(())
}

/// Breaks with their age.
fn render(breaks: &[Shown]) -> String {
    let mut table = Table::new([
        "break 差错",
        "window 窗口",
        "kind 类型",
        "key 业务键",
        "ledger 账本>",
        "other 对方>",
        "age 账龄",
        "state 状态",
        "owner 负责人",
    ]);
    for Shown { found, age } in breaks {
        let amount = |minor: Option<AmountMinor>| {
            minor.map_or_else(|| "–".to_owned(), |minor| money(found.window.asset, minor.get()))
        };
        let owner = found.owner.as_ref().map(|owner| format!("{}/{}", owner.exchange, owner.person));
        table.row([
            found.id.to_string(),
            found.window.to_string(),
            super::word(&found.kind),
            found.key.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            amount(found.left_minor),
            amount(found.right_minor),
            age_words(*age).to_owned(),
            found.state.as_str().to_owned(),
            owner.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    table.render()
}

const fn age_words(age: AgeBucket) -> &'static str {
    match age {
        AgeBucket::Today => "today 当天",
        AgeBucket::Days1To3 => "1–3 days 天",
        AgeBucket::Days4To7 => "4–7 days 天",
        AgeBucket::Days8To30 => "8–30 days 天",
        AgeBucket::Over30Days => "over 30 days 超过30天",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_listed_with_its_age_and_amounts() {
        let shown: Shown = serde_json::from_value(json!({
            "id": "019aa2b4-5c00-7000-8000-000000000001", "window": "CNY/2#7", "pair": "sh~sh",
            "kind": "missing_right", "key": "o-1/sale", "left_minor": 1234,
            "opened_by": { "exchange": "sh", "person": "li.na" },
            "opened_at": "2026-01-05T00:00:00.000Z", "state": { "name": "opened" }, "age": "days_1_to_3",
        }))
        .unwrap();
        let text = render(&[shown]);
        let line: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().skip(1).collect();
        assert_eq!(
            line,
            ["CNY/2#7", "missing_right", "o-1/sale", "12.34", "–", "1–3", "days", "天", "opened", "–"]
        );
    }
}
