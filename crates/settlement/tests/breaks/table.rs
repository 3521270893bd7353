//! Every state with every command.

use super::*;

/// Rows are states, columns commands, cells the state afterwards, `state` for the refusal `break.state` and `evidence`
/// for `break.evidence_missing`. `to_post` and `to_bear` are the state approved, with either resolution.
const TABLE: &str = "
    -            assign     evidence   propose   approve   reject     resolve   write_off    escalate   carry
    opened       assigned   state      state     state     state      state     state        escalated  opened
    assigned     assigned   evidenced  evidence  state     state      state     state        escalated  assigned
    evidenced    evidenced  evidenced  proposed  state     state      state     state        escalated  evidenced
    proposed     state      state      state     approved  evidenced  state     state        escalated  proposed
    to_post      state      state      state     state     state      resolved  state        escalated  approved
    to_bear      state      state      state     state     state      state     written_off  escalated  approved
    resolved     state      state      state     state     state      state     state        state      state
    written_off  state      state      state     state     state      state     state        state      state
    escalated    evidenced  state      state     state     state      state     state        state      escalated
";

#[test]
fn every_state_answers_every_command_as_the_table_says() {
    let mut rows = TABLE.trim().lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let commands = rows.next().unwrap();
    for row in rows {
        for (command, expected) in commands.iter().zip(&row).skip(1) {
            let before = in_state(row[0]);
            for by in ["js", "sh"] {
                let answer = run(command, before.clone(), &by.parse().unwrap());
                let text = match &answer {
                    Ok(after) => after.state.as_str(),
                    Err(refusal) => match refusal.code {
                        RefusalCode::BreakState => "state",
                        RefusalCode::BreakEvidenceMissing => "evidence",
                        _ => refusal.code.as_str(),
                    },
                };
                assert_eq!(text, *expected, "{command} by {by} in {}", row[0]);
            }
            // A stranger is never admitted.
            let refusal = run(command, before, &"zj".parse().unwrap()).unwrap_err();
            let wanted =
                if *expected == "state" { RefusalCode::BreakState } else { RefusalCode::BreakNotConcerned };
            assert_eq!(refusal.code, wanted, "{command} by zj in {}", row[0]);
        }
    }
}

#[test]
fn every_state_has_one_json_form() {
    for row in TABLE.trim().lines().skip(1) {
        let found = in_state(row.split_whitespace().next().unwrap());
        let json = serde_json::to_string(&found).unwrap();
        assert!(json.contains(&format!(r#""state":{{"name":"{}""#, found.state.as_str())), "{json}");
        assert_eq!(serde_json::from_str::<Break>(&json).unwrap(), found);
        assert_eq!(found.state.is_ended(), json.contains("resolved_at") || json.contains("written_off_at"));
    }
    let command = r#"{"break":"019aa2b4-5c00-7000-8000-000000000001","resolution":{"name":"no_action","reason":"late"},"person":"li"}"#;
    assert_eq!(
        serde_json::to_string(&serde_json::from_str::<ProposeResolution>(command).unwrap()).unwrap(),
        command
    );
    let unknown = command.replace(r#""reason""#, r#""posting":null,"reason""#);
    assert!(serde_json::from_str::<ProposeResolution>(&unknown).is_err());
}
