//! Proposals to change the region's membership, as a table: who voted how, and what is missing.

use crate::settle::table::Table;
use databourse_party::{Change, Missing, Proposal, ProposalState};
use serde::{Deserialize, Serialize};

/// A proposal as a node answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingProposal {
    #[serde(flatten)]
    pub(crate) proposal: Proposal,
    /// What it waits for, while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<Missing>,
}

/// What would change, in words.
fn change(change: &Change) -> String {
    match change {
        Change::Join { exchange, .. } => format!("join 入链 {}", exchange.code),
        Change::Leave { exchange, successor } => format!("leave 退链 {exchange}, successor 继任 {successor}"),
        Change::ReplaceKeys { exchange, keys } => {
            let purposes: Vec<_> = keys.keys().map(|purpose| purpose.as_str()).collect();
            format!("replace keys 更换密钥 {exchange}: {}", purposes.join(", "))
        }
        Change::Suspend { exchange, reason } => format!("suspend 暂停 {exchange}: {reason}"),
        Change::Close { successor, reason, .. } => {
            format!("close 终结账本, successor 后继 {}: {reason}", successor.as_str())
        }
        Change::Reinstate { exchange } => format!("reinstate 恢复 {exchange}"),
    }
}

fn state(found: &WaitingProposal) -> String {
    match (&found.proposal.state, &found.missing) {
        (ProposalState::Accepted { effect_height, .. }, _) => {
            format!("accepted 已通过, in force from height 生效高度 {effect_height}")
        }
        (ProposalState::Refused { .. }, _) => "refused 已否决".to_owned(),
        (ProposalState::Open, None) => "open 表决中, too few exchanges are active 有效成员不足".to_owned(),
        (ProposalState::Open, Some(missing)) => {
            let mut words =
                format!("open 表决中 {} of {}", missing.approval_count, missing.approval_count_needed);
            if !missing.not_voted.is_empty() {
                let codes: Vec<_> = missing.not_voted.iter().map(|code| code.as_str()).collect();
                words += &format!(", not voted 未表决 {}", codes.join(" "));
            }
            if let Some(code) = &missing.must_approve {
                words += &format!(", {code} must approve 须同意");
            }
            words
        }
    }
}

/// The table, in the order of `proposals`.
pub(crate) fn render(proposals: &[WaitingProposal]) -> String {
    let mut table =
        Table::new(["proposal 提案", "change 变更", "by 提出", "for 赞成", "against 反对", "state 状态"]);
    for found in proposals {
        let votes = |approve: bool| {
            let votes = found.proposal.votes.iter().filter(|(_, vote)| **vote == approve);
            let codes: Vec<_> = votes.map(|(code, _)| code.as_str()).collect();
            if codes.is_empty() { "–".to_owned() } else { codes.join(" ") }
        };
        let Proposal { id, change: proposed, proposed_by, .. } = &found.proposal;
        table.row([
            id.to_string(),
            change(proposed),
            proposed_by.to_string(),
            votes(true),
            votes(false),
            state(found),
        ]);
    }
    if table.is_empty() { "none 无\n".to_owned() } else { table.render() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_says_who_voted_how_and_what_is_missing() {
        let found = |change: serde_json::Value, state: serde_json::Value, missing: serde_json::Value| {
            let mut json = json!({
                "id": "019aa2b4-5c00-7000-8000-000000000007", "exchange": "js", "change": change,
                "proposed_by": "sh", "proposed_at": "2026-11-22T02:47:32.123Z",
                "votes": { "ah": true, "sh": true, "zj": false }, "state": state,
            });
            if !missing.is_null() {
                json["missing"] = missing;
            }
            serde_json::from_value::<WaitingProposal>(json).unwrap()
        };
        let leave = json!({ "name": "leave", "exchange": "js", "successor": "fj" });
        let waits = json!({
            "approval_count": 2, "approval_count_needed": 4, "not_voted": ["fj", "js"], "must_approve": "fj",
        });
        let accepted =
            json!({ "name": "accepted", "accepted_at": "2026-11-22T02:48:00.000Z", "effect_height": 9 });
        let text = render(&[
            found(leave, json!({ "name": "open" }), waits),
            found(json!({ "name": "reinstate", "exchange": "js" }), accepted, json!(null)),
        ]);
        let rows: Vec<&str> = text.lines().collect();
        for (row, parts) in [
            (
                rows[1],
                [
                    "js, successor 继任 fj",
                    "  ah sh",
                    "  zj  ",
                    "2 of 4, not voted 未表决 fj js, fj must approve",
                ],
            ),
            (rows[2], ["reinstate 恢复 js", "  sh  ", "  zj  ", "in force from height 生效高度 9"]),
        ] {
            for part in parts {
                assert!(row.contains(part), "{part}: {row}");
            }
        }
        assert_eq!(render(&[]), "none 无\n");
    }
}
